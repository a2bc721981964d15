"""A name of 120 letters without a space widens no page, neither on a telephone nor on a desk."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from amber_id.audit import EvaluationConfig, compare_read, read_studies
from amber_id.report import write_comparison_report, write_report, write_study_report
from amber_id.results import write_arrays, write_results
from fixtures.compared_studies import write_study
from fixtures.study_results import make_study

LONG = "source_" + "x" * 113
CLIP = f"{LONG}_id001/{'clip' * 30}"


def long_study(folder: Path) -> str:
    results, comparisons = make_study(sources=2)
    counts = results.counts.model_copy(update={"subjects_of_source": {LONG: 7, f"other{LONG}": 7}})
    evidence = f"People come from 2 sources (7 of {LONG}, 7 of other{LONG})."
    confounds = tuple(
        each.model_copy(update={"evidence": evidence, "verdict": "warn"}) for each in results.confounds
    )
    said = f"People were re-identified: {LONG}."
    headline = results.headline.model_copy(update={"text": said, "valid": False, "reasons": (evidence,)})
    changes = {"counts": counts, "confounds": confounds, "headline": headline}
    changes["limits"] = (*results.limits, evidence)
    changes["dropped"] = tuple(each.model_copy(update={"clip": CLIP}) for each in results.dropped)
    return write_study_report(results.model_copy(update=changes), comparisons, folder).as_uri()


def long_evaluation(folder: Path, evaluation: Any) -> str:
    results, arrays = evaluation
    counts = results.counts.model_copy(update={"subjects_of_source": {LONG: 12}})
    changes = {"counts": counts, "headline": f"Tested: {LONG}.", "limits": (*results.limits, f"Of {LONG}.")}
    changes["failures"] = tuple(each.model_copy(update={"clip": CLIP}) for each in results.failures)
    write_results(results.model_copy(update=changes), folder / "results.json")
    write_arrays(arrays, folder / "arrays.safetensors")
    return write_report(folder).as_uri()


def long_comparison(folder: Path) -> str:
    studies = [write_study(folder / name, "AAA") for name in (LONG, f"other{LONG}")]
    letters, read = read_studies(studies, None)
    results = compare_read(letters, read, EvaluationConfig(replicates=100, permutations=20))
    return write_comparison_report(results, [each.comparisons for each in read], folder / "out").as_uri()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("kind", ["study", "evaluation", "comparison"])
def test_a_long_name_widens_no_page(
    opened: Callable[..., tuple[Page, list[str]]],
    wider_than_the_screen: Callable[[Page], list[str]],
    evaluation: Any,
    tmp_path: Path,
    kind: str,
    width: int,
) -> None:
    make: dict[str, Callable[[Path], str]] = {"study": long_study, "comparison": long_comparison}
    make["evaluation"] = partial(long_evaluation, evaluation=evaluation)
    address = make[kind](tmp_path)
    page, complaints = opened(address, width)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert LONG in page.content()
    assert wider_than_the_screen(page) == []
    assert complaints == []
