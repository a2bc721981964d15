"""Who is it, among more people than were measured?

A search among N people finds the mate where all N - 1 others score below it, and that hangs on how often one
other person scores as much as the mate does, far in the tail of the others' scores. A line through rank-1
against log N says nothing about it, and a normal tail for each probe is wrong where people differ in some
respects more than in others. The model of :func:`fit_population`:

1. The scores of a probe against other people are centred at their mean and divided by their upper spread, the
   root mean square distance from it of those above it. Both are shrunk towards those of all probes of the
   fold, as far as they differ by chance alone (empirical Bayes; Efron and Morris, JASA 70, 1975).
2. All probes then share one tail: the probit of the share of other people who score at least z is a quadratic
   function of z, fitted at shares from 0.1 to one in a quarter of the pairs of people that were measured.
3. The shares are raised to a power by which the model gives, for galleries of 4 people up to those measured,
   the rank-1 rates of :func:`rank1_by_gallery_size`, which are known exactly.

Rank-1 among N people is the mean over probes of (1 - share)^(N - 1). The threshold of open-set search lies
where a few probes have their highest scores, and is found by such a model of scores that were first brought
to a normal distribution. Intervals leave out some people at a time, as those who search and as those who are
found, and refit everything (jackknife). They do not know how wrong the model may be: docs/population.md has
how often they held the truth. Conventions are those of `identification`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.optimize import brentq, minimize_scalar
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtr, ndtri

from amber_id.biometrics.galleries import Gallery
from amber_id.biometrics.identification import rank1_by_gallery_size
from amber_id.biometrics.intervals import Estimate, jackknifed
from amber_id.errors import EvaluationError

FEWEST_IN_GALLERY = 8
LARGEST_FACTOR = 100  # of the people measured
_LEVELS = 14  # shares at which the tail is fitted
_LARGEST_SHARE = 0.1
_POWERS = (0.25, 4.0)
_GROUPS = 20  # of people, left out in turn
_MOST_SCORES = 1_000_000  # of which a model is fitted
_AT_END = 4  # knots, through which a straight line goes on
_ALIKE = (
    "a search among more people needs scores that differ between people, got the same for most: nothing is "
    "stated about more people than were measured"
)
_LEAST_SLOPE = 0.05  # of the tail's probit beyond what was measured: it goes on falling


@dataclass(frozen=True)
class PopulationSearch:
    """What a search among more people would find, with intervals over people."""

    people: int  # N, who are searched, the mate among them
    rank1: Estimate
    tpir: Estimate  # at `fpir`
    fpir: float


@dataclass(frozen=True, eq=False)
class _Tail:
    """The share of standardised scores at or above z: as measured in the middle, and fitted above."""

    measured: Float64[np.ndarray, " M"]  # ascending
    coefficients: Float64[np.ndarray, "3"]  # of the negative probit of the share
    begins: float  # z from which the fit holds
    ends: float  # z up to which it was fitted

    @classmethod
    def fitted(cls, values: Float64[np.ndarray, " M"], smallest: float) -> "_Tail":
        """The tail of values of which shares down to `smallest` say something."""
        values = np.sort(values)
        shares = np.geomspace(smallest, _LARGEST_SHARE, _LEVELS)
        at = np.interp(1 - shares, (np.arange(len(values)) + 0.5) / len(values), values)
        return cls(values, np.polyfit(at, -ndtri(shares), 2), float(at[-1]), float(at[0]))

    def shares(self, z: Float64[np.ndarray, " Q"]) -> Float64[np.ndarray, " Q"]:
        """How many of the scores lie at or above each z."""
        below = np.searchsorted(self.measured, z) / len(self.measured)
        beyond = np.maximum(z - self.ends, 0)
        slope = max(float(np.polyval(np.polyder(self.coefficients), self.ends)), _LEAST_SLOPE)
        curvature = max(float(self.coefficients[0]), 0.0)
        probits = np.polyval(self.coefficients, np.minimum(z, self.ends))
        fitted = ndtr(-(probits + slope * beyond + curvature * beyond**2))
        return np.where(z > self.begins, fitted, 1 - below)


@dataclass(frozen=True, eq=False)
class _Probes:
    """How often one other person scores as much as a mate does, or a threshold, for each probe."""

    own: Float64[np.ndarray, " Q"]  # score of each probe's mate
    centres: Float64[np.ndarray, " Q"]  # of the scores of other people
    spreads: Float64[np.ndarray, " Q"]
    tail: _Tail
    power: float = 1.0  # of the shares

    def none_above(self, scores: Float64[np.ndarray, " Q"], people: int) -> Float64[np.ndarray, " Q"]:
        """How likely all others among so many people score below, for each probe."""
        shares = self.tail.shares((scores - self.centres) / self.spreads)
        with np.errstate(divide="ignore"):  # a share of 1 leaves nobody below
            none: Float64[np.ndarray, " Q"] = np.exp((people - 1) * np.log1p(-(shares**self.power)))
        return none

    def fpir(self, threshold: float, people: int) -> float:
        """Rate at which a search without a mate returns one of ``people - 1`` others."""
        return 1 - float(self.none_above(np.full(len(self.own), threshold), people).mean())

    def threshold(self, people: int, fpir: float) -> float:
        """The score at which that rate is `fpir`."""
        low, high = float(self.centres.min()), float((self.centres + self.spreads).max())
        step = high - low
        while self.fpir(high, people) > fpir:
            step *= 2
            high += step
        while self.fpir(low, people) < fpir:
            step *= 2
            low -= step
        return float(brentq(lambda at: self.fpir(at, people) - fpir, low, high))


@dataclass(frozen=True, eq=False)
class PopulationModel:
    """Rates of search among any number of people; made by :func:`fit_population`."""

    as_scored: _Probes
    made_normal: _Probes  # the same probes; all scores on a scale on which those of others are normal

    def rank1(self, people: int) -> float:
        """Rate at which the mate comes out on top among so many people."""
        return float(self.as_scored.none_above(self.as_scored.own, people).mean())

    def tpir(self, people: int, fpir: float) -> float:
        """Rate at which the mate comes out on top, above the threshold of this FPIR."""
        accepted = self.made_normal.own >= self.made_normal.threshold(people, fpir)
        return float(np.mean(self.as_scored.none_above(self.as_scored.own, people) * accepted))


def search_in_population(
    gallery: Gallery, people: Sequence[int], *, fpir: float = 0.1, level: float = 0.95
) -> tuple[PopulationSearch, ...]:
    """Rank-1, and TPIR at an FPIR, among more people than the gallery has.

    Parameters
    ----------
    gallery
        Scores of probes against the people that were measured; of folds, each probe has its own.
    people
        N, how many are searched, the mate among them.
    fpir
        Share of searches without a mate that return somebody, in (0, 1).
    level
        Of the intervals, in (0, 1).

    Raises
    ------
    EvaluationError
        If a gallery has fewer than 8 people, an N is beyond 100 times the smallest gallery, or scores hardly
        differ.
    ValueError
        If an N is below the smallest gallery, or `fpir` or `level` is out of range.

    Examples
    --------
    >>> from amber_id.biometrics import compare_all, gallery_scores
    >>> rng = np.random.default_rng(0)
    >>> subjects = np.repeat(np.arange(30), 4)
    >>> vectors = rng.normal(size=(30, 16))[subjects] + rng.normal(size=(120, 16))
    >>> (of_1000,) = search_in_population(gallery_scores(compare_all(vectors, subjects)), [1000])
    >>> 0.04 < of_1000.rank1.low < of_1000.rank1.value < of_1000.rank1.high < 0.8
    True
    """
    if not 0 < fpir < 1 or not 0 < level < 1:
        raise ValueError(f"fpir and level must lie in (0, 1), got {fpir} and {level}")
    check_population(gallery, people)
    gallery = _thinned(gallery)
    columns = np.flatnonzero(gallery.in_gallery.any(axis=0))
    n_groups = min(_GROUPS, len(columns))
    group = np.full(gallery.scores.shape[1], -1)
    group[columns] = np.arange(len(columns)) % n_groups
    searches: list[Callable[[PopulationModel], float]] = [
        rate
        for N in people
        for rate in (lambda model, N=N: model.rank1(N), lambda model, N=N: model.tpir(N, fpir))
    ]
    models = [fit_population(gallery)]
    models += [fit_population(_without(gallery, group == left_out)) for left_out in range(n_groups)]
    rates = np.array([[search(model) for search in searches] for model in models])
    n_probed = len(np.unique(gallery.subjects))
    estimates = [
        jackknifed(of[0], of[1:], level=level, n_subjects=len(columns), n_deciding=n_probed) for of in rates.T
    ]
    return tuple(
        PopulationSearch(N, estimates[2 * n], estimates[2 * n + 1], fpir) for n, N in enumerate(people)
    )


def check_population(gallery: Gallery, people: Sequence[int]) -> None:
    """Refuse too few people to measure, and too many to search; errors are `search_in_population`'s."""
    smallest = int(gallery.sizes.min())
    if smallest < FEWEST_IN_GALLERY:
        raise EvaluationError(
            f"a search among more people needs {FEWEST_IN_GALLERY} in every gallery, got {smallest}: add "
            "people, or use fewer folds"
        )
    for N in people:
        if smallest > N:
            raise ValueError(f"people must be {smallest} or more, the size of the gallery, got {N}")
        if LARGEST_FACTOR * smallest < N:
            raise EvaluationError(
                f"a search among {N:,} people cannot be told from galleries of {smallest}: beyond "
                f"{LARGEST_FACTOR} times a gallery nothing is stated; add people"
            )


