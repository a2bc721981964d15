"""Who is in which video.

Conventions
-----------
A corpus is a folder with one folder per person, ``<source>_id<number>``, that holds the person's clips::

    videos/ravdess_id001/video007.mp4
    videos/cremad_id101/1001_DFA_ANG_XX.flv

The number is unique in the whole corpus: it is the subject, written ``id001``.
A clip's id is ``folder/stem``, e.g. ``ravdess_id001/video007``, composed as in `amber_id.names`.
Hidden files are ignored. A video whose person cannot be told, and a file in a person's folder that may be a
video, are listed as problems, never dropped in silence; other files beside the clips are listed apart.
What else is known of clips stands in ``corpus.csv``, see `corpus_file.py`.
"""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from amber_id.corpora.corpus_file import (
    CORPUS_FILE,
    ClipFacts,
    copy_corpus_file,
    read_corpus_columns,
    read_corpus_file,
)
from amber_id.corpora.numbering import PUBLIC_CORPORA, PublicSource, actors_of, person_folder
from amber_id.corpora.other_files import ARCHIVE_SUFFIXES, OTHER_SUFFIXES, hint_of_others, what_it_is
from amber_id.corpora.suffixes import VIDEO_SUFFIXES, may_be_video, why_no_video
from amber_id.errors import CorpusError
from amber_id.names import composed, note_case_twins

__all__ = [
    "ARCHIVE_SUFFIXES",
    "CORPUS_FILE",
    "OTHER_SUFFIXES",
    "PUBLIC_CORPORA",
    "VIDEO_SUFFIXES",
    "Clip",
    "ClipFacts",
    "Corpus",
    "CorpusProblem",
    "PublicSource",
    "actors_of",
    "copy_corpus_file",
    "find_corpus",
    "find_subject_folders",
    "person_folder",
    "read_corpus_columns",
    "read_corpus_file",
    "too_long",
    "what_it_is",
]

_SUBJECT_FOLDER = re.compile(r"^(.+)_id(\d+)$", re.ASCII)
LONGEST_STEM = 255 - len(".safetensors")
"""How many bytes the name of a clip may have: a name of 255 with the suffix of its recording."""

_MAKES_FOLDERS = "run: amber corpus folders, which makes folders of such names"
_EXAMPLE = "<source>_id<number>/<clip>, e.g. ravdess_id001/video007.mp4"


@dataclass(frozen=True)
class Clip:
    """One video of one person.

    `id` is ``folder/stem``, `subject` is ``id`` and the folder's number with at least three digits,
    `source` is what stands before ``_id`` in the folder's name.
    """

    id: str
    subject: str
    source: str
    path: Path


class CorpusProblem(NamedTuple):
    """A video or a folder that belongs to no clip of the corpus, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Corpus:
    """The clips under `root`, sorted by id, and what could not become a clip, sorted by path.

    `beside` are files in people's folders that are no clips by their kind, such as sound and text.
    """

    root: Path
    clips: tuple[Clip, ...]
    problems: tuple[CorpusProblem, ...] = ()
    beside: tuple[CorpusProblem, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects, sorted."""
        return tuple(sorted({clip.subject for clip in self.clips}))


class SubjectFolder(NamedTuple):
    """One person's folder, and what its name says."""

    path: Path
    subject: str
    source: str


