"""How often do permutation tests reject where nothing identifies anybody?

Simulates studies whose probe clips carry no information about the person, and counts how often the
permutation test of linkability (D_sys) and of ZEBRA's expected disclosure rejects at the 5 % level, which
should be rare: in 7 % at most. 12 to 20 people with 5 clips each, which differ in quality, so that
comparisons depend on each other.

    python benchmarks/null_studies.py             # 500 studies of each design; some minutes
    python benchmarks/null_studies.py --quick     # 50
"""

import argparse

import numpy as np

from amber_id.biometrics import Comparisons, compare_all, d_sys_raw_of, permutation_null, zebra_expected_of

CLIPS, DIMENSIONS, LEVEL = 5, 16, 0.05
MEASURES = {"linkability": d_sys_raw_of, "ZEBRA expected": zebra_expected_of}


def clips(rng: np.random.Generator, n: int) -> np.ndarray:
    """Clips of nobody in particular; the better ones lie near a common one."""
    return rng.normal(size=(n, DIMENSIONS)) + rng.gamma(2, 1, (n, 1)) * rng.normal(size=DIMENSIONS)


def all_pairs(rng: np.random.Generator, n_people: int) -> Comparisons:
    """All clips against all."""
    subjects = np.repeat(np.arange(n_people), CLIPS)
    return compare_all(clips(rng, len(subjects)), subjects)


def folds(rng: np.random.Generator, n_people: int) -> Comparisons:
    """Three attackers, whose scores differ in level."""
    parts = []
    for fold in range(3):
        part = all_pairs(rng, n_people // 3 + 1)
        parts.append(
            Comparisons(part.scores + rng.normal(), part.enrolment, part.probe, part.subjects + 100 * fold)
        )
    return Comparisons.pool(parts)


def telling_enrolment(rng: np.random.Generator, n_people: int) -> Comparisons:
    """Enrolment clips that do identify people, and probes that do not: an anonymiser that works."""
    subjects = np.repeat(np.arange(n_people), CLIPS)
    N = len(subjects)
    enrolled = 2 * rng.normal(size=(n_people, DIMENSIONS))[subjects] + rng.normal(size=(N, DIMENSIONS))
    probes = clips(rng, N)
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (enrolled, probes)]
    enrolment, probe = np.divmod(np.arange(N * N), N)
    return Comparisons((unit[0] @ unit[1].T).ravel(), enrolment, probe + N, np.tile(subjects, 2))


def rooms(rng: np.random.Generator, n_people: int) -> Comparisons:
    """Two sittings each, which leave a strong trace, compared across sittings only."""
    subjects = np.repeat(np.arange(n_people), CLIPS)
    sessions = 2 * subjects + np.tile([0, 0, 0, 1, 1], n_people)
    vectors = rng.normal(size=(2 * n_people, DIMENSIONS))[sessions] + clips(rng, len(subjects))
    found = compare_all(vectors, subjects, sessions=sessions)
    kept = sessions[found.enrolment] != sessions[found.probe]
    return Comparisons(
        found.scores[kept], found.enrolment[kept], found.probe[kept], found.subjects, found.sessions
    )


def main() -> None:
    """Print the share of rejections for each design."""
    parser = argparse.ArgumentParser(description="Rejections of permutation tests in null studies.")
    parser.add_argument("--quick", action="store_true")
    studies = 50 if parser.parse_args().quick else 500
    print("| design | linkability | ZEBRA expected |\n|---|---|---|")
    for design in (all_pairs, folds, telling_enrolment, rooms):
        rejected = dict.fromkeys(MEASURES, 0)
        for seed in range(studies):
            rng = np.random.default_rng(seed)
            comparisons = design(rng, int(rng.integers(12, 21)))
            found = permutation_null(comparisons, MEASURES, permutations=199, rng=rng)
            for name, test in found.items():
                rejected[name] += test.p_value <= LEVEL
        shares = " | ".join(f"{100 * count / studies:.1f} %" for count in rejected.values())
        print(f"| {(design.__doc__ or '').rstrip('.')} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
