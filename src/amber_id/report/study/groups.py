"""The error rates of groups as a table."""

from typing import Any

from amber_id.report.drawing.tables import spread
from amber_id.results import StudyResults


def group_rows(results: StudyResults) -> list[dict[str, Any]]:
    """A row for each group, and each pair of groups, of every column and cell; `with` is empty within one."""
    rows: list[dict[str, Any]] = []
    for column, cells in results.groups.items():
        for letters, each in cells.items():
            start = {"column": column, "cell": letters}
            rows += [
                start
                | {"group": group, "with": "", "people": figures.people}
                | spread("eer", figures.eer)
                | spread("fmr", figures.fmr)
                | spread("fnmr", figures.fnmr)
                for group, figures in each.groups.items()
            ]
            rows += [
                start
                | {"group": pair.groups[0], "with": pair.groups[1], "people": None}
                | spread("eer", None)
                | spread("fmr", pair.fmr)
                | spread("fnmr", None)
                for pair in each.between
            ]
    return rows
