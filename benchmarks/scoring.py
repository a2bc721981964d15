"""How fast, and in how much memory, are scores compared, counted and resampled?

    python benchmarks/scoring.py            # some minutes and 12 GB, for the straightforward way
    python benchmarks/scoring.py --quick    # a minute's version, on fewer clips

Every part runs in a process of its own, one after the other, so that peak memory is its own. Ratios are of
one run on one machine; the last line sums them up.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

DIMENSIONS = 256


def clips(n: int, per_subject: int, noise: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of people who are hard to tell apart, in no order."""
    rng = np.random.default_rng(0)
    subjects = rng.permutation(np.repeat(np.arange(n // per_subject), per_subject))
    people = rng.normal(size=(n // per_subject, DIMENSIONS)).astype(np.float32)
    noises = noise * rng.standard_normal((len(subjects), DIMENSIONS), dtype=np.float32)
    return people[subjects] + noises, subjects


def straightforward(n: int) -> dict[str, float]:
    """All scores at once, then scikit-learn's ROC."""
    from sklearn.metrics import roc_curve

    vectors, subjects = clips(n, 40)
    began = time.perf_counter()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    upper = np.triu_indices(n, k=1)
    scores = (unit @ unit.T)[upper]
    mated = (subjects[:, None] == subjects)[upper]
    fmr, tmr, _ = roc_curve(mated, scores)
    k = np.argmin(np.abs(fmr - (1 - tmr)))
    return {"s": time.perf_counter() - began, "pairs": len(scores), "eer": float((fmr[k] + 1 - tmr[k]) / 2)}


def streamed(n: int) -> dict[str, float]:
    """Blocks of scores into histograms."""
    from amber_id.biometrics import histogram_all

    vectors, subjects = clips(n, 40)
    began = time.perf_counter()
    curve = histogram_all(vectors, subjects).curve()
    low, high = curve.eer_bounds()
    return {
        "s": time.perf_counter() - began,
        "pairs": n * (n - 1) / 2,
        "eer": float(curve.eer()),
        "bound": float(high - low),
    }


def pair_loop(n: int) -> dict[str, float]:
    """One pair after the other in Python, each by torch's cosine, as the thesis scored them."""
    import torch

    vectors, subjects = clips(n, 10)
    embeddings, labels = torch.from_numpy(vectors), torch.from_numpy(subjects)
    began = time.perf_counter()
    scores, mated = [], []
    for i in range(n):
        for j in range(i + 1, n):
            cosine = torch.cosine_similarity(embeddings[i][None], embeddings[j][None])
            scores.append(cosine.item())
            mated.append(bool(labels[i] == labels[j]))
    return {"s": time.perf_counter() - began, "pairs": len(scores)}


def resampled(n: int) -> dict[str, float]:
    """A study of 35 people: compared, counted, and 1,000 resamples of the people."""
    from amber_id.biometrics import ErrorCurve, Statistic, bootstrap, tally_all

    vectors, subjects = clips(n, n // 35)
    began = time.perf_counter()
    study = tally_all(vectors, subjects)
    counted = time.perf_counter()
    found = bootstrap(study, {"eer": Statistic(ErrorCurve.eer)}, rng=np.random.default_rng(0))["eer"]
    assert found.low < found.value < found.high
    return {"s": time.perf_counter() - counted, "count_s": counted - began, "pairs": n * (n - 1) / 2}


PARTS: dict[str, Callable[[int], dict[str, float]]] = {
    "straightforward": straightforward,
    "streamed": streamed,
    "pair_loop": pair_loop,
    "resampled": resampled,
}


def measured(part: str, n: int) -> dict[str, float]:
    """Run a part in a process of its own; its time, and its peak memory in GB beyond what imports take."""
    done = subprocess.run(
        [sys.executable, __file__, "--part", part, "--clips", str(n)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    print(
        f"{part:16} {n:7,} clips  {found['pairs']:14,.0f} pairs  {found['s']:8.2f} s  {found['gb']:6.2f} GB"
        + (f"  EER {found['eer']:.5f}" if "eer" in found else "")
        + (f", exact to {found['bound']:.1e}" if "bound" in found else ""),
        flush=True,
    )
    return found


def main() -> None:
    """Run all parts, or the one that was asked for."""
    parser = argparse.ArgumentParser(description="Time and memory of scoring.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--part", choices=tuple(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--clips", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = PARTS[arguments.part](arguments.clips)
        found["gb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
        print(json.dumps(found))
        return
    few, many = (4_000, 20_000) if arguments.quick else (20_000, 100_000)
    naive, ours = measured("straightforward", few), measured("streamed", few)
    loop, large = measured("pair_loop", 600), measured("streamed", many)
    study = measured("resampled", 2450)
    memory = naive["gb"] / ours["gb"]
    apart = abs(naive["eer"] - ours["eer"])
    loops = (large["pairs"] / large["s"]) / (loop["pairs"] / loop["s"])
    print(
        f"{naive['s'] / ours['s']:.1f} x faster than NumPy and scikit-learn in 1/{memory:.0f} of the memory "
        f"at {few:,} clips, EER {apart:.1e} apart; {loops:,.0f} x faster than a loop over pairs; "
        f"{many:,} clips in {large['s']:.0f} s and {large['gb']:.2f} GB, EER exact to {large['bound']:.1e}; "
        f"1,000 resamples of 35 x 70 clips in {study['s']:.2f} s"
    )


if __name__ == "__main__":
    main()
