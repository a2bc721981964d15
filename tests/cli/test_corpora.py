"""`amber corpus` as a person types it."""

from functools import partial
from pathlib import Path

import pytest

from fixtures import corpora_layouts
from fixtures.command_line import run_here
from fixtures.corpora_layouts import nvfair_layout, write_files

amber = partial(run_here, "corpus")


def test_three_commands_and_a_check(tmp_path: Path) -> None:
    dst = tmp_path / "didd"
    for verb, name in (("ravdess", "ravdess"), ("nvfair", "nvfair"), ("crema-d", "crema_d")):
        layout = getattr(corpora_layouts, f"{name}_layout")(tmp_path / name)
        done = amber(verb, layout.src, dst)
        assert done.returncode == 3
        assert f"{len(layout.clips)} clips put, 0 were there already" in done.stdout
        assert all(path in done.stderr for path in layout.unusable)
        assert "left out" in done.stdout
        assert str(dst / "left_out.csv") in done.stdout.splitlines()
    assert "git lfs pull" in done.stderr
    assert "cremad_id074: no clip of this person (1004; expected 82 clips)" in done.stderr
    checked = amber("check", dst, "--table", tmp_path / "missing.csv")
    assert checked.returncode == 3
    assert checked.stdout.splitlines()[:3] == [
        "cremad: 16 of 7,442 clips, 4 of 91 people",
        "nvidia: 12 clips, 3 of 46 people",
        "ravdess: 16 of 1,440 clips, 4 of 24 people",
    ]
    assert "cremad,missing,cremad_id074,no clip of this person" in (tmp_path / "missing.csv").read_text()


def test_a_whole_corpus_ends_well_though_copies_and_songs_are_left_out(tmp_path: Path) -> None:
    layout = nvfair_layout(tmp_path / "src", actors=range(1, 47), takes=1, traps=False)
    write_files(layout.src, {"lia-generated/id001/a01-id002--id001.mp4": b"made"})
    done = amber("nvfair", layout.src, tmp_path / "dst", "--copy")
    assert (done.returncode, done.stderr) == (0, "")
    assert "46 clips put" in done.stdout
    assert "made by a generator" in done.stdout
    assert amber("check", tmp_path / "dst").returncode == 0


def test_own_folders(tmp_path: Path) -> None:
    write_files(tmp_path / "src", {"anna/a.mp4": b"a", "ben/b.mp4": b"b"})
    done = amber("folders", tmp_path / "src", tmp_path / "dst", "--source", "lab", "--first", 200)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "dst" / "lab_id201" / "b.mp4").read_bytes() == b"b"
    checked = amber("check", tmp_path / "dst")
    assert checked.stdout == "lab: 2 clips of 2 people; no publisher to compare with\n"
    assert checked.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ravdess", "src", "src/dst"), 2, "SRC and DST must lie apart"),
        (("ravdess", "nowhere", "dst"), 1, "expected the folder that holds the corpus as it was downloaded"),
        (
            ("folders", "src", "dst", "--source", "ravdess"),
            2,
            "--source: ravdess is the name of a public corpus",
        ),
        (("folders", "src", "dst", "--first", "-1"), 2, "--first"),
        (("nvfair", "src", "dst"), 1, "no video in it, nor in a zip file"),
        (("check", "src"), 1, "no folder named <source>_id<number> in it"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path)
    done = amber(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
