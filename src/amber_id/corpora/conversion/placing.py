"""How do the clips that were found get into the corpus, and what stays as it was?

Conventions
-----------
A clip is a link to the file where it lies, or a copy of it; a member of an archive is always a copy. Links
hold the absolute path of the file, so that the corpus may be moved, and the source may not. What lies in the
corpus is never written over: a clip that is there already is left alone, and another file in its place is
listed. The exceptions lose nothing: a link that leads nowhere is made anew, and a link to the very file
becomes its copy where copies are asked for.
"""

import filecmp
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Literal

from amber_id.atomic_files import appears_whole
from amber_id.corpora import too_long
from amber_id.corpora.conversion.archives import extract, has_content, modified_at, opened
from amber_id.corpora.conversion.findings import FoundClip
from amber_id.corpora.conversion.left_out import LeftOut
from amber_id.corpora.conversion.source_files import SourceFile, is_video, trouble_with
from amber_id.errors import AmberError, ClipError

State = Literal["there", "put"]
_CHUNK = 1 << 20


def choose(
    clips: Sequence[FoundClip], *, one_file_each: bool = False
) -> tuple[list[FoundClip], list[LeftOut]]:
    """One whole file for each clip, sorted by folder and name, and why the others are left out.

    Two files of one clip are taken for the same if only their suffix differs, or name and size are equal;
    with `one_file_each` never.
    """
    of_clip: dict[str, list[FoundClip]] = {}
    for clip in clips:
        of_clip.setdefault(clip.id, []).append(clip)
    chosen: list[FoundClip] = []
    lost: list[LeftOut] = []
    for clip_id in sorted(of_clip):
        candidates = sorted(of_clip[clip_id], key=lambda clip: (clip.rank, clip.file.path))
        troubles = {clip.file.path: _trouble_with(clip) for clip in candidates}
        whole = [clip for clip in candidates if troubles[clip.file.path] is None]
        if whole:
            chosen.append(whole[0])
        lost += [
            _not_taken(clip, whole[0] if whole else None, troubles[clip.file.path], one_file_each)
            for clip in candidates
            if clip not in whole[:1]
        ]
    return chosen, lost


def _trouble_with(clip: FoundClip) -> tuple[str, str] | None:
    """Why a clip cannot be put, as far as its name and its first bytes tell, and the detail."""
    detail = too_long(clip.id.partition("/")[2])
    return ("its name is too long", detail) if detail else trouble_with(clip.file)


def _not_taken(
    clip: FoundClip, taken: FoundClip | None, trouble: tuple[str, str] | None, one_file_each: bool
) -> LeftOut:
    source, path = source_of(clip.folder), clip.file.path
    if trouble is not None and (taken is None or one_file_each):
        return LeftOut(source, "unusable", path, *trouble)
    if taken is None:
        raise ValueError(f"{path}: a whole file is left out, and none is taken")
    if trouble is None and (one_file_each or (clip.name == taken.name and _differ(clip.file, taken.file))):
        detail = f"{taken.file.path} is taken; rename one, or remove it"
        return LeftOut(source, "unusable", path, "another file would be a clip of the same name", detail)
    detail = taken.file.path if trouble is None else f"{taken.file.path}; this one: {trouble[0]}"
    return LeftOut(source, "choice", path, "another file of the clip is taken instead", detail)


def _differ(one: SourceFile, other: SourceFile) -> bool:
    if one.size != other.size:
        return True
    return one.member is not None and other.member is not None and one.member.CRC != other.member.CRC


def source_of(folder: str) -> str:
    """The first part of a person folder's name."""
    return folder.rpartition("_id")[0]


def by_folder(clips: Sequence[FoundClip]) -> Mapping[str, list[FoundClip]]:
    """The clips of each person's folder."""
    folders: dict[str, list[FoundClip]] = {}
    for clip in clips:
        folders.setdefault(clip.folder, []).append(clip)
    return folders


def states_in(
    folder: Path, clips: Sequence[FoundClip], *, copy: bool
) -> Iterator[tuple[FoundClip, State | LeftOut]]:
    """Whether each clip is there, must be put there, or why it cannot."""
    try:
        entries = {entry.name: entry for entry in os.scandir(folder)} if folder.is_dir() else {}
    except OSError as error:
        raise AmberError(f"{folder}: cannot be listed ({error.strerror or error})") from error
    name_of = {name.rpartition(".")[0]: name for name in entries if is_video(name)}
    for clip in clips:
        entry = entries.get(clip.name)
        taken = name_of.get(clip.name.rpartition(".")[0])
        if entry is not None:
            yield clip, _state(Path(entry.path), clip, copy)
        elif taken is not None:
            yield clip, _refused(clip, f"{clip.folder}/{taken} has the same name but for its suffix")
        else:
            yield clip, "put"


