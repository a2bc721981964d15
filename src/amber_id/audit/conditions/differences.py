"""How do cells of the matrix differ, paired over people?

- An attacker that knows another avatar, originals, or all of them, less one that knows the avatar it meets:
  what is lost by never having seen it, and what is won by having seen others too.
- Each anonymised condition, by who knows it, less originals, and less the condition before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from amber_id.audit.conditions.cells import FilledCell
from amber_id.audit.conditions.trainings import ALL, OTHERS
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import less
from amber_id.motion.pairs import ORIGINAL
from amber_id.results.conditions import MatrixDifference

_WHOM = {ALL: "all conditions", OTHERS: "every other avatar", ORIGINAL: "originals"}
_Pair = tuple[str, FilledCell, FilledCell]  # the question; a cell, and the one that it is held against


def differences_of(cells: Sequence[FilledCell], config: EvaluationConfig) -> tuple[MatrixDifference, ...]:
    """The EER of each cell less that of the cell it is held against."""
    asked = {(each.result.train, each.result.enrol, each.result.probe): each for each in cells}
    return tuple(
        MatrixDifference(
            question=question,
            cell=cell.result.name,
            less=other.result.name,
            eer=less(other.comparisons, cell.comparisons, config, ("eer",))["eer"],
        )
        for question, cell, other in (*_by_training(asked), *_by_condition(asked))
    )


def _by_training(asked: Mapping[tuple[str, str, str], FilledCell]) -> Iterator[_Pair]:
    """Cells of another training beside that on the condition probed."""
    for (train, enrol, probe), cell in asked.items():
        known = asked.get((probe, enrol, probe))
        if known is None or train == probe or probe == ORIGINAL:
            continue
        enrolled = ", originals enrolled" if enrol == ORIGINAL else ""
        yield f"learnt from {_WHOM.get(train, train)} instead of {probe}{enrolled}", cell, known


def _by_condition(asked: Mapping[tuple[str, str, str], FilledCell]) -> Iterator[_Pair]:
    """Each condition by who knows it, beside those before it."""
    own = {train: cell for (train, enrol, probe), cell in asked.items() if train == enrol == probe}
    for one, other in combinations(own, 2):
        yield f"{other} less {one}, each by who knows it", own[other], own[one]
