"""The experiment of the master thesis, and the corrected one beside it, on the same people and clips.

    clips       the same ones under both conditions, of use to both pipelines    study.py
    splits      k0 and folds; the same people under both conditions              protocols
    leaks       refused, unless known and meant                                  study/leaks.py
    training    every part on originals and on avatars                           amber_id.training
    testing     every part on the clips that it was trained on the like of       figures.py

All is trained before anybody of test is looked at. A study that was stopped goes on where it was: a part that
is done is not done again, whatever else is asked then.
"""

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from amber_id.audit.study.clips import RecordingsOf
from amber_id.audit.study.leaks import find_study_leaks
from amber_id.audit.thesis.config import ThesisStudyConfig, parts_of, thesis_study_config
from amber_id.audit.thesis.parts import opened, pipelines_of, tested, trained
from amber_id.audit.thesis.study import begun
from amber_id.audit.thesis.summary import provenance_of, results_of
from amber_id.errors import UsageError
from amber_id.protocols import Leak
from amber_id.protocols.leaks import refuse
from amber_id.results import ThesisStudyResults


def run_thesis_study(
    sets: RecordingsOf,
    out: Path,
    config: ThesisStudyConfig | None = None,
    *,
    device: str = "auto",
    allow: Collection[str] = (),
    reasons: Mapping[str, str] = MappingProxyType({}),
    on_stage: Callable[[str, bool], None] | None = None,
    on_epoch: Callable[..., None] | None = None,
) -> ThesisStudyResults:
    """Train and test every part of the study on originals and on avatars of the same people.

    Parameters
    ----------
    sets
        Recordings of originals (DID-D) and of their avatars (TAV-D), by the same tracker.
    out
        Where splits, runs and stages are kept.
    config
        What is trained; as ``data/thesis.toml`` says by default.
    allow
        The keys of leaks that are known and meant; results name them.
    reasons
        Why clips are lost under one condition, where no ``failures.csv`` beside the recordings says so.
    on_stage
        Called with the name of each stage as it begins, and whether it was done before.

    Raises
    ------
    LeakError
        If clips of different partitions are copies of each other, or an avatar's clip bears a wrong name.
    UsageError
        If one of the conditions is missing, or the splits in `out` are of other people.
    CorpusError
        If the sets do not fit together, or nobody has two usable clips.
    SplitError
        If there are too few people.
    EvaluationError
        If there is too little to compare for an interval.
    """
    began = time.perf_counter()
    if set(sets) != {"original", "anonymised"}:
        raise UsageError(f"expected original and anonymised clips, got {', '.join(sets) or 'none'}")
    wanted = config or ThesisStudyConfig.model_validate(thesis_study_config())
    parts = parts_of(wanted)
    study = begun(
        sets, out, wanted, parts, device, reasons, on_stage or (lambda _name, _before: None), on_epoch
    )
    leaks = study.stages_of_splits().done(
        "leaks", tuple[Leak, ...], lambda: find_study_leaks(study.bare(), *study.splits.values())
    )
    allowed = refuse(leaks, allow, listed_in=str(study.stages.folder))
    hashes = {part.name: trained(study, part) for part in parts}
    openings = opened(study, parts, hashes)
    results = tuple(tested(study, part, hashes[part.name]) for part in parts)
    pipelines = pipelines_of(study, parts, hashes)
    return results_of(
        study, results, pipelines, provenance_of(study, hashes, openings, allowed), allowed, began
    )
