"""From originals and anonymised clips of the same people to `StudyResults`, stage by stage.

    clips       the same ones under each condition, of use to every attacker     conditions.py
    confounds   what else tells people apart                                     confounds.py
    training    every attacker on O(riginals), A(nonymised), B(oth)              amber_id.training
    matrix      who is found, in every scenario                                  matrix.py, scenarios.py
    views       static, pose, motion, all                                        variants.py
    regions     eyes, lips, nose, eyebrows, face oval: alone, removed, shares    regions.py
    curves      would more people, longer clips, more clips find more?           curves.py
    controls    whose outcome is known                                           controls.py
    utility     how much expression survived                                     utility.py

A study that was stopped goes on where it was, to the same results but for times.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from amber_id.audit.conditions import RecordingsOf, StudyClips, bare_id, study_clips
from amber_id.audit.confounds import find_confounds
from amber_id.audit.controls import permuted_labels, shuffled_frames, static_only, without_motion
from amber_id.audit.curves import clips_curve, people_curve, seconds_curve
from amber_id.audit.evaluation import trackers_of
from amber_id.audit.judging import judged_rates, less
from amber_id.audit.matrix import Cell, cells_of, differences_of
from amber_id.audit.openings import record_opening
from amber_id.audit.regions import regions_of
from amber_id.audit.scenarios import CONDITIONS_OF, scenarios_of
from amber_id.audit.stages import Stages, hash_of
from amber_id.audit.study_config import StudyConfig, training_of
from amber_id.audit.study_wording import study_headline, study_limits
from amber_id.audit.utility import measure_utility
from amber_id.audit.variants import ClipStatistics, attacked
from amber_id.biometrics import Comparisons
from amber_id.errors import UsageError
from amber_id.file_formats import file_hash
from amber_id.motion import View
from amber_id.protocols import SPLIT_FILE, Split, make_split, read_split, source_of_subjects, write_split
from amber_id.recordings import RecordingSet
from amber_id.results import (
    ConditionName,
    Confound,
    ControlResult,
    CurvePoint,
    CurvesResult,
    RegionResult,
    StudyCounts,
    StudyProvenance,
    StudyResults,
    Times,
    UtilityResult,
    VariantResult,
    surroundings,
)
from amber_id.score_files import ScoreFile
from amber_id.training import find_checkpoints, train, versions

Runs = Mapping[str, tuple[Path, ...]]  # by what they were trained on: O, A, B

_SHUFFLED = "shuffled frames"  # among the views, since it is asked in the same way


@dataclass(frozen=True)
class _Study:
    """What every stage needs."""

    sets: RecordingsOf
    clips: StudyClips
    split: Split
    config: StudyConfig
    attackers: tuple[str, ...]
    out: Path
    stages: Stages
    device: str

    @property
    def own_cells(self) -> tuple[tuple[str, ConditionName], ...]:
        """The cells that know one condition only, and which: OOO, AAA."""
        return tuple(
            (letter * 3, conditions[0])
            for letter, conditions in CONDITIONS_OF.items()
            if len(conditions) == 1 and conditions[0] in self.clips.conditions
        )

    def bare(self) -> dict[ConditionName, RecordingSet]:
        """The clips of each condition under their own ids, in their own folders."""
        kept = {bare_id(entry.clip) for entry in self.clips.recordings.entries}
        return {
            name: replace(found, entries=tuple(e for e in found.entries if e.clip in kept))
            for name, found in self.sets.items()
        }


def run_study(
    sets: RecordingsOf,
    out: Path,
    config: StudyConfig | None = None,
    *,
    device: str = "auto",
    on_stage: Callable[[str, bool], None] | None = None,
    on_epoch: Callable[..., None] | None = None,
) -> tuple[StudyResults, dict[str, ScoreFile]]:
    """Ask everything of originals, of anonymised clips, or of both.

    `on_stage` is called with the name of each stage as it begins, and whether it was done before. The scores
    are those of the worst attacker of each cell.

    Raises
    ------
    UsageError
        If there is no set of recordings.
    CorpusError
        If the sets do not fit together, or nobody has two usable clips.
    SplitError
        If there are too few people, or the split in `out` is not of them.
    """
    began = time.perf_counter()
    on_stage = on_stage or (lambda _name, _before: None)
    if not sets:
        raise UsageError("expected originals, anonymised clips, or both; name a folder")
    on_stage("clips", False)
    config = config or StudyConfig()
    attackers, skipped = _usable_attackers(sets, config)
    clips = study_clips(sets, out, dict.fromkeys(training_of(name).features for name in attackers))
    split = _split(clips, out, config)
    depends_on = hash_of(
        config.model_dump(mode="json"), clips.recordings.content_hash(), split.content_hash(), versions()
    )
    stages = Stages(out / "stages", depends_on, on_stage)
    study = _Study(sets, clips, split, config, attackers, out, stages, device)
    confounds = stages.done(
        "confounds", tuple[Confound, ...], lambda: find_confounds(study.bare(), config.confounds)
    )
    runs = _trained(study, on_epoch)
    hashes = _checkpoint_hashes(runs)
    opening = record_opening(
        next(iter(sets.values())).root,
        split=split.content_hash(),
        checkpoints=tuple(each for run in sorted(hashes) for each in hashes[run]),
        attacker="study of " + " + ".join(attackers),
    )
    on_stage("matrix", False)
    cells = cells_of(runs, clips, split, scenarios_of(clips.conditions), config.evaluation, device=device)
    views = stages.done("views", dict[str, dict[str, VariantResult]], lambda: _views(study))
    regions = stages.done("regions", dict[str, dict[str, RegionResult]], lambda: _regions(study))
    curves = stages.done("curves", dict[str, CurvesResult], lambda: _curves(study, cells))
    controls = stages.done("controls", tuple[ControlResult, ...], lambda: _controls(study, cells, views))
    utility = stages.done("utility", UtilityResult | None, lambda: _utility(study))
    counts = _counts(study)
    provenance = _provenance(study, hashes, opening)
    results = StudyResults(
        headline=study_headline(cells, controls, confounds, counts),
        config=config.model_dump(mode="json"),
        counts=counts,
        cells={name: cell.result for name, cell in cells.items()},
        differences=differences_of(
            {name: cell.comparisons for name, cell in cells.items()}, config.evaluation
        ),
        views={
            cell: {name: found for name, found in of_cell.items() if name != _SHUFFLED}
            for cell, of_cell in views.items()
        },
        regions=regions,
        curves=curves,
        controls=controls,
        confounds=confounds,
        utility=utility,
        dropped=clips.dropped,
        limits=study_limits(cells, curves, counts, split, synthetic=provenance.synthetic, skipped=skipped),
        provenance=provenance,
        times=Times(
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            wall_s=round(time.perf_counter() - began, 3),
        ),
    )
    return results, {name: cell.score_file for name, cell in cells.items()}


def _usable_attackers(sets: RecordingsOf, config: StudyConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attackers that these recordings allow, and why not the others, in whole sentences."""
    lacking = [name for name, found in sets.items() if found.load(found.entries[0]).blendshapes is None]
    on_blendshapes = {
        name for name in config.attackers if training_of(name).features.signals == "blendshapes"
    }
    if not (lacking and on_blendshapes):
        return config.attackers, ()
    usable = tuple(name for name in config.attackers if name not in on_blendshapes)
    if not usable:
        raise UsageError(
            f"the recordings of {lacking[0]} clips have no blendshapes; name an attacker that sees landmarks"
        )
    said = f"Without blendshapes of {' and '.join(lacking)} clips, {', '.join(sorted(on_blendshapes))} could "
    return usable, (said + "not be tried.",)


