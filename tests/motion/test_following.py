"""Does the one rule on following find wrong names, and clear right ones?"""

from pathlib import Path

import numpy as np
import pytest

from amber_id.motion.following import Following, following_of
from amber_id.motion.likeness import Signals
from amber_id.motion.movements import Movements
from amber_id.recordings import RecordingSet

NO_COPIES = np.zeros((0, 2), dtype=np.int64)


def wandering(clips: int, frames: int, seed: int) -> np.ndarray:
    """Nine slow signals of each clip, about 0."""
    values = np.random.default_rng(seed).normal(size=(clips, frames, 9)).cumsum(axis=1)
    values -= values.mean(axis=1, keepdims=True)
    return (values / values.std(axis=(0, 1))).astype(np.float32)


def signals(values: np.ndarray) -> Signals:
    return Signals(values, np.ones(values.shape[:2], np.float32))


def following(originals: np.ndarray, noise: float, names: np.ndarray) -> Following:
    """Clips that follow the originals with some noise, each under the name of another one."""
    anonymised = originals + noise * wandering(*originals.shape[:2], seed=99)
    return following_of(signals(anonymised[names]), signals(originals), copies=NO_COPIES)


@pytest.mark.parametrize("frames", [100, 40, 26])
def test_right_names_are_cleared_and_wrong_ones_are_found(frames: int) -> None:
    originals = wandering(40, frames, seed=1)
    right = following(originals, 0.3, np.arange(40))
    assert right.judged.all()
    assert right.best.tolist() == list(range(40))
    assert not right.astray.any()
    names = np.roll(np.arange(40), 7)
    wrong = following(originals, 0.3, names)
    assert wrong.astray.mean() > 0.9
    assert wrong.best.tolist() == names.tolist()
    assert (wrong.best_correlation > wrong.own + 0.05).all()
    assert set(wrong.other[wrong.other >= 0]) <= set(names)
    clear = wrong.other >= 0
    assert wrong.other[clear].tolist() == names[clear].tolist()


def test_less_than_a_second_says_nothing() -> None:
    originals = wandering(5, 24, seed=2)
    short = following(originals, 0.1, np.array([1, 0, 2, 3, 4]))
    assert not short.judged.any()
    assert not short.astray.any()
    assert short.other.tolist() == [-1] * 5
    assert short.best.tolist() == list(range(5))


def test_a_shift_is_searched_where_both_last_long_enough() -> None:
    originals = wandering(20, 80, seed=3)
    late = Signals(np.roll(originals, 4, axis=1), np.ones((20, 80), np.float32))
    shifted = following_of(late, signals(originals), copies=NO_COPIES)
    assert (shifted.own > 0.95).all()
    assert not shifted.astray.any()


def test_a_copy_of_the_own_original_is_not_held_against_a_clip() -> None:
    originals = wandering(10, 80, seed=4)
    originals[3] = originals[0]
    alone = following_of(signals(originals), signals(originals), copies=np.array([[0, 3]]))
    assert alone.as_well[[0, 3]].tolist() == [0, 0]
    assert alone.best.tolist() == list(range(10))
    held = following_of(signals(originals), signals(originals), copies=NO_COPIES)
    assert held.as_well[0] == pytest.approx(1 / 9)


def test_what_was_computed_is_not_computed_again(
    synthetic_people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = Movements.read(RecordingSet.open(synthetic_people))
    avatars = Movements.read(RecordingSet.open(synthetic_people.parent / "avatar"))
    first = avatars.followed(originals)
    all_copies = originals.near_copies(latest=12)
    for module in ("following", "near_copies"):
        monkeypatch.delattr(f"amber_id.motion.{module}.compare")
    assert avatars.followed(originals) is first
    assert originals.near_copies(latest=3).tolist() == originals.near_copies().tolist()
    assert originals.near_copies(latest=12).tolist() == all_copies.tolist()
    assert not first.astray.any()
