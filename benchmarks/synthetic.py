"""Does an attacker detect a known leak, and no leak where there is none?

Three questions are answered on synthetic people by the attacker `moments`, trained and tested in five
folds of people, every person tested once:

null        Without habits and shape, does the EER's interval contain 0.5 in 17 of 20 seeds, and is it no
            wider than 0.25? Clips are from 2 to 4 s long, so that length and padding are tried too.
dose        Does the EER fall as habits grow, how much of the way from 0.5 to the oracle does it go, and is it
            never below the oracle? Five seeds pooled; face shape switched off.
confounds   Nobody differs, but something goes with the source. Which normalisation gives the source away: the
            naive one of x / width and y / height, scaled by one number, read at 64 frames by index and
            described per frame; or ours? Telling two sources apart gives an EER of about 0.33.

    python benchmarks/synthetic.py null|dose|confounds [--signals blendshapes] [--quick]

`--quick` takes one seed of each.
"""

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np

from amber_id.attackers.moments import MomentsConfig, fit_to_statistics
from amber_id.attackers.window_statistics import window_statistics
from amber_id.biometrics import Comparisons, Estimate, bootstrap_eer, compare_all
from amber_id.motion import FeatureConfig, clip_features
from amber_id.motion.features import ClipFeatures
from amber_id.recordings import Recording
from amber_id.synthetic import Condition, SynthConfig, make_clip, oracle_comparisons

FOLDS, FRAMES, RATE_HZ = 5, 64, 25.0
DOSES = (0.25, 0.5, 1.0, 2.0)
CONFOUNDS = {
    "none": {},
    "aspect 16:9, 4:3": {"aspect": "source=16:9,4:3"},
    "25, 30 frames per second": {"fps": "source=25,30"},
    "2, 4 s": {"duration": "source=2,4"},
    "face 1, 0.7 times as large": {"framing": "source=1,0.7"},
    "jitter 1, 2 times as large": {"jitter": "source=1,2"},
    "0, 10 % of frames lost": {"lost": "source=0,0.1"},
}

Describe = Callable[[Recording], ClipFeatures]


def naive(recording: Recording) -> ClipFeatures:
    """Landmarks as a script might take them: no square pixels, no seconds, lost frames as zeros."""
    points = np.nan_to_num(recording.landmarks[:, :, :2])
    centred = points - points.mean(axis=1, keepdims=True)
    scaled = centred / (np.abs(centred).max() + 1e-9)
    at = np.round(np.linspace(0, len(scaled) - 1, FRAMES)).astype(int)
    ours = FeatureConfig().points
    values = scaled[at][:, list(ours)].transpose(2, 0, 1)[None]
    return ClipFeatures(values.astype(np.float32), np.ones((1, FRAMES), dtype=bool))


def of_person(
    config: SynthConfig, condition: Condition, describe: Describe, person: int
) -> tuple[np.ndarray, np.ndarray]:
    """Statistics of all windows of a person's clips, and the clip of each."""
    clips = [describe(make_clip(config, person, clip, condition)) for clip in range(config.clips)]
    values, mask = (np.concatenate([getattr(c, name) for c in clips]) for name in ("values", "mask"))
    numbers = np.arange(config.clips) + person * config.clips
    return window_statistics(values, mask, rate_hz=RATE_HZ), np.repeat(numbers, [len(c.mask) for c in clips])


