"""Which figures describe a set of comparisons: the one table that results, pages and the command line read.

A new figure is a row of `FIGURES`, another false match rate (FMR) an entry of `_FMRS`. The order of the rows
is that of every results file, page and table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias, TypeVar

import numpy as np

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    Statistic,
    cllr_of,
    d_sys_raw_of,
    min_cllr_of,
    zebra_expected_of,
)
from amber_id.biometrics.comparisons import pair_numbers
from amber_id.biometrics.curves import PerResample
from amber_id.biometrics.disclosure import MOST_EXPECTED, d_sys_bins

Unit = Literal["%", "bit", ""]
Place = Literal["evaluation", "attackers", "matrix", "comparison", "thesis", "archive", "differences"]
"""Where figures stand: ``evaluation`` is the `metrics` of an evaluation or of a cell, ``attackers`` the table
of all attackers, ``matrix`` the threat matrix, ``comparison`` several studies side by side, ``thesis`` the
study of the thesis, ``archive`` beside a headline, of an attacker who has more than one clip, ``differences``
one score file less another.
`amber metrics` gives every figure that it can."""
Basis = Literal["counts", "scores", "balanced", "gallery", "several clips", "threshold", "llrs"]
"""What a figure is computed from: ``counts``, comparisons that may have been counted in bins; ``scores``,
only those whose scores are there; ``balanced``, each person weighing the same; ``gallery``, the search of a
clip among all people; ``several clips``, scores averaged over groups of clips of one person; ``threshold``,
scores less a threshold chosen on other people; ``llrs``, natural-log likelihood ratios calibrated on other
people."""
T = TypeVar("T")
Measure: TypeAlias = Callable[[ErrorCurve], PerResample]

_PRIOR = 0.01  # of a mated comparison, for detection costs
_FMRS = (0.1, 0.01, 0.001)
_CLIPS = (3, 10)  # on either side
LOWEST_FMR = min(_FMRS)
OPTIMISTIC = "balanced_accuracy_optimistic"  # at the threshold chosen on the very scores that are judged


@dataclass(frozen=True, eq=False)
class Sample:
    """All comparisons together, by which the statistic of a figure is chosen before people are resampled."""

    curve: ErrorCurve
    fmr_floor: float  # FMR below which so few pairs of people say nothing
    comparisons: Comparisons | None = None  # None where scores were counted and not kept, or are nobody's

    @property
    def mated_pairs(self) -> int:
        """Pairs of clips of one person; those that stand twice in a list say no more than once."""
        if self.comparisons is None:
            return 0
        mated = self.comparisons.mated
        enrolment, probe = self.comparisons.enrolment[mated], self.comparisons.probe[mated]
        return len(np.unique(pair_numbers(enrolment, probe, len(self.comparisons.subjects))))


@dataclass(frozen=True)
class Figure:
    """One figure: what it is called, what it means, how it is computed and where it is shown."""

    name: str  # its key in every results file
    title: str
    unit: Unit
    meaning: str  # in whole sentences
    statistic: Statistic | Callable[[Sample], Statistic | None] | None
    """None where the figure is not read from an error curve; a function gives None where it is undefined."""
    chance: float | Literal["commoner kind"] | None = 0.5
    """What guessing gives, or always naming the commoner kind of comparison; None: depends on the gallery."""
    better: Literal["higher", "lower"] = "higher"  # for the attacker: where more is given away
    basis: Basis = "counts"
    clips: int = 1  # of one person on either side of a comparison
    permuted: Literal["tested", "chance", "subtracted"] | None = None
    """What permuted names are for: a test alone; their mean is what guessing gives; it is subtracted."""
    refitted: Measure | None = None  # under permuted names, where `statistic` has been fitted to these names
    undefined: str = ""  # when a results file has none, in words; empty where it always has one
    short: str = ""  # the title in a column of a table, where it needs another
    shown_in: tuple[Place, ...] = ("evaluation",)

    @property
    def heading(self) -> str:
        """The title for a column of a table."""
        return self.short or self.title

    @property
    def description(self) -> str:
        """The meaning and where there is none, for the schema of a results file."""
        return f"{self.title}. {self.meaning}" + (f" Null {self.undefined}." if self.undefined else "")

    def measured(self, sample: Sample) -> Statistic | None:
        """How the figure is read from an error curve of this sample; None where it says nothing about it."""
        if self.statistic is None or isinstance(self.statistic, Statistic):
            return self.statistic
        return self.statistic(sample)

    def chance_of(self, n_mated: int, n_nonmated: int) -> float:
        """What guessing gives among so many comparisons of each kind."""
        if self.chance == "commoner kind":
            return max(n_mated, n_nonmated) / (n_mated + n_nonmated)
        if self.chance is None:
            raise ValueError(f"{self.name}: what guessing gives depends on the gallery")
        return self.chance


def _tmr(fmr: float) -> Figure:
    """The true match rate (TMR) where at most this share of non-mated comparisons is accepted."""

    def statistic(sample: Sample) -> Statistic | None:
        return Statistic(partial(ErrorCurve.tmr_at_fmr, fmr=fmr)) if fmr >= sample.fmr_floor else None

    percent = f"{100 * fmr:g}"
    return Figure(
        f"tmr_at_fmr_{percent.replace('.', '_')}_percent",
        f"TMR at FMR {percent} %",
        "%",
        f"Mated comparisons accepted where at most one in {1 / fmr:,.0f} non-mated ones is.",
        statistic,
        chance=fmr,
        undefined="where too few pairs of people say anything at that FMR, or an older version made the file",
        shown_in=(
            *("evaluation", "attackers", "matrix", "comparison"),
            *(("thesis",) if fmr == 0.01 else ()),
        ),
    )


def _eer_of_clips(clips: int) -> Figure:
    """The EER of an attacker who has so many clips of a person on either side, as an archive has."""
    return Figure(
        f"eer_{clips}_clips",
        f"EER, {clips} clips on either side",
        "%",
        f"EER where {clips} clips of one person are compared with {clips} others, by their mean score.",
        Statistic(ErrorCurve.eer),
        better="lower",
        basis="several clips",
        clips=clips,
        undefined="where too few people have that many clips, or an older version made the file",
        short=f"EER, {clips} clips",
        shown_in=("evaluation", "archive"),
    )


def _linkability(sample: Sample) -> Statistic | None:
    """D_sys over bins that are the same in every resample."""
    if sample.comparisons is None:
        return None
    return Statistic(partial(d_sys_raw_of, bins=d_sys_bins(sample.mated_pairs)))


def _at_best_threshold(sample: Sample) -> Statistic:
    """Balanced accuracy at the threshold that is best for these comparisons, the same in every resample."""
    best = float(sample.curve.best_balanced_accuracy()[1])
    return Statistic(lambda curve: curve.balanced_accuracy_at(best))


_ROWS = (
    Figure(
        "eer",
        "Equal error rate (EER)",
        "%",
        "Share of wrong decisions where both kinds of error are equally common. Low: people are recognised.",
        Statistic(ErrorCurve.eer),
        better="lower",
        short="EER",
        shown_in=("evaluation", "attackers", "matrix", "comparison", "thesis", "differences"),
    ),
    Figure(
        "eer_balanced",
        "EER, people alike",
        "%",
        "EER with every person given the same weight, however many clips they have.",
        Statistic(ErrorCurve.eer),
        better="lower",
        basis="balanced",
        undefined="beyond 300 people",
    ),
    Figure(
        "eer_rocch",
        "EER on the convex hull",
        "%",
        "Where both errors are equally common for the best mixture of two thresholds; slightly too low.",
        Statistic(ErrorCurve.eer_rocch),
        better="lower",
        permuted="chance",
    ),
    Figure(
        "auc",
        "AUC",
        "%",
        "How often a mated comparison scores higher than a non-mated one.",
        Statistic(ErrorCurve.auc),
        permuted="tested",
        shown_in=("evaluation", "attackers", "matrix", "comparison", "thesis", "differences"),
    ),
    *(_tmr(fmr) for fmr in _FMRS),
    *(_eer_of_clips(clips) for clips in _CLIPS),
    Figure(
        "rank1",
        "Rank-1 identification",
        "%",
        "How often the best match of a clip, among all people of its fold, is its own person.",
        None,
        chance=None,
        basis="gallery",
        undefined="where clips cannot be searched for among all people",
        short="Rank-1",
        shown_in=("evaluation", "matrix"),
    ),
    Figure(
        "min_dcf",
        "Minimum detection cost",
        "",
        "Cost at the best threshold when 1 comparison in 100 is mated. 0: no errors; "
        "1: no better than rejecting everything.",
        Statistic(lambda curve: curve.min_dcf(prior=_PRIOR)),
        chance=1.0,
        better="lower",
    ),
    Figure(
        "min_cllr",
        "Minimum Cllr",
        "bit",
        "What scores leave open even when best calibrated: 0 nothing, 1 everything.",
        Statistic(min_cllr_of),
        chance=1.0,
        better="lower",
        permuted="chance",
        shown_in=("evaluation", "differences"),
    ),
    Figure(
        "linkability",
        "Linkability (D_sys)",
        "",
        "0: no two clips can be linked; 1: all can. The amount found by chance has been subtracted.",
        _linkability,
        chance=0.0,
        basis="scores",
        permuted="subtracted",
        short="Linkability",
        shown_in=("evaluation", "matrix"),
    ),
    Figure(
        "zebra_expected",
        "ZEBRA expected disclosure",
        "bit",
        "What a score tells on average about whether two clips show one person, of at most "
        f"{MOST_EXPECTED:.2f} bit.",
        Statistic(zebra_expected_of, (0.0, MOST_EXPECTED)),
        chance=0.0,
        basis="scores",
        permuted="chance",
        short="ZEBRA",
        shown_in=("evaluation", "matrix"),
    ),
    Figure(
        "accuracy",
        "Accuracy",
        "%",
        "Right decisions at the threshold chosen on dev people, all comparisons alike. Guessing always names "
        "the commoner kind.",
        Statistic(lambda curve: curve.accuracy_at(0.0)),
        chance="commoner kind",
        basis="threshold",
        shown_in=("evaluation", "thesis"),
    ),
    Figure(
        "balanced_accuracy",
        "Balanced accuracy",
        "%",
        "Right decisions at the threshold chosen on dev people, both kinds of comparison counting the same.",
        Statistic(lambda curve: curve.balanced_accuracy_at(0.0)),
        basis="threshold",
        shown_in=("evaluation", "thesis"),
    ),
    Figure(
        OPTIMISTIC,
        "Balanced accuracy, best threshold",
        "%",
        "At the threshold that suits these very comparisons best: too good to be true, for orientation only.",
        _at_best_threshold,
        permuted="chance",
        refitted=lambda curve: curve.best_balanced_accuracy()[0],
    ),
    Figure(
        "cllr",
        "Cllr",
        "bit",
        "What scores leave open as they were calibrated on other people: 0 nothing; above 1 they mislead.",
        Statistic(cllr_of, None),
        chance=1.0,
        better="lower",
        basis="llrs",
        shown_in=(),
    ),
    Figure(
        "act_dcf",
        "Actual detection cost",
        "",
        "Cost at the threshold that the calibration on other people sets, when 1 comparison in 100 is mated.",
        Statistic(lambda curve: curve.act_dcf(prior=_PRIOR), None),
        chance=1.0,
        better="lower",
        basis="llrs",
        shown_in=(),
    ),
)
FIGURES: Mapping[str, Figure] = {row.name: row for row in _ROWS}
"""Every figure by its name, in the order of all results."""


def fixed_statistics(*names: str) -> dict[str, Statistic]:
    """How figures are read from any error curve, whatever the sample.

    Raises
    ------
    ValueError
        If that depends on the sample.
    """
    fixed = {name: FIGURES[name].statistic for name in names}
    for name, statistic in fixed.items():
        if not isinstance(statistic, Statistic):
            raise ValueError(f"how {name} is read from an error curve depends on the sample")
    return {name: each for name, each in fixed.items() if isinstance(each, Statistic)}


def figures_in(place: Place) -> tuple[Figure, ...]:
    """The figures that stand in a place."""
    return tuple(row for row in _ROWS if place in row.shown_in)


def statistics_of(
    sample: Sample, *bases: Basis, names: Collection[str] = FIGURES.keys()
) -> dict[str, Statistic]:
    """How each figure of some bases is read from an error curve, where the sample says something about it."""
    measured = {row.name: row.measured(sample) for row in _ROWS if row.basis in bases and row.name in names}
    return {name: statistic for name, statistic in measured.items() if statistic is not None}


def measures_under_permutation(sample: Sample, *bases: Basis) -> dict[str, Measure]:
    """How each figure that is held against permuted names is read from their error curves."""
    statistics = statistics_of(sample, *bases)
    return {
        name: FIGURES[name].refitted or statistic.of
        for name, statistic in statistics.items()
        if FIGURES[name].permuted is not None
    }


def in_order(figures: Mapping[str, T]) -> dict[str, T]:
    """Figures by their names, in the order of the table."""
    return {name: figures[name] for name in FIGURES if name in figures}