def _split(clips: StudyClips, out: Path, config: StudyConfig) -> Split:
    """The one in the study's folder, or one that is made there."""
    path = out / SPLIT_FILE
    if not path.exists():
        write_split(make_split(source_of_subjects(clips.recordings), config.split), path)
    split = read_split(path)
    people = set(clips.recordings.subjects)
    if people != set(split.folds[0]):
        odd = sorted(people ^ set(split.folds[0]))
        raise UsageError(
            f"{path}: expected a split of these {len(people)} people, {', '.join(odd[:5])} differ; the study "
            "was begun with other clips: use another --out"
        )
    return split


def _trained(study: _Study, on_epoch: Callable[..., None] | None) -> Runs:
    """Every attacker on every kind of clips; what is there already is kept."""
    runs: dict[str, tuple[Path, ...]] = {}
    for letter, conditions in CONDITIONS_OF.items():
        if not set(conditions) <= set(study.clips.conditions):
            continue
        recordings, paths = study.clips.under(*conditions), []
        for name in study.attackers:
            study.stages.on_stage(f"training {name} on {' and '.join(conditions)} clips", False)
            config = training_of(name, loop=study.config.loop, seed=study.config.seed)
            path = study.out / "runs" / f"{letter}-{name.replace(' ', '-')}"
            run, _ = train(
                recordings,
                study.split,
                config,
                path,
                device=study.device,
                resume=True,
                on_epoch=on_epoch,
            )
            paths.append(run.path)
        runs[letter] = tuple(paths)
    return runs


def _checkpoint_hashes(runs: Runs) -> dict[str, tuple[str, ...]]:
    return {
        path.name: tuple(map(file_hash, find_checkpoints(path))) for paths in runs.values() for path in paths
    }


