"""The figures of an evaluation for a paper; `figure_files` says how they are written."""

from pathlib import Path

from amber_id.report.drawing.distributions import draw_distributions, score_bins
from amber_id.report.drawing.figure_files import draw_files
from amber_id.report.drawing.maps import draw_maps, fold_maps
from amber_id.report.drawing.people import draw_subjects, subject_rows
from amber_id.report.drawing.roc import draw_roc, roc_points
from amber_id.report.evaluation.checked import check_belong_together, compared
from amber_id.results import EvaluationArrays, EvaluationResults


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
    comparisons = compared(arrays)
    return draw_files(
        {
            "roc": lambda figure: draw_roc(figure, roc_points(comparisons), results),
            "score_distributions": lambda figure: draw_distributions(
                figure, score_bins(comparisons), results
            ),
            "tsne": lambda figure: draw_maps(figure, fold_maps(results, arrays), results),
            "subjects": lambda figure: draw_subjects(figure, subject_rows(results), results),
        },
        folder,
    )
