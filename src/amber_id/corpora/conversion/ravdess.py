"""RAVDESS: whose clip is a file, and what is said in it?

The Ryerson Audio-Visual Database of Emotional Speech and Song, Livingstone and Russo, PLoS ONE 13(5), 2018,
https://zenodo.org/record/1188976: 24 actors, 60 clips of speech each.

Layout: ``Video_Speech_Actor_NN.zip`` with ``Actor_NN/<name>.mp4``, unpacked or not. A name is seven fields
of two digits: modality (01 picture and sound, 02 picture alone, 03 sound alone), vocal channel (01 speech,
02 song), emotion, intensity (01 normal, 02 strong; neutral has no strong form), statement, repetition,
actor. Actors of odd number are men, those of even number women. Ages and sittings are not published for the
single clip.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from amber_id.corpora import ClipFacts, actors_of, person_folder
from amber_id.corpora.conversion.findings import Findings, FoundClip, sort_out
from amber_id.corpora.conversion.left_out import LeftOut, in_another_folder
from amber_id.corpora.conversion.public import PublicConversion
from amber_id.corpora.conversion.source_files import SourceFile

_FOLDERS = {actor: person_folder("ravdess", actor) for actor in actors_of("ravdess")}
_NAME = re.compile(r"(0[12])-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(\d\d)", re.ASCII)
_FOLDER = re.compile(r"(?:Video_(?:Speech|Song)_)?Actor_(\d\d)(?:\.zip)?", re.ASCII | re.IGNORECASE)
_EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
_INTENSITIES = ("normal", "strong")
_STATEMENTS = ("Kids are talking by the door", "Dogs are sitting by the door")
_EXPECTED = "expected MM-CC-EE-II-SS-RR-AA, seven fields of two digits"


def find_ravdess(src: Path, *, with_video_only: bool = False) -> Findings:
    """The clips of speech in a folder of RAVDESS; raises CorpusError if it is none.

    Modality 02 shows the performances of modality 01 once more, without their sound: it is left out, unless
    asked for, since the same motion twice makes people look easier to recognise than they are.
    """
    clips, lost = sort_out(src, "ravdess", lambda file: _clip(file, with_video_only))
    return Findings(frozenset({"ravdess"}), clips, lost, ravdess_clips())


def ravdess_facts(stem: str) -> tuple[str, ClipFacts] | None:
    """The actor of a clip and what its name says of it; None if RAVDESS has no such name.

    >>> ravdess_facts("01-01-06-01-02-01-12")[0]
    'Actor_12'
    """
    match = _NAME.fullmatch(stem)
    if match is None or (match[3] == "01" and match[4] == "02"):
        return None
    actor = f"Actor_{match[7]}"
    if actor not in _FOLDERS:
        return None
    facts = ClipFacts(
        utterance=_STATEMENTS[int(match[5]) - 1],
        emotion=_EMOTIONS[int(match[3]) - 1],
        intensity=_INTENSITIES[int(match[4]) - 1],
        sex="male" if int(match[7]) % 2 else "female",
    )
    return actor, facts


def ravdess_clips() -> Mapping[str, frozenset[str]]:
    """The stems of the 60 clips of speech with sound of each actor, by person's folder."""
    stems = [
        f"01-01-{emotion:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}"
        for emotion in range(1, 9)
        for intensity in (1, 2)
        for statement in (1, 2)
        for repetition in (1, 2)
        if (emotion, intensity) != (1, 2)
    ]
    return {folder: frozenset(f"{stem}-{actor[-2:]}" for stem in stems) for actor, folder in _FOLDERS.items()}


def _clip(file: SourceFile, with_video_only: bool) -> FoundClip | LeftOut:
    stem = file.name.rpartition(".")[0]
    known = ravdess_facts(stem)
    if known is None:
        return LeftOut("ravdess", "unusable", file.path, "unknown name", _EXPECTED)
    actor, facts = known
    for folder in file.folders:
        match = _FOLDER.fullmatch(folder)
        if match and match[1] != actor[-2:]:
            detail = f"{folder}, but its name says {actor}"
            return in_another_folder("ravdess", file.path, detail)
    modality, channel = stem[:2], stem[3:5]
    if channel == "02":
        return LeftOut("ravdess", "choice", file.path, "song, not speech")
    if modality == "02" and not with_video_only:
        return LeftOut("ravdess", "choice", file.path, "modality 02: the same performance without its sound")
    # A file is preferred to the archive that it was unpacked from.
    return FoundClip(_FOLDERS[actor], file.name, file, facts, rank=int(file.member is not None))


RAVDESS = PublicConversion(find=find_ravdess, clips=ravdess_clips, facts=ravdess_facts)
