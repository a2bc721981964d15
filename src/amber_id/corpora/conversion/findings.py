"""What a converter found in a source: clips, with their place in the corpus, and what is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from amber_id.corpora import ClipFacts
from amber_id.corpora.conversion.left_out import LeftOut
from amber_id.corpora.conversion.source_files import SourceFile, list_videos
from amber_id.corpora.other_files import hint_of_others
from amber_id.errors import CorpusError


class FoundClip(NamedTuple):
    """A file that shows one clip of one person.

    `folder` is the person's, ``ravdess_id001``; `name` what the file is called there. Of several files of one
    clip, the one of the lowest `rank` that is whole is taken.
    """

    folder: str
    name: str
    file: SourceFile
    facts: ClipFacts
    rank: int = 0

    @property
    def id(self) -> str:
        """The clip's id, ``folder/stem``."""
        return f"{self.folder}/{self.name.rpartition('.')[0]}"


@dataclass(frozen=True)
class Findings:
    """What a source holds.

    `sources` are the first parts of the folders' names that this conversion answers for. `expected` are the
    stems of the clips that the publisher has, by person's folder; where a set is empty, any clip will do.
    With `one_file_each`, two files of one clip are two clips by mistake; else one is the other again, as an
    archive and what was unpacked from it. `notes` are for people.
    """

    sources: frozenset[str]
    clips: tuple[FoundClip, ...]
    left_out: tuple[LeftOut, ...] = ()
    expected: Mapping[str, frozenset[str]] = field(default_factory=dict)
    one_file_each: bool = False
    notes: tuple[str, ...] = ()


def sort_out(
    src: Path, source: str, read: Callable[[SourceFile], FoundClip | LeftOut]
) -> tuple[tuple[FoundClip, ...], tuple[LeftOut, ...]]:
    """The clips in a folder, as `read` knows them by their names, and what is left out.

    Raises
    ------
    CorpusError
        If `src` is no folder, has nothing that could be a video, or no video that could be of this corpus.
    """
    files, lost = list_videos(src, source)
    entries = [read(file) for file in files]
    if not entries and all(row.kind == "choice" for row in lost):
        raise CorpusError(
            f"{src}: no video in it, nor in a zip file; expected the corpus as it was downloaded"
            f"{hint_of_others(src)}"
        )
    clips = tuple(each for each in entries if isinstance(each, FoundClip))
    strange = [each for each in entries if isinstance(each, LeftOut) and each.kind == "unusable"]
    if entries and len(strange) == len(entries):
        raise CorpusError(
            f"{src}: none of the {len(entries)} videos in it is one of {source}'s: {strange[0]}; is this "
            "another corpus? See: amber corpus --help"
        )
    return clips, (*lost, *(each for each in entries if isinstance(each, LeftOut)))
