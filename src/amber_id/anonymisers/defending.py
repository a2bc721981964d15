"""From recordings to defended ones, with a JSON beside each that says what was done."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from amber_id import __version__
from amber_id.anonymisers.apply import FEWEST_FOR_WORKERS, refuse_strangers
from amber_id.anonymisers.defences import parsed_defences
from amber_id.anonymisers.formal import Guarantee
from amber_id.anonymisers.plan import Chosen, Plan, defended
from amber_id.anonymisers.styles import Pool
from amber_id.atomic_files import write_text_atomically
from amber_id.corpora import copy_corpus_file
from amber_id.errors import AmberError, ClipError, FileFormatError
from amber_id.extras import versions_of
from amber_id.file_formats import validated
from amber_id.reading import parsed_json, read_bytes
from amber_id.recordings import (
    Failure,
    RecordingEntry,
    RecordingSet,
    read_failures,
    read_header,
    save_recording,
    write_failures,
    write_index,
)
from amber_id.workers import Died, run_in_workers

DEFENDED_SCHEMA: Literal["amber-id/defended/1"] = "amber-id/defended/1"

_LIBRARIES = ("numpy", "scipy")
_Task = tuple[RecordingEntry, tuple[Chosen | None, ...]]


_Epsilon = float | Literal["infinite"]


class Formal(BaseModel):
    """The formal guarantee of one defence for a clip; `anonymisers/formal.py` defines the numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    noise: Literal["Gaussian", "Laplace", "none"]
    delta: float
    epsilon_coefficient: _Epsilon
    epsilon_coefficients: _Epsilon
    epsilon_frame: _Epsilon
    epsilon_recording: _Epsilon
    frames: int  # with a face
    worth: str


class StepDone(BaseModel):
    """One defence of a chain as it was applied.

    `donor` is whose style was taken on, of which `pool`; `trained_on` says whether the model, a file of hash
    `model_sha256`, was trained on somebody of this name, `chosen_on` whether such a one chose its epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    strength: float
    family: str
    changes: str
    causal: bool
    delay_frames: int
    formal: Formal
    donor: str | None = None
    pool: str | None = None
    model_sha256: str | None = None
    trained_on: bool | None = None
    chosen_on: bool | None = None


class DefendedClip(BaseModel):
    """What was done to one clip; whoever has the seed can take some defences back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal["amber-id/defended/1"] = DEFENDED_SCHEMA
    amber_id_version: str = __version__
    versions: dict[str, str]
    clip: str
    subject: str
    recording_sha256: str  # of the original's file
    seed: int
    steps: tuple[StepDone, ...]


@dataclass(frozen=True)
class Stated:
    """Whose style a clip has taken on, by the note beside it: a name, and the origin of the pool."""

    donor: str
    pool: str


def stated_donor(entry: RecordingEntry) -> Stated | None:
    """The single person whose style a recording has taken on, if the JSON beside it says so.

    Raises
    ------
    FileFormatError
        If the JSON is of `defend`, but damaged, or of another defence than the recording's header names.
    """
    path = entry.path.with_suffix(".json")
    if not path.is_file():
        return None
    values = parsed_json(read_bytes(path, "JSON"), path)
    if not isinstance(values, dict) or values.get("schema_version") != DEFENDED_SCHEMA:
        return None
    note, defence = validated(DefendedClip, values, path), read_header(entry.path).defence
    named = "+".join(f"{step.name}:{str(float(step.strength)).removesuffix('.0')}" for step in note.steps)
    if not f"+{defence}".endswith(f"+{named}"):
        raise FileFormatError(
            path, f"expected the defence of its recording, {defence or 'none'}, got {named}; defend it again"
        )
    single = [step for step in note.steps if step.donor not in (None, "population")]
    if not single:
        return None
    assert single[-1].donor is not None
    return Stated(single[-1].donor, single[-1].pool or "")


