"""The experiment of the thesis on synthetic people: all parts are there, and a stop changes nothing."""

import csv
import json
import math
import re
import shutil
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from amber_id.attackers import load_attacker
from amber_id.audit import ThesisStudyConfig, divided_as, divisions_of, run_thesis_study, thesis_study_config
from amber_id.audit.thesis.config import changed_settings, parts_of
from amber_id.biometrics import Comparisons, compare_all, eer
from amber_id.embeddings import embed_clips
from amber_id.errors import LeakError, UsageError
from amber_id.misfits import first_problem
from amber_id.motion import load_windows
from amber_id.protocols import folds_by_people, make_split, read_split
from amber_id.recordings import RecordingSet
from amber_id.report import write_thesis_report
from amber_id.results import (
    ThesisStudyResults,
    read_arrays,
    read_results,
    read_thesis_study,
    thesis_arrays,
    write_results,
)
from amber_id.synthetic import SynthConfig, generate
from fixtures.command_line import run_here

SMALL = """
regions = ["lips"]

[k0]
protocol = "shares"
dev = 0.25
test = 0.5

[folds]
folds = 2
dev = 0.25

[thesis]
attacker_config = { channels = [4], dimensions = 8, kernel = 3 }

[thesis.cross_entropy]
epochs = 1
batch = 8
clips_per_subject = 2

[thesis.arcface]
epochs = 2
batch = 8
clips_per_subject = 2
first_phase = { epochs = 1 }

[corrected]
attacker_config = { channels = [8], parts = 4, width = 16, dimensions = 16 }

[corrected.loop]
epochs = 1

[evaluation]
replicates = 100
"""
WHOLE = (
    "thesis k0 cross_entropy xy",
    "thesis k0 cross_entropy xy+motion",
    "thesis k0 arcface xy",
    "thesis k0 arcface xy+motion",
    "thesis folds cross_entropy xy",
    "corrected k0 all",
    "corrected k0 motion",
    "corrected folds all",
)


def small(**more: object) -> ThesisStudyConfig:
    return ThesisStudyConfig.model_validate(thesis_study_config(tomllib.loads(SMALL), more))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    generate(SynthConfig.model_validate({"people": 12, "clips": 2, "duration": 2}), folder)
    return folder


@pytest.fixture(scope="module")
def sets(people: Path) -> Mapping:
    return {
        "original": RecordingSet.open(people / "original"),
        "anonymised": RecordingSet.open(people / "avatar"),
    }


@pytest.fixture(scope="module")
def study(sets: Mapping, tmp_path_factory: pytest.TempPathFactory) -> tuple[ThesisStudyResults, Path]:
    out = tmp_path_factory.mktemp("study")
    return run_thesis_study(sets, out, small(), device="cpu"), out


def test_every_part_is_there_with_its_figures(study):
    results, _ = study
    assert [part.name for part in results.parts if part.region is None] == list(WHOLE)
    assert [part.name for part in results.parts if part.region] == [
        "thesis k0 cross_entropy xy lips",
        "corrected k0 all lips",
    ]
    assert [part.name for part in results.parts if part.main] == [
        name for name in WHOLE if name in {WHOLE[0], WHOLE[4], "corrected k0 all", "corrected folds all"}
    ]
    for part in results.parts:
        original, avatar = part.conditions["original"], part.conditions["anonymised"]
        assert original.counts == avatar.counts
        assert (original.subjects, original.clips) == ((12, 24) if part.split == "folds" else (6, 12))
        assert original.failed_clips == 0
        assert part.difference is not None
        assert part.difference.value == pytest.approx(avatar.eer.value - original.eer.value)
        assert [fold.fold for fold in original.folds] == ([0, 1] if part.split == "folds" else [])
        assert sum(fold.counts.mated for fold in original.folds) in (0, original.counts.mated)
    assert set(results.pipelines) == {"k0", "folds"}
    for split, found in results.pipelines.items():
        thesis, corrected = (part for part in results.parts if part.main and part.split == split)
        for condition, difference in found.items():
            of_each = [part.conditions[condition].eer.value for part in (thesis, corrected)]
            assert difference.value == pytest.approx(of_each[1] - of_each[0])
    assert results.provenance.synthetic
    assert not results.provenance.tracker_of_thesis
    assert results.limits[0].startswith("These people are synthetic")
    assert results.limits[1].startswith(
        "This is not the study of data/thesis.toml: other settings were chosen for regions"
    )
    assert results.counts.k0 == {"train": 3, "dev": 3, "test": 6}


