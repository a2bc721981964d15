"""Is a measure larger than if the clips told nothing about who they show?

Conventions
-----------
Every measure that is fitted to the scores it judges comes out above 0 for a guesser, the more so the fewer
the scores. It is therefore compared with its values in studies that have the same scores but people assigned
to clips at random; everything else that makes comparisons depend on each other stays.

Clips change places only with clips that they are compared with, directly or through others, so never between
folds. Scores are not permuted among comparisons: that would lose what makes comparisons depend on each other,
such as a blurred clip that is like no other, and would report disclosure where there is none.

Where some clips are enrolled and others are the probes, only the probes are permuted: the enrolled ones
may identify people, and the question is whether the clips under test do. In simulated studies of telling
enrolment and meaningless probes, permuting both rejected 14 % at the 5 % level, this 4 %.

Where sessions are known, the clips of one session move together, so that a room or a camera is no
identity; and if no two clips of one session are compared, none are in a permuted study either. Where they
are not known, all that clips of one person have in common counts as disclosure.

Where only clips of different utterances are compared, clips change places with those of their utterance,
or, where nobody repeats it, with others that nobody repeats, so that as many comparisons stay mated.

Where every two clips of different people were compared and some clips of one person were not, such as an
original and its own avatar, clips that take their places are not in a permuted study either.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int, Int64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from amber_id.biometrics.comparisons import Comparisons, check_finite
from amber_id.biometrics.curves import ErrorCurve, PerResample
from amber_id.errors import EvaluationError

_MAX_EXACT = 2048  # different scores up to which a permutation test needs no bins
_CHUNK = 64  # permutations judged at once
_MAX_DRAWS = 1000  # for one permutation that leaves both sides
_MAX_CHANGE = 0.1  # of the number of mated comparisons by permutation

_Clips: TypeAlias = Bool[np.ndarray, " N"]  # those for which something holds
# Mated and non-mated comparisons in each bin.
_Masses: TypeAlias = tuple[Int64[np.ndarray, " B"], Int64[np.ndarray, " B"]]


@dataclass(frozen=True)
class PermutationTest:
    """A measure of a study, and its values where people are assigned to clips at random.

    Examples
    --------
    >>> PermutationTest(value=0.5, null_mean=0.25, excess=0.25, p_value=0.01, permutations=99).excess
    0.25
    """

    value: float  # of the study as it is
    null_mean: float  # mean over the permutations: what the measure shows where there is nothing
    excess: float  # value - null_mean
    p_value: float  # (1 + permutations that reach the value) / (1 + permutations)
    permutations: int


def permutation_null(
    comparisons: Comparisons,
    statistics: Mapping[str, Callable[[ErrorCurve], PerResample]],
    *,
    permutations: int = 200,
    rng: np.random.Generator,
    edges: Float64[np.ndarray, " E"] | None = None,
) -> dict[str, PermutationTest]:
    """Whether measures are larger than if the clips told nothing about who they show.

    The module's opening says which clips are permuted, and among which.

    Parameters
    ----------
    comparisons
        What was compared.
    statistics
        Functions of the error curves of many permutations at once, by name, larger where more is disclosed,
        e.g. ``{"zebra": zebra_expected_of}``.
    permutations
        Draws; the smallest possible p value is 1 / (1 + permutations).
    rng
        Source of the draws; the same state gives the same result.
    edges
        Lower ends of bins of scores, ascending. Unless given, each different score of up to 2048, otherwise
        at most as many bins, closer in both tails. Value and null share them, so they must not be chosen by
        who the clips show.

    Raises
    ------
    EvaluationError
        If no clips can change places; if permuted studies have 10 % more or fewer mated comparisons, since
        what is compared then depends on who is shown; or if a value is not finite.
    UndefinedMetricError
        If there is no mated or no non-mated comparison.
    ValueError
        If `permutations`, `edges` or `statistics` is not as stated here.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all, zebra_expected_of
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(8), 5)
    >>> vectors = rng.normal(size=(8, 16))[subjects] + rng.normal(size=(40, 16))
    >>> comparisons = compare_all(vectors, subjects)
    >>> tests = permutation_null(comparisons, {"expected": zebra_expected_of}, permutations=99, rng=rng)
    >>> tests["expected"].p_value, tests["expected"].excess > 0.2
    (0.01, True)
    """
    if permutations < 1 or not statistics:
        raise ValueError(
            "permutation_null needs permutations >= 1 and a statistic, "
            f"got permutations={permutations} and {len(statistics)} statistics"
        )
    study = _Relabelling.of(comparisons, label_free_edges(comparisons.scores) if edges is None else edges)
    observed = study.masses(np.arange(len(comparisons.subjects)))
    values = {name: float(of_study[0]) for name, of_study in study.judge([observed], statistics).items()}
    study.check_exchange()
    nulls = _null_values(study, statistics, permutations, rng)
    return {name: _test(values[name], nulls[name]) for name in statistics}


@dataclass(frozen=True, eq=False)
class _Relabelling:
    """A study in which people can be assigned to clips anew."""

    comparisons: Comparisons
    edges: Float64[np.ndarray, " B"]
    place: Int64[np.ndarray, " P"]  # bin of each comparison
    total: Int64[np.ndarray, " B"]  # comparisons in each bin
    subjects: Int[np.ndarray, " N"]  # who each clip shows, in small numbers
    sessions: Int64[np.ndarray, " N"] | None  # of each clip, if no two clips of a session are compared
    met: Int64[np.ndarray, " P"] | None  # pairs of clips that were compared, if only mated ones were left out
    movable: Int64[np.ndarray, " Q"]  # clips that are permuted
    unit: Int64[np.ndarray, " Q"]  # which clips move together
    first: Int64[np.ndarray, " U"]  # a clip of each unit
    component: Int[np.ndarray, " N"]  # of each clip
    stratum: Int[np.ndarray, " N"]  # of each clip, part of a component, within which clips change places

    @classmethod
    def of(cls, comparisons: Comparisons, edges: Float64[np.ndarray, " B"]) -> "_Relabelling":
        check_finite(edges, "edges")
        if not edges.size or (np.diff(edges) <= 0).any():
            raise ValueError(f"edges must be one or more ascending numbers, got {edges.size} that are not")
        sessions, component = comparisons.sessions, connected_clips(comparisons)
        movable = _movable(comparisons, component)
        stratum = component if sessions is not None else _strata(comparisons, component, movable)
        moves_with = movable if sessions is None else sessions[movable]
        # Units ascend with their strata.
        _, first, unit = np.unique(
            np.stack([stratum[movable], moves_with]), axis=1, return_index=True, return_inverse=True
        )
        place = np.maximum(np.searchsorted(edges, comparisons.scores, side="right") - 1, 0)
        if sessions is not None and (sessions[comparisons.enrolment] == sessions[comparisons.probe]).any():
            sessions = None
        return cls(
            comparisons=comparisons,
            edges=edges,
            place=place,
            total=np.bincount(place, minlength=len(edges)),
            # Small, as they are looked up twice for each comparison and permutation.
            subjects=np.unique(comparisons.subjects, return_inverse=True)[1].astype(np.int32),
            sessions=sessions,
            met=_met_pairs(comparisons, component) if comparisons.sessions is None else None,
            movable=movable,
            unit=unit,
            first=movable[first],
            component=component,
            stratum=stratum,
        )

    def check_exchange(self) -> None:
        """Refuse a study in which no permutation changes which comparisons are mated."""
        fixed = np.setdiff1d(self.comparisons.enrolment, self.movable)
        movable, _ = self._groups(self.first, self.stratum)
        exchanged = np.isin(self.stratum[self.first], movable[1:][np.diff(movable) == 0])
        of_two_subjects = self.component[self.first][exchanged]
        everywhere, counts = self._groups(np.concatenate([self.first, fixed]), self.component)
        if not np.isin(of_two_subjects, everywhere[counts > 1]).any():
            by_clip = self.comparisons.sessions is None
            kind, advice = ("clips", "") if by_clip else ("sessions", ", or leave sessions out")
            raise EvaluationError(
                f"a permutation test needs {kind} of different subjects that can change places, got "
                f"{len(self.first)} in {len(np.unique(movable))} separate groups in which it would change "
                f"nothing: compare more {kind} of each subject{advice}"
            )

    def _groups(
        self, clips: Int64[np.ndarray, " Q"], part: Int[np.ndarray, " N"]
    ) -> tuple[Int[np.ndarray, " G"], Int64[np.ndarray, " G"]]:
        """Part of each different pair of part and subject, and how many clips have it."""
        pairs = np.stack([part[clips], self.subjects[clips]])
        groups, counts = np.unique(pairs, axis=1, return_counts=True)
        return groups[0], counts

    def draw(self, rng: np.random.Generator) -> _Masses:
        """Comparisons in each bin after a permutation that leaves both sides."""
        for _ in range(_MAX_DRAWS):
            order = np.lexsort((rng.random(len(self.first)), self.stratum[self.first]))
            stands_for = np.arange(len(self.subjects))
            stands_for[self.movable] = self.first[order][self.unit]
            mated, nonmated = self.masses(stands_for)
            if mated.any() and nonmated.any():
                return mated, nonmated
        raise EvaluationError(
            f"a permutation test needs mated and non-mated comparisons after a permutation, got none in "
            f"{_MAX_DRAWS} draws: compare each clip with more others"
        )

    def masses(self, stands_for: Int64[np.ndarray, " N"]) -> _Masses:
        """Mated and non-mated comparisons in each bin if each clip shows whom another one shows."""
        subjects, B = self.subjects[stands_for], len(self.edges)
        enrolment, probe = self.comparisons.enrolment, self.comparisons.probe
        mated = np.flatnonzero(subjects[enrolment] == subjects[probe])
        nonmated = self.total - np.bincount(self.place[mated], minlength=B)
        if self.sessions is not None:
            sessions = self.sessions[stands_for]
            mated = mated[sessions[enrolment[mated]] != sessions[probe[mated]]]
        if self.met is not None:
            roles = _pair_codes(stands_for[enrolment[mated]], stands_for[probe[mated]], len(subjects))
            mated = mated[np.isin(roles, self.met)]
        return np.bincount(self.place[mated], minlength=B), nonmated

    def judge(
        self, rows: Sequence[_Masses], statistics: Mapping[str, Callable[[ErrorCurve], PerResample]]
    ) -> dict[str, Float64[np.ndarray, " R"]]:
        """Each statistic for each row."""
        mated, nonmated = (np.stack(side) for side in zip(*rows, strict=True))
        curves = ErrorCurve.of_masses(self.edges, mated, nonmated)
        results = {}
        for name, statistic in statistics.items():
            values = np.asarray(statistic(curves), dtype=np.float64)
            if values.shape != (len(rows),):
                raise ValueError(
                    f"statistic {name} must give one value per resample, shape ({len(rows)},), "
                    f"got shape {values.shape}"
                )
            if not np.isfinite(values).all():
                raise EvaluationError(
                    f"statistic {name} must be finite, got {values[~np.isfinite(values)][0]}"
                )
            results[name] = values
        return results


def _null_values(
    study: _Relabelling,
    statistics: Mapping[str, Callable[[ErrorCurve], PerResample]],
    permutations: int,
    rng: np.random.Generator,
) -> dict[str, Float64[np.ndarray, " R"]]:
    """Each statistic of R permuted studies, a chunk of them judged at a time."""
    chunks: dict[str, list[Float64[np.ndarray, " R"]]] = {name: [] for name in statistics}
    n_mated = 0
    for start in range(0, permutations, _CHUNK):
        rows = [study.draw(rng) for _ in range(min(_CHUNK, permutations - start))]
        n_mated += sum(int(mated.sum()) for mated, _ in rows)
        for name, values in study.judge(rows, statistics).items():
            chunks[name].append(values)
    _check_design(study.comparisons.n_mated, n_mated / permutations)
    return {name: np.concatenate(chunks[name]) for name in statistics}


def _test(value: float, null: Float64[np.ndarray, " R"]) -> PermutationTest:
    # A permutation that changes nothing must count as reaching the value, whatever the rounding.
    reached = int(np.count_nonzero(null >= value - 1e-12 * max(1.0, abs(value))))
    mean = float(null.mean())
    return PermutationTest(value, mean, value - mean, (1 + reached) / (1 + len(null)), len(null))


def connected_clips(comparisons: Comparisons) -> Int64[np.ndarray, " N"]:
    """The component of each clip, a number: all clips compared with it, directly or not, have the same."""
    N = len(comparisons.subjects)
    compared = np.ones(len(comparisons.scores), dtype=bool)
    graph = coo_array((compared, (comparisons.enrolment, comparisons.probe)), shape=(N, N))
    # Wide, as it is multiplied with the number of people.
    component: Int64[np.ndarray, " N"] = connected_components(graph, directed=False)[1].astype(np.int64)
    return component


def _strata(
    comparisons: Comparisons, component: Int64[np.ndarray, " N"], movable: Int64[np.ndarray, " Q"]
) -> Int64[np.ndarray, " N"]:
    """The part of its component that each clip may change places in: all of it, or its utterance.

    Clips that nobody else repeats are together: whatever places they have, all that they say is different.
    """
    if comparisons.utterances is None:
        return component
    utterance = comparisons.utterances - comparisons.utterances.min(initial=0)
    repeated = np.bincount(utterance[movable], minlength=utterance.max(initial=0) + 1)[utterance] > 1
    pairs = np.stack([component, np.where(repeated, utterance, -1)])
    return np.unique(pairs, axis=1, return_inverse=True)[1].reshape(-1)


def _movable(comparisons: Comparisons, component: Int[np.ndarray, " N"]) -> Int64[np.ndarray, " Q"]:
    """The clips that are permuted: all, but only the probes where no clip is both enrolled and a probe."""
    enrolled, probes = np.unique(comparisons.enrolment), np.unique(comparisons.probe)
    one_set = np.isin(component[enrolled], component[np.intersect1d(enrolled, probes)])
    return np.union1d(probes, enrolled[one_set])


def _met_pairs(comparisons: Comparisons, component: Int[np.ndarray, " N"]) -> Int64[np.ndarray, " P"] | None:
    """The pairs that were compared, sorted, where all of two different people were, but not all of one."""
    enrolment, probe, subjects = comparisons.enrolment, comparisons.probe, comparisons.subjects
    enrolled, probed = (np.bincount(side, minlength=len(subjects)) > 0 for side in (enrolment, probe))
    one_set = np.isin(component, component[enrolled & probed])
    met = np.unique(_pair_codes(enrolment, probe, len(subjects)))
    apart = subjects[met // len(subjects)] != subjects[met % len(subjects)]
    # By part, and by part and person: there may be as many parts as there are comparisons.
    groups = np.stack([component, component * (subjects.max() + 1) + subjects])
    possible, of_one = (_possible_pairs(each, one_set, enrolled, probed) for each in groups)
    return met if np.count_nonzero(apart) == possible - of_one and len(met) < possible else None


def _possible_pairs(
    group: Int64[np.ndarray, " N"], one_set: _Clips, enrolled: _Clips, probed: _Clips
) -> float:
    """How many comparisons the clips of each group allow, in all groups together."""
    number = np.unique(group, return_inverse=True)[1]
    compared = enrolled | probed
    n_all, n_enrolled, n_probed = (
        np.bincount(number[each], minlength=len(number)).astype(np.float64)
        for each in (one_set & compared, enrolled & ~one_set, probed & ~one_set)
    )
    # In one set each pair once, and no clip with itself.
    return float((n_all * (n_all - 1) / 2).sum() + (n_enrolled * n_probed).sum())


def _pair_codes(
    one: Int64[np.ndarray, " P"], other: Int64[np.ndarray, " P"], n_clips: int
) -> Int64[np.ndarray, " P"]:
    """A number for each pair of clips, whichever was enrolled."""
    codes: Int64[np.ndarray, " P"] = np.minimum(one, other) * n_clips + np.maximum(one, other)
    return codes


def _check_design(n_mated: int, n_permuted: float) -> None:
    """Refuse a study whose permutations have another number of mated comparisons, on which biases depend."""
    if abs(n_permuted - n_mated) > _MAX_CHANGE * n_mated:
        raise EvaluationError(
            "which clips were compared depends on who they show, so that names cannot be permuted: this "
            f"study has {n_mated} mated comparisons, with permuted names {n_permuted:.0f} on average; "
            "compare all enrolled clips with all probes, or name the sessions"
        )


def label_free_edges(scores: Float64[np.ndarray, " P"]) -> Float64[np.ndarray, " B"]:
    """Lower ends of bins: every score of few; of many every thousandth part, and ever closer in the tails."""
    ordered = np.sort(scores)
    distinct = ordered[np.append(True, np.diff(ordered) > 0)]
    if len(distinct) <= _MAX_EXACT:
        return distinct
    last = len(ordered) - 1
    middle = np.linspace(0, last, _MAX_EXACT // 2).astype(np.int64)
    tail = np.geomspace(1, last / 2, _MAX_EXACT // 4).astype(np.int64) - 1
    return np.unique(ordered[np.concatenate([middle, tail, last - tail])])
