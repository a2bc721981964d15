"""Which EER stands for a cell of the threat matrix, and do results and scores belong together?

Where people come from several sources, the EER of a cell is that within sources, as in the headline.
Rates are fractions.
"""

from collections.abc import Mapping

from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError
from amber_id.results import AttackerResult, CellResult, Rate, StudyResults


def check_belong(results: StudyResults, comparisons: Mapping[str, Comparisons]) -> None:
    """Refuse scores of another study.

    Raises
    ------
    EvaluationError
        If a cell is unknown, or has another number of comparisons.
    """
    for letters, compared in comparisons.items():
        if letters not in results.cells:
            raise EvaluationError(
                f"expected scores of the cells {', '.join(results.cells)}, got some of {letters}"
            )
        counts = results.cells[letters].counts
        if (counts.mated, counts.nonmated) != (compared.n_mated, compared.n_nonmated):
            raise EvaluationError(
                f"results and scores must be of one study, got {counts.mated} and {compared.n_mated} mated "
                f"comparisons of {letters}: audit again"
            )


def shown_eer(cell: CellResult) -> Rate:
    """The EER that stands for a cell: within sources where there are several."""
    return cell.within_source or cell.metrics.eer


def headline_eers(results: StudyResults) -> tuple[Rate, Rate | None]:
    """The EER of the headline, and that of the originals where it is another one."""
    cell = results.headline.cell
    before = results.cells.get("OOO")
    return shown_eer(results.cells[cell]), None if cell == "OOO" or before is None else shown_eer(before)


def lowest_on_test(cell: CellResult) -> AttackerResult:
    """The attacker with the lowest EER on the test people, whichever was chosen; the first of equals."""
    return min(cell.attackers.values(), key=lambda each: each.eer.value)


def several_sources(results: StudyResults) -> bool:
    """Whether people of several sources were compared."""
    return any(cell.within_source is not None for cell in results.cells.values())
