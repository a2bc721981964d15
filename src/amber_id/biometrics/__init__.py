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
* Error rates of mated and non-mated scores: :func:`eer`, :func:`eer_rocch`, :func:`auc`, :func:`roc`,
  :func:`det`, :func:`threshold_at_fmr`, :func:`tmr_at_fmr`, :func:`min_dcf`; at a threshold chosen on other
  people :func:`rates_at`, :func:`accuracy_at`, :func:`hter_at`; many of the same scores: :func:`error_curve`
* What a score is worth as evidence: :func:`cllr`, :func:`min_cllr`, calibration fitted on other people, and
  the scores that it leaves open, :func:`undecided_scores`
* What scores give away: :func:`d_sys`, :func:`zebra`; against chance: :func:`permutation_null`
* Who it is, among N: :func:`gallery_scores`, of a list that :func:`is_directed` or not, then :func:`cmc`,
  :func:`rank1_by_gallery_size`, :func:`open_set`; among more people than were measured,
  :func:`search_in_population`
* Within a session and across two, and how many days apart: :class:`Sittings`, :func:`within_and_across`,
  :func:`of_days`, :func:`across_sessions`
* Who is recognised: :func:`per_subject_figures`, :func:`worst_decile_eer`; from several clips:
  :func:`aggregate_clips`; people weighing alike: :func:`subject_balanced_weights`
* How sure: :func:`bootstrap_eer` for plain arrays; :func:`bootstrap` and, paired,
  :func:`bootstrap_difference` for any :class:`Statistic` of :class:`Comparisons` or their :func:`tally`
* How a figure moves that is computed from sums over people: :func:`spreads_of_sums`
* How often labels other than people, such as emotions, are read rightly: :func:`balanced_accuracies`, against
  chance :func:`guesses_p_value`
* Whether people are recognised at all: :func:`decide_recognition`
* Before a study, how many people it takes: :func:`study_power` of a :class:`StudyPlan`
* Scores held against those with other people: :func:`s_norm`, from :func:`cohort_statistics`
* Values that mark a comparison that failed and are no scores: :func:`placeholders`
* From embeddings: :func:`compare_all` holds the scores, :func:`compare_across` those of clips under two
  conditions; :func:`tally_all` does not, for very many clips
