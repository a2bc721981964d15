"""From the videos of a corpus to the same tree of avatars' videos.

Conventions
-----------
Clips keep their ids, so originals and avatars are paired by id, and what takes a corpus takes the avatars.
Beside each video a JSON says what made it. A clip that is done already is skipped, so a stopped run can go
on; nothing appears that is not whole. A folder holds avatars of one look.
A clip without a face is named in ``failures.csv``, and the others go on. What ``corpus.csv`` says of the
clips is copied beside the avatars.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from amber_id.avatarize.glb.read import AvatarFile, naming, read_avatar
from amber_id.avatarize.job import RECORDING_SUFFIX, AvatarizeConfig, DriveFolders, Job
from amber_id.avatarize.ravas.clip import remove_killed
from amber_id.avatarize.ravas.run import RavasSetup
from amber_id.avatarize.renderer import Framing, drawing_driver
from amber_id.avatarize.rig import Rig
from amber_id.corpora import Clip, Corpus, copy_corpus_file, find_corpus
from amber_id.corpora.leftovers import remove_leftovers
from amber_id.errors import CorpusError
from amber_id.locks import hold_lock
from amber_id.recordings import Failure, holds_recordings, write_index
from amber_id.tracking import ClipEvent, CorpusSummary, ModelBundle, select_shard
from amber_id.tracking.clip_runs import (
    ClipOutcome,
    Shard,
    ShareConfig,
    beside_clips,
    check_numbers,
    failures_of,
    not_clips,
    note_states,
    summary_of,
    warnings_of,
    work_on_clips,
    worked_on,
    write_clip_tables,
)
from amber_id.tracking.video_state import read_states

_LOCK = ".amber-tables.lock"


def find_clips(folder: Path) -> Corpus:
    """The clips in a corpus folder, which holds videos or recordings.

    Raises
    ------
    CorpusError
        If it holds both, or as `find_corpus` does.
    """
    if not holds_recordings(folder):
        return find_corpus(folder)
    try:
        find_corpus(folder)
    except CorpusError:
        return find_corpus(folder, {RECORDING_SUFFIX})
    raise CorpusError(f"{folder}: holds videos and recordings; keep them in two folders")


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
        If arguments cannot work together, `out` lies in the corpus, or holds avatars of another look.
    """
    share = ShareConfig(workers=workers, shard=shard)
    file = read_avatar(avatar)
    job = Job(out, avatar, file.sha256, model, config, drives or DriveFolders(), ravas)
    job.check(corpus)
    _check_can_be_drawn(file, by_ravas=ravas is not None)
    began = time.monotonic()
    part = select_shard(corpus, share.shard).clips
    _prepare_folders(job, corpus, part)
    states, unsure = read_states(out), list[Failure]()
    outcomes = work_on_clips(
        part,
        lambda clip: job.is_done(clip, states, unsure),
        job.make,
        workers=share.workers,
        on_progress=on_progress,
    )
    for clip, outcome in outcomes.items():
        if outcome.failure:
            job.forget(clip)
    failures = [*failures_of(outcomes, "avatarize"), *not_clips(corpus)]
    warnings = warnings_of(outcomes, "avatarize")
    _write_tables(job, corpus, outcomes, failures, warnings)
    wall_s = time.monotonic() - began
    return summary_of(part, outcomes, failures, warnings, wall_s, stage="avatarize", unsure=unsure)


def _prepare_folders(job: Job, corpus: Corpus, part: Sequence[Clip]) -> None:
    """Check the folders that are written to, and remove from them what killed runs have left."""
    job.check_others(tuple(sorted(set(corpus.clips) - set(part), key=lambda clip: clip.id)))
    for folder in (job.out, job.drives.keep_in):
        if folder is not None:
            check_numbers(corpus, folder)
            remove_leftovers(folder)
            copy_corpus_file(corpus.root, folder)
    remove_killed(job.out)


def _write_tables(
    job: Job,
    corpus: Corpus,
    outcomes: Mapping[Clip, ClipOutcome],
    failures: Sequence[Failure],
    warnings: Sequence[Failure],
) -> None:
    """Write the tables of clips that failed or are not whole, and note the state of the originals."""
    acquired = {clip.id for clip in corpus.clips if job.video_of(clip).is_file()}
    with hold_lock(job.out / _LOCK):
        write_clip_tables(
            job.out,
            "avatarize",
            failures,
            [*warnings, *beside_clips(corpus)],
            untouched={clip.id for clip in set(corpus.clips) - set(worked_on(outcomes))},
            acquired=acquired,
        )
        note_states(job.out, corpus, outcomes, acquired)
    if job.drives.keep_in is not None:
        with hold_lock(job.drives.keep_in / _LOCK):
            write_index(job.drives.keep_in)


def _check_can_be_drawn(avatar: AvatarFile, *, by_ravas: bool) -> None:
    """Refuse what could not be drawn, before anything is tracked; raises as `avatarize_corpus` does."""
    with naming(avatar.path):
        Framing.of(Rig(avatar.avatar))
    if not by_ravas:
        drawing_driver()
