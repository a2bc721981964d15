"""How quick are defences, do they change more with strength, and what do they hide at which cost?

speed       1,000 clips of 4 s, defended in two processes, in wall time and processor time; and frames a
            second of each causal defence, on one core
strengths   Mean distance of the channels from the original's, in `UNITS`, at five strengths
privacy     Synthetic people: what `amber frontier` says of some defences, with all that the table in
            docs/defences.md has; it takes about a minute for 100 clips and 5 defences

    python benchmarks/defences.py speed [--clips 1000] [--defence population]
    python benchmarks/defences.py strengths
    python benchmarks/defences.py privacy [--people 40] [--clips 6] [--seed 11] [--defences p-blend,...]

`--model FILE`, which `amber defences train` made, is for the defence `learned`: speed and strengths measure
it, too, and privacy where it is named. `--against` is what differences of privacy are taken from.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from amber_id.anonymisers import (
    DEFENCES,
    LearnedModel,
    LiveDefence,
    Plan,
    defend,
    defended,
    load_learned,
    parsed_defences,
    synthetic_pool,
)
from amber_id.anonymisers.channels import FACE, HEAD, UNITS, signals_of
from amber_id.anonymisers.defence import Defence
from amber_id.audit import FrontierConfig, expanded, run_frontier
from amber_id.notation import signed, with_interval
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate, make_clip

COMPARED = ("p-blend", "population", "population-distribution", "synthetic-clip")


def main() -> None:
    """Measure one of the three."""
    parser = argparse.ArgumentParser(description="Speed, strengths and privacy of defences.")
    parser.add_argument("question", choices=("speed", "strengths", "privacy"))
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--clips", type=int)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--defence", default="population")
    parser.add_argument("--defences", default=",".join(COMPARED))
    parser.add_argument("--against", default="p-blend:1")
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    model = None if arguments.model is None else load_learned(arguments.model)
    if arguments.question == "speed":
        speed(arguments.defence, arguments.clips or 1000, model)
    elif arguments.question == "strengths":
        strengths(model)
    else:
        privacy(arguments, model)


def speed(name: str, clips: int, model: LearnedModel | None) -> None:
    """Print how long so many clips take, and frames a second of what is causal."""
    plan = Plan(parsed_defences(name), seed=1, model=model)
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
    for defence in (each for each in usable(model) if each.causal):
        live = LiveDefence(Plan(parsed_defences(defence.name), seed=1, model=model))
        began = time.process_time()
        for values, instant in zip(signals.values, signals.times, strict=True):
            live.step(values[FACE], values[HEAD][:3], float(instant))
        rate = len(signals.times) / (time.process_time() - began)
        print(f"{defence.name}: {rate:,.0f} frames a second, {defence.when}")


def time_of_all() -> tuple[float, float]:
    """Processor time of this process and of those that it waited for."""
    now = os.times()
    return now.user + now.system, now.children_user + now.children_system


def usable(model: LearnedModel | None) -> list[Defence]:
    """All defences, without what was learned where there is no model."""
    return [each for each in DEFENCES.values() if model is not None or not each.needs_model]


def strengths(model: LearnedModel | None) -> None:
    """Print the distance at five strengths, of each defence."""
    config = SynthConfig(people=10, clips=2, seed=5)
    clips = [make_clip(config, person, clip) for person in range(10) for clip in range(2)]
    for name in (each.name for each in usable(model)):
        row = []
        for strength in (0, 0.25, 0.5, 0.75, 1):
            plan = Plan(parsed_defences(f"{name}:{strength}"), 1, synthetic_pool(), model)
            away = [
                np.abs(signals_of(defended(clip, plan)).values - signals_of(clip).values) / UNITS
                for clip in clips
            ]
            row.append(float(np.mean([each.mean() for each in away])))
        monotonic = "monotonic" if (np.diff(row) >= -1e-6).all() else "NOT monotonic"
        print(f"{name:28} {' '.join(f'{value:.4f}' for value in row)}  {monotonic}", flush=True)


def privacy(arguments: argparse.Namespace, model: LearnedModel | None) -> None:
    """Print EER and utility of some defences, and the paired difference of each from one of them."""
    config = SynthConfig(people=arguments.people, clips=arguments.clips or 6, seed=arguments.seed)
    defences = expanded(arguments.defences.split(","), [1.0])
    settings = FrontierConfig(defences=defences, against=arguments.against, seed=arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        generate(config, Path(folder) / "people")
        originals = RecordingSet.open(Path(folder) / "people" / "original")
        results = run_frontier(originals, Path(folder) / "frontier", settings, model=model)
    for point in results.points:
        less, utility = point.eer_less_reference, point.utility
        named = [f"{name} {utility.measured[name].value:.3f}" for name in ("correlation", "amplitude")]
        named += [f"{kind} found again {share:.2f}" for kind, share in utility.recall.items()]
        print(
            f"{point.name}: EER {with_interval(point.eer)} by {point.attacker}; minus {results.reference} "
            f"{signed(less) if less else ''}; utility {with_interval(utility.number)}; {', '.join(named)}"
        )


if __name__ == "__main__":
    main()
