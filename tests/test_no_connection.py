"""Nothing leaves the machine: every verb is run once where each packet that is sent is seen."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

from amber_id.cli import app
from amber_id.no_telemetry import SWITCHES
from amber_id.recordings import RecordingSet
from amber_id.tracking.video import read_frames

WATCHER = Path(__file__).with_name("watched_network.py")
AMBER = [sys.executable, "-m", "amber_id"]
ASKED_FOR = {"models fetch"}  # what is there to download
SOME_LOST = 3
LAST = "compare"  # two studies

AUDIT = """
attackers = ["moments on blendshapes"]
references = []
[evaluation]
replicates = 100
permutations = 20
"""
FRONTIER = """
attackers = ["moments on blendshapes"]
[evaluation]
replicates = 100
permutations = 20
"""
TRAIN = """
[loop]
epochs = 1
batch = 8
clips_per_subject = 2
[attacker_config]
channels = [8]
parts = 4
width = 16
dimensions = 16
"""
THESIS = """
losses = ["cross_entropy"]
inputs = ["xy"]
regions = []
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
[corrected]
views = ["all"]
attacker_config = { channels = [8], parts = 4, width = 16, dimensions = 16 }
[corrected.loop]
epochs = 1
[evaluation]
replicates = 100
"""
ANYTHING = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))"


def verbs() -> set[str]:
    """All that the command line has, by the names that one types."""

    def below(command: object, name: str) -> set[str]:
        inside: Mapping[str, object] = getattr(command, "commands", {})
        if not inside:
            return {name.strip()}
        return {verb for part, each in inside.items() for verb in below(each, f"{name} {part}")}

    return below(get_command(app), "")


def watched(
    commands: Sequence[Sequence[object]], home: Path, cache: Path | None = None
) -> list[dict[str, object]]:
    """What became of each command, and to where it sent packets.

    `home` is the empty home folder that they are given, `cache` is where the face landmarker is.
    """
    own = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    own |= {"HOME": str(home), "AMBER_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    own.pop("XDG_CACHE_HOME", None)
    lines = json.dumps([[str(word) for word in command] for command in commands])
    for alone in (["--map-root-user", "--net"], ["--net"]):  # the second for who is root, but may not seem so
        done = subprocess.run(
            ["unshare", *alone, sys.executable, WATCHER],
            input=lines,
            capture_output=True,
            text=True,
            env=own,
            check=False,
        )
        if done.returncode == 0:
            break
    else:
        reason = f"needs a network namespace of its own: {done.stderr.strip().splitlines()[-1]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def given(tmp_path_factory, real_clips, write_video, synthetic_people, model_bundle) -> Path:
    """A folder with a second of two people's videos, landmarks made elsewhere, and configurations."""
    folder = tmp_path_factory.mktemp("given")
    (folder / "cache").mkdir()
    (folder / "cache" / "face_landmarker.task").symlink_to(model_bundle)
    for person in ("talking_id008", "talking_id042"):
        source = min((real_clips / person).glob("*.mp4"))
        info, frames = read_frames(source)
        some = [rgb for _, rgb in frames][: round(info.fps)]
        write_video(folder / "videos" / person / "clip.mp4", some, rate=round(info.fps))
    people = RecordingSet.open(synthetic_people)
    for entry in people.entries[:2]:
        array = folder / "arrays" / f"{entry.clip}.npy"
        array.parent.mkdir(parents=True, exist_ok=True)
        landmarks = people.load(entry).landmarks
        np.save(array, landmarks)
        frames_of = folder / "mp" / entry.subject / "MP_Data" / "hello" / entry.clip.rpartition("/")[2]
        frames_of.mkdir(parents=True)
        for number, frame in enumerate(np.nan_to_num(landmarks)):
            np.save(frames_of / f"{number}.npy", frame[:468].ravel())
    video = next((folder / "videos").rglob("*.mp4"))
    for name in ("ravdess/01-01-01-01-01-01-01.mp4", "crema/1001_DFA_ANG_XX.flv", "nvfair/a01-id014.mp4"):
        (folder / name).parent.mkdir()
        shutil.copy(video, folder / name)
    for name, text in (("audit", AUDIT), ("frontier", FRONTIER), ("train", TRAIN), ("thesis", THESIS)):
        (folder / f"{name}.toml").write_text(text)
    return folder


