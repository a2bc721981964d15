"""From which conditions does an attacker of the matrix learn, and who has trained it already?

Each condition by itself, all of them together, and, for an attacker who never saw the avatar that it meets,
the others: all anonymised conditions but the probed one. What the study of a condition has trained is taken
from there, where it divided its people alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amber_id.audit.attack.openings import record_opening
from amber_id.audit.conditions.joint import Joint
from amber_id.audit.study import scenarios
from amber_id.audit.study.scenarios import needs_pairs
from amber_id.file_formats import file_hash
from amber_id.motion.pairs import ORIGINAL
from amber_id.training import find_checkpoints, train
from amber_id.training.named import training_of

ALL, OTHERS = "all", "others"


@dataclass(frozen=True)
class Training:
    """Whom an attacker learnt from: `name` is a condition, `ALL`, or `OTHERS` than the one it meets."""

    name: str
    learnt_from: tuple[str, ...]

    @property
    def label(self) -> str:
        """A name for files and stages."""
        return self.name if self.name != OTHERS else f"{OTHERS} {' '.join(self.learnt_from)}"


def trainings_of(conditions: tuple[str, ...]) -> tuple[Training, ...]:
    """All trainings of these conditions, those of unknown generators last."""
    anonymised = tuple(name for name in conditions if name != ORIGINAL)
    rows = [Training(name, (name,)) for name in conditions]
    if len(conditions) > 1:
        rows.append(Training(ALL, conditions))
    unknown = (tuple(other for other in anonymised if other != name) for name in anonymised)
    return (*rows, *(Training(OTHERS, learnt) for learnt in unknown if len(learnt) > 1))


def unknown_generator(probe: str, trainings: tuple[Training, ...]) -> Training | None:
    """The training on all anonymised conditions but `probe`; None where there is no other one."""
    anonymised = {each.name for each in trainings} - {ALL, OTHERS, ORIGINAL}
    others = anonymised - {probe}
    return next((each for each in trainings if others and set(each.learnt_from) == others), None)


def attackers_on(joint: Joint, training: Training) -> tuple[str, ...]:
    """Those that can be trained so: pairs are there where originals are, and anonymised clips are learnt."""
    paired = ORIGINAL in joint.conditions and set(training.learnt_from) != {ORIGINAL}
    return tuple(name for name in joint.attackers if paired or not needs_pairs(name))


def trained(
    joint: Joint,
    training: Training,
    *,
    device: str,
    on_stage: Callable[[str, bool], None],
    on_epoch: Callable[..., None] | None,
) -> tuple[Path, ...]:
    """The runs of every attacker of a training, each trained here or taken from a study."""
    known = _of_study(joint, training)
    return tuple(
        known.get(name) or _run(joint, training, name, device=device, on_stage=on_stage, on_epoch=on_epoch)
        for name in attackers_on(joint, training)
    )


def is_of_study(joint: Joint, training: Training) -> bool:
    """Whether a study has trained all attackers of a training."""
    return set(attackers_on(joint, training)) <= set(_of_study(joint, training))


def letter_of(training: Training, name: str) -> str | None:
    """What the study of a condition calls a training: O, A or B; None where it has no such one."""
    conditions = set(training.learnt_from)
    return next(
        (
            letter
            for letter, kinds in scenarios.CONDITIONS_OF.items()
            if conditions == {ORIGINAL if kind == ORIGINAL else name for kind in kinds}
        ),
        None,
    )


def _of_study(joint: Joint, training: Training) -> dict[str, Path]:
    """The runs of a training by the attacker, as the study of a condition left them."""
    for name, audit in joint.audits.items():
        letter = letter_of(training, name)
        if letter is not None and joint.divided_alike(name):
            names = scenarios.attackers_on(letter, audit.study.clips.conditions, audit.study.attackers)
            return dict(zip(names, audit.trained.runs[letter], strict=True))
    return {}


def _run(
    joint: Joint,
    training: Training,
    name: str,
    *,
    device: str,
    on_stage: Callable[[str, bool], None],
    on_epoch: Callable[..., None] | None,
) -> Path:
    on_stage(stage_of(training, name), False)
    config = joint.config
    folder = f"{training.label}-{name}".replace(", ", " ").replace(" ", "-")
    run, _ = train(
        joint.under(training.learnt_from),
        joint.split,
        training_of(name, loop=config.loop, seed=config.seed, shortest_s=config.shortest_s),
        joint.folder / "runs" / folder,
        device=device,
        originals=joint.under([ORIGINAL]) if needs_pairs(name) else None,
        resume=True,
        allow=None,
        for_reselect=False,
        on_epoch=on_epoch,
    )
    return run.path


def stage_of(training: Training, name: str) -> str:
    """What is said while an attacker is trained."""
    return f"training {name} on {' and '.join(training.learnt_from)} clips"


def checkpoints_of(runs: dict[str, tuple[Path, ...]]) -> dict[str, tuple[str, ...]]:
    """The hashes of the checkpoints of every run, by the training and the name of its folder."""
    return {
        f"{label}/{run.name}": tuple(map(file_hash, find_checkpoints(run)))
        for label, of_training in sorted(runs.items())
        for run in sorted(of_training)
    }


def opening_of(joint: Joint, checkpoints: dict[str, tuple[str, ...]]) -> int:
    """Note that the test people are looked at by all these attackers; the number of this opening."""
    first = next(iter(joint.audits.values())).study
    return record_opening(
        next(iter(first.sets.values())).root,
        split=joint.split.content_hash(),
        checkpoints=tuple(each for run in sorted(checkpoints) for each in checkpoints[run]),
        attacker=f"study of {' + '.join(joint.conditions)} by {' + '.join(joint.attackers)}",
    )
