"""What is said about the figures, and how a number is written.

Conventions
-----------
Rates are fractions; they are written as percentages with a space that does not break.
Nothing here calls a weak attacker privacy.
"""

import json
from collections.abc import Callable, Mapping

from amber_id.report.summary import STANDING_OUT, FoldMap, RocPoints, SubjectRow
from amber_id.results import (
    FUSION,
    CellResult,
    Disclosure,
    EvaluationResults,
    OracleResult,
    Rate,
    Recognition,
)
from amber_id.results.utility import Average

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
        "The same with every person weighing alike, however many clips there are of it.",
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
        "From 0, clips cannot be linked, to 1, each can; less what is found where there is nothing to find.",
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
        "Where one comparison in 100 is mated: 0 none, 1 as dear as never accepting. Best threshold.",
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


def percent(rate: float) -> str:
    r"""A measured rate, to a tenth of a percent.

    Examples
    --------
    >>> percent(0.2614)
    '26.1\xa0%'
    """
    return f"{100 * rate:.1f}\N{NO-BREAK SPACE}%"


def short_percent(rate: float) -> str:
    r"""A given rate, such as a level or the guesser's, without a needless zero.

    Examples
    --------
    >>> short_percent(0.5), short_percent(0.971)
    ('50\xa0%', '97.1\xa0%')
    """
    return f"{100 * rate:.3g}\N{NO-BREAK SPACE}%"


def interval(rate: Rate | Average) -> str:
    """The interval beside a percentage.

    Examples
    --------
    >>> interval(Rate(value=0.261, low=0.22, high=0.303, level=0.95, chance=0.5))
    '[22.0, 30.3]'
    """
    return f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def in_unit(value: float, unit: str) -> str:
    r"""A figure in its unit: a rate in percent, anything else to three digits.

    Examples
    --------
    >>> in_unit(0.2614, "%"), in_unit(0.2614, "bit"), in_unit(-0.0004, "")
    ('26.1\xa0%', '0.261\xa0bit', '0.000')
    """
    if unit == "%":
        return percent(value)
    number = f"{value + 0.0:.3f}".replace("-0.000", "0.000")
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number


def interval_in_unit(rate: Rate, unit: str) -> str:
    """The interval beside a figure in its unit, without the unit.

    Examples
    --------
    >>> interval_in_unit(Rate(value=0.261, low=0.22, high=0.303, level=0.95, chance=1.0), "bit")
    '[0.220, 0.303]'
    """
    return interval(rate) if unit == "%" else f"[{in_unit(rate.low, '')}, {in_unit(rate.high, '')}]"


