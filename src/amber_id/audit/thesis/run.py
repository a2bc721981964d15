"""The experiment of the master thesis, and the corrected one beside it, on the same people and clips.

    clips       the same ones under both conditions, of use to both pipelines    conditions.py
    splits      k0 and folds; the same people under both conditions              protocols
    leaks       refused, unless known and meant                                  study/leaks.py
    training    every part on originals and on avatars                           amber_id.training
    testing     every part on the clips that it was trained on the like of       figures.py

All is trained before anybody of test is looked at. A study that was stopped goes on where it was: a part that
is done is not done again, whatever else is asked then.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

from amber_id.audit.attack.avatars import avatars_of
from amber_id.audit.attack.drawn_arrays import arrays_of
from amber_id.audit.attack.openings import record_opening
from amber_id.audit.attack.strongest_attacker import Tried, score_attackers
from amber_id.audit.attack.tested import embed_people, trackers_of
from amber_id.audit.study.clips import RecordingsOf, StudyClips, avatar_remarks_of, bare_sets, study_clips
from amber_id.audit.study.leaks import find_study_leaks
from amber_id.audit.study.split import study_split
from amber_id.audit.study.stages import Stages, hash_of
from amber_id.audit.thesis.config import (
    Part,
    ThesisStudyConfig,
    changed_settings,
    parts_of,
    thesis_study_config,
)
from amber_id.audit.thesis.division import divided_as, divisions_of
from amber_id.audit.thesis.figures import eer_difference, figures_of
from amber_id.audit.thesis.wording import DEPARTURES, FAULTS, PUBLISHED, thesis_headline, thesis_limits
from amber_id.errors import UsageError
from amber_id.file_formats import file_hash
from amber_id.protocols import Leak, Split, remarks_of, source_of_subjects
from amber_id.protocols.leaks import limits_of, refuse
from amber_id.results import (
    ConditionName,
    Difference,
    ThesisCounts,
    ThesisPart,
    ThesisProvenance,
    ThesisSplit,
    ThesisStudyResults,
    Times,
    run_name,
    surroundings,
    thesis_arrays,
    write_arrays,
)
from amber_id.tracking.facemesh import TRACKER
from amber_id.training import find_checkpoints, train, versions


@dataclass(frozen=True)
class _Study:
    """What every part needs."""

    clips: StudyClips
    splits: Mapping[ThesisSplit, Split]
    config: ThesisStudyConfig
    out: Path
    stages: Stages
    device: str
    on_epoch: Callable[..., None] | None

    def run(self, part: Part, condition: ConditionName) -> Path:
        """Where a part is trained under a condition."""
        return self.out / "runs" / run_name(part.name, condition)

    def stages_of(self, part: Part, *more: object) -> Stages:
        """The stages of a part, which depend on this part alone."""
        trained = part.training.model_dump(mode="json")
        return self._stages(trained, self.splits[part.split].content_hash(), *more)

    def stages_of_splits(self) -> Stages:
        """The stages that depend on clips and splits alone."""
        hashes = [split.content_hash() for split in self.splits.values()]
        return self._stages(hashes)

    def _stages(self, *parts: object) -> Stages:
        return replace(
            self.stages, depends_on=hash_of(self.clips.recordings.content_hash(), versions(), parts)
        )


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
        What is trained; as ``data/thesis.toml`` says unless told.
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
    on_stage = on_stage or (lambda _name, _before: None)
    if set(sets) != {"original", "anonymised"}:
        raise UsageError(f"expected original and anonymised clips, got {', '.join(sets) or 'none'}")
    config = config or ThesisStudyConfig.model_validate(thesis_study_config())
    parts = parts_of(config)
    on_stage("clips", False)
    whole = dict.fromkeys(part.training.features for part in parts if part.region is None)
    clips = study_clips(sets, out, whole, reasons=reasons)
    asked = config
    config, divided = divided_as(asked, len(clips.recordings.subjects))
    divisions_of(config, source_of_subjects(clips.under(clips.conditions[0])))
    splits: dict[ThesisSplit, Split] = {
        "k0": study_split(clips, out / "splits" / "k0", config.k0),
        "folds": study_split(clips, out / "splits" / "folds", config.folds),
    }
    study = _Study(clips, splits, config, out, Stages(out / "stages", "", on_stage), device, on_epoch)
    allowed = _allowed(study, sets, allow)
    hashes = {part.name: _trained(study, part) for part in parts}
    openings = _opened(study, parts, hashes, next(iter(sets.values())).root)
    found = tuple(_tested(study, part, hashes[part.name]) for part in parts)
    pipelines = _pipelines(study, parts, hashes)
    counts = _counts(study)
    provenance = _provenance(study, sets, hashes, openings, allowed)
    return ThesisStudyResults(
        headline=thesis_headline(found),
        config=config.model_dump(mode="json"),
        published=PUBLISHED,
        counts=counts,
        parts=found,
        pipelines=pipelines,
        faults=FAULTS,
        departures=DEPARTURES,
        dropped=clips.dropped,
        limits=(
            *thesis_limits(found, counts, provenance, changed_settings(asked)),
            *divided,
            *avatar_remarks_of(clips),
            *(said for name, split in splits.items() for said in remarks_of(out / "splits" / name, split)),
            *limits_of(allowed, *(() if provenance.synthetic else bare_sets(sets, study.clips).values())),
        ),
        provenance=provenance,
        times=Times(
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            wall_s=round(time.perf_counter() - began, 3),
        ),
    )


_Hashes = dict[ConditionName, tuple[str, ...]]  # of the checkpoints of each fold


def _allowed(study: _Study, sets: RecordingsOf, allow: Collection[str]) -> tuple[Leak, ...]:
    """The leaks under either split that are known and meant; any other is refused."""
    splits = study.splits.values()
    leaks = study.stages_of_splits().done(
        "leaks",
        tuple[Leak, ...],
        partial(find_study_leaks, bare_sets(sets, study.clips), *splits),
    )
    return refuse(leaks, allow, listed_in=str(study.stages.folder))


def _trained(study: _Study, part: Part) -> _Hashes:
    """Train a part under each condition; what is there already is kept."""
    return {
        condition: study.stages_of(part).done(
            f"training {part.name}, {condition}",
            tuple[str, ...],
            partial(_train, study, part, condition),
        )
        for condition in study.clips.conditions
    }


def _train(study: _Study, part: Part, condition: ConditionName) -> tuple[str, ...]:
    run, _ = train(
        study.clips.under(condition),
        study.splits[part.split],
        part.training,
        study.run(part, condition),
        device=study.device,
        resume=True,
        allow=None,
        for_reselect=False,
        on_epoch=study.on_epoch,
    )
    return tuple(map(file_hash, find_checkpoints(run.path)))


def _opened(
    study: _Study, parts: tuple[Part, ...], hashes: Mapping[str, _Hashes], root: Path
) -> dict[ThesisSplit, int]:
    """How often the test people of each split were looked at, this time included."""
    return {
        split: record_opening(
            root,
            split=of_split.content_hash(),
            checkpoints=tuple(
                each
                for part in sorted(parts, key=lambda part: part.name)
                if part.split == split
                for of_condition in hashes[part.name].values()
                for each in of_condition
            ),
            attacker="study of the thesis",
        )
        for split, of_split in study.splits.items()
    }


def _tested(study: _Study, part: Part, hashes: _Hashes) -> ThesisPart:
    evaluation = study.config.evaluation.model_dump(mode="json")
    found: ThesisPart = study.stages_of(part, evaluation, hashes, "arrays").done(
        f"testing {part.name}", ThesisPart, partial(_test, study, part)
    )
    for condition in study.clips.conditions:
        if not thesis_arrays(study.out, part.name, condition).exists():
            _write_arrays(study, part, condition, _tried(study, part, condition))
    return found


def _test(study: _Study, part: Part) -> ThesisPart:
    tried = {condition: _tried(study, part, condition) for condition in study.clips.conditions}
    for condition, each in tried.items():
        _write_arrays(study, part, condition, each)
    figures = {condition: figures_of(each, study.config.evaluation) for condition, each in tried.items()}
    original, anonymised = (tried[name].worst.comparisons for name in ("original", "anonymised"))
    difference, why = eer_difference(original, anonymised, study.config.evaluation)
    return ThesisPart(
        name=part.name,
        pipeline=part.pipeline,
        split=part.split,
        loss=part.loss,
        sees=part.sees,
        region=part.region,
        main=part.main,
        conditions=figures,
        difference=difference,
        not_paired=why,
    )


def _write_arrays(study: _Study, part: Part, condition: ConditionName, tried: Tried) -> None:
    """Keep what the page draws of an attacker."""
    arrays = arrays_of(tried, seed=study.config.evaluation.seed)
    write_arrays(arrays, thesis_arrays(study.out, part.name, condition))


def _tried(study: _Study, part: Part, condition: ConditionName) -> Tried:
    return score_attackers(
        embed_people(
            (study.run(part, condition),),
            study.clips.under(condition),
            study.splits[part.split],
            device=study.device,
        )
    )


def _pipelines(
    study: _Study, parts: tuple[Part, ...], hashes: Mapping[str, _Hashes]
) -> dict[ThesisSplit, dict[ConditionName, Difference]]:
    """The main part of the corrected pipeline less that of the thesis, on the same people."""
    found: dict[ThesisSplit, dict[ConditionName, Difference]] = {}
    for split in study.splits:
        thesis, corrected = (part for part in parts if part.main and part.split == split)
        evaluation = study.config.evaluation.model_dump(mode="json")
        found[split] = study.stages_of(thesis, evaluation, hashes[thesis.name], hashes[corrected.name]).done(
            f"pipelines, {split}",
            dict[ConditionName, Difference],
            partial(_held_against, study, thesis, corrected),
        )
    return found


def _held_against(study: _Study, one: Part, other: Part) -> dict[ConditionName, Difference]:
    found = {}
    for condition in study.clips.conditions:
        first, second = (_tried(study, each, condition).worst.comparisons for each in (one, other))
        difference, _ = eer_difference(first, second, study.config.evaluation)
        if difference is not None:
            found[condition] = difference
    return found


def _counts(study: _Study) -> ThesisCounts:
    one = study.clips.under(study.clips.conditions[0])
    k0 = study.splits["k0"]
    return ThesisCounts(
        subjects=len(one.subjects),
        clips=len(one.entries),
        dropped_clips=len({each.clip for each in study.clips.dropped}),
        subjects_of_source=dict(sorted(Counter(source_of_subjects(one).values()).items())),
        k0={partition: len(k0.subjects(partition, 0)) for partition in ("train", "dev", "test")},
    )


def _provenance(
    study: _Study,
    sets: RecordingsOf,
    hashes: Mapping[str, _Hashes],
    openings: dict[ThesisSplit, int],
    allowed: tuple[Leak, ...],
) -> ThesisProvenance:
    trackers, synthetic = trackers_of(study.clips.recordings.entries)
    point_set = study.clips.recordings.entries[0].point_set
    return ThesisProvenance(
        **surroundings(),
        packages={name: number for name, number in versions().items() if name != "amber-id"},
        recordings={name: found.root.name for name, found in sets.items()},
        recordings_sha256={name: study.clips.under(name).content_hash() for name in study.clips.conditions},
        splits_sha256={name: split.content_hash() for name, split in study.splits.items()},
        allowed=tuple(leak.key for leak in allowed),
        checkpoints_sha256={
            run_name(part, condition): each
            for part, of_part in hashes.items()
            for condition, each in of_part.items()
        },
        trackers=trackers,
        avatars=avatars_of(study.clips.recordings.entries),
        point_set=point_set,
        tracker_of_thesis=all(each.startswith(f"{TRACKER} ") for each in trackers),
        synthetic=synthetic,
        test_openings=openings,
    )
