"""Which video files lie in a folder as it was downloaded, also within its zip archives?

Conventions
-----------
A file's path is relative to the folder, with ``/``; a member of an archive is ``archive.zip/member``. Hidden
files and folders, and files that are no video, are passed over. Linked folders are entered, unless they lead
back up.
"""

import os
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from amber_id.corpora import ARCHIVE_SUFFIXES, VIDEO_SUFFIXES
from amber_id.corpora.conversion.archives import objection_to, read_directory, read_start
from amber_id.corpora.conversion.left_out import Kind, LeftOut
from amber_id.corpora.suffixes import may_be_video, why_no_video
from amber_id.errors import ClipError, CorpusError

_ZIP = ".zip"
_POINTER = b"version https://git-lfs.github.com/spec/v1"
_LARGEST_POINTER = 1024


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One video file, or one `member` of the archive at `origin`; `size` in bytes, unpacked."""

    path: str
    size: int
    origin: str
    member: zipfile.ZipInfo | None = None

    @property
    def name(self) -> str:
        """Its own name, without folders."""
        return self.path.rpartition("/")[2]

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders that it lies in, and of its archive, from the outermost."""
        return tuple(self.path.split("/")[:-1])


def list_videos(
    root: Path,
    source: str,
    *,
    archives: bool = True,
    others: bool = False,
    suffixes: Collection[str] = VIDEO_SUFFIXES,
) -> tuple[list[SourceFile], list[LeftOut]]:
    """The videos in `root`, sorted by path, and what cannot be looked into.

    Archives that are no zip files, or lie in one, are listed as something to be unpacked; without `archives`
    each is. With `others`, files that are no video by their name are listed too: as a choice where they are
    of a kind that lies beside videos.

    Raises
    ------
    CorpusError
        If `root` is no folder or cannot be listed.
    """
    if not root.is_dir():
        got = "a file" if root.exists() else "nothing"
        raise CorpusError(
            f"{root}: expected the folder that holds the corpus as it was downloaded, got {got}"
        )
    files: list[SourceFile] = []
    lost: list[LeftOut] = []
    top = str(root.absolute())
    try:
        status = root.stat()
        walk = list(_walk(top, "", frozenset({(status.st_dev, status.st_ino)})))
    except OSError as error:
        raise CorpusError(f"{root}: cannot be listed ({error.strerror or error})") from error
    for path, entry, problem in walk:
        if problem:
            lost.append(LeftOut(source, "unusable", path, "cannot be read", problem))
            continue
        suffix = _suffix(entry.name)
        if suffix == _ZIP and archives:
            members, bad = _members(path, entry.path, source, suffixes)
            files += members
            lost += bad
        elif suffix in ARCHIVE_SUFFIXES:
            lost.append(LeftOut(source, "unusable", path, "an archive", "unpack it and run again"))
        elif suffix in suffixes:
            try:
                files.append(SourceFile(path, entry.stat().st_size, entry.path))
            except OSError as error:
                lost.append(LeftOut(source, "unusable", path, "cannot be read", error.strerror or str(error)))
        elif others:
            kind: Kind = "unusable" if may_be_video(Path(path)) else "choice"
            lost.append(LeftOut(source, kind, path, "not taken", why_no_video(Path(entry.path))))
    return sorted(files, key=lambda file: file.path), lost


def trouble_with(file: SourceFile) -> tuple[str, str] | None:
    """Why a file is no video, as far as its first bytes tell, and the detail; None if it may be one."""
    if file.member is not None and (objection := objection_to(file.member)):
        return objection
    if any("\ud800" <= letter <= "\udfff" for letter in file.path):
        return "its name is not UTF-8", "rename it"
    if file.size == 0:
        return "an empty file", "download it again"
    if file.size > _LARGEST_POINTER:
        return None
    try:
        start = _start(file)
    except ClipError as error:
        return "damaged in the archive", error.reason
    except OSError as error:
        return "cannot be read", error.strerror or str(error)
    if start == _POINTER:
        return (
            "a Git-LFS pointer, not the video",
            "run git lfs pull in the clone; a zip from GitHub has no videos",
        )
    return None


def _start(file: SourceFile) -> bytes:
    if file.member is not None:
        return read_start(Path(file.origin), file.member, len(_POINTER))
    with open(file.origin, "rb", buffering=0) as data:  # noqa: PTH123 (200,000 paths cost seconds)
        return data.read(len(_POINTER))


def _walk(
    folder: str, before: str, above: frozenset[tuple[int, int]]
) -> Iterator[tuple[str, "os.DirEntry[str]", str]]:
    """Each file below a folder as path and entry; a folder that cannot be listed comes with its problem."""
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        path = f"{before}{entry.name}"
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        try:
            if not entry.is_dir():
                yield path, entry, ""
                continue
            status = entry.stat()
            here = (status.st_dev, status.st_ino)
            if here not in above:  # a link may lead back up
                yield from _walk(entry.path, f"{path}/", above | {here})
        except OSError as error:
            yield path, entry, error.strerror or str(error)


def _members(
    path: str, archive: str, source: str, suffixes: Collection[str]
) -> tuple[list[SourceFile], list[LeftOut]]:
    try:
        members = read_directory(Path(archive), {*suffixes, *ARCHIVE_SUFFIXES})
    except ClipError as error:
        return [], [LeftOut(source, "unusable", path, "a damaged archive", error.reason)]
    nested = [each for each in members if _suffix(each.filename) in ARCHIVE_SUFFIXES]
    files = [
        SourceFile(f"{path}/{each.filename}", each.file_size, archive, each)
        for each in members
        if _suffix(each.filename) in suffixes
    ]
    if not members:
        return [], [LeftOut(source, "choice", path, "an archive without a video")]
    hint = f"unpack {path} and run again"
    return files, [
        LeftOut(source, "unusable", f"{path}/{each.filename}", "an archive in an archive", hint)
        for each in nested
    ]


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


def is_video(name: str) -> bool:
    """Whether a file of this name is one that a corpus shows as a clip."""
    return not name.startswith(".") and _suffix(name) in VIDEO_SUFFIXES
