"""Which figures describe a set of comparisons, in which unit, and what would a guesser reach?"""

from collections.abc import Callable
from functools import partial

from amber_id.biometrics import ErrorCurve, Statistic, cllr_of, min_cllr_of
from amber_id.biometrics.curves import PerResample

PRIOR = 0.01  # of a mated comparison, for detection costs
FMRS = {"tmr_at_fmr_10_percent": 0.1, "tmr_at_fmr_1_percent": 0.01, "tmr_at_fmr_0_1_percent": 0.001}
# What guessing gives; 0.5 for every other figure that has no majority to guess.
CHANCE = {"min_dcf": 1.0, "min_cllr": 1.0, "linkability": 0.0, "zebra_expected": 0.0} | FMRS
EER = {"eer": Statistic(ErrorCurve.eer)}
OF_BOTH = EER | {"auc": Statistic(ErrorCurve.auc)}
FROM_THRESHOLD = {
    "accuracy": Statistic(lambda curve: curve.accuracy_at(0.0)),
    "balanced_accuracy": Statistic(lambda curve: curve.balanced_accuracy_at(0.0)),
}
OPTIMISTIC: dict[str, Callable[[ErrorCurve], PerResample]] = {
    "balanced_accuracy_optimistic": lambda curve: curve.best_balanced_accuracy()[0]
}
OF_LLRS = {
    "cllr": Statistic(cllr_of, None),
    "act_dcf": Statistic(lambda curve: curve.act_dcf(prior=PRIOR), None),
}
METRICS = (  # field of `Metrics`, name, unit, meaning
    (
        "eer",
        "Equal error rate (EER)",
        "%",
        "Share of wrong decisions where both kinds of error are equally common. Low: people are recognised.",
    ),
    (
        "eer_balanced",
        "EER, people alike",
        "%",
        "EER with every person given the same weight, however many clips they have.",
    ),
    (
        "eer_rocch",
        "EER on the convex hull",
        "%",
        "Where both errors are equally common for the best mixture of two thresholds; slightly too low.",
    ),
    ("auc", "AUC", "%", "How often a mated comparison scores higher than a non-mated one."),
    (
        "tmr_at_fmr_10_percent",
        "TMR at FMR 10 %",
        "%",
        "Mated comparisons accepted where at most one in 10 non-mated ones is.",
    ),
    (
        "tmr_at_fmr_1_percent",
        "TMR at FMR 1 %",
        "%",
        "Mated comparisons accepted where at most one in 100 non-mated ones is.",
    ),
    (
        "tmr_at_fmr_0_1_percent",
        "TMR at FMR 0.1 %",
        "%",
        "Mated comparisons accepted where at most one in 1,000 non-mated ones is.",
    ),
    (
        "rank1",
        "Rank-1 identification",
        "%",
        "How often the best match of a clip, among all people of its fold, is its own person.",
    ),
    (
        "linkability",
        "Linkability (D_sys)",
        "",
        "0: no two clips can be linked; 1: all can. The amount found by chance has been subtracted.",
    ),
    (
        "zebra_expected",
        "ZEBRA expected disclosure",
        "bit",
        "What a score tells on average about whether two clips show one person, of at most 0.72 bit.",
    ),
    (
        "min_cllr",
        "Minimum Cllr",
        "bit",
        "What scores leave open even when best calibrated: 0 nothing, 1 everything.",
    ),
    (
        "min_dcf",
        "Minimum detection cost",
        "",
        "Cost at the best threshold when 1 comparison in 100 is mated. 0: no errors; "
        "1: no better than rejecting everything.",
    ),
    (
        "balanced_accuracy",
        "Balanced accuracy",
        "%",
        "Right decisions at the threshold chosen on dev people, both kinds counting the same.",
    ),
    (
        "accuracy",
        "Accuracy",
        "%",
        "Right decisions at that threshold, all comparisons alike. Guessing always names the commoner kind.",
    ),
    (
        "balanced_accuracy_optimistic",
        "Balanced accuracy, best threshold",
        "%",
        "At the threshold that suits these very comparisons best: too good to be true, for orientation only.",
    ),
)


def statistics_of(curve: ErrorCurve, floor: float) -> dict[str, Statistic]:
    """The figures that are read from the scores alone; those at an FMR only from the `floor` on."""
    statistics = {
        "eer": Statistic(ErrorCurve.eer),
        "eer_rocch": Statistic(ErrorCurve.eer_rocch),
        "auc": Statistic(ErrorCurve.auc),
        "min_dcf": Statistic(lambda each: each.min_dcf(prior=PRIOR)),
        "min_cllr": Statistic(min_cllr_of),
    } | at_best_threshold(curve)
    defined = {name: fmr for name, fmr in FMRS.items() if fmr >= floor}
    return statistics | {
        name: Statistic(partial(ErrorCurve.tmr_at_fmr, fmr=fmr)) for name, fmr in defined.items()
    }


def at_best_threshold(curve: ErrorCurve) -> dict[str, Statistic]:
    """The balanced accuracy at the threshold that is best for these very scores."""
    _, best = curve.best_balanced_accuracy()
    return {"balanced_accuracy_optimistic": Statistic(lambda each: each.balanced_accuracy_at(float(best)))}