def fit_population(gallery: Gallery) -> PopulationModel:
    """The model of this module; raises EvaluationError if the scores of a probe hardly differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scores = rng.normal(size=(200, 40)) + 3 * np.eye(40)[np.arange(200) % 40]
    >>> model = fit_population(Gallery(scores, clips=np.arange(200), subjects=np.arange(200) % 40))
    >>> 0.2 < model.rank1(1000) < 0.5, model.rank1(1000) < model.rank1(100)
    (True, True)
    """
    _, first, fold = np.unique(_folds(gallery)[gallery.subjects], return_index=True, return_inverse=True)
    normal = gallery.scores.copy()
    for each in range(len(first)):
        rows = fold == each
        normal[rows] = _made_normal(gallery.scores[rows], _others(gallery)[rows])
    scaled = Gallery(normal, gallery.clips, gallery.subjects)
    return PopulationModel(_fitted(gallery, fold), _fitted(scaled, fold))


def _others(gallery: Gallery) -> Bool[np.ndarray, "Q S"]:
    """True for the people in the gallery but the mate."""
    others = gallery.in_gallery.copy()
    others[np.arange(len(others)), gallery.subjects] = False
    return others


def _made_normal(
    scores: Float64[np.ndarray, "Q S"], others: Bool[np.ndarray, "Q S"]
) -> Float64[np.ndarray, "Q S"]:
    """All scores of a fold by a rising function that makes those of other people normal."""
    values = np.sort(scores[others])
    people = np.count_nonzero(others.any(axis=0))
    upper = np.geomspace(min(4 / people**2, 0.25), 0.5, 16)
    shares = np.concatenate([1 - upper[:-1], upper[::-1]])
    at = np.interp(1 - shares, (np.arange(len(values)) + 0.5) / len(values), values)
    at, kept = np.unique(at, return_index=True)
    if len(at) < 2 * _AT_END:
        raise EvaluationError(_ALIKE)
    probits = -ndtri(shares[kept])
    low, high = (np.polyfit(at[end], probits[end], 1)[0] for end in (slice(_AT_END), slice(-_AT_END, None)))
    normal: Float64[np.ndarray, "Q S"] = np.interp(scores, at, probits)
    return normal + np.maximum(scores - at[-1], 0) * high + np.minimum(scores - at[0], 0) * low


