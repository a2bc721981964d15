"""An anonymised clip is paired with its own original and no other, frame by frame."""

from pathlib import Path

import numpy as np
import pytest

from amber_id.motion import FeatureConfig, WindowSet
from amber_id.motion.pairs import pairs_of
from amber_id.recordings import RecordingEntry

S = 6


def entry(clip: str, subject: str) -> RecordingEntry:
    return RecordingEntry(clip, subject, "synth", Path(), 80, 80, 25.0, 3.2, 640, 480, "face_landmarker_478")


def set_of(clips: dict[str, list[np.ndarray]], subjects: dict[str, str] | None = None) -> WindowSet:
    """Clips of one segment or several, whose subject is the folder of their id."""
    segments = [each for clip in clips.values() for each in clip]
    lengths = np.array([len(each) for each in segments])
    entries = tuple(entry(clip, (subjects or {}).get(clip, clip.split("/")[1])) for clip in clips)
    return WindowSet(
        frames=np.concatenate(segments)[:, None, :].astype(np.float32),
        segment_first=np.cumsum(lengths) - lengths,
        segment_length=lengths,
        segment_clip=np.repeat(np.arange(len(clips)), [len(each) for each in clips.values()]),
        config=FeatureConfig(signals="blendshapes"),
        entries=entries,
        failures=(),
    )


def movement(seed: int, frames: int = 80) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(frames, S)), axis=0)


def test_clips_are_paired_by_their_names_whatever_their_order():
    one, other = movement(1), movement(2)
    originals = set_of({"original/id001/a": [one], "original/id002/a": [other]})
    anonymised = set_of({"anonymised/id002/a": [-other], "anonymised/id001/a": [one + 5]})
    second, first = pairs_of(anonymised, originals)
    assert (first.subject, second.subject) == ("id001", "id002")
    np.testing.assert_allclose(first.original, one, rtol=1e-6)
    np.testing.assert_allclose(first.anonymised, one + 5, rtol=1e-6)
    np.testing.assert_allclose(second.original, other, rtol=1e-6)


def test_originals_among_the_clips_and_clips_without_an_original_are_in_no_pair():
    clips = set_of({"original/id001/a": [movement(1)], "anonymised/id003/a": [movement(3)]})
    assert pairs_of(clips, set_of({"original/id001/a": [movement(1)]})) == ()


def test_where_labels_are_permuted_nobody_is_paired_with_another_label():
    originals = set_of({"original/id001/a": [movement(1)]})
    relabelled = set_of({"anonymised/id001/a": [movement(1)]}, {"anonymised/id001/a": "id007"})
    assert pairs_of(relabelled, originals) == ()


@pytest.mark.parametrize("delay", [-9, -3, 0, 4, 10])
def test_a_delay_of_the_anonymiser_is_taken_back(delay: int):
    whole = movement(4, frames=100)
    originals = set_of({"original/id001/a": [whole[10:90]]})
    late = set_of({"anonymised/id001/a": [2 * whole[10 - delay : 90 - delay]]})
    (pair,) = pairs_of(late, originals)
    assert len(pair.original) == 80 - abs(delay)
    np.testing.assert_allclose(pair.anonymised, 2 * pair.original, rtol=1e-5)


def test_what_is_alike_at_no_shift_is_not_shifted():
    originals = set_of({"original/id001/a": [movement(1)]})
    unlike = np.random.default_rng(0).normal(size=(80, S))
    (pair,) = pairs_of(set_of({"anonymised/id001/a": [unlike]}), originals)
    assert len(pair.original) == 80


def test_of_several_segments_the_longest_count():
    whole = movement(5, frames=110)
    originals = set_of({"original/id001/a": [whole[:30], whole[30:]]})
    (pair,) = pairs_of(set_of({"anonymised/id001/a": [whole[:27], whole[33:]]}), originals)
    np.testing.assert_allclose(pair.anonymised, whole[33:], rtol=1e-5)
    np.testing.assert_allclose(pair.original, whole[33:], rtol=1e-5)