def find_corpus(root: Path, suffixes: Collection[str] = VIDEO_SUFFIXES, *, what: str = "video") -> Corpus:
    """Find the clips in the person folders of `root`; `what` names a file with one of the `suffixes`.

    Whether a clip can be read is not looked at: that is found out, and told, when it is tracked.

    Raises
    ------
    CorpusError
        If `root` is no folder, has no ``<source>_id<number>`` folder with a clip in it, or has two folders
        with the same number.
    """
    clips: list[Clip] = []
    problems: list[CorpusProblem] = []
    others: list[CorpusProblem] = []
    folders = find_subject_folders(root)
    note_case_twins(root, "sources", {folder.source for folder in folders})
    if not folders:
        hint = f"{_hint_of_layout(root, suffixes)}{hint_of_others(root)}"
        raise CorpusError(f"{root}: no folder named <source>_id<number> in it; expected {_EXAMPLE}{hint}")
    for folder in folders:
        clips_of_person, bad = _clips_of(folder, suffixes, what)
        clips += clips_of_person
        problems += bad
        if suffixes is VIDEO_SUFFIXES:
            others += _others_of(folder, clips_of_person)
    problems += [row for row in others if may_be_video(row.path)]
    problems += _videos_outside(root, {folder.path for folder in folders}, suffixes)
    if not clips:
        raise CorpusError(
            f"{root}: no {what} in any of its {len(folders)} person folders; expected {_EXAMPLE}"
            f"{hint_of_others(root)}{_hint_of_unknown(root, problems)}"
        )
    return Corpus(
        root,
        tuple(sorted(clips, key=lambda clip: clip.id)),
        tuple(sorted(problems, key=lambda row: row.path)),
        tuple(sorted((row for row in others if not may_be_video(row.path)), key=lambda row: row.path)),
    )


def find_subject_folders(root: Path) -> tuple[SubjectFolder, ...]:
    """Find the folders of `root` whose name is ``<source>_id<number>``, sorted by name.

    Raises
    ------
    CorpusError
        If `root` is no folder, or has two such folders with the same number.
    """
    if not root.exists():
        raise CorpusError(f"{root}: no such folder; expected a folder with {_EXAMPLE}")
    if not root.is_dir():
        raise CorpusError(f"{root}: is a file; expected a folder with {_EXAMPLE}")
    try:
        paths = sorted(path for path in root.iterdir() if not path.name.startswith(".") and path.is_dir())
    except OSError as error:
        raise CorpusError(f"{root}: {_cannot_be_listed(error)}") from error
    folders: dict[str, SubjectFolder] = {}
    for path in paths:
        match = _SUBJECT_FOLDER.match(path.name)
        if match is None:
            continue
        folder = SubjectFolder(path, subject=f"id{int(match[2]):03d}", source=composed(match[1]))
        twin = folders.setdefault(folder.subject, folder)
        if twin is not folder:
            raise CorpusError(
                f"{root}: {twin.path.name} and {path.name} have the same number, which would make them "
                "one person; give each person a number of their own"
            )
    return tuple(folders.values())


def _clips_of(
    folder: SubjectFolder, suffixes: Collection[str], what: str
) -> tuple[list[Clip], list[CorpusProblem]]:
    clips: dict[str, Clip] = {}
    problems: list[CorpusProblem] = []
    try:
        videos = _videos_in(folder.path, suffixes)
    except OSError as error:
        return [], [CorpusProblem(folder.path, _cannot_be_listed(error))]
    for path in videos:
        clip = Clip(composed(f"{folder.path.name}/{path.stem}"), folder.subject, folder.source, path)
        if not _is_utf8(path.name):
            problems.append(CorpusProblem(path, "its name is not UTF-8; rename it"))
        elif reason := too_long(clip.id.partition("/")[2]):
            problems.append(CorpusProblem(path, reason))
        elif clip.id in clips:
            taken = clips[clip.id].path
            # The same letters in two ways of writing them look alike.
            how = "" if taken.stem == path.stem else ", in other bytes"
            problems.append(
                CorpusProblem(path, f"{taken.name} has the same name but for its suffix{how}; rename one")
            )
        else:
            clips[clip.id] = clip
    for path, reason in _folders_with_videos(folder.path, suffixes):
        deep = f"videos lie one folder too deep; move them to {folder.path.name}"
        problems.append(CorpusProblem(path, reason or deep))
    if not clips and not problems:
        problems.append(CorpusProblem(folder.path, f"no {what} in it{hint_of_others(folder.path)}"))
    return list(clips.values()), problems


def too_long(stem: str) -> str:
    """Why a clip cannot be called so, in a clause; nothing where it can."""
    length = len(os.fsencode(stem))
    reason = f"its name has {length} bytes without the suffix, at most {LONGEST_STEM} are taken; rename it"
    return reason if length > LONGEST_STEM else ""


