"""A flag whose values are the names of a table's rows: the table is loaded when the flag is used, not before.

`amber --help` is quick because it loads no table. A verb that is called does: its help lists the names with
the summary of each row, and what is none of them is wrong usage, with the nearest name.
"""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

import typer


def row_of(table: str, text: str) -> Any:
    """An option whose value is a name in `table`, given as ``module:TABLE``; `text` begins its help."""
    return typer.Option(metavar=table, callback=_checked(table), help=text)


def fill_in_tables(command: Any) -> None:
    """Put names and summaries in the place of a table's own name, for every such flag of a verb."""
    for parameter in command.params:
        if parameter.metavar and ":" in parameter.metavar:
            rows = resolve_name(parameter.metavar)
            parameter.metavar = f"<{'|'.join(rows)}>"
            summaries = "; ".join(f"{name}: {row.summary}" for name, row in rows.items())
            parameter.help = f"{parameter.help} {summaries}."


def _checked(table: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        names = tuple(resolve_name(table))
        if value is not None and value not in names:
            from amber_id.misfits import nearest
            from amber_id.quoting import quote

            expected = f"{', '.join(names[:-1])} or {names[-1]}"
            raise typer.BadParameter(f"expected {expected}, got {quote(value)}{nearest(value, names)}")
        return value

    return check
