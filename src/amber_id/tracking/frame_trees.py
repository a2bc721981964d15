"""Whose clips are in folders that hold a file for each frame, and what is said in them?

Conventions
-----------
``<tree>/<word>/<sequence>/<frame>.npy``, as a widespread tutorial on sign language has it, where the tree is
called ``MP_Data``. A sequence is a clip, and its word the utterance. A tree is one person, called by its path
from the folder that is given, unless a table says otherwise (see `stated.py`; its column ``folder`` names a
tree, what trees lie in, a word or a sequence, by their paths). People get numbers, which ``people.csv``
beside the recordings keeps, see `amber_id.corpora.conversion.people_numbers`. A clip is called
``[<session>_]<word>_<sequence>``.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from amber_id.corpora import Clip, ClipFacts, Corpus, CorpusProblem, too_long
from amber_id.corpora.conversion import OwnConfig
from amber_id.corpora.conversion.people_numbers import number_people
from amber_id.errors import CorpusError, UsageError
from amber_id.names import case_twin_remarks, composed
from amber_id.recordings import ImportConfig, StatedOfClip
from amber_id.recordings.frame_folders import FRAME_FILE
from amber_id.tracking.stated import StatedRow, stated_of

_LAYOUT = "<word>/<sequence>/<frame>.npy"
_HERE = "."


@dataclass(frozen=True)
class FrameTrees:
    """Clips of which every frame is a file: a corpus with a folder in place of each clip's file.

    `facts` and `stated` are by the id of the clip, `notes` for people, and `names` all that a row of a table
    may hold for.
    """

    corpus: Corpus
    facts: Mapping[str, ClipFacts]
    stated: Mapping[str, StatedOfClip]
    notes: tuple[str, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class _Sequence:
    """One clip, whose person has no number yet; `names` are what holds for it, from the most general on."""

    path: Path
    tree: str
    names: tuple[str, ...]
    person: str
    session: str
    word: str

    @property
    def stem(self) -> str:
        """What the clip is called in its person's folder."""
        return "_".join(part for part in (self.session, self.word, composed(self.path.name)) if part)


def find_frame_trees(
    src: Path,
    dst: Path,
    config: ImportConfig,
    people: OwnConfig = OwnConfig(),  # noqa: B008
    *,
    rows: Mapping[str, StatedRow] | None = None,
    like: Path | None = None,
) -> FrameTrees:
    """Find the clips under `src`, and give their people numbers, which are kept in `dst`.

    `rows` are a table's, by folders, which go before `config`; people who are in `like` have the numbers that
    they have there.

    Raises
    ------
    AmberError
        If `dst` cannot be written.
    CorpusError
        If `src` is no folder or has no such clip, or `like` and `dst` contradict each other.
    FileFormatError
        If ``people.csv`` in `dst` or `like` is none.
    UsageError
        If neither `config` nor a row states the frame rate or the picture of a clip, which no frame does.
    """
    if not src.is_dir():
        raise CorpusError(f"{src}: expected a folder with {_LAYOUT} in it, got {_what(src)}")
    problems: list[CorpusProblem] = []
    sequences = [_sequence(src, path, rows or {}) for path in _sequence_folders(src, problems)]
    if not sequences:
        near = f"; {problems[0].path}: {problems[0].reason}" if problems else ""
        raise CorpusError(f"{src}: no clip in it; expected {_LAYOUT} in it or in folders below{near}")
    stated = {name: row.stated for name, row in (rows or {}).items()}
    _require_stated(src, {each.names[-1]: stated_of(stated, each.names) for each in sequences}, config)
    names = {(people.source, sequence.person) for sequence in sequences}
    numbers, remarks = number_people(dst, names, first=people.first, like=like)
    clips: dict[str, tuple[Clip, _Sequence]] = {}
    for sequence in sequences:
        number = numbers[people.source, sequence.person]
        clip = _clip(sequence, people.source, number)
        reason = _objection(clip, clips.get(clip.id))
        if reason:
            problems.append(CorpusProblem(sequence.path, reason))
        else:
            clips[clip.id] = clip, sequence
    return FrameTrees(
        Corpus(
            src,
            tuple(clips[name][0] for name in sorted(clips)),
            tuple(sorted(problems, key=lambda row: row.path)),
        ),
        {
            name: ClipFacts(session=each.session or None, utterance=each.word)
            for name, (_, each) in clips.items()
        },
        {name: stated_of(stated, each.names) for name, (_, each) in clips.items()},
        (*_note_on_people(sequences), *remarks, *case_twin_remarks("people", {name for _, name in names})),
        frozenset(name for each in sequences for name in each.names),
    )


