"""From the videos of a corpus to a folder of recordings, and a list of the clips that gave none.

Conventions
-----------
A clip that cannot be tracked is named with its reason in ``failures.csv``, and the others go on.
A clip that ends early is kept from 1 s on, and named in ``warnings.csv``.
A clip that has a recording by the same tracker and model already is skipped, so a stopped run can go on.
Results do not depend on the number of workers, their order, or how the corpus is cut into shards.
What ``corpus.csv`` says of the clips is copied beside their recordings.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from amber_id.atomic_files import hold_lock
from amber_id.corpora import Clip, Corpus, copy_corpus_file, find_subject_folders
from amber_id.errors import ClipError, CorpusError, FileFormatError
from amber_id.recordings import (
    Failure,
    Recording,
    read_failures,
    read_header,
    save_recording,
    write_failures,
    write_index,
)
from amber_id.tracking.landmarker import TRACKER, tracker_version
from amber_id.tracking.model_bundle import ModelBundle
from amber_id.tracking.one_clip import record_clip
from amber_id.tracking.video import probe_video
from amber_id.workers import Died, run_in_workers, usable_cores

_WARNINGS = "warnings.csv"
# landmarks, timestamp, tracked, blendshapes, pose
_BYTES_PER_FRAME = 478 * 3 * 4 + 8 + 1 + 52 * 4 + 16 * 4
_OF_THE_WHOLE = {"find", "pair"}  # stages whose rows every run writes anew, for the whole corpus
_PROBED_CLIPS = 200
_USUAL_FRAMES = 100

_logger = logging.getLogger("amber_id")

Shard = tuple[int, int]


class TrackConfig(BaseModel):
    """How `track_corpus` shares out its work; no field changes a recording."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int | None = Field(default=None, ge=1)  # processes; None is one per core
    shard: Shard | None = None  # (i, n): the i-th of n parts of the clips, counted from 1

    @field_validator("shard")
    @classmethod
    def _check_shard(cls, shard: Shard | None) -> Shard | None:
        if shard is not None and not 1 <= shard[0] <= shard[1]:
            raise ValueError(f"shard must be i/n with 1 <= i <= n, got {shard[0]}/{shard[1]}")
        return shard


@dataclass(frozen=True)
class TrackEvent:
    """One clip is finished: acquired with so many frames, skipped, or not `ok` for a reason."""

    clip: str
    frames: int
    ok: bool
    skipped: bool = False
    reason: str = ""


@dataclass(frozen=True)
class TrackSummary:
    """What a run of `track_corpus` did.

    `done` and `skipped` count clips; `failures` are this run's, what `find_corpus` could not take as a clip
    (stage ``find``), and the only clips of their people (stage ``pair``), which are kept all the same;
    `frames` were tracked in `wall_s` seconds; `warnings` are clips that are not whole.
    """

    done: int
    skipped: int
    failures: tuple[Failure, ...]
    frames: int
    wall_s: float
    warnings: tuple[Failure, ...] = ()


def track_clip(clip: Clip, model: ModelBundle) -> Recording:
    """Track one clip, in a process of its own.

    Raises
    ------
    ClipError
        If the clip cannot be read, has fewer than 2 frames, shows no face, or is damaged before 1 s.
    """
    ((_, result),) = run_in_workers([clip], partial(record_clip, model=model), workers=1)
    if isinstance(result, Died):
        raise ClipError(clip.id, result.reason)
    recording, warning = result
    if warning:
        _logger.warning("%s: %s", clip.id, warning)
    return recording


def track_corpus(
    corpus: Corpus,
    out: Path,
    model: ModelBundle,
    *,
    workers: int | None = None,
    shard: Shard | None = None,
    on_progress: Callable[[TrackEvent], None] | None = None,
) -> TrackSummary:
    """Track every clip of `corpus`, or of its `shard`, into `out`.

    Writes a recording per clip, ``recordings.csv``, ``failures.csv`` and, if a clip is not whole,
    ``warnings.csv``; copies ``corpus.csv`` where `corpus` has one. Other shards may write to the same folder
    at the same time. `on_progress` is called once per clip.

    Raises
    ------
    AmberError
        If `out` cannot be written, e.g. because the disk is full; what is done so far stays.
    CorpusError
        If `out` holds recordings of another folder with the number of one in `corpus`.
    FileFormatError
        If the ``corpus.csv`` of `corpus` does not fit; nothing is tracked then.
    """
    config = TrackConfig(workers=workers, shard=shard)
    began = time.monotonic()
    tell = on_progress or _tell_nobody
    part = select_shard(corpus, config.shard).clips
    _check_numbers(corpus, out)
    copy_corpus_file(corpus.root, out)
    version = tracker_version()
    todo = [clip for clip in part if not _is_done(_recording_path(out, clip), version, model)]
    for clip in sorted(set(part) - set(todo), key=lambda clip: clip.id):
        tell(TrackEvent(clip.id, frames=0, ok=True, skipped=True))
    outcomes: dict[Clip, _Outcome] = {}
    work = partial(_acquire, out=out, model=model)
    for clip, result in run_in_workers(_largest_first(todo), work, config.workers or usable_cores()):
        outcome = _Outcome(0, failure=result.reason) if isinstance(result, Died) else result
        outcomes[clip] = outcome
        if outcome.failure:  # what another model made of it must not pass for this one's
            _recording_path(out, clip).unlink(missing_ok=True)
        tell(TrackEvent(clip.id, outcome.frames, ok=not outcome.failure, reason=outcome.failure))
    failures = [Failure(c.id, c.subject, "track", o.failure) for c, o in outcomes.items() if o.failure]
    warnings = [Failure(c.id, c.subject, "track", o.warning) for c, o in outcomes.items() if o.warning]
    found = [*_not_clips(corpus), *_single_clips(corpus, out)]
    _write_tables(out, corpus, set(todo), [*failures, *found], warnings)
    return TrackSummary(
        done=len(todo) - len(failures),
        skipped=len(part) - len(todo),
        failures=tuple(sorted([*failures, *found], key=astuple)),
        frames=sum(outcome.frames for outcome in outcomes.values()),
        wall_s=time.monotonic() - began,
        warnings=tuple(sorted(warnings, key=astuple)),
    )


