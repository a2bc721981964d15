"""How many people must a study test, so that its answer is as sure as it has to be?

A study that is yet to be made is made many times with synthetic people, and its intervals are made as
those of the real one will be, by resampling people.

Conventions
-----------
S people with C clips each. A person is a Gaussian vector in `DIMENSIONS` dimensions; its clips lie about it
with Gaussian noise (the two-covariance model), whose size differs between people by a lognormal factor, so
that some are recognised more easily than others. The score is the cosine of two clips.
The noise is such that people without end would have exactly the expected EER; that is computed, not drawn.
Two conditions, say originals and avatars, show the same people in the same clips. Person, noise and its size
in the second correlate with those in the first: what makes a person or clip easy on both sides cancels in
part. With k folds every person is tested once, and people of different folds are never compared.
Rates, widths and differences are fractions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64
from scipy.optimize import brentq
from scipy.special import ndtr, roots_hermitenorm
from scipy.stats import beta, chi

from amber_id.biometrics.comparisons import Comparisons, compare_all
from amber_id.biometrics.curves import ErrorCurve
from amber_id.biometrics.intervals import (
    Difference,
    Estimate,
    Spread,
    difference_of,
    estimate_of,
    unmoved_width,
)
from amber_id.biometrics.resampling import Statistic, resample
from amber_id.biometrics.scoring import tally_all
from amber_id.biometrics.tallies import Tally, tally

DIMENSIONS = 24
_BINS = 128  # enough for a standard error
# Of more people only what each does is kept, not what each two do: intervals change by less than 1 %.
_MOST_PAIRED_SUBJECTS = 50
_EER = Statistic(ErrorCurve.eer)
_LEVEL = 0.95


@dataclass(frozen=True)
class StudyPlan:
    """A study that is yet to be made.

    Raises
    ------
    ValueError
        If a figure is out of its range; the message begins with its name.

    Examples
    --------
    >>> plan = StudyPlan(people=40, clips=5, eer=0.16)
    >>> plan.n_mated, plan.n_nonmated
    (400, 19500)
    """

    people: int  # S, those who are tested, in all folds together; 3 or more
    clips: int  # C, of each person; 2 or more
    eer: float  # expected, of the first condition; in (0, 0.5)
    detect: float = 0.0  # by how much the second condition's EER is truly higher; their sum below 0.5
    folds: int = 1  # groups of people who are compared among themselves only; of 2 people or more each
    unlike: float = 0.6  # sigma of the lognormal factor on each person's noise; 0 if people are alike
    correlation: float = 0.5  # of person, noise and its size between the two conditions, in [0, 1)

    def __post_init__(self) -> None:
        for name, expected, fits in (
            ("people", "3 or more", self.people >= 3),
            ("clips", "2 or more", self.clips >= 2),
            ("eer", "above 0 and below 0.5", 0 < self.eer < 0.5),
            ("detect", f"0 or more, and below {0.5 - self.eer:g}", 0 <= self.detect < 0.5 - self.eer),
            ("folds", f"1 to {self.people // 2}, so that each has 2 of {self.people} people",
             1 <= self.folds <= self.people // 2),
            ("unlike", "from 0 to 2", 0 <= self.unlike <= 2),
            ("correlation", "0 or more and below 1", 0 <= self.correlation < 1),
        ):  # fmt: skip
            if not fits:
                raise ValueError(f"{name} must be {expected}, got {getattr(self, name)}")

    @property
    def n_mated(self) -> int:
        """Comparisons of a person with itself."""
        return self.people * self.clips * (self.clips - 1) // 2

    @property
    def n_nonmated(self) -> int:
        """Comparisons of two people of one fold."""
        sizes = np.bincount(self.fold_of)
        return int((sizes * (sizes - 1) // 2).sum()) * self.clips**2

    @property
    def fold_of(self) -> Int64[np.ndarray, " S"]:
        """The fold of each person."""
        return np.arange(self.people) % self.folds


@dataclass(frozen=True)
class SimulatedStudy:
    """What one simulated study found."""

    eer: Estimate  # of the first condition
    difference: Difference  # of the second condition's EER from it


@dataclass(frozen=True)
class StudyPower:
    """What so many simulated studies of one plan found.

    Counts are of studies; a share of n studies is known to about ``sqrt(0.25 / n)``.
    """

    plan: StudyPlan
    studies: int
    width: float  # of the interval of the EER, median over studies
    width_low: float  # a tenth of studies have a narrower interval
    width_high: float  # a tenth have a wider one
    detectable: float  # smallest true difference with an 80 % chance of an interval without 0, median
    held: int  # the interval held the true EER
    held_difference: int  # the paired interval held the true difference
    told_apart: int  # the paired interval lay above 0

    @classmethod
    def of(cls, plan: StudyPlan, studies: Sequence[SimulatedStudy]) -> "StudyPower":
        """The summary of the simulated studies of a plan."""
        rates, moves = [study.eer for study in studies], [study.difference for study in studies]
        low, middle, high = np.quantile([rate.high - rate.low for rate in rates], [0.1, 0.5, 0.9])
        return cls(
            plan=plan,
            studies=len(studies),
            width=float(middle),
            width_low=float(low),
            width_high=float(high),
            detectable=float(np.median([moved.detectable for moved in moves])),
            held=sum(rate.low <= plan.eer <= rate.high for rate in rates),
            held_difference=sum(moved.low <= plan.detect <= moved.high for moved in moves),
            told_apart=sum(moved.low > 0 for moved in moves),
        )


def study_power(plan: StudyPlan, *, studies: int = 60, replicates: int = 200, seed: int = 0) -> StudyPower:
    """How sure the answer of a study would be, from simulating it.

    Parameters
    ----------
    plan
        The study.
    studies
        How often it is made; 1 or more.
    replicates
        Resamples of people behind each interval.
    seed
        Of the draws; see :func:`simulate_study`.

    Raises
    ------
    ValueError
        If `studies` is below 1, `replicates` below 2, or `seed` negative.

    Examples
    --------
    >>> power = study_power(StudyPlan(people=20, clips=4, eer=0.2), studies=10, replicates=100)
    >>> 0.1 < power.width < 0.25, 0.08 < power.detectable < 0.25, power.held >= 8
    (True, True, True)
    """
    if studies < 1:
        raise ValueError(f"studies must be 1 or more, got {studies}")
    simulated = [simulate_study(plan, number, replicates=replicates, seed=seed) for number in range(studies)]
    return StudyPower.of(plan, simulated)


def simulate_study(plan: StudyPlan, number: int, *, replicates: int = 200, seed: int = 0) -> SimulatedStudy:
    """Make the study with synthetic people, once.

    What is drawn depends on the seed, the number, and the people, clips and EER of the plan, and on nothing
    else: studies can be made in any order, and in several processes.

    Raises
    ------
    ValueError
        If `replicates` is below 2, or `seed` or `number` is negative.
    """
    if min(seed, number) < 0 or replicates < 2:
        raise ValueError(
            "a simulation needs seed and number of 0 or more and 2 replicates, "
            f"got seed={seed}, number={number} and replicates={replicates}"
        )
    rng = np.random.default_rng([seed, plan.people, plan.clips, round(1e6 * plan.eer), number])
    one, other = (_tallied(vectors, plan) for vectors in condition_vectors(plan, rng))
    return _judged(one, other, replicates, rng)


def people_needed(powers: Sequence[StudyPower]) -> float:
    """How many people it takes to detect what the plans are to detect, with a chance of 80 %.

    Between two simulated numbers of people the detectable difference is taken to fall as a power of theirs.

    Parameters
    ----------
    powers
        Of plans that differ in `people` alone, in any order; with a `detect` above 0.

    Returns
    -------
    float
        People, not rounded; the fewest that were simulated if these suffice, infinity if the most do not.

    Raises
    ------
    ValueError
        If there is no power, the plans differ in more than `people`, or there is nothing to detect.

    Examples
    --------
    >>> plans = [StudyPlan(people=n, clips=5, eer=0.16, detect=0.1) for n in (20, 80)]
    >>> powers = [StudyPower(p, 40, 0.1, 0.1, 0.1, d, 38, 38, 30) for p, d in zip(plans, (0.14, 0.07))]
    >>> round(people_needed(powers), 1)
    39.2
    """
    kinds = {tuple(vars(power.plan).items())[1:] for power in powers}  # people come first
    if len(kinds) != 1 or powers[0].plan.detect == 0:
        raise ValueError(
            "powers must be of plans that differ in people alone and have something to detect, got "
            f"{len(kinds)} kinds of plan, to detect {sorted({power.plan.detect for power in powers})}"
        )
    powers = sorted(powers, key=lambda power: power.plan.people)
    people = np.log([power.plan.people for power in powers])
    # More people never detect less; what says so is the noise of the simulation.
    detectable = np.minimum.accumulate(np.log([power.detectable for power in powers]))
    wanted = np.log(powers[0].plan.detect)
    if wanted < detectable[-1]:
        return float("inf")
    return float(np.exp(np.interp(wanted, detectable[::-1], people[::-1])))


@lru_cache(maxsize=256)
def _noise_for(eer: float, unlike: float) -> float:
    """The standard deviation of clips, in that of people, at which people without end have this EER.

    The cosine of two people's clips is that of two random directions, whatever the noise: in D dimensions
    ``(cosine + 1) / 2`` follows a beta distribution with both parameters ``(D - 1) / 2``. That gives the
    threshold at which FMR is `eer`; the noise is found at which FNMR is too.

    Examples
    --------
    >>> round(_noise_for(0.2, 0.0), 3), round(_noise_for(0.4, 0.0), 3)
    (1.41, 2.933)
    """
    half = (DIMENSIONS - 1) / 2
    threshold = 1 - 2 * float(beta.ppf(eer, half, half))
    log_noise = brentq(lambda log: _fnmr(threshold, np.exp(log), unlike) - eer, -12, 12)
    return float(np.exp(log_noise))


def _fnmr(threshold: float, noise: float, unlike: float) -> float:
    """Share of people's own pairs of clips whose cosine is below the threshold.

    Of two clips u and v of a person whose noise has variance n, u having length ``sqrt(1 + n) L``, v is
    ``r u`` and noise, with ``r = 1 / (1 + n)``: along u it is ``sqrt(1 - r**2)`` times a normal number with
    mean ``a = L r / sqrt(1 - r**2)``, across u that times K. L is chi with D degrees of freedom, K with
    D - 1. The cosine is below t when the normal number is below ``K t / sqrt(1 - t**2)``.
    """
    points, weights = roots_hermitenorm(64)
    variance = (noise * np.exp(unlike * points)) ** 2
    middle = (np.arange(50) + 0.5) / 50
    along = chi.ppf(middle, DIMENSIONS)[:, None] / np.sqrt(variance * (2 + variance))[:, None, None]
    across = chi.ppf(middle, DIMENSIONS - 1) * threshold / np.sqrt(1 - threshold**2)
    return float(weights @ ndtr(across - along).mean(axis=(1, 2)) / weights.sum())


def condition_vectors(plan: StudyPlan, rng: np.random.Generator) -> list[Float64[np.ndarray, "N D"]]:
    """The vectors of all clips in both conditions, person after person."""
    S, C, D = plan.people, plan.clips, DIMENSIONS
    noises = [_noise_for(eer, plan.unlike) for eer in (plan.eer, plan.eer + plan.detect)]
    correlation = plan.correlation

    def both(*shape: int) -> Float64[np.ndarray, "2 ..."]:
        first, fresh = rng.normal(size=(2, *shape))
        return np.stack([first, correlation * first + np.sqrt(1 - correlation**2) * fresh])

    people, clips, sizes = both(S, 1, D), both(S, C, D), np.exp(plan.unlike * both(S, 1, 1))
    return [(people[k] + noises[k] * sizes[k] * clips[k]).reshape(S * C, D) for k in (0, 1)]


def _tallied(vectors: Float64[np.ndarray, "N D"], plan: StudyPlan) -> Tally:
    """All comparisons within folds, counted."""
    subjects = np.repeat(np.arange(plan.people), plan.clips)
    if plan.folds == 1:
        detail: Literal["pairs", "subjects"] = "pairs" if plan.people <= _MOST_PAIRED_SUBJECTS else "subjects"
        return tally_all(vectors, subjects, detail=detail, bins=_BINS)
    fold = plan.fold_of[subjects]
    parts = [compare_all(vectors[fold == k], subjects[fold == k]) for k in range(plan.folds)]
    return tally(Comparisons.pool(parts), bins=_BINS)


def _judged(one: Tally, other: Tally, replicates: int, rng: np.random.Generator) -> SimulatedStudy:
    """What `bootstrap` finds of the first and `bootstrap_difference` of both, from resampling them once."""
    sides = resample([one, other], {"eer": _EER}, replicates=replicates, rng=rng)
    first, second = (Spread.of(side, "eer", _LEVEL) for side in sides)
    width = unmoved_width(first, second, _EER.bounds)
    return SimulatedStudy(estimate_of(first, _EER.bounds), difference_of(first.moves_to(second), width=width))
