"""A learned defence without torch: its file, and what it makes of frames."""

from pathlib import Path

import numpy as np
import pytest

from amber_id.anonymisers import LearnedModel, LiveDefence, Plan, load_learned, parsed_defences
from amber_id.anonymisers.channels import CHANNELS, FACE, HEAD, Signals
from amber_id.anonymisers.defence import Given
from amber_id.anonymisers.defences import DEFENCES
from amber_id.anonymisers.learned import save_learned
from amber_id.anonymisers.learned_motion import (
    DRAWN,
    WIDTHS,
    Memory,
    next_hidden,
    remembered,
    state_size,
    stepped,
)
from amber_id.errors import FileFormatError, UsageError
from fixtures.learned_defence import HIDDEN, header, random_weights, untrained_file, untrained_model

C = len(CHANNELS)


@pytest.fixture(scope="module")
def model() -> LearnedModel:
    return untrained_model()


def moving(frames: int = 60, rate_hz: float = 30.0, seed: int = 0) -> Signals:
    rng = np.random.default_rng(seed)
    times = np.arange(frames) / rate_hz
    hertz, phase = rng.uniform(0.3, 3, C), rng.uniform(0, 6, C)
    return Signals(0.3 + 0.1 * np.sin(2 * np.pi * hertz * times[:, None] + phase), times)


def defended(model: LearnedModel, signals: Signals, strength: float = 1.0, seed: int = 0) -> np.ndarray:
    given = Given(np.random.default_rng(seed), model=model)
    return DEFENCES["learned"].apply(signals, strength, given).values


def test_the_random_numbers_decide_and_nothing_else_does(model: LearnedModel) -> None:
    signals = moving()
    one = defended(model, signals)
    np.testing.assert_array_equal(one, defended(model, signals))
    other = defended(model, signals, seed=1)
    assert np.abs(one - other).max(axis=0).min() > 1e-3  # in every channel
    assert (one[:, FACE] >= 0).all()
    assert (one[:, FACE] <= 1).all()


def test_strength_is_the_share_of_the_way(model: LearnedModel) -> None:
    signals = moving()
    whole, half = defended(model, signals), defended(model, signals, 0.5)
    np.testing.assert_allclose(half, (signals.values + whole) / 2, atol=1e-12)
    assert defended(model, signals, 0.0) is signals.values


def test_means_and_variances_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    frames, steps = rng.normal(size=(40, C)), rng.uniform(0.01, 0.1, 40)
    memory = Memory._make([np.zeros(width) for width in WIDTHS])
    briefly, variance, elapsed = frames[0].copy(), np.ones(C), 0.0
    slow, speed = frames[0].copy(), np.ones(C)
    before = frames[0]
    for n, (frame, since) in enumerate(zip(frames, steps, strict=True)):
        memory = remembered(np, memory, frame, np.array([since]), np.full(C, 9.0))
        if n == 0:
            continue  # the time before the first frame does not count
        elapsed += since
        share = since / min(1.0 + elapsed, 10.0)
        variance = (1 - share) * (variance + share * (frame - briefly) ** 2)
        briefly = briefly + share * (frame - briefly)
        speed = speed + share * (((frame - before) / since) ** 2 / 9 - speed)
        slow = slow + (1 - np.exp(-since / 0.3)) * (frame - slow)
        before = frame
    assert memory.begun == 1
    assert memory.elapsed == pytest.approx(elapsed)
    for found_in, expected in (
        (memory.briefly, briefly),
        (memory.variance, variance),
        (memory.speed, speed),
        (memory.lower, slow),
        (memory.before, before),
    ):
        np.testing.assert_allclose(found_in, expected, rtol=1e-9)


def test_the_recurrent_unit_does_not_depend_on_the_rate() -> None:
    weights, rng = random_weights(), np.random.default_rng(1)
    seen, zero = rng.normal(size=3 * HIDDEN), {"recurrent.weight": np.zeros((3 * HIDDEN, HIDDEN))}
    still = weights | zero  # what it sees, and nothing else, decides
    once = next_hidden(np, still, seen, np.full(HIDDEN, 0.5), 0.12)
    thrice = np.full(HIDDEN, 0.5)
    for _ in range(3):
        thrice = next_hidden(np, still, seen, thrice, 0.04)
    np.testing.assert_allclose(once, thrice, atol=1e-12)
    assert np.abs(once - 0.5).max() > 0.1


