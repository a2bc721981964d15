"""Which people are recognised, and what do the rates say when people rather than pairs are counted?

A pooled rate hides that some people are recognised almost always and others never, and since a person with n
clips has n (n - 1) / 2 mated comparisons, it is the rate of those with many clips.

Conventions
-----------
P comparisons, S subjects, M mated and N non-mated scores. A non-mated comparison belongs to both of its
subjects. Subjects are numbered over the whole study; a figure of a subject without comparisons is None.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from amber_id.biometrics.comparisons import Comparisons, pair_numbers
from amber_id.biometrics.error_rates import eer
from amber_id.errors import EvaluationError, UndefinedMetricError


@dataclass(frozen=True)
class SubjectFigures:
    """What one subject's comparisons came to; None where there are none.

    Examples
    --------
    >>> SubjectFigures(0, mated_mean=None, nonmated_mean=0.1, n_mated=0, n_nonmated=7, eer=None).n_nonmated
    7
    """

    subject: int  # index in 0..S-1
    mated_mean: float | None  # mean score of the subject with itself
    nonmated_mean: float | None  # mean score with others, as enrolment or as probe
    n_mated: int
    n_nonmated: int
    eer: float | None  # of its mated scores against its non-mated ones


@dataclass(frozen=True)
class WorstDecile:
    """The person whose EER the most recognisable tenth of people do not exceed.

    Examples
    --------
    >>> WorstDecile(subject=3, eer=0.05, n_subjects=35).eer
    0.05
    """

    subject: int  # index in 0..S-1
    eer: float  # of that person
    n_subjects: int  # people with an EER


def per_subject_figures(comparisons: Comparisons) -> tuple[SubjectFigures, ...]:
    """Mean scores and the EER of every subject 0..S-1, in that order.

    A subject's EER is that of its mated scores against all non-mated ones in which it takes part, by
    :func:`amber_id.biometrics.eer`: how well this one person is distinguished from the others. A person with
    a single clip has neither mated mean nor EER, and one that was never compared has no figure. The EER of a
    guesser scatters around 0.5, the more so the fewer mated scores there are.

    Examples
    --------
    >>> pairs = np.array([0, 0, 1]), np.array([1, 2, 2])
    >>> comparisons = Comparisons(np.array([0.75, 0.25, 0.5]), *pairs, subjects=np.array([0, 0, 1]))
    >>> for figures in per_subject_figures(comparisons):
    ...     print(figures.mated_mean, figures.nonmated_mean, figures.n_mated, figures.n_nonmated, figures.eer)
    0.75 0.375 1 2 0.0
    None 0.375 0 2 None
    """
    S, mated = comparisons.n_subjects, comparisons.mated
    enrolment, probe = comparisons.enrolment_subjects, comparisons.probe_subjects
    with_self = _by_subject(comparisons.scores[mated], enrolment[mated], S)
    with_others = _by_subject(
        np.tile(comparisons.scores[~mated], 2), np.concatenate([enrolment[~mated], probe[~mated]]), S
    )
    return tuple(
        SubjectFigures(
            subject=subject,
            mated_mean=float(own.mean()) if own.size else None,
            nonmated_mean=float(others.mean()) if others.size else None,
            n_mated=own.size,
            n_nonmated=others.size,
            eer=eer(own, others) if own.size and others.size else None,
        )
        for subject, (own, others) in enumerate(zip(with_self, with_others, strict=True))
    )


def worst_decile_eer(figures: Sequence[SubjectFigures]) -> WorstDecile:
    """The EER that the most recognisable tenth of people do not exceed, and whose it is.

    The lower 0.1 quantile of the EERs of single people, as the inverse of their distribution, so that it is
    the figure of a real person: of n people with an EER the one at place ceil(n / 10) from below, the lower
    subject first among equals. Up to ten people this is the most recognisable one.

    A single person's EER is noisy, more so with few mated scores, and the lowest of many noisy figures lies
    lower than that person's true one. So a guesser, whose people all have a true EER of 0.5, does not come
    out at 0.5: in simulated studies of 35 people it came out at 0.40 with 5 clips each, and at 0.49 with 70.
    Judge it against the same figure of people whose labels were permuted.

    Raises
    ------
    UndefinedMetricError
        If nobody has an EER.

    Examples
    --------
    >>> figures = [SubjectFigures(i, 0.5, 0.1, 10, 90, rate) for i, rate in enumerate([0.3, None, 0.1, 0.2])]
    >>> worst_decile_eer(figures)
    WorstDecile(subject=2, eer=0.1, n_subjects=3)
    """
    rates = sorted((each.eer, each.subject) for each in figures if each.eer is not None)
    if not rates:
        raise UndefinedMetricError(
            f"worst_decile_eer needs a subject with an EER, got none among {len(figures)}: some subject "
            "needs two clips or more, and there must be another"
        )
    rate, subject = rates[-(-len(rates) // 10) - 1]
    return WorstDecile(subject, rate, len(rates))


def subject_balanced_weights(
    comparisons: Comparisons,
) -> tuple[Float64[np.ndarray, " M"], Float64[np.ndarray, " N"]]:
    """Weights under which people count alike, however many clips each has.

    The mated comparisons of each subject that has any sum to the same, and so do the non-mated ones of each
    pair of subjects that were compared. The mean weight is 1 on both sides; a side without comparisons has no
    weights. In the order of ``comparisons.mated_scores`` and ``nonmated_scores``.

    Examples
    --------
    Subject 0 has three mated comparisons, subject 1 has one:

    >>> from amber_id.biometrics import compare_all, eer
    >>> comparisons = compare_all(np.eye(5) + 0.1, np.array([0, 0, 0, 1, 1]))
    >>> mated_weights, nonmated_weights = subject_balanced_weights(comparisons)
    >>> mated_weights.round(3)
    array([0.667, 0.667, 0.667, 2.   ])
    >>> sides = comparisons.mated_scores, comparisons.nonmated_scores
    >>> rate = eer(*sides, mated_weights=mated_weights, nonmated_weights=nonmated_weights)
    """
    mated = comparisons.mated
    enrolment, probe = comparisons.enrolment_subjects, comparisons.probe_subjects
    pairs = pair_numbers(enrolment[~mated], probe[~mated], comparisons.n_subjects)
    return _balancing(enrolment[mated]), _balancing(pairs)


def aggregate_clips(comparisons: Comparisons, k: int, *, rng: np.random.Generator) -> Comparisons:
    """Comparisons of groups of k clips: what an attacker with k clips of a person on either side can do.

    The clips of each subject that were compared are dealt at random into groups of k, no clip into two. Where
    sessions are known a group lies within one session, where no clip is on both sides (originals enrolled,
    avatars probed) on one side, and of as few utterances as can be where only different ones are compared.
    The score of two groups is the mean of the k k scores between their clips; pairs of groups that lack one
    are left out, as are comparisons within a group.

    Parameters
    ----------
    comparisons
        What was compared, each pair of clips once.
    k
        Clips per group; 1 returns the same scores, though in another order.
    rng
        Source of the dealing.

    Returns
    -------
    Comparisons
        With groups as clips; subjects and sessions keep their numbers. Clips left over or never compared are
        ``len(comparisons.subjects) - k * len(returned.subjects)``.

    Raises
    ------
    EvaluationError
        If no two groups of one subject were compared: each subject needs 2 k clips for that.
    ValueError
        If `k` is below 1, or a pair of clips was compared twice.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all
    >>> comparisons = compare_all(np.eye(9) + 0.1, np.array([0, 0, 0, 0, 0, 1, 1, 1, 1]))
    >>> groups = aggregate_clips(comparisons, k=2, rng=np.random.default_rng(0))
    >>> groups.subjects, groups.n_mated, groups.n_nonmated
    (array([0, 0, 1, 1]), 2, 4)
    """
    _check_once(comparisons, k)
    group_of, first_clips = _deal(comparisons, k, rng)
    n_groups = len(first_clips)
    one, other = group_of[comparisons.enrolment], group_of[comparisons.probe]
    between = (one >= 0) & (other >= 0) & (one != other)
    pairs, place, counts = np.unique(
        pair_numbers(one[between], other[between], n_groups), return_inverse=True, return_counts=True
    )
    sums = np.bincount(place, weights=comparisons.scores[between], minlength=len(pairs))
    complete = counts == k * k
    sessions = comparisons.sessions
    groups = Comparisons(
        scores=sums[complete] / (k * k),
        enrolment=pairs[complete] // max(n_groups, 1),
        probe=pairs[complete] % max(n_groups, 1),
        subjects=comparisons.subjects[first_clips],
        sessions=None if sessions is None else sessions[first_clips],
    )
    if groups.n_mated == 0:
        _refuse_too_few(comparisons, k)
    return groups


def _by_subject(
    scores: Float64[np.ndarray, " P"], subjects: Int64[np.ndarray, " P"], n_subjects: int
) -> list[Float64[np.ndarray, " _"]]:
    """The scores of each subject 0..S-1, ascending, so that their order does not matter to any rounding."""
    # Small integers are sorted without comparing; a mask per subject would take several times as long.
    order = np.argsort(subjects.astype(np.min_scalar_type(n_subjects)), kind="stable")
    ends = np.cumsum(np.bincount(subjects, minlength=n_subjects))
    return [np.sort(own) for own in np.split(scores[order], ends)[:n_subjects]]


def _balancing(owners: Int64[np.ndarray, " P"]) -> Float64[np.ndarray, " P"]:
    """Weights of mean 1 that sum to the same for each different owner."""
    _, place, counts = np.unique(owners, return_inverse=True, return_counts=True)
    weights: Float64[np.ndarray, " P"] = (len(owners) / max(len(counts), 1) / counts)[place]
    return weights


def _check_once(comparisons: Comparisons, k: int) -> None:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    N = len(comparisons.subjects)
    pairs = np.sort(pair_numbers(comparisons.enrolment, comparisons.probe, N))
    again = pairs[1:][np.diff(pairs) == 0]
    if again.size:
        raise ValueError(
            f"clips are aggregated from one comparison of each pair, got clips {again[0] // N} and "
            f"{again[0] % N} and {again.size - 1} more pairs once more: leave those out"
        )


def _deal(
    comparisons: Comparisons, k: int, rng: np.random.Generator
) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " G"]]:
    """The group of each clip, -1 where it is in none, and one clip of each group."""
    pools = comparisons.subjects if comparisons.sessions is None else comparisons.sessions
    enrolled, probed = np.zeros((2, len(pools)), dtype=bool)
    enrolled[comparisons.enrolment], probed[comparisons.probe] = True, True
    if not (enrolled & probed).any():
        # Two separate sides; a group across them would lack the scores within each. Enrolled ones come first.
        pools = pools + probed * (pools.max(initial=0) + 1)

    clips = rng.permutation(np.flatnonzero(enrolled | probed))
    if comparisons.utterances is not None:
        # Clips of one utterance side by side: two groups that share one lack a score.
        clips = clips[np.argsort(_in_random_order(comparisons.utterances, rng)[clips], kind="stable")]
    clips = clips[np.argsort(pools[clips], kind="stable")]
    _, starts, sizes = np.unique(pools[clips], return_index=True, return_counts=True)
    place_in_pool = np.arange(len(clips)) - np.repeat(starts, sizes)
    clips = clips[place_in_pool < np.repeat(sizes // k * k, sizes)]
    # Without those left over, each run of k clips is one group.
    group_of = np.full(len(pools), -1)
    group_of[clips] = np.arange(len(clips)) // k
    return group_of, clips[::k]


def _in_random_order(
    utterances: Int64[np.ndarray, " N"], rng: np.random.Generator
) -> Int64[np.ndarray, " N"]:
    """The utterance of each clip by other numbers, drawn at random."""
    names, number = np.unique(utterances, return_inverse=True)
    return rng.permutation(len(names))[number]


def _refuse_too_few(comparisons: Comparisons, k: int) -> None:
    clips = np.union1d(comparisons.enrolment, comparisons.probe)
    counts = np.bincount(comparisons.subjects[clips], minlength=1)
    raise EvaluationError(
        f"two groups of {k} need a subject with {2 * k} clips, all compared with each other, and {k} or more "
        f"in a session; got {np.count_nonzero(counts)} subjects, of which {counts.argmax()} has most clips, "
        f"{counts.max()}: lower k or add clips"
    )
