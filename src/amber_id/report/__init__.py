"""The results of an evaluation, for people: figures for a paper, and one page for whoever must decide.

Conventions
-----------
Figures and report are drawn from ``results.json`` and ``arrays.safetensors``; nothing is measured here.
Inside, rates are fractions; on the page and in the figures they are percentages.
There people appear by pseudonym; only the page of `write_motion_view` names the clips that it plays.
Equal input gives equal bytes, under the same versions.
``import amber_id.report`` needs no extra; drawing needs ``pip install 'amber-id[report]'``.

* :func:`write_comparison_report`: one page of several studies side by side, with its figures
* :func:`write_conditions_report`: one page of several conditions, with their matrix as a heat map
* :func:`write_figures`: PNG and PDF of the ROC, the scores, the embedding maps and the people
* :func:`write_frontier_report`: one page of several defences, privacy against utility
* :func:`write_motion_view`: a page that plays the tracked faces of some recordings
* :func:`write_report`: one self-contained ``report.html`` of an evaluation
* :func:`write_study_report`: the same of a whole study, with its figures
* :func:`write_thesis_report`: one page of the thesis' experiment and the corrected one
"""

from amber_id.report.compare.page import write_comparison_report
from amber_id.report.conditions.page import write_conditions_report
from amber_id.report.evaluation.figures import write_figures
from amber_id.report.evaluation.page import write_report
from amber_id.report.frontier.page import write_frontier_report
from amber_id.report.motion_view.page import write_motion_view
from amber_id.report.study.page import write_study_report
from amber_id.report.thesis.page import write_thesis_report

__all__ = [
    "write_comparison_report",
    "write_conditions_report",
    "write_figures",
    "write_frontier_report",
    "write_motion_view",
    "write_report",
    "write_study_report",
    "write_thesis_report",
]
