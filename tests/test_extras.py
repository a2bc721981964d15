"""What a verb needs is looked for before it begins, and one line says what to install."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import NamedTuple

import pytest

from amber_id.attackers import load_checkpoint, save_checkpoint
from amber_id.errors import MissingDependencyError
from amber_id.extras import EXTRAS, NEEDS, missing_of, versions_of
from amber_id.recordings import RecordingSet

ROOT = Path(__file__).resolve().parents[1]
GIVEN = {"of a network", "of videos"}
LACKING = """
import contextlib, io, json, sys
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, PackageNotFoundError
from amber_id.cli import main
from amber_id.extras import EXTRAS

described, found = Distribution.from_name.__func__, PathFinder.find_spec.__func__
gone, modules = set(), set()

def from_name(cls, name):
    if name.lower() in gone:
        raise PackageNotFoundError(name)
    return described(cls, name)

def find_spec(cls, name, *rest, **more):
    return None if name in modules else found(cls, name, *rest, **more)

Distribution.from_name, PathFinder.find_spec = classmethod(from_name), classmethod(find_spec)
for extras, words in json.load(sys.stdin):
    modules = {module for extra in extras for module in EXTRAS[extra]}
    gone = {name.lower() for extra in extras for name in EXTRAS[extra].values()}
    sys.argv, code, said = ["amber", *words], 0, io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, said.getvalue()]))
"""
CASES = [
    *((need, extra) for need, extras in NEEDS.items() for extra in extras if need not in GIVEN),
    ("verify", "video"),
    ("avatarize", "video"),
    ("export", "train"),
]


class Ended(NamedTuple):
    code: int
    said: str


def amber(commands: Iterable[tuple[Iterable[str], Iterable[object]]], cache: Path) -> list[Ended]:
    """How commands end where extras are not installed: neither their modules nor their metadata are there."""
    lines = [[list(extras), [str(word) for word in words]] for extras, words in commands]
    done = subprocess.run(
        [sys.executable, "-c", LACKING],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        env=os.environ | {"AMBER_CACHE": str(cache)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Ended(*json.loads(line)) for line in done.stdout.splitlines()]


def commands(people: Path, run: Path, out: Path) -> dict[str, list[object]]:
    """Each verb that needs something, on what it could be done with."""
    clip = people / "synth_id001" / "clip00.safetensors"
    video = out / "videos" / "talk_id001" / "clip.mp4"
    video.parent.mkdir(parents=True)
    video.touch()
    return {
        "audit": ["--original", people, "--out", out / "study"],
        "avatar merge": ["--out", out / "avatar.glb"],
        "avatar preview": ["--out", out / "avatar.png"],
        "avatarize": [out / "videos", out / "avatars"],
        "compare": [out, out, "--out", out / "compared"],
        "defences export": [out / "learned.safetensors", "--onnx", out / "learned.onnx"],
        "defences train": ["--out", out / "learned.safetensors"],
        "evaluate": [run, people, "--out", out / "evaluation"],
        "export": [run, "--onnx", out / "network.onnx"],
        "frontier": [people, "--out", out / "frontier", "--quiet"],
        "models fetch": [],
        "power --out": [out / "power", "--studies", 100_000],
        "reselect": [run, people],
        "study thesis": ["--didd", people, "--tavd", people, "--out", out / "thesis"],
        "track": [out / "videos", out / "recordings"],
        "train": [people, "--out", out / "run", "--attacker", "moments"],
        "verify": [clip, video, "--checkpoint", run],
        "view": [clip, "--out", out / "view.html"],
    }


def test_one_line_says_what_to_install_and_nothing_is_begun(
    people: RecordingSet, moments_checkpoint: Path, tmp_path: Path
) -> None:
    listed = commands(people.root, moments_checkpoint, tmp_path)
    assert {need for need, _ in CASES} <= set(listed)
    before = sorted(tmp_path.rglob("*"))
    found = amber((((extra,), [*need.split(), *listed[need]]) for need, extra in CASES), tmp_path / "none")
    assert sorted(tmp_path.rglob("*")) == before
    assert len(found) == len(CASES)
    for (need, extra), done in zip(CASES, found, strict=True):
        assert done.code == 1, (need, extra, done.said)
        assert done.said.count("\n") == 1, "one line, and nothing of work before it"
        assert done.said.startswith(f"amber: amber {need} needs {next(iter(EXTRAS[extra].values()))}")
        assert re.search(r"; run: pip install 'amber-id\[[a-z,]+\]'\n$", done.said)


def test_a_network_needs_what_it_was_trained_with(people, moments_checkpoint, tmp_path):
    header, tensors = load_checkpoint(moments_checkpoint)
    network = tmp_path / "network.safetensors"
    save_checkpoint(network, header.model_copy(update={"attacker": "stgcn"}), tensors)
    flags = [people.root, "--out", tmp_path / "out"]
    found = amber(
        [(["train"], ["reselect", network, people.root]), (["train"], ["evaluate", network, *flags])],
        tmp_path,
    )
    assert [(done.code, done.said.partition(",")[0]) for done in found] == [
        (1, "amber: amber reselect needs lightning-fabric"),
        (1, "amber: amber evaluate needs lightning-fabric"),
    ]


def test_the_core_and_what_moments_learnt_do_without_all_of_them(moments_checkpoint, tmp_path):
    original, vectors = tmp_path / "people" / "original", tmp_path / "vectors.safetensors"
    lines = [
        ["synth", tmp_path / "people", "--people", 8, "--clips", 2, "--duration", 2, "--workers", 1],
        ["split", original],
        ["embed", moments_checkpoint, original, "--out", vectors],
        ["metrics", vectors, "--out", tmp_path / "metrics", "--replicates", 100],
        ["power", "--people", 6, "--clips", 3, "--eer", 0.2, "--studies", 10, "--workers", 1],
    ]
    found = amber(((tuple(EXTRAS), line) for line in lines), tmp_path)
    assert [(done.code, done.said) for done in found if done.code] == []


def test_the_extras_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra, packages in EXTRAS.items():
        listed = [re.split(r"[<>=]", name)[0] for name in project["optional-dependencies"][extra]]
        own = {name.lower() for name in listed if not name.startswith("amber-id")}
        assert own == {name.lower() for name in packages.values()}, extra
        for included in (name for name in listed if name.startswith("amber-id")):
            assert set(missing_of(included[9:-1])) <= set(missing_of(extra))
    assert all(extra in EXTRAS for extras in NEEDS.values() for extra in extras)


def test_a_version_that_is_not_there_is_one_line(monkeypatch):
    def from_name(_: type[Distribution], name: str) -> Distribution:
        raise PackageNotFoundError(name)

    assert versions_of(["numpy"]).keys() == {"numpy"}
    monkeypatch.setattr(Distribution, "from_name", classmethod(from_name))
    with pytest.raises(
        MissingDependencyError, match=r"torch is not installed; run: pip install 'amber-id\[train\]'"
    ):
        versions_of(["torch"])