def _fitted(gallery: Gallery, fold: Int64[np.ndarray, " Q"]) -> _Probes:
    """Steps 1 to 3 of this module."""
    others = _others(gallery)
    centres, spreads = _standards(gallery.scores, others, fold)
    z = (gallery.scores - centres[:, None]) / spreads[:, None]
    pairs = np.count_nonzero(others) * len(np.unique(gallery.subjects)) / (2 * len(others))
    tail = _Tail.fitted(z[others], min(2 / pairs, _LARGEST_SHARE / 2))
    return _calibrated(_Probes(gallery.mate_scores, centres, spreads, tail), gallery)


def _standards(
    scores: Float64[np.ndarray, "Q S"], others: Bool[np.ndarray, "Q S"], fold: Int64[np.ndarray, " Q"]
) -> tuple[Float64[np.ndarray, " Q"], Float64[np.ndarray, " Q"]]:
    """Centre and upper spread of the scores of each probe against others, shrunk within folds."""
    values = np.where(others, scores, 0.0)
    n = others.sum(axis=1)
    centres = values.sum(axis=1) / n
    noise = np.where(others, (values - centres[:, None]) ** 2, 0.0).sum(axis=1) / n**2
    centres = _shrunk(centres, noise, fold)
    place = np.cumsum(others, axis=1) % 2 == 1
    halves = [_log_spread(values, others & half, centres) for half in (place, ~place)]
    apart = halves[0] - halves[1]
    noise = (apart - _means(apart, fold)) ** 2 / 4
    return centres, np.exp(_shrunk(_log_spread(values, others, centres), noise, fold))


