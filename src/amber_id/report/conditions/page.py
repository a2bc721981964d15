"""Several conditions on one page, ``report.html``, with the matrix as a table beside it.

Conventions
-----------
The page is one file that opens from disk and asks no network for anything; `self_contained` says how. The
heat map is a table: every square holds its figure as text, and colour only repeats it, darker for more
recognised. Every text is escaped, and no person is named. Equal input gives equal bytes.
"""

from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.notation import leaves_out_zero
from amber_id.report.conditions.heat_map import heat_maps
from amber_id.report.drawing.tables import as_csv, spread
from amber_id.report.self_contained import own_file, render
from amber_id.results import VERDICTS, ConditionsResults, most_serious_first

_STYLES = ("page.css", "study/page.css", "conditions/page.css")


def write_conditions_report(results: ConditionsResults, folder: Path) -> Path:
    """Write ``report.html``, ``matrix.csv`` and ``differences.csv`` into a folder; returns the page's path.

    Raises
    ------
    MissingDependencyError
        If jinja2 is not installed.
    """
    page = render(
        "conditions/page.html", _content(results), css="".join(map(own_file, _STYLES)), scripts={"script": ""}
    )
    write_text_atomically(folder / "matrix.csv", as_csv(matrix_rows(results)))
    write_text_atomically(folder / "differences.csv", as_csv(difference_rows(results)))
    path = folder / "report.html"
    write_text_atomically(path, page)
    return path


def matrix_rows(results: ConditionsResults) -> list[dict[str, Any]]:
    """A row for each cell of the matrix."""
    return [
        {
            "train": cell.train,
            "enrol": cell.enrol,
            "probe": cell.probe,
            "learnt_from": " ".join(cell.learnt_from),
            "attacker": cell.attacker,
            "mated": cell.counts.mated,
            "nonmated": cell.counts.nonmated,
            **spread("eer", cell.eer),
            "within_source": cell.within_source,
            "recognition": cell.recognition.outcome,
            "p_value": cell.recognition.p_value,
        }
        for cell in results.cells
    ]


def difference_rows(results: ConditionsResults) -> list[dict[str, Any]]:
    """A row for each paired difference."""
    return [
        {
            "cell": each.cell,
            "less": each.less,
            "question": each.question,
            **spread("eer", each.eer),
            "detectable": each.eer.detectable,
        }
        for each in results.differences
    ]


def _content(results: ConditionsResults) -> dict[str, Any]:
    unknown = [
        (probe, cell, next((each for each in results.differences if _is_unknown(each, train, probe)), None))
        for probe, train in results.unknown_generator.items()
        if (cell := results.cell(train, probe, probe)) is not None
    ]
    anonymised = [name for name in results.conditions if name in results.studies]
    return {
        "results": results,
        "anonymised": anonymised,
        "maps": heat_maps(results),
        "unknown": unknown,
        "checks": [(VERDICTS[each.verdict], each) for each in most_serious_first(results.checks)],
        "shown": leaves_out_zero,
        "synthetic": results.provenance.synthetic,
        "level": results.config["evaluation"]["level"],
        "replicates": results.config["evaluation"]["replicates"],
    }


def _is_unknown(difference: Any, train: str, probe: str) -> bool:
    return bool(
        (difference.cell, difference.less) == (f"{train}/{probe}/{probe}", f"{probe}/{probe}/{probe}")
    )
