"""How does the work on every clip of a corpus share its processes, and say what was lost?

Conventions
-----------
A clip that cannot be worked on is named with its reason in ``failures.csv``, and the others go on; one that
gave less than the whole is named in ``warnings.csv``. Several machines may work on shards of one corpus and
write to one folder. Results do not depend on the number of workers, their order, or the shards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from amber_id.corpora import Clip, Corpus, CorpusProblem, find_subject_folders
from amber_id.errors import ClipError, CorpusError
from amber_id.names import composed
from amber_id.recordings import Failure, read_failures, write_failures
from amber_id.tracking.video import probe_video
from amber_id.tracking.video_state import FileState, OneFile, read_states, write_states
from amber_id.workers import Died, run_in_workers, usable_cores

_WARNINGS = "warnings.csv"
_OF_THE_WHOLE = {"find", "pair"}  # stages whose rows every run writes anew, for the whole corpus
_PROBED_CLIPS = 200
_USUAL_FRAMES = 100

Shard = tuple[int, int]


class ShareConfig(BaseModel):
    """How the work on a corpus is shared out; no field changes a result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int | None = Field(default=None, ge=1)  # processes; None is one per core
    shard: Shard | None = None  # (i, n): the i-th of n parts of the clips, counted from 1

    @field_validator("shard")
    @classmethod
    def _check_shard(cls, shard: Shard | None) -> Shard | None:
        if shard is not None and not 1 <= shard[0] <= shard[1]:
            raise ValueError(f"must be i/n with 1 <= i <= n, got {shard[0]}/{shard[1]}")
        return shard


@dataclass(frozen=True)
class ClipEvent:
    """One clip is finished: so many frames, skipped because it was there, or not `ok` for a reason."""

    clip: str
    frames: int
    ok: bool
    skipped: bool = False
    reason: str = ""


@dataclass(frozen=True)
class ClipOutcome:
    """What became of one clip, small enough to travel between processes.

    `skipped` says that its result was there and is of the same video, `unsure` why that could not be found
    out, `anew` why a result that was there was made anew. `state` is that of the video before it was read.
    """

    frames: int
    failure: str = ""
    warning: str = ""
    skipped: bool = False
    unsure: str = ""
    anew: str = ""
    state: FileState | None = None


@dataclass(frozen=True)
class CorpusSummary:
    """What a run over a corpus did.

    `done` and `skipped` count clips; `failures` are this run's, what `find_corpus` could not take as a clip
    (stage ``find``), and what else was found of the whole corpus (stage ``pair``: the only clips of their
    people, kept all the same); `frames` were worked on in `wall_s` seconds; `warnings` are clips not whole.
    `anew` are the clips that had a result, and why it was made anew; `unsure` those whose result was kept
    though it may be of another video than the one that is there, and why.
    """

    done: int
    skipped: int
    failures: tuple[Failure, ...]
    frames: int
    wall_s: float
    warnings: tuple[Failure, ...] = ()
    anew: tuple[Failure, ...] = ()
    unsure: tuple[Failure, ...] = ()


def select_shard(corpus: Corpus, shard: Shard | None) -> Corpus:
    """Keep the clips of shard ``(i, n)``: every n-th from the i-th on, by id. None keeps all."""
    if shard is None:
        return corpus
    i, n = shard
    return replace(corpus, clips=corpus.clips[i - 1 :: n])


