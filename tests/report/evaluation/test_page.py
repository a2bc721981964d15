import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber_id.biometrics import Estimate, PermutationTest
from amber_id.errors import FileFormatError, MissingDependencyError
from amber_id.figures import figures_in
from amber_id.judging.recognition import recognition_of
from amber_id.report import write_report
from amber_id.results import EvaluationResults, OracleResult
from fixtures.page_reader import Page

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"{{ 7*7 }}"


@pytest.fixture(scope="module")
def html(evaluation: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    return _html(evaluation, tmp_path_factory.mktemp("evaluation"))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def _html(evaluation: Any, folder: Path) -> str:
    from amber_id.results import write_arrays, write_results

    write_results(evaluation[0], folder / "results.json")
    write_arrays(evaluation[1], folder / "arrays.safetensors")
    path = write_report(folder)
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


def _changed(results: EvaluationResults, **changes: Any) -> EvaluationResults:
    return EvaluationResults.model_validate(results.model_dump(by_alias=True) | changes)


def test_the_finding_is_the_heading(page: Page, html: str, evaluation: Any) -> None:
    assert page.tags.count("h1") == 1
    heading = evaluation[0].headline.replace(" %", "\N{NO-BREAK SPACE}%")
    assert f"<h1>{heading}</h1>" in html  # no line ends between a number and its unit
    assert "better than by guessing" in page.text


def test_every_figure_stands_with_interval_and_guesser(page: Page, evaluation: Any) -> None:
    metrics = evaluation[0].metrics
    for name, said in (
        ("eer", "Equal error rate (EER)"),
        ("auc", "AUC"),
        ("balanced_accuracy", "Balanced accuracy"),
        ("accuracy", "Accuracy"),
        ("balanced_accuracy_optimistic", "Balanced accuracy, best threshold optimistic"),
    ):
        rate = getattr(metrics, name)
        row = (
            f"{said} {100 * rate.value:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}] "
            f"{100 * rate.chance:.3g} %"
        )
        assert row in page.text
    found, rate = f"{metrics.min_cllr.value:.3f}", metrics.min_cllr
    assert f"Minimum Cllr {found} bit [{rate.low:.3f}, {rate.high:.3f}] {rate.chance:.3g}" in page.text
    assert metrics.tmr_at_fmr_0_1_percent is None
    assert "TMR at FMR 0.1 %" not in page.text
    p = evaluation[0].disclosure.linkability.p_value
    assert f"at random, linkability reached this value in {100 * p:.1f} % of 20 permutations" in page.text
    assert set(type(metrics).model_fields) == {figure.name for figure in figures_in("evaluation")}


def test_a_search_among_more_people_stands_with_interval_and_guesser(evaluation: Any, tmp_path: Path) -> None:
    results, arrays = evaluation
    rates = {"level": 0.95, "chance": 0.001}
    search = {
        "people": 1000,
        "rank1": {"value": 0.04, "low": 0.02, "high": 0.09} | rates,
        "tpir": {"value": 0.01, "low": 0.001, "high": 0.05} | rates,
        "fpir": 0.1,
    }
    page = Page(_html((_changed(results, population=[search]), arrays), tmp_path))
    assert "1,000 people 4.0 % [2.0, 9.0] 1.0 % [0.1, 5.0] 0.10 %" in page.text
    without = Page(_html((_changed(results, population=[]), arrays), tmp_path))
    assert "among more people?" not in without.text


def test_what_is_not_shown_comes_before_the_table(page: Page, evaluation: Any) -> None:
    for limit in evaluation[0].limits:
        assert page.text.index(limit) < page.text.index("All figures, beside a guesser's")


def test_counts_dev_choices_method_and_provenance_are_told(page: Page, evaluation: Any) -> None:
    results = evaluation[0]
    for said in (
        f"{results.counts.comparisons.mated:,} comparisons of one person's clips with each other",
        f"{results.counts.comparisons.nonmated:,} of different people",
        "synthetic 12",
        "Fold 0 6 20.0 % ",
        "3,200 clips of 80 people",
        "channels [64, 128, 256]",
        "window_s 2.56",
        "Seeds: 7 for training, 3 for the resamples",
        "test set of this split has been used once",
        "Finished 2026-11-20T10:00:00Z after 42 s",
        "numpy 2.4.6, torch 2.9.0",
        results.provenance.split_sha256,
        *results.provenance.checkpoints_sha256,
        "Made from recordings of real people: personal data.",
    ):
        assert said in page.text, said


def test_nothing_is_loaded_from_anywhere(page: Page, html: str) -> None:
    assert not {"link", "img", "iframe", "object", "embed", "base", "form", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert "url(" not in html[: html.index("</style>")]
    assert "default-src 'none'" in html


def test_people_appear_by_pseudonym_only(html: str, evaluation: Any) -> None:
    for subject in evaluation[1].subjects:
        assert subject not in html
    assert "P12" in html


def test_a_hostile_clip_name_is_text(page: Page, html: str) -> None:
    assert "synthetic_id013/<script>alert('clip')</script>&\"x\"" in page.text
    assert "<script>alert" not in html
    assert page.tags.count("script") == 3


def test_no_text_of_the_results_can_become_markup(evaluation: Any, tmp_path: Path) -> None:
    results, arrays = evaluation
    plain = results.model_dump(by_alias=True)
    hostile = _changed(
        results,
        headline=EVIL,
        limits=[EVIL],
        failures=[{"clip": EVIL, "reason": EVIL}],
        attacker=plain["attacker"] | {"name": EVIL, "config": {EVIL: [EVIL]}, "features": {EVIL: EVIL}},
        provenance=plain["provenance"] | {"recordings": EVIL, "machine": EVIL, "packages": {EVIL: EVIL}},
    )
    page = Page(_html((hostile, arrays), tmp_path))
    assert page.tags.count("script") == 3
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(EVIL) >= 7
    assert "49" not in page.charts["roc"]["data"][1]["name"]
    assert "<" not in page.charts["roc"]["data"][1]["name"]


def test_the_same_evaluation_gives_the_same_page(evaluation: Any, html: str, tmp_path: Path) -> None:
    assert _html(evaluation, tmp_path) == html


def test_charts_are_what_plotly_knows_and_small(page: Page, make: Callable[..., Any], tmp_path: Path) -> None:
    import plotly.graph_objects as go

    many = Page(_html(make(people=20, folds=2, clips=40), tmp_path))  # 140,000 comparisons
    for charts in (page.charts, many.charts):
        assert set(charts) == {"roc", "scores", "subjects", "map-0", "map-1"}
        for chart in charts.values():
            go.Figure(chart)  # refuses what it does not know
    assert len(many.charts["roc"]["data"][1]["x"]) <= 1000
    assert len(many.charts["scores"]["data"][0]["x"]) <= 60
    assert len(json.dumps(many.charts)) < 400_000


def test_the_charts_show_what_was_measured(page: Page, evaluation: Any) -> None:
    results = evaluation[0]
    nonmated, mated, *thresholds = page.charts["scores"]["data"]
    for bars, n in (
        (nonmated, results.counts.comparisons.nonmated),
        (mated, results.counts.comparisons.mated),
    ):
        assert sum(bars["y"]) == pytest.approx(1, abs=1e-4)
        assert sum(int(said[2].replace(",", "")) for said in bars["customdata"]) == n
    assert [line["x"][0] for line in thresholds] == pytest.approx(
        [fold.threshold for fold in results.dev], abs=1e-5
    )
    eer = page.charts["roc"]["data"][3]
    assert (eer["x"][0], eer["y"][0]) == pytest.approx(
        (results.metrics.eer.value, 1 - results.metrics.eer.value), abs=1e-5
    )
    own = page.charts["subjects"]["data"][3]
    drawn = {said[0]: x for said, x in zip(own["customdata"], own["x"], strict=True)}
    assert sorted(drawn.values()) == pytest.approx(
        sorted(each.mean_mated for each in results.subjects if each.mean_mated is not None), abs=1e-5
    )
    first = page.text.split("Easiest to recognise: ")[1].split(".")[0].split(", ")
    assert first == list(drawn)[:3]


def test_every_mark_has_its_legend(page: Page, html: str, evaluation: Any) -> None:
    legends = html.split('<ul class="legend">')[1:]
    assert [legend.split("</ul>")[0].count("<li>") for legend in legends] == [4, 3, 2]
    for said in ("Guessing", "Attacker stgcn", "95 % interval of the EER", "Same person (mated)"):
        assert said in page.text.replace("\N{NO-BREAK SPACE}", " ")
    mated = page.charts["scores"]["data"][1]
    assert f'<span class="key bar" style="color:{mated["marker"]["color"]}"></span>{mated["name"]}' in html


@pytest.mark.parametrize(
    ("eer", "p_value", "control", "said"),
    [
        ((0.2, 0.1, 0.3), 0.005, None, "better than by guessing"),
        ((0.08, 0.001, 0.6), 0.005, None, "How well is uncertain: few people decide"),
        ((0.45, 0.4, 0.5), 0.3, None, "cannot be distinguished from guessing: neither"),
        ((0.42, 0.1, 0.81), 0.3, None, "Not decided: nothing shows that people are recognised"),
        ((0.7, 0.6, 0.8), 1.0, None, "no sound attack gives"),
        ((0.5, 0.4, 0.6), 0.5, "permuted-labels", "As expected"),
        ((0.3, 0.2, 0.4), 0.005, "permuted-labels", "appear to be recognised although names were permuted"),
    ],
)
def test_the_reading_follows_from_the_one_rule(
    evaluation: Any,
    tmp_path: Path,
    eer: tuple[float, float, float],
    p_value: float,
    control: str | None,
    said: str,
) -> None:
    results, arrays = evaluation
    rate = {"value": eer[0], "low": eer[1], "high": eer[2], "level": 0.95, "chance": 0.5}
    found = recognition_of(
        Estimate(*eer, 0.95, 12, 12, 8.0, 1000, 0),
        PermutationTest(1 - eer[0], 0.5, 0.5 - eer[0], p_value, 200),
    )
    parts = {"metrics": results.metrics.model_dump() | {"eer": rate}, "recognition": found.model_dump()}
    page = Page(_html((_changed(results, **parts, control=control), arrays), tmp_path))
    assert said in page.text
    if p_value <= 0.05:
        assert "cannot be distinguished from guessing" not in page.text
    banner = "CONTROL: subject labels were permuted; EER must be 0.5"
    assert (banner in page.text) == (control is not None)


def test_many_failures_are_folded_away_and_none_is_said(evaluation: Any, tmp_path: Path) -> None:
    results, arrays = evaluation
    lost = [{"clip": f"synthetic_id014/{number}", "reason": "too short"} for number in range(9)]
    page = Page(_html((_changed(results, failures=lost), arrays), tmp_path))
    assert "Show 9 clips" in page.text
    assert page.tags.count("details") == 2
    without = Page(_html((_changed(results, failures=[]), arrays), tmp_path))
    assert "Clips that gave no figure None." in without.text


def test_a_control_opens_no_test_people(evaluation: Any, tmp_path: Path) -> None:
    results, arrays = evaluation
    made = results.provenance.model_dump()
    control = _changed(results, provenance=made | {"test_opening": None})
    assert "does not count as an opening" in Page(_html((control, arrays), tmp_path)).text
    second = _changed(results, provenance=made | {"test_opening": 2})
    assert "has been used 2 times" in Page(_html((second, arrays), tmp_path)).text
    assert "earlier results may have influenced" in Page(_html((second, arrays), tmp_path)).text


def test_what_made_the_avatars_is_told(evaluation: Any, tmp_path: Path) -> None:
    results, arrays = evaluation
    made = results.provenance.model_dump()
    one, two = (f"builtin, avatar SHA-256 {digit * 64}, 256 pixels" for digit in "ab")
    text = Page(_html((_changed(results, provenance=made | {"avatars": [one, two]}), arrays), tmp_path)).text
    assert f"Avatars 1 {one}" in text
    assert f"Avatars 2 {two}" in text
    assert "Avatars" not in Page(_html((results, arrays), tmp_path)).text


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"results\.json"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("package", ["jinja2", "plotly"])
def test_without_an_extra_it_is_named(
    evaluation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=rf"{package} .*amber-id\[report\]"):
        _html(evaluation, tmp_path)


def test_importing_the_package_needs_no_extra() -> None:
    program = "import sys, amber_id.report; print({'jinja2', 'matplotlib', 'plotly'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def _fused(results: EvaluationResults) -> EvaluationResults:
    """The same figures, as if they were those of a fusion of two attackers."""
    (alone,) = (each.model_dump() for each in results.attackers)
    worse = alone["eer"] | {"value": 0.417, "low": 0.398, "high": 0.431}
    tried = [
        alone | {"name": "stgcn", "dev_eer": 0.123, "chosen": False},
        alone | {"name": "moments", "dev_eer": 0.234, "eer": worse, "chosen": False, "mapped": False},
        alone | {"name": "fusion", "dev_eer": 0.111, "mapped": False},
    ]
    return _changed(
        results,
        attackers=tried,
        attacker=results.attacker.model_dump() | {"name": "fusion"},
        dev=[fold.model_dump() | {"epoch": None} for fold in results.dev],
        provenance=results.provenance.model_dump() | {"train_seed": None},
    )


def test_several_attackers_stand_in_a_table_and_the_worst_was_chosen_on_dev(
    page: Page, evaluation: Any, tmp_path: Path
) -> None:
    assert "EER on test" not in page.text
    results, arrays = evaluation
    text = Page(_html((_fused(results), arrays), tmp_path)).text
    eer = results.metrics.eer
    assert (
        f"fusion headline 11.1 % {100 * eer.value:.1f} % [{100 * eer.low:.1f}, {100 * eer.high:.1f}]" in text
    )
    assert "moments 23.4 % 41.7 % [39.8, 43.1]" in text
    assert "chosen there, not on the test people" in text
    assert text.count("headline ") == 1
    assert "Seeds: different ones for training" in text
    assert "None" not in text


def test_a_fused_score_is_log_odds_and_the_maps_are_of_the_best_that_has_embeddings(
    page: Page, evaluation: Any, tmp_path: Path
) -> None:
    results, arrays = evaluation
    fused = Page(_html((_fused(results), arrays), tmp_path))
    for each, kind in ((page, "cosine similarity"), (fused, "log-odds of the fusion")):
        titles = [each.charts[name]["layout"]["xaxis"]["title"]["text"] for name in ("scores", "subjects")]
        assert titles == [f"Score ({kind})", f"Mean score ({kind})"]
    assert "A fusion has no embeddings: these are those of stgcn," in fused.text
    assert "natural log-odds of one person, from a logistic regression" in fused.text
    assert "A fusion has" not in page.text
    assert "compared once, by the cosine similarity of their embeddings, and accepted" in page.text


def test_the_lowest_possible_eer_stands_beside_where_it_is_known(
    page: Page, evaluation: Any, tmp_path: Path
) -> None:
    assert "Lowest possible EER" not in page.text
    results, arrays = evaluation
    best = results.metrics.eer.model_copy(update={"value": 0.043, "low": 0.031, "high": 0.055})
    known = OracleResult(eer=best, way=0.62, oracle_sha256="0" * 64)
    told = Page(_html((_changed(results, oracle=known), arrays), tmp_path)).text
    assert "Lowest possible EER" in told
    assert "4.3 % [3.1, 5.5], of the oracle" in told or "4.3 %" in told
    assert "went 62 % of the way" in told


def test_the_oracle_s_mark_lies_on_the_scale_of_the_eer(evaluation: Any, tmp_path: Path) -> None:
    results, arrays = evaluation
    rate = results.metrics.eer
    # An interval that passes 60 % makes the scale end at 100 %, for both marks.
    wide = results.metrics.model_copy(
        update={"eer": rate.model_copy(update={"value": 0.5, "low": 0.3, "high": 0.7})}
    )
    best = rate.model_copy(update={"value": 0.2, "low": 0.1, "high": 0.3})
    known = OracleResult(eer=best, way=0.0, oracle_sha256="0" * 64)
    html = _html((_changed(results, metrics=wide.model_dump(), oracle=known), arrays), tmp_path)
    assert 'class="oracle" style="left:20.0%"' in html
    assert 'class="point" style="left:50.0%"' in html
