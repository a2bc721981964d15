"""Which other intervals of an EER, or of a paired difference, hold for few people?

    python benchmarks/interval_trials.py [--subjects 12] [--studies 400] [--replicates 300]

Studies are those of `benchmarks/coverage.py`, of the generator `embeddings` and of a third one, `mixed`, made
for developing: exponential effects of people on mated scores and Laplace ones on non-mated scores; of unequal
people, a fifth has 2.5 times larger ones. `scores` was not opened. From each study are kept the figure, the
variance of its resamples, the part of it that is not linear in how often people are drawn, the jackknife's
variance, and the skewness and kurtosis of the figures with one person left out; an interval is a function of
these.

today      as the product makes it
pair noise today's, less the variance that is not linear in the draws: product weights count the noise of
           a single pair of people three times, and the linear part has it twice
jackknife  the jackknife's standard error in place of the bootstrap's
Johnson    today's, moved by the skewness (Johnson, JASA 73, 1978)
uneven     today's, where the reach towards 0.5 is longer, and the other shorter, by a share of
           0.4 sqrt(12 / S) for an EER of 0.05, and less in proportion to the probit
combined   uneven with a share of 0.2, 4 degrees of freedom or more, 1 + 1.2 / S times the reach, and 0.8 of
           the non-linear variance subtracted: the best of 432 combinations by coverage and width together
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import t as student

from amber_id.biometrics import tally
from amber_id.biometrics.resampling import _Draws, _resampled
from coverage import BINS, CLIPS, EERS, STATISTICS, Embeddings, Scores, true_eer


class Mixed(Scores):
    """Effects of people of another shape; a fifth of unequal people has larger ones."""

    pairs = 0.25

    def __init__(self, unequal: bool) -> None:
        self.far = 2.5 if unequal else 1.0

    def _effects(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        scale = np.where(rng.random(n) < 0.2, self.far, 1.0)
        return -0.45 * scale * (rng.exponential(size=n) - 1), 0.3 * scale * rng.laplace(size=n) / np.sqrt(2)

    @staticmethod
    def _noise(n: int, rng: np.random.Generator) -> np.ndarray:
        return 0.5 * rng.normal(size=n)


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of many studies of S people, one entry each."""

    S: int
    value: np.ndarray
    variance: np.ndarray  # of the resamples
    beyond: np.ndarray  # the part that is not linear in how often each person is drawn
    jackknife: np.ndarray
    kurtosis: np.ndarray
    skewness: np.ndarray

    def df(self, least: float = 2.0) -> np.ndarray:
        """Degrees of freedom by the kurtosis, at least so many."""
        return np.clip(2 * self.S / np.maximum(self.kurtosis - 1, 1e-9), least, self.S - 1)

    def reach(self, variance: np.ndarray, least: float = 2.0) -> np.ndarray:
        """Half the length of an interval of this variance."""
        return student.ppf(0.975, self.df(least)) * np.sqrt(variance)


Ends = tuple[np.ndarray, np.ndarray]


def today(of: Kept) -> Ends:
    """Ends as the product has them."""
    reach = of.reach(of.variance)
    return of.value - reach, of.value + reach


def without_pair_noise(of: Kept) -> Ends:
    """Ends with the noise of single pairs counted once."""
    linear = of.variance - of.beyond
    reach = of.reach(np.maximum(linear * of.S / (of.S - 1) - of.beyond, linear / 2))
    return of.value - reach, of.value + reach


def by_jackknife(of: Kept) -> Ends:
    """Ends by another standard error."""
    reach = of.reach(of.jackknife)
    return of.value - reach, of.value + reach


def johnson(of: Kept) -> Ends:
    """Ends moved by the skewness."""
    t, error = student.ppf(0.975, of.df()), np.sqrt(of.variance)
    move = -of.skewness * (2 * t**2 + 1) / 6 / np.sqrt(of.S) * error
    move = np.clip(move, -t * error / 2, t * error / 2)
    return of.value + move - t * error, of.value + move + t * error


def uneven(of: Kept, share: float = 0.4, **combined: float) -> Ends:
    """Ends of which the one towards 0.5 is farther off."""
    subtracted, wider = combined.get("subtracted", 0.0), combined.get("wider", 0.0)
    variance = of.variance * (1 - subtracted * np.clip(of.beyond / of.variance, 0, 0.6))
    reach = of.reach(variance, combined.get("least", 2.0)) * (1 + wider / of.S)
    more = np.clip(share * np.clip(-of.value, -1.7, 1.7) / 1.6 * np.sqrt(12 / of.S), -0.8, 0.8)
    return of.value - reach * (1 - more), of.value + reach * (1 + more)


