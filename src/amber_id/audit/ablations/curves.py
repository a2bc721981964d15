"""Would more people, longer clips, or more clips find more?

people     `moments` learns from a third, two thirds and all of the train people of each fold
seconds    `moments` sees the first windows of each test clip only
clips      the strongest attacker of a cell has several clips of a person on either side, and averages scores

Where the last step still lowers the EER, the study has not reached what there is to find.
"""

from collections.abc import Callable, Sequence

import numpy as np

from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked, attacked_by, fitted_in_folds
from amber_id.biometrics import Comparisons, aggregate_clips
from amber_id.errors import EvaluationError
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates, less
from amber_id.protocols import Split
from amber_id.results import CurvePoint

_SHARES = (1 / 3, 2 / 3, 1.0)  # of the train people
_FEWEST = 3  # people to learn from
_CLIPS = (1, 2, 3, 5, 10)


def people_curve(
    statistics: ClipStatistics, split: Split, config: EvaluationConfig
) -> tuple[CurvePoint, ...]:
    """EER against how many people `moments` has learnt from; of the smallest fold where they differ."""
    most = min(len(split.subjects("train", fold)) for fold in range(len(split.folds)))
    numbers = sorted({max(_FEWEST, round(share * most)) for share in _SHARES})
    return _curve(
        [float(n) for n in numbers],
        lambda n: Comparisons.pool(attacked(statistics, split, people=int(n))),
        config,
    )


def seconds_curve(
    statistics: ClipStatistics, split: Split, config: EvaluationConfig
) -> tuple[CurvePoint, ...]:
    """EER against the seconds of a test clip that are seen, from one window to what most clips have."""
    features = statistics.windows.config
    usual = int(np.median(np.bincount(statistics.windows.clip)))
    longest = float(np.median([entry.duration_s for entry in statistics.windows.entries]))
    numbers = sorted({1, 2, max(1, usual // 2), usual} & set(range(1, usual + 1)))
    # The last window of a clip ends with it, and overlaps the one before by more than the others.
    seconds = {round(min(features.window_s + (n - 1) * features.hop_s, longest), 2): n for n in numbers}
    fitted = fitted_in_folds(statistics, split)
    return _curve(
        list(seconds),
        lambda s: Comparisons.pool(attacked_by(fitted, statistics, split, windows=seconds[s])),
        config,
    )


def clips_curve(comparisons: Comparisons, config: EvaluationConfig) -> tuple[CurvePoint, ...]:
    """EER against how many clips of a person there are on either side, as far as the clips go."""
    points = []
    for k in _CLIPS:
        try:
            groups = aggregate_clips(comparisons, k, rng=np.random.default_rng(config.seed))
            eer = judged_rates(groups, config, ("eer",))["eer"]
        except EvaluationError:
            break  # nobody has twice as many clips, or too few people have for an interval
        points.append(CurvePoint(x=float(k), eer=eer, less=None))
    return tuple(points)


def _curve(
    xs: Sequence[float], compared: Callable[[float], Comparisons], config: EvaluationConfig
) -> tuple[CurvePoint, ...]:
    points: list[CurvePoint] = []
    before: Comparisons | None = None
    for x in xs:
        now = compared(x)
        step = None if before is None else less(before, now, config)["eer"]
        points.append(CurvePoint(x=x, eer=judged_rates(now, config, ("eer",))["eer"], less=step))
        before = now
    return tuple(points)
