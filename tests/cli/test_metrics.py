"""`amber metrics` as a stranger types it."""

import json
from pathlib import Path

import numpy as np
import pytest

from amber_id.biometrics import compare_all
from fixtures.command_line import run_here as amber


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Ten people with five clips each, in the text that speech people use."""
    subjects = np.repeat(np.arange(10), 5)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(10, 12))[subjects] + 1.5 * rng.normal(size=(50, 12))
    found = compare_all(vectors, subjects)
    lines = [
        f"p_id{subjects[i]:03d}/c{i} p_id{subjects[j]:03d}/c{j} {'target' if m else 'nontarget'} {s:.6f}"
        for s, i, j, m in zip(found.scores, found.enrolment, found.probe, found.mated, strict=True)
    ]
    path = tmp_path / "scores.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_table_says_what_results_json_says(scores: Path, tmp_path: Path) -> None:
    done = amber("metrics", scores, "--out", tmp_path / "out", "--replicates", "100", "--permutations", "20")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    lines = done.stdout.splitlines()
    assert lines[0] == "100 mated and 1125 non-mated comparisons of 10 people; intervals at level 0.95"
    assert lines[-1] == str(tmp_path / "out" / "results.json")
    eer = results["metrics"]["eer"]
    assert lines[1] == f"  {results['recognition']['words']}"
    assert lines[2].split() == [
        "eer", f"{eer['value']:.3f}", f"[{eer['low']:.3f},", f"{eer['high']:.3f}]", "chance", "0.500",
        *["Equal", "error", "rate", "(EER)"],
    ]  # fmt: skip
    assert len(results["metrics"]) > 8
    of_100, of_1000 = results["population"]  # as far as 100 times ten people
    for search in (of_100, of_1000):
        rate = f"{search['rank1']['value']:.3f} [{search['rank1']['low']:.3f}"
        line = f"  among {search['people']:,} people, by a model: rank-1 {rate}"
        assert any(each.startswith(line) for each in lines)
    assert "search among 10,000 people: a clip was compared with 10, and beyond 100" in done.stderr
    assert any("Only 10 people decide" in line for line in done.stderr.splitlines())


def test_different_utterances_are_those_of_the_table(scores: Path, tmp_path: Path) -> None:
    rows = [f"p_id{n // 5:03d}/c{n},{'' if n == 0 else ('hello', 'thanks')[n % 2]}" for n in range(50)]
    table = tmp_path / "corpus.csv"
    table.write_text("\n".join(["clip,utterance", *rows]))
    flags = ["--out", tmp_path / "out", "--replicates", "100", "--permutations", "20"]
    done = amber("metrics", scores, *flags, "--different-utterances", "--subjects", table)
    assert done.returncode == 0, done.stderr
    words = [row.split(",")[1] for row in rows]
    pairs = [(i, j) for i in range(1, 50) for j in range(i + 1, 50) if words[i] != words[j]]
    mated = sum(i // 5 == j // 5 for i, j in pairs)
    assert done.stdout.startswith(
        f"{mated} mated and {len(pairs) - mated} non-mated comparisons of different utterances of 10 people"
    )
    assert "note: Clips of unknown utterance, left out: 1." in done.stderr
    counts = json.loads((tmp_path / "out" / "results.json").read_text())["counts"]["comparisons"]
    assert counts == {"mated": mated, "nonmated": len(pairs) - mated, "unknown_utterances": 1}


@pytest.mark.parametrize(
    ("table", "code", "reason"),
    [
        (None, 2, "name a table with the columns clip, subject and utterance"),
        ("clip,subject\n", 1, "expected the columns clip and utterance"),
        (
            "clip,utterance\n{}",
            1,
            "expected comparisons of clips with different utterances, got no mated one",
        ),
    ],
)
def test_unknown_utterances_are_refused_in_a_line(
    table: str | None, code: int, reason: str, scores: Path, tmp_path: Path
) -> None:
    flags = ["--out", tmp_path / "out", "--different-utterances"]
    if table is not None:
        rows = "\n".join(f"p_id{n // 5:03d}/c{n},hello" for n in range(50))
        (tmp_path / "corpus.csv").write_text(table.format(rows))
        flags += ["--subjects", tmp_path / "corpus.csv"]
    done = amber("metrics", scores, *flags)
    assert done.returncode == code
    (line,) = done.stderr.splitlines()
    assert reason in line


def test_embeddings_are_compared_and_counted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(8), 6)
    vectors = rng.normal(size=(8, 12))[who] + rng.normal(size=(48, 12))
    np.savez(tmp_path / "clips.npz", vectors=vectors, subjects=who)
    done = amber("metrics", tmp_path / "clips.npz", "--out", tmp_path / "out", "--replicates", "100")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("120 mated and 1008 non-mated comparisons of 8 people")
    done = amber("metrics", tmp_path / "clips.npz", "--out", tmp_path, "--dev", tmp_path / "clips.npz")
    assert (done.returncode, "embeddings" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("a b target 0.5\n", 1, "no non-mated (nontarget) one"),
        ("a b target nan\n", 1, "line 1: expected a finite score"),
        ("a b taget 0.5\n", 1, "line 1"),
    ],
)
def test_what_cannot_be_judged_is_one_line(tmp_path: Path, content: str, code: int, message: str) -> None:
    (tmp_path / "scores.txt").write_text(content)
    done = amber("metrics", tmp_path / "scores.txt", "--out", tmp_path / "out")
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_settings_out_of_range_are_wrong_usage(scores: Path, tmp_path: Path) -> None:
    done = amber("metrics", scores, "--out", tmp_path / "out", "--level", "2")
    assert done.returncode == 2
    assert "level" in done.stderr
