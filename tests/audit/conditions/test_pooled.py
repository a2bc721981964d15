"""Clips of several avatars, pooled: like with like, and what one avatar for each person would add."""

from pathlib import Path

import numpy as np
import pytest

from amber_id.audit.attack.tested import EmbeddedClips
from amber_id.audit.conditions.pooled import PooledClips
from amber_id.recordings import RecordingEntry


def entry(name: str, person: int, clip: int) -> RecordingEntry:
    return RecordingEntry(
        *(f"{name}/s_id{person}/{clip}", f"id{person}", "s", Path()),
        *(100, 100, 25.0, 4.0, 640, 480, "face_landmarker_478"),
    )


def clips_of(name: str, vectors: np.ndarray) -> EmbeddedClips:
    entries = tuple(entry(name, person, clip) for person in (1, 2, 3) for clip in (1, 2))
    return EmbeddedClips(entries, vectors, np.ones(len(entries), dtype=int), ())


@pytest.fixture
def parts() -> tuple[EmbeddedClips, ...]:
    rng = np.random.default_rng(0)
    return tuple(clips_of(name, rng.standard_normal((6, 4))) for name in ("A", "B", "C"))


def pooled(parts: tuple[EmbeddedClips, ...], *, across: bool) -> PooledClips:
    entries = tuple(each for part in parts for each in part.entries)
    vectors = np.concatenate([part.vectors for part in parts])
    return PooledClips(entries, vectors, np.ones(len(entries), dtype=int), (), parts=parts, across=across)


def by_a_loop(parts: tuple[EmbeddedClips, ...], *, across: bool) -> dict[tuple[str, str], float]:
    """The cosine of every pair that counts, by the names of its clips."""
    every = [(each, part.vectors[i]) for part in parts for i, each in enumerate(part.entries)]
    scores = {}
    for k, (one, first) in enumerate(every):
        for other, second in every[k + 1 :]:
            same = one.clip[0] == other.clip[0]
            take = one.clip[2:] == other.clip[2:]
            if same or (across and one.subject != other.subject and not take):
                cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
                scores[one.clip, other.clip] = float(cosine)
    return scores


@pytest.mark.parametrize("across", [False, True])
def test_pairs_and_scores_are_those_of_a_plain_loop(parts: tuple[EmbeddedClips, ...], across: bool):
    clips = pooled(parts, across=across)
    compared = clips.compared(("id1", "id2", "id3"))
    names = [each.clip for each in clips.entries]
    expected = by_a_loop(parts, across=across)
    found = {
        (names[one], names[other]): score
        for one, other, score in zip(compared.enrolment, compared.probe, compared.scores, strict=True)
    }
    assert len(found) == len(compared.scores)
    assert found == pytest.approx(expected)


def test_mated_comparisons_are_of_one_avatar_and_others_as_a_lot_would_draw_them(
    parts: tuple[EmbeddedClips, ...],
):
    subjects = ("id1", "id2", "id3")
    alike = pooled(parts, across=False).compared(subjects)
    drawn = pooled(parts, across=True).compared(subjects)
    assert alike.n_mated == drawn.n_mated == 3 * 3
    # One in three pairs of people has one avatar, two in three have two.
    assert drawn.n_nonmated == 3 * alike.n_nonmated
