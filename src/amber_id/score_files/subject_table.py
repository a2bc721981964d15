"""Whose is each clip, as a table beside the scores says?

CSV with a heading line: ``clip`` and ``subject``, and ``session`` if there is one, in any order; other
columns are passed over. A ``corpus.csv`` is such a table: where it has no column ``subject``, the clips'
folders say who it is, and an empty session is one that is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amber_id.errors import FileFormatError
from amber_id.file_formats import table_rows
from amber_id.quoting import quote
from amber_id.reading import reading
from amber_id.score_files.folders import subject_of_folder

_CLIPS = ("clip", "clips", "file", "filename", "path", "utt", "utterance_id", "utt_id", "name")
_SUBJECTS = ("subject", "subjects", "speaker", "speaker_id", "spk", "person", "identity", "subject_id")
_SESSIONS = ("session", "sessions", "session_id")
_UTTERANCES = ("utterance", "utterances", "sentence", "text")
_NAMED_AT_MOST = 3  # clips in a message
_HEADING_BYTES = 1 << 16


@dataclass(frozen=True)
class SubjectTable:
    """The subject, and the session where there is one, of each clip."""

    subjects: dict[str, str]
    sessions: dict[str, str]  # "" where it is not known

    def subjects_of(self, clips: Sequence[str]) -> Sequence[str]:
        """The subject of each clip."""
        return [self.subjects[clip] for clip in clips]


def read_subject_table(table: Path, clips: Sequence[str], scores: Path) -> SubjectTable:
    """The rows of some clips, whose scores are in `scores`.

    Raises
    ------
    FileFormatError
        If it cannot be read, has no such columns, lacks a clip, or says two things of one.
    """
    heading, rows = _rows(table)
    clip_at, subject_at, session_at = (_place(heading, names) for names in (_CLIPS, _SUBJECTS, _SESSIONS))
    if clip_at is None:
        raise FileFormatError(
            table,
            f"expected the columns clip, subject in its first line, got {quote(', '.join(heading), 200)}",
        )
    people: dict[str, tuple[str, str]] = {}
    for line, row in rows:
        clip = row[clip_at]
        session = "" if session_at is None else row[session_at]
        subject = subject_of_folder(clip) if subject_at is None else row[subject_at]
        if subject is None:
            raise FileFormatError(
                table,
                f"line {line}: expected a column subject, or clips in numbered folders, got {quote(clip)} "
                "and no such column",
            )
        if not (clip and subject):
            raise FileFormatError(
                table, f"expected no empty value, got {quote(f'{clip}, {subject}')}; fill it in"
            )
        if people.setdefault(clip, (subject, session)) != (subject, session):
            raise FileFormatError(
                table,
                f"clip {clip} is {' '.join(people[clip]).strip()} in one row and "
                f"{f'{subject} {session}'.strip()} in another; a clip shows one person in one session",
            )
    _check_all_there(table, people, clips, scores)
    return SubjectTable({clip: people[clip][0] for clip in clips}, {clip: people[clip][1] for clip in clips})


def read_utterances(table: Path) -> dict[str, str]:
    """What is said in each clip of which a table of subjects, such as ``corpus.csv``, says so.

    Raises
    ------
    FileFormatError
        If it cannot be read, has no columns clip and utterance, or says two things of one clip.
    """
    heading, rows = _rows(table)
    clip_at, utterance_at = (_place(heading, names) for names in (_CLIPS, _UTTERANCES))
    if clip_at is None or utterance_at is None:
        raise FileFormatError(
            table,
            "expected the columns clip and utterance, since comparisons of different utterances are asked "
            f"for, got {quote(', '.join(heading), 200)}",
        )
    utterances: dict[str, str] = {}
    for _, row in rows:
        clip, utterance = row[clip_at], row[utterance_at]
        if utterance and utterances.setdefault(clip, utterance) != utterance:
            raise FileFormatError(
                table,
                f"clip {clip} says {quote(utterances[clip])} in one row and {quote(utterance)} in another",
            )
    return utterances


def _check_all_there(
    table: Path, people: dict[str, tuple[str, str]], clips: Sequence[str], scores: Path
) -> None:
    missing = [clip for clip in clips if clip not in people]
    if not missing:
        return
    names = f"{', '.join(missing[:_NAMED_AT_MOST])}{' …' if len(missing) > _NAMED_AT_MOST else ''}"
    mend = "add them"
    if all(str(Path(clip).with_suffix("")) in people for clip in missing):
        mend = "its clips have no suffix, those of the scores have: write them alike"
    raise FileFormatError(
        table,
        f"expected every clip of {scores}, got no row for {len(missing)} of {len(clips)}: {names}; {mend}",
    )


def _rows(table: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The heading in lower case, and the rows that are not blank with their lines.

    A row of another length than the heading's raises FileFormatError when its turn comes.
    """
    with reading(table, "a CSV table"), table.open("rb") as file:
        first = file.read(_HEADING_BYTES).lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    stripped = (
        (line, [cell.strip() for cell in row])
        for line, row in table_rows(table, separator=max(",;\t", key=first.count))
    )
    rows = (row for row in stripped if any(row[1]))
    _, heading = next(rows, (1, []))
    return [cell.lower() for cell in heading], _as_long_as(heading, rows, table)


def _as_long_as(
    heading: Sequence[str], rows: Iterator[tuple[int, list[str]]], table: Path
) -> Iterator[tuple[int, list[str]]]:
    for line, row in rows:
        if len(row) != len(heading):
            raise FileFormatError(table, f"line {line}: expected {len(heading)} values, got {len(row)}")
        yield line, row


def _place(heading: Sequence[str], names: Sequence[str]) -> int | None:
    """Where the first of the names that there is stands."""
    return next((heading.index(name) for name in names if name in heading), None)