def _hint_of_unknown(root: Path, problems: Collection[CorpusProblem]) -> str:
    """The first file that may be a video, after a semicolon; nothing where there is none."""
    unknown = next((row for row in problems if row.path.is_file() and what_it_is(row.path) == ""), None)
    return "" if unknown is None else f"; {unknown.path.relative_to(root)}: {unknown.reason}"


def _others_of(folder: SubjectFolder, clips: Collection[Clip]) -> list[CorpusProblem]:
    """The files of a person that are no clips, and why; not what this program writes beside an avatar."""
    ours = {clip.path.with_suffix(".json") for clip in clips}
    try:
        paths = sorted(folder.path.iterdir())
    except OSError:  # told already
        return []
    return [
        CorpusProblem(path, why_no_video(path))
        for path in paths
        if path.suffix.lower() not in VIDEO_SUFFIXES
        and not path.name.startswith(".")
        and path not in ours
        and not os.path.isdir(path)  # noqa: PTH112  (which says no where it may not look)
    ]


def _videos_outside(
    root: Path, person_folders: Collection[Path], suffixes: Collection[str]
) -> list[CorpusProblem]:
    problems = [
        CorpusProblem(path, f"lies outside a person's folder; expected {_EXAMPLE}")
        for path in _videos_in(root, suffixes)
    ]
    other_name = f"holds videos but its name has no _id<number>; expected {_EXAMPLE}; {_MAKES_FOLDERS}"
    problems += [
        CorpusProblem(path, reason or other_name)
        for path, reason in _folders_with_videos(root, suffixes)
        if path not in person_folders
    ]
    return problems


def _hint_of_layout(root: Path, suffixes: Collection[str]) -> str:
    """What helps where the videos of `root` lie in another way, after a semicolon; nothing where none do."""
    flat = _videos_in(root, suffixes)
    if flat and _SUBJECT_FOLDER.match(root.resolve().name):
        return f"; it is the folder of one person: give the one above, {root.resolve().parent}"
    if suffixes is not VIDEO_SUFFIXES:
        return ""
    if flat:
        return (
            "; its videos lie in no person's folder: put them into one for each person, or say whose each is "
            f"in a table with the columns path and subject, and {_MAKES_FOLDERS}"
        )
    for path, reason in _folders_with_videos(root, suffixes):
        return f"; {path.name}: {reason}" if reason else f"; {path.name} holds videos: {_MAKES_FOLDERS}"
    return ""


def _videos_in(folder: Path, suffixes: Collection[str]) -> list[Path]:
    # By name alone: a broken link or a folder called x.mp4 is a clip that fails, not one that vanishes.
    return sorted(
        path for path in folder.iterdir() if not path.name.startswith(".") and path.suffix.lower() in suffixes
    )


def _folders_with_videos(folder: Path, suffixes: Collection[str]) -> Iterator[tuple[Path, str]]:
    """The folders in a folder that hold videos, however deep, or why that cannot be known."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() in suffixes:
            continue
        unlisted: list[OSError] = []
        try:
            is_folder = path.is_dir()
        except OSError as error:
            yield path, _cannot_be_listed(error)
            continue
        below = os.walk(path, onerror=unlisted.append) if is_folder else ()
        if any(_holds_video(folders, names, suffixes) for _, folders, names in below):
            yield path, ""
        elif unlisted:
            yield path, _cannot_be_listed(unlisted[0])


def _holds_video(folders: list[str], names: list[str], suffixes: Collection[str]) -> bool:
    folders[:] = sorted(name for name in folders if not name.startswith("."))
    return any(
        not name.startswith(".") and Path(name).suffix.lower() in suffixes for name in [*folders, *names]
    )


def _cannot_be_listed(error: OSError) -> str:
    return f"cannot be listed ({error.strerror or error})"


def _is_utf8(name: str) -> bool:
    # Python shows bytes that are not UTF-8 as lone surrogates, which no CSV or JSON file can hold.
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
