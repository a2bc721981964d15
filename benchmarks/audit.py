"""Does an audit find what was planted, how long does it take, and in how much memory?

    python benchmarks/audit.py [--people 40] [--clips 20] [--seeds 3] [--quick]

Sizes are fixed before looking: 40 people with 20 clips. Corpora whose truth is known by construction:

habits        people differ in habits alone: OOO below AAA below 0.5; the view motion finds, static does not
faces         people differ in their faces alone: on originals the view static finds as much as everything
eyes, lips    habits in one region alone: on originals that region has the largest Shapley share

Then the default study of people who differ in both, as one command, with its time and peak memory. The last
line is the summary. `--quick` is a minute's version, of few people, whose figures mean nothing.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from amber_id.audit import StudyConfig, run_study
from amber_id.protocols import SplitConfig
from amber_id.recordings import RecordingSet
from amber_id.results import StudyResults
from amber_id.synthetic import SynthConfig, generate

PLANTED: dict[str, dict[str, object]] = {
    "habits": {"habit": 1, "shape": 0.0},
    "faces": {"habit": 0, "shape": 0.5},
    "eyes": {"habit": "eyes=1,all=0", "shape": 0.0},
    "lips": {"habit": "lips=1,all=0", "shape": 0.0},
}


def study(planted: str, asked: argparse.Namespace, seed: int) -> StudyResults:
    """One corpus, attacked by `moments`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate(
            SynthConfig(people=asked.people, clips=asked.clips, seed=seed, **PLANTED[planted]),  # type: ignore[arg-type]
            root,
        )
        sets = {
            "original": RecordingSet.open(root / "original"),
            "anonymised": RecordingSet.open(root / "avatar"),
        }
        folds = 2 if asked.quick else 5
        config = StudyConfig(attackers=("moments", "moments on blendshapes"), split=SplitConfig(folds=folds))
        results, _ = run_study(sets, root / "study", config)  # type: ignore[arg-type]
    return results


def truths(planted: str, found: StudyResults) -> dict[str, bool]:
    """What must come back, and whether it did."""
    eer = {name: cell.metrics.eer for name, cell in found.cells.items()}
    view = {name: each.eer for name, each in found.views["OOO"].items()}
    share = {name: each.share.value for name, each in found.regions["OOO"].items() if each.share}
    if planted == "habits":
        return {
            "OOO < AAA": eer["OOO"].value < eer["AAA"].value,
            "AAA < 0.5": eer["AAA"].high < 0.5,
            "motion finds": view["motion"].high < 0.5,
            "static finds less than motion": view["static"].value > view["motion"].value,
        }
    if planted == "faces":
        return {
            "static finds": view["static"].high < 0.5,
            "static finds more than motion": view["static"].value < view["motion"].value,
        }
    return {f"{planted} have the largest share": max(share, key=lambda name: share[name]) == planted}


def timed(asked: argparse.Namespace) -> str:
    """The default study as one command: seconds and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        amber = [sys.executable, "-m", "amber_id"]
        size = ["--people", str(asked.people), "--clips", str(asked.clips)]
        subprocess.run([*amber, "synth", folder, *size, "--quiet"], check=True, capture_output=True)
        began = time.perf_counter()
        both = ["--original", f"{folder}/original", "--anonymised", f"{folder}/avatar"]
        short = ["--folds", "2", "--epochs", "1"] if asked.quick else []
        subprocess.run([*amber, "audit", *both, "--out", f"{folder}/study", *short], check=True)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return f"default study {asked.people} x {asked.clips}: {seconds:.0f} s, {peak:.1f} GB"


def main() -> None:
    """Plant, look, time."""
    parser = argparse.ArgumentParser(description="Planted truths, time and memory of an audit.")
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--planted", nargs="+", default=list(PLANTED))
    parser.add_argument("--untimed", action="store_true")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    if asked.quick:
        asked.people, asked.clips, asked.seeds = 14, 4, 1
    came = []
    for planted in asked.planted:
        for seed in range(asked.seeds):
            found = study(planted, asked, seed)
            for truth, held in truths(planted, found).items():
                print(f"{planted}, seed {seed}: {truth}: {'yes' if held else 'NO'}", flush=True)
                came.append(held)
            for cell, views in found.views.items():
                said = ", ".join(f"{name} {each.eer.value:.3f}" for name, each in views.items())
                shares = ", ".join(
                    f"{name} {each.share.value:.3f} [{each.share.low:.3f}, {each.share.high:.3f}]"
                    for name, each in found.regions[cell].items()
                    if each.share
                )
                eer = found.cells[cell].metrics.eer.value
                print(f"  {cell} {eer:.3f}; views {said}; shares {shares}", flush=True)
    said = "" if asked.untimed else f"; {timed(asked)}"
    print(f"{sum(came)} of {len(came)} planted truths came back{said}")


if __name__ == "__main__":
    main()
