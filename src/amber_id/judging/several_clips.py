"""How well are people recognised from several clips on either side, as an archive allows?"""

from collections.abc import Callable

from amber_id.biometrics import Comparisons, Statistic, Tally, aggregate_clips, tally
from amber_id.biometrics.resampling import has_intervals
from amber_id.errors import EvaluationError
from amber_id.figures import FIGURES, Sample, fixed_statistics
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import as_rates, estimated, sample_of
from amber_id.results import Rate

_MOST_OF_THE_PEOPLE = 0.8  # who must have as many clips: a figure of few stands badly beside one of all


def of_several_clips(comparisons: Comparisons, people: Tally, config: EvaluationConfig) -> dict[str, Rate]:
    """The figures of groups of clips, by name; those are left out for which too few people have the clips.

    `people` is the tally of the comparisons.
    """
    rates: dict[str, Rate] = {}
    for figure in FIGURES.values():
        if figure.basis == "several clips":
            rates |= _of_groups(comparisons, people, figure.clips, figure.name, figure.measured, config)
    return rates


def eer_of_most_clips(
    comparisons: Comparisons, config: EvaluationConfig, *, most: int
) -> tuple[int, Rate] | None:
    """The EER of as many clips on either side as most people have, `most` at most; and how many clips.

    None where most people have fewer than four clips, so that there are not two on either side.
    """
    people, (statistic,) = tally(comparisons), fixed_statistics("eer").values()
    for clips in range(most, 1, -1):
        rates = _of_groups(comparisons, people, clips, "eer", lambda _sample: statistic, config)
        if rates:
            return clips, rates["eer"]
    return None


def _of_groups(
    comparisons: Comparisons,
    people: Tally,
    clips: int,
    name: str,
    measured: Callable[[Sample], Statistic | None],
    config: EvaluationConfig,
) -> dict[str, Rate]:
    try:
        groups = aggregate_clips(comparisons, clips, rng=config.rng())
    except (EvaluationError, ValueError):  # nobody has the clips, or a list compares a pair of them twice
        return {}
    grouped = tally(groups)
    if grouped.n_mated_subjects < _MOST_OF_THE_PEOPLE * people.n_mated_subjects or not has_intervals(groups):
        return {}
    statistic = measured(sample_of(groups, grouped))
    return {} if statistic is None else as_rates(estimated(grouped, {name: statistic}, config), grouped)
