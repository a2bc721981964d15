"""The results of an evaluation, for people: figures for a paper, and one page for whoever must decide.

Conventions
-----------
Everything is drawn from ``results.json`` and ``arrays.safetensors``; nothing is measured here.
Inside, rates are fractions; on the page and in the figures they are percentages.
People appear by pseudonym. Equal input gives equal bytes, under the same versions.
``import amber_id.report`` needs no extra; drawing needs ``pip install 'amber-id[report]'``.

* :func:`write_figures`: PNG and PDF of the ROC, the scores, the embedding maps and the people
* :func:`write_report`: one self-contained ``report.html``
"""

from amber_id.report.figures import write_figures
from amber_id.report.page import write_report

__all__ = ["write_figures", "write_report"]
