"""What is said about the figures, and how a number is written.

Conventions
-----------
Rates are fractions; they are written as percentages with a space that does not break.
Nothing here calls a weak attacker privacy.
"""

from amber_id.report.summary import STANDING_OUT, FoldMap, RocPoints, SubjectRow
from amber_id.results import EvaluationResults, Rate

METRICS = (  # field of `Metrics`, name, meaning
    (
        "eer",
        "Equal error rate (EER)",
        "Share of wrong decisions where both kinds of error are equally common. Low: people are recognised.",
    ),
    ("auc", "AUC", "How often a mated comparison scores higher than a non-mated one."),
    (
        "balanced_accuracy",
        "Balanced accuracy",
        "Right decisions at the threshold chosen on dev people, both kinds counting the same.",
    ),
    (
        "accuracy",
        "Accuracy",
        "Right decisions at that threshold, all comparisons alike. Guessing always names the commoner kind.",
    ),
    (
        "balanced_accuracy_optimistic",
        "Balanced accuracy, best threshold",
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


def interval(rate: Rate) -> str:
    """The interval beside a percentage.

    Examples
    --------
    >>> interval(Rate(value=0.261, low=0.22, high=0.303, level=0.95, chance=0.5))
    '[22.0, 30.3]'
    """
    return f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


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
    eer = results.metrics.eer
    if results.control is not None:
        if eer.low <= eer.chance <= eer.high:
            return "As it must be: the interval holds what guessing gives.", "good"
        return (
            "Something is wrong: with permuted labels nothing can be learnt, yet the interval does not hold "
            "what guessing gives. Do not use figures of this study before the reason is known.",
            "bad",
        )
    if eer.high < eer.chance:
        return (
            "Better than guessing: what this attacker saw still tells people apart. At the threshold where "
            f"it errs equally often on same and on different people, it is wrong in {percent(eer.value)} of "
            f"the cases; a guesser is wrong in {short_percent(eer.chance)}.",
            "",
        )
    if eer.low > eer.chance:
        return "Worse than guessing, which no sound attack is: look for exchanged labels or scores.", "bad"
    return (
        f"This attacker, on {results.counts.subjects} people, cannot be told from guessing. That does not "
        "prove privacy: a stronger attacker, or more people, may show otherwise.",
        "",
    )


def roc_note(roc: RocPoints) -> str:
    """Down to which FMR the curve means something."""
    return (
        f"{roc.subject_pairs:,} pairs of people say nothing about an FMR below {percent(roc.lowest_fmr)} "
        "(3 / pairs)."
    )


def map_note(maps: list[FoldMap]) -> str:
    """Whether clips were left out of the maps; empty if not."""
    shown = sum(len(places) for each in maps for places in each.people.values())
    clips = sum(each.clips for each in maps)
    return f"{shown:,} of the clips are drawn. " if shown < clips else ""


def people_note(rows: list[SubjectRow]) -> str:
    """Who stands out, and how many have nothing to stand out by."""
    gaps = [row.name for row in rows if row.gap is not None]
    without = len(rows) - len(gaps)
    note = f"Easiest to recognise: {', '.join(gaps[:STANDING_OUT])}."
    if without:
        people = "1 person has" if without == 1 else f"{without} people have"
        note += f" {people} no mated score, for want of a second clip."
    return note