@pytest.mark.parametrize("condition", ["original", "anonymised"])
def test_a_figure_is_that_of_the_checkpoint_on_the_test_people(study, sets, condition):
    results, out = study
    part = results.parts[0]
    run = out / "runs" / f"thesis-k0-cross_entropy-xy-{condition}"
    header, attacker = load_attacker(run / "checkpoint.safetensors", "cpu")
    assert header.features.normalisation == "thesis"
    tested = set(sets[condition].subjects) - set(header.train_subjects) - set(header.dev_subjects)
    assert tested == set(read_split(out / "splits" / "k0" / "split.csv").subjects("test", 0))
    windows = load_windows(sets[condition].select(tested), header.features)
    compared: Comparisons = compare_all(embed_clips(attacker, windows), windows.subject_of_clip)
    found = eer(compared.mated_scores, compared.nonmated_scores)
    assert part.conditions[condition].eer.value == pytest.approx(found)
    assert part.conditions[condition].dev[0].eer == header.dev.eer


@pytest.mark.parametrize("condition", ["original", "anonymised"])
def test_every_attacker_has_curve_accuracy_scores_and_map(study, condition):
    """From what is kept of it come its figures, and whatever is drawn."""
    results, out = study
    for part in results.parts:
        found = part.conditions[condition]
        arrays = read_arrays(thesis_arrays(out, part.name, condition))
        assert len(arrays.scores) == found.counts.mated + found.counts.nonmated
        assert len(arrays.clips) == len(arrays.tsne) == found.clips
        mated = arrays.subject[arrays.enrolment] == arrays.subject[arrays.probe]
        assert eer(arrays.scores[mated], arrays.scores[~mated]) == pytest.approx(found.eer.value)
        threshold = {fold.fold: fold.threshold for fold in found.dev}
        right = mated == (
            arrays.scores >= np.array([threshold[fold] for fold in arrays.fold])[arrays.enrolment]
        )
        assert found.accuracy.value == pytest.approx(right.mean())
        assert found.balanced_accuracy.value == pytest.approx(
            (right[mated].mean() + right[~mated].mean()) / 2
        )
        assert found.accuracy.chance == pytest.approx(max(mated.mean(), 1 - mated.mean()))
    page = write_thesis_report(results, out).read_text("utf-8")
    charts = json.loads(re.search(r'id="chart-data">(.*?)</script>', page, re.S)[1])
    for part in results.parts:
        run = f"{part.name} {condition}".replace(" ", "-")
        kinds = [f"roc {part.name.replace(' ', '-')}", f"scores {run}", f"map 0 {run}"]
        kinds += [f"map 1 {run}"] if part.split == "folds" else []
        assert set(kinds) < set(charts)
        assert sum(len(trace["x"]) for trace in charts[f"map 0 {run}"]["data"]) == 12
    rows = list(csv.DictReader((out / "thesis.csv").read_text().splitlines()))
    first = next(row for row in rows if row["condition"] == condition)
    assert float(first["accuracy"]) == results.parts[0].conditions[condition].accuracy.value


def test_a_run_is_evaluated_as_it_lies_there(study, sets, tmp_path):
    results, out = study
    beside = {name: sorted(path.name for path in found.root.iterdir()) for name, found in sets.items()}
    for part, condition in ((results.parts[0], "original"), (results.parts[4], "anonymised")):
        run = out / "runs" / f"{part.name} {condition}".replace(" ", "-")
        flags = ("--out", tmp_path / condition, "--replicates", "100", "--device", "cpu", "--quiet")
        run_here("evaluate", run, sets[condition].root, *flags, code=0)
        found = read_results(tmp_path / condition / "results.json")
        assert found.metrics.eer.value == pytest.approx(part.conditions[condition].eer.value)
        assert found.metrics.accuracy.value == pytest.approx(part.conditions[condition].accuracy.value)
    now = {name: sorted(path.name for path in found.root.iterdir()) for name, found in sets.items()}
    for name in sets:
        assert not [each for each in set(now[name]) - set(beside[name]) if each.startswith("split")]


