"""A set of recordings: which there are, whose they are, and what their bytes are.

Conventions
-----------
The tree is the truth: ``<source>_id<number>/<clip>.safetensors`` names clip, subject and source, so that a
person's folder can be renumbered. The header of each file says the rest; arrays are read when asked for.
One file that is damaged does not stop the others: it is a failure of its clip, with the reason.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple, dataclass, fields, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from amber_id.corpora import find_corpus, find_subject_folders
from amber_id.errors import ClipError, CorpusError, FileFormatError
from amber_id.file_formats import file_hash
from amber_id.names import composed
from amber_id.reading import reading
from amber_id.recordings.avatar_made import AvatarMade
from amber_id.recordings.recording import PointSet, Recording, RecordingHeader, load_recording, read_header

_SUFFIX = ".safetensors"
_ADVICE = "delete it and make it again"


@dataclass(frozen=True)
class Failure:
    """A clip that could not be acquired or read: at which stage (e.g. ``track``), and why, in one clause."""

    clip: str
    subject: str
    stage: str
    reason: str


@dataclass(frozen=True)
class RecordingEntry:
    """One recording of a set, as its header and its place in the tree describe it."""

    clip: str
    subject: str
    source: str
    path: Path
    frames: int
    tracked_frames: int
    fps: float
    duration_s: float
    width: int
    height: int
    point_set: PointSet
    frames_with_several_faces: int = 0
    face_switches: int = 0
    video_sha256: str = ""
    picture_hash: str = ""
    avatar: AvatarMade | None = None

    @property
    def lost_share(self) -> float:
        """Share of the frames in which no face was found, in [0, 1]."""
        return 1 - self.tracked_frames / self.frames

    @property
    def several_share(self) -> float:
        """Share of the frames in which there were other faces too, in [0, 1]."""
        return self.frames_with_several_faces / self.frames

    def content_hash(self) -> str:
        """SHA-256 of the file's bytes, as hexadecimal; a file that has not changed is read once.

        Raises FileFormatError if it can no longer be read.
        """
        with reading(self.path, "a recording"):
            now = self.path.stat()
            return _sha256(self.path, (now.st_ino, now.st_size, now.st_mtime_ns))


@lru_cache(maxsize=100_000)
def _sha256(path: Path, state: tuple[int, ...]) -> str:  # noqa: ARG001  (another state, another answer)
    return file_hash(path)


_FROM_HEADER = [f.name for f in fields(RecordingEntry) if f.name not in {"clip", "subject", "source", "path"}]


@dataclass(frozen=True)
class RecordingSet:
    """The recordings under `root`, sorted by clip. Only their headers are in memory.

    `failures` are the recordings of these people, or their folders, that cannot be read.
    """

    root: Path
    entries: tuple[RecordingEntry, ...]
    failures: tuple[Failure, ...] = ()

    @classmethod
    def open(cls, folder: Path) -> "RecordingSet":
        """Read the headers of all recordings in the tree under `folder`.

        Raises
        ------
        CorpusError
            If there is no recording that can be read, one number stands for two folders, or the point sets
            differ.
        """
        rows, failures = scan_recordings(folder)
        if not rows and failures:
            raise CorpusError(
                f"{folder}: no recording in it can be read, e.g. {failures[0].clip}: {failures[0].reason}"
            )
        if not rows:
            raise CorpusError(f"{folder}: {_why_none(folder)}")
        entries = tuple(entry for entry, _ in rows)
        first = entries[0]
        for entry in entries:
            if entry.point_set != first.point_set:
                raise CorpusError(
                    f"{folder}: expected one point set, got {first.point_set} ({first.clip}) and "
                    f"{entry.point_set} ({entry.clip}); track all videos with the same tracker"
                )
        return cls(folder, entries, failures)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects, sorted."""
        return tuple(sorted({entry.subject for entry in self.entries}))

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources, sorted."""
        return tuple(sorted({entry.source for entry in self.entries}))

    def load(self, entry: RecordingEntry) -> Recording:
        """Read one recording; its clip, subject and source are those of `entry`.

        Raises ClipError if the file is damaged, or gone.
        """
        try:
            recording = load_recording(entry.path, point_set=entry.point_set)
        except FileFormatError as error:
            raise ClipError(entry.clip, f"its recording: {error.reason}; {_ADVICE}") from error
        return replace(recording, clip=entry.clip, subject=entry.subject, source=entry.source)

    def select(self, subjects: Collection[str]) -> "RecordingSet":
        """Keep the recordings of `subjects`; raises CorpusError if one of them has none."""
        missing = sorted(set(subjects) - set(self.subjects))
        if missing:
            raise CorpusError(f"{self.root}: no recording of {', '.join(missing)}")
        wanted = set(subjects)
        return replace(
            self,
            entries=tuple(entry for entry in self.entries if entry.subject in wanted),
            failures=tuple(failure for failure in self.failures if failure.subject in wanted),
        )

    def with_subjects(self, subjects: Mapping[str, str]) -> "RecordingSet":
        """Give every clip another subject, for controls in which the labels are permuted.

        `subjects` maps each clip of the set to its new subject; raises ValueError if one is missing.
        """
        missing = [entry.clip for entry in self.entries if entry.clip not in subjects]
        if missing:
            raise ValueError(f"subjects must name every clip, got none for {missing[0]}")
        return replace(self, entries=tuple(replace(e, subject=subjects[e.clip]) for e in self.entries))

    def content_hash(self) -> str:
        """SHA-256, as hexadecimal, of the clips in order, their subjects and the bytes of their files."""
        digest = hashlib.sha256()
        for entry in self.entries:
            digest.update(f"{json.dumps([entry.clip, entry.subject, entry.content_hash()])}\n".encode())
        return digest.hexdigest()


class Scanned(NamedTuple):
    """What is in a tree: the recordings by clip with their headers, and what cannot be read."""

    rows: tuple[tuple[RecordingEntry, RecordingHeader], ...]
    failures: tuple[Failure, ...]


def _why_none(folder: Path) -> str:
    """What there is in place of recordings, and what to do."""
    if any(folder.glob("[!.]*.safetensors")):
        return f"is the folder of one person; give the one above, {folder.resolve().parent}"
    try:
        find_corpus(folder)
    except CorpusError:
        return f"no recording in it; run: amber track VIDEOS {folder}"
    return f"holds videos, no recordings; run: amber track {folder} RECORDINGS, and give RECORDINGS"


def holds_recordings(folder: Path) -> bool:
    """Whether there is a recording under `folder`.

    Raises
    ------
    CorpusError
        As `find_subject_folders` does, and where there is none, but a folder that cannot be listed.
    """
    unlisted: list[OSError] = []
    for person in find_subject_folders(folder):
        if any(True for _ in _files_under(person.path, unlisted)):
            return True
    if unlisted:
        raise CorpusError(f"{unlisted[0].filename}: cannot be listed ({unlisted[0].strerror})")
    return False


def scan_recordings(folder: Path) -> Scanned:
    """Find every recording in the tree under `folder`; both parts are empty if there is none.

    A file that is cut off or no recording, and a person's folder that cannot be listed, are failures.

    Raises
    ------
    CorpusError
        If two files are one clip, its name written in two ways.
    """
    rows, failures = [], []
    for person in find_subject_folders(folder):
        unlisted: list[OSError] = []
        for path in _files_under(person.path, unlisted):
            clip = composed(path.relative_to(folder).with_suffix("").as_posix())
            try:
                header = read_header(path)
            except FileFormatError as error:
                reason = f"its recording: {error.reason}; {_ADVICE}"
                failures.append(Failure(clip, person.subject, "read", reason))
                continue
            known = {name: getattr(header, name) for name in _FROM_HEADER}
            rows.append((RecordingEntry(clip, person.subject, person.source, path, **known), header))
        for refused in unlisted:
            place = composed(Path(refused.filename).relative_to(folder).as_posix())
            reason = f"the folder cannot be listed ({refused.strerror})"
            failures.append(Failure(place, person.subject, "read", reason))
    rows.sort(key=lambda row: (row[0].clip, row[0].path))
    for (one, _), (other, _) in pairwise(rows):
        if one.clip == other.clip:
            raise CorpusError(
                f"{folder}: {one.path.name!a} and {other.path.name!a} are one name, {one.clip}, written in "
                "two ways; delete the one that is not wanted"
            )
    return Scanned(tuple(rows), tuple(sorted(failures, key=astuple)))


def _files_under(folder: Path, unlisted: list[OSError]) -> Iterator[Path]:
    """Whatever is called as a recording is; folders that cannot be listed are added to `unlisted`."""
    for place, folders, files in os.walk(folder, onerror=unlisted.append):
        for name in (*folders, *files):
            if name.endswith(_SUFFIX) and not name.startswith("."):
                yield Path(place, name)