def _views(study: _Study) -> dict[str, dict[str, VariantResult]]:
    """`moments` on landmarks in every view, and on frames without order, where one condition is known."""
    found: dict[str, dict[str, VariantResult]] = {}
    for cell, condition in study.own_cells:
        recordings = study.clips.under(condition)
        compared = {
            view: _by_moments(study, recordings, view) for view in ("all", "motion", "pose", "static")
        }
        compared[_SHUFFLED] = _by_moments(study, recordings, "all", shuffled_by=study.config.evaluation.seed)
        found[cell] = {name: _variant(study, compared["all"], each) for name, each in compared.items()}
    return found


def _by_moments(
    study: _Study, recordings: RecordingSet, view: View, *, shuffled_by: int | None = None
) -> Comparisons:
    features = training_of("moments", view=view).features
    statistics = ClipStatistics.of(recordings, features, shuffled_by=shuffled_by)
    return Comparisons.pool(attacked(statistics, study.split))


def _variant(study: _Study, whole: Comparisons, part: Comparisons) -> VariantResult:
    config = study.config.evaluation
    return VariantResult(**judged_rates(part, config, ("eer", "auc")), less=less(whole, part, config))


def _regions(study: _Study) -> dict[str, dict[str, RegionResult]]:
    features = training_of("moments", view="motion").features
    return {
        cell: regions_of(
            ClipStatistics.of(study.clips.under(condition), features), study.split, study.config.evaluation
        )
        for cell, condition in study.own_cells
    }


def _curves(study: _Study, cells: Mapping[str, Cell]) -> dict[str, CurvesResult]:
    config, own = study.config.evaluation, dict(study.own_cells)
    features = training_of("moments").features
    curves = {}
    for name, cell in cells.items():
        people: tuple[CurvePoint, ...] = ()
        seconds: tuple[CurvePoint, ...] = ()
        if name in own:
            statistics = ClipStatistics.of(study.clips.under(own[name]), features)
            people = people_curve(statistics, study.split, config)
            seconds = seconds_curve(statistics, study.split, config)
        clips = clips_curve(cell.comparisons, config)
        curves[name] = CurvesResult(people=people, seconds=seconds, clips=clips)
    return curves


def _controls(
    study: _Study, cells: Mapping[str, Cell], views: Mapping[str, Mapping[str, VariantResult]]
) -> tuple[ControlResult, ...]:
    config, controls = study.config.evaluation, []
    for cell, condition in study.own_cells:
        recordings = study.clips.under(condition)
        statistics = ClipStatistics.of(recordings, training_of("moments").features)
        entries = cells[cell].tried.worst.members[0].entries
        controls += [
            permuted_labels(statistics, recordings, study.split, config, cell=cell),
            shuffled_frames(views[cell][_SHUFFLED], cell=cell),
            static_only(views[cell]["static"], cell=cell),
            *without_motion(
                cells[cell].comparisons, entries, cells[cell].result.metrics.eer, config, cell=cell
            ),
        ]
    return tuple(controls)


def _utility(study: _Study) -> UtilityResult | None:
    if len(study.clips.conditions) < 2:
        return None
    bare = study.bare()
    return measure_utility(bare["original"], bare["anonymised"], study.config.utility)


def _counts(study: _Study) -> StudyCounts:
    one = study.clips.under(study.clips.conditions[0])
    tested = {s for k in range(len(study.split.folds)) for s in study.split.subjects("test", k)}
    entries = [entry for entry in one.entries if entry.subject in tested]
    return StudyCounts(
        subjects=len(tested),
        clips=dict.fromkeys(study.clips.conditions, len(entries)),
        seconds_per_clip=round(float(np.median([entry.duration_s for entry in entries])), 3),
        subjects_of_source=dict(
            sorted(Counter(source_of_subjects(replace(one, entries=tuple(entries))).values()).items())
        ),
        dropped_clips=len({each.clip for each in study.clips.dropped}),
    )


def _provenance(study: _Study, hashes: Mapping[str, tuple[str, ...]], opening: int) -> StudyProvenance:
    trackers, synthetic = trackers_of(study.clips.recordings.entries)
    return StudyProvenance(
        **surroundings(),
        packages={name: number for name, number in versions().items() if name != "amber-id"},
        recordings={name: found.root.name for name, found in study.sets.items()},
        recordings_sha256={name: study.clips.under(name).content_hash() for name in study.clips.conditions},
        split_sha256=study.split.content_hash(),
        checkpoints_sha256=dict(sorted(hashes.items())),
        trackers=trackers,
        synthetic=synthetic,
        test_opening=opening,
    )
