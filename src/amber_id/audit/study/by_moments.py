"""What does `moments` say of the clips of one condition? Views, streams, regions, curves, habits, controls.

By `moments` on landmarks, fitted anew each time; the cells of one known condition are asked, OOO and AAA.
"""

from collections.abc import Mapping
from functools import partial

from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked, attacked_on
from amber_id.audit.ablations.curves import clips_curve, people_curve, seconds_curve
from amber_id.audit.ablations.regions import regions_of
from amber_id.audit.controls.planted_habits import sensitivity_of
from amber_id.audit.controls.without_motion import (
    permuted_labels,
    shuffled_frames,
    static_only,
    without_motion,
)
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.study import ALL, MOTION, SHUFFLED, Study, Variants, beside_the_whole
from amber_id.biometrics import Comparisons
from amber_id.motion import VIEWS, Stream
from amber_id.protocols import labelled
from amber_id.results import Check, ConditionName, CurvePoint, CurvesResult, RegionResult, SensitivityResult
from amber_id.training.named import training_of

_STREAMS: tuple[Stream, ...] = ("joint", "bone", "joint_motion")
VIEW_FEATURES = {str(view): training_of("moments", view=view).features for view in VIEWS}
STREAM_FEATURES = {str(stream): MOTION.model_copy(update={"streams": (stream,)}) for stream in _STREAMS}


def views_of(study: Study) -> dict[str, Variants]:
    """Every view, and frames without order."""

    def views_in(_cell: str, condition: ConditionName) -> Variants:
        compared = {
            view: _attacked(study, study.statistics(condition, features))
            for view, features in VIEW_FEATURES.items()
        }
        shuffled = study.windows(condition, ALL).shuffled(study.config.evaluation.seed)
        compared[SHUFFLED] = _attacked(study, ClipStatistics.of(shuffled, counted=study.counted))
        return beside_the_whole(study, compared, "all")

    return study.in_own_cells("views", views_in)


def streams_of(study: Study) -> dict[str, Variants]:
    """Position, offset from a neighbour, velocity: each alone, in the view motion."""

    def streams_in(_cell: str, condition: ConditionName) -> Variants:
        compared = {
            stream: _attacked(study, study.statistics(condition, features))
            for stream, features in STREAM_FEATURES.items()
        }
        return beside_the_whole(study, compared, "joint")

    return study.in_own_cells("streams", streams_in)


def regions_of_cells(study: Study) -> dict[str, dict[str, RegionResult]]:
    """Every region of the face, by motion alone."""

    def regions_in(_cell: str, condition: ConditionName) -> dict[str, RegionResult]:
        attack = partial(attacked_on, study.statistics(condition, MOTION), split=study.split)
        return regions_of(attack, study.config.evaluation)

    return study.in_own_cells("regions", regions_in)


def curves_of(study: Study, cells: Mapping[str, Cell]) -> dict[str, CurvesResult]:
    """More people, seconds, clips."""
    config = study.config.evaluation

    def curves_in(name: str, cell: Cell) -> CurvesResult:
        people: tuple[CurvePoint, ...] = ()
        seconds: tuple[CurvePoint, ...] = ()
        if name in study.own_cells:
            statistics = study.statistics(study.own_cells[name])
            people = people_curve(statistics, study.split, config)
            seconds = seconds_curve(statistics, study.split, config)
        return CurvesResult(people=people, seconds=seconds, clips=clips_curve(cell.comparisons, config))

    return {
        name: study.of_cell("curves", name, partial(curves_in, name, cell)) for name, cell in cells.items()
    }


def sensitivity_of_cells(study: Study) -> dict[str, SensitivityResult]:
    """Whether planted habits are recognised."""

    def sensitivity_in(cell: str, condition: ConditionName) -> SensitivityResult:
        return sensitivity_of(
            study.statistics(condition, MOTION),
            study.clips.under(condition),
            study.split,
            study.config.evaluation,
            cell=cell,
        )

    return study.in_own_cells("sensitivity", sensitivity_in)


def controls_of(study: Study, cells: Mapping[str, Cell], views: Mapping[str, Variants]) -> tuple[Check, ...]:
    """Attackers whose outcome is known, or that must be poor."""
    config = study.config.evaluation

    def controls_in(cell: str, condition: ConditionName) -> tuple[Check, ...]:
        statistics = study.statistics(condition)
        permuted = labelled(study.clips.under(condition), "permuted-labels", seed=config.seed)
        entries = cells[cell].tried.strongest.members[0].entries
        return (
            permuted_labels(
                Comparisons.pool(attacked(statistics.labelled(permuted), study.split)), config, cell=cell
            ),
            shuffled_frames(views[cell][SHUFFLED], cell=cell),
            static_only(views[cell]["static"], cell=cell),
            *without_motion(
                cells[cell].comparisons, entries, cells[cell].result.metrics.eer, config, cell=cell
            ),
        )

    asked = study.in_own_cells("controls", controls_in)
    return tuple(check for of_cell in asked.values() for check in of_cell)


def _attacked(study: Study, statistics: ClipStatistics) -> Comparisons:
    return Comparisons.pool(attacked(statistics, study.split))
