"""A map undoes what it can express, says how much that is, and is the same when it is read again."""

import numpy as np
import pytest

from amber_id.attackers.maps import SignalMap, best_map, fit_map, share_recovered
from amber_id.errors import TrainingError
from amber_id.motion.pairs import Pair

S = 5


def movement(seed: int, frames: int = 120) -> np.ndarray:
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(0.5, 3, (2, S))
    return np.sin(np.arange(frames)[:, None] * frequency * 0.1 + 6 * phase) + 0.1 * rng.normal(
        size=(frames, S)
    )


def pairs(anonymise, clips: range) -> list[Pair]:
    originals = [movement(seed) for seed in clips]
    return [Pair(f"id{i:03d}", anonymise(each, i), each) for i, each in enumerate(originals)]


def rescaled(frames: np.ndarray, _clip: int) -> np.ndarray:
    return frames * np.array([0.2, -1, 3, 0.5, 2]) + np.arange(S)


def mixed(frames: np.ndarray, _clip: int) -> np.ndarray:
    return frames @ np.random.default_rng(3).normal(size=(S, S))


def distorted(frames: np.ndarray, _clip: int) -> np.ndarray:
    """Folded, so that no straight line undoes it, but what other signals show does in part."""
    return np.column_stack([np.tanh(4 * frames), np.abs(frames)])[:, :S] + 0.3 * np.abs(frames[:, ::-1])


TRAIN, DEV = range(20), range(20, 26)


def test_gains_undo_what_rescales_every_signal():
    undone = fit_map("each", pairs(rescaled, TRAIN), seed=0)
    assert share_recovered(undone, pairs(rescaled, DEV)) > 0.999
    original = movement(30)
    np.testing.assert_allclose(undone(rescaled(original, 0)), original, atol=0.1)


def test_only_all_signals_together_undo_a_mixture():
    each, every = (fit_map(name, pairs(mixed, TRAIN), seed=0) for name in ("each", "all"))
    held = pairs(mixed, DEV)
    assert share_recovered(each, held) < 0.6
    assert share_recovered(every, held) > 0.9
    assert best_map(pairs(mixed, TRAIN), held, seed=0).name != "each"


def test_a_network_undoes_what_no_straight_line_does_and_is_chosen_for_it():
    def folded(clips: range) -> list[Pair]:
        return [Pair(f"id{i:03d}", movement(i), np.abs(movement(i))) for i in clips]

    shares = {
        name: share_recovered(fit_map(name, folded(range(80)), seed=0), folded(range(80, 90)))
        for name in ("each", "all", "network")
    }
    assert shares["network"] > shares["all"] + 0.05
    best = best_map(folded(range(80)), folded(range(80, 90)), seed=0)
    assert best.name == "network"
    assert best.recovered == pytest.approx(shares["network"])


def test_frames_around_undo_noise_in_part():
    rng = np.random.default_rng(8)
    slow = [np.cumsum(rng.normal(size=(200, S)), axis=0) / 5 for _ in range(12)]
    noisy = [Pair(f"id{i:03d}", each + rng.normal(size=each.shape), each) for i, each in enumerate(slow)]
    alone, around = (fit_map(name, noisy[:8], seed=0) for name in ("each", "all"))
    assert share_recovered(around, noisy[8:]) > share_recovered(alone, noisy[8:]) + 0.05


def test_the_share_is_that_of_a_plain_loop():
    undone = fit_map("all", pairs(distorted, TRAIN), seed=0)
    held = pairs(distorted, DEV)
    left, variance = np.zeros(S), np.zeros(S)
    for signal in range(S):
        errors, values = [], []
        for pair in held:
            mapped = undone(pair.anonymised)[:, signal]
            for t in range(len(pair.original)):
                shown = pair.original[t, signal] - pair.original[:, signal].mean()
                values.append(shown)
                errors.append(shown - (mapped[t] - mapped.mean()))
        left[signal], variance[signal] = np.var(errors), np.var(values)
    assert share_recovered(undone, held) == pytest.approx(np.mean(1 - left / variance))


def test_nothing_is_recovered_from_what_has_nothing_of_the_original():
    unlike = [
        Pair(each.subject, np.random.default_rng([7, i]).normal(size=each.original.shape), each.original)
        for i, each in enumerate(pairs(rescaled, range(26)))
    ]
    for name in ("each", "all", "network"):
        assert abs(share_recovered(fit_map(name, unlike[:20], seed=0), unlike[20:])) < 0.15


def test_a_signal_that_does_not_move_is_mapped_to_its_mean():
    still = [
        Pair(p.subject, np.where(np.arange(S) == 1, 0.25, p.anonymised), p.original)
        for p in pairs(rescaled, TRAIN)
    ]
    for name in ("each", "all", "network"):
        assert np.isfinite(fit_map(name, still, seed=0)(still[0].anonymised)).all(), name
    gains = fit_map("each", still, seed=0)
    assert np.ptp(gains(still[0].anonymised)[:, 1]) == 0


def test_a_map_is_the_same_with_the_same_seed_and_after_it_was_kept():
    one, again = (fit_map("network", pairs(distorted, TRAIN), seed=4) for _ in range(2))
    read = SignalMap.from_tensors(one.tensors(), signals=S)
    frames = distorted(movement(40), 0)
    np.testing.assert_array_equal(one(frames), again(frames))
    np.testing.assert_array_equal(one(frames), read(frames))


def test_arrays_that_are_no_map_are_refused():
    tensors = fit_map("network", pairs(distorted, TRAIN), seed=0).tensors()
    for broken in (
        {**tensors, "matrix": tensors["matrix"][:-1]},
        {**tensors, "offset": np.full(S, np.nan)},
        {name: array for name, array in tensors.items() if name != "bias"},
    ):
        with pytest.raises(ValueError, match="of a map"):
            SignalMap.from_tensors(broken, signals=S)


def test_without_pairs_there_is_no_map():
    with pytest.raises(TrainingError, match="needs pairs of clips of dev people"):
        best_map(pairs(rescaled, TRAIN), [], seed=0)
