"""`amber audit` as a person types it: what is printed, what is written, and how it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from amber_id.locks import hold_lock
from amber_id.synthetic import SynthConfig, generate
from fixtures.command_line import run_here

amber = partial(run_here, "audit")


def faces_played(study: Path) -> set[str]:
    """The cells of which the page holds faces."""
    page = (study / "report.html").read_text(encoding="utf-8")
    return set(json.loads(re.findall(r'id="map-data">(.*?)</script>', page)[0])["cells"])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    generate(SynthConfig(people=12, clips=3), folder)
    (folder / "study.toml").write_text(
        'attackers = ["moments on blendshapes", "stgcn"]\nnetwork_from_people = 50\n'
        "[evaluation]\nreplicates = 100\npermutations = 20\n"
    )
    return folder


def test_originals_alone_and_a_lost_clip(corpus: Path, tmp_path: Path):
    originals, avatars = tmp_path / "original", tmp_path / "avatar"
    shutil.copytree(corpus / "original", originals)
    shutil.copytree(corpus / "avatar", avatars)
    (avatars / "synth_id003" / "clip00.safetensors").unlink()
    study = tmp_path / "study"
    common = ("--out", study, "--config", corpus / "study.toml", "--folds", 2)
    done = amber("--original", originals, "--anonymised", avatars, *common)
    assert done.returncode == 3, done.stderr[-2000:]
    assert "clips in no figure: 1" in done.stderr
    assert "synth_id003/clip00 (anonymised): has no recording" in done.stderr
    lines = done.stdout.splitlines()
    assert (
        lines[0]
        .removeprefix("INVALID: ")
        .startswith("It is not shown that anonymisation made people harder ")
    )
    assert "from 4-second anonymised clips by one attacker (moments): EER " in lines[0]
    assert lines[0].endswith("12 people were tested; 1 clip was lost.")
    assert lines[-1] == str(study / "report.html")
    not_tried = "Network not tried (stgcn): 4 people to learn from, needed 50."
    assert done.stderr.count(not_tried) == 1
    assert "training stgcn" not in done.stderr
    assert not_tried in (study / "report.html").read_text(encoding="utf-8")
    results = json.loads((study / "results.json").read_text())
    assert [each["reason"] for each in results["dropped"]] == ["has no recording"]
    assert results["provenance"]["allowed"] == []
    assert results["counts"]["clips"] == {"original": 35, "anonymised": 35}
    assert {path.name for path in (study / "scores").iterdir()} == {
        f"{cell}.parquet" for cell in ("OOO", "OOA", "OAA", "AAA", "BOA")
    }
    assert faces_played(study) == {"AAA"}
    again = amber("--original", originals, "--anonymised", avatars, *common, "--show-originals")
    assert faces_played(study) == {"OOO", "AAA"}
    assert "regions, done before" in again.stderr
    without_times = {name: value for name, value in results.items() if name != "times"}
    repeated = json.loads((study / "results.json").read_text())
    assert {name: value for name, value in repeated.items() if name != "times"} == without_times


def test_a_stop_by_ctrl_c_is_one_line_and_the_same_command_goes_on(corpus: Path, tmp_path: Path):
    study = tmp_path / "study"
    flags = ["--original", corpus / "original", "--out", study, "--config", corpus / "study.toml"]
    command = [sys.executable, "-m", "amber_id", "audit", *map(str, flags)]
    for before in ("", ", done before\n"):
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            told = leaks = ""
            for line in running.stderr:
                if "confounds" in line:
                    leaks = told
                    running.send_signal(signal.SIGINT)
                told = line
            assert running.wait() == 130
        assert told == "stopped; the same command goes on where it was\n"
        assert re.match(rf"stage 2 of \d+: leaks{before}", leaks)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "expected --original, --anonymised, or both"),
        (("--original", "nowhere"), 1, "nowhere: no such folder"),
        (("--original", "{videos}", "--anonymised", "nowhere"), 1, "nowhere: no such folder"),
        (("--original", "{videos}", "--anonymised", "{videos}"), 2, "is named twice"),
        (("--original", "{videos}"), 1, "expected 6 people or more, two each to learn from"),
        (("--original", "{videos}", "--folds", "5"), 1, "4 people are too few for 5 folds with dev 0.2: 10"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str):
    """Videos that cannot even be opened show that nothing was tracked before."""
    videos = tmp_path / "videos"
    for person, clip in product(range(1, 5), range(3)):
        path = videos / f"own_id{person:03d}" / f"clip{clip}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    done = amber(*(each.format(videos=videos) for each in arguments), "--out", tmp_path / "study")
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "study").exists()


def test_what_a_file_asks_wrongly_is_named(corpus: Path, tmp_path: Path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('attackers = ["nobody"]\n')
    done = amber("--original", corpus / "original", "--out", tmp_path / "study", "--config", wrong)
    assert done.returncode == 2
    assert f"{wrong}: attackers: expected names such as" in done.stderr
    assert "got 'nobody'" in done.stderr


def test_a_second_run_of_a_study_waits_for_the_first_and_says_so(corpus: Path, tmp_path: Path):
    study = tmp_path / "study"
    flags = ["--original", corpus / "original", "--out", study, "--config", corpus / "study.toml"]
    command = [sys.executable, "-m", "amber_id", "audit", *map(str, flags), "--quiet"]
    with (
        hold_lock(study / ".amber-study.lock"),
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as waiting,
    ):
        assert waiting.stderr is not None
        said = next(line for line in waiting.stderr if "waiting" in line)
        waiting.kill()
    assert said.startswith(f"{study}/.amber-study.lock: waiting for process {os.getpid()} on ")
    assert list(study.iterdir()) == []
