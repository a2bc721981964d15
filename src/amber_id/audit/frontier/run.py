"""From recordings to `FrontierResults`, point by point.

    ground      clips, people, folds and undefended recordings for all points    ground.py
    leaks       copies of clips under two people's names                         study/leaks.py
    points      each defended, attacked by those who know it, held against the   point.py
                undefended clips; a stage each
    differences of each point to the undefended clips and to one defence, steps   here
                of strength, paired over people; who is dominated                 dominance.py

A frontier that was stopped goes on at the point where it was; where a point is added later, it alone is
measured.
"""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from amber_id.anonymisers import LearnedModel
from amber_id.audit.attack.made_by import common_provenance
from amber_id.audit.frontier.config import UNDEFENDED, FrontierConfig
from amber_id.audit.frontier.dominance import dominated_by, is_clearly_dominated
from amber_id.audit.frontier.ground import Ground, Means, ground_of
from amber_id.audit.frontier.limits import frontier_finding, frontier_limits, missed_limits
from amber_id.audit.frontier.plans import plans_of
from amber_id.audit.frontier.point import Points
from amber_id.audit.frontier.rendered import Rendering
from amber_id.audit.study.leaks import find_study_leaks
from amber_id.audit.utility.one_number import counted_parts, utility_difference, utility_number
from amber_id.biometrics import Comparisons
from amber_id.errors import ClipError, EvaluationError, TrainingError
from amber_id.judging.made_by import times_since
from amber_id.judging.rates import less
from amber_id.protocols import Leak, protocol_of
from amber_id.protocols.leaks import limits_of, refuse
from amber_id.recordings import RecordingSet
from amber_id.results import Difference
from amber_id.results.frontier import (
    FailedPoint,
    FrontierCounts,
    FrontierPoint,
    FrontierProvenance,
    FrontierResults,
    PointFigures,
    StrengthStep,
)
from amber_id.tracking import ModelBundle, find_model


def run_frontier(
    recordings: RecordingSet,
    out: Path,
    config: FrontierConfig | None = None,
    *,
    donors: RecordingSet | None = None,
    model: LearnedModel | None = None,
    landmarker: ModelBundle | None = None,
    device: str = "auto",
    workers: int = 1,
    allow: Collection[str] = (),
    on_stage: Callable[[str, bool], None] | None = None,
) -> FrontierResults:
    """Privacy against utility of several defences of the same recordings.

    `donors` are the people whose styles some defences take on, `model` is what one has learned;
    `landmarker` tracks avatars where the configuration has them drawn, the one in the cache by default.
    `on_stage` is called with the name of each stage as it begins, and whether it was done before.

    Raises
    ------
    ClipError
        If no recording has coefficients, or none has a donor.
    CorpusError
        If nobody has two usable clips.
    EvaluationError
        If there is too little for an interval.
    LeakError
        If clips of different partitions are copies of each other, and not allowed.
    SplitError
        If there are too few people, or the split in `out` is not of them.
    UsageError
        If a defence is unknown or lacks donors or a model, or `out` holds other recordings.
    """
    began = time.perf_counter()
    config = config or FrontierConfig()
    on_stage = on_stage or (lambda _name, _before: None)
    plans = plans_of(config, donors, model)
    on_stage("clips", False)
    rendering = Rendering.by_default_avatar(landmarker or find_model(), workers) if config.rendered else None
    means = Means(device, workers, donors, rendering)
    ground = ground_of(recordings, out, config, plans, means, on_stage=on_stage)
    leaks = ground.stages.done(
        "leaks",
        tuple[Leak, ...],
        partial(find_study_leaks, {"original": ground.originals}, ground.split),
    )
    allowed = refuse(leaks, allow, listed_in=str(ground.stages.folder / "leaks.json"))
    with ExitStack() as scratch:
        points = Points(ground, scratch)
        figures, failed = _measured(points, config)
        beside = _Beside(ground, figures, {name: points.comparisons(name) for name in figures})
    return _results(ground, beside, failed, allowed, began)


def stages_of_frontier(config: FrontierConfig) -> dict[str, float]:
    """Every stage by its name, in order, with about how long it takes beside the others."""
    drawing = {f"rendering {name}": 40.0 for name in config.points}
    drawing = drawing if config.rendered else {"undefended clips": 1.0}
    return {"clips": 1.0, **drawing, "leaks": 0.5} | {
        f"point {name}": 2.0 if number else 1.0 for number, name in enumerate(config.points)
    }


def _measured(
    points: Points, config: FrontierConfig
) -> tuple[dict[str, PointFigures], tuple[FailedPoint, ...]]:
    """The figures of every point that has some, and why others have none.

    Raises what is wrong with the undefended clips or the reference, without which there is no frontier.
    """
    figures, failed = {}, []
    for number, name in enumerate(config.points):
        try:
            figures[name] = points.figures(name)
        except (ClipError, EvaluationError, TrainingError) as error:
            if number == 0:
                raise
            if number == 1:
                raise EvaluationError(f"--against {name}: {error}; name another defence") from error
            failed.append(FailedPoint(name=name, reason=str(error)))
    return figures, tuple(failed)


