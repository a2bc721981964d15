"""The EER against the expression that is kept: its points, and the chart of the page."""

from amber_id.notation import percent_and_interval
from amber_id.report.drawing.intervals import interval_bars
from amber_id.report.drawing.palette import CELL_STYLES, NEUTRAL
from amber_id.report.drawing.plotly_chart import Chart, guessing_line, marks_trace, plain_layout, six_digits
from amber_id.results import Rate, StudyResults


def tradeoff_chart(results: StudyResults) -> Chart:
    """EER over expression kept, of originals, anonymised clips and simple anonymisers, which are numbered."""
    data = [guessing_line([0, 1.05], [0.5, 0.5])]
    points, own = tradeoff(results), {"Originals": "OOO", "Anonymised": "AAA"}
    for number, (name, (expression, eer)) in enumerate(points.items(), start=1 - len(own)):
        if name in own:
            style = CELL_STYLES[own[name]]
            data.append(_tradeoff_point(f"{name} ({own[name]})", expression, eer, style.color, style.symbol))
        else:
            trace = _tradeoff_point(f"{number} {name}", expression, eer, NEUTRAL, "circle")
            trace["marker"]["size"] = 7
            data.append(trace | {"mode": "markers+text", "text": [f"{number}"], "textposition": "top left"})
    lows = [1.0, *(expression.low for expression, _ in points.values() if expression is not None)]
    highs = [0.6, *(eer.high + 0.02 for _, eer in points.values())]
    layout = plain_layout("Expression kept", "EER", height=380)
    layout["xaxis"] |= {"range": six_digits([min(0.5, *lows) - 0.03, 1.06])}
    layout["yaxis"] |= {"range": six_digits([0, min(1.0, max(highs))]), "tickformat": ".0%"}
    return {"data": data, "layout": layout}


def _tradeoff_point(name: str, expression: Rate | None, eer: Rate, color: str, symbol: str) -> Chart:
    x = 1.0 if expression is None else expression.value
    trace = marks_trace(
        [x], [eer.value], name, color, symbol=symbol, size=13, error_y=interval_bars([eer], color),
        hovertemplate=f"{name}<br>expression kept {x:.2f}<br>EER {percent_and_interval(eer)}<extra></extra>",
    )  # fmt: skip
    return trace if expression is None else trace | {"error_x": interval_bars([expression], color)}


def tradeoff(results: StudyResults) -> dict[str, tuple[Rate | None, Rate]]:
    """Expression kept, and EER by `moments`, of originals, anonymised clips and simple anonymisers.

    Originals keep all, without an interval. Empty where a figure of the study's own clips is missing.
    """
    utility, views = results.utility, results.views
    if utility is None or utility.expression is None or not {"OOO", "AAA"} <= set(views):
        return {}
    own: dict[str, tuple[Rate | None, Rate]] = {
        "Originals": (None, views["OOO"]["all"].eer),
        "Anonymised": (utility.expression, views["AAA"]["all"].eer),
    }
    simple = {name: (each.expression, each.eer) for name, each in results.references.items()}
    return own | {name: both for name, both in simple.items() if both[0] is not None}
