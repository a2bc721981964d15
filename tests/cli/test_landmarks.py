"""``amber corpus landmarks``: what is good becomes recordings that go down the chain, the rest is named."""

import csv
import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from amber_id.errors import FileFormatError
from amber_id.recordings import RecordingSet, load_recording
from amber_id.tracking import read_stated
from fixtures.command_line import run_here
from fixtures.thesis_landmarks import write_thesis_files

amber = partial(run_here, code=0)

FPS = 30.0


@pytest.fixture(scope="module")
def thesis(synthetic_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The thesis' files of twelve synthetic people, in ``data`` and ``meta``."""
    folder = tmp_path_factory.mktemp("thesis")
    people = RecordingSet.open(synthetic_people)
    for entry in people.entries:
        write_thesis_files(people.load(entry), folder / "data", folder / "meta", fps=FPS)
    return folder


@pytest.fixture
def arrays(synthetic_people: Path, tmp_path: Path) -> Path:
    """Two clips of each of two people as arrays, x and y alone."""
    people = RecordingSet.open(synthetic_people)
    for subject in people.subjects[:2]:
        for entry in people.select([subject]).entries[:2]:
            path = tmp_path / "arrays" / f"{entry.clip}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, people.load(entry).landmarks[:, :, :2])
    return tmp_path / "arrays"


def failures(folder: Path) -> dict[str, tuple[str, str]]:
    rows = csv.DictReader((folder / "failures.csv").read_text().splitlines())
    return {row["clip"]: (row["stage"], row["reason"]) for row in rows}


def test_the_thesis_files_go_down_the_chain(thesis: Path, synthetic_people: Path, tmp_path: Path) -> None:
    out = tmp_path / "recordings"
    done = amber(
        "corpus", "landmarks", thesis / "data", out, "--meta", thesis / "meta", "--aspect", "16:9", "--quiet"
    )
    assert done.stderr == ""
    assert "48 landmark files imported" in done.stdout
    assert failures(out) == {}
    recordings = RecordingSet.open(out)
    originals = RecordingSet.open(synthetic_people)
    assert [e.clip for e in recordings.entries] == [e.clip for e in originals.entries]
    for entry, original in zip(recordings.entries, originals.entries, strict=True):
        assert entry.point_set == "face_mesh_468"
        assert entry.duration_s == pytest.approx(original.frames / FPS)
    amber("split", out, "--dev", "0.3", "--test", "0.4")
    amber("train", out, "--out", tmp_path / "run", "--attacker", "moments", "--quiet")
    said = amber("evaluate", tmp_path / "run", out, "--out", tmp_path / "report", "--quiet").stdout
    assert "EER" in said
    results = json.loads((tmp_path / "report" / "results.json").read_text())
    assert 0 <= results["metrics"]["eer"]["value"] < 0.6
    assert "from a fitted mean face" in json.dumps(results)


def test_bad_files_are_named_and_the_others_go_on(arrays: Path, tmp_path: Path) -> None:
    person = sorted(arrays.iterdir())[0]
    first = sorted(person.iterdir())[0]
    (person / "cut.npy").write_bytes(first.read_bytes()[:1000])
    np.save(person / "openpose.npy", np.zeros((30, 70, 2)))
    np.save(person / "shares.npy", np.load(first) * [1280, 720])
    huge = np.load(first).astype(np.float64)
    huge[7, 3, 0] = 1e39
    np.save(person / "huge.npy", huge)
    np.savez(person / "wide.npz", landmarks=np.load(first), width=1e30, height=480)
    heading = ["frame", " face_id", " timestamp", " confidence", " success"]
    heading += [f" {axis}_{point}" for axis in "xy" for point in range(68)]
    (person / "openface.csv").write_text(",".join(heading) + "\n")
    (person / "notes.csv").write_text("clip,seen\n")
    (arrays / "notes.csv").write_text("clip,seen\n")
    shutil.copy(first, arrays / "stray.npy")
    alone = arrays / "alone_id900" / "only.npy"
    alone.parent.mkdir()
    shutil.copy(first, alone)
    (arrays / "corpus.csv").write_text("clip,session\nalone_id900/only,1\n")

    out = tmp_path / "out"
    done = amber("corpus", "landmarks", arrays, out, "--fps", FPS, "--aspect", "16:9", code=3)
    rows = failures(out)
    named = {
        f"{person.name}/{name}" for name in ("cut", "huge", "openpose", "shares", "wide", "openface.csv")
    }
    assert rows.keys() == named | {"stray.npy", "alone_id900/only"}
    assert {rows[name][0] for name in named - {f"{person.name}/openface.csv"}} == {"import"}
    assert rows["alone_id900/only"][0] == "pair"
    assert "run: amber track" in rows[f"{person.name}/openface.csv"][1]
    for clip, (_, reason) in rows.items():
        assert f"{clip}: {reason}" in done.stderr.splitlines()
    assert len(RecordingSet.open(out).entries) == 5
    assert (out / "corpus.csv").read_text() == (arrays / "corpus.csv").read_text()

    # What is mended is not named any more, and what is broken now is no recording any more.
    for name in ("cut.npy", "huge.npy", "openpose.npy", "shares.npy", "wide.npz", "openface.csv"):
        (person / name).unlink()
    first.write_bytes(b"")
    amber("corpus", "landmarks", arrays, out, "--fps", FPS, "--aspect", "16:9", code=3)
    assert failures(out).keys() >= {f"{person.name}/{first.stem}", "stray.npy"}
    assert not (out / person.name / f"{first.stem}.safetensors").exists()


def test_a_table_states_what_differs_between_clips(arrays: Path, tmp_path: Path) -> None:
    clips = [path.relative_to(arrays).with_suffix("").as_posix() for path in sorted(arrays.rglob("*.npy"))]
    table = tmp_path / "stated.csv"
    table.write_text(f"clip,fps,width,height\n{clips[0]},24.5,,\n{clips[1]},,640,360\n")
    flags = ["--fps", FPS, "--aspect", "16:9", "--quiet"]
    amber("corpus", "landmarks", arrays, tmp_path / "out", *flags, "--table", table)
    made = [load_recording(tmp_path / "out" / f"{clip}.safetensors") for clip in clips]
    assert [recording.fps for recording in made] == [24.5, 30, 30, 30]
    assert [recording.width for recording in made] == [1280, 640, 1280, 1280]


def test_a_row_of_a_person_or_folder_holds_for_all_its_clips(arrays: Path, tmp_path: Path) -> None:
    clips = [path.relative_to(arrays).with_suffix("").as_posix() for path in sorted(arrays.rglob("*.npy"))]
    folder, person = clips[0].split("/")[0], f"id{clips[2].split('/')[0][-3:]}"
    rows = [f"{folder},24.5,1280,720,", f"{clips[1]},12.5,,,", f"{person},20,,,16:9", "nobody,1,,,"]
    table = tmp_path / "stated.csv"
    table.write_text("\n".join(["clip,fps,width,height,aspect", *rows]))
    done = amber("corpus", "landmarks", arrays, tmp_path / "out", "--quiet", "--table", table)
    assert done.stderr == f"{table}: no clip, folder or person that is there has the name nobody.\n"
    made = [load_recording(tmp_path / "out" / f"{clip}.safetensors") for clip in clips]
    assert [recording.fps for recording in made] == [24.5, 12.5, 20, 20]
    assert {recording.width for recording in made} == {1280}


def test_clips_that_are_too_short_are_named(arrays: Path, tmp_path: Path) -> None:
    clips = sorted(arrays.rglob("*.npy"))
    np.save(clips[0], np.load(clips[0])[:29])
    np.save(clips[1], np.load(clips[1])[:30])
    flags = ["--fps", FPS, "--aspect", "16:9", "--quiet"]
    done = amber("corpus", "landmarks", arrays, tmp_path / "out", *flags)
    name = clips[0].relative_to(arrays).with_suffix("").as_posix()
    reason = "its longest tracked stretch is 0.97 s, at least 1 s needed: attackers leave it out"
    assert done.stderr.startswith(f"{name}: kept, but {reason}")
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path / 'out' / 'warnings.csv'}" in done.stdout
    assert (tmp_path / "out" / f"{name}.safetensors").is_file()
    done = amber("corpus", "landmarks", arrays, tmp_path / "out", *flags, "--shortest-s", "0.5")
    assert done.stderr == ""


