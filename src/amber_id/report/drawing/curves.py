"""The EER against the number of clips, their length, or planted habits: charts of the page."""

from collections.abc import Mapping, Sequence

from amber_id.notation import interval, percent
from amber_id.report.drawing.intervals import interval_bars
from amber_id.report.drawing.palette import CELL_STYLES
from amber_id.report.drawing.plotly_chart import Chart, guessing_line, line_trace, plain_layout, six_digits
from amber_id.results import CurvePoint, StudyResults

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
        trace["error_y"] = interval_bars([point.eer for point in each], style.color)
        data.append(trace)
    margin = 0.06 * (max(xs) - min(xs)) or 1.0
    ends = [min(xs) - margin, max(xs) + margin]
    data.insert(0, guessing_line(ends, [0.5, 0.5]))
    layout = plain_layout(title, "EER", height=320)
    layout["xaxis"] |= {"range": six_digits(ends), "tickvals": six_digits(sorted(xs))}
    layout["yaxis"] |= {"range": six_digits([0, min(1.0, highest)]), "tickformat": ".0%"}
    return {"data": data, "layout": layout}