def estimate_frames(corpus: Corpus) -> int:
    """About how many frames the videos of `corpus` have, from what they claim.

    At most 200 videos are opened; the others are taken to be like them. Videos that cannot be opened count 0.
    """
    clips = corpus.clips[:: -(-len(corpus.clips) // _PROBED_CLIPS) or 1]
    frames = []
    for clip in clips:
        try:
            frames.append(probe_video(clip.path, clip.id).frames or _USUAL_FRAMES)
        except ClipError:
            frames.append(0)
    return round(sum(frames) * len(corpus.clips) / max(1, len(clips)))


def check_numbers(corpus: Corpus, out: Path) -> None:
    """Refuse an output folder in which a number already belongs to another person, or a table is none.

    Raises
    ------
    CorpusError
        If there is such a person.
    FileFormatError
        If one of the tables that the run will add to is damaged, which would be found after all the work.
    """
    if not out.exists():
        return
    read_failures(out)
    read_failures(out, _WARNINGS)
    names = {clip.subject: clip.id.partition("/")[0] for clip in corpus.clips}
    for person in find_subject_folders(out):
        there = composed(person.path.name)
        if names.get(person.subject, there) != there:
            raise CorpusError(
                f"{out}: {person.path.name} in it has the number of {names[person.subject]}; "
                "write to another folder, or delete what is no longer wanted"
            )


def work_on_clips(
    clips: Sequence[Clip],
    is_done: Callable[[Clip], bool],
    work: Callable[[Clip], ClipOutcome],
    *,
    workers: int | None,
    on_progress: Callable[[ClipEvent], None] | None,
) -> dict[Clip, ClipOutcome]:
    """Do `work`, in other processes, for every clip that is not done; returns what became of these.

    `work` may find that a clip is done after all. `on_progress` is called once per clip, first for those that
    were done. A clip whose process dies fails.
    """
    tell = on_progress or _tell_nobody
    todo = [clip for clip in clips if not is_done(clip)]
    for clip in sorted(set(clips) - set(todo), key=lambda clip: clip.id):
        tell(ClipEvent(clip.id, frames=0, ok=True, skipped=True))
    outcomes: dict[Clip, ClipOutcome] = {}
    for clip, result in run_in_workers(_largest_first(todo), work, workers or usable_cores()):
        outcome = ClipOutcome(0, failure=result.reason) if isinstance(result, Died) else result
        outcomes[clip] = outcome
        ok = not outcome.failure
        tell(ClipEvent(clip.id, outcome.frames, ok=ok, skipped=outcome.skipped, reason=outcome.failure))
    return outcomes


def worked_on(outcomes: Mapping[Clip, ClipOutcome]) -> dict[Clip, ClipOutcome]:
    """The outcomes of the clips that were not done already."""
    return {clip: outcome for clip, outcome in outcomes.items() if not outcome.skipped}


def summary_of(
    clips: Sequence[Clip],
    outcomes: Mapping[Clip, ClipOutcome],
    failures: Sequence[Failure],
    warnings: Sequence[Failure],
    wall_s: float,
    *,
    stage: str,
    unsure: Sequence[Failure] = (),
) -> CorpusSummary:
    """What a run over `clips` came to, with what else failed, or is not sure, beside the `outcomes`."""
    worked = worked_on(outcomes)
    anew = [Failure(c.id, c.subject, stage, o.anew) for c, o in worked.items() if o.anew and not o.failure]
    doubts = [Failure(c.id, c.subject, stage, o.unsure) for c, o in outcomes.items() if o.unsure]
    return CorpusSummary(
        done=sum(not outcome.failure for outcome in worked.values()),
        skipped=len(clips) - len(worked),
        failures=tuple(sorted(failures, key=astuple)),
        frames=sum(outcome.frames for outcome in worked.values()),
        wall_s=wall_s,
        warnings=tuple(sorted(warnings, key=astuple)),
        anew=tuple(sorted(anew, key=astuple)),
        unsure=tuple(sorted([*doubts, *unsure], key=astuple)),
    )


def note_states(out: Path, corpus: Corpus, outcomes: Mapping[Clip, ClipOutcome], acquired: set[str]) -> None:
    """Note which videos the results in `out` are of, for the next run; hold the folder's lock meanwhile.

    `acquired` are the ids of clips that have a result.
    """
    states = {clip.id: outcome.state for clip, outcome in outcomes.items() if not outcome.unsure}
    known = {clip: state for clip, state in read_states(out).items() if clip not in states}
    new = {clip: state for clip, state in states.items() if state is not None}
    without = {clip.id for clip in corpus.clips} - acquired
    write_states(out, {clip: state for clip, state in {**known, **new}.items() if clip not in without})


def outcome_if_same(video: OneFile, sha256: str) -> ClipOutcome | None:
    """The outcome where a result, made of a file with this SHA-256, stays; None where `video` is another.

    It stays, too, where the video cannot be read: then nothing speaks against it.
    """
    try:
        is_same = video.sha256 == sha256
    except ClipError as error:
        return ClipOutcome(0, skipped=True, unsure=f"its video {error.reason}")
    return ClipOutcome(0, skipped=True, state=video.state) if is_same else None


def failures_of(outcomes: Mapping[Clip, ClipOutcome], stage: str) -> list[Failure]:
    """The clips that failed, as rows of the table."""
    return [Failure(c.id, c.subject, stage, o.failure) for c, o in outcomes.items() if o.failure]


def warnings_of(outcomes: Mapping[Clip, ClipOutcome], stage: str) -> list[Failure]:
    """The clips that are not whole, as rows of the table."""
    return [Failure(c.id, c.subject, stage, o.warning) for c, o in outcomes.items() if o.warning]


def not_clips(corpus: Corpus) -> list[Failure]:
    """What was found in the corpus folder and is no clip, as rows of the table."""
    return [_row_of(corpus, problem) for problem in corpus.problems]


def beside_clips(corpus: Corpus) -> list[Failure]:
    """What lies beside the clips and is none by its kind, as rows of the table."""
    return [_row_of(corpus, problem) for problem in corpus.beside]


def _row_of(corpus: Corpus, problem: CorpusProblem) -> Failure:
    name = problem.path.relative_to(corpus.root).as_posix().encode(errors="replace").decode()
    return Failure(name, "", "find", problem.reason)


def write_clip_tables(
    out: Path,
    stage: str,
    failures: Sequence[Failure],
    warnings: Sequence[Failure],
    *,
    untouched: set[str],
    acquired: set[str],
) -> None:
    """Write what failed and what is not whole; rows of clips that this run did not touch stay.

    `untouched` are the ids of clips still in the corpus that another run has worked on, `acquired` those that
    have a result. Hold the folder's lock meanwhile.
    """
    failed = [row for row in read_failures(out) if row.stage not in _OF_THE_WHOLE]
    earlier = [row for row in failed if row.stage != stage or row.clip in untouched - acquired]
    write_failures(out, [*earlier, *failures])
    warned = read_failures(out, _WARNINGS)
    if warned or warnings:
        earlier = [row for row in warned if row.clip in untouched & acquired]
        write_failures(out, [*earlier, *warnings], _WARNINGS)


def _largest_first(clips: Sequence[Clip]) -> list[Clip]:
    """Long clips first, so that no worker is left with one at the end; the order changes no result."""

    def size(clip: Clip) -> int:
        try:
            return clip.path.stat().st_size
        except OSError:
            return 0

    return sorted(clips, key=lambda clip: (-size(clip), clip.id))


def _tell_nobody(event: ClipEvent) -> None:
    """Stands in where nobody asked for the progress."""
