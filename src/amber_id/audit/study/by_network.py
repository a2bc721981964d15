"""What does the network say of the clips of one condition, where everything is asked (`StudyConfig.full`)?"""

from collections.abc import Collection, Mapping
from functools import partial

from amber_id.audit.ablations.network import NetworkStudy
from amber_id.audit.ablations.regions import regions_of
from amber_id.audit.controls.without_motion import permuted_labels, shuffled_frames, static_only
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.scenarios import attackers_on, own_cells
from amber_id.audit.study.study import SHUFFLED, Study, beside_the_whole
from amber_id.audit.study.training import seconds_of_training
from amber_id.biometrics import Comparisons
from amber_id.motion import VIEWS, FeatureConfig
from amber_id.results import Check, ConditionName, NetworkResult
from amber_id.training.named import training_of

_OF_CELL, _OF_CONTROLS = 4.0, 1.0  # trainings of a network


def network_of(study: Study, cells: Mapping[str, Cell]) -> dict[str, NetworkResult]:
    """Views and regions by the network; each cell is a stage of its own."""
    return {
        cell: study.stages.done(
            f"network {cell}",
            NetworkResult,
            partial(study.of_cell, "network", cell, partial(_network_in, study, cell, cells[cell])),
        )
        for cell in study.own_cells
    }


def network_controls_of(
    study: Study, cells: Mapping[str, Cell], results: Mapping[str, NetworkResult]
) -> tuple[Check, ...]:
    """Controls by the network."""

    def controls_in(cell: str, _condition: ConditionName) -> tuple[Check, ...]:
        network = _network(study, cell)
        shuffled = beside_the_whole(
            study, {"all": _by_network(study, cells[cell]), SHUFFLED: network.without_order()}, "all"
        )
        return (
            permuted_labels(
                network.without_names(), study.config.evaluation, cell=cell, attacker=network.name
            ),
            shuffled_frames(shuffled[SHUFFLED], cell=cell, attacker=network.name),
            static_only(results[cell].views["static"], cell=cell, attacker=network.name),
        )

    asked = study.in_own_cells("network controls", controls_in)
    return tuple(check for of_cell in asked.values() for check in of_cell)


def _network_in(study: Study, cell: str, of_cell: Cell) -> NetworkResult:
    network = _network(study, cell)
    compared = {"all": _by_network(study, of_cell)}
    compared |= {str(view): network.in_view(view) for view in VIEWS if view != "all"}
    return NetworkResult(
        name=network.name,
        views=beside_the_whole(study, compared, "all"),
        regions=regions_of(network.on_sets, study.config.evaluation),
    )


def _by_network(study: Study, cell: Cell) -> Comparisons:
    """What the network made of the cell itself, where attackers stand in the order of the study."""
    assert study.config.network is not None
    names = attackers_on(cell.scenario.train, study.clips.conditions, study.attackers)
    return cell.tried.scored[names.index(study.config.network)].comparisons


def _network(study: Study, cell: str) -> NetworkStudy:
    """The network of the study, on the clips of a cell."""
    name = study.config.network
    assert name is not None  # a study without one does not ask
    return NetworkStudy(
        name,
        study.clips.under(study.own_cells[cell]),
        study.split,
        loop=study.config.loop,
        seed=study.config.seed,
        order_seed=study.config.evaluation.seed,
        folder=study.out / "runs" / f"{cell[0]}-{name.replace(' ', '-')}-full",
        device=study.device,
        shortest_s=study.config.shortest_s,
        on_epoch=study.on_epoch,
        counted=study.counted,
    )


def network_features(config: StudyConfig) -> tuple[FeatureConfig, ...]:
    """The features of the network in every view."""
    assert config.network is not None
    return tuple(training_of(config.network, view=view).features for view in VIEWS)


def network_stages(conditions: Collection[ConditionName], config: StudyConfig) -> dict[str, float]:
    """The stages of `network_of`, with their usual seconds."""
    assert config.network is not None
    seconds = _OF_CELL * seconds_of_training(config.network, config)
    return {f"network {cell}": seconds for cell in own_cells(conditions)}


def network_controls_stages(conditions: Collection[ConditionName], config: StudyConfig) -> dict[str, float]:
    """The stage of `network_controls_of`, with its usual seconds."""
    assert config.network is not None
    seconds = _OF_CONTROLS * seconds_of_training(config.network, config)
    return {"network controls": seconds * len(own_cells(conditions))}
