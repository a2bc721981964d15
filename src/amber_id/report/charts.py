"""The charts of the page, as plotly.js reads them.

Conventions
-----------
A chart is a plain dictionary of `data` and `layout`, ready for JSON: numbers have 6 digits, none is NaN.
Colours of text and grid are left to the page, which knows whether it is light or dark.
Text in a chart is markup to plotly, hence escaped.
A chart has no title and, but for the maps, no legend: the page has both, see `legend_of`.
Rates are fractions, shown as percentages.
"""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from amber_id.report.palette import MATED, NEUTRAL, NONMATED, person_style
from amber_id.report.summary import STANDING_OUT, FoldMap, RocPoints, ScoreBins, SubjectRow
from amber_id.report.wording import interval, percent, score_kind, short_percent
from amber_id.results import CellResult, DevFold, EvaluationResults, Rate

Chart = dict[str, Any]


def roc_chart(points: RocPoints, results: EvaluationResults) -> Chart:
    """The ROC with the guesser's line and the EER; hovering shows the threshold."""
    guess = np.geomspace(1e-6, 1, 60)
    rate = results.metrics.eer
    across = np.linspace(rate.low, rate.high, 30)
    thresholds = [f"{each:.4f}" if np.isfinite(each) else "above every score" for each in points.thresholds]
    data = [
        line_trace(guess, guess, "Guessing", NEUTRAL, dash="dash", hoverinfo="skip"),
        line_trace(
            points.fmr, points.tmr, f"Attacker {html.escape(results.attacker.name)}", MATED,
            customdata=thresholds,
            hovertemplate="threshold %{customdata}<br>FMR %{x:.2%}<br>TMR %{y:.2%}<extra></extra>",
        ),
        line_trace(
            across, 1 - across, f"{short_percent(rate.level)} interval of the EER", NEUTRAL,
            width=5, hoverinfo="skip",
        ),
        {
            "type": "scatter", "mode": "markers", "name": f"EER {percent(rate.value)}",
            "x": six_digits([rate.value]), "y": six_digits([1 - rate.value]),
            "marker": {"size": 10, "color": MATED, "symbol": "circle",
                       "line": {"width": 2, "color": "#ffffff"}},
            "hovertemplate": f"EER {percent(rate.value)} {interval(rate)}"
            "<extra></extra>",
        },
    ]  # fmt: skip
    layout = plain_layout("False match rate, FMR", "True match rate, TMR = 1 − FNMR", height=420)
    layout["xaxis"] |= {"range": [-0.01, 1.01], "tickformat": ".0%"}
    layout["yaxis"] |= {"range": [-0.01, 1.01], "tickformat": ".0%"}
    return {"data": data, "layout": layout}


def distributions_chart(
    bins: ScoreBins, results: EvaluationResults | CellResult, *, height: int = 420
) -> Chart:
    """Both histograms as outlines over shared bins, and the thresholds chosen on dev."""
    return histograms_chart(bins, results.dev, score_kind(results), height=height)


def histograms_chart(bins: ScoreBins, dev: Sequence[DevFold], kind: str, *, height: int) -> Chart:
    """The same of scores of a `kind`, with the thresholds of `dev`."""
    low, high = bins.edges[:-1], bins.edges[1:]
    data = []
    highest = 0.0
    for counts, name, color in (
        (bins.nonmated, "Different people (non-mated)", NONMATED),
        (bins.mated, "Same person (mated)", MATED),
    ):
        share = counts / counts.sum()
        highest = max(highest, float(share.max()))
        data.append({
            "type": "bar", "name": name, "x": six_digits((low + high) / 2), "y": six_digits(share),
            "width": bins.width, "marker": {"color": color, "opacity": 0.5, "line": {"width": 0}},
            "customdata": [
                [f"{a:.3f}", f"{b:.3f}", f"{n:,}"] for a, b, n in zip(low, high, counts, strict=True)
            ],
            "hovertemplate": "score %{customdata[0]} to %{customdata[1]}<br>"
            f"%{{y:.2%}} of {counts.sum():,}: %{{customdata[2]}} comparisons<extra>{name}</extra>",
        })  # fmt: skip
    several = len(dev) > 1
    for number, fold in enumerate(dev):
        of_fold = f", fold {fold.fold}" if several else ""
        line = line_trace(
            [fold.threshold, fold.threshold], [0, 1.06 * highest],
            "Threshold of each fold, from dev" if several else "Threshold, from dev", NEUTRAL, dash="dash",
            showlegend=number == 0,
            hovertemplate=f"threshold {fold.threshold:.4f}{of_fold}<extra></extra>",
        )  # fmt: skip
        data.append(line)
    layout = plain_layout(f"Score ({kind})", f"Share per {bins.width:.2g} of score", height=height)
    layout |= {"barmode": "overlay", "bargap": 0}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.08 * highest]}
    return {"data": data, "layout": layout}


