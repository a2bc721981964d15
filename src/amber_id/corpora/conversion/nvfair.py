"""NVFAIR: whose clip is a file of the part that NVIDIA recorded?

The video-conference subset of NVFAIR, Prashnani et al., *Avatar Fingerprinting for Authorized Use of
Synthetic Talking-Head Videos*, ECCV 2024, https://research.nvidia.com/labs/nxp/nvfair: 46 people.

Layout: ``id001/a01-id001.mp4``; the letter is a, s or q. What it stands for, how many clips a person has,
and which were taken in one sitting is not published where we could read it: session and utterance stay
empty. Clips that a generator made of a person, in folders ``<name>-generated``, are no recordings of that
person.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from amber_id.corpora import ClipFacts, actors_of, person_folder
from amber_id.corpora.conversion.findings import Findings, FoundClip, sort_out
from amber_id.corpora.conversion.left_out import LeftOut, in_another_folder
from amber_id.corpora.conversion.public import PublicConversion
from amber_id.corpora.conversion.source_files import SourceFile

_FOLDERS = {actor: person_folder("nvidia", actor) for actor in actors_of("nvidia")}
_NAME = re.compile(r"[asq]\d\d-(id\d{3})", re.ASCII)
_FOLDER = re.compile(r"id\d{3}", re.ASCII)
_OTHERS = frozenset({"CREMA-D", "RAVDESS"})
_EXPECTED = "expected a, s or q, two digits, and the person id001 to id046, e.g. a01-id014"


def find_nvfair(src: Path) -> Findings:
    """The clips that NVIDIA recorded, in a folder of NVFAIR; raises CorpusError if it is none."""
    clips, lost = sort_out(src, "nvidia", _clip)
    return Findings(frozenset({"nvidia"}), clips, lost, nvfair_clips())


def nvfair_facts(stem: str) -> tuple[str, ClipFacts] | None:
    """The person of a clip, of which nothing else is known; None if NVFAIR has no such name.

    >>> nvfair_facts("s03-id014")[0]
    'id014'
    """
    match = _NAME.fullmatch(stem)
    if match is None or match[1] not in _FOLDERS:
        return None
    return match[1], ClipFacts()


def nvfair_clips() -> Mapping[str, frozenset[str]]:
    """The folders of the 46 people; which clips they have is not published."""
    return {folder: frozenset() for folder in _FOLDERS.values()}


def _clip(file: SourceFile) -> FoundClip | LeftOut:
    if any(folder.endswith("-generated") for folder in file.folders):
        return LeftOut("nvidia", "choice", file.path, "made by a generator, no recording of the person")
    if _OTHERS & set(file.folders):
        reason = "of another corpus: see amber corpus ravdess and crema-d"
        return LeftOut("nvidia", "choice", file.path, reason)
    known = nvfair_facts(file.name.rpartition(".")[0])
    if known is None:
        return LeftOut("nvidia", "unusable", file.path, "unknown name", _EXPECTED)
    actor, facts = known
    if any(_FOLDER.fullmatch(folder) and folder != actor for folder in file.folders):
        return in_another_folder("nvidia", file.path, f"its name says {actor}")
    return FoundClip(_FOLDERS[actor], file.name, file, facts, rank=int(file.member is not None))


NVFAIR = PublicConversion(find=find_nvfair, clips=nvfair_clips, facts=nvfair_facts)
