import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from amber_id.biometrics import compare_all
from amber_id.errors import EvaluationError
from amber_id.face_mesh import mean_face, points_of
from amber_id.notation import direction, points
from amber_id.report import write_study_report
from amber_id.report.drawing.face_parts import part_shapes
from amber_id.report.study.guidelines import actor_rows, guidelines
from amber_id.report.study.wording import officer_notes, officer_warnings
from amber_id.results import StudyResults
from fixtures.page_reader import Page
from fixtures.study_results import (
    EVIL,
    HOSTILE,
    changed,
    difference,
    make_sensitivity,
    make_sessions,
    make_study,
    make_utility,
    rate,
    recognition,
)


def written(study: Any, folder: Path) -> str:
    path = write_study_report(*study, folder)
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def study() -> Any:
    return make_study()


@pytest.fixture(scope="module")
def folder(study: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    written(study, folder)
    return folder


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Any:
    return Page(html)


def test_the_finding_is_the_heading_with_its_big_numbers(page: Any, html: str, study: Any) -> None:
    results = study[0]
    assert f"<h1>{results.headline.text}</h1>" in html
    assert page.tags.count("h1") == 1
    eer, before = results.cells["AAA"].metrics.eer, results.cells["OOO"].metrics.eer
    text = page.text
    for said in (
        f"Equal error rate, AAA {eer.value:.1%} ".replace("%", " %"),
        f"Originals ◇ {before.value:.1%} ".replace("%", " %"),
        "People tested 14",
        "Clips 168 original 84, anonymised 84",
        "Clips lost 2",
        "Expression kept 0.74 [0.70, 0.78], of 1; another person's clip 0.06",
        "better than by guessing",
    ):
        assert said in text, said
    assert f'class="oracle" style="left:{round(before.value / 0.006, 2)}%"' in html
    assert f'class="point" style="left:{round(eer.value / 0.006, 2)}%"' in html


def test_the_sections_come_in_the_order_of_their_weight(page: Any) -> None:
    headings = (
        "What this does not show",
        "Controls: attacks whose outcome is known",
        "Confounds: other properties that could distinguish people",
        "The threat matrix",
        "How the cells differ",
        "All attackers that were tried",
        "What leaks?",
        "How well are people distinguished",
        "Which clips look alike to the attacker?",
        "How much expression is left?",
        "three criteria of Opinion 05/2014",
        "Clips that are in no figure",
        "How it was computed",
        "personal data",
    )
    places = [page.text.index(heading) for heading in headings]
    assert places == sorted(places)


def test_an_invalid_finding_is_struck_through_with_its_reasons_and_not_hidden(tmp_path: Path) -> None:
    study = make_study("OOO", "AAA", invalid=True)
    html = written(study, tmp_path)
    headline = study[0].headline
    assert f'<h1><s class="struck">{headline.text}</s></h1>' in html
    text = Page(html).text
    assert text.index("INVALID: this finding must not be used.") < text.index(headline.reasons[0])
    assert text.index(headline.reasons[0]) < text.index("What this does not show")
    assert "better than by guessing" not in text
    assert "do not use any of this before the reasons are resolved" in text


def test_a_valid_finding_is_not_struck_through(page: Any, html: str) -> None:
    assert "<s " not in html
    assert "must not be used" not in page.text


def test_what_failed_stands_above_what_passed(tmp_path: Path) -> None:
    results = make_study("OOO", "AAA", invalid=True)[0]
    text = Page(written((results, {}), tmp_path)).text
    table = text[text.index("Confounds: other") : text.index("The threat matrix")].split(
        " PASS aspect (original)"
    )[0]
    verdicts = re.findall(r"INVALID|WARN|NOT CHECKED|PASS", table)
    order = ["INVALID", "WARN", "NOT CHECKED", "PASS"]
    assert verdicts == sorted(verdicts, key=order.index)
    assert set(verdicts) == set(order)
    for confound in results.confounds:
        assert confound.evidence in table
    for control in results.controls:
        assert control.evidence in text
        assert f"EER {100 * control.eer.value:.1f} %" in text


def test_every_cell_has_its_story_its_attacker_and_its_figures(page: Any, study: Any) -> None:
    text = page.text
    for letters, cell in study[0].cells.items():
        eer, metrics = cell.metrics.eer, cell.metrics
        matrix = text[text.index("The threat matrix") :]
        row = matrix[matrix.index(f"{letters} {eer.value:.1%}".replace("%", " %")) :]
        for said in (
            f"[{100 * eer.low:.1f}, {100 * eer.high:.1f}]",
            f"{metrics.linkability.value:.3f}",
            f"{metrics.zebra_expected.value:.3f}",
            f"{100 * metrics.rank1.value:.1f} %",
            f"{100 * cell.disclosure.worst_decile_eer:.1f} %",
            f"{cell.story} Strongest attacker (chosen on dev): moments.",
        ):
            assert said in row[: row.index("moments.") + 8], (
                letters,
                said,
            )
    assert "TMR at FMR 10 %" in text
    assert "TMR at FMR 1 %" not in text  # 91 pairs of people say nothing there
    assert "EER within sources" not in text
    assert text.count("stgcn 41.0 %") == 5


def test_with_several_sources_the_finding_is_within_them(tmp_path: Path) -> None:
    study = make_study("OOO", "AAA", sources=2)
    html = written(study, tmp_path)
    text, cell = Page(html).text, study[0].cells["AAA"]
    within = cell.within_source.value
    assert within != cell.metrics.eer.value
    assert f"Equal error rate, AAA {100 * within:.1f} %" in text
    assert f'class="point" style="left:{round(within / 0.006, 2)}%"' in html
    assert "EER within sources" in text
    eers = Page(html).charts["eers"]["data"][2]
    assert eers["x"] == pytest.approx([within], abs=1e-5)


@pytest.mark.parametrize(
    ("value", "wide", "word"),
    [(0.1, 0.05, "higher"), (-0.1, 0.05, "lower"), (0.04, 0.05, "not shown"), (0.05, 0.05, "not shown")],
)
def test_a_difference_is_named_only_if_its_interval_leaves_zero_out(
    value: float, wide: float, word: str
) -> None:
    assert direction(difference(value, wide)) == word


def test_differences_stand_with_interval_word_and_what_could_be_seen(page: Any, study: Any) -> None:
    differences = study[0].differences
    assert len(differences) == 10
    for name, found in differences.items():
        row = f"{name.replace('-', ' − ')} {points(found['eer'])} {direction(found['eer'])} 7.0"
        assert row in page.text


def test_a_share_whose_interval_holds_zero_is_not_shown(html: str, page: Any) -> None:
    assert page.text.count("+0.008 [−0.022, 0.038], not shown") == 1  # the nose of OOO, beside the face
    assert "0.008 [−0.022, 0.038] not shown" in page.text  # and in the table
    assert "eyes +0.175 [0.145, 0.205] nose" in page.text  # that of the eyes is
    faces = html.split('<svg class="face"')[1:]
    assert [face.split("</svg>")[0].count('class="hatch"') for face in faces] == [
        1,
        3,
    ]  # brows have two sides
    assert "#8c2d04" in faces[0]  # the largest share of all is the darkest
    assert "#8c2d04" not in faces[1]


def test_the_parts_lie_where_the_mean_face_has_them() -> None:
    shapes = {shape.name: shape for shape in part_shapes()}
    assert set(shapes) == {"face_oval", "eyes", "eyebrows", "nose", "lips"}
    assert next(iter(shapes)) == "face_oval"  # drawn first: all others lie upon it
    for name, shape in shapes.items():
        of_part = mean_face()[list(points_of(name)), :2]
        outline = np.concatenate(shape.outlines)
        assert outline.min(axis=0) == pytest.approx(of_part.min(axis=0))
        assert outline.max(axis=0) == pytest.approx(of_part.max(axis=0))
    assert shapes["eyebrows"].label[1] < shapes["eyes"].label[1] < shapes["lips"].label[1]


def test_plotly_knows_every_chart(page: Any) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    cells = ("OOO", "OOA", "OAA", "AAA", "BOA")
    curves = {"curve-people", "curve-seconds", "curve-clips", "curve-planted"}
    own = {"eers", "views", "det", "tradeoff", "map-OOO", "map-AAA", *curves}
    assert set(page.charts) == own | {f"scores-{each}" for each in cells}
    for chart in page.charts.values():
        go.Figure(chart)  # refuses what it does not know
    drawn = [value for name, value in page.attributes if name == "data-chart"]
    assert sorted(drawn) == sorted(page.charts)


def test_det_curves_end_where_the_people_say_nothing_and_hold_the_rates(page: Any, study: Any) -> None:
    for letters, compared in study[1].items():
        (curve,) = (
            each for each in page.charts["det"]["data"] if each.get("name", "").startswith(letters + ",")
        )
        fmr, fnmr = ndtr(curve["x"]), ndtr(curve["y"])
        assert fmr.min() >= compared.fmr_floor - 1e-6
        assert fmr.min() < compared.fmr_floor + 0.01
        for k in (0, len(fmr) // 2, len(fmr) - 1):  # a threshold has both rates, counted in a plain loop
            reached = [
                np.mean(compared.mated_scores < each)
                for each in np.unique(compared.nonmated_scores)
                if np.mean(compared.nonmated_scores >= each) >= fmr[k] - 1e-5
            ]
            assert reached[-1] <= fnmr[k] + 0.02
            assert np.min(np.abs(np.array([*reached, 0]) - fnmr[k])) < 0.02
    axis = page.charts["det"]["layout"]["xaxis"]
    assert axis["range"][0] == pytest.approx(ndtri(3 / 91) - 0.05, abs=1e-4)
    assert axis["ticktext"][0] == "5%"


def test_cells_can_be_told_in_black_and_white(page: Any) -> None:
    lines = [each for each in page.charts["det"]["data"] if each["mode"] == "lines"][1:]
    assert len({(each["line"]["dash"], each["line"]["width"]) for each in lines}) == 5
    marks = [each["marker"]["symbol"] for each in page.charts["eers"]["data"][1:]]
    assert len(set(marks)) == 5
    mated = page.charts["scores-AAA"]["data"][1]
    assert mated["marker"]["pattern"]["shape"] == "/"


def test_privacy_is_set_against_utility(page: Any, study: Any) -> None:
    _, original, anonymised, noise, rest = page.charts["tradeoff"]["data"]
    views = study[0].views
    assert (original["x"], anonymised["x"]) == ([1.0], [0.74])
    assert original["y"] == pytest.approx([views["OOO"]["all"].eer.value], abs=1e-5)
    assert anonymised["y"] == pytest.approx([views["AAA"]["all"].eer.value], abs=1e-5)
    assert "error_x" not in original
    assert (noise["x"], noise["y"], noise["text"]) == ([0.62], [0.36], ["1"])
    assert rest["name"] == "2 mean face at rest"
    assert "1 noise 3 %" in page.text
    for said in ("smiles are found in blendshapes", "21.4/min", "mouth opening", "no blendshapes"):
        assert said in page.text


def test_emotions_that_are_still_read_are_a_table_or_a_sentence(
    page: Any, study: Any, tmp_path: Path
) -> None:
    for words in (
        "Original clips 0.710 [0.660, 0.760] 0.333 0.001",
        "Anonymised clips 0.520 [0.460, 0.580] 0.333 0.021",
        "Lost 0.190 [0.100, 0.280]",
    ):
        assert words in page.text
    assert f"78 clips of 13 people; angry, {HOSTILE}, neutral." in page.text
    utility = make_utility().model_dump()
    utility["emotion"] = {"emotions": (), "clips": 0, "subjects": 0, "not_measured": "Nobody said which."}
    text = Page(written((changed(study[0], utility=utility), {}), tmp_path)).text
    assert "Whether emotions can still be read was not measured. Nobody said which." in text


def test_originals_alone_are_a_study(tmp_path: Path) -> None:
    html = written(make_study("OOO"), tmp_path)
    page = Page(html)
    assert "Equal error rate, OOO" in page.text
    assert "Originals ◇" not in page.text
    assert 'class="oracle"' not in html
    assert "How the cells differ" not in page.text
    assert "How much expression is left?" not in page.text
    assert "There are no anonymised clips in this study" in page.text
    curves = {"curve-people", "curve-seconds", "curve-clips", "curve-planted"}
    assert set(page.charts) == {"eers", "views", "det", "scores-OOO", "map-OOO"} | curves


UNASKED = ("views", "streams", "regions", "network", "curves", "sensitivity", "references", "maps")


def test_what_was_not_measured_has_no_place_on_the_page(tmp_path: Path) -> None:
    results, _ = make_study("OOO", "AAA", utility=False, **{name: {} for name in UNASKED})
    page = Page(written((results, {}), tmp_path))
    assert set(page.charts) == {"eers"}
    for heading in (
        "What leaks?",
        "How well are people distinguished",
        "Which clips look alike",
        "How much expression",
        "Would more data reveal more?",
        "What leaks to the network?",
        "planted habits",
        "Expression kept",
    ):
        assert heading not in page.text
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {"matrix"}


def test_scores_of_another_study_are_refused(tmp_path: Path) -> None:
    results, comparisons = make_study("OOO")
    with pytest.raises(EvaluationError, match="some of AAA"):
        write_study_report(results, {"AAA": comparisons["OOO"]}, tmp_path)
    fewer = replace(
        comparisons["OOO"],
        **{name: getattr(comparisons["OOO"], name)[:-5] for name in ("scores", "enrolment", "probe")},
    )
    with pytest.raises(EvaluationError, match="must be of one study"):
        write_study_report(results, {"OOO": fewer}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_streams_and_the_network_stand_where_they_leak(page: Any) -> None:
    assert "Position, offset from a neighbour, or velocity" in page.text
    assert "joint motion" in page.text
    network = page.text[page.text.index("What leaks to the network?") :]
    assert network.index("OOO: stgcn") < network.index("AAA: stgcn")


@pytest.mark.parametrize(("found", "verdict"), [(True, "PASS"), (False, "WARN")])
def test_whether_planted_habits_were_found_stands_among_the_controls(
    tmp_path: Path, found: bool, verdict: str
) -> None:
    planted = {"AAA": make_sensitivity("AAA", found=found)}
    text = Page(written((make_study("AAA", sensitivity=planted)[0], {}), tmp_path)).text
    controls = text[text.index("Controls: attacks") : text.index("Confounds: other")]
    assert f"{verdict} planted habits AAA {planted['AAA']['evidence']}" in controls


def test_nothing_on_the_page_is_said_to_protect(page: Any) -> None:
    assert "protect" not in page.text.lower()


def test_a_hostile_clip_name_is_text(page: Any, html: str) -> None:
    assert HOSTILE in page.text
    assert "<script>alert" not in html
    assert page.tags.count("script") == 3


def test_no_text_of_the_results_can_become_markup(study: Any, tmp_path: Path) -> None:
    plain = study[0].model_dump(by_alias=True)
    cells = plain["cells"]
    for cell in cells.values():
        cell["story"] = cell["attacker"]["name"] = EVIL
        cell["attackers"] = {EVIL: cell["attackers"]["moments"] | {"name": EVIL}}
    hostile = changed(
        study[0],
        cells=cells,
        headline=plain["headline"] | {"text": EVIL, "valid": False, "reasons": [EVIL]},
        limits=[EVIL],
        config={EVIL: [EVIL]},
        controls=[control | {"name": EVIL, "evidence": EVIL} for control in plain["controls"]],
        confounds=[confound | {"name": EVIL, "evidence": EVIL} for confound in plain["confounds"]],
        dropped=[{"clip": EVIL, "condition": "original", "reason": EVIL}],
        counts=plain["counts"] | {"subjects_of_source": {EVIL: 14}},
        regions={"AAA": plain["regions"]["AAA"] | {EVIL: plain["regions"]["AAA"]["left_eye"]}},
        provenance=plain["provenance"]
        | {"recordings": {"original": EVIL, "anonymised": EVIL}, "machine": EVIL, "trackers": [EVIL],
           "checkpoints_sha256": {EVIL: [EVIL]}},
    )  # fmt: skip
    html = written((hostile, study[1]), tmp_path)
    page = Page(html)
    assert page.tags.count("script") == 3
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(EVIL) >= 20
    assert "<" not in json.dumps(
        [trace.get("name") for chart in page.charts.values() for trace in chart["data"]]
    )


def test_nothing_is_loaded_from_anywhere(page: Any, html: str) -> None:
    assert not {"link", "img", "iframe", "object", "embed", "base", "form", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert set(re.findall(r"url\([^)]*\)", html[: html.index("</style>")])) == {"url(#hatch)"}
    assert "default-src 'none'" in html


def test_the_page_decides_nothing_for_its_reader(page: Any) -> None:
    assert not re.search(r"\banonymous|\bprotects|complian|\bsafe\b", page.text.lower())


def test_provenance_is_told(page: Any, study: Any) -> None:
    made = study[0].provenance
    for said in (
        *made.recordings_sha256.values(),
        *made.checkpoints_sha256["O-moments"],
        made.split_sha256,
        "Seed of the trainings: 0.",
        "test set of this split has been used once",
        "after 11 min",
        'split {"folds": 5}',
        "Made from recordings of real people: personal data.",
    ):
        assert said in page.text, said


def test_equal_input_gives_equal_bytes(study: Any, folder: Path, tmp_path: Path) -> None:
    write_study_report(*study, tmp_path)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def test_figures_lie_beside_the_page_as_pictures_and_numbers(folder: Path, study: Any) -> None:
    names = {path.name for path in (folder / "figures").iterdir()}
    assert names == {
        f"{name}.{kind}"
        for name in ("matrix", "det", "distributions", "map", "regions")
        for kind in ("png", "pdf", "csv")
    }

    def rows(name: str) -> list[dict[str, str]]:
        text = (folder / "figures" / f"{name}.csv").read_text(encoding="utf-8")
        return list(csv.DictReader(text.splitlines()))

    results = study[0]
    assert {row["cell"]: float(row["eer"]) for row in rows("matrix")} == {
        letters: cell.metrics.eer.value for letters, cell in results.cells.items()
    }
    assert [row["tmr_at_fmr_1_percent"] for row in rows("matrix")] == [""] * 5
    counted = [int(row["mated"]) for row in rows("distributions") if row["cell"] == "AAA"]
    assert sum(counted) == results.cells["AAA"].counts.mated
    shares = {row["region"]: row["share"] for row in rows("regions") if row["cell"] == "OOO"}
    assert float(shares["eyes"]) == results.regions["OOO"]["eyes"].share.value
    assert shares["left_eye"] == ""
    assert all(float(row["fmr"]) >= 3 / 91 - 1e-4 for row in rows("det"))


def test_a_large_study_stays_small(tmp_path: Path) -> None:
    """800 clips of 40 people in every cell."""
    results, _ = make_study("OOO", "AAA")
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(40), 20)
    large = compare_all(rng.normal(size=(800, 8)), subjects)
    plain = results.model_dump(by_alias=True)["cells"]
    counts = {"mated": large.n_mated, "nonmated": large.n_nonmated}
    cells = {letters: cell | {"counts": counts} for letters, cell in plain.items()}
    path = write_study_report(changed(results, cells=cells), dict.fromkeys(cells, large), tmp_path)
    assert path.stat().st_size < 6_000_000


def notes_of(results: StudyResults) -> dict[str, str]:
    return {each.name: " ".join(each.sentences) for each in officer_notes(results)}


def with_metric(results: StudyResults, name: str, value: Any) -> StudyResults:
    cells = results.model_dump(by_alias=True)["cells"]
    for cell in cells.values():
        cell["metrics"] = cell["metrics"] | {name: value}
    return changed(results, cells=cells)


def with_outcome(results: StudyResults, outcome: str) -> StudyResults:
    cells = {
        name: cell.model_dump() | {"recognition": recognition(outcome)}
        for name, cell in results.cells.items()
    }
    return changed(results, cells=cells)


def test_singling_out_follows_from_rank_1(study: Any) -> None:
    results = study[0]
    found = notes_of(with_outcome(with_metric(results, "rank1", rate(0.4, 0.1, 0.07)), "recognised"))[
        "Singling out"
    ]
    assert "AAA: in 40.0 % [30.0, 50.0] of searches" in found
    assert "OOA, OAA, AAA, BOA: clips were singled out more often than by guessing." in found
    assert "OOO" not in found  # what originals give away is not what the officer asks
    nothing = notes_of(with_outcome(results, "not_recognised"))["Singling out"]
    assert "clips were not measurably singled out. A stronger attacker, or more people" in nothing
    unknown = notes_of(with_metric(results, "rank1", None))["Singling out"]
    assert unknown.startswith("Not measured")


def test_a_search_among_more_people_is_on_the_page_and_the_officer_s(study: Any, tmp_path: Path) -> None:
    results, comparisons = study[0], study[1]
    rates = {"level": 0.95, "chance": 0.001}
    search = {
        "people": 1000,
        "rank1": {"value": 0.04, "low": 0.02, "high": 0.09} | rates,
        "tpir": {"value": 0.01, "low": 0.001, "high": 0.05} | rates,
        "fpir": 0.1,
    }
    cells = results.model_dump(by_alias=True)["cells"]
    cells["AAA"]["population"] = [search]
    cells["AAA"]["metrics"]["rank1"] = rate(0.4, 0.1, 0.07)
    with_search = changed(results, cells=cells)
    sentences = notes_of(with_search)["Singling out"]
    assert "AAA: among 1,000 people the best match would be the right person in 4.0 % [2.0, 9.0]" in sentences
    text = Page(write_study_report(with_search, comparisons, tmp_path).read_text("utf-8")).text
    assert "AAA, 1,000 people 4.0 % [2.0, 9.0] 1.0 % [0.1, 5.0] 0.10 %" in text


def test_linkability_follows_from_the_cells_that_meet_anonymised_clips(study: Any) -> None:
    results = study[0]
    found = notes_of(with_outcome(with_metric(results, "eer", rate(0.3)), "recognised"))["Linkability"]
    assert "BOA: whether two clips show one person was decided wrongly in 30.0 %" in found
    assert "OOA, OAA, AAA, BOA: clips were linked more often than by guessing." in found
    # Few people with few errors: the interval opens wide, and says nothing of whether there is a leak.
    wide = with_outcome(with_metric(results, "eer", rate(0.3, 0.3)), "recognised")
    assert "AAA, BOA: clips were linked more often than by guessing." in notes_of(wide)["Linkability"]
    nothing = notes_of(with_outcome(results, "not_decided"))["Linkability"]
    assert "whether clips are linked more often than by guessing is not decided" in nothing
    alone = notes_of(make_study("OOO")[0])["Linkability"]
    assert alone.startswith("OOO: ")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (rate(0.7, 0.1, 0.05), "Expression is kept, 0.70 [0.60, 0.80] (correlation; another person"),
        (rate(0.1, 0.1, 0.05), "That expression is kept is not shown"),
    ],
)  # fmt: skip
def test_inference_is_not_measured_but_what_is_kept_is_said(study: Any, expression: Any, said: str) -> None:
    results = changed(study[0], utility=make_utility(expression).model_dump())
    assert said in notes_of(results)["Inference"]
    assert notes_of(results)["Inference"].startswith("Not measured")


def make_attribute(name: str, value: float, corrected: float, **changes: Any) -> dict[str, Any]:
    figures = {
        "accuracy": rate(value),
        "advantage": {"value": 2 * value - 1, "low": 0.0, "high": 0.9, "level": 0.95},
        "control": 0.501,
        "p_value": corrected / 2,
        "corrected": corrected,
        "permutations": 1000,
    }
    return {
        "name": name,
        "wanted": False,
        "kind": "person",
        "values": ("f<i>", "m"),
        "people": {"f<i>": 7, "m": 7},
        "clips": 84,
        "majority": 0.5,
        "figures": {"original": figures | {"accuracy": rate(0.9)}, "anonymised": figures},
        "lost": difference(0.2),
        "remarks": (),
    } | changes


def test_attributes_stand_on_the_page_and_fill_the_criterion_inference(study: Any, tmp_path: Path) -> None:
    attributes = {
        "sex": make_attribute("sex", 0.7, 0.02),
        "hand": make_attribute("hand", 0.52, 1.0),
        "emotion": make_attribute("emotion", 0.8, 0.02, wanted=True),
        "age": {"name": "age", "wanted": False, "not_measured": "age is known of 3 of 84 clips."},
    }
    results = changed(study[0], attributes=attributes)
    inference = notes_of(results)["Inference"]
    assert "sex: from one anonymised clip 70.0 % [65.0, 75.0] of values were guessed right" in inference
    assert "It was inferred more often than by guessing." in inference
    assert "It was not measurably inferred more often than by guessing." in inference
    assert "emotion, which is wanted: from one anonymised clip 80.0 %" in inference
    assert "age was not measured: age is known of 3 of 84 clips." in inference
    assert "Not measured:" not in inference
    page = write_study_report(results, study[1], tmp_path).read_text("utf-8")
    leaks, utility = page.index('id="attributes"'), page.index('id="utility"')
    wanted = page.index("Attributes that are wanted")
    assert utility < wanted < leaks
    section = page[leaks : page.index('id="officer"')]
    assert "emotion" not in section
    assert section.count(">inferred<") == 2
    assert "not shown" in section
    assert "f&lt;i&gt; 7" in section
    assert "age: not measured. age is known of 3 of 84 clips." in section
    rows = (tmp_path / "figures" / "attributes.csv").read_text("utf-8").splitlines()
    assert len(rows) == 7
    assert rows[0].startswith("attribute,wanted,condition,clips,balanced_accuracy,")
    nothing = changed(study[0], attributes={"age": attributes["age"]})
    assert notes_of(nothing)["Inference"].startswith("Not measured: no attribute")
    assert 'id="attributes"' not in write_study_report(study[0], study[1], tmp_path / "b").read_text("utf-8")
    assert not (tmp_path / "b" / "figures" / "attributes.csv").exists()


def test_groups_stand_on_the_page_with_their_gap(study: Any, tmp_path: Path) -> None:
    def figures(eer: float) -> dict[str, Any]:
        return {
            "people": 7,
            "mated": 105,
            "nonmated": 756,
            "eer": rate(eer),
            "fmr": rate(0.2),
            "fnmr": rate(0.3),
        }

    gap = {
        "groups": ("m", "f"),
        "difference": difference(0.12),
        "looked_at": 1,
        "p_value": 0.004,
        "corrected": 0.008,
        "permutations": 1000,
    }
    result = {
        "groups": {"f": figures(0.2), "m": figures(0.32)},
        "between": [{"groups": ("f", "m"), "nonmated": 900, "fmr": rate(0.11)}],
        "gap": gap,
        "remarks": ("1 value is left out, shown by too few people.",),
    }
    groups = {"sex": {"OOO": {"not_measured": "Too few."}, "AAA": result}}
    results = changed(study[0], groups=groups)
    page = write_study_report(results, study[1], tmp_path).read_text("utf-8")
    section = page[page.index('id="groups"') : page.index('id="officer"')]
    assert "EER of m less that of f, +12.0 [+7.0, +17.0] points, p 0.008; shown." in section
    assert "OOO: not measured. Too few." in section
    assert "f with m" in section
    assert "ISO/IEC 19795-10" in section
    with (tmp_path / "figures" / "groups.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["group"], row["with"], row["eer"]) for row in rows] == [
        ("f", "", "0.2"),
        ("m", "", "0.32"),
        ("f", "m", ""),
    ]


def test_without_utility_inference_is_not_measured_and_nothing_else(study: Any) -> None:
    still = make_utility().model_dump() | {"expression": None}
    for utility in (None, still):
        said = officer_notes(changed(study[0], utility=utility))[2].sentences
        assert len(said) == 1
        assert said[0].startswith("Not measured")


def test_what_must_be_known_first_is_said_first(study: Any) -> None:
    assert officer_warnings(study[0]) == ()
    assert "not valid" in officer_warnings(make_study("AAA", invalid=True)[0])[0]
    assert "no anonymised clips" in officer_warnings(make_study("OOO")[0])[0]
    made = study[0].provenance.model_dump() | {"synthetic": True}
    assert "synthetic" in officer_warnings(changed(study[0], provenance=made))[0]


def test_whether_clips_are_taken_for_their_donors_is_shown(tmp_path: Path) -> None:
    results, scores = make_study("OOO", "AAA")
    framing = {
        "attacker": HOSTILE,
        "real": True,
        "of_this_study": True,
        "donors": 9,
        "clips": 40,
        "rank1": rate(0.5, chance=0.125),
        "eer": None,
        "framed": True,
        "words": "Defended clips are taken for their donor.",
    }
    for each, expected in (
        ({"framing": framing, "not_measured": None}, "Defended clips are taken for their donor."),
        ({"framing": None, "not_measured": "The donors are not known."}, "The donors are not known."),
    ):
        html = written((changed(results, framing=each), scores), tmp_path)
        assert expected in Page(html).text
        assert HOSTILE not in html


def test_actors_have_the_figures_of_their_cells_and_guidelines_their_dates(study: Any, page: Any) -> None:
    rows = actor_rows(study[0])
    assert [(row.actor.name, row.letters) for row in rows] == [
        ("The recipient", "OAA"),
        ("The recipient", "AAA"),
        ("The controller", "BOA"),
        ("A motivated outsider", "OOA"),
    ]
    cell = study[0].cells["BOA"]
    assert rows[2].eer == cell.metrics.eer
    assert rows[2].rank1 == cell.metrics.rank1
    assert [row.is_recognised for row in actor_rows(with_outcome(study[0], "not_decided"))] == [
        "not decided"
    ] * 4
    assert actor_rows(make_study("OOO")[0]) == []
    cited = guidelines()
    assert (cited.criteria.date.isoformat(), cited.relative.date.isoformat()) == ("2014-04-10", "2025-09-04")
    assert f"{cited.relative.name}, 2025-09-04" in page.text
    assert f"Guidelines as of {cited.as_of}" in page.text
    assert "galleries are of 14 people in 5 folds" in page.text


def test_sessions_and_days_are_shown_and_what_is_unknown_has_no_figure(tmp_path: Path) -> None:
    sessions = make_sessions("OOO", "AAA").model_dump()
    results, scores = make_study("OOO", "AAA")
    html = written((changed(results, sessions=sessions), scores), tmp_path)
    text = Page(html).text
    assert "People are recognised less in another session than in the same." in text
    assert re.search(r"OOO strongest attacker 17 8.0 % \[3.0, 13.0\] 21.0 % .* \+13.0", text)
    assert "OOO motion 6 unknown" in text
    assert "OOO 8 to 30 3 unknown OOO 31 or more 12 23.0 %" in text
    assert "AAA 9 −0.310 [−0.500, −0.120]" in text
    assert 'data-chart="days"' in html
    rows = list(csv.DictReader((tmp_path / "figures" / "sessions.csv").read_text().splitlines()))
    assert [(row["cell"], row["view"], row["eer_across"]) for row in rows] == [
        ("OOO", "", "0.21"),
        ("OOO", "static", "0.21"),
        ("AAA", "", "0.21"),
    ]
    days = list(csv.DictReader((tmp_path / "figures" / "days.csv").read_text().splitlines()))
    assert [(row["last_day"], row["eer"]) for row in days[:3]] == [("0", "0.1"), ("7", "0.17"), ("", "0.23")]


def test_a_study_without_sessions_has_no_part_on_them(html: str, folder: Path) -> None:
    assert "in another session, on another day" not in html
    assert not (folder / "figures" / "sessions.csv").exists()
