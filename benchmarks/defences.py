"""How quick are defences, do they change more with strength, and what do they hide at which cost?

speed       1,000 clips of 4 s, defended in two processes, in wall time and processor time; and frames a
            second of each causal defence, on one core
strengths   Mean distance of the channels from the original's, in `UNITS`, at five strengths
privacy     Synthetic people: EER of attackers that know the defence, trained on people apart in five folds,
            with the paired difference from p-Blend; and correlation, amplitude ratio and blinks kept

The attackers are `moments` on blendshapes and head pose, as clips are and after three inversions; `lowest` is
the one with the lowest EER, picked on the test pairs, which favours the attacker.

    python benchmarks/defences.py speed [--clips 1000] [--defence population]
    python benchmarks/defences.py strengths
    python benchmarks/defences.py privacy [--people 40] [--clips 12] [--seed 11] [--defences p-blend,...]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from amber_id.anonymisers import (
    DEFENCES,
    LiveDefence,
    Plan,
    defend,
    defended,
    parsed_defences,
    synthetic_pool,
)
from amber_id.anonymisers.channels import FACE, HEAD, UNITS, signals_of
from amber_id.anonymisers.event_shape import KINDS, find_events
from amber_id.attackers.moments import MomentsConfig, fit_to_statistics
from amber_id.attackers.window_statistics import window_statistics
from amber_id.biometrics import Comparisons, compare_all
from amber_id.motion import FeatureConfig, clip_features
from amber_id.recordings import Recording, RecordingSet
from amber_id.recordings.signals import correlations, matched
from amber_id.synthetic import SynthConfig, generate, make_clip
from attackers import difference, eer_of

FOLDS, RATE_HZ = 5, 25.0
INVERSIONS = ("none", "standardised", "ranks", "smoothed")
COMPARED = ("redrawn", "p-blend", "population", "population-distribution", "synthetic-clip")
MOVES = 0.02  # standard deviation of a coefficient that counts as moving


def main() -> None:
    """Measure one of the three."""
    parser = argparse.ArgumentParser(description="Speed, strengths and privacy of defences.")
    parser.add_argument("question", choices=("speed", "strengths", "privacy"))
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--clips", type=int)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--defence", default="population")
    parser.add_argument("--defences", default=",".join(COMPARED))
    arguments = parser.parse_args()
    if arguments.question == "speed":
        speed(arguments.defence, arguments.clips or 1000)
    elif arguments.question == "strengths":
        strengths()
    else:
        privacy(arguments)


def speed(name: str, clips: int) -> None:
    """Print how long so many clips take, and frames a second of what is causal."""
    plan = Plan(parsed_defences(name), seed=1)
    with tempfile.TemporaryDirectory() as folder:
        generate(SynthConfig(people=10, clips=clips // 10, seed=5), Path(folder) / "people")
        recordings = RecordingSet.open(Path(folder) / "people" / "original")
        began, used = time.monotonic(), sum(time_of_all())
        defend(recordings, Path(folder) / "out", plan, workers=2)
        print(
            f"{name}: {len(recordings.entries)} clips in {time.monotonic() - began:.1f} s, "
            f"{sum(time_of_all()) - used:.1f} s of processor time, in 2 processes"
        )
    signals = signals_of(make_clip(SynthConfig(people=1, clips=1, duration="20"), 0, 0))
    for defence in (each for each in DEFENCES.values() if each.causal):
        live = LiveDefence(Plan(parsed_defences(defence.name), seed=1))
        began = time.process_time()
        for values, instant in zip(signals.values, signals.times, strict=True):
            live.step(values[FACE], values[HEAD][:3], float(instant))
        rate = len(signals.times) / (time.process_time() - began)
        print(f"{defence.name}: {rate:,.0f} frames a second, {defence.when}")


def time_of_all() -> tuple[float, float]:
    """Processor time of this process and of those that it waited for."""
    now = os.times()
    return now.user + now.system, now.children_user + now.children_system


def strengths() -> None:
    """Print the distance at five strengths, of each defence."""
    config = SynthConfig(people=10, clips=2, seed=5)
    clips = [make_clip(config, person, clip) for person in range(10) for clip in range(2)]
    for name in DEFENCES:
        row = []
        for strength in (0, 0.25, 0.5, 0.75, 1):
            plan = Plan(parsed_defences(f"{name}:{strength}"), 1, synthetic_pool())
            away = [
                np.abs(signals_of(defended(clip, plan)).values - signals_of(clip).values) / UNITS
                for clip in clips
            ]
            row.append(float(np.mean([each.mean() for each in away])))
        monotonic = "monotonic" if (np.diff(row) >= -1e-6).all() else "NOT monotonic"
        print(f"{name:28} {' '.join(f'{value:.4f}' for value in row)}  {monotonic}", flush=True)


def privacy(arguments: argparse.Namespace) -> None:
    """Print EER and utility of some defences, and the paired difference of each from p-Blend."""
    config = SynthConfig(people=arguments.people, clips=arguments.clips or 12, seed=arguments.seed)
    clips = [
        make_clip(config, person, clip) for person in range(config.people) for clip in range(config.clips)
    ]
    reference: Comparisons | None = None
    names = arguments.defences.split(",")
    for name in sorted(names, key=lambda each: each != "p-blend"):
        plan = Plan(parsed_defences(name), seed=arguments.seed)
        changed = [defended(clip, plan) for clip in clips]
        attacks = {each: attacked(changed, config, each) for each in INVERSIONS}
        eers = {each: eer_of(attack) for each, attack in attacks.items()}
        lowest = min(eers, key=lambda each: eers[each].value)
        line = [f"{each} {eer.value:.3f}" for each, eer in eers.items()]
        eer = eers[lowest]
        reference = attacks[lowest] if reference is None else reference
        paired = difference(reference, attacks[lowest])
        print(
            f"{name}: lowest {eer.value:.3f} [{eer.low:.3f}, {eer.high:.3f}] by {lowest} "
            f"({', '.join(line)}); "
            f"minus p-Blend {paired.value:+.3f} [{paired.low:+.3f}, {paired.high:+.3f}]; "
            f"{', '.join(utility(clips, changed))}",
            flush=True,
        )


def attacked(clips: list[Recording], config: SynthConfig, inversion: str) -> Comparisons:
    """All pairs of the test clips of each fold of people, by an attacker trained on the other folds."""
    features = FeatureConfig(signals="blendshapes", inversion=inversion, rate_hz=RATE_HZ)
    parts = [clip_features(clip, features) for clip in clips]
    statistics = np.concatenate([window_statistics(p.values, p.mask, rate_hz=RATE_HZ) for p in parts])
    clip = np.repeat(np.arange(len(clips)), [len(part.mask) for part in parts])
    owners = clip // config.clips
    folds = np.random.default_rng(config.seed).permutation(config.people) % FOLDS
    return Comparisons.pool(list(_folds_tested(statistics, clip, owners, folds, features)))


def _folds_tested(
    statistics: np.ndarray, clip: np.ndarray, owners: np.ndarray, folds: np.ndarray, features: FeatureConfig
) -> Iterator[Comparisons]:
    for fold in range(FOLDS):
        held = folds[owners] == fold
        attacker = fit_to_statistics(statistics[~held], owners[~held], MomentsConfig(), features=features)
        vectors = attacker.project(statistics[held])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        clips, first, place = np.unique(clip[held], return_index=True, return_inverse=True)
        sums = np.zeros((len(clips), vectors.shape[1]))
        np.add.at(sums, place, vectors)
        yield compare_all(sums, owners[held][first])


def utility(originals: list[Recording], changed: list[Recording]) -> Iterator[str]:
    """Mean correlation and median amplitude ratio of the coefficients that move, and blinks kept."""
    alike, ratios, kept, blinks = [], [], 0, 0
    for one, other in zip(map(signals_of, originals), map(signals_of, changed), strict=True):
        moving = one.values[:, FACE].std(axis=0) >= MOVES
        before, after = one.values[:, FACE][:, moving], other.values[:, FACE][:, moving]
        alike.append(correlations(before, after).mean())
        ratios.append(np.median(after.std(axis=0) / before.std(axis=0)))
        instants = [each.times[find_events(each, KINDS["blinks"]).frames] for each in (one, other)]
        kept += int(matched(*instants, tolerance_s=0.2)[0].sum())
        blinks += len(instants[0])
    yield f"correlation {np.mean(alike):.3f}"
    yield f"amplitude {np.median(ratios):.2f}"
    yield f"blinks kept {kept / blinks:.2f} of {blinks}"


if __name__ == "__main__":
    main()
