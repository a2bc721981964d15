"""The map of the embeddings: its points, the chart of the page, and the figure for a paper.

Conventions
-----------
People appear by pseudonym. A map has at most `MAP_CLIPS` clips, however many were measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from amber_id.report.drawing.captions import mapped_attacker, title_of
from amber_id.report.drawing.palette import person_style
from amber_id.report.drawing.paper import panels_of, sized
from amber_id.report.drawing.plotly_chart import Chart, marks_trace, plain_layout
from amber_id.report.drawing.pseudonyms import subject_names
from amber_id.results import EvaluationArrays, EvaluationResults

if TYPE_CHECKING:
    import matplotlib.figure

_NAMES_PER_ROW = 8
MAP_CLIPS = 4000


@dataclass(frozen=True, eq=False)
class FoldMap:
    """The embedding map of one fold: clips of each person, by pseudonym."""

    fold: int
    clips: int  # of the fold; those in `people` may be fewer
    people: dict[str, Float[np.ndarray, "_ 2"]]


def map_chart(fold_map: FoldMap) -> Chart:
    """The embedding map of one fold.

    A click in the legend hides a person, a double click shows only that person.
    """
    data = []
    for number, (name, places) in enumerate(fold_map.people.items()):
        color, symbol, _ = person_style(number)
        data.append(marks_trace(
            places[:, 0], places[:, 1], name, color, symbol=symbol, size=7,
            marker={"opacity": 0.9, "line": {"width": 0.5, "color": "#ffffff"}},
            hovertemplate=f"{name}, fold {fold_map.fold}<extra></extra>",
        ))  # fmt: skip
    layout = plain_layout("t-SNE 1 (no unit)", "t-SNE 2 (no unit)", height=440 + 4 * len(fold_map.people))
    layout["legend"] = {
        "orientation": "h", "y": -0.14, "yanchor": "top", "x": 0, "itemsizing": "constant",
        "font": {"size": 11}, "entrywidth": 7 * max(len(name) for name in fold_map.people) + 4,
    }  # fmt: skip
    layout["showlegend"] = True
    for axis in ("xaxis", "yaxis"):
        layout[axis] |= {"showticklabels": False, "ticks": "", "fixedrange": False}
    return {"data": data, "layout": layout}


def draw_maps(
    figure: "matplotlib.figure.Figure", maps: list[FoldMap], results: EvaluationResults
) -> "matplotlib.figure.Figure":
    """One t-SNE panel per fold, with the legend of its people below it."""
    titles = {f"Fold {each.fold}: {len(each.people)} people, {each.clips:,} clips": each for each in maps}
    title = title_of(
        results, f"Embeddings of {results.counts.clips:,} test clips by {mapped_attacker(results)}"
    )
    return draw_map_panels(
        figure, titles, f"{title}\nt-SNE: near means alike; distances between groups mean nothing"
    )


def draw_map_panels(
    figure: "matplotlib.figure.Figure", maps: Mapping[str, FoldMap], title: str
) -> "matplotlib.figure.Figure":
    """A panel for each map under its own title, with the legend of its people below it."""
    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    legend_rows = -(-max(len(each.people) for each in maps.values()) // _NAMES_PER_ROW)
    sized(figure, max(5.2 * columns, 6.0), rows * (4.9 + 0.22 * legend_rows) + 0.7, hspace=0.0, wspace=0.0)
    figure.suptitle(title, x=0.01, ha="left")
    panels = panels_of(figure, len(maps), columns)
    for axes, (heading, fold_map) in zip(panels, maps.items(), strict=True):
        _map(figure, axes, fold_map, heading)
    return figure


def _map(
    figure: "matplotlib.figure.Figure", axes: "matplotlib.axes.Axes", fold_map: FoldMap, title: str
) -> None:
    from matplotlib.transforms import ScaledTranslation

    for number, (name, places) in enumerate(fold_map.people.items()):
        color, _, marker = person_style(number)
        axes.scatter(
            places[:, 0], places[:, 1], s=22, color=color, marker=marker, alpha=0.85,
            edgecolors="white", linewidths=0.4, label=name,
        )  # fmt: skip
    axes.set(title=title, xlabel="t-SNE 1 (no unit)", ylabel="t-SNE 2 (no unit)", box_aspect=1)
    axes.set(xticklabels=[], yticklabels=[])
    axes.tick_params(length=0)
    below = axes.transAxes + ScaledTranslation(0, -0.42, figure.dpi_scale_trans)
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, ncols=_NAMES_PER_ROW, fontsize=8,
        handletextpad=0.1, columnspacing=0.8, borderpad=0,
    )  # fmt: skip


def fold_maps(results: EvaluationResults, arrays: EvaluationArrays) -> list[FoldMap]:
    """One map per fold, people in the order of their pseudonyms.

    Of more than `MAP_CLIPS` clips, every k-th of each person is kept.
    """
    return maps_of(arrays, subject_names(results))


def maps_of(arrays: EvaluationArrays, names: Mapping[str, str]) -> list[FoldMap]:
    """One map per fold, with people under these `names`."""
    step = -(-len(arrays.subject) // MAP_CLIPS)
    maps = []
    for fold in np.unique(arrays.fold):
        of_fold = arrays.fold == fold
        people = {
            names[arrays.subjects[subject]]: arrays.tsne[of_fold & (arrays.subject == subject)][::step]
            for subject in np.unique(arrays.subject[of_fold])
        }
        maps.append(FoldMap(int(fold), int(np.count_nonzero(of_fold)), dict(sorted(people.items()))))
    return maps
