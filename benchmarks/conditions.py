"""Several conditions: is a planted avatar cue flagged, and is it never reported as recognition?

    python benchmarks/conditions.py [--seeds 20] [--people 12] [--clips 3] [--cue 1] [--habit 0]

For each seed two avatars show the same people, one with a face and a manner of its own (`amber synth --avatar
B:cue=...`). With `--habit 0` and no differences of faces nobody can be recognised: every cell in which people
are recognised is a false finding, of which the permutation test allows one in twenty. `--cue 0` is a control.
Printed are the check `avatar cue` of each seed, how many are flagged, and the cells in which people are
recognised, of the matrix alone: the studies of the conditions, which the check does not need, are left out.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from amber_id.audit import EvaluationConfig, StudyConfig
from amber_id.audit.conditions.avatar_cue import avatar_cue
from amber_id.audit.conditions.cells import Asked, cells_asked, embedded, filled
from amber_id.audit.conditions.joint import Joint
from amber_id.audit.conditions.trainings import trained, trainings_of
from amber_id.audit.conditions.wording import EACH
from amber_id.protocols import divide_recordings
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import versions

CONFIG = StudyConfig(
    attackers=("moments on blendshapes", "moments"),
    evaluation=EvaluationConfig(replicates=200, permutations=50),
)


@dataclass(frozen=True)
class _WithoutStudies(Joint):
    """Clips of several conditions of which there are no studies."""

    def divided_alike(self, name: str) -> bool:
        """No study has divided its people as these are."""
        del name
        return False


def joint_of(corpus: Path, conditions: tuple[str, ...], folder: Path) -> Joint:
    """The clips of all conditions in one set, all of which are used."""
    sets = {name: RecordingSet.open(corpus / name) for name in conditions}
    entries = (replace(e, clip=f"{name}/{e.clip}") for name, each in sets.items() for e in each.entries)
    one = sets["original"]
    division = CONFIG.divided_as(len(set(one.subjects)))
    stub: Any = SimpleNamespace(results=SimpleNamespace(sensitivity={}))
    return _WithoutStudies(
        {name: stub for name in conditions if name != "original"},
        RecordingSet(folder, tuple(entries)),
        conditions,
        divide_recordings(one, division).split,
        CONFIG.model_copy(update={"split": division}),
        CONFIG.attackers,
        (),
        None,
    )


def of_seed(seed: int, *, people: int, clips: int, cue: float, habit: float) -> tuple[bool, int, int]:
    """Whether the cue is flagged, in how many cells people are recognised, and how many cells there are."""
    avatars = ["A", f"B:cue={cue}"]
    config = SynthConfig(
        people=people, clips=clips, duration="1.5", shape=0, habit=habit, avatar=avatars, seed=seed
    )
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus"
        generate(config, corpus, workers=1)
        joint = joint_of(corpus, config.conditions, Path(place) / "matrix")
        trainings = trainings_of(joint.conditions)
        runs = {
            each.label: trained(joint, each, device="cpu", on_stage=lambda *_: None, on_epoch=None)
            for each in trainings
        }
        asked = [each for each in cells_asked(joint.conditions, trainings) if each.enrol == each.probe]
        cells = [cell.result for cell in filled(joint, asked, runs, device="cpu")]
        pooled = Asked(trainings[0], EACH, EACH)
        check = avatar_cue(joint, pooled, embedded(joint, runs["original"], [pooled], device="cpu"))
    recognised = [cell.name for cell in cells if cell.recognition.outcome == "recognised"]
    figures = ", ".join(f"{name} {value:.3f}" for name, value in check.figures.items())
    print(
        f"seed {seed}: {check.verdict}; {figures}; recognised: {', '.join(recognised) or 'none'}", flush=True
    )
    return check.verdict == "warn", len(recognised), len(cells)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument("--cue", type=float, default=1.0)
    parser.add_argument("--habit", type=float, default=0.0)
    asked = parser.parse_args()
    print(f"versions {versions()}; {vars(asked)}")
    rows = [
        of_seed(seed, people=asked.people, clips=asked.clips, cue=asked.cue, habit=asked.habit)
        for seed in range(asked.seeds)
    ]
    print(f"flagged in {sum(row[0] for row in rows)} of {len(rows)} seeds")
    print(f"people are recognised in {sum(row[1] for row in rows)} of {sum(row[2] for row in rows)} cells")


if __name__ == "__main__":
    main()
