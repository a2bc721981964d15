"""The figures of a study for a paper, and their numbers as tables; `figure_files` says how they are written.

Conventions
-----------
A drawing is given an empty figure, draws with the settings in force, and returns it.
Tables are CSV in UTF-8 with a header; rates are fractions there, percentages in the figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from amber_id.atomic_files import write_text_atomically
from amber_id.biometrics import Comparisons
from amber_id.face_mesh import mean_face
from amber_id.file_formats import table_text
from amber_id.report.figure_files import draw_files
from amber_id.report.palette import CELL_STYLES, MATED, NEUTRAL, NONMATED
from amber_id.report.study_face import largest_share, part_color, part_name
from amber_id.report.study_map import StudyMap, draw_study_maps, map_rows
from amber_id.report.study_summary import (
    DetCurve,
    DetLine,
    det_curves,
    det_lines,
    distributions,
    is_shown,
    part_shapes,
    probit_axis,
    shares,
    shown_eer,
)
from amber_id.report.summary import ScoreBins
from amber_id.report.wording import interval, percent, score_kind
from amber_id.results import StudyResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#22262c"


def write_study_figures(
    results: StudyResults,
    comparisons: Mapping[str, Comparisons],
    maps: Mapping[str, StudyMap],
    folder: Path,
) -> list[Path]:
    """Draw ``matrix``, ``det``, ``distributions``, ``map`` and ``regions`` as PNG and PDF; write each as CSV.

    Without scores there is no ``det`` and no ``distributions``, without maps or regions none of those.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    curves, bins = det_curves(comparisons), distributions(comparisons)
    drawings = {"matrix": lambda figure: draw_matrix(figure, results)}
    tables: dict[str, list[dict[str, Any]]] = {"matrix": matrix_rows(results)}
    if curves:
        lines = det_lines(curves, results)
        drawings["det"] = lambda figure: draw_det(figure, lines, mark=_mark(results))
        tables["det"] = det_rows(curves)
    if bins:
        drawings["distributions"] = lambda figure: draw_distributions(figure, bins, results)
        tables["distributions"] = distribution_rows(bins)
    if maps:
        drawings["map"] = lambda figure: draw_study_maps(figure, maps, mark=_mark(results))
        tables["map"] = map_rows(maps)
    if any(shares(regions) for regions in results.regions.values()):
        drawings["regions"] = lambda figure: draw_regions(figure, results)
        tables["regions"] = region_rows(results)
    paths = draw_files(drawings, folder)
    for name, rows in tables.items():
        paths.append(folder / f"{name}.csv")
        write_text_atomically(paths[-1], as_csv(rows))
    return paths


def draw_matrix(figure: "Figure", results: StudyResults) -> "Figure":
    """The EER of every cell with its interval, on one axis."""
    figure.set_size_inches(7.2, 1.7 + 0.42 * len(results.cells))
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    axes = figure.subplots()
    axes.axvline(50, color=NEUTRAL, linestyle="--", linewidth=1.2, label="Guessing")
    names = []
    for place, (letters, cell) in enumerate(results.cells.items()):
        rate, style = shown_eer(cell), CELL_STYLES[letters]
        axes.plot([100 * rate.low, 100 * rate.high], [place, place], color=style.color, linewidth=2)
        axes.plot([100 * rate.value], [place], color=style.color, marker=style.marker, markersize=8)
        names.append(f"{letters}\n{percent(rate.value)} {interval(rate)}")
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set(xlabel="Equal error rate, EER (%)", xlim=(0, None), ylim=(len(names) - 0.5, -0.5))
    axes.grid(visible=False, axis="y")
    axes.set_title(
        f"{_mark(results)}Each cell's strongest attacker, {results.counts.subjects} people", pad=10
    )
    figure.legend(loc="outside lower left")
    return figure


def draw_det(figure: "Figure", lines: Sequence[DetLine], *, mark: str = "", columns: int = 2) -> "Figure":
    """FNMR over FMR of all lines on one pair of probit axes; `mark` goes before the title."""
    figure.set_size_inches(6.2, 7.4)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    axes = figure.subplots()
    axis = probit_axis(lines)
    axes.plot(
        axis.ends, [-end for end in axis.ends], color=NEUTRAL, linestyle="--", linewidth=1.2, label="Guessing"
    )
    for each in lines:
        style, eer = each.style, each.eer
        axes.plot(
            each.curve.fmr, each.curve.fnmr, color=style.color, linestyle=style.linestyle,
            linewidth=style.width * 0.9, label=f"{each.name}, EER {percent(eer.value)} {interval(eer)}",
        )  # fmt: skip
        place = [ndtri(eer.value)] if 0 < eer.value < 1 else []
        axes.plot(place, place, color=style.color, marker=style.marker, markersize=7)
    names = [f"{100 * tick:g}" for tick in axis.ticks]
    axes.set_xticks(axis.places, names)
    axes.set_yticks(axis.places, names)
    reach = (axis.ends[0] - 0.05, axis.ends[1] + 0.05)
    axes.set(
        xlim=reach, ylim=reach, aspect="equal",
        xlabel="False match rate, FMR (%)", ylabel="False non-match rate, FNMR (%)",
    )  # fmt: skip
    axes.set_title(f"{mark}DET, down to an FMR of 3 / pairs of people", pad=10)
    figure.legend(loc="outside lower left", ncols=columns)
    return figure