def defend(
    recordings: RecordingSet,
    out: Path,
    plan: Plan,
    *,
    workers: int = 1,
    on_progress: Callable[[], None] | None = None,
) -> tuple[Failure, ...]:
    """Write all recordings defended, their notes and tables, under `out`; returns what failed, and why.

    `on_progress` is called after every clip.

    Raises
    ------
    UsageError
        If `out` is where the recordings are, or holds other clips.
    ClipError
        If no clip could be defended.
    AmberError
        If the disk is full or the place cannot be written.
    """
    refuse_strangers(recordings, out)
    failures = list[Failure]()
    for entry, reason in _worked(recordings, out, plan, workers):
        if reason:
            failures.append(Failure(entry.clip, entry.subject, "defend", reason))
        if on_progress is not None:
            on_progress()
    if len(failures) == len(recordings.entries):
        raise ClipError(failures[0].clip, failures[0].reason)
    failures += recordings.failures
    write_index(out)
    write_failures(out, {*read_failures(recordings.root), *failures})
    copy_corpus_file(recordings.root, out)
    return tuple(sorted(failures, key=lambda failure: failure.clip))


def _worked(
    recordings: RecordingSet, out: Path, plan: Plan, workers: int
) -> Iterator[tuple[RecordingEntry, str]]:
    """Every clip as it is done, with the reason why it could not be, or ""."""
    tasks = list[_Task]()
    for entry in recordings.entries:
        try:
            tasks.append((entry, plan.chosen_for(entry.clip, entry.subject)))
        except ClipError as error:
            yield entry, error.reason
    origins = tuple(pool.origin if (pool := plan.pool_of(each.defence)) else None for each in plan.chain)
    # To workers travel the names of defences, whose rows need not be picklable, and what a clip takes of the
    # people of the pool, not all of them.
    donors = None if plan.donors is None else Pool("chosen already", ())
    kept = replace(plan, chain=(), donors=donors)
    work = partial(_write, replace(recordings, entries=(), failures=()), out, plan.text, kept, origins)
    if workers == 1 or len(tasks) < FEWEST_FOR_WORKERS:
        for task in tasks:
            yield task[0], work(task)
    else:
        for (entry, _), result in run_in_workers(tasks, work, workers):
            if isinstance(result, Died):
                raise AmberError(f"{entry.clip} could not be defended: {result.reason}")
            yield entry, result


def _write(
    recordings: RecordingSet,
    out: Path,
    text: str,
    kept: Plan,
    origins: Sequence[str | None],
    task: _Task,
) -> str:
    """Write one clip and its note; the reason why that cannot be done, or ""."""
    entry, chosen = task
    plan = replace(kept, chain=parsed_defences(text))
    path = out / f"{entry.clip}.safetensors"
    try:
        changed = defended(recordings.load(entry), plan, chosen)
        note = _note(entry, plan, origins, chosen)
    except ClipError as error:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
        return error.reason
    save_recording(changed, path)
    write_text_atomically(path.with_suffix(".json"), f"{note.model_dump_json(indent=1)}\n")
    return ""


def _note(
    entry: RecordingEntry, plan: Plan, origins: Sequence[str | None], chosen: Sequence[Chosen | None]
) -> DefendedClip:
    steps = [
        StepDone(
            name=applied.defence.name,
            strength=applied.strength,
            family=applied.defence.family,
            changes=applied.defence.changes,
            causal=applied.defence.causal,
            delay_frames=applied.defence.delay_frames,
            formal=_formal(guarantee),
            donor=None if whose is None else whose.name,
            pool=origin,
            model_sha256=None if (model := plan.model_of(applied.defence)) is None else model.sha256,
            trained_on=None if model is None else model.knows(entry.subject),
            chosen_on=None if model is None else model.was_chosen_on(entry.subject),
        )
        for applied, guarantee, origin, whose in zip(
            plan.chain, plan.guarantees(entry.tracked_frames), origins, chosen, strict=True
        )
    ]
    return DefendedClip(
        versions=versions_of(_LIBRARIES),
        clip=entry.clip,
        subject=entry.subject,
        recording_sha256=entry.content_hash(),
        seed=plan.seed,
        steps=tuple(steps),
    )


def _formal(guarantee: Guarantee) -> Formal:
    return Formal(
        noise=guarantee.noise,
        delta=guarantee.delta,
        epsilon_coefficient=_finite(guarantee.coefficient),
        epsilon_coefficients=_finite(guarantee.coefficients),
        epsilon_frame=_finite(guarantee.frame),
        epsilon_recording=_finite(guarantee.recording),
        frames=guarantee.frames,
        worth=guarantee.worth,
    )


def _finite(epsilon: float) -> _Epsilon:
    return "infinite" if math.isinf(epsilon) else epsilon