def _sequence_folders(src: Path, problems: list[CorpusProblem]) -> Iterator[Path]:
    """The folders that hold frames; those that lie in no word's folder, or cannot be listed, are problems."""

    def unlisted(error: OSError) -> None:
        problems.append(CorpusProblem(Path(error.filename), f"cannot be listed ({error.strerror})"))

    for folder, folders, names in os.walk(src, onerror=unlisted):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        path = Path(folder)
        if not any(FRAME_FILE.fullmatch(name) for name in names):
            continue
        if len(path.relative_to(src).parts) < 2:
            reason = f"lies in no word's folder; expected {_LAYOUT}: give a folder above it"
            problems.append(CorpusProblem(path, reason))
        elif any("\ud800" <= letter <= "\udfff" for letter in folder):
            problems.append(CorpusProblem(path, "its name is not UTF-8; rename it"))
        else:
            yield path


def _sequence(src: Path, path: Path, rows: Mapping[str, StatedRow]) -> _Sequence:
    parts = [composed(part) for part in path.relative_to(src).parts]
    names = (_HERE, *accumulate(parts, "{}/{}".format))
    tree = "/".join(parts[:-2]) or _HERE
    holding = [rows[name] for name in names if name in rows]
    own = composed(src.resolve().name) if tree == _HERE else tree
    person = next((row.person for row in reversed(holding) if row.person), own)
    session = next((row.session for row in reversed(holding) if row.session), "")
    return _Sequence(path, tree, names, person, session, parts[-2])


def _clip(sequence: _Sequence, source: str, number: int) -> Clip:
    return Clip(f"{source}_id{number:03d}/{sequence.stem}", f"id{number:03d}", source, sequence.path)


def _objection(clip: Clip, twin: tuple[Clip, _Sequence] | None) -> str:
    """Why a clip cannot be called so, in a clause; nothing where it can."""
    stem = clip.id.partition("/")[2]
    if "/" in stem or "\0" in stem or stem.startswith("."):
        return "its session is no part of a file's name; name another in the table"
    if twin is not None:
        return f"would have the name of {twin[0].path}, {clip.id}; give their folders sessions in the table"
    return too_long(stem)


def _note_on_people(sequences: Sequence[_Sequence]) -> Iterator[str]:
    """Which trees are which people: if one person were two, they would seem harder to recognise."""
    trees = {sequence.tree for sequence in sequences}
    people = {sequence.person for sequence in sequences}
    if len(trees) > 1 and len(people) == len(trees):
        yield (
            f"{len(trees)} folders of words are taken for {len(trees)} people. If somebody recorded several "
            "of them, say so in a table (--table) with the columns folder, person and session: one person "
            "under two names makes people seem harder to recognise than they are."
        )


def _require_stated(src: Path, stated: Mapping[str, StatedOfClip], config: ImportConfig) -> None:
    """Frame rate and picture of every clip, of which its numbers say nothing, before anything is read."""
    without = [name for name, known in stated.items() if not (known.fps or config.fps)]
    if without:
        raise UsageError(
            f"{_some(src, without)} do not say how many frames a second they have; give --fps, e.g. 30, or a "
            "column fps in --table"
        )
    has_picture = config.size is not None or config.aspect is not None
    without = [name for name, known in stated.items() if not (known.width or has_picture)]
    if without:
        raise UsageError(
            f"{_some(src, without)} do not say how wide their pictures are for their height; give --aspect, "
            "e.g. 4:3, or a column aspect in --table"
        )


def _some(src: Path, names: Sequence[str]) -> str:
    return f"the frames of {len(names):,} clips ({src / names[0]} first)"


def _what(src: Path) -> str:
    return "a file" if src.exists() else "nothing"
