"""From the videos of a corpus to the same tree of avatars' videos.

Conventions
-----------
Clips keep their ids, so originals and avatars are paired by id, and what takes a corpus takes the avatars.
Beside each video a JSON says what made it. A clip whose video was made with the same avatar and settings
already is skipped, so a stopped run can go on; nothing appears that is not whole.
A clip without a face is named in ``failures.csv``, and the others go on. What ``corpus.csv`` says of the
clips is copied beside the avatars.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from amber_id.atomic_files import hold_lock
from amber_id.avatarize.avatar_clip import AvatarClip, Engine, NoFace, read_avatar_clip
from amber_id.avatarize.glb_read import read_avatar
from amber_id.avatarize.one_avatar import draw_clip
from amber_id.avatarize.ravas import RavasSetup
from amber_id.avatarize.ravas_clip import ravas_clip
from amber_id.avatarize.renderer import FEWEST_PIXELS, MOST_PIXELS
from amber_id.corpora import Clip, Corpus, copy_corpus_file, find_corpus
from amber_id.errors import ClipError, FileFormatError, UsageError
from amber_id.recordings import Recording, load_recording, save_recording, scan_recordings, write_index
from amber_id.tracking import ClipEvent, CorpusSummary, ModelBundle, select_shard
from amber_id.tracking.clip_runs import (
    ClipOutcome,
    Shard,
    ShareConfig,
    check_numbers,
    failures_of,
    not_clips,
    summary_of,
    warnings_of,
    work_on_clips,
    write_clip_tables,
)
from amber_id.tracking.one_clip import record_clip
from amber_id.tracking.track import recording_path

RECORDING_SUFFIX = ".safetensors"

_LOCK = ".amber-tables.lock"


class AvatarizeConfig(BaseModel):
    """How avatars look; every field but `engine` changes the pictures of a clip that is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Engine = "builtin"
    size: int = Field(
        default=512, ge=FEWEST_PIXELS, le=MOST_PIXELS, multiple_of=2
    )  # width and height, pixels
    no_face: NoFace = "hold"  # what a frame without a face shows: the last expression, or nothing


@dataclass(frozen=True)
class DriveFolders:
    """Where recordings of the originals are read (`read_from`) instead of tracked, or kept (`keep_in`)."""

    read_from: Path | None = None
    keep_in: Path | None = None


def find_clips(folder: Path) -> Corpus:
    """The clips in a corpus folder: recordings if there are any, else videos.

    Raises
    ------
    CorpusError
        As `find_corpus` does.
    """
    return find_corpus(folder, {RECORDING_SUFFIX}) if scan_recordings(folder) else find_corpus(folder)


def avatarize_corpus(
    corpus: Corpus,
    out: Path,
    avatar: Path,
    model: ModelBundle | None,
    config: AvatarizeConfig,
    *,
    drives: DriveFolders | None = None,
    ravas: RavasSetup | None = None,
    workers: int | None = None,
    shard: Shard | None = None,
    on_progress: Callable[[ClipEvent], None] | None = None,
) -> CorpusSummary:
    """Make every clip of `corpus`, or of its `shard`, an avatar's video under `out`.

    Clips are videos, or recordings (a corpus found with `RECORDING_SUFFIX`), which have no sound. `model` may
    be None where nothing is tracked: clips are recordings, or all are read from `drives`, or RAVAS tracks.
    Writes a video and a JSON per clip, ``failures.csv`` and, if a clip is not whole, ``warnings.csv``.

    Raises
    ------
    AmberError
        If `out` cannot be written; what is done so far stays.
    AvatarError
        If `avatar` cannot be used.
    CorpusError
        If `out` holds clips of another folder with the number of one in `corpus`.
    MissingDependencyError
        If a library is missing.
    UsageError
        If the engine is RAVAS and `ravas` or a video is lacking.
    """
    share = ShareConfig(workers=workers, shard=shard)
    job = _Job(out, avatar, read_avatar(avatar).sha256, model, config, drives or DriveFolders(), ravas)
    job.check(corpus)
    began = time.monotonic()
    part = select_shard(corpus, share.shard).clips
    check_numbers(corpus, out)
    copy_corpus_file(corpus.root, out)
    outcomes = work_on_clips(
        part, job.is_done, partial(_make, job=job), workers=share.workers, on_progress=on_progress
    )
    for clip, outcome in outcomes.items():
        if outcome.failure:  # what other settings made of it must not pass for these
            for suffix in (".json", ".mp4"):
                (out / f"{clip.id}{suffix}").unlink(missing_ok=True)
    failures = [*failures_of(outcomes, "avatarize"), *not_clips(corpus)]
    warnings = warnings_of(outcomes, "avatarize")
    with hold_lock(out / _LOCK):
        write_clip_tables(
            out,
            "avatarize",
            failures,
            warnings,
            untouched={clip.id for clip in set(corpus.clips) - set(outcomes)},
            acquired={clip.id for clip in corpus.clips if (out / f"{clip.id}.mp4").is_file()},
        )
    if job.drives.keep_in is not None:
        with hold_lock(job.drives.keep_in / _LOCK):
            write_index(job.drives.keep_in)
            copy_corpus_file(corpus.root, job.drives.keep_in)
    return summary_of(part, outcomes, failures, warnings, time.monotonic() - began)


