"""Train and test the parts of the study of the thesis; what is done already is kept."""

from collections.abc import Mapping
from functools import partial

from amber_id.audit.attack.drawn_arrays import arrays_of
from amber_id.audit.attack.openings import record_opening
from amber_id.audit.attack.strongest_attacker import Tried, score_attackers
from amber_id.audit.attack.tested import embed_people
from amber_id.audit.thesis.config import Part
from amber_id.audit.thesis.figures import eer_difference, figures_of
from amber_id.audit.thesis.study import ThesisStudy
from amber_id.file_formats import file_hash
from amber_id.results import ConditionName, Difference, ThesisPart, ThesisSplit, thesis_arrays, write_arrays
from amber_id.training import find_checkpoints, train

Hashes = dict[ConditionName, tuple[str, ...]]  # of the checkpoints of each fold


def trained(study: ThesisStudy, part: Part) -> Hashes:
    """Train a part under each condition; what is there already is kept."""
    return {
        condition: study.stages_of(part).done(
            f"training {part.name}, {condition}",
            tuple[str, ...],
            partial(_train, study, part, condition),
        )
        for condition in study.clips.conditions
    }


def _train(study: ThesisStudy, part: Part, condition: ConditionName) -> tuple[str, ...]:
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


def opened(
    study: ThesisStudy, parts: tuple[Part, ...], hashes: Mapping[str, Hashes]
) -> dict[ThesisSplit, int]:
    """How often the test people of each split were looked at, this time included."""
    return {
        split: record_opening(
            next(iter(study.sets.values())).root,
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


def tested(study: ThesisStudy, part: Part, hashes: Hashes) -> ThesisPart:
    """The figures of a part, and the arrays of its embeddings and scores in ``models``."""
    evaluation = study.config.evaluation.model_dump(mode="json")
    result: ThesisPart = study.stages_of(part, evaluation, hashes, "arrays").done(
        f"testing {part.name}", ThesisPart, partial(_test, study, part)
    )
    for condition in study.clips.conditions:
        if not thesis_arrays(study.out, part.name, condition).exists():
            _write_arrays(study, part, condition, _tried(study, part, condition))
    return result


def _test(study: ThesisStudy, part: Part) -> ThesisPart:
    tried = {condition: _tried(study, part, condition) for condition in study.clips.conditions}
    for condition, each in tried.items():
        _write_arrays(study, part, condition, each)
    figures = {condition: figures_of(each, study.config.evaluation) for condition, each in tried.items()}
    original, anonymised = (tried[name].strongest.comparisons for name in ("original", "anonymised"))
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


def _write_arrays(study: ThesisStudy, part: Part, condition: ConditionName, tried: Tried) -> None:
    """Keep what the page draws of an attacker."""
    arrays = arrays_of(tried, seed=study.config.evaluation.seed)
    write_arrays(arrays, thesis_arrays(study.out, part.name, condition))


def _tried(study: ThesisStudy, part: Part, condition: ConditionName) -> Tried:
    return score_attackers(
        embed_people(
            (study.run(part, condition),),
            study.clips.under(condition),
            study.splits[part.split],
            device=study.device,
        )
    )


def pipelines_of(
    study: ThesisStudy, parts: tuple[Part, ...], hashes: Mapping[str, Hashes]
) -> dict[ThesisSplit, dict[ConditionName, Difference]]:
    """The main part of the corrected pipeline less that of the thesis, on the same people."""
    differences: dict[ThesisSplit, dict[ConditionName, Difference]] = {}
    for split in study.splits:
        thesis, corrected = (part for part in parts if part.main and part.split == split)
        evaluation = study.config.evaluation.model_dump(mode="json")
        stages = study.stages_of(thesis, evaluation, hashes[thesis.name], hashes[corrected.name])
        differences[split] = stages.done(
            f"pipelines, {split}",
            dict[ConditionName, Difference],
            partial(_held_against, study, thesis, corrected),
        )
    return differences


def _held_against(study: ThesisStudy, one: Part, other: Part) -> dict[ConditionName, Difference]:
    differences = {}
    for condition in study.clips.conditions:
        first, second = (_tried(study, each, condition).strongest.comparisons for each in (one, other))
        difference, _ = eer_difference(first, second, study.config.evaluation)
        if difference is not None:
            differences[condition] = difference
    return differences
