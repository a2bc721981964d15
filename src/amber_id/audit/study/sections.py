"""What does each stage of a study ask, and of which clips?

By `moments` on landmarks, fitted anew each time; the cells of one known condition are asked, OOO and AAA. The
network is asked the same where everything is asked (`StudyConfig.full`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from amber_id.anonymisers.catalogue import REFERENCES
from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked, attacked_on
from amber_id.audit.ablations.curves import clips_curve, people_curve, seconds_curve
from amber_id.audit.ablations.network import NetworkStudy
from amber_id.audit.ablations.regions import regions_of
from amber_id.audit.attack.names import training_of
from amber_id.audit.controls.planted_habits import sensitivity_of
from amber_id.audit.controls.without_motion import (
    permuted_labels,
    shuffled_frames,
    static_only,
    without_motion,
)
from amber_id.audit.study.clips import RecordingsOf, StudyClips, bare_sets
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.reference_points import reference_point
from amber_id.audit.study.scenarios import CONDITIONS_OF
from amber_id.audit.study.stages import Stages
from amber_id.audit.utility.measure import measure_utility
from amber_id.biometrics import Comparisons
from amber_id.judging.judge import judged_rates_and_recognition, less
from amber_id.motion import FeatureConfig, Stream, View, WindowSet, load_windows
from amber_id.protocols import Split, labelled
from amber_id.recordings import RecordingSet
from amber_id.results import (
    ConditionName,
    ControlResult,
    CurvePoint,
    CurvesResult,
    NetworkResult,
    ReferencePoint,
    RegionResult,
    SensitivityResult,
    UtilityResult,
    VariantResult,
)

SHUFFLED = "shuffled frames"  # among the views, since it is asked in the same way
_VIEWS: tuple[View, ...] = ("all", "motion", "pose", "static")
_STREAMS: tuple[Stream, ...] = ("joint", "bone", "joint_motion")
_ALL = training_of("moments").features
_MOTION = training_of("moments", view="motion").features
Variants = dict[str, VariantResult]


@dataclass(frozen=True)
class Study:
    """What every stage needs."""

    sets: RecordingsOf
    clips: StudyClips
    split: Split
    config: StudyConfig
    attackers: tuple[str, ...]
    out: Path
    stages: Stages
    device: str
    on_epoch: Callable[..., None] | None = None

    @property
    def own_cells(self) -> dict[str, ConditionName]:
        """The cells that know one condition only, and which: OOO, AAA."""
        return {
            letter * 3: conditions[0]
            for letter, conditions in CONDITIONS_OF.items()
            if len(conditions) == 1 and conditions[0] in self.clips.conditions
        }

    def bare(self) -> dict[ConditionName, RecordingSet]:
        """The clips of each condition under their own ids, in their own folders."""
        return bare_sets(self.sets, self.clips)

    def windows(self, condition: ConditionName, features: FeatureConfig) -> WindowSet:
        """The windows of the clips of one condition."""
        return load_windows(self.clips.under(condition), features)

    def statistics(self, condition: ConditionName) -> ClipStatistics:
        """Those of everything that landmarks show."""
        return ClipStatistics.of(self.windows(condition, _ALL))

    def network(self, cell: str) -> NetworkStudy:
        """The network of the study, on the clips of a cell."""
        name = self.config.network
        assert name is not None  # a study without one does not ask
        folder = self.out / "runs" / f"{cell[0]}-{name.replace(' ', '-')}-full"
        recordings = self.clips.under(self.own_cells[cell])
        return NetworkStudy(
            name,
            recordings,
            self.split,
            loop=self.config.loop,
            seed=self.config.seed,
            order_seed=self.config.evaluation.seed,
            folder=folder,
            device=self.device,
            on_epoch=self.on_epoch,
        )


def views_of(study: Study) -> dict[str, Variants]:
    """Every view, and frames without order."""
    found: dict[str, Variants] = {}
    for cell, condition in study.own_cells.items():
        compared = {
            str(view): _attacked(study, study.windows(condition, training_of("moments", view=view).features))
            for view in _VIEWS
        }
        shuffled = study.windows(condition, _ALL).shuffled(study.config.evaluation.seed)
        compared[SHUFFLED] = _attacked(study, shuffled)
        found[cell] = _variants(study, compared, "all")
    return found


def streams_of(study: Study) -> dict[str, Variants]:
    """Position, offset from a neighbour, velocity: each alone, in the view motion."""
    found: dict[str, Variants] = {}
    for cell, condition in study.own_cells.items():
        compared = {
            str(stream): _attacked(
                study, study.windows(condition, _MOTION.model_copy(update={"streams": (stream,)}))
            )
            for stream in _STREAMS
        }
        found[cell] = _variants(study, compared, "joint")
    return found


def regions_of_cells(study: Study) -> dict[str, dict[str, RegionResult]]:
    """Every region of the face, by motion alone."""
    found = {}
    for cell, condition in study.own_cells.items():
        statistics = ClipStatistics.of(study.windows(condition, _MOTION))
        attack = partial(attacked_on, statistics, split=study.split)
        found[cell] = regions_of(attack, study.config.evaluation)
    return found


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
    """Whether planted habits are found."""
    return {
        cell: sensitivity_of(
            study.windows(condition, _MOTION),
            study.clips.under(condition),
            study.split,
            study.config.evaluation,
        )
        for cell, condition in study.own_cells.items()
    }


def controls_of(
    study: Study, cells: Mapping[str, Cell], views: Mapping[str, Variants]
) -> tuple[ControlResult, ...]:
    """Attackers whose outcome is known, or that must be poor."""
    config, controls = study.config.evaluation, []
    for cell, condition in study.own_cells.items():
        statistics = study.statistics(condition)
        shown = labelled(study.clips.under(condition), "permuted-labels", seed=config.seed)
        entries = cells[cell].tried.worst.members[0].entries
        controls += [
            permuted_labels(
                Comparisons.pool(attacked(statistics.labelled(shown), study.split)), config, cell=cell
            ),
            shuffled_frames(views[cell][SHUFFLED], cell=cell),
            static_only(views[cell]["static"], cell=cell),
            *without_motion(
                cells[cell].comparisons, entries, cells[cell].result.metrics.eer, config, cell=cell
            ),
        ]
    return tuple(controls)


def utility_of(study: Study) -> UtilityResult | None:
    """How much expression the anonymised clips kept."""
    if len(study.clips.conditions) < 2:
        return None
    bare = study.bare()
    return measure_utility(bare["original"], bare["anonymised"], study.config.utility)


def references_of(study: Study) -> dict[str, ReferencePoint]:
    """Where simple anonymisers of the same originals lie; each is a stage of its own."""
    originals = study.bare().get("original")
    if originals is None:
        return {}
    asked = {each.name: each for each in REFERENCES if each.name in study.config.references}
    return {
        name: study.stages.done(
            f"reference {name}",
            ReferencePoint,
            partial(
                reference_point,
                reference,
                originals,
                _ALL,
                study.split,
                study.config.evaluation,
                study.config.utility,
                study.out,
            ),
        )
        for name, reference in asked.items()
    }


def network_of(study: Study, cells: Mapping[str, Cell]) -> dict[str, NetworkResult]:
    """Views and regions by the network; each cell is a stage of its own."""
    return {
        cell: study.stages.done(
            f"network {cell}", NetworkResult, partial(_network_in, study, cell, cells[cell])
        )
        for cell in study.own_cells
    }


def network_controls_of(
    study: Study, cells: Mapping[str, Cell], found: Mapping[str, NetworkResult]
) -> tuple[ControlResult, ...]:
    """Controls by the network."""
    controls: list[ControlResult] = []
    for cell in study.own_cells:
        network = study.network(cell)
        shuffled = _variants(
            study, {"all": _by_network(study, cells[cell]), SHUFFLED: network.without_order()}, "all"
        )
        controls += [
            permuted_labels(
                network.without_names(), study.config.evaluation, cell=cell, attacker=network.name
            ),
            shuffled_frames(shuffled[SHUFFLED], cell=cell, attacker=network.name),
            static_only(found[cell].views["static"], cell=cell, attacker=network.name),
        ]
    return tuple(controls)


def _network_in(study: Study, cell: str, of_cell: Cell) -> NetworkResult:
    network = study.network(cell)
    compared = {"all": _by_network(study, of_cell)}
    compared |= {str(view): network.in_view(view) for view in _VIEWS[1:]}
    return NetworkResult(
        name=network.name,
        views=_variants(study, compared, "all"),
        regions=regions_of(network.on_sets, study.config.evaluation),
    )


def _by_network(study: Study, cell: Cell) -> Comparisons:
    """What the network made of the cell itself, where attackers stand in the order of the study."""
    assert study.config.network is not None
    return cell.tried.scored[study.attackers.index(study.config.network)].comparisons


def _attacked(study: Study, windows: WindowSet) -> Comparisons:
    return Comparisons.pool(attacked(ClipStatistics.of(windows), study.split))


def _variants(study: Study, compared: Mapping[str, Comparisons], whole: str) -> Variants:
    """Each beside the one that sees most."""
    config = study.config.evaluation
    variants = {}
    for name, found in compared.items():
        rates, recognition = judged_rates_and_recognition(found, config, ("eer", "auc"))
        variants[name] = VariantResult(
            **rates,
            recognition=recognition,
            less=less(compared[whole], found, config),
        )
    return variants
