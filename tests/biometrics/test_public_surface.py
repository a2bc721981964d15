import ast
from pathlib import Path
from types import ModuleType

import amber_id.biometrics as biometrics

INTERNAL = {"SortedScores", "check_finite"}  # shared between the modules, not offered outside


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
    assert len(modules) == 4
    assert defined - INTERNAL == set(biometrics.__all__)


def test_only_arrays_and_our_errors_are_needed() -> None:
    allowed = {"collections", "dataclasses", "jaxtyping", "numpy", "scipy"}
    files = sorted(Path(biometrics.__file__).parent.glob("*.py"))
    assert len(files) == 5
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                ours = name == "amber_id.errors" or name.startswith("amber_id.biometrics")
                assert ours or name.split(".")[0] in allowed, f"{file.name} imports {name}"
