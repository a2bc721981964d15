import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import amber_id.biometrics as biometrics

FILES = tuple(sorted(set(Path(biometrics.__file__).parent.glob("*.py")) - {Path(biometrics.__file__)}))

# Shared between the modules, or the signature of something offered; not offered by themselves.
INTERNAL = {
    "PopulationModel",
    "Resampled",
    "Spread",
    "Vectors",
    "Weights",
    "check_finite",
    "check_population",
    "check_sides",
    "condition_vectors",
    "connected_clips",
    "crossing_curve",
    "d_sys_bins",
    "difference_of",
    "estimate_of",
    "fit_population",
    "jackknifed",
    "label_free_edges",
    "lowest_rate",
    "pair_numbers",
    "quantile_edges",
    "resample",
    "unit_vectors",
    "unmoved_width",
    "zebra_worst_case",
}


def test_the_public_names_are_alphabetical_and_complete() -> None:
    assert biometrics.__all__ == sorted(biometrics.__all__)
    modules = [
        value
        for value in vars(biometrics).values()
        if isinstance(value, ModuleType) and value.__name__.startswith(biometrics.__name__)
    ]
    defined = {
        name
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    assert {module.__name__.rpartition(".")[2] for module in modules} == {file.stem for file in FILES}
    defined.add("Tally")  # a union, which does not know its module
    assert defined - INTERNAL == set(biometrics.__all__)


def at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Everything but the insides of functions and what only a type checker reads."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for_checker = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not (for_checker or isinstance(node, ast.FunctionDef)):
            waiting.extend(ast.iter_child_nodes(node))


def test_only_arrays_and_our_errors_are_needed() -> None:
    allowed = {
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "functools",
        "itertools",
        "jaxtyping",
        "numpy",
        "scipy",
        "typing",
    }
    assert FILES
    for file in FILES:
        for node in at_import(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                ours = name == "amber_id.errors" or name.startswith("amber_id.biometrics")
                assert ours or name.split(".")[0] in allowed, f"{file.name} imports {name}"


def test_a_stranger_needs_no_network_or_table_library() -> None:
    unwanted = {"torch", "mediapipe", "plotly", "pyarrow", "pydantic", "sklearn", "pandas"}
    code = "import sys, amber_id.biometrics; print(' '.join({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert {"numpy", "scipy"} <= loaded
    assert not loaded & unwanted
