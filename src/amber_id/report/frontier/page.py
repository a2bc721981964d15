"""Several defences on one page, ``frontier.html``, with their figure and table beside it.

Conventions
-----------
The page is one file that opens from disk and asks no network for anything; `self_contained` says how. Every
text is escaped, and no person is named. Equal input gives equal bytes, under the same versions.
"""

from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.notation import number, plural
from amber_id.report.drawing.figure_files import draw_files
from amber_id.report.drawing.frontier import draw_frontier, frontier_chart, frontier_rows
from amber_id.report.drawing.plotly_chart import legend_of
from amber_id.report.drawing.tables import as_csv
from amber_id.report.self_contained import render_with_charts
from amber_id.results.frontier import FrontierPoint, FrontierResults

MEASURES = (  # of `UtilityNumber.measured`: name, heading, unit
    ("correlation", "Correlation", ""),
    ("amplitude", "Amplitude", ""),
    ("smoothness", "Jitter", ""),
    ("resting face", "Resting face moved", "coefficient"),
    ("head error", "Head error", "degrees"),
    ("resting head", "Resting head moved", "degrees"),
)
_PARTS = {"face": "Face", "head": "Head", "smoothness": "Smoothness", "events": "Events"}


def write_frontier_report(results: FrontierResults, folder: Path) -> Path:
    """Write ``frontier.html``, ``frontier.csv`` and ``figures/`` into a folder; returns the page's path.

    Raises
    ------
    MissingDependencyError
        If jinja2, plotly or matplotlib is not installed.
    """
    page = _render(results)
    write_text_atomically(folder / "frontier.csv", as_csv(frontier_rows(results)))
    draw_files({"frontier": lambda figure: draw_frontier(figure, results)}, folder / "figures")
    path = folder / "frontier.html"
    write_text_atomically(path, page)
    return path


def _render(results: FrontierResults) -> str:
    chart = frontier_chart(results)
    points = results.points
    several = [each.several_clips for each in points if each.several_clips is not None]
    content: dict[str, Any] = {
        "results": results,
        "points": points,
        "defences": len(points) - 1,
        "charts": {"frontier": chart},
        "legend_entries": legend_of(chart),
        "framed": [each for each in points if each.framing is not None],
        "clips_a_side": several[0].clips if several else None,
        "parts": {
            name: heading
            for name, heading in _PARTS.items()
            if any(name in each.utility.parts for each in points)
        },
        "measures": [each for each in MEASURES if any(each[0] in point.utility.measured for point in points)],
        "kinds": list(points[0].utility.recall),
        "waits": {each.name: _waits(each) for each in points},
        "numbers": {each.name: place for place, each in enumerate(points, start=1)},
        "models": sorted({s.model_sha256 for each in points for s in each.steps if s.model_sha256}),
        "limits_held": results.config["limits"],
        "synthetic": results.provenance.synthetic,
    }
    return render_with_charts(
        "frontier/page.html",
        content,
        styles=["study/page.css", "frontier/page.css"],
        filters={"number_to": lambda value, digits: f"{value:.{digits}f}", "sign": _signed},
    )


def _waits(point: FrontierPoint) -> str:
    """How long one has to wait for a frame, in words."""
    if not all(step.causal for step in point.steps):
        return "needs the whole clip"
    delay = sum(step.delay_frames for step in point.steps)
    return f"frame by frame, delay {plural(delay, 'frame', 'frames')}" if delay else "frame by frame"


def _signed(value: float) -> str:
    """A difference of utilities with its sign."""
    return ("+" if value > 0 else "") + number(value)
