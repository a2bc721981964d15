"""Do intervals contain the true value as often as they should?

Simulates studies whose true EER is known, and counts how often nominal 95 % intervals contain it: those of
`bootstrap` over people, plain percentile intervals over people, and the usual intervals over pairs. The same
for the paired difference of two systems on the same people.

    python benchmarks/coverage.py             # the whole table of docs/coverage.md; over an hour on two cores
    python benchmarks/coverage.py --quick     # a minute's version

Two generators. Intervals were developed on `embeddings` alone; `scores` was run once they were settled.

embeddings   person ~ N(0, I) in 24 dimensions, clip = person + s noise, score = cosine; people alike, or with
             noise of their own (s times a lognormal, sigma 0.3)
scores       mated = offset + person + noise, non-mated = openness of both persons + pair + noise; skewed
             (gamma) and heavy-tailed (Student, 5 degrees) effects; people alike in scale, or not (lognormal,
             sigma 0.5)

People have 6 clips each, or, unequal, 2 to 10. The second system has more noise, on the same people.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process per core

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from amber_id.biometrics import Comparisons, ErrorCurve, Statistic, compare_all, tally
from amber_id.biometrics.intervals import Spread, difference_of, estimate_of
from amber_id.biometrics.resampling import resample
from amber_id.biometrics.tallies import PairTally

SUBJECTS, EERS = (12, 35, 100), (0.05, 0.16, 0.30, 0.45)
CLIPS, LEVEL, BINS = 6, 0.95, 256
STATISTICS = {"eer": Statistic(ErrorCurve.eer)}
_SIMULATED = 400_000  # independent comparisons of each side behind a true EER

Pairs = tuple[np.ndarray, np.ndarray]


class Embeddings:
    """People and clips as vectors, compared by cosine; `hardness` is the noise."""

    dimensions = 24
    second = 1.3  # noise of the second system

    def __init__(self, unequal: bool) -> None:
        self.sigma = 0.3 if unequal else 0.0

    def independent(self, hardness: float, rng: np.random.Generator, n: int) -> Pairs:
        """Mated and non-mated scores, each of other people."""
        one, other = (rng.normal(size=(n, self.dimensions)) for _ in range(2))
        spread = [hardness * np.exp(rng.normal(0, self.sigma, (n, 1))) for _ in range(2)]
        clips = [
            p + s * rng.normal(size=one.shape)
            for p, s in ((one, spread[0]), (one, spread[0]), (other, spread[1]))
        ]
        unit = [clip / np.linalg.norm(clip, axis=1, keepdims=True) for clip in clips]
        return (unit[0] * unit[1]).sum(axis=1), (unit[0] * unit[2]).sum(axis=1)

    def study(self, hardness: float, clips: np.ndarray, rng: np.random.Generator) -> list[Comparisons]:
        """Both systems on the same people."""
        subjects = np.repeat(np.arange(len(clips)), clips)
        people = rng.normal(size=(len(clips), self.dimensions))[subjects]
        spread = np.exp(rng.normal(0, self.sigma, len(clips)))[subjects, None]
        return [
            compare_all(people + hardness * more * spread * rng.normal(size=people.shape), subjects)
            for more in (1.0, self.second)
        ]


class Scores:
    """Scores as sums of effects of people, pairs and clips; `hardness` takes the sides together."""

    second = 1.15  # of the distance of the sides that is left to the second system: divided by it
    pairs = 0.2  # spread of pairs of people

    def __init__(self, unequal: bool) -> None:
        self.sigma = 0.5 if unequal else 0.0

    def _effects(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Of each person: on its mated scores, skewed to the low side, and on all its non-mated ones."""
        scale = np.exp(rng.normal(0, self.sigma, n))
        return -scale * 0.5 * (rng.gamma(2.0, size=n) - 2) / np.sqrt(2), 0.35 * scale * rng.standard_t(5, n)

    @staticmethod
    def _noise(n: int, rng: np.random.Generator) -> np.ndarray:
        return 0.3 * rng.logistic(size=n)

    def independent(self, hardness: float, rng: np.random.Generator, n: int) -> Pairs:
        """Mated and non-mated scores, each of other people."""
        own, openness = self._effects(n, rng)
        _, others = self._effects(n, rng)
        mated = 1 / hardness + own + self._noise(n, rng)
        return mated, openness + others + rng.normal(0, self.pairs, n) + self._noise(n, rng)

    def study(self, hardness: float, clips: np.ndarray, rng: np.random.Generator) -> list[Comparisons]:
        """Both systems on the same people."""
        subjects, S = np.repeat(np.arange(len(clips)), clips), len(clips)
        a, b = np.triu_indices(len(subjects), k=1)
        one, other = subjects[a], subjects[b]
        own, openness = self._effects(S, rng)
        pairs = np.triu(rng.normal(0, self.pairs, (S, S)), k=1)
        habits = np.where(one == other, own[one], openness[one] + openness[other] + pairs[one, other])
        return [
            Comparisons(
                (one == other) / (hardness * more) + habits + self._noise(len(a), rng), a, b, subjects
            )
            for more in (1.0, self.second)
        ]


