"""How often does the rule of `biometrics.recognition` decide correctly?

Simulates studies whose true EER is known, and counts the outcomes: recognised, not recognised, not decided.

    python benchmarks/recognition.py             # the table of docs/recognition.md; 15 minutes
    python benchmarks/recognition.py --quick     # 50 studies of 12 people each

People are Gaussian vectors in 24 dimensions, clips lie about them with noise that differs between people by a
lognormal factor (sigma 0.6), scores are cosines: the studies of `amber power`, with 5 clips each. Without a
leak a clip is noise alone. `some` are people of whom a part alone can be told apart, and perfectly so nearly.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process per core

import numpy as np

from amber_id.biometrics import (
    Comparisons,
    ErrorCurve,
    Recognition,
    Statistic,
    bootstrap,
    compare_all,
    decide_recognition,
    permutation_null,
    tally,
)
from amber_id.biometrics.power import DIMENSIONS, StudyPlan, condition_vectors

PEOPLE, EERS, CLIPS = (12, 25, 60), (0.50, 0.40, 0.25, 0.15, 0.05), 5
OUTCOMES = ("recognised", "not_recognised", "not_decided")
BINS, REPLICATES, PERMUTATIONS = 256, 400, 200


@dataclass(frozen=True)
class Cell:
    """One row of the table."""

    people: int
    eer: float | None  # None: only `share` of the people can be told apart
    share: float = 1.0
    folds: int = 1
    studies: int = 1000


def vectors(cell: Cell, rng: np.random.Generator) -> np.ndarray:
    """The clips of one study, person after person."""
    shape = (cell.people * CLIPS, DIMENSIONS)
    if cell.eer is None:
        told_apart = np.repeat(np.arange(cell.people) < round(cell.share * cell.people), CLIPS)[:, None]
        person = np.repeat(rng.normal(size=(cell.people, DIMENSIONS)), CLIPS, axis=0)
        return np.where(told_apart, person + 0.5 * rng.normal(size=shape), rng.normal(size=shape))
    if cell.eer == 0.5:
        return rng.normal(size=shape)
    return condition_vectors(StudyPlan(people=cell.people, clips=CLIPS, eer=cell.eer), rng)[0]


def study(cell: Cell, number: int) -> tuple[Recognition, float]:
    """What the rule says of one study, and the EER that was measured."""
    rng = np.random.default_rng([cell.people, round(100 * (cell.eer or cell.share)), cell.folds, number])
    clips, subjects = vectors(cell, rng), np.repeat(np.arange(cell.people), CLIPS)
    fold = subjects % cell.folds
    compared = Comparisons.pool(
        [compare_all(clips[fold == k], subjects[fold == k]) for k in range(cell.folds)]
    )
    test = permutation_null(compared, {"auc": ErrorCurve.auc}, permutations=PERMUTATIONS, rng=rng)["auc"]
    people = tally(compared, bins=BINS)
    eer = bootstrap(people, {"eer": Statistic(ErrorCurve.eer)}, replicates=REPLICATES, rng=rng)["eer"]
    return decide_recognition(eer, test), eer.value


def row(cell: Cell) -> str:
    """The row of a cell: the share of studies with each outcome, and what was excluded in the middle one."""
    found = [study(cell, number) for number in range(cell.studies)]
    shares = [np.mean([each.outcome == outcome for each, _ in found]) for outcome in OUTCOMES]
    excluded = [each.excluded for each, _ in found if each.outcome == "not_recognised"]
    leak = "none" if cell.eer == 0.5 else "all" if cell.eer is not None else f"{cell.share:.0%} of people"
    columns = [
        str(cell.people),
        str(cell.folds),
        leak,
        f"{np.mean([eer for _, eer in found]):.3f}",
        *(f"{100 * share:.1f} %" for share in shares),
        f"{np.median(excluded):.3f}" if excluded else "–",
    ]
    return f"| {' | '.join(columns)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Outcomes of the rule of recognition in simulated studies.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    studies, people = (50, (12,)) if arguments.quick else (1000, PEOPLE)
    cells = [Cell(n, eer, studies=studies) for n in people for eer in EERS]
    cells += [Cell(n, None, 0.25, studies=studies) for n in people]
    cells += [Cell(n, eer, folds=5, studies=studies) for n in people if n > 12 for eer in (0.5, 0.25)]
    began = time.perf_counter()
    print(
        "| people | folds | leak of | EER, mean | recognised | not recognised | not decided | excluded EER |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with ProcessPoolExecutor(arguments.workers) as pool:
        for text in pool.map(row, cells):
            print(text, flush=True)
    print(f"\n{studies} studies a row, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