def commands(given: Path, out: Path) -> dict[str, list[object]]:
    """Every verb once; what one makes, the next may take."""
    people, run, learned = out / "people", out / "run", out / "learned.safetensors"
    original, avatar = people / "original", people / "avatar"
    clips = [original / "synth_id001" / f"clip0{number}.safetensors" for number in (0, 1)]
    one_core = ["--workers", 1]
    cpu = ["--device", "cpu"]
    return {
        "doctor": [],
        "synth": [people, "--people", 10, "--clips", 2, "--duration", 2, *one_core],
        "corpus ravdess": [given / "ravdess", out / "corpus"],
        "corpus crema-d": [given / "crema", out / "corpus"],
        "corpus nvfair": [given / "nvfair", out / "corpus"],
        "corpus folders": [given / "videos", out / "own"],
        "corpus check": [out / "own"],
        "corpus landmarks": [
            given / "arrays",
            out / "imported",
            "--fps",
            30,
            "--size",
            "1280x720",
            *one_core,
        ],
        "corpus mp-data": [given / "mp", out / "frames", "--fps", 30, "--aspect", "16:9"],
        "track": [given / "videos", out / "recordings", *one_core],
        "avatar merge": ["--out", out / "avatar.glb"],
        "avatar preview": [out / "avatar.glb", "--out", out / "avatar.png"],
        "avatarize": [given / "videos", out / "avatars", "--size", 64, *one_core],
        "defend": [original, out / "defended", "--with", "population", *one_core],
        "defences train": ["--out", learned, "--synthetic", 8, "--epochs", 1],
        "defences export": [learned, "--onnx", out / "learned.onnx"],
        "frontier": [
            *(original, "--out", out / "frontier", "--with", "damp:0.5", "--against", "damp:0.5"),
            *("--folds", 2, "--config", given / "frontier.toml", *one_core, *cpu),
        ],
        "split": [original],
        "train": [original, "--out", run, "--config", given / "train.toml", *cpu],
        "reselect": [run, original, *cpu],
        "evaluate": [run, original, "--out", out / "evaluation", *cpu],
        "embed": [run, original, "--out", out / "vectors.safetensors", *cpu],
        "verify": [*clips, "--checkpoint", run, *cpu],
        "export": [run, "--onnx", out / "network.onnx"],
        "metrics": [out / "vectors.safetensors", "--out", out / "metrics", "--replicates", 100],
        "view": [clips[0], "--out", out / "view.html"],
        "power": [
            *("--people", 10, "--clips", 3, "--eer", 0.2, "--studies", 10, "--out", out / "power"),
            *one_core,
        ],
        "audit": [
            *("--original", original, "--anonymised", avatar, "--out", out / "study"),
            *("--config", given / "audit.toml", "--folds", 2, *one_core),
        ],
        "study thesis": [
            *("--didd", original, "--tavd", avatar, "--out", out / "thesis"),
            *("--config", given / "thesis.toml", *cpu),
        ],
        LAST: [out / "study", out / "other", "--out", out / "compared", "--replicates", 100],
    }


def test_what_is_sent_is_seen(tmp_path: Path) -> None:
    (said,) = watched([[sys.executable, "-c", ANYTHING]], tmp_path)
    assert said["sent"] == ["udp 192.0.2.1 53"]


def test_no_verb_sends_anything(given: Path, tmp_path: Path) -> None:
    listed, home = commands(given, tmp_path), tmp_path / "home"
    assert set(listed) == verbs() - ASKED_FOR
    home.mkdir()
    *lines, last = [[*AMBER, *verb.split(), *flags] for verb, flags in listed.items()]
    found = watched(lines, home, given / "cache")
    shutil.copytree(tmp_path / "study", tmp_path / "other")
    found += watched([last], home, given / "cache")
    assert len(found) == len(listed)
    for verb, said in zip(listed, found, strict=True):
        assert said["code"] in (0, SOME_LOST), (verb, said["said"])
        assert said["sent"] == [], verb
    kept = {path.relative_to(home).parts[:2] for path in home.rglob("*") if path.is_file()}
    assert (".cache", "Microsoft") not in kept, "a device id for reports"
