"""Which colour and which mark mean what, in the printed figures and on the page alike.

Conventions
-----------
Mated is vermillion, non-mated is blue, guessing and thresholds are grey: told apart by people with any common
colour vision, and in grey print (Okabe and Ito, Color Universal Design, 2008).
People have ten colours, after Tol's muted scheme (personal.sron.nl/~pault) with its indigo made lighter for
dark pages; then other marks.
"""

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


def person_style(number: int) -> tuple[str, str, str]:
    """Colour, plotly symbol and matplotlib marker of the `number`-th person of a map.

    Examples
    --------
    >>> person_style(0)
    ('#5b51c9', 'circle', 'o')
    >>> person_style(10)
    ('#5b51c9', 'square', 's')
    """
    symbol, marker = _MARKS[number // len(_PEOPLE) % len(_MARKS)]
    return _PEOPLE[number % len(_PEOPLE)], symbol, marker