def duration(seconds: float) -> str:
    """A wall time, coarsely.

    Examples
    --------
    >>> duration(42.3), duration(150.0), duration(9000.0)
    ('42 s', '2 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def reading(results: EvaluationResults) -> tuple[str, str]:
    """What the headline means; and ``good``, ``bad`` or nothing for its colour."""
    found = results.recognition
    if results.control is None:
        return finding(found, results.metrics.eer)
    if found.outcome == "recognised":
        return (
            "Something is found though names are permuted, which one study in twenty shows by chance. "
            f"{found.words} Do not use figures of this study before the reason is known: repeat it with "
            "another seed.",
            "bad",
        )
    if found.outcome == "not_recognised":
        return f"As it must be: with permuted names nothing is found. {found.words}", "good"
    return found.words, ""


def finding(found: Recognition, eer: Rate) -> tuple[str, str]:
    """What a finding means; and ``bad`` or nothing for its colour."""
    if found.outcome == "recognised":
        return (
            f"{found.words} At the threshold where it errs equally often on same and on different people, "
            f"the attacker is wrong in {percent(eer.value)} of the cases; a guesser is wrong in "
            f"{short_percent(eer.chance)}.",
            "",
        )
    if eer.low > eer.chance:
        return found.words, "bad"
    return f"{found.words} This does not prove privacy.", ""


def score_kind(results: EvaluationResults | CellResult) -> str:
    """What a score is."""
    return "log-odds of the fusion" if results.attacker.name == FUSION else "cosine similarity"


def scoring_note(results: EvaluationResults) -> str:
    """How a comparison got its score."""
    if results.attacker.name != FUSION:
        return "by the cosine similarity of their embeddings,"
    return (
        f"by the cosine similarity of the embeddings of each of {len(results.attackers) - 1} attackers; the "
        "score is the natural log-odds of one person, from a logistic regression on these that was fitted on "
        "dev people,"
    )


def mapped_attacker(results: EvaluationResults) -> str:
    """Whose embeddings the maps show."""
    return next(each.name for each in results.attackers if each.mapped)


def oracle_note(oracle: OracleResult) -> str:
    """What an attacker found of what there was to find."""
    way = ""
    if oracle.way is not None:
        way = f" From guessing to there, this attacker went {short_percent(oracle.way)} of the way."
    return (
        "These people never lived, so it is known what their clips give away: nobody who sees them can have "
        f"an EER below {percent(oracle.eer.value)} {interval(oracle.eer)} on these comparisons, but for "
        f"chance.{way}"
    )


def disclosure_note(disclosure: Disclosure) -> str:
    """What is found against chance, in the strongest comparison, and in the easiest people."""
    said = [
        f"Had it been drawn by lot who each clip shows, {what} would have been as large as here or larger in "
        f"{percent(test.p_value)} of {test.permutations:,} draws (p {test.p_value:.3f})."
        for what, test in (
            ("linkability", disclosure.linkability),
            ("ZEBRA's disclosure", disclosure.zebra_expected),
        )
        if test is not None
    ]
    said.append(
        f"Strongest evidence of any score: a factor of {10**disclosure.zebra_worst_case:,.0f} (ZEBRA "
        f"category {disclosure.zebra_category}); it grows with the number of comparisons."
    )
    if disclosure.worst_decile_eer is not None:
        said.append(
            f"The most recognisable tenth of {disclosure.people_with_eer} people have an EER of "
            f"{percent(disclosure.worst_decile_eer)} or less; with few clips each, chance makes some low."
        )
    return " ".join(said)


def roc_note(roc: RocPoints) -> str:
    """Down to which FMR the curve means something."""
    return (
        f"{roc.subject_pairs:,} pairs of people say nothing about an FMR below {percent(roc.lowest_fmr)} "
        "(3 / pairs)."
    )


def map_note(maps: list[FoldMap], results: EvaluationResults) -> str:
    """Whether the maps are of another attacker, and whether clips were left out; empty if neither."""
    shown = sum(len(places) for each in maps for places in each.people.values())
    clips = sum(each.clips for each in maps)
    note = f"{shown:,} of the clips are drawn. " if shown < clips else ""
    if results.attacker.name == FUSION:
        note += (
            f"A fusion has no embeddings: these are those of {mapped_attacker(results)}, the attacker with "
            "the lowest EER on dev people besides it. "
        )
    return note


def people_note(rows: list[SubjectRow]) -> str:
    """Who stands out, and how many have nothing to stand out by."""
    gaps = [row.name for row in rows if row.gap is not None]
    without = len(rows) - len(gaps)
    note = f"Easiest to recognise: {', '.join(gaps[:STANDING_OUT])}."
    if without:
        people = "1 person has" if without == 1 else f"{without} people have"
        note += f" {people} no mated score, for want of a second clip."
    return note


FILTERS: Mapping[str, Callable[..., str]] = {
    "count": lambda number: f"{number:,}",
    "duration": duration,
    "interval": interval,
    "percent": percent,
    "plain": lambda value: value if isinstance(value, str) else json.dumps(value, sort_keys=True),
    "short_percent": short_percent,
}
"""How every page writes a number or a setting."""
