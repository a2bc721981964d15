"""The results of a study of several conditions, from its cells; and what these do not show."""

from collections.abc import Iterator, Mapping, Sequence

from amber_id.audit.attack.made_by import common_provenance
from amber_id.audit.attack.statements import NO_PROOF, OF_SYNTHETIC_PEOPLE, pooled_folds
from amber_id.audit.conditions.cells import FilledCell
from amber_id.audit.conditions.differences import differences_of
from amber_id.audit.conditions.joint import Joint
from amber_id.audit.conditions.trainings import Training, unknown_generator
from amber_id.audit.conditions.wording import listed
from amber_id.judging.limits import FEW_SUBJECTS
from amber_id.judging.made_by import times_since
from amber_id.motion.pairs import ORIGINAL
from amber_id.protocols import protocol_of
from amber_id.results import Check
from amber_id.results.conditions import (
    ConditionsCounts,
    ConditionsProvenance,
    ConditionsResults,
    ConditionStudy,
)


def results_of(
    joint: Joint,
    cells: Sequence[FilledCell],
    checks: tuple[Check, ...],
    trainings: tuple[Training, ...],
    *,
    checkpoints: dict[str, tuple[str, ...]],
    opening: int,
    allowed: tuple[str, ...],
    began: float,
) -> ConditionsResults:
    """Everything that came of the conditions together; `began` is a time by the performance counter."""
    provenance = _provenance(joint, checkpoints, opening, allowed)
    counts = _counts(joint)
    generators = ((name, unknown_generator(name, trainings)) for name in joint.anonymised)
    return ConditionsResults(
        conditions=joint.conditions,
        studies=_studies(joint),
        config=joint.config.model_dump(mode="json"),
        counts=counts,
        cells=tuple(cell.result for cell in cells),
        differences=differences_of(cells, joint.config.evaluation),
        unknown_generator={name: each.name for name, each in generators if each is not None},
        checks=checks,
        dropped=joint.dropped,
        limits=tuple(_limits(joint, counts, synthetic=provenance.synthetic)),
        provenance=provenance,
        times=times_since(began),
    )


def _studies(joint: Joint) -> dict[str, ConditionStudy]:
    return {
        name: ConditionStudy(
            headline=audit.results.headline,
            subjects=audit.results.counts.subjects,
            clips=audit.results.counts.clips["anonymised"],
            dropped_clips=audit.results.counts.dropped_clips,
            same_clips=joint.same_clips(name),
            test_opening=audit.results.provenance.test_opening,
        )
        for name, audit in joint.audits.items()
    }


def _counts(joint: Joint) -> ConditionsCounts:
    tested = {s for fold in range(len(joint.split.folds)) for s in joint.split.subjects("test", fold)}
    one = joint.under([joint.conditions[0]])
    return ConditionsCounts(
        subjects=len(tested),
        clips=sum(entry.subject in tested for entry in one.entries),
        dropped_clips=len({each.clip for each in joint.dropped}),
    )


def _provenance(
    joint: Joint, checkpoints: dict[str, tuple[str, ...]], opening: int, allowed: tuple[str, ...]
) -> ConditionsProvenance:
    first = next(iter(joint.audits.values())).study
    roots = {ORIGINAL: first.sets[ORIGINAL].root} if ORIGINAL in joint.conditions else {}
    named: Mapping[str, str] = {name: root.name for name, root in roots.items()}
    common = common_provenance(joint.recordings.entries, ())
    return ConditionsProvenance(
        **(common | {"allowed": allowed}),
        recordings={
            **named,
            **{name: audit.study.sets["anonymised"].root.name for name, audit in joint.audits.items()},
        },
        recordings_sha256={name: joint.under([name]).content_hash() for name in joint.conditions},
        split_sha256=joint.split.content_hash(),
        protocol=protocol_of(joint.folder, joint.split),
        checkpoints_sha256=checkpoints,
        test_opening=opening,
    )


def _limits(joint: Joint, counts: ConditionsCounts, *, synthetic: bool) -> Iterator[str]:
    """What these figures do not show, in whole sentences."""
    if synthetic:
        yield OF_SYNTHETIC_PEOPLE
    yield (
        f"In every cell the attackers that could be trained so, of {len(joint.attackers)} "
        f"({'; '.join(joint.attackers)}), were tried; its figure is that of the one with the lowest EER on "
        f"dev people who were enrolled and probed as in the cell. {NO_PROOF}"
    )
    yield (
        "An unknown generator is unknown to the training alone: thresholds and the strongest attacker were "
        "chosen on dev clips of the avatar that is met, which makes the attacker stronger, not weaker. It "
        f"stands for the generators of this study ({listed(joint.anonymised)}), not for any other."
        if len(joint.anonymised) > 1
        else "There is one anonymised condition, so nothing is known of an attacker who never saw it."
    )
    if counts.subjects < FEW_SUBJECTS:
        yield f"{counts.subjects} people are few, so the intervals are wide."
    yield "Each interval holds for its cell alone: with many cells some miss the truth by chance."
    if len(joint.split.folds) > 1:
        yield pooled_folds(len(joint.split.folds))
    if counts.dropped_clips:
        yield (
            f"{counts.dropped_clips} clips are not in the matrix, since a condition lacks them or they could "
            "not be used; the study of a condition uses all that it has."
        )
    others = [name for name in joint.anonymised if not joint.same_clips(name)]
    if others:
        yield (
            f"The {'study' if len(others) == 1 else 'studies'} of {listed(others)} used other clips or "
            "divided other people, so figures there may differ from those of the matrix."
        )
    invalid = [name for name, each in joint.audits.items() if not each.results.headline.valid]
    if invalid:
        yield (
            f"The finding of the {'study' if len(invalid) == 1 else 'studies'} of {listed(invalid)} is "
            "invalid: what forbids it there may be in every cell that probes or learns from it."
        )
