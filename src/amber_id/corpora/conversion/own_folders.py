"""Anyone's own videos: whose are they, and which number has each person?

Conventions
-----------
A folder holds one folder for each person, of any name, and in it clips, or one folder for each session with
its clips: ``SRC/person/[session/]clip.mp4``. A clip of a session is called ``<session>_<clip>`` in the
corpus. Or a CSV table says it, one row for each clip: ``path`` (from the table's own folder) and
``subject``, and, where known, ``source`` and the columns of ``corpus.csv``. People get numbers in the order
of their names, the lowest that are free. ``people.csv`` in the corpus keeps them, so that a person has the
same number when more people come. It holds the names of the people: keep it apart from what is given away.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from amber_id.corpora import ClipFacts, PublicSource, find_subject_folders
from amber_id.corpora.conversion.findings import Findings, FoundClip
from amber_id.corpora.conversion.left_out import LeftOut
from amber_id.corpora.conversion.source_files import SourceFile, is_video, list_videos
from amber_id.corpora.corpus_file import csv_rows
from amber_id.corpora.other_files import told_of_others
from amber_id.errors import CorpusError, FileFormatError
from amber_id.file_formats import read_table, write_table
from amber_id.locks import hold_lock
from amber_id.names import composed, said_of_case_twins

PEOPLE_FILE = "people.csv"
_COLUMNS = ("subject", "source", "person")
_LOCK = ".amber-people.lock"
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


class OwnConfig(BaseModel):
    """How people of one's own are named in the corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = "own"  # what stands before _id in the folders' names
    first: int = Field(1, ge=0)  # the lowest number to give

    @field_validator("source")
    @classmethod
    def _is_a_name(cls, source: str) -> str:
        return checked_source(source)


class _Named(NamedTuple):
    """A video file of a person who has no number yet."""

    source: str
    person: str
    name: str
    file: SourceFile
    facts: ClipFacts


def find_own(src: Path, dst: Path, config: OwnConfig = OwnConfig()) -> Findings:  # noqa: B008
    """The clips in a folder of people, or in a CSV table; numbers are given, and kept in `dst`.

    Raises
    ------
    CorpusError
        If `src` is neither a folder nor a file, or has no clip of a person.
    FileFormatError
        If the table, or ``people.csv`` in `dst`, is none.
    """
    named, lost = _in_table(src, config.source) if src.is_file() else _in_folders(src, config.source)
    if not named:
        raise CorpusError(
            f"{src}: no clip of a person in it; expected one folder for each person with videos in it, "
            f"or a CSV table with the columns path and subject{told_of_others(src)}"
        )
    numbers = number_people(dst, {(clip.source, clip.person) for clip in named}, first=config.first)
    clips = tuple(
        FoundClip(
            f"{clip.source}_id{numbers[clip.source, clip.person]:03d}", clip.name, clip.file, clip.facts
        )
        for clip in named
    )
    sources = frozenset({config.source, *(clip.source for clip in named)})
    notes = (
        *said_of_case_twins("people", {person for _, person in numbers}),
        *said_of_case_twins("sources", {source for source, _ in numbers}),
    )
    return Findings(sources, clips, tuple(lost), one_file_each=True, notes=notes)


def number_people(
    dst: Path, people: Iterable[tuple[str, str]], *, first: int = 1
) -> Mapping[tuple[str, str], int]:
    """The number of each person, by source and name; new people are written to ``people.csv``.

    Raises
    ------
    AmberError
        If `dst` cannot be written.
    FileFormatError
        If ``people.csv`` is there and is no such table.
    """
    path = dst / PEOPLE_FILE
    with hold_lock(dst / _LOCK):
        numbers = _read_people(path) if path.exists() else {}
        new = sorted(set(people) - numbers.keys())
        if new:
            taken = {int(folder.subject[2:]) for folder in find_subject_folders(dst)} | set(numbers.values())
            number = first
            for person in new:
                while number in taken:
                    number += 1
                numbers[person] = number
                taken.add(number)
            rows = sorted((number, *person) for person, number in numbers.items())
            write_table(path, _COLUMNS, [(f"id{number:03d}", *person) for number, *person in rows])
    return numbers


