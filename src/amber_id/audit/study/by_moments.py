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
from amber_id.results import Check, CurvePoint, CurvesResult, RegionResult, SensitivityResult
from amber_id.training.named import training_of

_STREAMS: tuple[Stream, ...] = ("joint", "bone", "joint_motion")
VIEW_FEATURES = {str(view): training_of("moments", view=view).features for view in VIEWS}
STREAM_FEATURES = {str(stream): MOTION.model_copy(update={"streams": (stream,)}) for stream in _STREAMS}


def views_of(study: Study) -> dict[str, Variants]:
    """Every view, and frames without order."""
    variants: dict[str, Variants] = {}
    for cell, condition in study.own_cells.items():
        compared = {
            view: _attacked(study, study.statistics(condition, features))
            for view, features in VIEW_FEATURES.items()
        }
        shuffled = study.windows(condition, ALL).shuffled(study.config.evaluation.seed)
        compared[SHUFFLED] = _attacked(study, ClipStatistics.of(shuffled, utterance_of=study.utterance_of))
        variants[cell] = beside_the_whole(study, compared, "all")
    return variants


def streams_of(study: Study) -> dict[str, Variants]:
    """Position, offset from a neighbour, velocity: each alone, in the view motion."""
    variants: dict[str, Variants] = {}
    for cell, condition in study.own_cells.items():
        compared = {
            stream: _attacked(study, study.statistics(condition, features))
            for stream, features in STREAM_FEATURES.items()
        }
        variants[cell] = beside_the_whole(study, compared, "joint")
    return variants


def regions_of_cells(study: Study) -> dict[str, dict[str, RegionResult]]:
    """Every region of the face, by motion alone."""
    regions = {}
    for cell, condition in study.own_cells.items():
        statistics = study.statistics(condition, MOTION)
        attack = partial(attacked_on, statistics, split=study.split)
        regions[cell] = regions_of(attack, study.config.evaluation)
    return regions


def curves_of(study: Study, cells: Mapping[str, Cell]) -> dict[str, CurvesResult]:
    """More people, seconds, clips."""
    config, curves = study.config.evaluation, {}
    for name, cell in cells.items():
        people: tuple[CurvePoint, ...] = ()
        seconds: tuple[CurvePoint, ...] = ()
        if name in study.own_cells:
            statistics = study.statistics(study.own_cells[name])
            people = people_curve(statistics, study.split, config)
            seconds = seconds_curve(statistics, study.split, config)
        clips = clips_curve(cell.comparisons, config)
        curves[name] = CurvesResult(people=people, seconds=seconds, clips=clips)
    return curves


def sensitivity_of_cells(study: Study) -> dict[str, SensitivityResult]:
    """Whether planted habits are recognised."""
    return {
        cell: sensitivity_of(
            study.statistics(condition, MOTION),
            study.clips.under(condition),
            study.split,
            study.config.evaluation,
            cell=cell,
        )
        for cell, condition in study.own_cells.items()
    }


def controls_of(study: Study, cells: Mapping[str, Cell], views: Mapping[str, Variants]) -> tuple[Check, ...]:
    """Attackers whose outcome is known, or that must be poor."""
    config, controls = study.config.evaluation, []
    for cell, condition in study.own_cells.items():
        statistics = study.statistics(condition)
        permuted = labelled(study.clips.under(condition), "permuted-labels", seed=config.seed)
        entries = cells[cell].tried.strongest.members[0].entries
        controls += [
            permuted_labels(
                Comparisons.pool(attacked(statistics.labelled(permuted), study.split)), config, cell=cell
            ),
            shuffled_frames(views[cell][SHUFFLED], cell=cell),
            static_only(views[cell]["static"], cell=cell),
            *without_motion(
                cells[cell].comparisons, entries, cells[cell].result.metrics.eer, config, cell=cell
            ),
        ]
    return tuple(controls)


def _attacked(study: Study, statistics: ClipStatistics) -> Comparisons:
    return Comparisons.pool(attacked(statistics, study.split))