@dataclass(frozen=True)
class _Beside:
    """Points that were measured, and how they differ."""

    ground: Ground
    figures: Mapping[str, PointFigures]
    comparisons: Mapping[str, Comparisons]
    _eers: dict[tuple[str, str], Difference] = field(default_factory=dict)

    @property
    def learned(self) -> LearnedModel | None:
        """What a defence has learned."""
        return next(iter(self.ground.plans.values())).model

    @property
    def parts(self) -> dict[str, str]:
        """The parts of the number, and why some do not count."""
        return counted_parts(self.figures[UNDEFENDED].kept)

    @property
    def counted(self) -> tuple[str, ...]:
        """The parts that count."""
        return tuple(name for name, reason in self.parts.items() if not reason)

    def eer_less(self, one: str, other: str) -> Difference:
        """The EER of `other` less that of `one`."""
        if (one, other) not in self._eers:
            evaluation = self.ground.config.evaluation
            difference = less(self.comparisons[one], self.comparisons[other], evaluation, ("eer",))["eer"]
            self._eers[one, other] = difference
        return self._eers[one, other]

    def utility_less(self, one: str, other: str) -> Difference:
        """The utility of `other` less that of `one`."""
        kept = [self.figures[name].kept for name in (one, other)]
        return utility_difference(kept[0], kept[1], self.counted, self.ground.config.utility)

    def points(self, reference: str) -> tuple[FrontierPoint, ...]:
        """Every point beside the others."""
        config, counted = self.ground.config, self.counted
        utilities = {
            name: utility_number(each.kept, counted, config.utility) for name, each in self.figures.items()
        }
        values = {name: (each.eer.value, utilities[name].number.value) for name, each in self.figures.items()}
        points = []
        for name, figures in self.figures.items():
            dominating, is_other = dominated_by(name, values), name != reference
            points.append(
                FrontierPoint(
                    **dict(figures),
                    undefended=name == UNDEFENDED,
                    utility=utilities[name],
                    eer_less_undefended=None if name == UNDEFENDED else self.eer_less(UNDEFENDED, name),
                    eer_less_reference=self.eer_less(reference, name) if is_other else None,
                    utility_less_reference=self.utility_less(reference, name) if is_other else None,
                    limits_missed=missed_limits(utilities[name], config.limits),
                    dominated_by=dominating,
                    clearly_dominated=is_clearly_dominated(name, dominating, self._less),
                )
            )
        return tuple(points)

    def steps(self) -> tuple[StrengthStep, ...]:
        """From each strength of a defence to the next, from the undefended clips on."""
        by_name: dict[str, list[tuple[float, str]]] = {}
        for name, figures in self.figures.items():
            if len(figures.steps) == 1 and name != UNDEFENDED:
                (step,) = figures.steps
                by_name.setdefault(step.name, [(0.0, UNDEFENDED)]).append((step.strength, name))
        return tuple(
            StrengthStep(
                weaker=weaker,
                stronger=stronger,
                eer=self.eer_less(weaker, stronger),
                utility=self.utility_less(weaker, stronger),
            )
            for strengths in by_name.values()
            if len(strengths) > 2
            for (_, weaker), (_, stronger) in zip(sorted(strengths), sorted(strengths)[1:], strict=False)
        )

    def _less(self, one: str, other: str) -> tuple[Difference, Difference]:
        return self.eer_less(one, other), self.utility_less(one, other)


def _results(
    ground: Ground,
    beside: _Beside,
    failed: tuple[FailedPoint, ...],
    allowed: tuple[Leak, ...],
    began: float,
) -> FrontierResults:
    config, entries = ground.config, ground.originals.entries
    reference = config.points[1] if len(config.points) > 1 else UNDEFENDED
    provenance = FrontierProvenance(
        **common_provenance(ground.undefended.entries if config.rendered else entries, allowed),
        recordings=ground.originals.root.name,
        recordings_sha256=ground.originals.content_hash(),
        donors=_origin(ground),
        split_sha256=ground.split.content_hash(),
        protocol=protocol_of(ground.out, ground.split),
        test_opening=max(each.test_opening for each in beside.figures.values()),
    )
    tested = {s for k in range(len(ground.split.folds)) for s in ground.split.subjects("test", k)}
    clips = [entry for entry in entries if entry.subject in tested]
    counts = FrontierCounts(
        subjects=len(tested),
        clips=len(clips),
        folds=len(ground.split.folds),
        seconds_per_clip=round(float(np.median([entry.duration_s for entry in clips])), 3),
    )
    points = beside.points(reference)
    return FrontierResults(
        finding=frontier_finding(points, reference),
        config=config.model_dump(mode="json"),
        undefended=UNDEFENDED,
        reference=reference,
        points=points,
        steps=beside.steps(),
        failed=failed,
        parts=beside.parts,
        counts=counts,
        dropped=ground.dropped,
        limits=(
            *frontier_limits(
                beside.figures,
                beside.parts,
                counts,
                clips,
                config.attackers,
                synthetic=provenance.synthetic,
                rendered=config.rendered,
            ),
            *_learned_from(ground, beside.learned),
            *limits_of(allowed, *(() if provenance.synthetic else (ground.originals,))),
        ),
        provenance=provenance,
        times=times_since(began),
    )


def _learned_from(ground: Ground, learned: LearnedModel | None) -> tuple[str, ...]:
    """That a learned defence knows people of this study, if so, in a sentence."""
    words = "" if learned is None else learned.words_on(ground.originals.subjects)
    return (f"{words[0].upper()}{words[1:]}.",) if words else ()


def _origin(ground: Ground) -> str | None:
    """Who the donors are, in words."""
    return next((plan.donors.origin for plan in ground.plans.values() if plan.donors is not None), None)