def select_shard(corpus: Corpus, shard: Shard | None) -> Corpus:
    """Keep the clips of shard ``(i, n)``: every n-th from the i-th on, by id. None keeps all."""
    if shard is None:
        return corpus
    i, n = shard
    return replace(corpus, clips=corpus.clips[i - 1 :: n])


def estimate_bytes(corpus: Corpus) -> int:
    """About how many bytes the recordings of `corpus` will take, from what its videos claim.

    At most 200 videos are opened; the others are taken to be like them. Videos that cannot be opened count 0.
    """
    clips = corpus.clips[:: -(-len(corpus.clips) // _PROBED_CLIPS) or 1]
    frames = []
    for clip in clips:
        try:
            frames.append(probe_video(clip.path, clip.id).frames or _USUAL_FRAMES)
        except ClipError:
            frames.append(0)
    return round(sum(frames) * _BYTES_PER_FRAME * len(corpus.clips) / max(1, len(clips)))


@dataclass(frozen=True)
class _Outcome:
    """What became of one clip, small enough to travel between processes."""

    frames: int
    failure: str = ""
    warning: str = ""


def _acquire(clip: Clip, out: Path, model: ModelBundle) -> _Outcome:
    """Track one clip and write its recording; runs in a worker."""
    try:
        recording, warning = record_clip(clip, model)
    except ClipError as error:
        return _Outcome(0, failure=error.reason)
    save_recording(recording, _recording_path(out, clip))
    return _Outcome(len(recording.timestamps), warning=warning)


def _recording_path(out: Path, clip: Clip) -> Path:
    return out / f"{clip.id}.safetensors"


def _is_done(path: Path, version: str, model: ModelBundle) -> bool:
    if not path.is_file():
        return False
    try:
        header = read_header(path)
    except FileFormatError:
        return False
    return (header.tracker, header.tracker_version, header.model_sha256) == (TRACKER, version, model.sha256)


def _largest_first(clips: Sequence[Clip]) -> list[Clip]:
    """Long clips first, so that no worker is left with one at the end; the order changes no result."""

    def size(clip: Clip) -> int:
        try:
            return clip.path.stat().st_size
        except OSError:
            return 0

    return sorted(clips, key=lambda clip: (-size(clip), clip.id))


def _check_numbers(corpus: Corpus, out: Path) -> None:
    """Refuse an output folder in which a number already belongs to another person."""
    if not out.exists():
        return
    names = {clip.subject: clip.path.parent.name for clip in corpus.clips}
    for person in find_subject_folders(out):
        if names.get(person.subject, person.path.name) != person.path.name:
            raise CorpusError(
                f"{out}: {person.path.name} in it has the number of {names[person.subject]}; "
                "write to another folder, or delete what is no longer wanted"
            )


def _not_clips(corpus: Corpus) -> list[Failure]:
    rows = []
    for path, reason in corpus.problems:
        name = path.relative_to(corpus.root).as_posix().encode(errors="replace").decode()
        rows.append(Failure(name, "", "find", reason))
    return rows


def _single_clips(corpus: Corpus, out: Path) -> list[Failure]:
    """People of whom one clip alone was acquired; it is kept, but a mated comparison takes two."""
    acquired = [clip for clip in corpus.clips if _recording_path(out, clip).is_file()]
    number = Counter(clip.subject for clip in acquired)
    reason = "the only clip of its person, so no mated comparison; add another"
    return [Failure(c.id, c.subject, "pair", reason) for c in acquired if number[c.subject] == 1]


def _write_tables(
    out: Path, corpus: Corpus, todo: set[Clip], failures: Sequence[Failure], warnings: Sequence[Failure]
) -> None:
    """Write the tables; rows of clips that this run did not touch, but that are still in the corpus, stay."""
    others = {clip.id for clip in set(corpus.clips) - todo}
    acquired = {clip.id for clip in corpus.clips if _recording_path(out, clip).is_file()}
    with hold_lock(out / ".amber-tables.lock"):
        write_index(out)
        failed = [row for row in read_failures(out) if row.stage not in _OF_THE_WHOLE]
        kept = [row for row in failed if row.stage != "track" or row.clip in others - acquired]
        write_failures(out, [*kept, *failures])
        warned = read_failures(out, _WARNINGS)
        if warned or warnings:
            kept = [row for row in warned if row.clip in others & acquired]
            write_failures(out, [*kept, *warnings], _WARNINGS)


def _tell_nobody(event: TrackEvent) -> None:
    """Stands in where nobody asked for the progress."""
