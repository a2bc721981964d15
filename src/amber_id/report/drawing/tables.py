"""How are the numbers of a figure written as CSV?"""

from collections.abc import Iterable, Mapping
from typing import Any

from amber_id.file_formats import table_text


def spread(name: str, rate: Any) -> dict[str, float | None]:
    """A figure and both ends of its interval, in columns; empty where there is none."""
    if rate is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Rows of the same columns as CSV.

    Examples
    --------
    >>> as_csv([{"cell": "AAA", "eer": 0.25}, {"cell": "OOO", "eer": None}])
    'cell,eer\nAAA,0.25\nOOO,\n'
    """
    all_rows = list(rows)
    columns = list(all_rows[0])
    return table_text(columns, [[row[name] for name in columns] for row in all_rows])
