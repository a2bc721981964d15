"""Rates of several rows with their intervals, as a chart of the page; other figures are made of it.

Conventions
-----------
An interval is a bar through its mark. Colours and marks are those of `palette`, so that charts can be told in
black and white.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amber_id.notation import Interval, interval, percent
from amber_id.report.drawing.palette import CellStyle
from amber_id.report.drawing.plotly_chart import Chart, guessing_line, marks_trace, plain_layout, six_digits
from amber_id.results import Rate


@dataclass(frozen=True)
class Marks:
    """Rates of some rows under one mark."""

    name: str
    style: CellStyle
    rates: Mapping[str, Rate]  # by row


def intervals_chart(marks: Sequence[Marks], rows: Sequence[str], title: str, *, apart: bool = True) -> Chart:
    """Rates with their intervals, a row each; with `apart`, marks of one row lie below each other."""
    highest = max(rate.high for each in marks for rate in each.rates.values())
    end = 0.62 if highest <= 0.62 else 1.0
    data = [guessing_line([0.5, 0.5], [-0.5, len(rows) - 0.5])]
    for number, each in enumerate(marks):
        shift = 0.3 * (number - (len(marks) - 1) / 2) if apart else 0.0
        known = [(place + shift, row, each.rates[row]) for place, row in enumerate(rows) if row in each.rates]
        data.append(_marked(each, known))
    row_height = 26 + (18 * (len(marks) - 1) if apart else 0)
    layout = plain_layout(title, "", height=70 + row_height * len(rows))
    layout["xaxis"] |= {"range": [-0.01, end], "tickformat": ".0%"}
    layout["yaxis"] |= {
        "range": [len(rows) - 0.5, -0.5], "showgrid": False,
        "tickvals": list(range(len(rows))), "ticktext": list(rows),
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _marked(marks: Marks, known: Sequence[tuple[float, str, Rate]]) -> Chart:
    rates = [rate for _, _, rate in known]
    return marks_trace(
        [rate.value for rate in rates], [place for place, _, _ in known], marks.name, marks.style.color,
        symbol=marks.style.symbol, size=12, error_x=interval_bars(rates, marks.style.color),
        customdata=[[row, percent(rate.value), interval(rate)] for _, row, rate in known],
        hovertemplate=f"{marks.name}, %{{customdata[0]}}<br>EER %{{customdata[1]}} %{{customdata[2]}}"
        "<extra></extra>",
    )  # fmt: skip


def interval_bars(rates: Sequence[Interval], color: str) -> dict[str, Any]:
    """The intervals of rates as the error bars of plotly.js."""
    return {
        "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": color,
        "array": six_digits([rate.high - rate.value for rate in rates]),
        "arrayminus": six_digits([rate.value - rate.low for rate in rates]),
    }  # fmt: skip
