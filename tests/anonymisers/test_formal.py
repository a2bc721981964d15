"""Formal guarantees of noise: numbers worked by hand, and the noise itself against them."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from amber_id.anonymisers import DEFENCES, Plan, Pool, parsed_defences, synthetic_pool
from amber_id.anonymisers.channels import FACE, HEAD, UNITS, Signals
from amber_id.anonymisers.defence import Given
from amber_id.anonymisers.formal import DELTA, HIGHEST, LOWEST, deviation_for, gaussian

Z = 4.264890793922825  # exceeded by a normal number with probability 1e-5
# 51 coefficients go from 0 to 1, six channels of the head over 6 units: 51 + 6 * 36 = 267.
FRAME = 51 + 6 * 36


def test_gaussian_epsilons_are_those_worked_by_hand() -> None:
    whole = DEFENCES["noise"].guaranteed(1.0, 100)
    # A coefficient moves by 1 / 0.1 = 10 deviations: 10 * 10 / 2 + 10 * Z.
    assert whole.coefficient == pytest.approx(50 + 10 * Z)
    assert whole.coefficients == pytest.approx(5100 / 2 + math.sqrt(5100) * Z)
    assert whole.frame == pytest.approx(26_700 / 2 + math.sqrt(26_700) * Z)
    assert whole.recording == pytest.approx(2_670_000 / 2 + math.sqrt(2_670_000) * Z)
    assert (whole.noise, whole.delta, whole.frames) == ("Gaussian", 1e-5, 100)
    half = DEFENCES["noise"].guaranteed(0.5, 1)  # half the noise: as if everything moved twice as far
    assert half.coefficient == pytest.approx(200 + 20 * Z)
    assert half.recording == half.frame == pytest.approx(4 * 26_700 / 2 + 2 * math.sqrt(26_700) * Z)


@pytest.mark.parametrize("deviation", [0.05, 0.1, 1.0, 10.0, 100.0])
def test_an_epsilon_is_never_too_small(deviation: float) -> None:
    guarantee = gaussian(deviation, 1)
    for epsilon, moved in ((guarantee.coefficient, 1), (guarantee.frame, math.sqrt(FRAME))):
        mu = moved / deviation
        exact = norm.cdf(mu / 2 - epsilon / mu)
        exact -= math.exp(epsilon + norm.logcdf(-mu / 2 - epsilon / mu))  # its exact delta
        assert 0 < exact <= DELTA * (1 + 1e-9)
        assert exact > 0.1 * DELTA or mu < 1  # nor much too large, where noise does not hide everything


def test_the_noise_is_as_large_as_is_counted_and_covers_no_more_than_its_range() -> None:
    def shown(frame: np.ndarray) -> np.ndarray:
        step = DEFENCES["noise"].live(0.5, Given(np.random.default_rng(0)))
        return np.stack([step(frame, 0.04) for _ in range(4000)])

    lowest = shown(LOWEST)
    # The logarithm of how much more probable what is shown is for one of two opposite frames than for the
    # other has mean mu^2 / 2 and standard deviation mu, the root of twice the mean.
    scaled = ((lowest - HIGHEST) / UNITS) ** 2 - ((lowest - LOWEST) / UNITS) ** 2
    loss = scaled.sum(axis=1) / (2 * 0.05**2)
    mu = math.sqrt(FRAME) / 0.05
    assert loss.mean() == pytest.approx(mu**2 / 2, rel=1e-3)
    assert loss.std() == pytest.approx(mu, rel=0.04)
    assert (loss <= DEFENCES["noise"].guaranteed(0.5, 1).frame).mean() >= 1 - 1e-3
    beyond = LOWEST - 1000.0
    np.testing.assert_array_equal(shown(beyond), lowest)


def test_p_blend_covers_one_frame_of_the_face_and_no_movement() -> None:
    whole = DEFENCES["p-blend"].guaranteed(0.5, 100)
    assert (whole.noise, whole.delta) == ("Laplace", 0)
    assert whole.coefficient == pytest.approx(40)  # 1 / (0.5 * 0.05)
    assert whole.coefficients == pytest.approx(2040)  # 51 of them
    assert (whole.frame, whole.recording) == (math.inf, math.inf)
    rng = np.random.default_rng(0)
    signals = Signals(np.full((30, 57), 0.5) + 0.02 * rng.standard_normal((30, 57)), np.arange(30) / 25)
    after = DEFENCES["p-blend"].apply(signals, 0.5, Given(np.random.default_rng(1))).values
    inside = (after[:, FACE] > 0).all(axis=0) & (after[:, FACE] < 1).all(axis=0)
    assert inside.sum() > 45
    np.testing.assert_allclose(
        np.diff(after[:, FACE], axis=0)[:, inside], np.diff(signals.values[:, FACE], axis=0)[:, inside]
    )
    np.testing.assert_array_equal(after[:, HEAD], signals.values[:, HEAD])
    assert "difference of two frames" in whole.worth
    assert "all recordings of a person" in DEFENCES["p-blend-person"].guaranteed(1.0, 9).worth


@pytest.mark.parametrize("name", DEFENCES)
def test_nothing_else_is_guaranteed_and_nothing_at_strength_0(name: str) -> None:
    nothing = DEFENCES[name].guaranteed(0.0, 10)
    assert {nothing.coefficient, nothing.coefficients, nothing.frame, nothing.recording} == {math.inf}
    assert "at strength 0" in nothing.worth
    most = DEFENCES[name].guaranteed(1.0, 10)
    assert (most.recording < math.inf) == (name == "noise")
    assert (most.coefficient < math.inf) == (name in {"noise", "p-blend", "p-blend-person"})
    assert most.worth.startswith("of no use: ")


@pytest.mark.parametrize("name", ["noise", "p-blend"])
def test_less_noise_and_more_frames_have_a_larger_epsilon(name: str) -> None:
    strengths = [DEFENCES[name].guaranteed(strength, 5) for strength in (1.0, 0.75, 0.5, 0.25, 1e-3)]
    assert (np.diff([each.coefficient for each in strengths]) > 0).all()
    lengths = [DEFENCES["noise"].guaranteed(0.5, frames).recording for frames in (1, 2, 10, 1000)]
    assert (np.diff(lengths) > 0).all()


def test_the_noise_that_a_guarantee_would_take_has_it() -> None:
    for frames in (1, 100):
        assert gaussian(deviation_for(10.0, frames), frames).recording == pytest.approx(10)
    assert deviation_for(10.0, 90) == pytest.approx(81, abs=0.5)  # root of 90 * 267, by 1.9149
    assert "standard deviation 81 " in gaussian(0.1, 90).worth


def test_noise_does_not_cover_what_a_later_defence_knows_of_recordings() -> None:
    """Donors may be the very people who are defended, and their styles pass the noise by."""

    def finite(text: str, donors: Pool | None) -> list[bool]:
        guarantees = Plan(parsed_defences(text), 0, donors).guarantees(9)
        return [guarantee.recording < math.inf for guarantee in guarantees]

    own = synthetic_pool()
    assert finite("noise+population", None) == [True, False]
    assert finite("noise+population", own) == [False, False]
    assert finite("noise+population:0", own) == [True, False]
    assert finite("population+noise", own) == [False, True]
    assert finite("noise+donor-clip", own) == [False, False]
    assert finite("noise+synthetic-clip+low-pass", own) == [True, False, False]
    plan = Plan(parsed_defences("noise"), 0)
    assert plan._has_seen_recordings(DEFENCES["learned"])  # in its training
    assert not plan._has_seen_recordings(DEFENCES["low-pass"])
    first, *_ = Plan(parsed_defences("noise+donor-clip"), 0, own).guarantees(9)
    assert first.worth.startswith("of no use: donor-clip, which comes later, knows recordings")


def test_a_chain_has_the_lowest_epsilon_of_its_parts() -> None:
    lines = list(Plan(parsed_defences("population+noise+noise:0.5"), 0).formal_lines(90))
    assert lines[-1] == (
        "  population:1+noise:1+noise:0.5: epsilon 1,208,112 for a recording, the lowest of these"
    )
    assert len(lines) == 7
    assert lines[0] == "  population:1: epsilon infinite, for one frame and for a recording"
    assert lines[2] == (
        "  noise:1: epsilon 93 for a coefficient of one frame, 2,855 for all coefficients of the frame, "
        "14,047 with the head, 1,208,112 for the longest recording, of 90 frames; delta 1e-05"
    )
    assert len(list(Plan(parsed_defences("noise"), 0).formal_lines(90))) == 2
