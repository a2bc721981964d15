"""How well does each attacker recognise people, and how well does their fusion?

They are tested on synthetic people whose leak is known, at several strengths of their habits, on originals
and on avatars, in five folds, everybody once; or on a folder of recordings of real people. Every attacker
is trained on the train people, its checkpoint chosen on dev, all are fused on dev, and the strongest, chosen
on dev too, is marked. Then the test EER with its interval over people, how much of the way from 0.5 to the
oracle that is, and the paired difference from `moments`.

    python benchmarks/attackers.py [--people 40] [--clips 20] [--habit 0,1] [--attackers ...] [--quick]
    python benchmarks/attackers.py --recordings FOLDER
    python benchmarks/attackers.py --small      (15 train people, eyes and lips, against the thesis network)

The last line is the summary. `--quick` is a minute's version, of few people, whose figures mean nothing.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amber_id.audit.attack.strongest_attacker import Scored, score_attackers
from amber_id.audit.attack.tested import embed_people
from amber_id.biometrics import (
    Comparisons,
    Difference,
    ErrorCurve,
    Estimate,
    Statistic,
    bootstrap_difference,
    bootstrap_eer,
)
from amber_id.protocols import Split, SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate, oracle_comparisons
from amber_id.training import LoopConfig, train
from amber_id.training.named import training_of
from amber_id.training.network import EpochReport

ZOO = ("moments", "moments on blendshapes", "stgcn", "blendshapes", "distances")


@dataclass(frozen=True)
class Study:
    """What is asked of one set of recordings."""

    attackers: tuple[str, ...]
    split: Split
    loop: LoopConfig
    features: dict[str, object]  # that differ from the defaults, of those that see landmarks
    seed: int
    told: bool = False  # print the dev EER of every epoch, which shows whether it has converged


def attacked(recordings: RecordingSet, study: Study, folder: Path) -> tuple[Scored, ...]:
    """Train all, test all, fuse."""
    runs = []
    for name in study.attackers:
        config = training_of(name, loop=study.loop, seed=study.seed)
        if config.features.signals == "landmarks":
            config = config.model_copy(update={"features": config.features.model_copy(update=study.features)})
        began = time.perf_counter()
        out = folder / name.replace(" ", "_")
        run, _ = train(recordings, study.split, config, out, on_epoch=print_epoch if study.told else None)
        print(f"  {name}: trained in {time.perf_counter() - began:.0f} s", flush=True)
        runs.append(run.path)
    return score_attackers(embed_people(tuple(runs), recordings, study.split)).scored


def print_epoch(report: EpochReport) -> None:
    """One line."""
    print(
        f"    epoch {report.epoch}: loss {report.loss:.3f}, dev EER {report.dev.eer:.3f}, "
        f"{report.clips_per_s:.1f} clips/s",
        flush=True,
    )


def report(title: str, scored: tuple[Scored, ...], best: Estimate | None) -> list[str]:
    """One table; the figures of the worst, for the summary."""
    first = scored[0].attacker.name
    print(f"\n{title}\n\n| attacker | dev EER | test EER | way to the oracle | less EER of {first} |")
    print("|---|---|---|---|---|")
    worst = min(scored, key=lambda each: each.dev_eer or 0.0)
    summary = []
    for each in scored:
        found = eer_of(each.comparisons)
        way = "" if best is None else f"{(0.5 - found.value) / (0.5 - best.value):.0%}"
        gap = "" if each is scored[0] else said(difference(scored[0].comparisons, each.comparisons))
        mark = " (worst on dev)" if each is worst else ""
        print(
            f"| {each.attacker.name}{mark} | {each.dev_eer or 0:.3f} | {said(found)} | {way} | {gap} |",
            flush=True,
        )
        if each is worst:
            summary = [
                f"{title}: {each.attacker.name} {said(found)}",
                *([f"{way} of the way"] if way else []),
            ]
    if best is not None:
        print(f"| oracle | | {said(best)} | 100% | |")
    return summary


def eer_of(comparisons: Comparisons) -> Estimate:
    """With its interval over people."""
    return bootstrap_eer(
        comparisons.scores, comparisons.enrolment_subjects, comparisons.probe_subjects, comparisons.mated
    )


def difference(one: Comparisons, other: Comparisons) -> Difference:
    """Paired: `other` less `one`."""
    rng = np.random.default_rng(0)
    return bootstrap_difference(one, other, {"eer": Statistic(ErrorCurve.eer)}, rng=rng)["eer"]


def said(figure: Estimate | Difference) -> str:
    """With its interval."""
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def on_synthetic_people(asked: argparse.Namespace, study: Study | None, loop: LoopConfig) -> list[str]:
    """At every strength and in both conditions."""
    summary = []
    for habit in map(float, asked.habit.split(",")):
        config = SynthConfig(people=asked.people, clips=asked.clips, habit=habit, seed=asked.seed)
        if habit == 0:
            config = config.model_copy(update={"shape": 0.0})
        with tempfile.TemporaryDirectory() as folder:
            generate(config, Path(folder))
            for condition in asked.conditions:
                recordings = RecordingSet.open(Path(folder) / condition)
                own = study or Study(
                    tuple(asked.attackers.split(",")), split_of(recordings, asked), loop, {}, asked.seed
                )
                scored = attacked(recordings, own, Path(folder) / f"runs-{condition}")
                best = eer_of(oracle_comparisons(config, condition)) if habit else None
                summary += report(f"habit {habit:g}, {condition}", scored, best)
    return summary


def split_of(recordings: RecordingSet, asked: argparse.Namespace) -> Split:
    """Five folds; fewer in the quick version."""
    config = SplitConfig(folds=2 if asked.quick else 5, seed=asked.seed)
    return make_split(source_of_subjects(recordings), config)


def small_study(asked: argparse.Namespace) -> Study:
    """15 train, 5 dev and the rest test people; a narrow look, which the thesis network can bear."""
    subjects = [f"id{n + 1:03d}" for n in range(asked.people)]
    parts = {s: "train" if n < 15 else "dev" if n < 20 else "test" for n, s in enumerate(subjects)}
    return Study(
        attackers=("thesis", "stgcn"),
        split=Split((parts,)),
        loop=LoopConfig(epochs=asked.epochs, batch=8, patience=asked.epochs),
        features={"regions": ("eyes", "lips"), "window_s": 1.28, "hop_s": 0.64},
        seed=asked.seed,
        told=True,
    )


def main() -> None:
    """Ask one question."""
    parser = argparse.ArgumentParser(description="What each attacker finds, and a fusion of them.")
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--attackers", default=",".join(ZOO))
    parser.add_argument("--habit", default="0,1")
    parser.add_argument("--conditions", nargs="+", default=["original", "avatar"])
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    if asked.quick:
        asked.people, asked.clips, asked.epochs, asked.habit = 14, 5, 2, "1"
    loop = LoopConfig(epochs=asked.epochs)
    if asked.recordings is None:
        summary = on_synthetic_people(asked, small_study(asked) if asked.small else None, loop)
    else:
        recordings = RecordingSet.open(asked.recordings)
        study = Study(tuple(asked.attackers.split(",")), split_of(recordings, asked), loop, {}, asked.seed)
        with tempfile.TemporaryDirectory() as folder:
            summary = report("real clips", attacked(recordings, study, Path(folder)), None)
    print("\n" + "; ".join(summary))


if __name__ == "__main__":
    main()
