"""Which comparisons are across sessions, against a loop over all of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, across_sessions, compare_all
from amber_id.errors import SplitError
from amber_id.protocols import Split, SplitConfig, divide_recordings, sessions_kept_apart
from amber_id.recordings import RecordingSet


def test_by_hand():
    """Two people; the first has clips of sessions 1, 1, 2 and one unknown, the second of its own 1 and 2."""
    clips = ["a0", "a1", "a2", "a3", "b0", "b1"]
    session_of = {"a0": "1", "a1": "1", "a2": "2", "b0": "1", "b1": "2"}
    rng = np.random.default_rng(0)
    everything = compare_all(rng.normal(size=(6, 3)), np.array([0, 0, 0, 0, 1, 1]))
    found = across_sessions(everything, clips, session_of)
    pairs = set(zip(found.enrolment.tolist(), found.probe.tolist(), strict=True))
    mated = {(0, 2), (1, 2), (4, 5)}
    assert pairs == mated | {(i, j) for i in range(4) for j in (4, 5)}
    assert found.n_mated == 3
    assert found.n_nonmated == everything.n_nonmated == 8
    score = dict(
        zip(zip(everything.enrolment, everything.probe, strict=True), everything.scores, strict=True)
    )
    for i, j, s in zip(found.enrolment, found.probe, found.scores, strict=True):
        assert s == score[i, j]


def test_any_people_and_sessions_against_a_loop():
    rng = np.random.default_rng(4)
    for _ in range(20):
        n = int(rng.integers(4, 25))
        subjects = rng.integers(0, 4, size=n)
        told = {f"c{i}": str(rng.integers(0, 3)) for i in range(n) if rng.random() < 0.8}
        clips = [f"c{i}" for i in range(n)]
        everything = compare_all(rng.normal(size=(n, 2)), subjects)
        found = across_sessions(everything, clips, told)
        expected = []
        for i, j in zip(everything.enrolment.tolist(), everything.probe.tolist(), strict=True):
            known = clips[i] in told and clips[j] in told
            if subjects[i] != subjects[j] or (known and told[clips[i]] != told[clips[j]]):
                expected.append((i, j))
        assert list(zip(found.enrolment.tolist(), found.probe.tolist(), strict=True)) == expected


def test_folds_can_be_pooled():
    """A session keeps its number in every fold, and none has two people."""
    one = compare_all(np.eye(3), np.array([0, 0, 1]))
    other = compare_all(np.eye(3), np.array([2, 2, 3]))
    told = {"a": "1", "b": "2", "c": "1", "d": "2", "e": "1", "f": "1"}
    parts = [across_sessions(one, ["a", "b", "c"], told), across_sessions(other, ["d", "e", "f"], told)]
    pooled = Comparisons.pool(parts)
    assert pooled.n_mated == 2
    assert pooled.sessions is not None
    assert len(set(pooled.sessions.tolist())) == 6


def test_what_corpus_csv_says_decides_who_is_tested(people: RecordingSet):
    """Of the synthetic people, whose sessions are in corpus.csv, two lose all but one."""
    config = SplitConfig(protocol="cross-session", dev=0.3)
    with pytest.raises(SplitError, match="0 of 12 people are known to have two sessions or more"):
        divide_recordings(people, config)
    rows = [
        f"{e.clip},{1 if e.subject in ('id003', 'id007') else i % 2}" for i, e in enumerate(people.entries)
    ]
    (people.root / "corpus.csv").write_text("clip,session\n" + "\n".join(rows) + "\n")
    division = divide_recordings(people, config)
    assert division.remarks == ("2 people without two known sessions are in train only: id003, id007.",)
    assert {"id003", "id007"} <= set(division.split.subjects("train", 0))
    sessions = sessions_kept_apart(people, division.split)
    assert sessions is not None
    assert len(sessions) == len(people.entries)
    assert sessions_kept_apart(people, Split(division.split.folds)) is None


def test_sessions_that_got_lost_are_missed(people: RecordingSet, tmp_path: Path):
    rows = [f"{e.clip},{i % 2}" for i, e in enumerate(people.entries)]
    (people.root / "corpus.csv").write_text("clip,session\n" + "\n".join(rows) + "\n")
    split = divide_recordings(people, SplitConfig(protocol="cross-session", dev=0.3)).split
    with pytest.raises(
        SplitError, match=r"corpus.csv: expected two sessions or more of dev people of fold 0"
    ):
        sessions_kept_apart(replace(people, root=tmp_path), split)
