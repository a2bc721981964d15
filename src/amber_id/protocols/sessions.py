"""Which comparisons of one person are across sessions, and who has several?

A session is one sitting of one person: the same name under two people is two sessions. Which clip is of
which session stands in ``corpus.csv`` beside the recordings. A clip of which that is not known may be of any
session of its person, so none of its mated comparisons is known to be across sessions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from amber_id.biometrics import Comparisons
from amber_id.corpora import CORPUS_FILE, read_corpus_file
from amber_id.errors import SplitError
from amber_id.protocols.split import Split
from amber_id.recordings import RecordingSet


def sessions_of_clips(recordings: RecordingSet) -> dict[str, str]:
    """The session of each clip of which it is known; raises FileFormatError if ``corpus.csv`` is damaged."""
    facts = read_corpus_file(recordings.root)
    sessions = {entry.clip: facts[entry.clip].sitting for entry in recordings.entries if entry.clip in facts}
    return {clip: session for clip, session in sessions.items() if session is not None}


def sessions_of_subjects(recordings: RecordingSet) -> dict[str, int]:
    """How many sessions each subject is known to have, where one is known."""
    session_of = sessions_of_clips(recordings)
    seen: dict[str, set[str]] = {}
    for entry in recordings.entries:
        if entry.clip in session_of:
            seen.setdefault(entry.subject, set()).add(session_of[entry.clip])
    return {subject: len(sessions) for subject, sessions in seen.items()}


def sessions_kept_apart(recordings: RecordingSet, split: Split) -> dict[str, str] | None:
    """The session of each clip where the split counts only mated comparisons across them, else None.

    Raises
    ------
    SplitError
        If nobody of dev or of test in a fold is known to have two sessions.
    FileFormatError
        If ``corpus.csv`` does not fit.
    """
    if not split.across_sessions:
        return None
    several = {subject for subject, n in sessions_of_subjects(recordings).items() if n > 1}
    for fold in range(len(split.folds)):
        for partition in ("dev", "test"):
            present = set(split.subjects(partition, fold)) & set(recordings.subjects)
            if present and not several & present:
                raise SplitError(
                    f"{recordings.root / CORPUS_FILE}: expected two sessions or more of {partition} people "
                    f"of fold {fold}, since mated comparisons count across sessions only, got none; "
                    "name them in its column session, or split by another protocol"
                )
    return sessions_of_clips(recordings)


def across_sessions(
    comparisons: Comparisons, clips: Sequence[str], session_of: Mapping[str, str]
) -> Comparisons:
    """Those comparisons that are non-mated, or of two clips known to be from different sessions.

    `clips` names each clip that the comparisons number. Sessions are numbered alike in all folds of a study,
    as subjects are; a person's clips of unknown session have a number of their own.
    """
    names = {name: i for i, name in enumerate(sorted(set(session_of.values())), start=1)}
    session = np.array([names.get(session_of.get(clip, ""), 0) for clip in clips], dtype=np.int64)
    enrolled, probed = session[comparisons.enrolment], session[comparisons.probe]
    counts = ~comparisons.mated | ((enrolled != probed) & (enrolled > 0) & (probed > 0))
    return replace(
        comparisons,
        scores=comparisons.scores[counts],
        enrolment=comparisons.enrolment[counts],
        probe=comparisons.probe[counts],
        sessions=comparisons.subjects * (len(names) + 1) + session,
    )
