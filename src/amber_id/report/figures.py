"""The figures of an evaluation for a paper; `figure_files` says how they are written."""

from pathlib import Path

import amber_id.report.figures_people as people
import amber_id.report.figures_scores as scores
from amber_id.report.figure_files import draw_files
from amber_id.report.summary import (
    check_belong_together,
    compared,
    fold_maps,
    roc_points,
    score_bins,
    subject_rows,
)
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
            "roc": lambda figure: scores.draw_roc(figure, roc_points(comparisons), results),
            "score_distributions": lambda figure: scores.draw_distributions(
                figure, score_bins(comparisons), results
            ),
            "tsne": lambda figure: people.draw_maps(figure, fold_maps(results, arrays), results),
            "subjects": lambda figure: people.draw_subjects(figure, subject_rows(results), results),
        },
        folder,
    )
