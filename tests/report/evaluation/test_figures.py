import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from amber_id import report
from amber_id.errors import MissingDependencyError
from amber_id.report import write_figures
from amber_id.report.drawing.distributions import draw_distributions, score_bins
from amber_id.report.drawing.maps import draw_maps, fold_maps
from amber_id.report.drawing.people import draw_subjects, subject_rows
from amber_id.report.drawing.roc import draw_roc, roc_points
from amber_id.report.evaluation.checked import compared

NAMES = ["roc", "score_distributions", "tsne", "subjects"]


@pytest.fixture(scope="module")
def written(evaluation: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_figures(*evaluation, tmp_path_factory.mktemp("evaluation") / "figures")


def test_each_figure_comes_as_png_and_pdf(written: list[Path]) -> None:
    assert [path.name for path in written] == [f"{name}.{end}" for name in NAMES for end in ("png", "pdf")]
    for path in written:
        assert path.read_bytes().startswith({".png": b"\x89PNG", ".pdf": b"%PDF-"}[path.suffix])


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_drawn_and_nothing_touches_its_edge(written: list[Path], name: str) -> None:
    pixels = imread(next(path for path in written if path.name == f"{name}.png"))[..., :3]
    inked = (pixels < 0.95).any(axis=-1)
    assert 0.01 < inked.mean() < 0.5
    for edge in (inked[:3], inked[-3:], inked[:, :3], inked[:, -3:]):
        assert not edge.any()
    colours = {tuple(colour) for colour in (255 * pixels[inked]).round().astype(int)}
    assert len(colours) > 50


def test_equal_input_gives_equal_bytes_without_a_date_whatever_the_caller_has_set(
    evaluation: Any, written: list[Path], tmp_path: Path
) -> None:
    with mpl.rc_context({"axes.grid": False, "savefig.dpi": 20, "xtick.direction": "in"}):
        again = write_figures(*evaluation, tmp_path)
        assert (mpl.rcParams["axes.grid"], mpl.rcParams["savefig.dpi"]) == (False, 20)
    for first, second in zip(written, again, strict=True):
        assert first.read_bytes() == second.read_bytes(), second.name
        assert b"Date" not in first.read_bytes()
        assert b"matplotlib.org" not in first.read_bytes()


def test_no_state_is_shared_through_pyplot() -> None:
    for file in Path(str(report.__file__)).parent.rglob("*.py"):
        assert "import matplotlib.pyplot" not in file.read_text(encoding="utf-8")
        assert "from matplotlib import pyplot" not in file.read_text(encoding="utf-8")


def test_the_roc_shows_the_guesser_and_the_eer_where_fmr_equals_fnmr(evaluation: Any) -> None:
    results, arrays = evaluation
    figure = draw_roc(Figure(), roc_points(compared(arrays)), results)
    assert "12 people" in figure.get_suptitle()
    whole, low = figure.axes
    guess, curve, _, eer = whole.lines
    np.testing.assert_array_equal(guess.get_xdata(), guess.get_ydata())
    assert eer.get_xdata()[0] == results.metrics.eer.value == pytest.approx(1 - eer.get_ydata()[0])
    distance = np.hypot(curve.get_xdata() - eer.get_xdata()[0], curve.get_ydata() - eer.get_ydata()[0])
    assert distance.min() < 0.01
    assert low.get_xscale() == "log"
    assert low.get_xlim() == (0.1, 1)


def test_few_people_get_no_panel_of_low_fmr(make: Callable[..., Any]) -> None:
    results, arrays = make(people=4, folds=1)
    assert len(draw_roc(Figure(), roc_points(compared(arrays)), results).axes) == 1


def test_both_kinds_of_score_add_up_to_everything_and_each_threshold_is_marked(evaluation: Any) -> None:
    results, arrays = evaluation
    axes = draw_distributions(Figure(), score_bins(compared(arrays)), results).axes[0]
    for stairs in axes.patches:
        assert stairs.get_data().values.sum() == pytest.approx(100)
    assert [line.get_xdata()[0] for line in axes.lines] == [fold.threshold for fold in results.dev]


def test_maps_have_a_panel_per_fold_and_a_name_per_person(evaluation: Any) -> None:
    panels = draw_maps(Figure(), fold_maps(*evaluation), evaluation[0]).axes
    assert [axes.get_title() for axes in panels] == [
        "Fold 0: 6 people, 41 clips",
        "Fold 1: 6 people, 48 clips",
    ]
    names = [text.get_text() for axes in panels for text in axes.get_legend().get_texts()]
    assert sorted(names) == [f"P{number:02d}" for number in range(1, 13)]


def test_people_are_listed_from_the_easiest_to_recognise(evaluation: Any) -> None:
    rows = subject_rows(evaluation[0])
    axes = draw_subjects(Figure(), rows, evaluation[0]).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [row.name for row in rows]
    assert axes.yaxis_inverted()


def test_figures_of_a_fusion_say_what_its_scores_are_and_whose_map_it_is(evaluation: Any) -> None:
    results, arrays = evaluation
    alone = results.attackers[0]
    fused = results.model_copy(
        update={
            "attacker": results.attacker.model_copy(update={"name": "fusion"}),
            "attackers": (alone, alone.model_copy(update={"name": "fusion", "mapped": False})),
        }
    )
    bins, rows = score_bins(compared(arrays)), subject_rows(results)
    for each, kind in ((results, "cosine similarity"), (fused, "log-odds of the fusion")):
        assert f"Score ({kind};" in draw_distributions(Figure(), bins, each).axes[0].get_xlabel()
        assert draw_subjects(Figure(), rows, each).axes[0].get_xlabel() == f"Mean score ({kind})"
        assert "test clips by stgcn" in draw_maps(Figure(), fold_maps(results, arrays), each).get_suptitle()


def test_a_control_says_so_in_every_title(make: Callable[..., Any]) -> None:
    results, arrays = make(permuted=True, folds=1, single_clip_people=0)
    figures = (
        draw_roc(Figure(), roc_points(compared(arrays)), results),
        draw_distributions(Figure(), score_bins(compared(arrays)), results),
        draw_maps(Figure(), fold_maps(results, arrays), results),
        draw_subjects(Figure(), subject_rows(results), results),
    )
    for figure in figures:
        assert "CONTROL" in figure.get_suptitle() + figure.axes[0].get_title()


def test_without_matplotlib_the_extra_is_named(
    evaluation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"matplotlib .*pip install 'amber-id\[report\]'"):
        write_figures(*evaluation, tmp_path)
