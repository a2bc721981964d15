"""The tutorial: it runs from top to bottom in a fresh kernel, and is committed without what it printed."""

import ast
import importlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import nbformat
import pytest
from nbclient import NotebookClient

DOCS = Path(__file__).resolve().parents[1] / "docs"
TUTORIAL = DOCS / "tutorial.ipynb"


def cells(notebook: nbformat.NotebookNode, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


@pytest.fixture(scope="module")
def committed() -> nbformat.NotebookNode:
    return nbformat.read(TUTORIAL, as_version=4)


@pytest.fixture(scope="module")
def executed(committed: nbformat.NotebookNode) -> Iterator[tuple[nbformat.NotebookNode, Path]]:
    """The notebook after a run, and the folder in which it made its temporary one."""
    notebook = nbformat.from_dict(committed)
    with pytest.MonkeyPatch.context() as patch:
        folder = Path(tempfile.mkdtemp())
        patch.setenv("TMPDIR", str(folder))
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):  # nobody's own settings
            patch.setenv(name, str(folder / "jupyter"))
        patch.delenv("MPLBACKEND", raising=False)
        NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
        yield notebook, folder
    shutil.rmtree(folder)


def test_runs_and_warns_of_nothing(executed: tuple[nbformat.NotebookNode, Path]):
    notebook, _ = executed
    outputs = [output for cell in cells(notebook, "code") for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    drawn = [
        cell.id
        for cell in cells(notebook, "code")
        if any("image/png" in o.get("data", {}) for o in cell.outputs)
    ]
    assert drawn == ["plot-jaw", "plot-scores", "plot-det"]


def test_its_results_fit_the_published_schema(executed: tuple[nbformat.NotebookNode, Path]):
    (study,) = executed[1].glob("*/study")
    schema = json.loads((DOCS / "study.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads((study / "results.json").read_text("utf-8")), schema)
    assert (study / "report.html").is_file()


def test_is_committed_without_outputs(committed: nbformat.NotebookNode):
    nbformat.validate(committed)
    for cell in cells(committed, "code"):
        assert (cell.outputs, cell.execution_count) == ([], None), f"clear the outputs of {cell.id}"
    assert TUTORIAL.stat().st_size < 50_000


def test_every_code_cell_is_explained(committed: nbformat.NotebookNode):
    kinds = [cell.cell_type for cell in committed.cells]
    assert kinds[0] == "markdown"
    assert ["code"] * 3 not in [kinds[i : i + 3] for i in range(len(kinds))]


def test_prose_quotes_no_result(committed: nbformat.NotebookNode):
    prose = "\n".join(cell.source for cell in cells(committed, "markdown"))
    assert set(re.findall(r"\d*\.\d+", prose)) == {"0.5"}  # a guesser's EER


def test_links_lead_somewhere(committed: nbformat.NotebookNode):
    prose = "\n".join(cell.source for cell in cells(committed, "markdown"))
    links = re.findall(r"\]\(([^)]+)\)", prose)
    assert links
    assert [link for link in links if not (DOCS / link).is_file()] == []


def test_uses_what_is_public(committed: nbformat.NotebookNode):
    trees = [ast.parse(cell.source) for cell in cells(committed, "code")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if node.module and node.module.startswith("amber_id")]
    assert ours
    for node in ours:
        room = importlib.import_module(node.module or "")
        public = getattr(room, "__all__", vars(room))
        assert [alias.name for alias in node.names if alias.name not in public] == []
        assert (node.module or "").count(".") == 1
