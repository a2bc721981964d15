"""The results of a study, from what each of its sections answered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from amber_id.audit.attack.made_by import common_provenance
from amber_id.audit.study.clips import avatar_remarks_of
from amber_id.audit.study.headline import study_headline
from amber_id.audit.study.limits import study_limits
from amber_id.audit.study.matrix import Cell, differences_of
from amber_id.audit.study.sections import SECTIONS, Answers
from amber_id.audit.study.split import manifest_of, splits_not_used
from amber_id.audit.study.study import SHUFFLED, Study
from amber_id.audit.study.training import Trained
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.made_by import times_since
from amber_id.judging.rates import less
from amber_id.judging.recognition import undecided
from amber_id.protocols import Leak, manifest_hash, protocol_of, remarks_of, source_of_subjects
from amber_id.protocols.leaks import limits_of
from amber_id.results import (
    Difference,
    SensitivityResult,
    StudyCounts,
    StudyProvenance,
    StudyResults,
)


def results_of(study: Study, answers: Answers, allowed: tuple[Leak, ...], began: float) -> StudyResults:
    """Everything that came of a study; `allowed` are the leaks that were known and meant.

    `began` is the time at which it began, by the performance counter.
    """
    evaluation = study.config.evaluation
    cells = decided(answers["matrix"], answers["sensitivity"])
    controls = (*answers["controls"], *answers["network controls"])
    counts, provenance = _counts(study), _provenance(study, answers["training"], allowed)
    maps, not_mapped = answers["map"]
    fields: dict[str, Any] = {each.field: answers[each.name] for each in SECTIONS if each.field is not None}
    return StudyResults(
        headline=study_headline(
            cells,
            _helped(cells, evaluation),
            (*controls, *answers["confounds"]),
            counts,
            across_sessions=study.split.across_sessions,
        ),
        config=study.config.model_dump(mode="json"),
        counts=counts,
        cells={name: cell.result for name, cell in cells.items()},
        differences=differences_of({name: cell.comparisons for name, cell in cells.items()}, evaluation),
        views={
            letters: {name: view for name, view in views.items() if name != SHUFFLED}
            for letters, views in answers["views"].items()
        },
        maps=maps,
        controls=controls,
        dropped=study.clips.dropped,
        limits=(
            *study_limits(
                cells,
                answers["curves"],
                answers["sensitivity"],
                answers["confounds"],
                counts,
                study.split,
                synthetic=provenance.synthetic,
                skipped=(*_set_aside(study), *not_mapped),
            ),
            *avatar_remarks_of(study.clips),
            *limits_of(allowed, *(() if provenance.synthetic else study.bare().values())),
        ),
        provenance=provenance,
        times=times_since(began),
        **fields,
    )


def decided(cells: Mapping[str, Cell], sensitivity: Mapping[str, SensitivityResult]) -> dict[str, Cell]:
    """The cells; not decided whether people are recognised where not even planted habits were."""
    return {
        name: _undecided(cell)
        if name in sensitivity and sensitivity[name].smallest_recognised is None
        else cell
        for name, cell in cells.items()
    }


def _undecided(cell: Cell) -> Cell:
    recognition = undecided(
        cell.result.recognition,
        "nobody was recognised, but planted habits were not recognised either, so this study "
        "could not have shown it.",
    )
    return replace(cell, result=cell.result.model_copy(update={"recognition": recognition}))


def _helped(cells: Mapping[str, Cell], config: EvaluationConfig) -> Difference | None:
    """The EER of anonymised clips less that of originals, as in the headline; None without both."""
    if not {"OOO", "AAA"} <= set(cells):
        return None
    originals, anonymised = (cells[name].of_headline() for name in ("OOO", "AAA"))
    return less(originals, anonymised, config)["eer"]


def _set_aside(study: Study) -> tuple[str, ...]:
    """Attackers that could not be tried, and divisions that were not used, in whole sentences."""
    return (
        *study.not_tried,
        *remarks_of(study.out, study.split),
        *splits_not_used((recordings.root for recordings in study.sets.values()), study.split),
    )


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


def _provenance(study: Study, trained: Trained, allowed: tuple[Leak, ...]) -> StudyProvenance:
    return StudyProvenance(
        **common_provenance(study.clips.recordings.entries, allowed),
        recordings={name: recordings.root.name for name, recordings in study.sets.items()},
        recordings_sha256={name: study.clips.under(name).content_hash() for name in study.clips.conditions},
        split_sha256=study.split.content_hash(),
        protocol=protocol_of(study.out, study.split),
        manifest_sha256=manifest_hash(manifest_of(study.clips)),
        checkpoints_sha256=dict(trained.checkpoints_sha256),
        test_opening=trained.opening,
    )
