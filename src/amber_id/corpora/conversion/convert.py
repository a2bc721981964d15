"""A source becomes part of a corpus: clips, ``corpus.csv`` and ``left_out.csv``.

Run again, a conversion changes nothing, and finishes what was stopped. Several sources share a corpus: each
conversion replaces what the tables say of its own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from amber_id.corpora import ClipFacts, find_subject_folders
from amber_id.corpora.conversion.completeness import clips_in, missing_from
from amber_id.corpora.conversion.findings import Findings, FoundClip
from amber_id.corpora.conversion.left_out import LEFT_OUT_FILE, LeftOut, merge_left_out, read_left_out
from amber_id.corpora.conversion.placing import (
    by_folder,
    choose,
    put_all,
    require_space,
    source_of,
    states_in,
)
from amber_id.corpora.corpus_file import merge_corpus_file, read_corpus_file
from amber_id.corpora.leftovers import remove_leftovers
from amber_id.errors import CorpusError, UsageError
from amber_id.locks import hold_lock

_LOCK = ".amber-corpus.lock"
_FACTS = tuple(each.name for each in fields(ClipFacts) if each.name != "avatar")
_COLUMNS = ("clip", "subject", "source", "path", *_FACTS)


@dataclass(frozen=True)
class Conversion:
    """What a conversion did: clips put, clips there already, people with clips, and what was left out."""

    put: int
    there: int
    people: int
    left_out: tuple[LeftOut, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is lacking or unknown; what was left out on purpose does not count."""
        return all(row.kind == "choice" for row in self.left_out)


def convert(
    findings: Findings,
    dst: Path,
    *,
    copy: bool = False,
    on_clip: Callable[[int, int], None] = lambda _done, _total: None,
) -> Conversion:
    """Put the clips that were found into the corpus `dst`; `on_clip` hears of clips done and of all.

    Raises
    ------
    AmberError
        If `dst` cannot be written or has not the room.
    CorpusError
        If `dst` has a person of the same number from elsewhere.
    FileFormatError
        If a table in `dst` is none.
    """
    remove_leftovers(dst)
    chosen, lost = choose(findings.clips, one_file_each=findings.one_file_each)
    folders = by_folder(chosen)
    _refuse_other_people(dst, folders)
    # A table that is none, and a folder that cannot be listed, must be found out before anything is done.
    read_corpus_file(dst)
    read_left_out(dst / LEFT_OUT_FILE)
    clips_in(dst, findings.sources)
    there: list[FoundClip] = []
    waiting: list[FoundClip] = []
    for folder, clips in folders.items():
        for clip, state in states_in(dst / folder, clips, copy=copy):
            if isinstance(state, LeftOut):
                lost.append(state)
            else:
                (there if state == "there" else waiting).append(clip)
    require_space(dst, waiting, copy=copy)
    done = len(there)
    on_clip(done, len(there) + len(waiting))

    def count() -> None:
        nonlocal done
        done += 1
        on_clip(1, len(there) + len(waiting))

    damaged = put_all(dst, waiting, copy=copy, on_put=count)
    bad = {row.path for row in damaged}
    put = [clip for clip in waiting if clip.file.path not in bad]
    return _tell(findings, dst, there, put, [*findings.left_out, *lost, *damaged])


def refuse_overlap(src: Path, dst: Path) -> None:
    """Raise UsageError if one folder lies in the other."""
    source, corpus = src.resolve(), dst.resolve()
    if source == corpus or source in corpus.parents or corpus in source.parents:
        raise UsageError(f"SRC and DST must lie apart, got {src} and {dst}; name another DST")


def _tell(
    findings: Findings, dst: Path, there: list[FoundClip], put: list[FoundClip], left_out: list[LeftOut]
) -> Conversion:
    """Write the tables."""
    clips = [*there, *put]
    with hold_lock(dst / _LOCK):
        present = clips_in(dst, findings.sources)
        rows = {clip.id: _row(clip) for clip in clips}
        gone = _gone(dst, present, findings.sources)
        merge_corpus_file(dst, _COLUMNS, rows, gone)
        lame = _clips_of(findings.clips, {row.path for row in left_out if row.kind == "unusable"})
        left_out += [
            row for row in missing_from(findings.expected, present, findings.sources) if row.path not in lame
        ]
        merge_left_out(dst, findings.sources, left_out)
    people = len({clip.folder for clip in clips})
    return Conversion(len(put), len(there), people, tuple(left_out))


def _clips_of(clips: Iterable[FoundClip], paths: Collection[str]) -> set[str]:
    """The clips whose file has one of these paths in the source."""
    return {clip.id for clip in clips if clip.file.path in paths}


def _gone(dst: Path, present: Mapping[str, frozenset[str]], sources: frozenset[str]) -> set[str]:
    """Clips of these sources that the table tells of and the folder has no more."""
    here = {f"{folder}/{stem}" for folder, stems in present.items() for stem in stems}
    return {
        clip
        for clip in read_corpus_file(dst)
        if source_of(clip.partition("/")[0]) in sources and clip not in here
    }


def _row(clip: FoundClip) -> Mapping[str, str]:
    number = int(clip.folder.rpartition("_id")[2])
    facts = {name: getattr(clip.facts, name) or "" for name in _FACTS}
    return {
        "clip": clip.id,
        "subject": f"id{number:03d}",
        "source": source_of(clip.folder),
        "path": f"{clip.folder}/{clip.name}",
        **facts,
    }


def _refuse_other_people(dst: Path, folders: Iterable[str]) -> None:
    if not dst.is_dir():
        return
    there = {int(folder.subject[2:]): folder.path.name for folder in find_subject_folders(dst)}
    for folder in folders:
        other = there.get(int(folder.rpartition("_id")[2]), folder)
        if other != folder:
            raise CorpusError(
                f"{dst}: {other} has the number that {folder} must have, which would make them one person; "
                "use another DST, or give your own people higher numbers with --first"
            )
