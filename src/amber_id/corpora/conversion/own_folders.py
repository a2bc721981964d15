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

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator

from amber_id.corpora import PUBLIC_CORPORA, ClipFacts
from amber_id.corpora.conversion.findings import Findings, FoundClip
from amber_id.corpora.conversion.left_out import LeftOut, counted
from amber_id.corpora.conversion.people_numbers import number_people
from amber_id.corpora.conversion.source_files import SourceFile, is_video, list_videos
from amber_id.corpora.corpus_file import csv_rows, require_day
from amber_id.corpora.other_files import hint_of_others
from amber_id.errors import CorpusError, FileFormatError
from amber_id.names import case_twin_remarks, composed
from amber_id.quoting import one_line, quote

_KNOWN_COLUMNS = ("path", "subject", "source", "clip", *(each.name for each in fields(ClipFacts)))
_MOST_REASONS = 3
_LONGEST_SOURCE = 200  # a folder's name has at most 255 bytes
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


def find_own(
    src: Path,
    dst: Path,
    config: OwnConfig = OwnConfig(),  # noqa: B008
    *,
    like: Path | None = None,
) -> Findings:
    """The clips in a folder of people, or in a CSV table; numbers are given, and kept in `dst`.

    People who are in the corpus `like` have the numbers that they have there.

    Raises
    ------
    CorpusError
        If `src` is neither a folder nor a file, or has no clip of a person, or `like` and `dst` contradict
        each other.
    FileFormatError
        If the table, or ``people.csv`` in `dst`, is none.
    """
    is_table = src.is_file()
    named, lost = _in_table(src, config.source) if is_table else _in_folders(src, config.source)
    if not named:
        raise CorpusError(
            f"{src}: no clip of a person in it; expected one folder for each person with videos in it, "
            f"or a CSV table with the columns path and subject{_reasons(lost)}{hint_of_others(src)}"
        )
    people = {(clip.source, clip.person) for clip in named}
    numbers, remarks = number_people(dst, people, first=config.first, like=like)
    clips = tuple(
        FoundClip(
            f"{clip.source}_id{numbers[clip.source, clip.person]:03d}", clip.name, clip.file, clip.facts
        )
        for clip in named
    )
    sources = frozenset({config.source, *(clip.source for clip in named)})
    notes = (
        *(_remark_on_columns(src) if is_table else ()),
        *remarks,
        *case_twin_remarks("people", {person for _, person in numbers}),
        *case_twin_remarks("sources", {source for source, _ in numbers}),
    )
    return Findings(sources, clips, tuple(lost), one_file_each=True, notes=notes)


def checked_source(source: str) -> str:
    """The name of a source of one's own; raises ValueError if it cannot be one."""
    if source in PUBLIC_CORPORA:
        raise ValueError(f"{source} is the name of a public corpus; give yours another")
    if len(source) > _LONGEST_SOURCE:
        raise ValueError(f"expected at most {_LONGEST_SOURCE} letters, got {len(source)}")
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"expected letters, digits, '.', '_' and '-', got {source!r}")
    return source


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


def _reasons(lost: Sequence[LeftOut]) -> str:
    """Why what is there is no clip, the most frequent reasons first, each with its first file."""
    rows = [row for row in lost if row.kind == "unusable"]
    reasons = []
    for reason, count in counted(rows, "unusable")[:_MOST_REASONS]:
        first = next(row for row in rows if row.reason == reason)
        detail = f" ({first.detail})" if first.detail else ""
        reasons.append(f"; {count} left out: {reason}{detail}, {one_line(first.path, 80)} first")
    return "".join(reasons)


def _remark_on_columns(table: Path) -> tuple[str, ...]:
    """The columns that are passed over, and which were perhaps meant."""
    heading = next(csv_rows(table))[1]
    passed_over = []
    for name in heading:
        if name not in _KNOWN_COLUMNS:
            near = get_close_matches(name.lower(), _KNOWN_COLUMNS, n=1)
            passed_over.append(quote(name) + (f" (is {near[0]} meant?)" if near else ""))
    if not passed_over:
        return ()
    return (f"{table}: passed over: {', '.join(passed_over)}; known are {', '.join(_KNOWN_COLUMNS)}.",)


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
        require_day(cells, path, line)
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
        clip = _in_row(path.absolute().parent, cells, source)
        if isinstance(clip, _Named):
            named.append(clip)
        else:
            lost.append(clip)
    return named, lost


def _as_there(folder: Path, path: str) -> Path:
    """Where a file lies whose accents the table may write in another way than the disk."""
    ways = (path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path))
    return next(
        (folder / way for way in ways if os.path.exists(folder / way)),  # noqa: PTH110  (Path's raises for long names)
        folder / path,
    )


def _in_row(folder: Path, cells: Mapping[str, str], source: str) -> _Named | LeftOut:
    if "\0" in cells["path"]:
        return LeftOut(source, "unusable", cells["path"], "its path is no name of a file")
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
    if "/" in name or "\0" in name or name.startswith("."):
        return LeftOut(source, "unusable", cells["path"], "its clip is no name of a file", name)
    return _Named(source, cells["subject"], name, SourceFile(cells["path"], size, str(where)), facts)
