"""Comparisons within a session and across two: chosen as a plain loop chooses them, and comparable."""

from itertools import combinations

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, Sittings, compare_all, of_days, within_and_across

CLIPS = tuple("abcdefghijkl")
SUBJECTS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3])
SESSION_OF = dict(zip("abcdefghijk", "1122" + "111" + "112x", strict=True)) | {"l": "1"}
DATE_OF = {"a": "2024-01-01", "b": "2024-01-01", "c": "2024-01-03", "d": "2024-02-01", "h": "2024-01-01"}


def everything() -> Comparisons:
    vectors = np.random.default_rng(0).normal(size=(len(CLIPS), 5))
    return compare_all(vectors, SUBJECTS)


def pairs(comparisons: Comparisons, *, mated: bool) -> set[tuple[str, str]]:
    return {
        (CLIPS[i], CLIPS[j])
        for i, j, same in zip(comparisons.enrolment, comparisons.probe, comparisons.mated, strict=True)
        if same == mated
    }


def test_the_same_probes_are_within_and_across_as_a_plain_loop_has_them() -> None:
    within, across = within_and_across(everything(), Sittings.of(CLIPS, SESSION_OF, DATE_OF))
    mated = [(i, j) for i, j in combinations(range(12), 2) if SUBJECTS[i] == SUBJECTS[j]]

    def mates(i: int, *, own: bool) -> list[int]:
        others = [a + b - i for a, b in mated if i in (a, b)]
        return [j for j in others if (SESSION_OF[CLIPS[i]] == SESSION_OF[CLIPS[j]]) == own]

    probes = {i for i in range(12) if mates(i, own=True) and mates(i, own=False)}
    assert [CLIPS[i] for i in sorted(probes)] == list("abcd" + "hi")  # nobody of one session; j, k sat alone
    for side, own in ((within, True), (across, False)):
        expected = {
            (CLIPS[i], CLIPS[j])
            for i, j in mated
            if probes & {i, j} and (SESSION_OF[CLIPS[i]] == SESSION_OF[CLIPS[j]]) == own
        }
        assert pairs(side, mated=True) == expected
    assert len(pairs(within, mated=True)) == 3
    assert len(pairs(across, mated=True)) == 4 + 4
    # Those who take part, but not on one day: h and a, h and b.
    nonmated = {(i, j) for i in "abcd" for j in "hijk"} - {("a", "h"), ("b", "h")}
    assert pairs(within, mated=False) == pairs(across, mated=False) == nonmated


def test_what_is_not_known_counts_on_neither_side() -> None:
    known = {clip: session for clip, session in SESSION_OF.items() if clip not in "ab"}
    within, across = within_and_across(everything(), Sittings.of(CLIPS, known, {}))
    assert pairs(within, mated=True) == {("h", "i")}
    assert pairs(across, mated=True) == {("h", "j"), ("i", "j"), ("h", "k"), ("i", "k")}
    nobody, neither = within_and_across(everything(), Sittings.of(CLIPS, {}, {}))
    assert len(nobody.scores) == len(neither.scores) == 0


def test_non_mated_comparisons_of_one_day_count_where_there_are_no_others() -> None:
    within, _ = within_and_across(
        everything(), Sittings.of(CLIPS, SESSION_OF, dict.fromkeys(CLIPS, "2024-01-01"))
    )
    assert len(pairs(within, mated=False)) == 4 * 4


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0, 0, {("a", "b")}),
        (1, 7, {("a", "c"), ("b", "c")}),
        (8, 30, {("c", "d")}),
        (31, None, {("a", "d"), ("b", "d")}),
    ],
)
def test_days_between_two_clips(first: int, last: int | None, expected: set[tuple[str, str]]) -> None:
    found = of_days(everything(), Sittings.of(CLIPS, SESSION_OF, DATE_OF), first, last)
    assert pairs(found, mated=True) == expected
    assert pairs(found, mated=False) == set()  # the others have no two days
