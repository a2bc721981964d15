"""Privacy against utility of several defences: chart of the page, figure for a paper, rows of the table.

Conventions
-----------
Every point has its number, as in the table. Points that no other dominates are filled and joined by a line in
the order of their utility; dominated ones are grey. The undefended clips and the defence that differences are
taken from have marks of their own. Better is further up and further to the right.
"""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from amber_id.notation import interval, percent, percent_and_interval
from amber_id.report.drawing.intervals import interval_bars
from amber_id.report.drawing.palette import CELL_STYLES, MATED, NEUTRAL, NONMATED
from amber_id.report.drawing.paper import guessing, sized
from amber_id.report.drawing.plotly_chart import (
    Chart,
    guessing_line,
    line_trace,
    marks_trace,
    plain_layout,
    six_digits,
)
from amber_id.report.drawing.tables import spread
from amber_id.results.frontier import FrontierPoint, FrontierResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_UNDEFENDED, _REFERENCE, _OPEN, _DOMINATED = "Undefended", "Reference", "Not dominated", "Dominated"
_LOOKS = {  # colour, plotly symbol, matplotlib marker
    _UNDEFENDED: (CELL_STYLES["OOO"].color, "square", "s"),
    _REFERENCE: (NONMATED, "diamond", "D"),
    _OPEN: (MATED, "triangle-up", "^"),
    _DOMINATED: (NEUTRAL, "circle", "o"),
}
_JOINED = "Not dominated, in the order of utility"


def frontier_chart(results: FrontierResults) -> Chart:
    """EER over the one number of utility, a mark with both intervals for each point."""
    left, low, top = _ends(results)
    data = [guessing_line([left, 1.05], [0.5, 0.5])]
    joined = _joined(results)
    data.append(
        line_trace(
            [each.utility.number.value for each in joined], [each.eer.value for each in joined], _JOINED,
            MATED, dash="dot", width=2, hoverinfo="skip",
        )
    )  # fmt: skip
    for kind, of_kind in _kinds(results).items():
        if of_kind:
            data.append(_marked(kind, of_kind))
    layout = plain_layout("Utility: 1 where nothing is changed", "EER of the strongest attacker", height=460)
    layout["xaxis"] |= {"range": six_digits([left, 1.03])}
    layout["yaxis"] |= {"range": six_digits([low, top]), "tickformat": ".0%"}
    return {"data": data, "layout": layout}


def draw_frontier(figure: "Figure", results: FrontierResults) -> "Figure":
    """Draw the chart for a paper, with the names of the points below."""
    sized(figure, 6.6, 6.2 + 0.18 * len(results.points))
    axes = figure.subplots()
    left, low, top = _ends(results)
    guessing(axes, [left, 1.03], [50, 50])
    joined = _joined(results)
    axes.plot(
        [each.utility.number.value for each in joined], [100 * each.eer.value for each in joined],
        color=MATED, linestyle=":", linewidth=1.4,
    )  # fmt: skip
    for kind, of_kind in _kinds(results).items():
        color, _, marker = _LOOKS[kind]
        for number, each in of_kind:
            x, y = each.utility.number, each.eer
            axes.errorbar(
                [x.value], [100 * y.value], xerr=[[x.value - x.low], [x.high - x.value]],
                yerr=[[100 * (y.value - y.low)], [100 * (y.high - y.value)]], color=color, marker=marker,
                markersize=7, linewidth=1, capsize=2, linestyle="",
                label=f"{number} {each.name} ({kind.lower()}), EER {percent(y.value)} {interval(y)}",
            )  # fmt: skip
            axes.annotate(
                str(number), (x.value, 100 * y.value), xytext=(5, 5), textcoords="offset points", fontsize=9
            )
    axes.set(xlim=(left, 1.03), ylim=(100 * low, 100 * top))
    axes.set(xlabel="Utility: 1 where nothing is changed", ylabel="EER of the strongest attacker (%)")
    axes.set_title("Privacy against utility", pad=10)
    figure.legend(loc="outside lower left", ncols=1)
    return figure


