"""Whose clips could defended clips of a point be taken for? The donors of its defence, undefended."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from amber_id.anonymisers import Plan, defended, parsed_defences
from amber_id.audit.attack.framing import DonorClips, synthetic_donors
from amber_id.audit.frontier.config import UNDEFENDED
from amber_id.audit.frontier.ground import Ground
from amber_id.errors import ClipError
from amber_id.recordings import Recording, RecordingSet, save_recording


def place_of_donor(plan: Plan) -> int | None:
    """The last defence of a chain that takes on the style of a single person; None if none does."""
    places = [i for i, applied in enumerate(plan.chain) if applied.defence.donor in ("clip", "person")]
    return places[-1] if places else None


def donor_clips(ground: Ground, folder: Path, *, real: bool) -> DonorClips:
    """Undefended clips of the donors that were named, or of the synthetic ones, in a folder."""
    plan, drives = Plan(parsed_defences(UNDEFENDED), 0), folder / "drives"
    name_of: dict[str, str] = {}
    for name, recording in _real(ground) if real else synthetic_donors():
        try:
            undefended = defended(recording, plan)
        except ClipError:
            continue  # a clip without coefficients is in no style either
        save_recording(undefended, drives / f"{recording.clip}.safetensors")
        name_of[recording.clip] = name
    if ground.means.rendering is not None:
        ground.means.rendering.tracked(drives, folder)
    read = RecordingSet.open(drives if ground.means.rendering is None else folder / "recordings")
    entries = tuple(replace(entry, subject=name_of[entry.clip]) for entry in read.entries)
    among = real and bool({entry.subject for entry in entries} & set(ground.originals.subjects))
    return DonorClips(replace(read, entries=entries), real, among)


def _real(ground: Ground) -> Iterator[tuple[str, Recording]]:
    assert ground.means.donors is not None  # a plan without donors is refused
    for entry in ground.means.donors.entries:
        yield entry.subject, ground.means.donors.load(entry)
