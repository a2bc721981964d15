"""What do simple anonymisers reach, that an avatar should do better than?

They cost no rendering: noise, smoothing, damping, and two that exchange the landmarks of the face at rest.

Conventions
-----------
Landmarks are multiplied back to pixels first, in which x, y and z have one unit, and divided at the end.
Frames without a face stay without one; timestamps and size of the picture stay. Motion and rest are told
apart after alignment to the mean face: the face at rest is the mean of the aligned frames.
Blendshapes are treated alike by noise, smoothing and damping, within [0, 1]; where the face at rest is
exchanged they are dropped, since nothing says what another face's would be. The pose matrix is dropped
always: it would still tell the head's true movement, and everything here takes the pose from landmarks.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from amber_id.anonymisers.catalogue import Reference
from amber_id.anonymisers.seeds import stream_of
from amber_id.errors import AmberError, EvaluationError, UsageError
from amber_id.recordings import (
    RecordingEntry,
    RecordingSet,
    read_failures,
    save_recording,
    write_failures,
    write_index,
)
from amber_id.workers import Died, run_in_workers

FEWEST_FOR_WORKERS = 64
"""How many clips are worth processes of their own: below, starting them takes longer than it saves."""

_Task = tuple[RecordingEntry, tuple[RecordingEntry | None, ...]]
"""A clip, and for each reference the clip whose face at rest it is given, if any."""


def apply_reference(
    recordings: RecordingSet, reference: Reference, out: Path, *, seed: int = 0, workers: int = 1
) -> RecordingSet:
    """Write the recordings that one reference changed under `out`; as `apply_references`."""
    (changed,) = apply_references(recordings, [(reference, out)], seed=seed, workers=workers)
    return changed


def apply_references(
    recordings: RecordingSet, places: Sequence[tuple[Reference, Path]], *, seed: int = 0, workers: int = 1
) -> tuple[RecordingSet, ...]:
    """Write the recordings that each reference changed under its place, with the same clips and subjects.

    Each recording is read once for all references, and once more for each time that it is a donor. Noise and
    donors follow from `seed` and the clip's id: neither the order of the clips nor the number of workers
    matters. A donor is a clip of somebody else in the set, another one for each clip, so that the new face at
    rest tells nothing about the person.

    Raises
    ------
    UsageError
        If a place is where the recordings are, or holds other clips.
    EvaluationError
        If a donor is needed and there is nobody else.
    ClipError
        If a frame that counts as tracked has all points in one place.
    AmberError
        If the disk is full or a place cannot be written.
    """
    for _, out in places:
        refuse_strangers(recordings, out)
    donors = sorted((e for e in recordings.entries if e.tracked_frames), key=lambda e: e.clip)
    tasks: list[_Task] = [
        (
            entry,
            tuple(
                _donor_of(entry, donors, seed=seed) if reference.needs == "donor" else None
                for reference, _ in places
            ),
        )
        for entry in recordings.entries
    ]
    # Entries travel with the tasks; the set itself need not.
    work = partial(_write, replace(recordings, entries=()), tuple(places), seed)
    if workers == 1 or len(tasks) < FEWEST_FOR_WORKERS:
        for task in tasks:
            work(task)
    else:
        for (entry, _), result in run_in_workers(tasks, work, workers):
            if isinstance(result, Died):
                raise AmberError(f"{entry.clip} could not be changed: {result.reason}")
    return tuple(_written_set(recordings, out) for _, out in places)


def _written_set(recordings: RecordingSet, out: Path) -> RecordingSet:
    """The changed recordings under `out`, with their tables beside them."""
    write_index(out)
    write_failures(out, read_failures(recordings.root))
    entries = {entry.clip: entry for entry in RecordingSet.open(out).entries}
    same = tuple(replace(entries[entry.clip], subject=entry.subject) for entry in recordings.entries)
    return RecordingSet(out, same)


def _write(
    recordings: RecordingSet, places: Sequence[tuple[Reference, Path]], seed: int, task: _Task
) -> None:
    entry, donors = task
    recording = recordings.load(entry)
    for (reference, out), donor in zip(places, donors, strict=True):
        extra: dict[str, object] = {}
        if reference.needs == "rng":
            extra["rng"] = stream_of(seed, "noise", entry.clip)
        elif donor is not None:
            extra["donor"] = recordings.load(donor)
        save_recording(reference.change(recording, **extra), out / f"{entry.clip}.safetensors")


def _donor_of(entry: RecordingEntry, donors: list[RecordingEntry], *, seed: int) -> RecordingEntry:
    strangers = [donor for donor in donors if donor.subject != entry.subject]
    if not strangers:
        raise EvaluationError(f"{entry.clip}: no clip of another person to take the face at rest from")
    return strangers[stream_of(seed, "donor", entry.clip).integers(len(strangers))]


def refuse_strangers(recordings: RecordingSet, out: Path) -> None:
    """Refuse a place where the recordings are, or that holds other clips; raises UsageError."""
    if out.resolve() == recordings.root.resolve():
        raise UsageError(f"{out}: is where the recordings are, which would be overwritten; choose another")
    clips = {entry.clip for entry in recordings.entries}
    for path in sorted(out.rglob("[!.]*.safetensors")):
        if path.relative_to(out).with_suffix("").as_posix() not in clips:
            raise UsageError(f"{out}: holds other recordings, e.g. {path.name}; choose an empty folder")