def study(
    config: SynthConfig, pool: Executor, describe: Describe, condition: Condition = "original"
) -> Comparisons:
    """A corpus, which is never written, attacked: all pairs of the test clips of each fold of people."""
    people = pool.map(partial(of_person, config, condition, describe), range(config.people))
    statistics, clip = (np.concatenate(parts) for parts in zip(*people, strict=True))
    owners = clip // config.clips
    folds = np.random.default_rng(config.seed).permutation(config.people) % FOLDS
    parts = []
    for fold in range(FOLDS):
        tested = folds[owners] == fold
        attacker = fit_to_statistics(
            statistics[~tested], owners[~tested], MomentsConfig(), features=FeatureConfig()
        )
        vectors = attacker.project(statistics[tested])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        clips, place = np.unique(clip[tested], return_inverse=True)
        sums = np.zeros((len(clips), vectors.shape[1]))
        np.add.at(sums, place, vectors)
        parts.append(compare_all(sums, clips // config.clips))
    return Comparisons.pool(parts)


def eer_over(studies: list[Comparisons]) -> Estimate:
    """The EER of all studies, each of other people, with its interval over people."""
    parts = [replace(part, subjects=part.subjects + 10_000 * n) for n, part in enumerate(studies)]
    pooled = Comparisons.pool(parts)
    return bootstrap_eer(pooled.scores, pooled.enrolment_subjects, pooled.probe_subjects, pooled.mated)


def null(pool: Executor, describe: Describe, seeds: Iterable[int], people: int) -> None:
    """Nobody differs."""
    print("| seed | EER | contains 0.5 | width |\n|---|---|---|---|")
    good = 0
    for seed in seeds:
        config = SynthConfig(people=people, habit=0, shape=0, duration="clip=2,4", seed=seed)
        eer = eer_over([study(config, pool, describe)])
        holds, width = eer.low <= 0.5 <= eer.high, eer.high - eer.low
        good += holds and width <= 0.25
        print(f"| {seed} | {said(eer)} | {holds} | {width:.3f} |", flush=True)
    print(f"{good} of {len(list(seeds))} contain 0.5 and are no wider than 0.25")


def dose(pool: Executor, describe: Describe, seeds: Iterable[int], people: int) -> None:
    """The same people, more and more different."""
    for condition in ("original", "avatar"):
        print(
            f"\n{condition}\n\n| habit | attacker | oracle | way from 0.5 to the oracle |\n|---|---|---|---|"
        )
        for habit in DOSES:
            configs = [SynthConfig(people=people, habit=habit, shape=0, seed=seed) for seed in seeds]
            found = eer_over([study(c, pool, describe, condition) for c in configs])
            best = eer_over([oracle_comparisons(c, condition) for c in configs])
            way = (0.5 - found.value) / (0.5 - best.value)
            print(f"| {habit} | {said(found)} | {said(best)} | {way:.0%} |", flush=True)


def confounds(pool: Executor, describe: Describe, seeds: Iterable[int], people: int) -> None:
    """Nobody differs, but sources do."""
    print("| what goes with the source | naive EER | our EER |\n|---|---|---|")
    for name, knob in CONFOUNDS.items():
        configs = [SynthConfig(people=people, habit=0, shape=0, seed=seed, **knob) for seed in seeds]
        found = [eer_over([study(c, pool, normalise) for c in configs]) for normalise in (naive, describe)]
        print(f"| {name} | {' | '.join(map(said, found))} |", flush=True)


def said(eer: Estimate) -> str:
    """The figure with its interval."""
    return f"{eer.value:.3f} [{eer.low:.3f}, {eer.high:.3f}]"


def main() -> None:
    """Put one of the questions."""
    parser = argparse.ArgumentParser(description="An attacker against people whose leak is known.")
    parser.add_argument("question", choices=("null", "dose", "confounds"))
    parser.add_argument("--signals", default="landmarks", choices=("landmarks", "blendshapes"))
    parser.add_argument("--view", default="all", choices=("all", "motion", "pose", "static"))
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    question, seeds = {"null": (null, 20), "dose": (dose, 5), "confounds": (confounds, 3)}[asked.question]
    features = FeatureConfig(signals=asked.signals, view=asked.view)
    with ProcessPoolExecutor() as pool:
        question(
            pool, partial(clip_features, config=features), range(1 if asked.quick else seeds), asked.people
        )


if __name__ == "__main__":
    main()