def map_chart(fold_map: FoldMap) -> Chart:
    """The embedding map of one fold; a click in the legend hides a person, a double click shows it alone."""
    data = []
    for number, (name, places) in enumerate(fold_map.people.items()):
        color, symbol, _ = person_style(number)
        data.append({
            "type": "scatter", "mode": "markers", "name": name,
            "x": six_digits(places[:, 0]), "y": six_digits(places[:, 1]),
            "marker": {"size": 7, "color": color, "symbol": symbol, "opacity": 0.9,
                       "line": {"width": 0.5, "color": "#ffffff"}},
            "hovertemplate": f"{name}, fold {fold_map.fold}<extra></extra>",
        })  # fmt: skip
    layout = plain_layout("t-SNE 1 (no unit)", "t-SNE 2 (no unit)", height=440 + 4 * len(fold_map.people))
    layout["legend"] = {
        "orientation": "h", "y": -0.14, "yanchor": "top", "x": 0, "itemsizing": "constant",
        "font": {"size": 11}, "entrywidth": 7 * max(len(name) for name in fold_map.people) + 4,
    }  # fmt: skip
    layout["showlegend"] = True
    for axis in ("xaxis", "yaxis"):
        layout[axis] |= {"showticklabels": False, "ticks": "", "fixedrange": False}
    return {"data": data, "layout": layout}


def subjects_chart(rows: list[SubjectRow], results: EvaluationResults) -> Chart:
    """Each person's mean score with itself and with others; the widest gap on top."""
    data = []
    gaps = [row for row in rows if row.gap is not None]
    for group, color, width in ((gaps[:STANDING_OUT], MATED, 6), (gaps[STANDING_OUT:], NEUTRAL, 2)):
        places = [rows.index(row) for row in group]
        x = [value for row in group for value in (row.nonmated, row.mated, None)]
        y = [value for place in places for value in (place, place, None)]
        data.append({
            "type": "scatter", "mode": "lines", "x": x, "y": y, "showlegend": False, "opacity": 0.5,
            "line": {"color": color, "width": width}, "hoverinfo": "skip",
        })  # fmt: skip
    for side, color, symbol, name in (
        ("nonmated", NONMATED, "square", "With other people's clips (non-mated)"),
        ("mated", MATED, "circle", "With own clips (mated)"),
    ):
        known = [(place, row) for place, row in enumerate(rows) if getattr(row, side) is not None]
        data.append({
            "type": "scatter", "mode": "markers", "name": name,
            "x": six_digits([getattr(row, side) for _, row in known]), "y": [place for place, _ in known],
            "marker": {"size": 9, "color": color, "symbol": symbol},
            "customdata": [[row.name, row.fold, row.clips] for _, row in known],
            "hovertemplate": "%{customdata[0]}, fold %{customdata[1]}, %{customdata[2]} clips<br>"
            "mean score %{x:.3f}<extra></extra>",
        })  # fmt: skip
    row_height = float(np.clip(1700 / len(rows), 9, 20))
    step = int(np.ceil(13 / row_height))
    layout = plain_layout(
        f"Mean score ({score_kind(results)})", "", height=round(80 + row_height * len(rows))
    )
    layout["yaxis"] |= {
        "range": [len(rows), -1], "showgrid": False,
        "tickvals": list(range(0, len(rows), step)), "ticktext": [row.name for row in rows][::step],
    }  # fmt: skip
    return {"data": data, "layout": layout}


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
