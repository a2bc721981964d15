"""The results of the study of the thesis, from those of its parts."""

from collections import Counter
from collections.abc import Mapping

from amber_id.audit.attack.made_by import common_provenance
from amber_id.audit.study.clips import avatar_remarks_of
from amber_id.audit.thesis.config import changed_settings
from amber_id.audit.thesis.parts import Hashes
from amber_id.audit.thesis.statements import DEPARTURES, FAULTS, PUBLISHED, thesis_headline, thesis_limits
from amber_id.audit.thesis.study import ThesisStudy
from amber_id.judging.made_by import times_since
from amber_id.protocols import Leak, remarks_of, source_of_subjects
from amber_id.protocols.leaks import limits_of
from amber_id.results import (
    ConditionName,
    Difference,
    ThesisCounts,
    ThesisPart,
    ThesisProvenance,
    ThesisSplit,
    ThesisStudyResults,
    run_name,
)
from amber_id.tracking.facemesh import TRACKER


def results_of(
    study: ThesisStudy,
    parts: tuple[ThesisPart, ...],
    pipelines: dict[ThesisSplit, dict[ConditionName, Difference]],
    provenance: ThesisProvenance,
    allowed: tuple[Leak, ...],
    began: float,
) -> ThesisStudyResults:
    """Everything that came of the study; `began` is when it began, by the performance counter."""
    counts = _counts(study)
    return ThesisStudyResults(
        headline=thesis_headline(parts),
        config=study.config.model_dump(mode="json"),
        published=PUBLISHED,
        counts=counts,
        parts=parts,
        pipelines=pipelines,
        faults=FAULTS,
        departures=DEPARTURES,
        dropped=study.clips.dropped,
        limits=(
            *thesis_limits(parts, counts, provenance, changed_settings(study.wanted)),
            *_limits_of_clips(study, allowed, synthetic=provenance.synthetic),
        ),
        provenance=provenance,
        times=times_since(began),
    )


def _limits_of_clips(study: ThesisStudy, allowed: tuple[Leak, ...], *, synthetic: bool) -> tuple[str, ...]:
    """What is to be known of divisions, avatars and leaks, in whole sentences."""
    remarks = (remarks_of(study.out / "splits" / name, split) for name, split in study.splits.items())
    return (
        *study.by_number,
        *avatar_remarks_of(study.clips),
        *(sentence for of_split in remarks for sentence in of_split),
        *limits_of(allowed, *(() if synthetic else study.bare().values())),
    )


def _counts(study: ThesisStudy) -> ThesisCounts:
    one = study.clips.under(study.clips.conditions[0])
    k0 = study.splits["k0"]
    return ThesisCounts(
        subjects=len(one.subjects),
        clips=len(one.entries),
        dropped_clips=len({each.clip for each in study.clips.dropped}),
        subjects_of_source=dict(sorted(Counter(source_of_subjects(one).values()).items())),
        k0={partition: len(k0.subjects(partition, 0)) for partition in ("train", "dev", "test")},
    )


def provenance_of(
    study: ThesisStudy,
    hashes: Mapping[str, Hashes],
    openings: dict[ThesisSplit, int],
    allowed: tuple[Leak, ...],
) -> ThesisProvenance:
    """Which program, data and seeds made this; `openings` counts the looks at test people of each split."""
    common = common_provenance(study.clips.recordings.entries, allowed)
    return ThesisProvenance(
        **common,
        recordings={name: recordings.root.name for name, recordings in study.sets.items()},
        recordings_sha256={name: study.clips.under(name).content_hash() for name in study.clips.conditions},
        splits_sha256={name: split.content_hash() for name, split in study.splits.items()},
        checkpoints_sha256={
            run_name(part, condition): each
            for part, of_part in hashes.items()
            for condition, each in of_part.items()
        },
        point_set=study.clips.recordings.entries[0].point_set,
        tracker_of_thesis=all(each.startswith(f"{TRACKER} ") for each in common["trackers"]),
        test_openings=openings,
    )