def _log_spread(
    values: Float64[np.ndarray, "Q S"], others: Bool[np.ndarray, "Q S"], centres: Float64[np.ndarray, " Q"]
) -> Float64[np.ndarray, " Q"]:
    """Logarithm of the root mean square distance from the centre of those above it."""
    over = np.where(others, values - centres[:, None], 0.0).clip(min=0)
    above = (over > 0).sum(axis=1)
    squares = (over**2).sum(axis=1) / np.maximum(above, 1)
    usual = np.median(squares)
    if not usual > 0:
        raise EvaluationError(_ALIKE)
    logarithms: Float64[np.ndarray, " Q"] = np.log(np.maximum(squares, usual / 100)) / 2
    return logarithms


def _means(values: Float64[np.ndarray, " Q"], fold: Int64[np.ndarray, " Q"]) -> Float64[np.ndarray, " Q"]:
    """The mean of each probe's fold."""
    means: Float64[np.ndarray, " Q"] = (np.bincount(fold, values) / np.bincount(fold).clip(min=1))[fold]
    return means


def _shrunk(
    values: Float64[np.ndarray, " Q"], noise: Float64[np.ndarray, " Q"], fold: Int64[np.ndarray, " Q"]
) -> Float64[np.ndarray, " Q"]:
    """Values nearer to the mean of their fold, by the share of their variance that is noise."""
    means = _means(values, fold)
    variance = float(np.mean((values - means) ** 2))
    share = min(float(noise.mean()) / variance, 1.0) if variance > 0 else 1.0
    return (1 - share) * values + share * means


def _calibrated(probes: _Probes, gallery: Gallery) -> _Probes:
    """The power of the shares by which they agree best with the exact rates of smaller galleries."""
    smallest = int(gallery.sizes.min())
    sizes = sorted({round(size) for size in np.geomspace(min(4, smallest), smallest, 6)})
    least = 1 / (2 * len(probes.own))
    exact = ndtri(rank1_by_gallery_size(gallery, sizes).clip(least, 1 - least))

    def misfit(log_power: float) -> float:
        tried = replace(probes, power=float(np.exp(log_power)))
        rates = np.array([tried.none_above(probes.own, size).mean() for size in sizes])
        return float(np.sum((ndtri(rates.clip(least, 1 - least)) - exact) ** 2))

    best = minimize_scalar(misfit, bounds=np.log(_POWERS), method="bounded", options={"xatol": 1e-4})
    return replace(probes, power=float(np.exp(best.x)))


def _folds(gallery: Gallery) -> Int64[np.ndarray, " S"]:
    """Which people were compared with each other, however indirectly: a number for each."""
    probe, other = np.nonzero(gallery.in_gallery)
    S = gallery.scores.shape[1]
    met = coo_array((np.ones(len(probe), bool), (gallery.subjects[probe], other)), shape=(S, S))
    numbers: Int64[np.ndarray, " S"] = connected_components(met, directed=False)[1].astype(np.int64)
    return numbers


def _without(gallery: Gallery, left_out: Bool[np.ndarray, " S"]) -> Gallery:
    """Neither searches for these people nor finds them."""
    rows = ~left_out[gallery.subjects]
    scores = np.where(left_out, -np.inf, gallery.scores)[rows]
    return Gallery(scores, gallery.clips[rows], gallery.subjects[rows])


def _thinned(gallery: Gallery) -> Gallery:
    """So many probes, of all people alike, that fitting takes no more than seconds."""
    most = max(_MOST_SCORES // gallery.scores.shape[1], 1)
    if len(gallery.subjects) <= most:
        return gallery
    order = np.argsort(_number_within(gallery.subjects), kind="stable")[:most]
    rows = np.sort(order)
    return Gallery(gallery.scores[rows], gallery.clips[rows], gallery.subjects[rows])


def _number_within(subjects: Int64[np.ndarray, " Q"]) -> Int64[np.ndarray, " Q"]:
    """The how manieth clip of its person each is."""
    order = np.argsort(subjects, kind="stable")
    ordered = subjects[order]
    first = np.searchsorted(ordered, ordered)
    numbers = np.empty(len(subjects), np.int64)
    numbers[order] = np.arange(len(subjects)) - first
    return numbers
