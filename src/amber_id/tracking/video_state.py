"""Is a video still the file that was read?

Conventions
-----------
Two questions are asked of a video. While it is read: is it one file from the first byte to the last? When the
same command is run again: is it the file that its result was made of? The second is answered without reading
it where its state is the one noted beside the results, in ``.amber-videos.csv``, else by its SHA-256.
The time at which the file system last changed the file's entry is part of the state: copying programs and
archives set the time of the content to an older one, this time not.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from functools import cached_property
from pathlib import Path

from amber_id.errors import ClipError, FileFormatError
from amber_id.file_formats import file_hash, read_table, write_table

STATES_FILE = ".amber-videos.csv"


@dataclass(frozen=True)
class FileState:
    """What the file system says of a file: bytes, times of content and entry in nanoseconds, its number."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> "FileState | None":
        """The state of a file, None where there is none that can be looked at."""
        try:
            now = path.stat()
        except OSError:
            return None
        return cls(now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino)


_COLUMNS = ["clip", *(each.name for each in fields(FileState))]


class OneFile:
    """A file from before it is opened until what was made of it is done; messages name `clip`."""

    def __init__(self, path: Path, clip: str) -> None:
        self._path, self._clip = path, clip
        self.state = FileState.of(path)

    @property
    def size(self) -> int:
        """Bytes, 0 where there is no such file."""
        return 0 if self.state is None else self.state.size

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, as hexadecimal; raises ClipError if it cannot be read, or is not the same."""
        try:
            digest = file_hash(self._path)
        except OSError as error:
            raise ClipError(self._clip, f"cannot be read ({error.strerror or error})") from error
        self._refuse(FileState.of(self._path) != self.state)
        return digest

    def check(self) -> None:
        """Raise ClipError where what was read until now may be of two files."""
        sha256 = self.sha256
        if FileState.of(self._path) == self.state:
            return
        try:
            same = file_hash(self._path) == sha256
        except OSError as error:
            reason = f"disappeared while it was read ({error.strerror or error})"
            raise ClipError(self._clip, reason) from error
        self._refuse(not same)

    def _refuse(self, is_another: bool) -> None:
        if is_another:
            reason = "was replaced or changed while it was read; run again when it is complete"
            raise ClipError(self._clip, reason)


def read_states(folder: Path) -> dict[str, FileState]:
    """The states noted in a folder of results, by clip.

    They spare reading, and nothing else: a table that is damaged is one that says nothing.
    """
    try:
        rows = read_table(folder / STATES_FILE, _COLUMNS)
        return {clip: FileState(*map(int, numbers)) for clip, *numbers in rows}
    except (FileFormatError, ValueError):
        return {}


def write_states(folder: Path, states: Mapping[str, FileState]) -> None:
    """Note the states of the videos that the results in a folder were made of; hold the folder's lock."""
    if states == read_states(folder):
        return
    write_table(folder / STATES_FILE, _COLUMNS, [(clip, *astuple(states[clip])) for clip in sorted(states)])
