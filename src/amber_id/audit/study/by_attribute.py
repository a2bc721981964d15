"""Which attributes and groups does a study ask for, and what does it find?

Sex, age and emotion are asked for where a corpus file knows them; other columns where they are named.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np

from amber_id.audit.attributes.columns import column_of, require_columns
from amber_id.audit.attributes.groups import FEWEST_IN_GROUP, Grouped, corrected_gaps, group_result
from amber_id.audit.attributes.infer import infer_attributes
from amber_id.audit.attributes.values import Needed, NotMeasured, clip_values
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.study import Study
from amber_id.motion.pairs import bare_id
from amber_id.results import AttributeResult, GroupResult

USUAL = ("sex", "age", "emotion")
"""Columns that are asked for wherever they are known of a clip."""


def require_attributes(folders: Collection[Path], config: StudyConfig) -> None:
    """Refuse a study that names a column which no corpus file has; raises as `require_columns` does."""
    named = {"attribute": config.attributes, "wanted": config.wanted, "group": config.groups}
    require_columns(folders, named)


def asked_attributes(study: Study) -> dict[str, dict[str, str]]:
    """The values of the study's clips in every column that is asked for, by bare id of the clip."""
    usual = _columns(study, USUAL)
    named = _columns(study, (*study.config.attributes, *study.config.wanted))
    return {name: known for name, known in usual.items() if known} | named


def asked_groups(study: Study) -> dict[str, dict[str, str]]:
    """The values of the study's clips in every column that makes groups, by bare id of the clip."""
    return _columns(study, study.config.groups)


def _columns(study: Study, names: Iterable[str]) -> dict[str, dict[str, str]]:
    folders = [recordings.root for recordings in study.sets.values()]
    clips = {bare_id(entry.clip) for entry in study.clips.recordings.entries}
    return {
        name: {clip: value for clip, value in sorted(column_of(folders, name).items()) if clip in clips}
        for name in names
    }


def groups_of(study: Study, cells: Mapping[str, Cell]) -> dict[str, dict[str, GroupResult]]:
    """The error rates of groups, in the cells that know one condition; empty where nothing is asked for."""
    asked = asked_groups(study)
    return corrected_gaps(
        {
            name: {
                letters: _in_cell(name, known, cells[letters], study, len(asked) * len(study.own_cells))
                for letters in study.own_cells
            }
            for name, known in asked.items()
        }
    )


def _in_cell(name: str, known: Mapping[str, str], cell: Cell, study: Study, tests: int) -> GroupResult:
    """The groups of one column in one cell, by its strongest attacker."""
    strongest = cell.tried.strongest
    subjects = strongest.members[0].subjects
    subject_of = {
        bare_id(entry.clip): entry.subject
        for entry in study.clips.recordings.entries
        if entry.subject in subjects
    }
    values = clip_values(name, known, subject_of, [Needed(frozenset(subjects), FEWEST_IN_GROUP)])
    if isinstance(values, NotMeasured):
        return GroupResult(not_measured=values.why)
    if not values.of_person:
        return GroupResult(
            not_measured=f"{name} differs between the clips of most people: it makes no groups."
        )
    group_of = {subject_of[clip]: values.names.index(value) for clip, value in values.value_of.items()}
    grouped = Grouped(
        strongest.comparisons,
        strongest.from_threshold,
        values.names,
        np.array([group_of.get(subject, -1) for subject in subjects]),
    )
    result = group_result(grouped, study.config.evaluation, tests=tests)
    return result.model_copy(update={"remarks": (*values.remarks, *result.remarks)})


def attributes_of(study: Study) -> dict[str, AttributeResult]:
    """What is found of each; empty where nothing is asked for."""
    return infer_attributes(
        asked_attributes(study),
        study.config.wanted,
        study.clips.conditions,
        study.statistics,
        study.split,
        study.config.evaluation,
    )
