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

_SHOWN = 3

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
        _note(f"{where}: {_said(twins, what)}")


def said_of_case_twins(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """The same as a whole sentence, or nothing where there is nothing to note."""
    twins = case_twins(names)
    said = _said(twins, what)
    return (f"{said[0].upper()}{said[1:]}.",) if twins else ()


def _said(twins: tuple[tuple[str, ...], ...], what: str) -> str:
    shown = "; ".join(" and ".join(group) for group in twins[:_SHOWN])
    more = f", and {len(twins) - _SHOWN} more such" if len(twins) > _SHOWN else ""
    return f"{what} that differ in case only count as two: {shown}{more}; if they are one, write them alike"


@cache
def _note(text: str) -> None:
    _logger.warning(text)
