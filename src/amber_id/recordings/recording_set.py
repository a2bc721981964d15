"""A set of recordings: which there are, whose they are, and what their bytes are.

Conventions
-----------
The tree is the truth: ``<source>_id<number>/<clip>.safetensors`` names clip, subject and source, so that a
person's folder can be renumbered. The header of each file says the rest; arrays are read when asked for.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from amber_id.corpora import find_subject_folders
from amber_id.errors import CorpusError
from amber_id.file_formats import file_hash
from amber_id.names import composed
from amber_id.recordings.avatar_made import AvatarMade
from amber_id.recordings.recording import PointSet, Recording, RecordingHeader, load_recording, read_header


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
        """SHA-256 of the file's bytes, as hexadecimal; a file that has not changed is read once."""
        now = self.path.stat()
        return _sha256(self.path, (now.st_ino, now.st_size, now.st_mtime_ns))


@lru_cache(maxsize=100_000)
def _sha256(path: Path, state: tuple[int, ...]) -> str:  # noqa: ARG001  (another state, another answer)
    return file_hash(path)


_FROM_HEADER = [f.name for f in fields(RecordingEntry) if f.name not in {"clip", "subject", "source", "path"}]


@dataclass(frozen=True)
class RecordingSet:
    """The recordings under `root`, sorted by clip. Only their headers are in memory."""

    root: Path
    entries: tuple[RecordingEntry, ...]

    @classmethod
    def open(cls, folder: Path) -> "RecordingSet":
        """Read the headers of all recordings in the tree under `folder`.

        Raises
        ------
        CorpusError
            If there is no recording, one number stands for two folders, or the point sets differ.
        FileFormatError
            If one of the files is cut off or no recording.
        """
        rows = scan_recordings(folder)
        if not rows:
            raise CorpusError(f"{folder}: no recording in it; run: amber track VIDEOS {folder}")
        entries = tuple(entry for entry, _ in rows)
        first = entries[0]
        for entry in entries:
            if entry.point_set != first.point_set:
                raise CorpusError(
                    f"{folder}: expected one point set, got {first.point_set} ({first.clip}) and "
                    f"{entry.point_set} ({entry.clip}); track all videos with the same tracker"
                )
        return cls(folder, entries)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects, sorted."""
        return tuple(sorted({entry.subject for entry in self.entries}))

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources, sorted."""
        return tuple(sorted({entry.source for entry in self.entries}))

    def load(self, entry: RecordingEntry) -> Recording:
        """Read one recording; its clip, subject and source are those of `entry`."""
        recording = load_recording(entry.path, point_set=entry.point_set)
        return replace(recording, clip=entry.clip, subject=entry.subject, source=entry.source)

    def select(self, subjects: Collection[str]) -> "RecordingSet":
        """Keep the recordings of `subjects`; raises CorpusError if one of them has none."""
        missing = sorted(set(subjects) - set(self.subjects))
        if missing:
            raise CorpusError(f"{self.root}: no recording of {', '.join(missing)}")
        return replace(self, entries=tuple(e for e in self.entries if e.subject in set(subjects)))

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


def holds_recordings(folder: Path) -> bool:
    """Whether there is a recording under `folder`; raises CorpusError as `find_subject_folders` does."""
    return any(
        True for person in find_subject_folders(folder) for _ in person.path.rglob("[!.]*.safetensors")
    )


def scan_recordings(folder: Path) -> list[tuple[RecordingEntry, RecordingHeader]]:
    """Find every recording in the tree under `folder`, by clip, with its header; empty if there is none.

    Raises
    ------
    CorpusError
        If two files are one clip, its name written in two ways.
    FileFormatError
        If one of the files is cut off or no recording.
    """
    rows = []
    for person in find_subject_folders(folder):
        for path in person.path.rglob("[!.]*.safetensors"):
            header = read_header(path)
            known = {name: getattr(header, name) for name in _FROM_HEADER}
            clip = composed(path.relative_to(folder).with_suffix("").as_posix())
            rows.append((RecordingEntry(clip, person.subject, person.source, path, **known), header))
    rows.sort(key=lambda row: (row[0].clip, row[0].path))
    for (one, _), (other, _) in pairwise(rows):
        if one.clip == other.clip:
            raise CorpusError(
                f"{folder}: {one.path.name!a} and {other.path.name!a} are one name, {one.clip}, written in "
                "two ways; delete the one that is not wanted"
            )
    return rows