def draw_distributions(figure: "Figure", bins: Mapping[str, ScoreBins], results: StudyResults) -> "Figure":
    """Scores of same and of different people, a panel for each cell."""
    columns = min(2, len(bins))
    rows = -(-len(bins) // columns)
    figure.set_size_inches(4.6 * columns, 2.8 * rows + 0.7)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, (letters, each) in zip(panels, bins.items(), strict=False):
        for counts, color, hatch, name in (
            (each.nonmated, NONMATED, "", "Different people (non-mated)"),
            (each.mated, MATED, "///", "Same person (mated)"),
        ):
            share = 100 * counts / counts.sum()
            axes.stairs(share, each.edges, fill=True, facecolor=color, alpha=0.25)
            axes.stairs(share, each.edges, color=color, linewidth=1.6, hatch=hatch, label=name)
        for fold in results.cells[letters].dev:
            axes.axvline(fold.threshold, color=_INK, linestyle="--", linewidth=1)
        axes.set(xlabel=f"Score ({score_kind(results.cells[letters])})", ylabel="Share (%)", ylim=(0, None))
        axes.set_title(letters)
    for axes in panels[len(bins) :]:
        axes.set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=2)
    figure.suptitle(f"{_mark(results)}Scores of each cell; dashed: thresholds from dev", x=0.01, ha="left")
    return figure


def draw_regions(figure: "Figure", results: StudyResults) -> "Figure":
    """The mean face, darker where the share of a part is larger; a face for each cell."""
    cells = {letters: regions for letters, regions in results.regions.items() if shares(regions)}
    figure.set_size_inches(4.8 * len(cells), 5.2)
    figure.set_layout_engine("constrained", h_pad=0.1, w_pad=0.12)
    largest = largest_share(results)
    for axes, (letters, regions) in zip(
        figure.subplots(1, len(cells), squeeze=False).flat, cells.items(), strict=True
    ):
        _draw_face(axes, letters, {part: regions[part].share for part in shares(regions)}, largest)
    figure.suptitle(
        f"{_mark(results)}Share of each part in 0.5 − EER (Shapley), motion alone\n"
        "hatched: the interval holds 0, not shown",
        x=0.01, ha="left",
    )  # fmt: skip
    return figure


def _draw_face(axes: "Axes", letters: str, found: Mapping[str, Any], largest: float) -> None:
    from matplotlib.collections import LineCollection

    face = mean_face()
    axes.scatter(face[:, 0], face[:, 1], s=2, color="#c4c9d0")
    for shape in part_shapes():
        if shape.name not in found:
            continue
        share = found[shape.name]
        color, hatch = part_color(share, largest), "" if is_shown(share) else "////"
        for outline in shape.outlines:
            if shape.name == "face_oval":
                axes.plot(*np.append(outline, outline[:1], axis=0).T, color=color, linewidth=7,
                          linestyle="-" if is_shown(share) else (0, (1, 0.6)))  # fmt: skip
            else:
                axes.fill(*outline.T, facecolor=color, edgecolor=_INK, linewidth=0.6, hatch=hatch)
        axes.add_collection(LineCollection(list(shape.edges), colors=_INK, linewidths=0.5))
    said = [
        f"{part_name(part)} {share.value:+.3f} [{share.low:.3f}, {share.high:.3f}]"
        f"{'' if is_shown(share) else ', not shown'}".replace("-", "−")
        for part, share in found.items()
    ]
    axes.set(aspect="equal", title=letters, xlabel="\n".join(said), xticks=[], yticks=[])
    axes.invert_yaxis()
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _mark(results: StudyResults) -> str:
    return "" if results.headline.valid else "INVALID: "


def matrix_rows(results: StudyResults) -> list[dict[str, Any]]:
    """A row for each cell: the figures of its strongest attacker, each with its interval."""
    rows = []
    for letters, cell in results.cells.items():
        row: dict[str, Any] = {
            "cell": letters, "attacker": cell.attacker.name,
            "mated": cell.counts.mated, "nonmated": cell.counts.nonmated,
            **spread("eer_within_source", cell.within_source),
        }  # fmt: skip
        for name in type(cell.metrics).model_fields:
            row |= spread(name, getattr(cell.metrics, name))
        rows.append(row | {"worst_decile_eer": cell.disclosure.worst_decile_eer})
    return rows


def det_rows(curves: Mapping[str, DetCurve]) -> list[dict[str, Any]]:
    """A row for each point that is drawn."""
    return [
        {"cell": letters, "fmr": f"{fmr:.6g}", "fnmr": f"{fnmr:.6g}"}
        for letters, curve in curves.items()
        for fmr, fnmr in zip(ndtr(curve.fmr), ndtr(curve.fnmr), strict=True)
    ]


def distribution_rows(bins: Mapping[str, ScoreBins]) -> list[dict[str, Any]]:
    """A row for each bin."""
    return [
        {"cell": letters, "low": f"{low:.6g}", "high": f"{high:.6g}", "mated": mated, "nonmated": nonmated}
        for letters, each in bins.items()
        for low, high, mated, nonmated in zip(
            each.edges[:-1], each.edges[1:], each.mated, each.nonmated, strict=True
        )
    ]


def region_rows(results: StudyResults) -> list[dict[str, Any]]:
    """A row for each region of each cell."""
    rows = []
    for letters, regions in results.regions.items():
        for region, found in regions.items():
            row = {"cell": letters, "region": region, **spread("eer_alone", found.alone)}
            row |= spread("eer_removed_less_whole", found.removed) | spread("share", found.share)
            rows.append(row)
    return rows


def spread(name: str, rate: Any) -> dict[str, float | None]:
    """A figure and both ends of its interval, in columns; empty where there is none."""
    if rate is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Rows of the same columns as CSV.

    Examples
    --------
    >>> as_csv([{"cell": "AAA", "eer": 0.25}, {"cell": "OOO", "eer": None}])
    'cell,eer\nAAA,0.25\nOOO,\n'
    """
    all_rows = list(rows)
    columns = list(all_rows[0])
    return table_text(columns, [[row[name] for name in columns] for row in all_rows])