@dataclass(frozen=True)
class _Job:
    """What every clip of a run has in common; travels to the workers."""

    out: Path
    avatar: Path
    avatar_sha256: str
    model: ModelBundle | None
    config: AvatarizeConfig
    drives: DriveFolders
    ravas: RavasSetup | None

    def check(self, corpus: Corpus) -> None:
        """Refuse arguments that cannot work together; raises UsageError."""
        by_ravas = self.config.engine == "ravas"
        recordings = {clip.path.suffix == RECORDING_SUFFIX for clip in corpus.clips}
        if by_ravas != (self.ravas is not None):
            raise UsageError("--engine ravas and --ravas, the folder of its checkout, go together")
        if by_ravas and (self.drives != DriveFolders() or True in recordings):
            raise UsageError("--engine ravas tracks videos itself: leave out --save-drive and --from-drive")
        tracks = not by_ravas and False in recordings and self.drives.read_from is None
        if tracks and self.model is None:
            raise UsageError("a face landmarker is needed to track videos; name one, or --from-drive")

    def is_done(self, clip: Clip) -> bool:
        """Whether it was made with this avatar, these settings and this model, from a file of this size."""
        video = self.out / f"{clip.id}.mp4"
        keep = self.drives.keep_in
        if not video.is_file() or (keep is not None and not recording_path(keep, clip).is_file()):
            return False
        try:
            said = read_avatar_clip(video.with_suffix(".json"))
            size = clip.path.stat().st_size
        except (FileFormatError, OSError):
            return False
        tracks = self.config.engine == "builtin" and self.drives.read_from is None
        tracks = tracks and clip.path.suffix != RECORDING_SUFFIX
        return (
            AvatarizeConfig(engine=said.engine, size=said.size, no_face=said.no_face) == self.config
            and said.avatar_sha256 == self.avatar_sha256
            and said.source_bytes == size
            and (not tracks or self.model is None or said.model_sha256 == self.model.sha256)
        )


def _make(clip: Clip, job: _Job) -> ClipOutcome:
    """Make one clip's avatar; runs in a worker."""
    try:
        said = _made(clip, job)
    except ClipError as error:
        return ClipOutcome(0, failure=error.reason)
    return ClipOutcome(said.frames, warning=said.warning)


def _made(clip: Clip, job: _Job) -> AvatarClip:
    if job.ravas is not None:
        return ravas_clip(
            clip,
            job.ravas,
            job.avatar_sha256,
            job.out,
            size=job.config.size,
            no_face=job.config.no_face,
        )
    recording, warning = _recorded(clip, job)
    return draw_clip(
        clip,
        recording,
        job.avatar,
        job.out,
        size=job.config.size,
        no_face=job.config.no_face,
        warning=warning,
    )


def _recorded(clip: Clip, job: _Job) -> tuple[Recording, str]:
    """The recording that drives a clip, and why it is not whole."""
    if clip.path.suffix == RECORDING_SUFFIX:
        return load_recording(clip.path), ""
    if job.drives.read_from is not None:
        path = recording_path(job.drives.read_from, clip)
        if not path.is_file():
            raise ClipError(clip.id, f"no recording of it at {path}")
        return load_recording(path), ""
    assert job.model is not None
    recording, warning = record_clip(clip, job.model)
    if job.drives.keep_in is not None:
        save_recording(recording, recording_path(job.drives.keep_in, clip))
    return recording, warning
