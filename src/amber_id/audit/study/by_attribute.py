"""Which attributes does a study ask for, and what does it find?

Sex, age and emotion are asked for where a corpus file knows them; other columns where they are named.
"""

from collections.abc import Collection
from pathlib import Path

from amber_id.audit.attributes.columns import column_of, columns_of, require_columns
from amber_id.audit.attributes.infer import infer_attributes
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.study import Study
from amber_id.motion.pairs import bare_id
from amber_id.results import AttributeResult

USUAL = ("sex", "age", "emotion")
"""Columns that are asked for wherever they are known of a clip."""


def require_attributes(folders: Collection[Path], config: StudyConfig) -> None:
    """Refuse a study that names a column which no corpus file has; raises as `require_columns` does."""
    require_columns(folders, {"attribute": config.attributes, "wanted": config.wanted})


def asked_attributes(study: Study) -> dict[str, dict[str, str]]:
    """The values of the study's clips in every column that is asked for, by bare id of the clip."""
    folders = [recordings.root for recordings in study.sets.values()]
    known = columns_of(folders)
    clips = {bare_id(entry.clip) for entry in study.clips.recordings.entries}
    usual = [name for name in USUAL if known.get(name, {}).keys() & clips]
    names = dict.fromkeys((*usual, *study.config.attributes, *study.config.wanted))
    return {
        name: {clip: value for clip, value in sorted(column_of(folders, name).items()) if clip in clips}
        for name in names
    }


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
