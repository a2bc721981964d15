"""What would the figures be if names were permuted, and what becomes of a figure beside that?"""

from collections.abc import Mapping

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    PermutationTest,
    SubjectFigures,
    d_sys,
    permutation_null,
    worst_decile_eer,
)
from amber_id.biometrics.disclosure import zebra_worst_case
from amber_id.errors import EvaluationError
from amber_id.figures import FIGURES, Measure
from amber_id.judging.config import EvaluationConfig
from amber_id.results import Disclosure, NullTest, Rate

Null = Mapping[str, PermutationTest]


def permuted(
    comparisons: Comparisons, measures: Mapping[str, Measure], config: EvaluationConfig
) -> tuple[Null, tuple[str, ...]]:
    """The measures against chance; nothing, and why, where clips cannot change places."""
    try:
        null = permutation_null(comparisons, measures, permutations=config.permutations, rng=config.rng())
    except EvaluationError as error:
        why = (
            f"No p values of AUC, linkability and ZEBRA: {error}. Linkability may come out somewhat too high "
            "here."
        )
        return {}, (why,)
    return null, ()


def beside_chance(rates: Mapping[str, Rate], null: Null, comparisons: Comparisons) -> dict[str, Rate]:
    """The rates less what permuted names give, or with that as what guessing gives, as the table says.

    What is fitted to the scores it judges is never as bad as an ideal guesser. Where nothing can be permuted,
    linkability is corrected by a formula instead.
    """
    corrected = dict(rates)
    for name, rate in rates.items():
        if FIGURES[name].permuted == "subtracted":
            excess = (
                null[name].excess if null else d_sys(comparisons.mated_scores, comparisons.nonmated_scores)
            )
            corrected[name] = _moved(rate, excess)
        elif FIGURES[name].permuted == "chance" and name in null:
            corrected[name] = rate.model_copy(update={"chance": null[name].null_mean})
    return corrected


def _moved(rate: Rate, value: float) -> Rate:
    """The rate at another value, its interval moved along."""
    by = value - rate.value
    return rate.model_copy(update={"value": value, "low": rate.low + by, "high": min(rate.high + by, 1.0)})


def disclosure_of(curve: ErrorCurve, null: Null, people: tuple[SubjectFigures, ...]) -> Disclosure:
    """How much the scores give away, beyond error rates."""
    worst_case, category = zebra_worst_case(curve)
    with_eer = [each for each in people if each.eer is not None]
    tests = {
        name: NullTest(null_mean=test.null_mean, p_value=test.p_value, permutations=test.permutations)
        for name, test in null.items()
    }
    return Disclosure(
        linkability=tests.get("linkability"),
        zebra_expected=tests.get("zebra_expected"),
        zebra_worst_case=worst_case,
        zebra_category=category,
        worst_decile_eer=worst_decile_eer(people).eer if with_eer else None,
        people_with_eer=len(with_eer),
    )
