"""The table of attackers: nothing else knows their names, and reading it needs no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import amber_id
from amber_id.attackers import ATTACKERS, FITTED, NETWORKS
from amber_id.motion import FeatureConfig

SOURCE = Path(amber_id.__file__).parent
# The others are also the names of signals and of a normalisation.
UNMISTAKABLE = ATTACKERS.keys() - {"blendshapes", "thesis"}


def compared_names(source: str) -> list[str]:
    """The names of attackers that a source compares something with."""
    comparisons = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare))
    parts = (
        part for node in comparisons for side in (node.left, *node.comparators) for part in ast.walk(side)
    )
    return [part.value for part in parts if isinstance(part, ast.Constant) and part.value in UNMISTAKABLE]


def test_no_module_decides_by_the_name_of_an_attacker() -> None:
    assert compared_names('if attacker != "moments": pass') == ["moments"]
    assert compared_names('if attacker in ("stgcn", "x"): pass') == ["stgcn"]
    deciding = {path for path in SOURCE.rglob("*.py") if compared_names(path.read_text("utf-8"))}
    assert deciding == set()


def test_every_row_stands_under_its_own_name() -> None:
    assert {name: kind.name for name, kind in ATTACKERS.items()} == {name: name for name in ATTACKERS}
    assert {**NETWORKS, **FITTED} == ATTACKERS
    assert all(kind.is_network == (name in NETWORKS) for name, kind in ATTACKERS.items())
    for kind in ATTACKERS.values():
        for view in ("all", "motion"):
            FeatureConfig(view=view, streams=kind.default_streams("landmarks", view))


def test_the_table_and_an_attacker_without_a_network_need_no_torch() -> None:
    code = (
        "import sys; from amber_id.attackers import FITTED; from amber_id.motion import FeatureConfig; "
        "[kind.resolved(FeatureConfig(), {}) for kind in FITTED.values()]; import amber_id.training; "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