"""

from amber_id.biometrics.calibration import (
    IsotonicCalibration,
    LinearCalibration,
    cllr,
    cllr_of,
    fit_isotonic_calibration,
    fit_linear_calibration,
    min_cllr,
    min_cllr_of,
    pav_llrs,
)
from amber_id.biometrics.comparisons import Comparisons, compare_across, compare_all
from amber_id.biometrics.counted import ALL_PAIRS, CountedPairs
from amber_id.biometrics.counted_scores import error_curve
from amber_id.biometrics.curves import ErrorCurve
from amber_id.biometrics.disclosure import Zebra, d_sys, d_sys_raw_of, zebra, zebra_expected_of
from amber_id.biometrics.error_rates import (
    Det,
    Roc,
    accuracy_at,
    act_dcf,
    auc,
    balanced_accuracy_at,
    best_balanced_accuracy,
    det,
    eer,
    eer_rocch,
    eer_threshold,
    hter_at,
    min_dcf,
    rates_at,
    roc,
    threshold_at_fmr,
    tmr_at_fmr,
)
from amber_id.biometrics.evidence import ScoreRange, undecided_scores
from amber_id.biometrics.failure_marks import Placeholders, placeholders
from amber_id.biometrics.galleries import Gallery, gallery_scores, is_directed
from amber_id.biometrics.identification import (
    OpenSetCurve,
    cmc,
    open_set,
    rank1,
    rank1_by_gallery_size,
    rank1_hits,
    tpir_at_fpir,
)
from amber_id.biometrics.intervals import Difference, Estimate
from amber_id.biometrics.labels import (
    BalancedAccuracies,
    balanced_accuracies,
    balanced_accuracy,
    guesses_p_value,
    permuted_over_subjects,
    permuted_within,
    shares_right,
)
from amber_id.biometrics.multiple_tests import holm, sign_flip_p_value
from amber_id.biometrics.people import (
    SubjectFigures,
    WorstDecile,
    aggregate_clips,
    per_subject_figures,
    subject_balanced_weights,
    worst_decile_eer,
)
from amber_id.biometrics.permutation import PermutationTest, permutation_null
from amber_id.biometrics.population import PopulationSearch, search_in_population
from amber_id.biometrics.power import (
    SimulatedStudy,
    StudyPlan,
    StudyPower,
    people_needed,
    simulate_study,
    study_power,
)
from amber_id.biometrics.recognition import Recognition, decide_recognition
from amber_id.biometrics.resampling import Statistic, has_intervals
from amber_id.biometrics.score_normalisation import cohort_statistics, s_norm
from amber_id.biometrics.scoring import histogram_all, tally_all
from amber_id.biometrics.sessions import Sittings, across_sessions, of_days, within_and_across
from amber_id.biometrics.sums import spreads_of_sums
from amber_id.biometrics.tallies import PairTally, ScoreHistogram, SubjectTally, Tally, merge, tally
from amber_id.biometrics.two_covariance import two_covariance_llr
from amber_id.biometrics.uncertainty import bootstrap, bootstrap_difference, bootstrap_eer, bootstrap_mean
from amber_id.biometrics.utterances import of_different_utterances

__all__ = [
    "ALL_PAIRS",
    "BalancedAccuracies",
    "Comparisons",
    "CountedPairs",
    "Det",
    "Difference",
    "ErrorCurve",
    "Estimate",
    "Gallery",
    "IsotonicCalibration",
    "LinearCalibration",
    "OpenSetCurve",
    "PairTally",
    "PermutationTest",
    "Placeholders",
    "PopulationSearch",
    "Recognition",
    "Roc",
    "ScoreHistogram",
    "ScoreRange",
    "SimulatedStudy",
    "Sittings",
    "Statistic",
    "StudyPlan",
    "StudyPower",
    "SubjectFigures",
    "SubjectTally",
    "Tally",
    "WorstDecile",
    "Zebra",
    "accuracy_at",
    "across_sessions",
    "act_dcf",
    "aggregate_clips",
    "auc",
    "balanced_accuracies",
    "balanced_accuracy",
    "balanced_accuracy_at",
    "best_balanced_accuracy",
    "bootstrap",
    "bootstrap_difference",
    "bootstrap_eer",
    "bootstrap_mean",
    "cllr",
    "cllr_of",
    "cmc",
    "cohort_statistics",
    "compare_across",
    "compare_all",
    "d_sys",
    "d_sys_raw_of",
    "decide_recognition",
    "det",
    "eer",
    "eer_rocch",
    "eer_threshold",
    "error_curve",
    "fit_isotonic_calibration",
    "fit_linear_calibration",
    "gallery_scores",
    "guesses_p_value",
    "has_intervals",
    "histogram_all",
    "holm",
    "hter_at",
    "is_directed",
    "merge",
    "min_cllr",
    "min_cllr_of",
    "min_dcf",
    "of_days",
    "of_different_utterances",
    "open_set",
    "pav_llrs",
    "people_needed",
    "per_subject_figures",
    "permutation_null",
    "permuted_over_subjects",
    "permuted_within",
    "placeholders",
    "rank1",
    "rank1_by_gallery_size",
    "rank1_hits",
    "rates_at",
    "roc",
    "s_norm",
    "search_in_population",
    "shares_right",
    "sign_flip_p_value",
    "simulate_study",
    "spreads_of_sums",
    "study_power",
    "subject_balanced_weights",
    "tally",
    "tally_all",
    "threshold_at_fmr",
    "tmr_at_fmr",
    "tpir_at_fpir",
    "two_covariance_llr",
    "undecided_scores",
    "within_and_across",
    "worst_decile_eer",
    "zebra",
    "zebra_expected_of",
]
