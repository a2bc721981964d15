"""Who is recognised? The map of the embeddings and the mean scores of each person, for a paper.

Conventions
-----------
Each function draws into the empty figure it is given, with the settings in force, and returns it.
People appear by pseudonym.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from amber_id.report.figures_scores import title_of
from amber_id.report.palette import MATED, NEUTRAL, NONMATED, person_style
from amber_id.report.summary import STANDING_OUT, FoldMap, SubjectRow
from amber_id.report.wording import mapped_attacker, score_kind
from amber_id.results import EvaluationResults

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

_NAMES_PER_ROW = 8
_TALLEST_IN = 12.0


def draw_maps(
    figure: "matplotlib.figure.Figure", maps: list[FoldMap], results: EvaluationResults
) -> "matplotlib.figure.Figure":
    """One t-SNE panel per fold, with the legend of its people below it."""
    titles = {f"Fold {each.fold}: {len(each.people)} people, {each.clips:,} clips": each for each in maps}
    said = title_of(
        results, f"Embeddings of {results.counts.clips:,} test clips by {mapped_attacker(results)}"
    )
    return draw_map_panels(
        figure, titles, f"{said}\nt-SNE: near means alike; distances between groups mean nothing"
    )


def draw_map_panels(
    figure: "matplotlib.figure.Figure", maps: Mapping[str, FoldMap], title: str
) -> "matplotlib.figure.Figure":
    """A panel for each map under its own title, with the legend of its people below it."""
    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    legend_rows = -(-max(len(each.people) for each in maps.values()) // _NAMES_PER_ROW)
    figure.set_size_inches(max(5.2 * columns, 6.0), rows * (4.9 + 0.22 * legend_rows) + 0.7)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12, hspace=0, wspace=0)
    figure.suptitle(title, x=0.01, ha="left")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, (said, fold_map) in zip(panels, maps.items(), strict=False):
        _map(figure, axes, fold_map, said)
    for axes in panels[len(maps) :]:
        axes.set_visible(False)
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


def draw_subjects(
    figure: "matplotlib.figure.Figure", rows: list[SubjectRow], results: EvaluationResults
) -> "matplotlib.figure.Figure":
    """Mean score of each person with itself and with others; the widest gap on top."""
    height = min(_TALLEST_IN, 2.4 + 0.24 * len(rows))
    figure.set_size_inches(7.6, height)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    axes = figure.subplots()
    places = range(len(rows))
    for place, row in zip(places, rows, strict=True):
        if row.mated is not None and row.nonmated is not None:
            stands_out = place < STANDING_OUT
            axes.plot(
                [row.nonmated, row.mated], [place, place], linewidth=4 if stands_out else 2,
                color=MATED if stands_out else NEUTRAL, alpha=0.45,
            )  # fmt: skip
    for side, color, marker, label in (
        ("nonmated", NONMATED, "s", "With other people's clips (mean non-mated score)"),
        ("mated", MATED, "o", "With the person's own clips (mean mated score)"),
    ):
        known = [(getattr(row, side), place) for place, row in zip(places, rows, strict=True)]
        drawn = [(score, place) for score, place in known if score is not None]
        axes.scatter(
            [score for score, _ in drawn], [place for _, place in drawn],
            s=34, color=color, marker=marker, label=label, zorder=3,
        )  # fmt: skip
    step = max(1, round(0.13 * len(rows) / (height - 2.0)))
    axes.set_yticks(list(places)[::step], [row.name for row in rows][::step], fontsize=9 if step == 1 else 7)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_title(title_of(results, f"{len(rows)} test people, the easiest to recognise on top"), pad=12)
    axes.set(xlabel=f"Mean score ({score_kind(results)})", ylabel="Person (pseudonym)")
    figure.legend(loc="outside lower left")
    return figure