def frontier_rows(results: FrontierResults) -> list[dict[str, Any]]:
    """A row for each point, with all its figures; a measure that a point lacks is empty."""
    names = {name: None for each in results.points for name in each.utility.measured}
    kinds = {kind: None for each in results.points for kind in each.utility.recall}
    parts = {name: None for each in results.points for name in each.utility.parts}
    rows = []
    for number, each in enumerate(results.points, start=1):
        several, uninformed = each.several_clips, each.uninformed
        row: dict[str, Any] = {"number": number, "point": each.name, "attacker": each.attacker}
        row |= spread("eer", each.eer) | spread("eer_less_undefended", each.eer_less_undefended)
        row |= spread("eer_less_reference", each.eer_less_reference) | spread("linkability", each.linkability)
        row |= {"clips_a_side": several and several.clips}
        row |= spread("eer_of_clips_a_side", several and several.eer)
        row |= spread("eer_uninformed", uninformed and uninformed.linking)
        row |= spread("eer_uninformed_originals", uninformed and uninformed.originals)
        row |= spread("utility", each.utility.number)
        row |= spread("utility_less_reference", each.utility_less_reference)
        row |= {f"part_{name}": each.utility.parts.get(name) for name in parts}
        for name in names:
            row |= spread(name.replace(" ", "_"), each.utility.measured.get(name))
        row |= {f"recall_{kind.replace(' ', '_')}": each.utility.recall.get(kind) for kind in kinds}
        row |= spread("taken_for_donor", each.framing and each.framing.rank1)
        row |= {
            "taken_for_donor_by_chance": each.framing and each.framing.rank1 and each.framing.rank1.chance
        }
        row |= {
            "limits_held": not each.limits_missed,
            "dominated": bool(each.dominated_by),
            "clearly_dominated": each.clearly_dominated,
        }
        rows.append(row)
    return rows


def _kinds(results: FrontierResults) -> dict[str, list[tuple[int, FrontierPoint]]]:
    """The points of each kind, with their numbers."""
    kinds: dict[str, list[tuple[int, FrontierPoint]]] = {kind: [] for kind in _LOOKS}
    for number, each in enumerate(results.points, start=1):
        if each.undefended:
            kind = _UNDEFENDED
        elif each.name == results.reference:
            kind = _REFERENCE
        else:
            kind = _DOMINATED if each.dominated_by else _OPEN
        kinds[kind].append((number, each))
    return kinds


def _joined(results: FrontierResults) -> list[FrontierPoint]:
    open_points = [each for each in results.points if not each.dominated_by]
    return sorted(open_points, key=lambda each: each.utility.number.value)


def _marked(kind: str, points: Sequence[tuple[int, FrontierPoint]]) -> Chart:
    color, symbol, _ = _LOOKS[kind]
    utilities, eers = [each.utility.number for _, each in points], [each.eer for _, each in points]
    name = kind if len(points) > 1 else f"{kind}: {html.escape(points[0][1].name)}"
    trace = marks_trace(
        [each.value for each in utilities], [each.value for each in eers], name, color,
        symbol=symbol, size=12, error_y=interval_bars(eers, color), error_x=interval_bars(utilities, color),
        customdata=[
            [html.escape(each.name), percent_and_interval(each.eer), f"{each.utility.number.value:.3f}"]
            for _, each in points
        ],
        hovertemplate="%{customdata[0]}<br>EER %{customdata[1]}<br>utility %{customdata[2]}<extra></extra>",
    )  # fmt: skip
    return trace | {
        "mode": "markers+text", "text": [f"{number}" for number, _ in points], "textposition": "top right",
    }  # fmt: skip


def _ends(results: FrontierResults) -> tuple[float, float, float]:
    """The lowest utility, the lowest EER and the highest EER that are drawn."""
    lowest = min(each.utility.number.low for each in results.points)
    highest = max(each.eer.high for each in results.points)
    least = min(each.eer.low for each in results.points)
    return min(0.9, lowest) - 0.03, max(0.0, least - 0.05), max(0.55, min(1.0, highest + 0.03))