TRIALS: dict[str, Callable[[Kept], Ends]] = {
    "today": today,
    "pair noise": without_pair_noise,
    "jackknife": by_jackknife,
    "Johnson": johnson,
    "uneven": uneven,
    "combined": lambda of: uneven(of, 0.2, subtracted=0.8, wider=1.2, least=4.0),
}
OF_DIFFERENCES = ("today", "pair noise", "jackknife", "Johnson")


def kept(value: float, resampled: np.ndarray, left_out: np.ndarray, times: np.ndarray) -> tuple[float, ...]:
    """The entries of :class:`Kept` of one study."""
    S, R = times.shape[1], len(resampled)
    centred = resampled - resampled.mean()
    slopes, *_ = np.linalg.lstsq(times - 1, centred, rcond=1e-8)
    beyond = float(np.sum((centred - (times - 1) @ slopes) ** 2) / (R - S))
    variance = float(resampled.var(ddof=1))
    shifts = left_out[np.isfinite(left_out)]
    G, shifts = len(shifts), shifts - shifts.mean()
    square = max(float(np.mean(shifts**2)), 1e-30)
    shape = float(np.mean(shifts**4)) / square**2, float(np.mean(shifts**3)) / square**1.5
    return value, variance, min(beyond, variance), (G - 1) ** 2 / G * square, *shape


def studies(
    generator: Embeddings | Scores, hardness: float, S: int, n: int, R: int, rng: np.random.Generator
) -> tuple[Kept, Kept]:
    """What is kept of the EER, on the probit scale, and of the difference; not of studies without error."""
    eers, differences = [], []
    unequal = is_unequal(generator)
    for _ in range(n):
        clips = rng.integers(2, 2 * CLIPS - 1, S) if unequal else np.full(S, CLIPS)
        tallies = [tally(each, bins=BINS) for each in generator.study(hardness, clips, rng)]
        draws = _Draws.of(tallies, R, rng)
        sides = [_resampled([each], draws, STATISTICS) for each in tallies]
        (v, r, o), (w, s, p) = (
            (side.values["eer"], side.resampled["eer"], side.left_out["eer"]) for side in sides
        )
        if 0 < v < 1:
            nearest = min(v, 1 - v) / 20
            probits = [ndtri(np.clip(each, nearest, 1 - nearest)) for each in (v, r, o)]
            eers.append(kept(float(probits[0]), probits[1], probits[2], draws.times))
            differences.append(kept(w - v, s - r, p - o, draws.times))
    return Kept(S, *np.array(eers).T), Kept(S, *np.array(differences).T)


def row(generator: Embeddings | Scores, eer: float, S: int, n: int, R: int) -> str:
    """Coverage and mean width of each trial, for one EER."""
    hardness = float(np.exp(brentq(
        lambda h: ndtri(true_eer(generator, np.exp(h), n=20_000)) - ndtri(eer), -2.5, 5.0, xtol=0.02
    )))  # fmt: skip
    truth, second = (
        np.mean([true_eer(generator, hardness * more, seed, 200_000) for seed in range(1, 4)])
        for more in (1.0, generator.second)
    )
    unequal = is_unequal(generator)
    rng = np.random.default_rng([S, round(100 * eer), unequal, 7])
    eers, moves = studies(generator, hardness, S, n, R, rng)
    ends = [(*map(ndtr, trial(eers)), truth) for trial in TRIALS.values()]
    ends += [(*TRIALS[name](moves), second - truth) for name in OF_DIFFERENCES]
    shares = [
        f"{100 * np.mean((low <= true) & (true <= high)):.1f} ({np.mean(high - low):.3f})"
        for low, high, true in ends
    ]
    people = "unequal" if unequal else "alike"
    return f"| {type(generator).__name__.lower()} | {people} | {truth:.3f} | {' | '.join(shares)} |"


def is_unequal(generator: Embeddings | Scores) -> bool:
    """Whether people differ in scale, and in how many clips they have."""
    return getattr(generator, "sigma", 0) > 0 or getattr(generator, "far", 1) > 1


def main() -> None:
    """Print coverage and mean width of each trial."""
    parser = argparse.ArgumentParser(description="Other intervals for few people.")
    parser.add_argument("--subjects", type=int, default=12)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--replicates", type=int, default=300)
    asked = parser.parse_args()
    columns = [*TRIALS, *(f"difference, {name}" for name in OF_DIFFERENCES)]
    print(f"| generator | people | EER | {' | '.join(columns)} |\n|{'---|' * (3 + len(columns))}", flush=True)
    for kind in (Embeddings, Mixed):
        for unequal in (True, False):
            for eer in EERS:
                print(row(kind(unequal), eer, asked.subjects, asked.studies, asked.replicates), flush=True)


if __name__ == "__main__":
    main()
