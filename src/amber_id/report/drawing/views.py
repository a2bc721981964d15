"""The EER of `moments` in every view: the chart of the page."""

from amber_id.motion import VIEWS
from amber_id.report.drawing.intervals import Marks, intervals_chart
from amber_id.report.drawing.palette import CELL_STYLES
from amber_id.report.drawing.plotly_chart import Chart
from amber_id.results import StudyResults


def views_chart(results: StudyResults) -> Chart:
    """The EER of `moments` in every view, where one condition is known."""
    marks = [
        Marks(letters, CELL_STYLES[letters], {view: variant.eer for view, variant in views.items()})
        for letters, views in results.views.items()
    ]
    rows = [view for view in VIEWS if any(view in each.rates for each in marks)]
    return intervals_chart(marks, rows, "Equal error rate, EER, of moments")
