"""Every attacker of a study, trained on every kind of its clips: O(riginals), A(nonymised), B(oth).

A training has its own record (`amber_id.training`) and goes on where it was stopped.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from amber_id.attackers import ATTACKERS
from amber_id.attackers.names import named_attacker
from amber_id.audit.attack.openings import record_opening
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.scenarios import attackers_on, needs_pairs, trained_on
from amber_id.audit.study.study import Study
from amber_id.file_formats import file_hash
from amber_id.results import ConditionName
from amber_id.training import find_checkpoints, train
from amber_id.training.named import training_of

_FITTED, _EPOCH = 3.0, 12.0  # seconds of a training without a network; of an epoch of one, on one condition


@dataclass(frozen=True)
class Trained:
    """The trained attackers of a study; `opening` counts how often its test people were looked at."""

    runs: Mapping[str, tuple[Path, ...]]  # by what they were trained on: O, A, B
    checkpoints_sha256: Mapping[str, tuple[str, ...]]  # of each run
    opening: int


def trained_attackers(study: Study) -> Trained:
    """Train every attacker on every kind of clips, and note that the test people are looked at next."""
    runs = {
        letter: tuple(
            _run(study, letter, kinds, name)
            for name in attackers_on(letter, study.clips.conditions, study.attackers)
        )
        for letter, kinds in trained_on(study.clips.conditions).items()
    }
    hashes = {
        path.name: tuple(map(file_hash, find_checkpoints(path))) for paths in runs.values() for path in paths
    }
    opening = record_opening(
        next(iter(study.sets.values())).root,
        split=study.split.content_hash(),
        checkpoints=tuple(each for run in sorted(hashes) for each in hashes[run]),
        attacker="study of " + " + ".join(study.attackers),
    )
    return Trained(runs, dict(sorted(hashes.items())), opening)


def training_stages(conditions: Collection[ConditionName], config: StudyConfig) -> dict[str, float]:
    """The name of every training, with its usual seconds."""
    return {
        _stage(name, kinds): seconds_of_training(name, config) * len(kinds)
        for letter, kinds in trained_on(conditions).items()
        for name in attackers_on(letter, conditions, config.attackers)
    }


def seconds_of_training(name: str, config: StudyConfig) -> float:
    """How long a training on the clips of one condition usually takes."""
    attacker = named_attacker(name).attacker
    return _EPOCH * config.loop.epochs if ATTACKERS[attacker].is_network else _FITTED


def _stage(name: str, kinds: tuple[ConditionName, ...]) -> str:
    return f"training {name} on {' and '.join(kinds)} clips"


def _run(study: Study, letter: str, kinds: tuple[ConditionName, ...], name: str) -> Path:
    study.stages.on_stage(_stage(name, kinds), False)
    folder = study.out / "runs" / f"{letter}-{name.replace(', ', ' ').replace(' ', '-')}"
    of_originals = kinds == ("original",)
    if of_originals:
        study.shared.bring_run(study.of_originals, folder)
    run, _ = train(
        study.clips.under(*kinds),
        study.split,
        training_of(name, loop=study.config.loop, seed=study.config.seed, shortest_s=study.config.shortest_s),
        folder,
        device=study.device,
        originals=study.clips.under("original") if needs_pairs(name) else None,
        resume=True,
        allow=None,
        for_reselect=False,
        on_epoch=study.on_epoch,
    )
    if of_originals:
        study.shared.keep_run(study.of_originals, run.path)
    return run.path
