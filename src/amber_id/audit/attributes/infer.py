"""What else than identity can be inferred from clips: each attribute that is asked for, under each condition.

By what learnt from clips of the same condition of other people, in the folds of the study: each person is
tested once, by what never saw it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from amber_id.audit.ablations.clip_statistics import ClipStatistics
from amber_id.audit.attributes.guesses import FoldVectors, guesses_of, label_test
from amber_id.audit.attributes.values import (
    FEWEST_OF_ONE,
    ClipValues,
    Needed,
    NotMeasured,
    clip_values,
)
from amber_id.audit.attributes.vectors import fold_vectors
from amber_id.biometrics import balanced_accuracies, balanced_accuracy, holm
from amber_id.judging.config import EvaluationConfig
from amber_id.motion.pairs import bare_id
from amber_id.protocols import Split
from amber_id.results import AttributeFigures, AttributeResult, ConditionName, Difference, Rate
from amber_id.results.utility import Average

PERMUTATIONS = 1000
_FEWEST_LEARNT = 2  # people of one value, in every fold

StatisticsOf = Callable[[ConditionName], ClipStatistics]


@dataclass(frozen=True)
class _Guessed:
    """Which tested clips were guessed right under a condition, and what permuted labels give."""

    right: Bool[np.ndarray, " N"]
    control: float
    p_value: float


def infer_attributes(
    asked: Mapping[str, Mapping[str, str]],
    wanted: Collection[str],
    conditions: Sequence[ConditionName],
    statistics_of: StatisticsOf,
    split: Split,
    config: EvaluationConfig,
) -> dict[str, AttributeResult]:
    """The result of each attribute; `asked` has the known values by bare id of the clip, by column.

    Raises TrainingError if there is too little to fit to.
    """
    results = {
        name: _one_attribute(name, known, name in wanted, conditions, statistics_of, split, config)
        for name, known in asked.items()
    }
    return _corrected(results)


def _one_attribute(
    name: str,
    known: Mapping[str, str],
    wanted: bool,
    conditions: Sequence[ConditionName],
    statistics_of: StatisticsOf,
    split: Split,
    config: EvaluationConfig,
) -> AttributeResult:
    entries = statistics_of(conditions[0]).windows.entries
    subject_of = {bare_id(entry.clip): entry.subject for entry in entries}
    values = clip_values(name, known, subject_of, _needed(split))
    if isinstance(values, NotMeasured):
        return AttributeResult(name=name, wanted=wanted, not_measured=values.why)
    clips = [clip for clip in subject_of if clip in values.value_of]
    labels = np.array([values.names.index(values.value_of[clip]) for clip in clips])
    subjects = np.unique([subject_of[clip] for clip in clips], return_inverse=True)[1]
    used = np.flatnonzero([clip in values.value_of for clip in subject_of])
    guessed, tested = {}, np.zeros(0, np.int64)
    for condition in conditions:
        folds = fold_vectors(statistics_of(condition), split, used, of_person=values.of_person)
        tested = np.sort(np.concatenate([fold.test for fold in folds]))
        guessed[condition] = _guessed(folds, labels, subjects, values, tested, config)
    labels, subjects = labels[tested], subjects[tested]
    chance = 1 / len(values.names)
    return AttributeResult(
        name=name,
        wanted=wanted,
        kind="person" if values.of_person else "clip",
        values=values.names,
        people={
            value: len(np.unique(subjects[labels == number])) for number, value in enumerate(values.names)
        },
        clips=len(tested),
        majority=float(np.bincount(labels).max() / len(labels)),
        figures={
            condition: _figures(each, labels, subjects, chance, config) for condition, each in guessed.items()
        },
        lost=_lost(guessed, labels, subjects, config),
        remarks=values.remarks,
    )


def _needed(split: Split) -> list[Needed]:
    """How many must show a value: enough tested people, and two of those that each fold learns from."""
    folds = range(len(split.folds))
    tested = frozenset().union(*(split.subjects("test", fold) for fold in folds))
    learnt = [frozenset((*split.subjects("train", fold), *split.subjects("dev", fold))) for fold in folds]
    return [Needed(tested, FEWEST_OF_ONE), *(Needed(people, _FEWEST_LEARNT) for people in learnt)]


def _guessed(
    folds: Sequence[FoldVectors],
    labels: Int[np.ndarray, " N"],
    subjects: Int[np.ndarray, " N"],
    values: ClipValues,
    tested: Int[np.ndarray, " M"],
    config: EvaluationConfig,
) -> _Guessed:
    different = len(values.names)
    right = guesses_of(folds, labels, subjects, different) == labels
    test = label_test(
        folds,
        labels,
        subjects,
        different,
        of_person=values.of_person,
        permutations=PERMUTATIONS,
        rng=config.rng(),
    )
    return _Guessed(right[tested], test.control, test.p_value)


def _figures(
    guessed: _Guessed,
    labels: Int[np.ndarray, " M"],
    subjects: Int[np.ndarray, " M"],
    chance: float,
    config: EvaluationConfig,
) -> AttributeFigures:
    estimate = balanced_accuracy(
        guessed.right, labels, subjects, replicates=config.replicates, level=config.level, rng=config.rng()
    )
    ends = {name: (getattr(estimate, name) - chance) / (1 - chance) for name in ("value", "low", "high")}
    return AttributeFigures(
        accuracy=Rate.of(estimate, chance),
        advantage=Average(**ends, level=estimate.level),
        control=guessed.control,
        p_value=guessed.p_value,
        corrected=guessed.p_value,
        permutations=PERMUTATIONS,
    )


def _lost(
    guessed: Mapping[ConditionName, _Guessed],
    labels: Int[np.ndarray, " M"],
    subjects: Int[np.ndarray, " M"],
    config: EvaluationConfig,
) -> Difference | None:
    """Paired: both conditions see the same draws of people."""
    if not {"original", "anonymised"} <= set(guessed):
        return None
    both = balanced_accuracies(
        guessed["original"].right,
        guessed["anonymised"].right,
        labels,
        subjects,
        replicates=config.replicates,
        level=config.level,
        rng=config.rng(),
    )
    return Difference.of(both.less)


def _corrected(results: Mapping[str, AttributeResult]) -> dict[str, AttributeResult]:
    """The p values after Holm, for all attributes and conditions together."""
    tests = [(name, condition) for name, each in results.items() for condition in each.figures]
    p_values = holm([results[name].figures[condition].p_value for name, condition in tests])
    corrected = dict(zip(tests, p_values, strict=True))
    return {
        name: each.model_copy(
            update={
                "figures": {
                    condition: figures.model_copy(update={"corrected": corrected[name, condition]})
                    for condition, figures in each.figures.items()
                }
            }
        )
        for name, each in results.items()
    }
