"""How well does an attacker do on the dev people? Everything that is chosen is chosen on this."""

from collections.abc import Mapping

from amber_id.attackers import Attacker, DevCalibration, DevFigures
from amber_id.biometrics import (
    Comparisons,
    LinearCalibration,
    across_sessions,
    auc,
    compare_all,
    eer,
    eer_threshold,
    fit_linear_calibration,
    undecided_scores,
)
from amber_id.embeddings import embed_clips
from amber_id.errors import EvaluationError
from amber_id.motion import WindowSet


def measure_dev(
    attacker: Attacker, dev: WindowSet, session_of: Mapping[str, str] | None = None
) -> DevFigures:
    """EER, AUC, the threshold at which FMR and FNMR cross, and calibration, over all pairs of dev clips.

    With the session of each clip, only mated pairs across sessions count.

    Raises
    ------
    UndefinedMetricError
        If no dev subject has two clips, or none of two sessions where these are asked for.
    """
    comparisons = compare_clips(attacker, dev)
    if session_of is not None:
        comparisons = across_sessions(comparisons, [entry.clip for entry in dev.entries], session_of)
    mated, nonmated = comparisons.mated_scores, comparisons.nonmated_scores
    calibration = calibrate(comparisons)
    return DevFigures(
        eer=eer(mated, nonmated),
        auc=auc(mated, nonmated),
        threshold=eer_threshold(mated, nonmated),
        subjects=len(dev.subjects),
        calibration=calibration,
        undecided=undecided(comparisons, calibration),
    )


def calibrate(comparisons: Comparisons) -> DevCalibration | None:
    """From a score to a log-likelihood ratio; None where no rising line fits best."""
    # Optimistic: fitted on the people on whom the checkpoint is chosen, by the comparisons it is chosen by.
    try:
        line = fit_linear_calibration(comparisons.mated_scores, comparisons.nonmated_scores)
    except EvaluationError:
        return None
    return DevCalibration(
        slope=line.scale,
        offset=line.offset,
        lowest=float(comparisons.scores.min()),
        highest=float(comparisons.scores.max()),
    )


def undecided(comparisons: Comparisons, calibration: DevCalibration | None) -> tuple[float, float] | None:
    """The cosines from which nothing follows: of :func:`undecided_scores`, or the gap between both sides."""
    if calibration is not None:
        line = LinearCalibration(calibration.slope, calibration.offset)
        low, high = undecided_scores(comparisons, line)
        return max(low, -1.0), min(high, 1.0)
    low, high = float(comparisons.nonmated_scores.max()), float(comparisons.mated_scores.min())
    return (low, high) if low < high else None


def compare_clips(attacker: Attacker, windows: WindowSet) -> Comparisons:
    """All pairs of clips; subjects are positions in ``windows.subjects``."""
    return compare_all(embed_clips(attacker, windows), windows.subject_of_clip)
