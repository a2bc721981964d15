"""Which colour and which mark mean what, in the printed figures and on the page alike.

Conventions
-----------
Mated is vermillion, non-mated is blue, guessing and thresholds are grey: told apart by people with any common
colour vision, and in grey print (Okabe and Ito, Color Universal Design, 2008).
Studies side by side have the colours and marks of cells, mixed with lines so that twenty differ; the first is
the boldest.
A cell of a study has a colour, a line and a mark of its own; AAA, the headline, is the boldest.
People have ten colours, after Tol's muted scheme (personal.sron.nl/~pault) with its indigo made lighter for
dark pages, and ten marks: neighbours differ in both, and a hundred people in either.
"""

from dataclasses import dataclass, replace

MATED = "#d55e00"
NONMATED = "#0072b2"
NEUTRAL = "#7d838c"
_PEOPLE = (
    "#5b51c9", "#88ccee", "#44aa99", "#117733", "#999933",
    "#ddcc77", "#cc6677", "#882255", "#aa4499", "#8a8f98",
)  # fmt: skip
_MARKS = (  # name in plotly, in matplotlib
    ("circle", "o"), ("square", "s"), ("triangle-up", "^"), ("diamond", "D"), ("cross", "P"), ("x", "X"),
    ("triangle-down", "v"), ("pentagon", "p"), ("star", "*"), ("hexagon", "h"),
)  # fmt: skip


@dataclass(frozen=True)
class CellStyle:
    """How a cell of the threat matrix looks: in plotly's words, then in matplotlib's."""

    color: str
    dash: str
    width: int
    symbol: str
    linestyle: str
    marker: str


CELL_STYLES = {
    "OOO": CellStyle("#7468e0", "solid", 2, "circle", "-", "o"),
    "OOA": CellStyle("#56b4e9", "dot", 2, "square", ":", "s"),
    "OAA": CellStyle("#009e73", "dash", 2, "diamond", "--", "D"),
    "AAA": CellStyle(MATED, "solid", 4, "triangle-up", "-", "^"),
    "BOA": CellStyle("#cc79a7", "dashdot", 2, "x", "-.", "X"),
}


def person_style(number: int) -> tuple[str, str, str]:
    """Colour, plotly symbol and matplotlib marker of the `number`-th person of a map.

    Examples
    --------
    >>> person_style(0)
    ('#5b51c9', 'circle', 'o')
    >>> person_style(10)
    ('#5b51c9', 'square', 's')
    >>> len({person_style(number) for number in range(100)})
    100
    """
    symbol, marker = _MARKS[(number + number // len(_PEOPLE)) % len(_MARKS)]
    return _PEOPLE[number % len(_PEOPLE)], symbol, marker


_STUDIES = ("AAA", "OOO", "OAA", "OOA", "BOA")  # whose colours and marks they have, in this order
_LINES = (("solid", "-"), ("dash", "--"), ("dot", ":"), ("dashdot", "-."))


def study_style(number: int) -> CellStyle:
    """How the `number`-th of several studies looks.

    Examples
    --------
    >>> study_style(0).color, study_style(0).width, study_style(1).dash
    ('#d55e00', 4, 'dash')
    >>> len({(study_style(n).symbol, study_style(n).dash) for n in range(20)})
    20
    """
    cell, (dash, linestyle) = CELL_STYLES[_STUDIES[number % 5]], _LINES[number % 4]
    return replace(cell, dash=dash, linestyle=linestyle, width=4 if number == 0 else 2)
