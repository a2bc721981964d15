"""`amber split`: what it prints and writes, and what it refuses, each in a line."""

import json
from pathlib import Path

import pytest

from amber_id.audit import StudyConfig
from amber_id.cli.auditing import _merged
from amber_id.protocols import ByPeople, SplitConfig, read_split
from amber_id.recordings import RecordingSet
from fixtures.command_line import run_here as amber


@pytest.fixture
def of_two_sources(people: RecordingSet) -> Path:
    """Seven people of one source, five of another."""
    for person in sorted(people.root.iterdir()):
        if person.is_dir() and int(person.name[-3:]) > 7:
            person.rename(people.root / person.name.replace("synth", "other"))
    return people.root


def test_partitions_are_printed_with_their_sources(of_two_sources: Path):
    done = amber("split", of_two_sources, "--protocol", "within-source", "--dev", "0.3", "--test", "0.3")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "protocol within-source, seed 0",
        "fold  partition  people  other  synth",
        "0     train           3      0      3",
        "0     dev             2      0      2",
        "0     test            2      0      2",
        "0     unused          5      5      0",
        str(of_two_sources / "split.csv"),
        str(of_two_sources / "split.json"),
    ]
    assert done.stderr == (
        "Too few people to be divided by test 0.3 with dev 0.3, so in no fold: other (5).\n"
    )
    assert json.loads((of_two_sources / "split.json").read_text())["config"]["protocol"] == "within-source"


def test_what_changed_is_said_when_a_split_is_used(of_two_sources: Path, tmp_path: Path):
    assert amber("split", of_two_sources, "--protocol", "thesis-sizes").returncode == 1  # one person in dev
    assert amber("split", of_two_sources, "--dev", "0.3").returncode == 0
    path = of_two_sources / "split.csv"
    path.write_text(path.read_text().replace(",test,", ",unused,", 1))
    sorted(of_two_sources.glob("other_id008/*.safetensors"))[0].unlink()
    flags = ["--attacker", "moments", "--regions", "lips", "--quiet"]
    done = amber("train", of_two_sources, "--out", tmp_path / "run", *flags)
    assert done.returncode == 0, done.stderr
    edited, clips = done.stderr.splitlines()
    assert edited.startswith(f"{path} is not what amber split wrote (shares, seed 0)")
    assert "was made for other clips: id008 had 4 and has 3" in clips
    assert "unused" in read_split(path).folds[0].values()


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        (
            ["--protocol", "cross-source", "--test", "0.3"],
            2,
            "test 0.3: the protocol cross-source has no use",
        ),
        (
            ["--protocol", "nvfair", "--seed", "1"],
            2,
            "--seed must be left out, since nvfair is a list, got 1",
        ),
        (["--protocol", "nvfair"], 1, "the list of NVFAIR does not name other_id008, other_id009"),
        (["--protocol", "cross-session"], 1, "0 of 12 people are known to have two sessions or more"),
        (["--dev", "1.5"], 2, "--dev"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(flags: list[str], code: int, told: str, of_two_sources: Path):
    done = amber("split", of_two_sources, *flags)
    assert done.returncode == code
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (of_two_sources / "split.csv").exists()


def test_an_audit_takes_the_protocol_of_flag_or_file():
    def asked(told: dict, protocol: str | None = None, folds: int | None = None) -> SplitConfig:
        values = _merged(told, protocol=protocol, folds=folds, epochs=None, full=False, seed=3)
        return StudyConfig(**values).split

    assert asked({}) == asked({}, protocol="shares") == ByPeople(seed=3)
    assert asked({"split": {"protocol": "shares", "dev": 0.3}}) == ByPeople(dev=0.3, seed=3)
    assert asked({"split": {"test": 0.3}}) == SplitConfig(test=0.3, seed=3)
    assert asked({"split": {"dev": 0.3}}, folds=2) == SplitConfig(folds=2, dev=0.3, seed=3)
    told = {"split": {"protocol": "cross-source", "seed": 4}}
    assert asked(told) == SplitConfig(protocol="cross-source", seed=4)
    assert asked(told, protocol="nvfair") == SplitConfig(protocol="nvfair", seed=4)
    assert asked(told, protocol="shares", folds=3) == SplitConfig(folds=3, seed=4)
    with pytest.raises(ValueError, match="folds 3: the protocol cross-source has no use for it"):
        asked(told, folds=3)
