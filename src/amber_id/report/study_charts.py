"""The charts of a study's page, as plotly.js reads them; `charts` says how a chart is made.

Conventions
-----------
Every cell of the threat matrix has a colour, a line and a mark of its own (`palette`), so that charts can be
told in black and white. An interval is a bar through its mark.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from amber_id.report.charts import Chart, distributions_chart, line_trace, plain_layout, six_digits
from amber_id.report.palette import CELL_STYLES, MATED, NEUTRAL, CellStyle
from amber_id.report.study_summary import VIEWS, DetLine, probit_axis, shown_eer, tradeoff
from amber_id.report.summary import ScoreBins
from amber_id.report.wording import interval, percent
from amber_id.results import CellResult, CurvePoint, Rate, StudyResults


@dataclass(frozen=True)
class Marks:
    """Rates of some rows under one mark."""

    name: str
    style: CellStyle
    rates: Mapping[str, Rate]  # by row


def eers_chart(results: StudyResults) -> Chart:
    """The EER of every cell on one axis."""
    marks = [
        Marks(letters, CELL_STYLES[letters], {letters: shown_eer(cell)})
        for letters, cell in results.cells.items()
    ]
    return intervals_chart(marks, tuple(results.cells), "Equal error rate, EER", apart=False)


def views_chart(results: StudyResults) -> Chart:
    """The EER of `moments` in every view, where one condition is known."""
    marks = [
        Marks(letters, CELL_STYLES[letters], {view: found.eer for view, found in views.items()})
        for letters, views in results.views.items()
    ]
    return intervals_chart(marks, VIEWS, "Equal error rate, EER, of moments")


CURVES = {
    "people": "People learnt from, by moments",
    "seconds": "Seconds seen of a test clip, by moments",
    "clips": "Clips of a person on either side, by the strongest attacker",
}
_PLANTED = "Spread of planted habits, by moments"


def curves_charts(results: StudyResults) -> dict[str, Chart]:
    """The EER against how much there is of something; those that have a second point in some cell."""
    curves = {
        kind: (title, {letters: getattr(each, kind) for letters, each in results.curves.items()})
        for kind, title in CURVES.items()
    }
    planted = {letters: each.points for letters, each in results.sensitivity.items()}
    curves["planted"] = (_PLANTED, planted)
    return {
        f"curve-{kind}": _curve_chart(points, title)
        for kind, (title, points) in curves.items()
        if any(len(each) > 1 for each in points.values())
    }


def _curve_chart(points: Mapping[str, Sequence[CurvePoint]], title: str) -> Chart:
    data, highest, xs = [], 0.6, {point.x for each in points.values() for point in each}
    for letters, each in points.items():
        if not each:
            continue
        style = CELL_STYLES[letters]
        highest = max(highest, *(point.eer.high + 0.02 for point in each))
        trace = line_trace(
            [point.x for point in each], [point.eer.value for point in each], letters, style.color,
            dash=style.dash, mode="lines+markers",
            customdata=[[percent(point.eer.value), interval(point.eer)] for point in each],
            hovertemplate=f"{letters}, %{{x:g}}<br>EER %{{customdata[0]}} %{{customdata[1]}}<extra></extra>",
        )  # fmt: skip
        trace["marker"] = {"size": 9, "color": style.color, "symbol": style.symbol}
        trace["error_y"] = _bars([point.eer for point in each], style.color)
        data.append(trace)
    margin = 0.06 * (max(xs) - min(xs)) or 1.0
    ends = [min(xs) - margin, max(xs) + margin]
    data.insert(0, line_trace(ends, [0.5, 0.5], "Guessing", NEUTRAL, dash="dash", hoverinfo="skip"))
    layout = plain_layout(title, "EER", height=320)
    layout["xaxis"] |= {"range": six_digits(ends), "tickvals": six_digits(sorted(xs))}
    layout["yaxis"] |= {"range": six_digits([0, min(1.0, highest)]), "tickformat": ".0%"}
    return {"data": data, "layout": layout}


def intervals_chart(marks: Sequence[Marks], rows: Sequence[str], title: str, *, apart: bool = True) -> Chart:
    """Rates with their intervals, a row each; with `apart`, marks of one row lie below each other."""
    highest = max(rate.high for each in marks for rate in each.rates.values())
    end = 0.62 if highest <= 0.62 else 1.0
    data = [
        line_trace(
            [0.5, 0.5],
            [-0.5, len(rows) - 0.5],
            "Guessing",
            NEUTRAL,
            dash="dash",
            hoverinfo="skip",
        )
    ]
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
    return {
        "type": "scatter", "mode": "markers", "name": marks.name,
        "x": six_digits([rate.value for rate in rates]), "y": six_digits([place for place, _, _ in known]),
        "marker": {"size": 12, "color": marks.style.color, "symbol": marks.style.symbol},
        "error_x": _bars(rates, marks.style.color),
        "customdata": [[row, percent(rate.value), interval(rate)] for _, row, rate in known],
        "hovertemplate": f"{marks.name}, %{{customdata[0]}}<br>EER %{{customdata[1]}} %{{customdata[2]}}"
        "<extra></extra>",
    }  # fmt: skip


def _bars(rates: Sequence[Rate], color: str) -> dict[str, Any]:
    return {
        "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": color,
        "array": six_digits([rate.high - rate.value for rate in rates]),
        "arrayminus": six_digits([rate.value - rate.low for rate in rates]),
    }  # fmt: skip


def det_chart(lines: Sequence[DetLine]) -> Chart:
    """FNMR over FMR on probit axes, with the guesser's line; a mark where both are equal."""
    axis = probit_axis(lines)
    low, high = axis.ends
    guess = np.linspace(low, high, 30)
    data = [line_trace(guess, -guess, "Guessing", NEUTRAL, dash="dash", hoverinfo="skip")]
    for each in lines:
        style, curve, eer = each.style, each.curve, each.eer.value
        said = [[percent(a), percent(b)] for a, b in zip(ndtr(curve.fmr), ndtr(curve.fnmr), strict=True)]
        line = line_trace(
            curve.fmr, curve.fnmr, f"{html.escape(each.name)}, EER {percent(eer)}", style.color,
            dash=style.dash, width=style.width, customdata=said,
            hovertemplate="FMR %{customdata[0]}<br>FNMR %{customdata[1]}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
        data += [line, _at_eer(eer, style)] if low < ndtri(eer) < high else [line]
    layout = plain_layout("False match rate, FMR", "False non-match rate, FNMR", height=520)
    for name in ("xaxis", "yaxis"):
        layout[name] |= {
            "range": six_digits([low - 0.05, high + 0.05]),
            "tickvals": six_digits(axis.places),
            "ticktext": [f"{100 * tick:g}%" for tick in axis.ticks],
        }
    return {"data": data, "layout": layout}


def _at_eer(eer: float, style: CellStyle) -> Chart:
    place = six_digits([ndtri(eer)])
    return {
        "type": "scatter", "mode": "markers", "x": place, "y": place,
        "showlegend": False, "hoverinfo": "skip",
        "marker": {"size": 10, "color": style.color, "symbol": style.symbol},
    }  # fmt: skip


def cell_distributions_chart(bins: ScoreBins, cell: CellResult) -> Chart:
    """Both histograms of one cell; mated ones are hatched, to be told in black and white."""
    chart = distributions_chart(bins, cell, height=280)
    for trace in chart["data"]:
        if trace.get("marker", {}).get("color") == MATED:
            trace["marker"]["pattern"] = {"shape": "/", "size": 6, "solidity": 0.35}
    return chart


def tradeoff_chart(results: StudyResults) -> Chart:
    """EER over expression kept, of originals, anonymised clips and simple anonymisers, which are numbered."""
    data = [line_trace([0, 1.05], [0.5, 0.5], "Guessing", NEUTRAL, dash="dash", hoverinfo="skip")]
    points, own = tradeoff(results), {"Originals": "OOO", "Anonymised": "AAA"}
    for number, (name, (kept, eer)) in enumerate(points.items(), start=1 - len(own)):
        if name in own:
            style = CELL_STYLES[own[name]]
            data.append(_tradeoff_point(f"{name} ({own[name]})", kept, eer, style.color, style.symbol))
        else:
            trace = _tradeoff_point(f"{number} {name}", kept, eer, NEUTRAL, "circle")
            trace["marker"]["size"] = 7
            data.append(trace | {"mode": "markers+text", "text": [f"{number}"], "textposition": "top left"})
    lows = [1.0, *(kept.low for kept, _ in points.values() if kept is not None)]
    highs = [0.6, *(eer.high + 0.02 for _, eer in points.values())]
    layout = plain_layout("Expression kept", "EER", height=380)
    layout["xaxis"] |= {"range": six_digits([min(0.5, *lows) - 0.03, 1.06])}
    layout["yaxis"] |= {"range": six_digits([0, min(1.0, max(highs))]), "tickformat": ".0%"}
    return {"data": data, "layout": layout}


def _tradeoff_point(name: str, kept: Rate | None, eer: Rate, color: str, symbol: str) -> Chart:
    x = 1.0 if kept is None else kept.value
    trace: Chart = {
        "type": "scatter", "mode": "markers", "name": name,
        "x": six_digits([x]), "y": six_digits([eer.value]),
        "marker": {"size": 13, "color": color, "symbol": symbol},
        "error_y": _bars([eer], color),
        "hovertemplate": f"{name}<br>expression kept {x:.2f}<br>EER {percent(eer.value)} {interval(eer)}"
        "<extra></extra>",
    }  # fmt: skip
    return trace if kept is None else trace | {"error_x": _bars([kept], color)}
