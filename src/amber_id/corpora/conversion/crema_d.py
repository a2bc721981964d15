"""CREMA-D: whose clip is a file, and what is said in it?

The Crowd-sourced Emotional Multimodal Actors Dataset, Cao et al., IEEE Trans. Affective Computing 5(4), 2014,
https://github.com/CheyneyComputerScience/CREMA-D: 91 actors, 12 sentences, 7,442 clips.

Layout: ``VideoFlash/1001_DFA_ANG_XX.flv``: actor, sentence, emotion, level. Only *It's eleven o'clock* was
asked for at three levels. ``VideoDemographics.csv`` tells age and sex. Names, sentences and the 20 clips
that were never made are those of the repository in 2025 (its ``SentenceFilenames.csv``). Sittings are not
published.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from amber_id.corpora import ClipFacts, actors_of, person_folder
from amber_id.corpora.conversion.findings import Findings, FoundClip, sort_out
from amber_id.corpora.conversion.left_out import LeftOut, in_another_folder
from amber_id.corpora.conversion.public import PublicConversion
from amber_id.corpora.conversion.source_files import SourceFile
from amber_id.errors import FileFormatError
from amber_id.file_formats import table_rows
from amber_id.quoting import one_line

DEMOGRAPHICS_FILE = "VideoDemographics.csv"
_FOLDERS = {actor: person_folder("cremad", actor) for actor in actors_of("cremad")}
_NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_(XX|LO|MD|HI)", re.ASCII)
_ACTOR_FOLDER = re.compile(r"10\d\d", re.ASCII)
_SENTENCES = {
    "DFA": "Don't forget a jacket",
    "IEO": "It's eleven o'clock",
    "IOM": "I'm on my way to the meeting",
    "ITH": "I think I have a doctor's appointment",
    "ITS": "I think I've seen this before",
    "IWL": "I would like a new alarm clock",
    "IWW": "I wonder what this is about",
    "MTI": "Maybe tomorrow it will be cold",
    "TAI": "The airplane is almost full",
    "TIE": "That is exactly what happened",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
# The words that RAVDESS has for the same, so that the two can be compared.
_EMOTIONS = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
_LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": None}  # XX: unspecified
# Older copies have one name with a letter too few.
_MISSPELT = {"1040_ITH_SAD_X": "1040_ITH_SAD_XX"}
_NEVER_MADE = frozenset(
    {"1002_TIE_NEU_XX", "1076_ITS_NEU_XX"}
    | {f"{lacks}_{emotion}_XX" for lacks in ("1008_WSI", "1009_MTI", "1019_ITH") for emotion in _EMOTIONS}
)
_LONGEST_HEADING = 200
_EXPECTED = "expected <actor 1001 to 1091>_<sentence>_<emotion>_<level>, e.g. 1001_DFA_ANG_XX"


def find_crema_d(src: Path, *, demographics: Path | None = None) -> Findings:
    """The clips in a folder of CREMA-D.

    `demographics` is the publisher's table of age and sex; else the one in `src`, or beside its
    ``VideoFlash``, is read.

    Raises
    ------
    CorpusError
        If `src` is no folder.
    FileFormatError
        If the table of actors is not the publisher's.
    """
    table = demographics or _find_demographics(src)
    people = {} if table is None else read_demographics(table)
    notes = (
        ()
        if table
        else (f"no {DEMOGRAPHICS_FILE} in {src}: sex and age stay empty; --demographics names it",)
    )
    clips, lost = sort_out(src, "cremad", lambda file: _clip(file, people))
    return Findings(frozenset({"cremad"}), clips, lost, crema_d_clips(), notes=notes)


def crema_d_facts(stem: str) -> tuple[str, ClipFacts] | None:
    """The actor of a clip and what its name says of it; None if CREMA-D has no such name.

    >>> crema_d_facts("1001_DFA_ANG_XX")[1].utterance
    "Don't forget a jacket"
    """
    match = _NAME.fullmatch(_MISSPELT.get(stem, stem))
    if match is None or match[1] not in _FOLDERS or match[2] not in _SENTENCES or match[3] not in _EMOTIONS:
        return None
    return match[1], ClipFacts(
        utterance=_SENTENCES[match[2]], emotion=_EMOTIONS[match[3]], intensity=_LEVELS[match[4]]
    )


def crema_d_clips() -> Mapping[str, frozenset[str]]:
    """The stems of the publisher's 7,442 clips, by person's folder."""
    codes = [
        f"{sentence}_{emotion}_{level}"
        for sentence in _SENTENCES
        for emotion in _EMOTIONS
        for level in (("LO", "MD", "HI") if sentence == "IEO" and emotion != "NEU" else ("XX",))
    ]
    return {
        folder: frozenset(f"{actor}_{code}" for code in codes) - _NEVER_MADE
        for actor, folder in _FOLDERS.items()
    }


def as_published(stem: str) -> str:
    """The publisher's name of today for a clip."""
    return _MISSPELT.get(stem, stem)


def read_demographics(path: Path) -> Mapping[str, tuple[str, str]]:
    """Sex and age by actor; raises FileFormatError if it is not the publisher's table."""
    rows = list(table_rows(path))
    heading = rows[0][1] if rows else []
    if len(rows) < 2 or not {"ActorID", "Age", "Sex"} <= set(heading):
        got = one_line(", ".join(heading), _LONGEST_HEADING) or "no row"
        raise FileFormatError(path, f"expected the columns ActorID, Age and Sex, got {got}")
    cells = [dict(zip(heading, row, strict=False)) for _, row in rows[1:]]
    return {
        each.get("ActorID", "").strip(): (each.get("Sex", "").lower(), each.get("Age", "")) for each in cells
    }


def _find_demographics(src: Path) -> Path | None:
    places = (src, src.parent) if src.name == "VideoFlash" else (src,)
    return next((place / DEMOGRAPHICS_FILE for place in places if (place / DEMOGRAPHICS_FILE).exists()), None)


def _clip(file: SourceFile, people: Mapping[str, tuple[str, str]]) -> FoundClip | LeftOut:
    stem, _, suffix = file.name.rpartition(".")
    known = crema_d_facts(stem)
    if known is None:
        return LeftOut("cremad", "unusable", file.path, "unknown name", _EXPECTED)
    actor, facts = known
    if any(_ACTOR_FOLDER.fullmatch(folder) and folder != actor for folder in file.folders):
        return in_another_folder("cremad", file.path, f"its name says {actor}")
    sex, age = people.get(actor, ("", ""))
    facts = ClipFacts(
        utterance=facts.utterance,
        emotion=facts.emotion,
        intensity=facts.intensity,
        sex=sex or None,
        age=age or None,
    )
    # What the publisher ships is preferred to what somebody made of it, and a file to an archive.
    rank = 2 * (suffix.lower() != "flv") + (file.member is not None)
    return FoundClip(_FOLDERS[actor], file.name, file, facts, rank)


CREMA_D = PublicConversion(
    find=find_crema_d, clips=crema_d_clips, facts=crema_d_facts, as_published=as_published
)
