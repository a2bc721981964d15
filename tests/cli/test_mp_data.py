"""``amber corpus mp-data``: words become utterances, folders people, and what is not known is asked for."""

import csv
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from amber_id.corpora import read_corpus_file
from amber_id.recordings import RecordingSet
from fixtures.command_line import run_here

amber = partial(run_here, code=0)

HEADING = "folder,person,session,fps,width,height,aspect"


@pytest.fixture(scope="module")
def trees(synthetic_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of two words each of Ann on two days, and of Bob, 33 frames; Bob's first has 20."""
    folder = tmp_path_factory.mktemp("trees")
    people = RecordingSet.open(synthetic_people)
    for tree, subject in zip(("ann/day1", "ann/day2", "bob"), ("id001", "id001", "id002"), strict=True):
        for n, entry in enumerate(people.select([subject]).entries[:4]):
            clip = folder / tree / "MP_Data" / ("hello", "thanks")[n % 2] / str(n // 2)
            clip.mkdir(parents=True)
            frames = 20 if tree == "bob" and n == 0 else 33
            for number, face in enumerate(people.load(entry).landmarks[:frames, :468]):
                pose, hands = np.full(132, 0.5), np.zeros(126)
                np.save(clip / f"{number}.npy", np.concatenate([pose, face.ravel(), hands]))
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_each_folder_of_words_is_a_person_and_that_is_said(trees: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = amber("corpus", "mp-data", trees, out, "--fps", 30, "--aspect", "16:9", "--workers", 1)
    assert "3 folders of words are taken for 3 people" in done.stderr
    assert [row["person"] for row in rows(out / "people.csv")] == [
        "ann/day1/MP_Data",
        "ann/day2/MP_Data",
        "bob/MP_Data",
    ]
    recordings = RecordingSet.open(out)
    assert len(recordings.entries) == 12
    assert recordings.entries[0].clip == "own_id001/hello_0"
    facts = read_corpus_file(out)
    assert {facts[entry.clip].utterance for entry in recordings.entries} == {"hello", "thanks"}
    short = [row for row in rows(out / "warnings.csv") if "longest tracked stretch" in row["reason"]]
    assert [(row["clip"], row["reason"].split(",")[0]) for row in short] == [
        ("own_id003/hello_0", "its longest tracked stretch is 0.67 s")
    ]


def test_a_table_says_who_and_the_most_specific_row_counts(trees: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "who.csv", tmp_path / "out"
    lines = [
        "ann,Ann,,30,,,16:9",
        "ann/day1/,,1,,,,",
        "ann/day2,,2,25,,,",
        "ann/day2/MP_Data/thanks/1,,,20,1600,900,",
        "bob,Bob,,30,1280,720,",
        "carl,Carl,,,,,",
    ]
    table.write_text("\n".join([HEADING, *lines]))
    done = amber("corpus", "mp-data", trees, out, "--table", table, "--workers", 1, "--quiet")
    assert (
        done.stderr.splitlines()[0] == f"{table}: no clip, folder or person that is there has the name carl."
    )
    assert "taken for" not in done.stderr
    assert [row["person"] for row in rows(out / "people.csv")] == ["Ann", "Bob"]
    made = {row["clip"]: (row["fps"], row["width"]) for row in rows(out / "recordings.csv")}
    assert made["own_id001/1_thanks_1"] == ("30.0", "1280")
    assert made["own_id001/2_hello_1"] == ("25.0", "1280")
    assert made["own_id001/2_thanks_1"] == ("20.0", "1600")
    assert made["own_id002/hello_0"] == ("30.0", "1280")
    facts = read_corpus_file(out)
    assert {facts[clip].session for clip in made if "/2_" in clip} == {"2"}
    assert facts["own_id002/hello_0"].session is None


def test_clips_that_would_have_one_name_are_named(trees: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "who.csv", tmp_path / "out"
    table.write_text("folder,person\nann,Ann\n")
    flags = ["--fps", 30, "--aspect", "16:9", "--workers", 1, "--quiet"]
    done = amber("corpus", "mp-data", trees, out, "--table", table, *flags, code=3)
    assert "give their folders sessions in the table" in done.stderr
    assert len(RecordingSet.open(out).entries) == 8


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--aspect", "4:3"], "the frames of 12 clips"),
        (["--aspect", "4:3"], "give --fps, e.g. 30"),
        (["--fps", "30"], "give --aspect, e.g. 4:3"),
        (["--fps", "30", "--aspect", "4:3", "--shortest-s", "0"], "--shortest-s"),
    ],
)
def test_what_frames_do_not_say_is_asked_for_once(
    flags: list[str], reason: str, trees: Path, tmp_path: Path
) -> None:
    done = amber("corpus", "mp-data", trees, tmp_path / "out", *flags, code=2)
    (line,) = done.stderr.splitlines()
    assert reason in line
    assert not (tmp_path / "out").exists()


def test_a_folder_within_the_tree_is_refused_with_the_way_out(trees: Path, tmp_path: Path) -> None:
    word = trees / "bob" / "MP_Data" / "hello"
    flags = ["--fps", 30, "--aspect", "16:9"]
    done = amber("corpus", "mp-data", word, tmp_path / "out", *flags, code=1)
    assert "give a folder above it" in done.stderr
    done = amber("corpus", "mp-data", tmp_path / "nowhere", tmp_path / "out", *flags, code=1)
    assert "got nothing" in done.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("clip,fps\nx,25\n", "expected the column folder and any of person, session, fps"),
        ("folder,fsp\nann,25\n", "got folder, fsp"),
        ("folder,aspect\nann,wide\n", "ann: expected an aspect such as 4:3, got wide"),
        ("folder,aspect\nann,4:0\n", "expected a positive number in aspect, got 0"),
        (
            "folder,aspect,width,height\nann,4:3,640,480\n",
            "expected width and height, or an aspect, got both",
        ),
        ("folder,fps\nann,25\nann/,30\n", "expected each folder once, got ann twice"),
        ("folder,fps\n,25\n", "line 2: expected a name in folder, got an empty cell"),
        ("folder,fps\nann\n", "line 2: expected 2 values, got 1"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(text: str, reason: str, trees: Path, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(text)
    done = amber("corpus", "mp-data", trees, tmp_path / "out", "--table", tmp_path / "table.csv", code=1)
    assert reason in done.stderr
