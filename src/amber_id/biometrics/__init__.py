"""Whether two clips show the same person, and how often that is decided wrongly.

An attacker compares clips in pairs and gives each pair a score. This package turns scores into error
rates and says how sure the rates are. It knows nothing of faces, videos or networks: only NumPy arrays
go in, so it can be used alone for scores from elsewhere.

Conventions
-----------
A score is a similarity: higher means more alike.
A comparison is accepted when ``score >= threshold``; tied scores are decided alike.
A comparison is *mated* when both clips show one subject (genuine), else *non-mated* (impostor).
FMR is the share of non-mated comparisons that are accepted, FNMR that of mated ones that are rejected
(comparison-level rates of ISO/IEC 19795-1).
Rates are fractions in [0, 1], never percentages. A guesser has EER 0.5 and AUC 0.5.
Subjects, not comparisons, are the sample: intervals come from resampling subjects.

From scores to figures
----------------------
* :class:`Comparisons`: scores with the subjects behind them; :func:`compare_all` makes them from embeddings
* :func:`error_curve`: FMR and FNMR at every threshold, as an :class:`ErrorCurve` (the ROC)
* :func:`eer`, :func:`eer_threshold`: where both rates are equal
* :func:`auc`: probability that a mated score exceeds a non-mated one
* :func:`rates_at`, :func:`accuracy_at`, :func:`balanced_accuracy_at`: at a threshold chosen elsewhere
* :func:`best_balanced_accuracy`: at the threshold that suits these very scores best, hence optimistic
* :func:`subject_bootstrap`: an :class:`Interval` for any of them
* :func:`per_subject_means`: who is recognised, as :class:`SubjectMeans`
"""

from amber_id.biometrics.comparisons import Comparisons, compare_all
from amber_id.biometrics.curves import ErrorCurve
from amber_id.biometrics.error_rates import (
    accuracy_at,
    auc,
    balanced_accuracy_at,
    best_balanced_accuracy,
    eer,
    eer_threshold,
    error_curve,
    rates_at,
)
from amber_id.biometrics.uncertainty import Interval, SubjectMeans, per_subject_means, subject_bootstrap

__all__ = [
    "Comparisons",
    "ErrorCurve",
    "Interval",
    "SubjectMeans",
    "accuracy_at",
    "auc",
    "balanced_accuracy_at",
    "best_balanced_accuracy",
    "compare_all",
    "eer",
    "eer_threshold",
    "error_curve",
    "per_subject_means",
    "rates_at",
    "subject_bootstrap",
]