def test_each_kind_of_clips_has_an_attacker_of_its_own(study):
    _, out = study
    for name in ("thesis-folds-cross_entropy-xy", "corrected-k0-all-lips"):
        hashes = {path.read_bytes() for path in (out / "runs").glob(f"{name}-*/**/checkpoint.safetensors")}
        assert len(hashes) == (4 if "folds" in name else 2)


def test_test_people_are_opened_once_for_each_split(study, sets):
    results, _ = study
    assert results.provenance.test_openings == {"k0": 1, "folds": 1}
    rows = (sets["original"].root / "test_openings.csv").read_text().splitlines()
    assert len([row for row in csv.DictReader(rows) if row["attacker"] == "study of the thesis"]) == 2


def test_what_is_missing_is_done_again_and_nothing_else(study, sets, tmp_path):
    results, out = study
    again = tmp_path / "again"
    shutil.copytree(out, again)
    shutil.rmtree(again / "runs" / "corrected-k0-all-lips-original")
    shutil.rmtree(again / "models" / "corrected-k0-motion-anonymised")
    shutil.rmtree(again / "runs" / "thesis-k0-cross_entropy-xy-lips-anonymised")
    lost = {
        "training corrected k0 all lips, original",
        "training thesis k0 cross_entropy xy lips, anonymised",
        "testing thesis k0 arcface xy",
    }
    for path in (again / "stages").iterdir():
        if path.stem in {name.replace(" ", "-").replace(",-", "-").replace("_", "-") for name in lost}:
            path.unlink()
    stages: dict[str, bool] = {}
    repeated = run_thesis_study(sets, again, small(), device="cpu", on_stage=stages.__setitem__)
    assert {name for name, before in stages.items() if not before} == lost | {"clips"}
    assert repeated.model_dump(exclude={"times"}) == results.model_dump(exclude={"times"})
    for path in (out / "models").rglob("*.safetensors"):
        assert (again / path.relative_to(out)).read_bytes() == path.read_bytes()


def test_other_people_in_the_same_folder_are_refused(study, sets):
    _, out = study
    fewer = {name: found.select(found.subjects[1:]) for name, found in sets.items()}
    with pytest.raises(UsageError, match=r"k0/split.csv: expected a split of these 11 people, id001 differ"):
        run_thesis_study(fewer, out, small(), device="cpu")


def test_one_condition_alone_is_refused(sets, tmp_path):
    with pytest.raises(UsageError, match="expected original and anonymised clips, got original"):
        run_thesis_study({"original": sets["original"]}, tmp_path, small())


def test_avatars_of_each_other_are_refused_unless_that_is_meant(people, tmp_path):
    avatars = tmp_path / "avatar"
    shutil.copytree(people / "avatar", avatars)
    one, other = (avatars / person / "clip00.safetensors" for person in ("synth_id001", "synth_id002"))
    one.rename(tmp_path / "kept")
    other.rename(one)
    (tmp_path / "kept").rename(other)
    swapped = {
        "original": RecordingSet.open(people / "original"),
        "anonymised": RecordingSet.open(avatars),
    }
    with pytest.raises(LeakError) as caught:
        run_thesis_study(swapped, tmp_path / "study", small(), device="cpu")
    assert "synth_id001/clip00 moves, anonymised, as synth_id002/clip00 does" in str(caught.value)
    assert not (tmp_path / "study" / "runs").exists()
    keys = [f"pairing:synth_id00{a}/clip00=synth_id00{b}/clip00" for a, b in ((1, 2), (2, 1))]
    meant = run_thesis_study(swapped, tmp_path / "study", small(regions=[]), device="cpu", allow=keys)
    assert sorted(meant.provenance.allowed) == keys
    assert sum("A leak was allowed" in limit for limit in meant.limits) == 2


