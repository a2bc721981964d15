"""What do the corpus files of a study say of its clips, and what do they leave open?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amber_id.audit.confounds.evidence import percent_spaced
from amber_id.corpora import CORPUS_FILE, ClipFacts, read_corpus_file
from amber_id.errors import CorpusError
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName
from amber_id.results.checks import Check, Verdict


@dataclass(frozen=True)
class CorpusFacts:
    """What the corpus files of a study say, by clip; a clip of which it is not known is not there."""

    session: Mapping[str, str]  # or the day, where no session is named
    utterance: Mapping[str, str]
    files: int  # how many there are
    emotion: Mapping[str, str] = field(default_factory=dict)
    date: Mapping[str, str] = field(default_factory=dict)  # YYYY-MM-DD
    avatar: Mapping[str, str] = field(default_factory=dict)  # of anonymised clips

    @classmethod
    def read(cls, conditions: Mapping[ConditionName, RecordingSet]) -> "CorpusFacts":
        """From the folder of each condition; what one file does not say another may.

        Raises
        ------
        CorpusError
            If two files contradict each other.
        FileFormatError
            If a file does not fit, as `read_corpus_file` says.
        """
        files = {
            root: read_corpus_file(root) for root in {recordings.root for recordings in conditions.values()}
        }
        of_files = {root / CORPUS_FILE: facts for root, facts in sorted(files.items()) if facts}
        session, utterance, emotion, date = (
            joined(column, {path: _known(column, facts) for path, facts in of_files.items()})
            for column in ("session", "utterance", "emotion", "date")
        )
        anonymised = conditions.get("anonymised")
        avatar = {} if anonymised is None else _known("avatar", files[anonymised.root])
        return cls({**date, **session}, utterance, len(of_files), emotion, date, avatar)


NOTHING_KNOWN = CorpusFacts({}, {}, 0)


def _known(column: str, facts: Mapping[str, ClipFacts]) -> dict[str, str]:
    values = {clip: getattr(each, column) for clip, each in facts.items()}
    return {clip: value for clip, value in values.items() if value is not None}


def joined(column: str, of_files: Mapping[Path, Mapping[str, str]]) -> dict[str, str]:
    """What several files say of clips in one column; raises CorpusError if two contradict each other."""
    known: dict[str, tuple[str, Path]] = {}
    for path, values in of_files.items():
        for clip, value in values.items():
            before, where = known.setdefault(clip, (value, path))
            if before != value:
                raise CorpusError(
                    f"{clip}: its {column} is {before} in {where} and {value} in {path}; make them agree"
                )
    return {clip: value for clip, (value, _) in known.items()}


def how_to_tell(column: str, files: int) -> str:
    """What to do so that a column of ``corpus.csv`` is known; `files` is how many there are."""
    if files:
        return (
            f"{CORPUS_FILE} says too little of it: it needs a column {column}, and clips named as files are."
        )
    return f"To have it checked, name it in a column {column} of {CORPUS_FILE} in the folder of the clips."


def of_unknown_clips(clips: int) -> str:
    """A sentence on the number of clips of which it is not known, or nothing."""
    return f" Of {clips} other clips it is not known." if clips else ""


def corpus_confound(name: str, verdict: Verdict, evidence: str, figures: dict[str, float]) -> Check:
    """A confound of the corpus, whatever the condition."""
    return Check(name=name, verdict=verdict, evidence=percent_spaced(evidence), figures=figures)
