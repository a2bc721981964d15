"""`amber evaluate` as it is typed: what it prints beside the figures."""

import shutil
from pathlib import Path

from fixtures.command_line import run_here


def test_the_eer_of_the_oracle_stands_below_the_figures(synthetic_people: Path, tmp_path: Path) -> None:
    people = shutil.copytree(synthetic_people, tmp_path / "original")
    oracle = synthetic_people.parent / "oracle.json"
    commands = (
        ("split", people),
        ("train", people, "--out", tmp_path / "run", "--attacker", "moments", "--quiet"),
        ("evaluate", tmp_path / "run", people, "--out", tmp_path / "report", "--oracle", oracle),
    )
    for command in commands:
        done = run_here(*command)
        assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (of_oracle,) = (i for i, line in enumerate(lines) if line.startswith("  eer of the oracle "))
    assert "chance 0.500" in lines[of_oracle]
    assert any(
        line.startswith("  eer ") and line.endswith("Equal error rate (EER)") for line in lines[:of_oracle]
    )
