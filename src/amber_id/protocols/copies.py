"""Which clips of different people are one clip, by file, by motion or by picture?

content     the same landmarks, bit by bit, or made from one video file, byte by byte
motion      face and head move the same and as much, one up to half a second after the other
picture     the video shows the same picture, at five moments

Each pair is named once, by the surest of the three. Copies of one person are no matter here: a split keeps
them together.

Where most clips move as clips of many people do, that is what the clips are like (an anonymiser may let
everybody move the same), not what was copied; motion is then not held against them, and that is said. How
alike pictures of strangers are depends on where they were filmed, and avatars look all the same: a pair of
clips counts where its share of differing bits is far below what is usual between people of the same two
sources, and below a fifth. See docs/leaks.md for how the limits were found.

What is found is kept beside the recordings, in ``leaks.json``, until one of them changes.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float32, Int64
from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id import __version__
from amber_id.atomic_files import write_text_atomically
from amber_id.errors import ClipError, FileFormatError
from amber_id.file_formats import read_json
from amber_id.motion.likeness import ClipMotion, clip_motion, signals_of
from amber_id.motion.movements import Movements
from amber_id.motion.near_copies import NEAR_COPY
from amber_id.recordings import Recording, RecordingEntry, RecordingSet

LEAKS_FILE = "leaks.json"
_logger = logging.getLogger("amber_id")

CopyKind = Literal["content", "motion", "picture"]

_SCHEMA: Literal["amber-id/leaks/1"] = "amber-id/leaks/1"
_LATEST = 12  # frames at 25 Hz by which one clip may begin after the other
_SAME_PICTURE = 0.2  # share of bits that differ, at most
_BELOW_USUAL = 0.4  # of the lower quartile between people of the same sources, at most
_ENOUGH_PAIRS = 100  # of two sources to have a quartile of their own
_MANY_PEOPLE = 0.25  # share of the other people; who moves as so many may be one of a crowd
_CROWD = 0.5  # share of the clips from which on it is one: a clip under many names is no half of a corpus
_MOST_NAMES = 100  # of one content: beyond, one clip of each person
_BLOCK = 512  # clips whose pictures are compared with all others at once


class Copy(BaseModel):
    """Two clips of different people that are one, the first in the alphabet first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: CopyKind
    first: str
    second: str
    evidence: str  # a clause with the two clips as its subject
    key: str = ""  # what `--allow` takes

    @model_validator(mode="after")
    def _with_its_key(self) -> "Copy":
        object.__setattr__(self, "key", key_of(self.kind, self.first, self.second))
        return self


def key_of(kind: str, first: str, second: str) -> str:
    """What `--allow` takes for a leak between two clips: ``motion:cremad_id071/b=ravdess_id001/a``."""
    return f"{kind}:{first}={second}"


