"""Whatever owns a folder of clips removes what killed runs left in it, also in folders not visited."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

NOTHING_PUT = 3


@pytest.fixture
def left(tmp_path: Path) -> list[Path]:
    """Parts of faces in a folder of clips, of this very minute."""
    paths = [
        tmp_path / "out" / ".amber-0123456789abcdef.tmp",
        tmp_path / "out" / "gone_id099" / ".amber-fedcba9876543210.tmp",
        tmp_path / "out" / "gone_id099" / ".amber-fedcba9876543210.folder" / "frame.png",
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half a face")
    return paths


def clip(tmp_path: Path, name: str) -> Path:
    """A folder of one person with a file that holds nothing of use."""
    path = tmp_path / "clips" / "talk_id001" / name
    path.parent.mkdir(parents=True)
    if path.suffix == ".npy":
        np.save(path, np.zeros(3))
    else:
        path.write_bytes(b"no video")
    return tmp_path / "clips"


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        (["track"], "clip.mp4"),
        (["corpus", "folders"], "clip.mp4"),
        (["corpus", "landmarks"], "clip.npy"),
        (["avatarize"], "clip.mp4"),
    ],
    ids=["track", "folders", "landmarks", "avatarize"],
)
def test_it_is_removed_at_once(tmp_path, left, model_bundle, verb, name):
    if verb == ["avatarize"]:  # what RAVAS was at
        left += [tmp_path / "out" / ".ravas" / f".amber-0123456789abcdef.{end}" for end in ("tmp", "folder")]
        left[-1].mkdir(parents=True)
        left[-2].touch()
    own = ["--model", str(model_bundle)] if verb in (["track"], ["avatarize"]) else []
    command = [sys.executable, "-m", "amber_id", *verb, clip(tmp_path, name), tmp_path / "out", *own]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, NOTHING_PUT), done.stderr
    assert [path for path in left if path.exists()] == []
    assert [path for path in (tmp_path / "out").rglob("*") if path.name.startswith(".")] == []
