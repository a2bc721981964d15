"""How does text of other people's stand in one line of ours?

Names of files, cells of tables and values of flags may hold anything: line ends, codes that move the cursor
of a terminal, half a character, or a million letters. What is printed shows them on one line.
"""

import re
from collections.abc import Sequence

# Controls (also those of C1), the two line ends of Unicode, marks that turn the direction of writing, and
# halves of characters, which no terminal can print.
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST_VALUE = 40  # a file of another kind may have no line end at all
_LONGEST_LINE = 2000


def quote(value: object, longest: int = _LONGEST_VALUE) -> str:
    r"""A value of other people's, quoted, on one line, cut after `longest` characters.

    >>> quote("two\nlines"), quote(b"caf\xc3\xa9"), quote("a" * 100, longest=5)
    ("'two\\nlines'", "'café'", "'aaaaa…'")
    """
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return escaped(repr(text if len(text) <= longest else text[:longest] + "…"))


def names_and_more(names: Sequence[str], at_most: int) -> str:
    """The first of some names with commas, and how many more there are.

    >>> names_and_more(["a", "b", "c"], 2), names_and_more(["a", "b"], 2)
    ('a, b and 1 more', 'a, b')
    """
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more


def escaped(text: str) -> str:
    r"""The text with what cannot be seen, or would end the line, written as an escape.

    >>> escaped("two\nlines\x1b[2J")
    'two\\nlines\\x1b[2J'
    """
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def one_line(text: str, longest: int = _LONGEST_LINE) -> str:
    r"""A message on one line, its middle left out where it is too long: what to do stands at the end.

    >>> one_line("line\none"), one_line("a" * 50 + "b" * 50, longest=10)
    ('line\\none', 'aaaaa … bbbbb')
    """
    line = escaped(text)
    return line if len(line) <= longest else f"{line[: longest // 2]} … {line[-(longest // 2) :]}"
