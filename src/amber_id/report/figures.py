"""The figures of an evaluation for a paper: PNG at 150 dpi, and PDF.

Conventions
-----------
Matplotlib's object interface alone: no pyplot, and the caller's settings are neither used nor changed.
Equal input gives equal bytes, under the same versions: no date is written.
"""

import io
from pathlib import Path
from typing import Any

import amber_id.report.figures_people as people
import amber_id.report.figures_scores as scores
from amber_id.atomic_files import write_atomically
from amber_id.errors import MissingDependencyError
from amber_id.report.summary import (
    check_belong_together,
    compared,
    fold_maps,
    roc_points,
    score_bins,
    subject_rows,
)
from amber_id.results import EvaluationArrays, EvaluationResults

_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#9aa0a8",
    "axes.grid": True,
    "axes.labelcolor": "#22262c",
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.titlesize": 12,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # text stays text in the PDF
    "savefig.dpi": 150,
    "text.color": "#22262c",
    "text.parse_math": False,  # a name may hold a dollar
    "xtick.color": "#565c66",
    "ytick.color": "#565c66",
}
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def write_figures(results: EvaluationResults, arrays: EvaluationArrays, folder: Path) -> list[Path]:
    """Draw ``roc``, ``score_distributions``, ``tsne`` and ``subjects`` into `folder`, as PNG and PDF.

    Returns
    -------
    list of Path
        The files written, in that order.

    Raises
    ------
    EvaluationError
        If `arrays` are not those of `results`.
    MissingDependencyError
        If matplotlib is not installed.
    """
    check_belong_together(results, arrays)
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra("matplotlib", "report") from error

    comparisons = compared(arrays)
    paths = []
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        drawn = {
            "roc": scores.draw_roc(Figure(), roc_points(comparisons), results),
            "score_distributions": scores.draw_distributions(Figure(), score_bins(comparisons), results),
            "tsne": people.draw_maps(Figure(), fold_maps(results, arrays), results),
            "subjects": people.draw_subjects(Figure(), subject_rows(results), results),
        }
        for name, figure in drawn.items():
            for suffix, undated in _METADATA.items():
                data = io.BytesIO()
                figure.savefig(data, format=suffix, metadata=undated)
                figure.set_layout_engine("none")  # laid out once, so that both files look alike
                path = folder / f"{name}.{suffix}"
                write_atomically(path, data.getvalue())
                paths.append(path)
    return paths
