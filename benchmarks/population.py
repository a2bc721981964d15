"""Does a search among 1,000 or 10,000 people come out as 80 or 100 people foretell?

Draws people from large populations whose rates of search are known, and counts how often the 95 % intervals
of `search_in_population` hold them. Every draw is of other people. The truth among N is exact for rank-1,
over all choices of the others, and the mean over 8 random galleries for TPIR at an FPIR of 10 %.

    python benchmarks/population.py [--draws 100] [--kinds normal,axes] [--people 1000|10000]

Kinds of people, each at three strengths of leak, 4 clips each, cosine scores, and noise of each person's own
(lognormal, sigma 0.3). The model was chosen on the first two; the others were opened once it was settled.

normal      24 traits, independent and normal
axes        12 traits, of very different size: 3 to 0.3 standard deviations
heavy       24 traits, Student's with 5 degrees of freedom, jointly
skewed      24 traits, exponential, of different size
recordings  1,500 people of `amber synth`, avatars, the attacker `moments` on blendshapes, which learnt from
            200 others; habits 2, 1 and 0.5 times the usual ones. Cached in --cache; 8 minutes the first time.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from amber_id.attackers.moments import MomentsConfig, fit_to_statistics
from amber_id.biometrics import Gallery, rank1_by_gallery_size, search_in_population
from amber_id.motion import FeatureConfig, clip_features
from amber_id.synthetic import SynthConfig
from synthetic import of_person

CLIPS, FPIR, SEED = 4, 0.1, 99
NOISES, HABITS = (0.7, 1.3, 2.2), (2.0, 1.0, 0.5)
TRAINED, RECORDED = 200, 1500  # people
MEASURED = {1000: 80, 10_000: 100}
_MOST_PROBES = 4000

Draw = Callable[[int, np.random.Generator], np.ndarray]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def gallery_of(clips: np.ndarray, probed: int) -> Gallery:
    """The first people's clips, each against the mean of everybody's other clips."""
    vectors = clips[:probed].reshape(-1, clips.shape[2])
    scores = (vectors @ clips.mean(axis=1).T).astype(np.float64)
    rows, people = np.arange(len(vectors)), np.repeat(np.arange(probed), CLIPS)
    scores[rows, people] = (scores[rows, people] * CLIPS - 1) / (CLIPS - 1)
    return Gallery(scores, rows, people)


def truth(gallery: Gallery, people: int) -> tuple[float, float]:
    """Rank-1 among so many of a population, and TPIR."""
    rng = np.random.default_rng(SEED)
    own, others = gallery.mate_scores, gallery.scores.copy()
    others[np.arange(len(others)), gallery.subjects] = -np.inf
    tpir = []
    for _ in range(8):
        best = others[:, rng.permutation(others.shape[1])[: people - 1]].max(axis=1)
        threshold = np.quantile(best, 1 - FPIR, method="higher")
        tpir.append(np.mean((own >= threshold) & (own > best)))
    return float(rank1_by_gallery_size(gallery, [people])[0]), float(np.mean(tpir))


def people_of(kind: str, noise: float) -> Draw:
    """Clips of so many people: (people, clips, dimensions), of length 1."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        traits = {
            "normal": lambda: rng.normal(size=(n, 24)),
            "axes": lambda: rng.normal(size=(n, 12)) * np.geomspace(3, 0.3, 12),
            "heavy": lambda: rng.normal(size=(n, 24)) * np.sqrt(5 / rng.chisquare(5, (n, 1))),
            "skewed": lambda: (rng.gamma(1.0, size=(n, 24)) - 1) * np.geomspace(1.5, 0.7, 24),
        }[kind]()
        own_noise = noise * np.exp(rng.normal(0, 0.3, (n, 1, 1)))
        clips = traits[:, None] + own_noise * rng.normal(size=(n, CLIPS, traits.shape[1]))
        return unit(clips).astype(np.float32)

    return draw


def recorded(habit: float, cache: Path) -> np.ndarray:
    """Embeddings of synthetic people's avatars, by an attacker that learnt from others."""
    file = cache / f"population_{habit:g}.npy"
    if file.exists():
        return np.load(file)
    config = SynthConfig(people=TRAINED + RECORDED, clips=CLIPS, habit=habit, seed=7)

    def described(person: int) -> tuple[np.ndarray, np.ndarray]:
        features = FeatureConfig(signals="blendshapes", view="all")
        return of_person(config, "avatar", lambda clip: clip_features(clip, config=features), person)

    statistics, clips = (np.concatenate(parts) for parts in zip(*map(described, range(TRAINED)), strict=True))
    attacker = fit_to_statistics(statistics, clips // CLIPS, MomentsConfig(), features=FeatureConfig())
    embedded = []
    for person in range(TRAINED, TRAINED + RECORDED):
        statistics, clips = described(person)
        windows = unit(attacker.project(statistics))
        sums = [windows[clips == clip].sum(axis=0) for clip in np.unique(clips)]
        embedded.append(unit(np.array(sums)))
    np.save(file, np.array(embedded, dtype=np.float32))
    return np.load(file)


def row(name: str, population: np.ndarray, draw: Draw, people: int, draws: int) -> str:
    """Truth, mean and coverage of both rates."""
    true = truth(gallery_of(population, min(_MOST_PROBES // CLIPS, len(population))), people)
    rng = np.random.default_rng(SEED + 1)
    measured, estimates = MEASURED[people], []
    for _ in range(draws):
        (search,) = search_in_population(gallery_of(draw(measured, rng), measured), [people], fpir=FPIR)
        estimates.append([(each.value, each.low, each.high) for each in (search.rank1, search.tpir)])
    value, low, high = np.moveaxis(np.array(estimates), 2, 0)
    held = ((low <= true) & (true <= high)).sum(axis=0)
    rates = [
        f"{true[n]:.3f} | {value[:, n].mean():.3f} | {low[:, n].mean():.3f} to {high[:, n].mean():.3f} "
        f"| {held[n]} of {draws}"
        for n in range(2)
    ]
    return f"| {name} | {measured} | {people:,} | {' | '.join(rates)} |"


def main() -> None:
    """Print the table of docs/population.md."""
    parser = argparse.ArgumentParser(description="Coverage of a search among more people than were measured.")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--kinds", default="normal,axes,heavy,skewed,recordings")
    parser.add_argument("--people", type=int, default=1000, choices=tuple(MEASURED))
    parser.add_argument("--cache", type=Path, default=Path())
    asked = parser.parse_args()
    for kind in asked.kinds.split(","):
        for strength in HABITS if kind == "recordings" else NOISES:
            if kind == "recordings":
                population = recorded(strength, asked.cache)
                draw: Draw = lambda n, rng, of=population: of[rng.permutation(len(of))[:n]]  # noqa: E731
            else:
                draw = people_of(kind, strength)
                population = draw(max(3000, asked.people), np.random.default_rng(SEED))
            print(row(f"{kind}, {strength:g}", population, draw, asked.people, asked.draws), flush=True)


if __name__ == "__main__":
    main()