class Copies(BaseModel):
    """The content of ``leaks.json``: every copy, under any split, and what could not be looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["amber-id/leaks/1"] = Field(_SCHEMA, alias="schema")
    depends_on: str
    copies: tuple[Copy, ...]
    not_checked: tuple[str, ...]  # whole sentences


class Pair(NamedTuple):
    """Two clips by their places, the earlier first."""

    one: int
    other: int
    evidence: str


@dataclass(frozen=True, eq=False)
class ClipsRead:
    """The clips of a set that can be read, hashes of their landmarks, how they move; and what is unread."""

    entries: Sequence[RecordingEntry]
    contents: Sequence[str]
    movements: Movements
    unread: Sequence[ClipError] = ()

    @classmethod
    def of(cls, recordings: RecordingSet) -> "ClipsRead":
        """Read every recording once; raises ClipError if none can be read."""
        entries: list[RecordingEntry] = []
        contents: list[str] = []
        unread: list[ClipError] = []

        def motions() -> Iterator[ClipMotion]:
            for entry in recordings.entries:
                try:
                    recording = recordings.load(entry)
                except ClipError as error:
                    unread.append(error)
                    continue
                entries.append(entry)
                contents.append(landmarks_hash(recording))
                yield clip_motion(recording)
            if not entries:
                raise unread[0]

        return cls(entries, contents, Movements(signals_of(motions())), unread)


def landmarks_hash(recording: Recording) -> str:
    """SHA-256 of the landmarks, as hexadecimal."""
    return hashlib.sha256(recording.landmarks.tobytes()).hexdigest()


def find_copies(recordings: RecordingSet, *, read: Callable[[], ClipsRead] | None = None) -> Copies:
    """All copies among the clips of different people, from ``leaks.json`` where that is up to date.

    Every recording is read once, else not at all; `read` gives its clips where they were read before.

    Raises
    ------
    ClipError
        If no recording can be read.
    """
    path = recordings.root / LEAKS_FILE
    depends_on = _depends_on(recordings)
    if path.exists():
        try:
            earlier = read_json(Copies, path)
            if earlier.depends_on == depends_on:
                return earlier
        except FileFormatError as error:
            _logger.warning("%s; clips are searched for copies again", error)
    copies = _copies_among(ClipsRead.of(recordings) if read is None else read(), depends_on)
    write_text_atomically(path, copies.model_dump_json(indent=2, by_alias=True) + "\n")
    return copies


def _depends_on(recordings: RecordingSet) -> str:
    limits = [NEAR_COPY, _LATEST, _SAME_PICTURE, _BELOW_USUAL, _ENOUGH_PAIRS]
    parts = [__version__, "with keys", *limits, _MANY_PEOPLE, _CROWD, _MOST_NAMES, recordings.content_hash()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _copies_among(clips: ClipsRead, depends_on: str) -> Copies:
    """Each pair once, by the surest kind, and what could not be compared."""
    entries, unread = clips.entries, clips.unread
    moving = clips.movements.near_copies(least=NEAR_COPY, latest=_LATEST)
    pairs, not_checked = _of_motion(moving, entries)
    kinds: tuple[tuple[CopyKind, Iterable[Pair]], ...] = (
        ("content", _of_content(entries, clips.contents)),
        ("motion", pairs),
        ("picture", find_same_pictures(entries)),
    )
    copies: dict[tuple[int, int], Copy] = {}
    for kind, those in kinds:
        for one, other, evidence in those:
            first, second = sorted((entries[one].clip, entries[other].clip))
            copy = Copy(kind=kind, first=first, second=second, evidence=evidence)
            copies.setdefault((one, other), copy)
    if unread:
        number = f"{len(unread)} of {len(entries) + len(unread)} clips"
        not_checked = (*not_checked, f"{number} could not be read and were not compared, e.g. {unread[0]}.")
    without = sum(not entry.picture_hash for entry in entries)
    if without:
        number = f"{without} of {len(entries)} clips"
        not_checked = (
            *not_checked,
            f"{number} have no picture on record, so pictures of them were not compared.",
        )
    return Copies(
        depends_on=depends_on, copies=tuple(copies[pair] for pair in sorted(copies)), not_checked=not_checked
    )


def _of_content(entries: Sequence[RecordingEntry], contents: Sequence[str]) -> Iterator[Pair]:
    """Pairs with the same landmarks, then those of the same video file."""
    videos = [entry.video_sha256 for entry in entries]
    for values, evidence in (
        (contents, "have the same landmarks"),
        (videos, "come from one and the same video"),
    ):
        places: dict[str, list[int]] = defaultdict(list)
        for i, value in enumerate(values):
            if value:
                places[value].append(i)
        for group in places.values():
            if len(group) > _MOST_NAMES:
                first = {entries[i].subject: i for i in reversed(group)}
                group = sorted(first.values())[:_MOST_NAMES]
            for one, other in combinations(group, 2):
                if entries[one].subject != entries[other].subject:
                    yield Pair(one, other, evidence)


def _of_motion(
    pairs: Int64[np.ndarray, "Q 2"], entries: Sequence[RecordingEntry]
) -> tuple[list[Pair], tuple[str, ...]]:
    """Pairs of different people, but for those within a crowd, and a sentence that says so."""
    person = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
    pairs = pairs[person[pairs[:, 0]] != person[pairs[:, 1]]]
    both_ways = np.concatenate([pairs, pairs[:, ::-1]])
    of_people = np.unique(np.stack([both_ways[:, 0], person[both_ways[:, 1]]], axis=1), axis=0)
    people = np.bincount(of_people[:, 0], minlength=len(entries))  # as whose clips each one moves
    crowded = people > _MANY_PEOPLE * person.max()
    not_checked: tuple[str, ...] = ()
    if crowded.sum() > _CROWD * len(entries):
        pairs = pairs[~(crowded[pairs[:, 0]] & crowded[pairs[:, 1]])]
        not_checked = (
            f"{crowded.sum()} of {len(entries)} clips move as clips of more than a quarter of the other "
            "people, which is what these clips are like, not what was copied: motion was not held against "
            "them.",
        )
    return [Pair(int(i), int(j), "move the same") for i, j in pairs], not_checked


def find_same_pictures(entries: Sequence[RecordingEntry]) -> Iterator[Pair]:
    """Pairs of different people whose pictures differ in far fewer bits than is usual for their sources."""
    lengths = {len(entry.picture_hash) for entry in entries}
    for length in sorted(lengths - {0}):
        known = [i for i, entry in enumerate(entries) if len(entry.picture_hash) == length]
        pictures = _Pictures.of([entries[i] for i in known])
        most = pictures.limits()
        for rows, apart in pictures.blocks():
            close = apart < most[pictures.source[rows]][:, pictures.source]
            close &= pictures.person[rows, None] != pictures.person
            for row, other in np.argwhere(close):
                one = row + rows.start
                if one < other:
                    share = float(apart[row, other]) / pictures.bits.shape[1]
                    evidence = f"show the same picture ({100 * share:.0f} % of its bits differ)"
                    yield Pair(known[one], known[other], evidence)


@dataclass(frozen=True, eq=False)
class _Pictures:
    """The bits of N clips as -1 and 1, and the numbers of their people and of their sources."""

    bits: Float32[np.ndarray, "N B"]
    person: Int64[np.ndarray, " N"]
    source: Int64[np.ndarray, " N"]

    @classmethod
    def of(cls, entries: Sequence[RecordingEntry]) -> "_Pictures":
        raw = np.array([np.frombuffer(bytes.fromhex(entry.picture_hash), np.uint8) for entry in entries])
        person = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
        source = np.unique([entry.source for entry in entries], return_inverse=True)[1]
        return cls(np.unpackbits(raw, axis=1).astype(np.float32) * 2 - 1, person, source)

    def blocks(self) -> Iterator[tuple[slice, Float32[np.ndarray, "n N"]]]:
        """Some clips, and in how many bits each differs from all."""
        for start in range(0, len(self.bits), _BLOCK):
            rows = slice(start, start + _BLOCK)
            yield rows, (self.bits.shape[1] - self.bits[rows] @ self.bits.T) / 2

    def limits(self) -> Float32[np.ndarray, "S S"]:
        """Below how many differing bits two clips of two sources show the same picture."""
        n_bits, n_sources = self.bits.shape[1], int(self.source.max()) + 1
        counts = np.zeros((n_sources, n_sources, n_bits + 1), np.int64)
        for rows, apart in self.blocks():
            strangers = self.person[rows, None] != self.person
            for one in range(n_sources):
                for other in range(n_sources):
                    both = strangers & (self.source[rows, None] == one) & (self.source == other)
                    counts[one, other] += np.bincount(apart[both].astype(np.int64), minlength=n_bits + 1)
        few = counts.sum(axis=2) < _ENOUGH_PAIRS
        counts[few] = counts.sum(axis=(0, 1))
        reached = counts.cumsum(axis=2)
        usual = (4 * reached >= reached[:, :, -1:]).argmax(axis=2)
        return np.minimum(_BELOW_USUAL * usual, _SAME_PICTURE * n_bits).astype(np.float32)
