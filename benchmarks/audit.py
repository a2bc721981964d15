"""Does an audit detect what was planted, how long does it take, and in how much memory?

    python benchmarks/audit.py [--people 40] [--clips 20] [--seeds 3] [--untimed] [--full] [--quick]

Sizes are fixed before looking: 40 people with 20 clips. Corpora whose truth is known by construction, each
asked only for the stages that must show it, by `moments` on landmarks in five folds:

habits        people differ in habits alone: OOO below AAA below 0.5; the view motion is stronger than static
faces         people differ in their faces alone: on originals the view static is stronger than motion
eyes, lips    habits in one region alone: on originals that region has the largest Shapley share

Then the default study of people who differ in both, or with `--full` all of it, as one command, with its time
and peak memory. The last line is the summary. `--quick` is a minute's version, of few people, whose figures
mean nothing.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from amber_id.audit import StudyConfig
from amber_id.audit.study.by_moments import regions_of_cells, views_of
from amber_id.audit.study.clips import study_clips
from amber_id.audit.study.stages import Stages
from amber_id.audit.study.study import Study
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName
from amber_id.synthetic import SynthConfig, generate
from amber_id.training.named import training_of

Truths = dict[str, bool]


def habits(study: Study) -> Truths:
    """The order of the cells, and the view that leaks."""
    views = views_of(study)
    original, anonymised = ({name: each.eer for name, each in views[cell].items()} for cell in ("OOO", "AAA"))
    for cell, of_cell in views.items():
        print(f"  {cell}: " + ", ".join(f"{name} {each.eer.value:.3f}" for name, each in of_cell.items()))
    return {
        "OOO < AAA": original["all"].value < anonymised["all"].value,
        "AAA < 0.5": anonymised["all"].high < 0.5,
        "motion finds": original["motion"].high < 0.5,
        "motion finds more than static": original["motion"].value < original["static"].value,
    }


def faces(study: Study) -> Truths:
    """The view that leaks."""
    view = {name: each.eer for name, each in views_of(study)["OOO"].items()}
    print("  OOO: " + ", ".join(f"{name} {each.value:.3f}" for name, each in view.items()))
    return {
        "static finds": view["static"].high < 0.5,
        "static finds more than motion": view["static"].value < view["motion"].value,
    }


def region(name: str) -> Callable[[Study], Truths]:
    """The region that leaks."""

    def truths(study: Study) -> Truths:
        share = {part: each.share for part, each in regions_of_cells(study)["OOO"].items() if each.share}
        said = [f"{part} {each.value:.3f} [{each.low:.3f}, {each.high:.3f}]" for part, each in share.items()]
        print("  OOO, shares: " + ", ".join(said))
        return {
            f"{name} have the largest share": max(share, key=lambda part: share[part].value) == name,
            "their share is above 0": share[name].low > 0,
        }

    return truths


PLANTED: dict[str, tuple[dict[str, object], tuple[ConditionName, ...], Callable[[Study], Truths]]] = {
    "habits": ({"habit": 1, "shape": 0.0}, ("original", "anonymised"), habits),
    "faces": ({"habit": 0, "shape": 0.5}, ("original",), faces),
    "eyes": ({"habit": "eyes=1,all=0", "shape": 0.0}, ("original",), region("eyes")),
    "lips": ({"habit": "lips=1,all=0", "shape": 0.0}, ("original",), region("lips")),
}


def planted(name: str, asked: argparse.Namespace, seed: int) -> Truths:
    """One corpus, and whether what was planted in it came back."""
    knobs, conditions, truths = PLANTED[name]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate(SynthConfig(people=asked.people, clips=asked.clips, seed=seed, **knobs), root)  # type: ignore[arg-type]
        folders = {"original": root / "original", "anonymised": root / "avatar"}
        sets = {condition: RecordingSet.open(folders[condition]) for condition in conditions}
        config = StudyConfig(attackers=("moments",), split=SplitConfig(folds=2 if asked.quick else 5))
        clips = study_clips(sets, root, [training_of("moments").features])
        split = make_split(source_of_subjects(clips.recordings), config.split)
        stages = Stages(root / "stages", "", lambda _name, _before: None)
        return truths(Study(sets, clips, split, config, config.attackers, root, stages, "cpu"))


def timed(asked: argparse.Namespace) -> str:
    """A study as one command: seconds and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        amber = [sys.executable, "-m", "amber_id"]
        size = ["--people", str(asked.people), "--clips", str(asked.clips)]
        subprocess.run([*amber, "synth", folder, *size, "--quiet"], check=True, capture_output=True)
        began = time.perf_counter()
        both = ["--original", f"{folder}/original", "--anonymised", f"{folder}/avatar"]
        options = (["--full"] if asked.full else []) + (
            ["--folds", "2", "--epochs", "1"] if asked.quick else []
        )
        subprocess.run([*amber, "audit", *both, "--out", f"{folder}/study", *options], check=True)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    kind = "full" if asked.full else "default"
    return f"{kind} study {asked.people} x {asked.clips}: {seconds:.0f} s, {peak:.1f} GB"


def main() -> None:
    """Plant, look, time."""
    parser = argparse.ArgumentParser(description="Planted truths, time and memory of an audit.")
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--planted", nargs="*", default=list(PLANTED))
    parser.add_argument("--untimed", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    if asked.quick:
        asked.people, asked.clips, asked.seeds = 14, 4, 1
    came = []
    for name in asked.planted:
        for seed in range(asked.seeds):
            for truth, held in planted(name, asked, seed).items():
                print(f"{name}, seed {seed}: {truth}: {'yes' if held else 'NO'}", flush=True)
                came.append(held)
    said = "" if asked.untimed else f"; {timed(asked)}"
    print(f"{sum(came)} of {len(came)} planted truths came back{said}")


if __name__ == "__main__":
    main()
