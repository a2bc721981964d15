"""The rules of the house: who may import whom, what is public, how quickly it opens."""

import ast
import importlib
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "amber_id"

# Data flows one way: a room imports only from rooms above it.
ROOMS = (
    "no_telemetry",
    "notation",
    "quoting",
    "errors",
    "extras",
    "misfits",
    "reading",
    "names",
    "locks",
    "atomic_files",
    "file_formats",
    "npz_archives",
    "workers",
    "face_mesh",
    "biometrics",
    "figures",
    "score_files",
    "results",
    "judging",
    "corpora",
    "recordings",
    "tracking",
    "motion",
    "avatarize",
    "synthetic",
    "anonymisers",
    "protocols",
    "attackers",
    "embeddings",
    "verification",
    "training",
    "audit",
    "report",
    "doctor",
    "progress",
    "cli",
    "__main__",
)
# The same within the rooms that have rooms: a part imports only from parts above it.
PARTS = {
    "judging": (
        *(
            "config",
            "limits",
            "recognition",
            "permuted",
            "rates",
            "identification",
            "population",
            "several_clips",
            "sessions",
            "judge",
            "made_by",
        ),
        *("identities", "score_input", "score_differences", "score_results", "embedding_results"),
    ),
    "audit": (
        "confounds",
        "utility",
        "attack",
        "ablations",
        "attributes",
        "controls",
        "compare",
        "study",
        "conditions",
        "frontier",
        "thesis",
    ),
    "report": (
        *("self_contained", "cells", "drawing", "motion_view", "evaluation", "study", "conditions"),
        *("power", "compare", "frontier", "thesis"),
    ),
}
MOST_LINES = 60  # of a function
VAGUE_BEGINNING = re.compile(r"(The same|Of|As|In|For each)\b")
VAGUE_NAMES = {"found", "said", "told", "shown"}
PACKAGES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level)
    return names


def broken_order(path: Path, source: str) -> list[str]:
    """Imports of a module that reach a room below its own."""
    here = ROOMS.index(room_of(path))
    names = [name.split(".")[1:] for name in imported(ast.parse(source)) if name.startswith("amber_id.")]
    below = {name[0] for name in names if name[0] in ROOMS and ROOMS.index(name[0]) > here}
    parts = PARTS.get(ROOMS[here], ())
    if parts and path != PACKAGE / ROOMS[here] / "__init__.py":
        own = part_of(path)
        assert own in parts, f"{own} has no place in {ROOMS[here]}; give it one in PARTS"
        others = {name[1] for name in names if name[0] == ROOMS[here] and len(name) > 1 and name[1] in parts}
        below |= {f"{ROOMS[here]}.{part}" for part in others if parts.index(part) > parts.index(own)}
    return sorted(below)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[1].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_up_only(path: Path) -> None:
    source = path.read_text("utf-8")
    assert room_of(path) in ROOMS, f"{room_of(path)} has no place in the house; give it one in ROOMS"
    assert broken_order(path, source) == []
    assert not any(name.startswith(".") for name in imported(ast.parse(source))), "imports are absolute"


def test_the_order_test_can_fail() -> None:
    below = "def f():\n    from amber_id.cli import app\n"
    assert broken_order(PACKAGE / "motion" / "views.py", below) == ["cli"]
    sideways = "from amber_id.audit.study.run import run_study\nfrom amber_id.audit.attack import names\n"
    assert broken_order(PACKAGE / "audit" / "ablations" / "curves.py", sideways) == ["audit.study"]


@pytest.mark.parametrize("name", PACKAGES)
def test_exports_are_listed_once_and_real(name: str) -> None:
    package = importlib.import_module(f"amber_id.{name}")
    assert package.__doc__
    assert len(package.__all__) == len(set(package.__all__))
    assert all(hasattr(package, public) for public in package.__all__)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_is_not_too_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def trees() -> dict[str, ast.Module]:
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in modules()}


def long_functions(where: str, tree: ast.AST) -> list[str]:
    """Functions of more than 60 lines, their docstrings included."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [
        f"{where}: {each.name}" for each in functions if (each.end_lineno or 0) - each.lineno + 1 > MOST_LINES
    ]


def vague_docstrings(where: str, tree: ast.AST) -> list[str]:
    """Docstrings that begin with no noun of their object and no verb of what is done."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
    return [f"{where}: {text.splitlines()[0]}" for text in texts if VAGUE_BEGINNING.match(text)]


def vague_names(where: str, tree: ast.AST) -> list[str]:
    """Variables, arguments, functions, classes and fields that say how a value came, not what it is."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
    return [f"{where}: {name}" for name in sorted(names) if name.strip("_") in VAGUE_NAMES]


def test_no_function_is_too_long() -> None:
    offenders = [each for where, tree in trees().items() for each in long_functions(where, tree)]
    assert offenders == []


def test_a_docstring_begins_with_a_noun_or_a_verb() -> None:
    offenders = [each for where, tree in trees().items() for each in vague_docstrings(where, tree)]
    assert offenders == []


def test_a_name_says_what_a_value_is() -> None:
    offenders = [each for where, tree in trees().items() for each in vague_names(where, tree)]
    assert offenders == []


def test_the_tests_of_words_and_lengths_can_fail() -> None:
    short = "def f():\n" + "    x = 1\n" * 59
    assert long_functions("m.py", ast.parse(short)) == []
    assert long_functions("m.py", ast.parse(f"{short}    x = 2\n")) == ["m.py: f"]
    text = 'def f():\n    """{} two clips."""\n'
    for beginning in ("The same of", "Of", "As", "In", "For each of"):
        tree = ast.parse(text.format(beginning))
        assert vague_docstrings("m.py", tree) == [f"m.py: {beginning} two clips."]
    for beginning in ("Scores of", "Offset of", "Assign", "Index of", "Inverse of"):
        assert vague_docstrings("m.py", ast.parse(text.format(beginning))) == []
    source = "class C:\n    said: str\ndef _told(shown): found = 1\nfounder, shown_in = 2, told\n"
    assert vague_names("m.py", ast.parse(source)) == [
        f"m.py: {n}" for n in ("_told", "found", "said", "shown")
    ]


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_the_command_line_opens_without_loading_the_library() -> None:
    assert not loaded_by("import amber_id.cli") & {
        "numpy",
        "pydantic",
        "torch",
        "mediapipe",
        "av",
        "scipy",
        "pyarrow",
    }


def test_core_needs_no_extra() -> None:
    statement = "import " + ", ".join(f"amber_id.{room}" for room in ROOMS[:-1])
    extras = {
        "av",
        "huggingface_hub",
        "jinja2",
        "matplotlib",
        "mediapipe",
        "onnx",
        "onnxruntime",
        "openTSNE",
        "plotly",
        "pooch",
        "pyarrow",
        "sklearn",
        "torch",
    }
    assert not loaded_by(statement) & extras


@pytest.mark.parametrize(
    ("arguments", "limit_s"), [(["-c", "import amber_id"], 0.05), (["-m", "amber_id", "--help"], 0.3)]
)
def test_opens_quickly(arguments: list[str], limit_s: float, tmp_path: Path) -> None:
    """Processor time beyond what Python itself takes to start: a busy machine does not count.

    The modules are compiled, as they are wherever the package was installed.
    """
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled["PYTHONPYCACHEPREFIX"] = str(tmp_path)

    def seconds(command: list[str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], check=True, capture_output=True, env=compiled)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    bare = min(seconds(["-c", "pass"]) for _ in range(5))
    assert min(seconds(arguments) for _ in range(5)) - bare < limit_s
