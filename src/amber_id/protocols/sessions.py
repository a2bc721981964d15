"""Which session is a clip of, and who has several?

A session is one sitting of one person: the same name under two people is two sessions. Which clip is of
which session stands in ``corpus.csv`` beside the recordings. A clip of which that is not known may be of any
session of its person, so none of its mated comparisons is known to be across sessions. Where a clip has no
session but a day, that stands for it.
"""

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
