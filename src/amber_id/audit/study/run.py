"""From originals and anonymised clips of the same people to `StudyResults`, stage by stage.

    clips       the same ones under each condition, of use to every attacker     clips.py
    leaks       copies between partitions, conditions that do not match          leaks.py
    confounds   what else tells people apart                                     confounds/
    training    every attacker on O(riginals), A(nonymised), B(oth)              amber_id.training
    matrix      who is found, in every scenario                                  matrix.py, scenarios.py
    map         which clips look alike to the attacker                           maps.py
    views       static, pose, motion, all                                        ablations/clip_statistics.py
    streams     position, offset, velocity                                       ablations/clip_statistics.py
    regions     eyes, lips, nose, eyebrows, face oval: alone, removed, shares    ablations/regions.py
    curves      would more people, longer clips, more clips find more?           ablations/curves.py
    sensitivity would a planted habit be found?                                  controls/planted_habits.py
    controls    whose outcome is known                                           controls/without_motion.py
    utility     how much expression survived                                     utility/measure.py
    references  what simple anonymisers would reach                              reference_points.py
    network     views, regions, controls by the network, where all is asked      ablations/network.py

A study that was stopped goes on where it was, to the same results but for times.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np

from amber_id.audit.attack.avatars import avatars_of
from amber_id.audit.attack.names import training_of
from amber_id.audit.attack.openings import record_opening
from amber_id.audit.attack.tested import trackers_of
from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.confounds.find import find_confounds
from amber_id.audit.study.clips import RecordingsOf, avatar_remarks_of, study_clips
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.leaks import find_study_leaks
from amber_id.audit.study.maps import embedding_maps
from amber_id.audit.study.matrix import Cell, cells_of, differences_of
from amber_id.audit.study.scenarios import CONDITIONS_OF, scenarios_of
from amber_id.audit.study.sections import (
    SHUFFLED,
    Study,
    controls_of,
    curves_of,
    network_controls_of,
    network_of,
    references_of,
    regions_of_cells,
    sensitivity_of_cells,
    streams_of,
    utility_of,
    views_of,
)
from amber_id.audit.study.split import manifest_of, splits_not_used, study_split
from amber_id.audit.study.stages import Stages, hash_of
from amber_id.audit.study.wording import study_headline, study_limits
from amber_id.errors import ClipError, UsageError
from amber_id.file_formats import file_hash
from amber_id.judging.judge import less
from amber_id.judging.recognition import undecided
from amber_id.protocols import Leak, manifest_hash, protocol_of, remarks_of, source_of_subjects
from amber_id.protocols.leaks import limits_of, refuse
from amber_id.recordings import RecordingSet
from amber_id.results import (
    Confound,
    ControlResult,
    CurvesResult,
    Difference,
    NetworkResult,
    RegionResult,
    SensitivityResult,
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


def run_study(
    sets: RecordingsOf,
    out: Path,
    config: StudyConfig | None = None,
    *,
    device: str = "auto",
    allow: Collection[str] = (),
    reasons: Mapping[str, str] = MappingProxyType({}),
    on_stage: Callable[[str, bool], None] | None = None,
    on_epoch: Callable[..., None] | None = None,
) -> tuple[StudyResults, dict[str, ScoreFile]]:
    """Ask everything of originals, of anonymised clips, or of both.

    `on_stage` is called with the name of each stage as it begins, and whether it was done before. The scores
    are those of the strongest attacker of each cell. `allow` names leaks that are known and meant; results
    name them. `reasons` say of clips why they are lost under one condition, where no ``failures.csv`` beside
    the recordings does.

    Raises
    ------
    LeakError
        If clips of different partitions are copies of each other, or an anonymised clip bears a wrong name.
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
    features = dict.fromkeys(training_of(name).features for name in attackers)
    clips = study_clips(sets, out, features, reasons=reasons)
    division = config.divided_as(len(clips.recordings.subjects))
    config = config.model_copy(update={"split": division})
    split = study_split(clips, out, division)
    # What more is asked changes nothing in what was asked before.
    asked = config.model_dump(mode="json", exclude={"full", "references"})
    depends_on = hash_of(asked, clips.recordings.content_hash(), split.content_hash(), versions())
    stages = Stages(out / "stages", depends_on, on_stage)
    study = Study(sets, clips, split, config, attackers, out, stages, device, on_epoch)
    leaks = stages.done("leaks", tuple[Leak, ...], lambda: find_study_leaks(study.bare(), split))
    allowed = refuse(leaks, allow, listed_in=str(stages.folder / "leaks.json"))
    # Confounds alone depend on corpus.csv: whoever adds one need not train again.
    facts = hash_of(depends_on, asdict(CorpusFacts.read(sets)))
    confounds = replace(stages, depends_on=facts).done(
        "confounds", tuple[Confound, ...], lambda: find_confounds(study.bare(), config.confounds)
    )
    runs = _trained(study)
    hashes = _checkpoint_hashes(runs)
    opening = record_opening(
        next(iter(sets.values())).root,
        split=split.content_hash(),
        checkpoints=tuple(each for run in sorted(hashes) for each in hashes[run]),
        attacker="study of " + " + ".join(attackers),
    )
    on_stage("matrix", False)
    cells = cells_of(runs, clips, split, scenarios_of(clips.conditions), config.evaluation, device=device)
    on_stage("map", False)
    maps, unmapped = embedding_maps(
        {name: cells[name].tried for name in study.own_cells}, seed=config.evaluation.seed
    )
    views = stages.done("views", dict[str, dict[str, VariantResult]], lambda: views_of(study))
    streams = stages.done("streams", dict[str, dict[str, VariantResult]], lambda: streams_of(study))
    regions = stages.done("regions", dict[str, dict[str, RegionResult]], lambda: regions_of_cells(study))
    curves = stages.done("curves", dict[str, CurvesResult], lambda: curves_of(study, cells))
    sensitivity = stages.done(
        "sensitivity", dict[str, SensitivityResult], lambda: sensitivity_of_cells(study)
    )
    cells = _decided(cells, sensitivity)
    controls = stages.done("controls", tuple[ControlResult, ...], lambda: controls_of(study, cells, views))
    utility = stages.done("utility", UtilityResult | None, lambda: utility_of(study))
    references = references_of(study)
    network: dict[str, NetworkResult] = {}
    if config.full:
        network = network_of(study, cells)
        controls += stages.done(
            "network controls",
            tuple[ControlResult, ...],
            lambda: network_controls_of(study, cells, network),
        )
    counts = _counts(study)
    provenance = _provenance(study, hashes, opening, allowed)
    results = StudyResults(
        headline=study_headline(cells, _helped(cells, config), controls, confounds, counts),
        config=config.model_dump(mode="json"),
        counts=counts,
        cells={name: cell.result for name, cell in cells.items()},
        differences=differences_of(
            {name: cell.comparisons for name, cell in cells.items()}, config.evaluation
        ),
        views={
            cell: {name: found for name, found in of_cell.items() if name != SHUFFLED}
            for cell, of_cell in views.items()
        },
        streams=streams,
        regions=regions,
        network=network,
        curves=curves,
        sensitivity=sensitivity,
        maps=maps,
        controls=controls,
        confounds=confounds,
        utility=utility,
        references=references,
        dropped=clips.dropped,
        limits=(
            *study_limits(
                cells,
                curves,
                sensitivity,
                confounds,
                counts,
                split,
                synthetic=provenance.synthetic,
                skipped=(
                    *skipped,
                    *remarks_of(out, split),
                    *splits_not_used((found.root for found in sets.values()), split),
                    *unmapped,
                ),
            ),
            *avatar_remarks_of(clips),
            *limits_of(allowed, *(() if provenance.synthetic else study.bare().values())),
        ),
        provenance=provenance,
        times=Times(
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            wall_s=round(time.perf_counter() - began, 3),
        ),
    )
    return results, {name: cell.score_file for name, cell in cells.items()}