def _state(path: Path, clip: FoundClip, copy: bool) -> State | LeftOut:
    file = clip.file
    try:
        if path.is_symlink():
            target = os.readlink(path)  # noqa: PTH115 (200,000 links)
            if not path.exists():
                return "put"
            if file.member is None and (target == file.origin or path.samefile(file.origin)):
                return "put" if copy else "there"
            return _refused(clip, f"{clip.folder}/{clip.name} is a link to {target}")
        if not path.is_file():
            return _refused(clip, f"{clip.folder}/{clip.name} is no file")
        size = path.stat().st_size
        if size == file.size and _same_content(path, file):
            return "there"
    except OSError as error:
        return _refused(clip, f"{clip.folder}/{clip.name} cannot be read: {error.strerror or error}")
    return _refused(clip, f"{clip.folder}/{clip.name} has {size:,} bytes, the source {file.size:,}")


def _same_content(path: Path, file: SourceFile) -> bool:
    if file.member is not None:
        return path.stat().st_mtime == modified_at(file.member) or has_content(path, file.member)
    return path.stat().st_mtime_ns == os.stat(file.origin).st_mtime_ns or filecmp.cmp(  # noqa: PTH116
        path, file.origin, shallow=False
    )


def _refused(clip: FoundClip, detail: str) -> LeftOut:
    reason = "something else lies in its place"
    return LeftOut(source_of(clip.folder), "unusable", clip.file.path, reason, f"{detail}; move it away")


def require_space(dst: Path, clips: Sequence[FoundClip], *, copy: bool) -> None:
    """Raise AmberError if the disk of `dst` has not the room for what will be copied there."""
    needed = sum(clip.file.size for clip in clips if copy or clip.file.member is not None)
    place = next(each for each in (dst.absolute(), *dst.absolute().parents) if each.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        hint = "free some, or leave out --copy" if copy else "free some, or unpack the archives elsewhere"
        raise AmberError(
            f"{dst}: needs {needed / 1e6:,.1f} MB for copies, {free / 1e6:,.1f} MB are free; {hint}"
        )


def put_all(
    dst: Path, clips: Sequence[FoundClip], *, copy: bool, on_put: Callable[[], None]
) -> list[LeftOut]:
    """Link or copy the clips, and return those that turned out to be damaged.

    Raises
    ------
    AmberError
        If the corpus cannot be written.
    """
    lost: list[LeftOut] = []
    archive, held = "", ExitStack()
    packed: zipfile.ZipFile | None = None
    with held:
        for folder, of_person in by_folder(clips).items():
            _make(dst / folder)
            for clip in of_person:
                try:
                    if clip.file.member is None:
                        _put_file(dst, clip, copy)
                    else:
                        if archive != clip.file.origin or packed is None:
                            held.close()
                            packed = None  # until the next is open: it may not be one any more
                            packed = held.enter_context(opened(Path(clip.file.origin)))
                            archive = clip.file.origin
                        _put_member(dst, clip, packed, clip.file.member)
                except ClipError as error:
                    reason = "damaged in the archive" if clip.file.member else "cannot be read"
                    lost.append(LeftOut(source_of(folder), "unusable", clip.file.path, reason, error.reason))
                on_put()
    return lost


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AmberError(f"{folder}: cannot be made ({error.strerror or error})") from error


def _put_file(dst: Path, clip: FoundClip, copy: bool) -> None:
    place = f"{dst}/{clip.folder}/{clip.name}"
    if copy:
        _copy(Path(clip.file.origin), Path(place))
        return
    try:
        if os.path.islink(place) and not os.path.exists(place):  # noqa: PTH110, PTH114 (200,000 links)
            os.unlink(place)  # noqa: PTH108
        os.symlink(clip.file.origin, place)  # noqa: PTH211
    except OSError as error:
        raise AmberError(
            f"{place}: cannot be linked ({error.strerror or error}); --copy copies the files instead"
        ) from error


def _copy(origin: Path, place: Path) -> None:
    try:
        source = origin.open("rb")
    except OSError as error:
        raise ClipError(origin.name, error.strerror or str(error)) from error
    with source, appears_whole(place, size=f"a copy of {origin}") as temporary:
        before = os.fstat(source.fileno())
        with temporary.open("wb") as out:
            while chunk := _read(source, origin):
                out.write(chunk)
        status = os.fstat(source.fileno())
        if (status.st_size, status.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise ClipError(origin.name, "it changed while it was copied; run again when it is complete")
        os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))


def _read(source: IO[bytes], origin: Path) -> bytes:
    # Apart from writing, whose errors are another matter.
    try:
        return source.read(_CHUNK)
    except OSError as error:
        raise ClipError(origin.name, error.strerror or str(error)) from error


def _put_member(dst: Path, clip: FoundClip, packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    size = f"{member.file_size:,} bytes of {clip.file.path}"
    with appears_whole(dst / clip.folder / clip.name, size=size) as temporary:
        with temporary.open("wb") as out:
            extract(packed, member, out)
        seconds = modified_at(member)
        os.utime(temporary, (seconds, seconds))
