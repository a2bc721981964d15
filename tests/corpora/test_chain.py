"""From what three publishers ship to a study: convert, check, track, split, audit, command by command.

The people are synthetic: each actor is another person of `amber synth`, drawn by `amber avatarize`. All have
the same face, so this proves that the commands fit together, and nothing about people.
"""

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from amber_id.corpora import actors_of
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from fixtures.corpora_layouts import crema_d_layout, nvfair_layout, ravdess_layout

CORPORA = {
    # The verb, how its publisher lays it out, and the actors.
    "ravdess": ("ravdess", ravdess_layout, range(1, 9)),
    "nvidia": ("nvfair", nvfair_layout, range(1, 9)),
    "cremad": ("crema-d", crema_d_layout, range(1001, 1009)),
}
PEOPLE = 24
TAKES = 2
STUDY = """\
attackers = ["moments"]
[split]
dev = 0.25
folds = 2
[evaluation]
replicates = 100
permutations = 20
"""


def amber(*arguments: object, code: int = 0) -> str:
    command = [sys.executable, "-m", "amber_id", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def drawn(model_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short clips of synthetic people, 128 pixels wide."""
    folder = tmp_path_factory.mktemp("drawn")
    generate(SynthConfig(people=PEOPLE, clips=TAKES, fps="15", duration="1.4", seed=3), folder)
    amber(
        "avatarize", folder / "original", folder / "videos", "--size", 128, "--model", model_bundle, "--quiet"
    )
    return folder / "videos"


@pytest.fixture(scope="module")
def converted(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All three corpora in ``corpus``, each converted from its publisher's layout."""
    folder = tmp_path_factory.mktemp("corpora")
    person = {
        actor: PEOPLE // len(CORPORA) * place + number + 1
        for place, source in enumerate(CORPORA)
        for number, actor in enumerate(actors_of(source)[: PEOPLE // len(CORPORA)])
    }

    def content(actor: str, take: int) -> bytes:
        return (drawn / f"synth_id{person[actor]:03d}" / f"clip{take:02d}.mp4").read_bytes()

    for source, (verb, layout, actors) in CORPORA.items():
        made = layout(folder / source, content, actors=actors, takes=TAKES, traps=False)
        # The other actors of the corpus are missing, and are counted: exit code 3.
        said = amber("corpus", verb, made.src, folder / "corpus", code=3)
        assert "16 clips put" in said
        assert "  missing " in said
        for clip in made.clips:
            assert (folder / "corpus" / clip).is_file()
    return folder / "corpus"


@pytest.fixture(scope="module")
def study(converted: Path, model_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study's folder with the recordings of all clips where `amber audit` looks for them."""
    folder = tmp_path_factory.mktemp("study")
    amber("track", converted, folder / "recordings" / "original", "--model", model_bundle, "--quiet")
    (folder / "study.toml").write_text(STUDY)
    return folder


def results_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text())


def test_the_check_names_what_a_miniature_lacks(converted: Path, tmp_path: Path) -> None:
    said = amber("corpus", "check", converted, "--table", tmp_path / "lacking.csv", code=3)
    assert said.splitlines()[:3] == [
        "cremad: 16 of 7,442 clips, 8 of 91 people",
        "nvidia: 16 clips, 8 of 46 people",
        "ravdess: 16 of 1,440 clips, 8 of 24 people",
    ]
    with (tmp_path / "lacking.csv").open() as file:
        lacking = Counter(row["path"].partition("/")[0] for row in csv.DictReader(file))
    assert lacking["ravdess_id001"] == 60 - TAKES
    assert {lacking[f"ravdess_id{number:03d}"] for number in range(9, 25)} == {1}  # nobody is there
    assert {lacking[f"nvidia_id{number:03d}"] for number in range(33, 71)} == {1}
    assert lacking["cremad_id161"] == 1


def test_every_clip_is_tracked_and_keeps_its_place(study: Path) -> None:
    entries = RecordingSet.open(study / "recordings" / "original").entries
    assert Counter(entry.source for entry in entries) == dict.fromkeys(CORPORA, 16)
    assert all(entry.tracked_frames == entry.frames for entry in entries)
    facts = list(csv.DictReader((study / "recordings" / "original" / "corpus.csv").read_text().splitlines()))
    assert {row["clip"] for row in facts} == {entry.clip for entry in entries}
    assert all(row["utterance"] for row in facts if row["clip"].startswith(("ravdess", "cremad")))


def test_the_people_of_all_three_are_split_by_source(study: Path, tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.symlink_to(study / "recordings" / "original")
    amber("split", recordings, "--dev", "0.25", "--test", "0.25")
    with (recordings / "split.csv").open() as file:
        rows = [(row["partition"], int(row["subject"][2:])) for row in csv.DictReader(file)]
    for first, last in ((1, 24), (25, 70), (71, 161)):
        counts = Counter(partition for partition, number in rows if first <= number <= last)
        assert counts == {"train": 4, "dev": 2, "test": 2}


@pytest.mark.parametrize(
    ("protocol", "sizes"),
    [
        ("thesis-sizes", [(17, 2, 5, 0)]),
        ("cross-source", [(13, 3, 8, 0)] * 3),
        ("within-source", [(4, 2, 2, 16)] * 3),
    ],
)
def test_the_people_of_all_three_are_split_by_name(
    protocol: str, sizes: list[tuple[int, ...]], study: Path, tmp_path: Path
) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    for person in (study / "recordings" / "original").glob("*_id*"):
        (recordings / person.name).symlink_to(person)
    amber("split", recordings, "--protocol", protocol)
    with (recordings / "split.csv").open() as file:
        rows = Counter((int(row["fold"]), row["partition"]) for row in csv.DictReader(file))
    found = [
        tuple(rows[k, partition] for partition in ("train", "dev", "test", "unused"))
        for k in range(len(sizes))
    ]
    assert found == sizes
    assert json.loads((recordings / "split.json").read_text())["config"]["protocol"] == protocol


def test_the_corpus_of_all_three_passes_through_the_audit(
    converted: Path, study: Path, model_bundle: Path
) -> None:
    flags = ["--config", study / "study.toml", "--model", model_bundle]
    said = amber("audit", "--original", converted, "--out", study, *flags)
    assert "48 were there already" in said
    results = results_of(study)
    assert results["counts"]["clips"]["original"] == 48
    assert 0 <= results["cells"]["OOO"]["metrics"]["eer"]["value"] <= 1
    assert (study / "report.html").is_file()


@pytest.mark.parametrize("source", CORPORA)
def test_each_corpus_alone_passes_through_the_audit(source: str, study: Path, tmp_path: Path) -> None:
    recordings = study / "recordings" / "original"
    for person in sorted(recordings.glob(f"{source}_id*")):
        (tmp_path / "alone").mkdir(exist_ok=True)
        (tmp_path / "alone" / person.name).symlink_to(person)
    (tmp_path / "alone" / "corpus.csv").write_bytes((recordings / "corpus.csv").read_bytes())
    flags = ["--config", study / "study.toml", "--quiet"]
    amber("audit", "--original", tmp_path / "alone", "--out", tmp_path / "study", *flags)
    results = results_of(tmp_path / "study")
    assert results["counts"]["clips"]["original"] == 16
    assert 0 <= results["cells"]["OOO"]["metrics"]["eer"]["value"] <= 1
