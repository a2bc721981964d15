"""How does all that a study trains and tests know of which session a clip is?

Training and testing read the sessions of clips in a ``corpus.csv`` beside them. The clips of a study have
their features in its folder, and their ids there begin with their condition; so where mated comparisons count
across sessions only, a study keeps a ``corpus.csv`` of its own, from those of its conditions.
"""

from collections.abc import Mapping
from pathlib import Path

from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.study.clips import RecordingsOf
from amber_id.audit.study.split import begun_with
from amber_id.corpora import CORPUS_FILE, read_corpus_file
from amber_id.errors import UsageError
from amber_id.file_formats import write_table
from amber_id.protocols import PROTOCOLS, SplitConfig


def named_sessions(sets: RecordingsOf, out: Path, config: SplitConfig) -> dict[str, str]:
    """The session of each clip of which it is known, by its id with each condition and without.

    Where these are asked for, by the protocol or by a split in `out`, they are written there.

    Raises
    ------
    UsageError
        If the study was begun with other sessions.
    CorpusError, FileFormatError, SplitError
        If corpus files contradict each other or do not fit, or the split is of another configuration.
    """
    sessions = under_all_names(CorpusFacts.read(sets).session, sets)
    begun = begun_with(out, config)
    is_asked = PROTOCOLS[config.protocol].across_sessions if begun is None else begun.across_sessions
    if is_asked:
        path = out / CORPUS_FILE
        if (
            path.exists()
            and {clip: facts.session for clip, facts in read_corpus_file(out).items() if facts.session}
            != sessions
        ):
            raise UsageError(
                f"{path}: the study was begun with other sessions than {CORPUS_FILE} of the clips names now; "
                "use another --out"
            )
        write_table(path, ["clip", "session"], ([clip, sessions[clip]] for clip in sorted(sessions)))
    return sessions


def under_all_names(known: Mapping[str, str], sets: RecordingsOf) -> dict[str, str]:
    """What is known of clips that are there, by their id with each condition and without."""
    present = {entry.clip for recordings in sets.values() for entry in recordings.entries} & known.keys()
    return {
        name: known[clip]
        for clip in sorted(present)
        for name in (clip, *(f"{condition}/{clip}" for condition in sets))
    }
