"""Do the figures of two builds agree, key by key?

A small synthetic corpus goes through every command that writes a ``results.json``: an audit with everything
asked, the network too (`study`), one evaluation, the judgement of a score file (`metrics`), a comparison of
two studies, and a tiny study of the thesis. Then two folders are compared. Texts, times, versions and the
hashes of files that hold such are reported apart from figures.

    python benchmarks/same_figures.py make OUT          # with the build that this Python imports
    python benchmarks/same_figures.py compare OUT_OF_ONE OUT_OF_THE_OTHER

It takes about two minutes of processor time. Exit status 1 if a figure differs or a key is missing.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STUDY = """
attackers = ["moments", "moments on blendshapes", "stgcn"]
full = true
[loop]
epochs = 1
[split]
folds = 2
[evaluation]
replicates = 100
permutations = 20
"""
MOMENTS = 'attackers = ["moments"]\n[evaluation]\nreplicates = 100\npermutations = 20\n'
THESIS = """
regions = ["lips"]
[k0]
protocol = "shares"
dev = 0.25
test = 0.5
[folds]
folds = 2
dev = 0.25
[thesis]
attacker_config = { channels = [4], dimensions = 8, kernel = 3 }
[thesis.cross_entropy]
epochs = 1
batch = 8
clips_per_subject = 2
[thesis.arcface]
epochs = 2
batch = 8
clips_per_subject = 2
first_phase = { epochs = 1 }
[corrected]
attacker_config = { channels = [8], parts = 4, width = 16, dimensions = 16 }
[corrected.loop]
epochs = 1
[evaluation]
replicates = 100
"""
RESULTS = {
    "study": "study/results.json",
    "study of moments": "moments/results.json",
    "evaluation": "evaluation/results.json",
    "metrics": "metrics/results.json",
    "comparison": "compared/comparison.json",
    "thesis": "thesis/thesis.json",
}
# Keys under which nothing of a figure stands.
APART = ("times", "provenance", "_sha256", "finished", "wall_s", "amber_id", "made")


def main() -> int:
    """Make the results of one build, or compare those of two."""
    parser = argparse.ArgumentParser(description="Do the figures of two builds agree, key by key?")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("make").add_argument("out", type=Path)
    compare = commands.add_parser("compare")
    compare.add_argument("one", type=Path)
    compare.add_argument("other", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "make":
        make(arguments.out)
        return 0
    return compared(arguments.one, arguments.other)


def make(out: Path) -> None:
    """Run every command that writes results, on the same synthetic people."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in (("study", STUDY), ("moments", MOMENTS), ("thesis_settings", THESIS)):
        (out / f"{name}.toml").write_text(text)
    people, run = out / "people", out / "run"
    amber("synth", people, "--people", 12, "--clips", 4, "--duration", 3, "--seed", 5)
    both = ("--original", people / "original", "--anonymised", people / "avatar")
    amber("audit", *both, "--out", out / "study", "--config", out / "study.toml")
    amber(
        *("audit", "--original", people / "original", "--out", out / "moments"),
        *("--config", out / "moments.toml", "--folds", 2),
    )
    amber("metrics", out / "study" / "scores" / "AAA.parquet", "--out", out / "metrics", "--replicates", 100)
    amber("split", people / "avatar", "--folds", 2)
    amber("train", people / "avatar", "--out", run, "--attacker", "moments")
    amber("evaluate", run, people / "avatar", "--out", out / "evaluation")
    amber(
        *("compare", out / "moments", out / "study", "--cell", "OOO"),
        *("--out", out / "compared", "--replicates", 100),
    )
    folders = ("--didd", people / "original", "--tavd", people / "avatar")
    amber("study", "thesis", *folders, "--out", out / "thesis", "--config", out / "thesis_settings.toml")


def amber(*arguments: object) -> None:
    """One command; its standard error is shown where it fails. An audit may end with 3: clips were lost."""
    command = [sys.executable, "-m", "amber_id", *map(str, arguments)]
    # The last bits of sums depend on how many threads there are.
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if ended.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)}\n{ended.stderr[-2000:]}")
    print(" ".join(map(str, arguments[:2])), flush=True)


def compared(one: Path, other: Path) -> int:
    """How many figures and texts differ in each of the results; 1 if a figure does, or a key is missing."""
    different = False
    for name, path in RESULTS.items():
        before, after = (leaves(json.loads((each / path).read_text())) for each in (one, other))
        missing = sorted(before.keys() ^ after.keys())
        common = [key for key in before if key in after and before[key] != after[key]]
        texts = [key for key in common if is_apart(key) or isinstance(before[key], str)]
        figures = [key for key in common if key not in texts]
        print(
            f"{name}: {len(before):,} keys; {len(figures)} figures differ, {len(missing)} keys stand on one "
            f"side alone, {len(texts)} texts, times and hashes differ"
        )
        for key in (*figures, *texts):
            print(f"  {key}: {str(before[key])[:90]!r} -> {str(after[key])[:90]!r}")
        for key in missing:
            print(f"  only {'before' if key in before else 'after'}: {key}")
        different |= bool(figures or missing)
    return int(different)


def is_apart(key: str) -> bool:
    """Whether a key holds a time, a version, or a hash of what holds such."""
    return any(part in key for part in APART)


def leaves(value: Any, place: str = "") -> dict[str, Any]:
    """Every number and text of a JSON document by where it stands."""
    return dict(_leaves(value, place))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{place}/{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{place}/{number}")
    else:
        yield place, value


if __name__ == "__main__":
    sys.exit(main())