def test_recordings_do_not_depend_on_the_number_of_workers(arrays: Path, tmp_path: Path) -> None:
    for workers in ("1", "2"):
        flags = ["--fps", FPS, "--aspect", "16:9", "--workers", workers, "--quiet"]
        amber("corpus", "landmarks", arrays, tmp_path / workers, *flags)
    names = [
        path.relative_to(tmp_path / "1") for path in sorted((tmp_path / "1").rglob("*")) if path.is_file()
    ]
    assert len(names) == 6
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_thesis_clip_without_its_meta_file_is_named(thesis: Path, tmp_path: Path) -> None:
    person = sorted((thesis / "data").iterdir())[0].name
    data, meta = tmp_path / "data", tmp_path / "meta"
    shutil.copytree(thesis / "data" / person, data / person)
    shutil.copytree(thesis / "meta" / person, meta / person)
    gone = sorted((meta / person).iterdir())[0]
    gone.unlink()
    amber("corpus", "landmarks", data, tmp_path / "out", "--meta", meta, "--aspect", "16:9", code=3)
    ((clip, (_, reason)),) = failures(tmp_path / "out").items()
    assert clip == f"{person}/{gone.stem}"
    assert reason == f"its meta file {gone}: cannot be read (No such file or directory)"


def test_a_folder_of_openface_tables_is_refused_with_the_way_out(tmp_path: Path) -> None:
    heading = ["frame", "timestamp", "confidence", "success"]
    heading += [f"{axis}_{point}" for axis in "xy" for point in range(68)]
    (tmp_path / "a_id001").mkdir()
    (tmp_path / "a_id001" / "x.csv").write_text(",".join(heading) + "\n")
    done = amber("corpus", "landmarks", tmp_path, tmp_path / "out", code=1)
    (line,) = done.stderr.splitlines()
    assert "68 points" in line
    assert "run: amber track" in line


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--aspect", "wide"], "--aspect must be two positive numbers, e.g. 16:9, got wide"),
        (["--size", "1280"], "--size must be two positive numbers, e.g. 1280x720, got 1280"),
        (["--size", "0x720"], "--size must be two positive numbers"),
        (["--size", "640.5x480"], "--size must be two positive numbers"),
        (["--fps", "nan"], "--fps"),
        (["--size", "640x480", "--aspect", "4:3"], "not both"),
        (["--meta", "nowhere"], "--meta must be a folder, got nowhere"),
        (["--workers", "0"], "--workers must be 1 or more"),
    ],
)
def test_flags_that_do_not_fit_are_wrong_usage(flags: list[str], told: str, tmp_path: Path) -> None:
    done = amber("corpus", "landmarks", tmp_path, tmp_path / "out", *flags, code=2)
    assert told in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clip,person\na_id001/x,25\n", "expected the column clip and any of fps, width, height, aspect"),
        ("", "expected the column clip and any of fps, width, height, aspect, each once, got nothing"),
        ("clip,fps,width,height\na_id001/x,fast,,\n", "a_id001/x: expected a number in fps, got fast"),
        ("clip,fps,width,height\na_id001/x,-1,,\n", "expected a positive number in fps, got -1"),
        ("clip,fps,width,height\na_id001/x,,640,\n", "expected width and height, or neither"),
        ("clip,fps,width,height\na,25,,\na,25,,\n", "expected each clip once, got a twice"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(FileFormatError) as caught:
        read_stated(tmp_path / "table.csv")
    assert told in str(caught.value)
