"""Which stages does a study have, in order, and how long does each take beside the others?

The numbers are about seconds, of 150 clips of 4 s under either condition in five folds, on one core. How
long a study takes depends on its clips and the machine, but the stages keep about these proportions; so what
is left can be told from what the finished ones took.
"""

from collections.abc import Collection, Mapping

from amber_id.audit.attack.names import training_of
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.scenarios import CONDITIONS_OF
from amber_id.results import ConditionName

_SECONDS: Mapping[str, float] = {
    "clips": 25.0,
    "leaks": 5.0,
    "confounds": 4.0,
    "matrix": 120.0,
    "map": 2.0,
    "views": 60.0,
    "streams": 30.0,
    "regions": 25.0,
    "curves": 30.0,
    "sensitivity": 40.0,
    "controls": 10.0,
    "utility": 15.0,
}
_TRACKING = 400.0  # of the clips of one condition
_REFERENCE = 10.0
_MOMENTS, _EPOCH = 3.0, 12.0  # a training by `moments`; an epoch of a network, of one kind of clips
_FULL = {"network": 4.0, "controls": 1.0}  # trainings of a network where all is asked


def stages_of_study(
    conditions: Collection[ConditionName], config: StudyConfig, tracked: Collection[ConditionName] = ()
) -> dict[str, float]:
    """Every stage of a study of these conditions by its name, in order, with its usual seconds.

    `tracked` are the conditions of which there are videos, which are tracked first.
    """
    stages = {f"tracking {name} clips": _TRACKING for name in conditions if name in tracked}
    stages |= {name: _SECONDS[name] for name in ("clips", "leaks", "confounds")}
    for of_letter in CONDITIONS_OF.values():
        if set(of_letter) <= set(conditions):
            stages |= {
                f"training {name} on {' and '.join(of_letter)} clips": _training(name, config)
                * len(of_letter)
                for name in config.attackers
            }
    rest = list(_SECONDS)[3:]
    stages |= {name: _SECONDS[name] for name in rest}
    if "original" in conditions:
        stages |= {f"reference {name}": _REFERENCE for name in config.references}
    if config.full and config.network is not None:
        epochs = _training(config.network, config)
        own = [letter * 3 for letter in "OA" if CONDITIONS_OF[letter][0] in conditions]
        stages |= {f"network {cell}": _FULL["network"] * epochs for cell in own}
        stages["network controls"] = _FULL["controls"] * epochs * len(own)
    return stages


def _training(name: str, config: StudyConfig) -> float:
    return _MOMENTS if training_of(name).attacker == "moments" else _EPOCH * config.loop.epochs
