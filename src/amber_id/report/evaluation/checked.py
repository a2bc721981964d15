"""Do results and arrays belong to one evaluation?"""

import numpy as np

from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError
from amber_id.results import EvaluationArrays, EvaluationResults


def check_belong_together(results: EvaluationResults, arrays: EvaluationArrays) -> None:
    """Refuse arrays of another evaluation, or with values that cannot be drawn.

    Raises
    ------
    EvaluationError
        If counts or people differ between the two, or a map or score is not finite.
    """
    counts = results.counts
    comparisons = counts.comparisons.mated + counts.comparisons.nonmated
    for name, expected, came in (
        ("clips", counts.clips, len(arrays.clips)),
        ("clips with an embedding", counts.clips, len(arrays.vectors)),
        ("comparisons", comparisons, len(arrays.scores)),
    ):
        if expected != came:
            raise EvaluationError(
                f"results.json and arrays.safetensors must be of one evaluation, got {expected} and {came} "
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