def _decided(cells: Mapping[str, Cell], sensitivity: Mapping[str, SensitivityResult]) -> dict[str, Cell]:
    """The cells; not decided whether people are recognised where not even planted habits were found."""
    decided = {}
    for name, cell in cells.items():
        found = cell.result.recognition
        if name in sensitivity and sensitivity[name].smallest_found is None:
            found = undecided(
                found,
                "nobody was recognised, but planted habits were not found either: this study could "
                "not have shown it.",
            )
        decided[name] = replace(cell, result=cell.result.model_copy(update={"recognition": found}))
    return decided


def _helped(cells: Mapping[str, Cell], config: StudyConfig) -> Difference | None:
    """The EER of anonymised clips less that of originals, as in the headline; None without both."""
    if not {"OOO", "AAA"} <= set(cells):
        return None
    originals, anonymised = (cells[name].of_headline() for name in ("OOO", "AAA"))
    return less(originals, anonymised, config.evaluation)["eer"]


def _usable_attackers(sets: RecordingsOf, config: StudyConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attackers that these recordings allow, and why not the others, in whole sentences."""
    lacking = [name for name, found in sets.items() if not _has_blendshapes(found)]
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


def _has_blendshapes(recordings: RecordingSet) -> bool:
    """Whether the first recording that can be read has them."""
    for entry in recordings.entries:
        with contextlib.suppress(ClipError):
            return recordings.load(entry).blendshapes is not None
    return False


def _trained(study: Study) -> Runs:
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
                allow=None,
                for_reselect=False,
                on_epoch=study.on_epoch,
            )
            paths.append(run.path)
        runs[letter] = tuple(paths)
    return runs


def _checkpoint_hashes(runs: Runs) -> dict[str, tuple[str, ...]]:
    return {
        path.name: tuple(map(file_hash, find_checkpoints(path))) for paths in runs.values() for path in paths
    }


def _counts(study: Study) -> StudyCounts:
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


def _provenance(
    study: Study, hashes: Mapping[str, tuple[str, ...]], opening: int, allowed: tuple[Leak, ...]
) -> StudyProvenance:
    trackers, synthetic = trackers_of(study.clips.recordings.entries)
    return StudyProvenance(
        **surroundings(),
        packages={name: number for name, number in versions().items() if name != "amber-id"},
        recordings={name: found.root.name for name, found in study.sets.items()},
        recordings_sha256={name: study.clips.under(name).content_hash() for name in study.clips.conditions},
        split_sha256=study.split.content_hash(),
        protocol=protocol_of(study.out, study.split),
        manifest_sha256=manifest_hash(manifest_of(study.clips)),
        checkpoints_sha256=dict(sorted(hashes.items())),
        trackers=trackers,
        avatars=avatars_of(study.clips.recordings.entries),
        synthetic=synthetic,
        test_opening=opening,
        allowed=tuple(leak.key for leak in allowed),
    )