def checked_source(source: str) -> str:
    """The name of a source of one's own; raises ValueError if it cannot be one."""
    if source in get_args(PublicSource):
        raise ValueError(f"{source} is the name of a public corpus; give yours another")
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"expected letters, digits, '.', '_' and '-', got {source!r}")
    return source


def _read_people(path: Path) -> dict[tuple[str, str], int]:
    numbers: dict[tuple[str, str], int] = {}
    for subject, source, person in read_table(path, _COLUMNS):
        if not re.fullmatch(r"id\d+", subject, re.ASCII):
            raise FileFormatError(path, f"expected subjects such as id007, got {subject}")
        if (source, person) in numbers or int(subject[2:]) in numbers.values():
            raise FileFormatError(
                path, f"expected each person and each number once, got {subject} {person} again"
            )
        numbers[source, person] = int(subject[2:])
    return numbers


def _in_folders(src: Path, source: str) -> tuple[list[_Named], list[LeftOut]]:
    files, lost = list_videos(src, source, archives=False, others=True)
    named = []
    for file in files:
        name = composed(file.name)
        match tuple(composed(folder) for folder in file.folders):
            case (person,):
                named.append(_Named(source, person, name, file, ClipFacts()))
            case (person, session):
                facts = ClipFacts(session=session)
                named.append(_Named(source, person, f"{session}_{name}", file, facts))
            case ():
                lost.append(LeftOut(source, "unusable", file.path, "lies in no person's folder", _expected()))
            case _:
                lost.append(LeftOut(source, "unusable", file.path, "lies too deep", _expected()))
    return named, lost


def _expected() -> str:
    return "expected person/clip or person/session/clip"


def _in_table(path: Path, own: str) -> tuple[list[_Named], list[LeftOut]]:
    rows = csv_rows(path)
    line, heading = next(rows, (1, []))
    lacking = [name for name in ("path", "subject") if name not in heading]
    if lacking:
        got = ", ".join(heading) or "nothing"
        raise FileFormatError(path, f"line {line}: expected a column {lacking[0]}, got {got}")
    named: list[_Named] = []
    lost: list[LeftOut] = []
    source_of: dict[str, str] = {}
    for line, row in rows:
        if len(row) != len(heading):
            raise FileFormatError(path, f"line {line}: expected {len(heading)} cells, got {len(row)}")
        cells = {
            name: cell if name == "path" else composed(cell) for name, cell in zip(heading, row, strict=True)
        }
        try:
            source = checked_source(cells.get("source") or own)
        except ValueError as error:
            raise FileFormatError(path, f"line {line}: source: {error}") from error
        before = source_of.setdefault(cells["subject"], source)
        if cells["subject"] and before != source:
            raise FileFormatError(
                path,
                f"line {line}: expected one source for each subject, got {before} and {source} for "
                f"{cells['subject']}; a subject is one person: give two people two names",
            )
        found = _in_row(path.absolute().parent, cells, source)
        if isinstance(found, _Named):
            named.append(found)
        else:
            lost.append(found)
    return named, lost


def _as_there(folder: Path, path: str) -> Path:
    """Where a file lies whose accents the table may write in another way than the disk."""
    ways = (path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path))
    return next((folder / way for way in ways if (folder / way).exists()), folder / path)


def _in_row(folder: Path, cells: Mapping[str, str], source: str) -> _Named | LeftOut:
    where = _as_there(folder, cells["path"])
    if not cells["subject"]:
        return LeftOut(source, "unusable", cells["path"], "the table names no subject for it")
    if not is_video(where.name):
        return LeftOut(source, "unusable", cells["path"], "no video, by its suffix")
    try:
        size = where.stat().st_size
    except OSError as error:
        return LeftOut(source, "unusable", cells["path"], "cannot be read", error.strerror or str(error))
    facts = ClipFacts(**{each.name: cells.get(each.name) or None for each in fields(ClipFacts)})
    name = composed(f"{cells['clip']}{where.suffix}" if cells.get("clip") else where.name)
    if "/" in name or name.startswith("."):
        return LeftOut(source, "unusable", cells["path"], "its clip is no name of a file", name)
    return _Named(source, cells["subject"], name, SourceFile(cells["path"], size, str(where)), facts)
