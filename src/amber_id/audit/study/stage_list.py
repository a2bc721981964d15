"""Which stages does a study have, in order, and how long does each take beside the others?

The numbers are about seconds, of 150 clips of 4 s under either condition in five folds, on one core. How
long a study takes depends on its clips and the machine, but the stages keep about these proportions; so what
is left can be told from what the finished ones took.
"""

from collections.abc import Collection

from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.sections import SECTIONS
from amber_id.results import ConditionName

_BEFORE = {"clips": 25.0, "leaks": 5.0}
_TRACKING = 400.0  # of the clips of one condition


def stages_of_study(
    conditions: Collection[ConditionName], config: StudyConfig, tracked: Collection[ConditionName] = ()
) -> dict[str, float]:
    """Every stage of a study of these conditions by its name, in order, with its usual seconds.

    `tracked` are the conditions of which there are videos, which are tracked first.
    """
    stages = {f"tracking {name} clips": _TRACKING for name in conditions if name in tracked}
    stages |= _BEFORE
    for section in SECTIONS:
        if section.belongs(conditions, config):
            stages |= section.stages_of(conditions, config)
    return stages
