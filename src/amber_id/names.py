"""When are two names one?

Conventions
-----------
Unicode writes letters with accents in two ways: ``é`` as one character (composed, NFC), or as ``e`` and an
accent (decomposed, NFD), as macOS writes names of files. They look alike and are one name: every name that is
read, from a file, a table or the tree, is composed. Names that differ in case only, ``Alice`` and ``alice``,
stay two, for they may be two people's; but that is said.
"""

import logging
import unicodedata
from collections.abc import Iterable
from functools import cache

_NAMED_AT_MOST = 3

_logger = logging.getLogger("amber_id")


def composed(text: str) -> str:
    r"""A name with its letters and accents composed (NFC), so that equal names are equal strings.

    >>> composed("Jose\u0301") == "Jos\u00e9"
    True
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def case_twins(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The names of which others differ in case only, together, sorted.

    >>> case_twins(["bob", "Alice", "alice", "Bo"])
    (('Alice', 'alice'),)
    """
    alike: dict[str, set[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), set()).add(name)
    return tuple(sorted(tuple(sorted(group)) for group in alike.values() if len(group) > 1))


def note_case_twins(where: object, what: str, names: Iterable[str]) -> None:
    """Log, once for each place, which names differ in case only; `what` says whose they are."""
    twins = case_twins(names)
    if twins:
        _note(f"{where}: {_clause(twins, what)}")


def case_twin_remarks(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """One sentence about names that differ in case only, or nothing where there are none."""
    twins = case_twins(names)
    clause = _clause(twins, what)
    return (f"{clause[0].upper()}{clause[1:]}.",) if twins else ()


def _clause(twins: tuple[tuple[str, ...], ...], what: str) -> str:
    pairs = "; ".join(" and ".join(group) for group in twins[:_NAMED_AT_MOST])
    more = f", and {len(twins) - _NAMED_AT_MOST} more such" if len(twins) > _NAMED_AT_MOST else ""
    return f"{what} that differ in case only count as two: {pairs}{more}; if they are one, write them alike"


@cache
def _note(text: str) -> None:
    _logger.warning(text)
