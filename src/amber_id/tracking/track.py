"""From the videos of a corpus to a folder of recordings, and a list of the clips that gave none.

Conventions
-----------
A clip that ends early is kept from 1 s on, and named in ``warnings.csv``.
A clip that has a recording of the same video by the same tracker and model is skipped, so a stopped run can
go on; whether a video is the same is found out as `video_state.py` says. A recording that does not say which
video it was made of stays unless the video is newer, and is named.
A folder has one point set, that of its tracker: to go on in it with the points of another is refused.
What ``corpus.csv`` says of the clips is copied beside their recordings. See `clip_runs.py` for the rest.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from amber_id.corpora import Clip, Corpus, copy_corpus_file, find_subject_folders
from amber_id.corpora.leftovers import remove_leftovers
from amber_id.errors import ClipError, CorpusError, FileFormatError, UsageError
from amber_id.locks import hold_lock
from amber_id.recordings import (
    Failure,
    PointSet,
    Recording,
    RecordingHeader,
    read_header,
    save_recording,
    write_index,
)
from amber_id.tracking.clip_runs import (
    ClipEvent,
    ClipOutcome,
    CorpusSummary,
    Shard,
    ShareConfig,
    beside_clips,
    check_numbers,
    estimate_frames,
    failures_of,
    not_clips,
    note_states,
    outcome_if_same,
    select_shard,
    summary_of,
    warnings_of,
    work_on_clips,
    worked_on,
    write_clip_tables,
)
from amber_id.tracking.one_clip import record_clip
from amber_id.tracking.tracker import Tracker
from amber_id.tracking.video_state import FileState, OneFile, read_states
from amber_id.workers import Died, run_in_workers

# landmarks, timestamp, tracked, blendshapes, pose
_BYTES_PER_FRAME = 478 * 3 * 4 + 8 + 1 + 52 * 4 + 16 * 4

_logger = logging.getLogger("amber_id")


def track_clip(clip: Clip, tracker: Tracker) -> Recording:
    """Track one clip, in a process of its own.

    Raises
    ------
    ClipError
        If the clip cannot be read, has fewer than 2 frames, shows no face, or is damaged before 1 s.
    """
    ((_, result),) = run_in_workers([clip], partial(record_clip, tracker=tracker), workers=1)
    if isinstance(result, Died):
        raise ClipError(clip.id, result.reason)
    recording, warning = result
    if warning:
        _logger.warning("%s: %s", clip.id, warning)
    return recording


def track_corpus(
    corpus: Corpus,
    out: Path,
    tracker: Tracker,
    *,
    workers: int | None = None,
    shard: Shard | None = None,
    on_progress: Callable[[ClipEvent], None] | None = None,
) -> CorpusSummary:
    """Track every clip of `corpus`, or of its `shard`, into `out`.

    Writes a recording per clip, ``recordings.csv``, ``failures.csv`` and, if a clip is not whole or something
    else lies beside the clips, ``warnings.csv``; copies ``corpus.csv`` where `corpus` has one. Other shards
    may write to the same folder at the same time. `on_progress` is called once per clip.

    Raises
    ------
    AmberError
        If `out` cannot be written, e.g. because the disk is full; what is done so far stays.
    CorpusError
        If `out` holds recordings of another folder with the number of one in `corpus`, or recordings with
        other points than those of `tracker`.
    UsageError
        If `out` is the folder of the videos.
    FileFormatError
        If the ``corpus.csv`` of `corpus` does not fit; nothing is tracked then.
    """
    config = ShareConfig(workers=workers, shard=shard)
    began = time.monotonic()
    part = select_shard(corpus, config.shard).clips
    check_apart(corpus, out)
    check_numbers(corpus, out)
    _check_point_set(out, tracker.point_set)
    remove_leftovers(out)
    copy_corpus_file(corpus.root, out)
    states, unsure = read_states(out), list[Failure]()
    outcomes = work_on_clips(
        part,
        lambda clip: _is_done(clip, out, tracker, states, unsure),
        partial(_acquire, out=out, tracker=tracker),
        workers=config.workers,
        on_progress=on_progress,
    )
    for clip, outcome in outcomes.items():
        if outcome.failure:  # a recording by another model, or of another video, must not pass for this one's
            recording_path(out, clip).unlink(missing_ok=True)
    failures = _write_tables(corpus, out, outcomes)
    wall_s = time.monotonic() - began
    warnings = warnings_of(outcomes, "track")
    return summary_of(part, outcomes, failures, warnings, wall_s, stage="track", unsure=unsure)


def _write_tables(corpus: Corpus, out: Path, outcomes: Mapping[Clip, ClipOutcome]) -> list[Failure]:
    """Write the index, the failures, the warnings and the states of the videos; gives the failures."""
    acquired = {clip.id for clip in corpus.clips if recording_path(out, clip).is_file()}
    failures = [*failures_of(outcomes, "track"), *not_clips(corpus), *single_clips(corpus, out)]
    with hold_lock(out / ".amber-tables.lock"):
        write_index(out)
        write_clip_tables(
            out,
            "track",
            failures,
            [*warnings_of(outcomes, "track"), *beside_clips(corpus)],
            untouched={clip.id for clip in set(corpus.clips) - set(worked_on(outcomes))},
            acquired=acquired,
        )
        note_states(out, corpus, outcomes, acquired)
    return failures


def check_apart(corpus: Corpus, out: Path) -> None:
    """Refuse to write recordings among the videos; raises UsageError."""
    place, people = (
        out.resolve(),
        {folder.resolve() for folder in {clip.path.parent for clip in corpus.clips}},
    )
    if place == corpus.root.resolve() or people & {place, *place.parents}:
        raise UsageError(f"{out}: holds the videos; write the recordings to another folder, e.g. recordings")


def estimate_bytes(corpus: Corpus) -> int:
    """About how many bytes the recordings of `corpus` will take, from what its videos claim."""
    return estimate_frames(corpus) * _BYTES_PER_FRAME


def recording_path(out: Path, clip: Clip) -> Path:
    """Where the recording of a clip is in a folder of recordings."""
    return out / f"{clip.id}.safetensors"


def is_tracked(path: Path, tracker: Tracker) -> bool:
    """Whether there is a recording by this tracker, of this version and with this model."""
    return _header_by(tracker, path) is not None


def _header_by(tracker: Tracker, path: Path) -> RecordingHeader | None:
    """The header of a recording by this tracker, None where there is no such recording."""
    if not path.is_file():
        return None
    try:
        header = read_header(path)
    except FileFormatError:
        return None
    wanted = (tracker.name, tracker.version, tracker.model_sha256)
    own = (header.tracker, header.tracker_version, header.model_sha256)
    return header if own == wanted else None


def _is_done(
    clip: Clip, out: Path, tracker: Tracker, states: Mapping[str, FileState], unsure: list[Failure]
) -> bool:
    """Whether a clip has a recording of its video, as far as can be told without reading the video.

    What will never be known is added to `unsure`.
    """
    path = recording_path(out, clip)
    header, now = _header_by(tracker, path), FileState.of(clip.path)
    if header is None:
        return False
    if header.video_sha256:
        return now is not None and now == states.get(clip.id)
    if now is not None and now.modified_ns > path.stat().st_mtime_ns:
        return False
    unsure.append(Failure(clip.id, clip.subject, "track", "its recording does not say of which video it is"))
    return True


def _acquire(clip: Clip, out: Path, tracker: Tracker) -> ClipOutcome:
    """Track one clip and write its recording, unless it is there; runs in a worker."""
    path, file = recording_path(out, clip), OneFile(clip.path, clip.id)
    header = _header_by(tracker, path)
    if header is None:
        anew = "its recording was not of this tracker, version and model" if path.exists() else ""
    elif not header.video_sha256:
        anew = "its video is newer than its recording"
    elif (unchanged := outcome_if_same(file, header.video_sha256)) is not None:
        return unchanged
    else:
        anew = "its video is another than the one that its recording was made of"
    try:
        recording, warning = record_clip(clip, tracker)
    except ClipError as error:
        return ClipOutcome(0, failure=error.reason)
    save_recording(recording, path)
    return ClipOutcome(len(recording.timestamps), warning=warning, anew=anew, state=file.state)


def _check_point_set(out: Path, point_set: PointSet) -> None:
    """Refuse a folder whose recordings have other points; what cannot be read is tracked again."""
    for person in find_subject_folders(out) if out.exists() else ():
        for path in sorted(person.path.rglob("[!.]*.safetensors")):
            try:
                header = read_header(path)
            except FileFormatError:
                continue
            if header.point_set != point_set:
                raise CorpusError(
                    f"{out}: holds recordings by {header.tracker} ({header.point_set}), this tracker gives "
                    f"{point_set}; write to another folder, or delete what is no longer wanted"
                )


def single_clips(corpus: Corpus, out: Path) -> list[Failure]:
    """People of whom one clip alone was acquired; it is kept, but a mated comparison takes two."""
    acquired = [clip for clip in corpus.clips if recording_path(out, clip).is_file()]
    number = Counter(clip.subject for clip in acquired)
    reason = "the only clip of its person, so no mated comparison; add another"
    return [Failure(c.id, c.subject, "pair", reason) for c in acquired if number[c.subject] == 1]
