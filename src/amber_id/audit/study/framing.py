"""Are anonymised clips taken for the donors whose styles `amber defend` gave them?

Donors are those that the JSON beside a recording states: people of the originals, whose folder was named by
``--donors``, or the synthetic ones. The attacker learnt from originals and sees coefficients: landmarks of a
defended recording are of one common face, and would be nobody's to an attacker that knows faces at rest.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from amber_id.anonymisers.defending import Stated, stated_donor
from amber_id.anonymisers.styles import synthetic_pool
from amber_id.atomic_files import scratch_folder
from amber_id.audit.attack.framing import DonorClips, framing_of, synthetic_donors
from amber_id.audit.attack.strongest_attacker import Scored
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.study import OF_ORIGINALS, Study
from amber_id.recordings import RecordingSet, save_recording
from amber_id.results.framing import FramingOfStudy

_LEARNT_FROM_ORIGINALS = "OAA"  # and is shown anonymised clips


def stated_donors(study: Study) -> dict[str, Stated]:
    """Whose style each anonymised clip has taken on, by its id; clips that state nobody are not in it.

    Raises
    ------
    FileFormatError
        If a JSON of `amber defend` is damaged, or of another defence than its recording.
    """
    stated = {entry.clip: stated_donor(entry) for entry in study.bare()["anonymised"].entries}
    return {clip: each for clip, each in stated.items() if each is not None}


def framing_of_study(study: Study, cells: Mapping[str, Cell]) -> FramingOfStudy | None:
    """Whether they are taken for these; None where no clip states a donor."""
    stated = stated_donors(study)
    if not stated:
        return None
    attacker = _seeing_coefficients(cells)
    if attacker is None:
        return _none("no attacker on blendshapes was tried: name one, such as moments on blendshapes")
    pools = {each.pool for each in stated.values()}
    if pools == {synthetic_pool().origin}:
        with scratch_folder(study.out) as folder:
            return _measured(study, attacker, stated, _synthetic(folder))
    if len(pools) == 1 and pools.pop().endswith(study.sets["original"].content_hash()[:16]):
        originals = study.clips.under("original")
        return _measured(study, attacker, stated, DonorClips(originals, real=True, of_this_study=True))
    return _none(
        "the donors are not among the originals as they are here, so their own clips are not known; amber "
        "frontier --donors has them"
    )


def _seeing_coefficients(cells: Mapping[str, Cell]) -> Scored | None:
    """The attacker of the lowest EER on originals of dev people, as it sees anonymised clips."""
    alone = [each for each in cells[OF_ORIGINALS].tried.scored if not each.is_fusion]
    fitting = [each for each in alone if each.members[0].folds[0].header.features.signals == "blendshapes"]
    if not fitting:
        return None
    best = min(fitting, key=lambda each: each.rank).members[0].folds[0].checkpoint
    (same,) = (
        each
        for each in cells[_LEARNT_FROM_ORIGINALS].tried.scored
        if not each.is_fusion and each.members[0].folds[0].checkpoint == best
    )
    return same


def _measured(
    study: Study, attacker: Scored, stated: Mapping[str, Stated], donors: DonorClips
) -> FramingOfStudy:
    framing = framing_of(
        attacker.attacker.name,
        attacker.members[0],
        {clip: each.donor for clip, each in stated.items()},
        donors,
        study.config.evaluation,
        device=study.device,
    )
    return FramingOfStudy(framing=framing, not_measured=None)


def _synthetic(folder: Path) -> DonorClips:
    name_of = {}
    for name, recording in synthetic_donors():
        save_recording(recording, folder / f"{recording.clip}.safetensors")
        name_of[recording.clip] = name
    read = RecordingSet.open(folder)
    entries = tuple(replace(entry, subject=name_of[entry.clip]) for entry in read.entries)
    return DonorClips(replace(read, entries=entries), real=False, of_this_study=False)


def _none(reason: str) -> FramingOfStudy:
    return FramingOfStudy(
        framing=None, not_measured=f"Whether clips are taken for their donors is not measured: {reason}."
    )
