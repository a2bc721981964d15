"""The EER within a session and across two, and of clips so many days apart: a chart, and rows of tables."""

from collections.abc import Iterator
from typing import Any

from amber_id.notation import interval, percent
from amber_id.report.drawing.intervals import interval_bars
from amber_id.report.drawing.palette import CELL_STYLES
from amber_id.report.drawing.plotly_chart import Chart, guessing_line, line_trace, plain_layout, six_digits
from amber_id.report.drawing.tables import spread
from amber_id.results.sessions import SessionFigures, SessionsResult

_FEWEST = 2  # known bins of a cell, for a chart


def days_chart(sessions: SessionsResult | None) -> dict[str, Chart]:
    """The chart, by its name, where a cell has the EER of two numbers of days or more."""
    if sessions is None:
        return {}
    known = {
        letters: [(place, each) for place, each in enumerate(cell.days) if each.eer is not None]
        for letters, cell in sessions.cells.items()
    }
    known = {letters: points for letters, points in known.items() if len(points) >= _FEWEST}
    if not known:
        return {}
    data, highest = [], 0.6
    for letters, points in known.items():
        eers = [each.eer for _, each in points if each.eer is not None]
        style = CELL_STYLES[letters]
        highest = max(highest, *(eer.high + 0.02 for eer in eers))
        trace = line_trace(
            [float(place) for place, _ in points], [eer.value for eer in eers], letters, style.color,
            dash=style.dash, mode="lines+markers",
            customdata=[
                [each.words, percent(eer.value), interval(eer)]
                for (_, each), eer in zip(points, eers, strict=True)
            ],
            hovertemplate=f"{letters}, %{{customdata[0]}} days<br>EER %{{customdata[1]}} %{{customdata[2]}}"
            "<extra></extra>",
        )  # fmt: skip
        trace["marker"] = {"size": 9, "color": style.color, "symbol": style.symbol}
        trace["error_y"] = interval_bars(eers, style.color)
        data.append(trace)
    names = [each.words for each in next(iter(sessions.cells.values())).days]
    ends = [-0.4, len(names) - 0.6]
    data.insert(0, guessing_line(ends, [0.5, 0.5]))
    layout = plain_layout("Days between the two clips", "EER", height=320)
    layout["xaxis"] |= {"range": ends, "tickvals": list(range(len(names))), "ticktext": names}
    layout["yaxis"] |= {"range": six_digits([0, min(1.0, highest)]), "tickformat": ".0%"}
    return {"days": {"data": data, "layout": layout}}


def session_figures_of(sessions: SessionsResult | None) -> Iterator[tuple[str, str, SessionFigures]]:
    """The letters of each cell with its figures, without a view, and then with those of each of its views."""
    if sessions is None:
        return
    for letters, cell in sessions.cells.items():
        yield letters, "", cell
        for view, figures in sessions.views.get(letters, {}).items():
            yield letters, view, figures


def session_table(sessions: SessionsResult | None) -> list[dict[str, Any]]:
    """A row for each cell and each view of it: within a session, across two, and the difference."""
    return [
        {
            "cell": letters, "view": view, "people": figures.people,
            **spread("eer_within", figures.compared.within),
            **spread("eer_across", figures.compared.across),
            **spread("across_less_within", figures.compared.less),
        }
        for letters, view, figures in session_figures_of(sessions)
        if figures.compared is not None
    ]  # fmt: skip


def days_table(sessions: SessionsResult | None) -> list[dict[str, Any]]:
    """A row for each cell and each number of days of which the EER is known."""
    return [
        {"cell": letters, "first_day": each.first, "last_day": each.last, "people": each.people}
        | spread("eer", each.eer)
        for letters, cell in ({} if sessions is None else sessions.cells).items()
        for each in cell.days
        if each.eer is not None
    ]
