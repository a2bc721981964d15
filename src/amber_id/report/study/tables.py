"""The rows of the tables on the page of a study: checks, the threat matrix, what is kept of the expression.

Conventions
-----------
A cell of a table is text, written as `wording` writes numbers. What is not defined has no column if it is so
in every row, and a dash in one row.
"""

from collections.abc import Sequence
from typing import Any

from amber_id.figures import Figure, figures_in
from amber_id.notation import in_unit, interval_in_unit, percent
from amber_id.results import (
    VERDICTS,
    CellResult,
    Check,
    Rate,
    StudyResults,
    UtilityResult,
    most_serious_first,
)
from amber_id.results.utility import Average

_DASH = "\N{EN DASH}"
Column = tuple[str, str, str]  # field, heading, unit
_EER, *_OTHERS = ((figure.name, figure.heading, figure.unit) for figure in figures_in("matrix"))
_COLUMNS: tuple[Column, ...] = (_EER, ("within_source", "EER within sources", "%"), *_OTHERS)


def check_rows(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Checks: invalid first, then warnings, what was not decided or not checked, and what passed."""
    return [
        {
            "verdict": check.verdict,
            "label": VERDICTS[check.verdict],
            "name": check.title,
            "about": check.about or "all",
            "eer": check.eer,
            "evidence": check.evidence,
        }
        for check in most_serious_first(checks)
    ]


def matrix_columns(results: StudyResults) -> list[Column]:
    """The figures that at least one cell has."""
    cells = results.cells.values()
    return [column for column in _COLUMNS if any(_rate(cell, column[0]) for cell in cells)]


def attacker_columns(results: StudyResults) -> list[Figure]:
    """The figures of all attackers that at least one of them has."""
    attackers = [each for cell in results.cells.values() for each in cell.attackers.values()]
    return [
        figure for figure in figures_in("attackers") if any(getattr(each, figure.name) for each in attackers)
    ]


def cell_rows(cell: CellResult, columns: Sequence[Column]) -> list[dict[str, str]]:
    """The figures of a cell's strongest attacker, in the order of the columns, and its worst decile."""
    worst = cell.disclosure.worst_decile_eer
    return [
        *(_figure(name, unit, _rate(cell, field)) for field, name, unit in columns),
        {"name": "Worst decile", "value": _DASH if worst is None else percent(worst), "interval": ""},
    ]


def _figure(name: str, unit: str, rate: Rate | None) -> dict[str, str]:
    if rate is None:
        return {"name": name, "value": _DASH, "interval": ""}
    return {"name": name, "value": in_unit(rate.value, unit), "interval": interval_in_unit(rate, unit)}


def _rate(cell: CellResult, field: str) -> Rate | None:
    rate: Rate | None = getattr(cell if field == "within_source" else cell.metrics, field)
    return rate


def parts_kept(utility: UtilityResult | None) -> list[tuple[str, Rate | Average]]:
    """The one number, then its parts and how large and how smooth movement is, and whose clip is followed."""
    if utility is None:
        return []
    named: list[tuple[str, Rate | Average | None]] = [
        ("Expression kept, all parts", utility.expression),
        ("Concordance: the same, lowered where movement is larger or smaller", utility.concordance),
        ("Amplitude, times the original's", utility.amplitude),
        ("Jitter: accelerations, times the original's", utility.jitter),
        *((f"{part.capitalize()}", rate) for part, rate in utility.parts.items()),
        ("Blendshapes", utility.coefficients),
        ("Blendshapes, concordance", utility.coefficients_concordance),
        ("Clips that follow their own original", utility.follows),
    ]
    return [(name, rate) for name, rate in named if rate is not None]