# the command ----------------------------------------------------------------------------------------


amber = partial(run_here, "study", "thesis")


def test_the_command_goes_on_with_a_study_and_prints_it(study, people, tmp_path):
    results, out = study
    (tmp_path / "small.toml").write_text(SMALL)
    folders = ("--didd", people / "original", "--tavd", people / "avatar")
    done = amber(*folders, "--out", out, "--config", tmp_path / "small.toml", "--device", "cpu")
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert lines[-1] == str(out / "thesis.html")
    assert lines[1].split() == ["published", "0.16", "0.26", "on", "other", "people"]
    assert [line.rpartition("  ")[0].split("  ")[0] for line in lines[2:12]] == [
        part.name for part in results.parts
    ]
    assert "testing corrected folds all: done before" in done.stderr
    read = read_thesis_study(out / "thesis.json")
    assert read.model_dump(exclude={"times"}) == results.model_dump(exclude={"times"})
    assert "published elsewhere" in (out / "thesis.html").read_text("utf-8")
    rows = list(csv.DictReader((out / "thesis.csv").read_text().splitlines()))
    assert len(rows) == 2 * len(results.parts) + 2 * 2 * 2


@pytest.mark.parametrize(
    ("folder", "toml", "code", "said"),
    [
        ("nowhere", "", 1, "nowhere: no such folder"),
        ("original", "regions = ['ear']", 2, "regions"),
        ("original", "losses = ['arcface']", 2, "losses: expected cross_entropy among them"),
        ("original", "[thesis", 2, "expected TOML"),
    ],
)
def test_wrong_use_is_one_line(people, tmp_path, folder, toml, code, said):
    (tmp_path / "wrong.toml").write_text(toml)
    named = people / folder if folder == "original" else folder
    done = amber(
        "--didd", named, "--tavd", people / "avatar", "--out", tmp_path, "--config", tmp_path / "wrong.toml"
    )
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("people", "toml", "said"),
    [
        (6, "", "expected 7 people or more with two clips under both conditions"),
        (
            12,
            "k0 = { protocol = 'thesis-sizes', seed = 1, dev = 0.3 }",
            "k0",
        ),
        (12, "folds = { folds = 6, dev = 0.1 }", "leave out [folds], or put folds = { "),
        (12, "k0 = { protocol = 'shares', dev = 0.2, test = 0.1 }", "leave out [k0], or put k0 = { "),
        (12, "k0 = { protocol = 'shares', dev = 0.2, test = 0.2 }", "expected 3 people or more to test"),
    ],
)
def test_too_few_people_are_told_before_anything_is_tracked(tmp_path, people, toml, said):
    for condition in ("didd", "tavd"):
        for number in range(people):
            for clip in "ab":
                path = tmp_path / condition / f"a_id{number:03d}" / f"{clip}.mp4"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"no video, {condition}: nothing may be opened")
    (tmp_path / "asked.toml").write_text(toml)
    folders = ("--didd", tmp_path / "didd", "--tavd", tmp_path / "tavd")
    done = amber(*folders, "--out", tmp_path / "out", "--config", tmp_path / "asked.toml")
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("people", [7, 9, 12, 18, 30, 40])
def test_few_people_are_divided_by_their_number(people):
    usual = ThesisStudyConfig.model_validate(thesis_study_config())
    config, said = divided_as(usual, people)
    assert len(said) == 2
    source_of = {f"id{n:03d}": "abc"[n % 3] for n in range(people)}
    found = divisions_of(config, source_of)
    for name, division in found.items():
        for fold in range(len(division.split.folds)):
            sizes = [len(division.split.subjects(part, fold)) for part in ("train", "dev", "test")]
            assert min(sizes) >= 2, name
        assert sizes[1] >= min(4, people // 3)
    assert len(found["k0"].split.subjects("test", 0)) >= 3
    assert len(found["folds"].split.folds) == folds_by_people(people).folds
    # What the note says gives the same, put into a TOML.
    for name, sentence in zip(("k0", "folds"), said, strict=True):
        told = tomllib.loads(
            sentence.partition(f"The split {name} follows the number of people, ")[2].partition(": ")[0]
        )
        again = ThesisStudyConfig.model_validate(thesis_study_config(told))
        assert divisions_of(divided_as(again, people)[0], source_of)[name] == found[name]


def test_as_many_people_as_in_the_thesis_are_divided_as_there():
    usual = ThesisStudyConfig.model_validate(thesis_study_config())
    for people in (41, 161):
        assert divided_as(usual, people) == (usual, ())
    told = small()
    assert divided_as(told, 12) == (told, ())


# what is asked --------------------------------------------------------------------------------------


def test_the_file_of_the_package_has_the_numbers_of_the_thesis():
    config = ThesisStudyConfig.model_validate(thesis_study_config())
    source_of = {f"id{n:03d}": "ravdess" if n < 24 else "nvidia" if n < 70 else "cremad" for n in range(161)}
    k0, folds = (make_split(source_of, each) for each in (config.k0, config.folds))
    assert [len(k0.subjects(each, 0)) for each in ("train", "dev", "test")] == [112, 14, 35]
    assert len(folds.folds) == 5
    first, second = config.thesis.cross_entropy, config.thesis.arcface
    assert (first.epochs, first.batch, first.clips_per_subject) == (100, 48, 6)
    assert (second.epochs, second.batch, second.clips_per_subject) == (200, 48, 6)
    assert second.first_phase is not None
    of_batch = math.sqrt(48 / 32)  # rates are given for 32 clips
    rates = [first.learning_rate, second.first_phase.learning_rate, second.learning_rate]
    assert [rate * of_batch for rate in rates] == pytest.approx([1e-4, 1e-4, 5e-5])
    assert second.first_phase.epochs == 20
    assert (second.loss.name, second.loss.scale) == ("arcface", 30)
    assert math.radians(second.loss.margin_degrees) == pytest.approx(0.3)
    assert changed_settings(config.model_copy(update={"seed": 3})) == ()
    parts = parts_of(config)
    assert len(parts) == 4 + 1 + 7 + 2 + 1 + 7
    assert len({part.name for part in parts}) == len(parts)
    for part in parts:
        features = part.training.features
        assert features.normalisation == ("thesis" if part.pipeline == "thesis" else "aligned")
        assert (features.regions or (None,)) == (part.region,)
        assert (len(features.streams) == 2) == (part.sees in ("xy+motion", "all", "motion"))


def test_a_file_is_put_over_it_table_by_table():
    config = small(thesis={"arcface": {"loss": {"scale": 20}}}, corrected={"views": ["motion"]})
    assert (config.thesis.arcface.loss.name, config.thesis.arcface.loss.scale) == ("arcface", 20)
    assert config.thesis.arcface.epochs == 2
    assert config.corrected.views == ("motion",)
    assert config.corrected.attacker == "stgcn"
    assert {"regions", "k0.dev", "thesis.attacker_config", "thesis.arcface.loss.scale"} < set(
        changed_settings(config)
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"inputs": ["xy+motion"]}, "inputs: expected xy among them"),
        ({"regions": ["lips", "lips"]}, "name each once, got lips, lips"),
        ({"k0": {"folds": 2, "test": None}}, "k0 is one split, got 2 folds"),
        ({"folds": {"protocol": "cross-session"}}, "cross-session: the study counts all mated"),
        (
            {"corrected": {"attacker": "blendshapes", "attacker_config": {}}},
            "expected a network on landmarks",
        ),
        ({"corrected": {"attacker": "moments", "attacker_config": {}}}, "expected a network on landmarks"),
        ({"epochs": 3}, "epochs"),
    ],
)
def test_what_cannot_be_asked_is_refused(told, said):
    with pytest.raises(ValidationError) as caught:
        small(**told)
    assert said in first_problem(caught.value)


def test_results_come_back_as_they_went(study, tmp_path):
    results, _ = study
    write_results(results, tmp_path / "thesis.json")
    assert read_thesis_study(tmp_path / "thesis.json") == results
    assert json.loads((tmp_path / "thesis.json").read_text())["schema"] == "amber-id/thesis-study/2"
