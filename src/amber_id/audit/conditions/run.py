"""From originals and several anonymised versions of the same clips to a study of each, and to their matrix.

    OUT/NAME/     the study of each anonymised condition, beside the originals: what `amber audit` would find
                  of it alone, to the byte; what rests on originals alone is computed once for all of them
    OUT/matrix/   attackers that learnt from several conditions, features of all clips, the division

A run that was stopped goes on where it was.
"""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from amber_id.audit.conditions.avatar_cue import avatar_cue
from amber_id.audit.conditions.cells import Asked, cells_asked, embedded, filled
from amber_id.audit.conditions.joint import Joint, joint_of
from amber_id.audit.conditions.outlook import check_protocol
from amber_id.audit.conditions.summary import results_of
from amber_id.audit.conditions.trainings import (
    Training,
    checkpoints_of,
    opening_of,
    trained,
    trainings_of,
)
from amber_id.audit.conditions.wording import EACH
from amber_id.audit.study.clips import RecordingsOf
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.leaks import find_study_leaks
from amber_id.audit.study.run import Audit, run_audit
from amber_id.audit.study.shared import Shared
from amber_id.motion.pairs import ORIGINAL
from amber_id.protocols.leaks import refuse
from amber_id.recordings import RecordingSet
from amber_id.results import Check
from amber_id.results.conditions import ConditionsResults

MATRIX_FOLDER = "matrix"
_NO_REASONS: Mapping[str, Mapping[str, str]] = MappingProxyType({})


def run_conditions(
    original: RecordingSet | None,
    anonymised: Mapping[str, RecordingSet],
    out: Path,
    config: StudyConfig | None = None,
    *,
    device: str = "auto",
    allow: Collection[str] = (),
    reasons: Mapping[str, Mapping[str, str]] = _NO_REASONS,
    on_study: Callable[[str, Audit], None] = lambda _name, _audit: None,
    on_stage: Callable[[str, bool], None] = lambda _name, _before: None,
    on_epoch: Callable[..., None] | None = None,
) -> ConditionsResults:
    """Audit each anonymised condition as if it were alone, and then compare who knows which with all.

    `reasons` are by condition. `on_study` is given the study of each condition as soon as it is there.
    `on_stage` and the rest are as in `run_study`, with the name of the condition before that of the stage.

    Raises
    ------
    UsageError, CorpusError
        If the protocol compares clips across sessions only, or nobody has two clips that all conditions have.
    AmberError
        Whatever `run_study` raises, of each condition and of what all of them have.
    """
    began, config, shared = time.perf_counter(), config or StudyConfig(), Shared()
    check_protocol(config.split)
    study = partial(run_audit, config=config, device=device, allow=allow)
    audits: dict[str, Audit] = {}
    for name, recordings in anonymised.items():
        sets: RecordingsOf = {"anonymised": recordings}
        audits[name] = study(
            sets if original is None else {"original": original, **sets},
            out / name,
            reasons=reasons.get(name, {}),
            on_stage=partial(_of_condition, name, on_stage),
            on_epoch=on_epoch,
            shared=shared,
        )
        on_study(name, audits[name])
    on_stage("clips of all conditions", False)
    joint = joint_of(audits, out / MATRIX_FOLDER, config)
    allowed = _leaks(joint, allow)
    trainings = trainings_of(joint.conditions)
    train = partial(trained, joint, device=device, on_stage=on_stage, on_epoch=on_epoch)
    runs = {training.label: train(training) for training in trainings}
    checkpoints = checkpoints_of(runs)
    opening = opening_of(joint, checkpoints)
    on_stage("matrix of all conditions", False)
    return results_of(
        joint,
        list(filled(joint, tuple(cells_asked(joint.conditions, trainings)), runs, device=device)),
        _checks(joint, trainings, runs, device=device),
        trainings,
        checkpoints=checkpoints,
        opening=opening,
        allowed=allowed,
        began=began,
    )


def _of_condition(name: str, on_stage: Callable[[str, bool], None], stage: str, before: bool) -> None:
    on_stage(f"{name}: {stage}", before)


def _leaks(joint: Joint, allow: Collection[str]) -> tuple[str, ...]:
    """The leaks that were known and meant; people may be divided otherwise here than in a study."""
    allowed = dict.fromkeys(leak.key for audit in joint.audits.values() for leak in audit.allowed)
    for name, audit in joint.audits.items():
        if not joint.divided_alike(name):
            leaks = find_study_leaks(audit.study.bare(), joint.split, readings=audit.study.readings)
            named = {leak.key for leak in leaks} & set(allow)
            refused = refuse(leaks, named, listed_in=f"the clips of {name}")
            allowed |= dict.fromkeys(leak.key for leak in refused)
    return tuple(allowed)


def _checks(
    joint: Joint,
    trainings: tuple[Training, ...],
    runs: Mapping[str, tuple[Path, ...]],
    *,
    device: str,
) -> tuple[Check, ...]:
    """What several avatars might do to a finding; nothing where there is one."""
    if len(joint.anonymised) < 2:
        return ()
    training = next((each for each in trainings if each.name == ORIGINAL), trainings[len(joint.conditions)])
    asked = Asked(training, EACH, EACH)
    tested = embedded(joint, runs[training.label], [asked], device=device)
    return (avatar_cue(joint, asked, tested),)