GENERATORS: dict[str, Callable[[bool], Embeddings | Scores]] = {"embeddings": Embeddings, "scores": Scores}


@dataclass(frozen=True)
class Cell:
    """One row of the table."""

    generator: str
    unequal: bool
    n_subjects: int
    eer: float
    studies: int
    replicates: int


def true_eer(generator: Embeddings | Scores, hardness: float, seed: int = 0, n: int = _SIMULATED) -> float:
    """EER of people without end, from independent comparisons; the same draws for every hardness."""
    mated, nonmated = map(np.sort, generator.independent(hardness, np.random.default_rng(seed), n))

    def gap(threshold: float) -> float:
        return 1 - np.searchsorted(nonmated, threshold) / n - np.searchsorted(mated, threshold) / n

    return float(np.searchsorted(mated, brentq(gap, nonmated[0] - 1, mated[-1] + 1)) / n)


def run(cell: Cell) -> str:
    """Simulate the studies of a cell; its row."""
    generator = GENERATORS[cell.generator](cell.unequal)
    log_hardness = brentq(
        lambda h: ndtri(true_eer(generator, np.exp(h), n=50_000)) - ndtri(cell.eer), -2.5, 5.0, xtol=0.01
    )
    hardness = float(np.exp(log_hardness))
    truths = [
        np.mean([true_eer(generator, hardness * more, seed) for seed in range(1, 5)])
        for more in (1.0, generator.second)
    ]
    rng = np.random.default_rng([cell.n_subjects, round(100 * cell.eer), cell.unequal])
    hits, widths = (dict.fromkeys(("people", "percentile", "pairs", "difference"), 0.0) for _ in range(2))
    for _ in range(cell.studies):
        for name, (low, high) in intervals(generator, hardness, cell, rng).items():
            truth = truths[1] - truths[0] if name == "difference" else truths[0]
            hits[name] += (low <= truth <= high) / cell.studies
            widths[name] += (high - low) / cell.studies
    people = "unequal" if cell.unequal else "alike"
    return (
        f"| {cell.generator} | {people} | {cell.n_subjects} | {truths[0]:.3f} "
        f"| **{hits['people']:.1%}** ({widths['people']:.3f}) "
        f"| {hits['percentile']:.1%} ({widths['percentile']:.3f}) "
        f"| {hits['pairs']:.1%} ({widths['pairs']:.3f}) "
        f"| {truths[1] - truths[0]:.3f} | **{hits['difference']:.1%}** ({widths['difference']:.3f}) |"
    ).replace("%", " %")


def intervals(
    generator: Embeddings | Scores, hardness: float, cell: Cell, rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """Every interval of one study."""
    S = cell.n_subjects
    clips = rng.integers(2, 2 * CLIPS - 1, S) if cell.unequal else np.full(S, CLIPS)
    one, other = (tally(each, bins=BINS) for each in generator.study(hardness, clips, rng))
    assert isinstance(one, PairTally)
    first, second = resample([one, other], STATISTICS, replicates=cell.replicates, rng=rng)
    rates = [(side.values["eer"], side.resampled["eer"], side.left_out["eer"]) for side in (first, second)]
    people = estimate_of(Spread(*rates[0], first.redrawn, LEVEL, S, S), (0.0, 1.0))
    moves = (each - its for its, each in zip(*rates, strict=True))
    difference = difference_of(Spread(*moves, first.redrawn, LEVEL, S, S))
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    mated, nonmated = one.masses(np.ones((1, S)))
    pairs = ErrorCurve.of_masses(one.edges, *(
        rng.multinomial(int(side.sum()), side[0] / side.sum(), size=cell.replicates)
        for side in (mated, nonmated)
    )).eer()  # fmt: skip
    return {
        "people": (people.low, people.high),
        "percentile": tuple(np.quantile(rates[0][1], tails)),
        "pairs": tuple(np.quantile(pairs, tails)),
        "difference": (difference.low, difference.high),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Coverage of nominal 95 % intervals in simulated studies.")
    parser.add_argument("--quick", action="store_true", help="12 people, 60 studies")
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--replicates", type=int, default=400)
    parser.add_argument("--generator", choices=tuple(GENERATORS), help="one of them; both unless told")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    subjects, studies = ((12,), 60) if arguments.quick else (SUBJECTS, arguments.studies)
    cells = [
        Cell(generator, unequal, S, eer, studies, arguments.replicates)
        for generator in ([arguments.generator] if arguments.generator else GENERATORS)
        for unequal in (False, True)
        for S in subjects
        for eer in EERS
    ]
    began = time.perf_counter()
    print("| generator | people | subjects | true EER | over people (width) | percentile | over pairs "
          "| true difference | paired difference |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    with ProcessPoolExecutor(arguments.workers) as pool:
        for row in pool.map(run, cells):
            print(row, flush=True)
    took = time.perf_counter() - began
    print(f"\n{studies} studies a row, {arguments.replicates} resamples each; {took:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
