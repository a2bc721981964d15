"""What is there to draw: a curve of few points, scores in bins, one map per fold, one row per person.

Conventions
-----------
Both the printed figures and the page draw these, so that they cannot differ.
A curve has at most `CURVE_POINTS` points and a map at most `MAP_CLIPS` clips, however many were measured.
A score is a similarity; a comparison is accepted when ``score >= threshold``. Rates are fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64

from amber_id.biometrics import Comparisons, error_curve
from amber_id.errors import EvaluationError
from amber_id.report.pseudonyms import pseudonyms
from amber_id.results import EvaluationArrays, EvaluationResults

CURVE_POINTS = 1000
MAP_CLIPS = 4000
STANDING_OUT = 3  # people to point at
_BINS = (12, 60)  # fewest and most bins of a histogram


@dataclass(frozen=True, eq=False)
class RocPoints:
    """The ROC from the strictest threshold, which accepts nothing, to the most lenient one."""

    thresholds: Float64[np.ndarray, " K"]  # descending; the first is +inf
    fmr: Float64[np.ndarray, " K"]  # rises from 0 to 1
    tmr: Float64[np.ndarray, " K"]  # rises from 0 to 1
    subject_pairs: int  # different pairs of people behind the non-mated comparisons
    lowest_fmr: float  # below which these people say nothing: 3 / pairs

    @property
    def shows_low_fmr(self) -> bool:
        """Whether a logarithmic axis down to `lowest_fmr` spans half a decade, enough to show something."""
        return self.lowest_fmr <= 0.3


@dataclass(frozen=True, eq=False)
class ScoreBins:
    """How the scores of both kinds spread over shared bins; the last bin holds its upper edge too."""

    mated: Int64[np.ndarray, " B"]  # count per bin
    nonmated: Int64[np.ndarray, " B"]
    edges: Float64[np.ndarray, " B+1"]

    @property
    def width(self) -> float:
        """Width of a bin, in score."""
        return float(self.edges[1] - self.edges[0])


@dataclass(frozen=True)
class SubjectRow:
    """One person under pseudonym; None where there was nothing to average."""

    name: str
    fold: int
    clips: int
    mated: float | None  # mean score with other clips of the same person
    nonmated: float | None  # mean score with other people's clips

    @property
    def gap(self) -> float | None:
        """How far the person stands out from the others: mean mated minus mean non-mated score."""
        return None if self.mated is None or self.nonmated is None else self.mated - self.nonmated


@dataclass(frozen=True, eq=False)
class FoldMap:
    """The embedding map of one fold: clips of each person, by pseudonym."""

    fold: int
    clips: int  # of the fold; those in `people` may be fewer
    people: dict[str, Float[np.ndarray, "_ 2"]]


def check_belong_together(results: EvaluationResults, arrays: EvaluationArrays) -> None:
    """Refuse arrays of another evaluation, or with values that cannot be drawn.

    Raises
    ------
    EvaluationError
        If counts or people differ between the two, or a map or score is not finite.
    """
    counts = results.counts
    comparisons = counts.comparisons.mated + counts.comparisons.nonmated
    for name, said, came in (
        ("clips", counts.clips, len(arrays.clips)),
        ("clips with an embedding", counts.clips, len(arrays.vectors)),
        ("comparisons", comparisons, len(arrays.scores)),
    ):
        if said != came:
            raise EvaluationError(
                f"results.json and arrays.safetensors must be of one evaluation, got {said} and {came} "
                f"{name}: evaluate again"
            )
    unknown = {arrays.subjects[subject] for subject in np.unique(arrays.subject)} - {
        subject.subject for subject in results.subjects
    }
    if unknown:
        raise EvaluationError(
            f"arrays.safetensors has {len(unknown)} people that results.json does not know, "
            f"e.g. {min(unknown)}: evaluate again"
        )
    for name in ("tsne", "scores"):
        if not np.isfinite(getattr(arrays, name)).all():
            raise EvaluationError(f"{name} in arrays.safetensors must be finite, got NaN: evaluate again")


def compared(arrays: EvaluationArrays) -> Comparisons:
    """The comparisons with the two people behind each."""
    return Comparisons(
        scores=arrays.scores.astype(np.float64),
        enrolment=arrays.enrolment.astype(np.int64),
        probe=arrays.probe.astype(np.int64),
        subjects=arrays.subject.astype(np.int64),
    )


def roc_points(comparisons: Comparisons) -> RocPoints:
    """The ROC with at most `CURVE_POINTS` points, even along the curve and along the logarithm of FMR."""
    curve = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
    thresholds, fmr, tmr = curve.thresholds[::-1], curve.fmr[::-1], curve.tmr[::-1]
    keep = np.arange(len(fmr))
    if len(fmr) > CURVE_POINTS:
        share = CURVE_POINTS * 3 // 5
        along_curve = np.searchsorted(fmr + tmr, np.linspace(0, 2, share))
        along_log = np.searchsorted(
            fmr, np.geomspace(1 / comparisons.n_nonmated, 1, CURVE_POINTS - share - 2)
        )
        ends = np.array([0, len(fmr) - 1])
        keep = np.unique(np.concatenate([ends, along_curve, along_log]).clip(max=len(fmr) - 1))
    return RocPoints(
        thresholds[keep], fmr[keep], tmr[keep], comparisons.n_subject_pairs, comparisons.fmr_floor
    )


def score_bins(comparisons: Comparisons) -> ScoreBins:
    """Histograms of both kinds over the same bins; more bins where there are more scores (Rice's rule)."""
    mated, nonmated = comparisons.mated_scores, comparisons.nonmated_scores
    n_bins = int(np.clip(np.ceil(2 * np.cbrt(min(len(mated), len(nonmated)))), *_BINS))
    edges = np.histogram_bin_edges(comparisons.scores, bins=n_bins).astype(np.float64)
    return ScoreBins(np.histogram(mated, edges)[0], np.histogram(nonmated, edges)[0], edges)


def subject_names(results: EvaluationResults) -> dict[str, str]:
    """The pseudonym of every test person."""
    return pseudonyms((each.subject for each in results.subjects), results.provenance.split_sha256)


def subject_rows(results: EvaluationResults) -> list[SubjectRow]:
    """One row per person, the one who stands out most first; those without a gap last."""
    names = subject_names(results)
    rows = [
        SubjectRow(names[each.subject], each.fold, each.clips, each.mean_mated, each.mean_nonmated)
        for each in results.subjects
    ]
    return sorted(rows, key=lambda row: (row.gap is None, -(row.gap or 0.0), row.name))


def fold_maps(results: EvaluationResults, arrays: EvaluationArrays) -> list[FoldMap]:
    """One map per fold, people in the order of their pseudonyms.

    Of more than `MAP_CLIPS` clips, every k-th of each person is kept.
    """
    return maps_of(arrays, subject_names(results))


def maps_of(arrays: EvaluationArrays, names: Mapping[str, str]) -> list[FoldMap]:
    """The same for people under these `names`."""
    step = -(-len(arrays.subject) // MAP_CLIPS)
    maps = []
    for fold in np.unique(arrays.fold):
        of_fold = arrays.fold == fold
        people = {
            names[arrays.subjects[subject]]: arrays.tsne[of_fold & (arrays.subject == subject)][::step]
            for subject in np.unique(arrays.subject[of_fold])
        }
        maps.append(FoldMap(int(fold), int(np.count_nonzero(of_fold)), dict(sorted(people.items()))))
    return maps