@pytest.mark.parametrize("rate_hz", [15.0, 60.0])
def test_another_frame_rate_gives_about_the_same(model: LearnedModel, rate_hz: float) -> None:
    usual, other = moving(60, 30.0), moving(round(2 * rate_hz), rate_hz)
    one, two = defended(model, usual), defended(model, other)
    at = np.interp(usual.times, other.times, np.arange(len(other.times)))
    # The same numbers are drawn for what stays; there is little noise.
    apart = np.abs(one - two[np.round(at).astype(int)])[5:55].mean()
    assert apart < 0.2 * np.abs(one - usual.values).mean()


def test_faces_beside_each_other_do_not_meet(model: LearnedModel) -> None:
    rng = np.random.default_rng(0)
    frames, numbers = rng.uniform(0, 1, (5, 2, C)), rng.standard_normal((5, 2, DRAWN))
    both, alone = np.zeros((2, state_size(HIDDEN))), np.zeros(state_size(HIDDEN))
    for frame, number in zip(frames, numbers, strict=True):
        together, both = stepped(np, model.weights, frame, np.full((2, 1), 0.04), number, both)
        one, alone = stepped(np, model.weights, frame[1], np.array([0.04]), number[1], alone)
        np.testing.assert_allclose(together[1], one, atol=1e-12)


def test_a_live_pipeline_takes_it(model: LearnedModel) -> None:
    live = LiveDefence(Plan(parsed_defences("learned:0.8"), 3, model=model))
    assert live.delay_frames == 0
    values = moving(5).values
    coefficients, turn = live.step(values[0, FACE], values[0, HEAD][:3], 0.0)
    assert np.abs(coefficients - values[0, FACE]).max() > 0.01
    assert turn.shape == (3,)
    with pytest.raises(UsageError, match=r"^learned needs --model FILE; `amber defences train --out FILE`"):
        Plan(parsed_defences("learned"), 3)


def test_names_can_be_looked_up_and_not_read_off(model: LearnedModel, tmp_path: Path) -> None:
    assert model.knows("id002")
    assert not model.knows("id003")
    assert [model.was_chosen_on(name) for name in ("id002", "id003")] == [False, True]
    assert model.words_on(["id001", "id004"]) == ""
    assert model.words_on(["id002", "id002", "id001"]).startswith(
        "of 2 people, 1 have names that the learned defence was trained on: it may"
    )
    assert b"id002" not in untrained_file(tmp_path).read_bytes()


def test_a_file_comes_back_and_equal_ones_are_equal_bytes(tmp_path: Path) -> None:
    weights = random_weights()
    for name in ("a", "b"):
        save_learned(tmp_path / f"{name}.safetensors", header(), weights)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    back = load_learned(tmp_path / "a.safetensors")
    assert back.header == header()
    for name, array in weights.items():
        np.testing.assert_array_equal(back.weights[name], np.float32(array))


@pytest.mark.parametrize(
    ("changes", "weight", "reason"),
    [
        (
            {"channels": ("one",)},
            None,
            "expected the 57 channels of this version, got others; train it again",
        ),
        ({"hidden": 7}, None, "its weights do not fit its header; train it again"),
        ({}, ("spread", 0.0), "expected finite float32 above 0 in spread, got others"),
        ({}, ("input.bias", np.nan), "expected finite float32 in input.bias, got others"),
    ],
)
def test_what_is_no_such_file_is_refused(
    changes: dict[str, object], weight: tuple[str, float] | None, reason: str, tmp_path: Path
) -> None:
    weights = random_weights()
    if weight:
        weights[weight[0]] = np.full_like(weights[weight[0]], weight[1])
    save_learned(tmp_path / "x.safetensors", header(**changes), weights)
    with pytest.raises(FileFormatError, match=reason):
        load_learned(tmp_path / "x.safetensors")
