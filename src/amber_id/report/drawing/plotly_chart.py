"""How is a chart written for plotly.js?

Conventions
-----------
A chart is a plain dictionary of `data` and `layout`, ready for JSON: numbers have 6 digits, none is NaN.
Colours of text and grid are left to the page, which knows whether it is light or dark.
Text in a chart is markup to plotly, hence escaped.
A chart has no title and, but for the maps, no legend: the page has both, see `legend_of`.
Rates are fractions, shown as percentages.
"""

import html
from typing import Any

import numpy as np

from amber_id.report.drawing.palette import NEUTRAL
from amber_id.results import Rate

Chart = dict[str, Any]


def scale_places(eer: Rate, second: Rate | None) -> dict[str, float]:
    """Where an EER, its interval, guessing and a second EER lie on the scale, in % of its width."""
    end = 0.6 if max(eer.high, eer.chance) <= 0.6 else 1.0
    places = {"value": eer.value, "low": eer.low, "width": eer.high - eer.low, "chance": eer.chance}
    if second is not None:
        places["second"] = second.value
    return {name: round(100 * value / end, 2) for name, value in places.items()}


def legend_of(chart: Chart) -> list[dict[str, str]]:
    """What the marks of a chart mean: name, colour and the CSS class of a sample of each."""
    entries = []
    for trace in chart["data"]:
        if trace.get("showlegend", True):
            line = trace.get("line", {})
            if trace["type"] == "bar":
                kind = "bar"
            elif line:
                kind = "thick" if line["width"] > 2 else line["dash"]
            else:
                kind = trace["marker"]["symbol"]
            color = (line or trace["marker"])["color"]
            entries.append({"name": html.unescape(trace["name"]), "color": color, "kind": kind})
    return entries


def line_trace(
    x: Any, y: Any, name: str, color: str, *, dash: str = "solid", width: int = 2, **more: Any
) -> Chart:
    """A line without marks."""
    style = {"color": color, "width": width, "dash": dash}
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": six_digits(x), "y": six_digits(y),
        "line": style,
    } | more  # fmt: skip


def marks_trace(
    x: Any, y: Any, name: str, color: str, *, symbol: str = "circle", size: int = 10, **more: Any
) -> Chart:
    """Marks without a line; `marker` among the others adds to how a mark looks."""
    marker = {"size": size, "color": color, "symbol": symbol} | more.pop("marker", {})
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": six_digits(x), "y": six_digits(y),
        "marker": marker,
    } | more  # fmt: skip


def eer_mark(x: float, y: float, color: str, symbol: str) -> Chart:
    """The mark on a curve where both errors are equal."""
    return marks_trace([x], [y], "EER", color, symbol=symbol, showlegend=False, hoverinfo="skip")


def guessing_line(x: Any, y: Any) -> Chart:
    """What guessing gives."""
    return line_trace(x, y, "Guessing", NEUTRAL, dash="dash", hoverinfo="skip")


def plain_layout(x: str, y: str, *, height: int) -> Chart:
    """What all charts share: legend above, transparent ground, room for labels."""
    axis = {"automargin": True, "zeroline": False, "fixedrange": True}
    return {
        "height": height,
        "margin": {"l": 8, "r": 20, "t": 12, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": axis | {"title": {"text": x, "standoff": 10}},
        "yaxis": axis | {"title": {"text": y, "standoff": 8}},
    }


def six_digits(values: Any) -> list[float]:
    """The values with 6 significant digits: more would only make the page larger."""
    return [float(f"{value:.6g}") for value in np.asarray(values, dtype=np.float64)]
