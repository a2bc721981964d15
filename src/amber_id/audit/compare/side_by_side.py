"""How do several studies, of anonymisers, folds, regions or seeds, stand beside each other?

Conventions
-----------
Figures of a study are its own. What is new is paired: the EER and AUC of each study less those of the first,
with the same draws of people on both sides, where both tested the same people. Where they did not, it is said
why there is no difference; two intervals are never subtracted.
Parts of one study, with other people in each, may be pooled: their people were never compared across parts.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from amber_id.audit.compare.folders import StudyFolder, read_studies
from amber_id.audit.compare.wording import limits_of, not_the_same
from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError
from amber_id.figures import figures_in
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates, less
from amber_id.results import (
    CellResult,
    ComparedCell,
    ComparedStudy,
    ComparisonCounts,
    ComparisonProvenance,
    ComparisonResults,
    PairedDifferences,
    PooledParts,
    surroundings,
)

_FIGURES = tuple(figure.name for figure in figures_in("comparison"))


def compare_studies(
    folders: Sequence[Path], cell: str | None = None, config: EvaluationConfig | None = None
) -> ComparisonResults:
    """Several studies side by side, each held against the first where they are of the same people.

    Parameters
    ----------
    folders
        Two or more, each as `amber audit` leaves it.
    cell
        Of which there are differences; AAA where all studies have it, else the first that all have.
    config
        Resamples, level and seed of the differences.

    Raises
    ------
    EvaluationError
        If the studies have no cell in common, or one of them lacks `cell`.
    FileFormatError, UsageError
        If a study cannot be read; if there are fewer than two, or one is given twice.
    """
    return compare_read(*read_studies(folders, cell), config or EvaluationConfig())


def compare_read(
    cell: str, studies: Sequence[StudyFolder], config: EvaluationConfig, *, pooled: Comparisons | None = None
) -> ComparisonResults:
    """Compare studies that are already loaded, as :func:`compare_studies` does.

    `pooled` (from :func:`pool_parts`) is judged too.

    Raises
    ------
    EvaluationError
        If too few people were pooled for an interval.
    """
    first, *others = studies
    compared = (_compared(first, None, None), *(_held_against(first, each, config) for each in others))
    made = config.model_dump(include={"replicates", "level", "seed"})
    return ComparisonResults(
        schema="amber-id/comparison/1",
        cell=cell,
        story=first.results.cells[cell].story,
        studies=compared,
        pooled=None if pooled is None else _judged(pooled, first.results.cells[cell].attacker.name, config),
        limits=limits_of(cell, studies, compared, pooled=pooled is not None),
        provenance=ComparisonProvenance(**surroundings(), **made),
    )


def pool_parts(cell: str, studies: Sequence[StudyFolder]) -> Comparisons:
    """The comparisons of parts that were run apart, as those of one study.

    Raises
    ------
    EvaluationError
        If a person is in two parts, or the parts are not of the same recordings or not of one attacker, whose
        scores could not share a threshold.
    """
    _check_parts(cell, studies)
    owner: dict[str, str] = {}
    for study in studies:
        for person in study.people:
            if person in owner:
                raise EvaluationError(
                    f"expected other people in each part to pool, got {person} in {owner[person]} and in "
                    f"{study.name}"
                )
            owner[person] = study.name
    people = sorted(owner)
    # Sessions are numbered anew in each file; no study writes them.
    return Comparisons.pool([replace(study.numbered(people), sessions=None) for study in studies])


def _check_parts(cell: str, studies: Sequence[StudyFolder]) -> None:
    """Refuse what cannot be parts of one study."""
    first = studies[0]
    for study in studies:
        if study.results.provenance.recordings_sha256 != first.results.provenance.recordings_sha256:
            raise EvaluationError(
                f"expected parts of the same recordings to pool, got others in {study.name} than in "
                f"{first.name}"
            )
    attackers = {study.name: study.results.cells[cell].attacker.name for study in studies}
    if len(set(attackers.values())) > 1:
        named = ", ".join(f"{attacker} in {name}" for name, attacker in attackers.items())
        raise EvaluationError(
            f"expected one attacker in {cell} of all parts to pool, got {named}: scores of two attackers "
            "share no threshold; audit every part with one attacker"
        )


def _held_against(first: StudyFolder, study: StudyFolder, config: EvaluationConfig) -> ComparedStudy:
    """A study with its paired differences, or why there are none."""
    why = not_the_same(first, study)
    if why is not None:
        return _compared(study, None, why)
    people = sorted(first.people)
    try:
        differences = less(first.numbered(people), study.numbered(people), config)
    except EvaluationError as error:
        return _compared(study, None, f"No paired difference: {error}.")
    return _compared(study, PairedDifferences(eer=differences["eer"], auc=differences["auc"]), None)


def _compared(study: StudyFolder, differences: PairedDifferences | None, why: str | None) -> ComparedStudy:
    results = study.results
    return ComparedStudy(
        name=study.name,
        headline=results.headline,
        subjects=results.counts.subjects,
        clips=results.counts.clips,
        cells={letters: _cell(each) for letters, each in results.cells.items()},
        expression=None if results.utility is None else results.utility.expression,
        less_first=differences,
        not_paired=why,
        amber_id=results.provenance.amber_id,
        synthetic=results.provenance.synthetic,
        test_opening=results.provenance.test_opening,
        results_sha256=study.results_sha256,
        scores_sha256=study.scores_sha256,
    )


def _cell(cell: CellResult) -> ComparedCell:
    return ComparedCell(
        attacker=cell.attacker.name,
        counts=cell.counts,
        eer_within_source=cell.within_source,
        **{name: getattr(cell.metrics, name) for name in _FIGURES},
    )


def _judged(pooled: Comparisons, attacker: str, config: EvaluationConfig) -> PooledParts:
    rates = judged_rates(pooled, config, _FIGURES)
    cell = ComparedCell(
        attacker=attacker,
        counts=ComparisonCounts(mated=pooled.n_mated, nonmated=pooled.n_nonmated),
        eer_within_source=None,
        **{name: rates.get(name) for name in _FIGURES},
    )
    return PooledParts(subjects=pooled.n_subjects, cell=cell)
