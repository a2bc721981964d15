"""What studies of the same originals share is computed once, and nothing is shared by others."""

from pathlib import Path

from amber_id.audit.study.shared import Shared


def test_an_answer_is_computed_once_for_all_that_depends_on_the_same():
    shared, asked = Shared(), []

    def answer(value: float) -> float:
        asked.append(value)
        return value

    assert shared.once("these originals", "views", lambda: answer(0.1)) == 0.1
    assert shared.once("these originals", "views", lambda: answer(0.2)) == 0.1
    assert shared.once("other originals", "views", lambda: answer(0.3)) == 0.3
    assert shared.once("these originals", "streams", lambda: answer(0.4)) == 0.4
    shared.keep("these originals", "curves", 0.5)  # as a file had it
    assert shared.once("these originals", "curves", lambda: answer(0.6)) == 0.5
    assert asked == [0.1, 0.3, 0.4]


def test_a_run_is_copied_where_there_is_none_and_never_written_over(tmp_path: Path):
    trained, shared = tmp_path / "one" / "runs" / "O-moments", Shared()
    trained.mkdir(parents=True)
    (trained / "run.json").write_text("trained", encoding="utf-8")
    shared.keep_run("these originals", trained)
    another, own = (tmp_path / name / "runs" / "O-moments" for name in ("another", "own"))
    own.mkdir(parents=True)
    (own / "run.json").write_text("its own", encoding="utf-8")
    another.parent.mkdir(parents=True)
    for run in (another, own):
        shared.bring_run("these originals", run)
    assert (another / "run.json").read_text(encoding="utf-8") == "trained"
    assert (own / "run.json").read_text(encoding="utf-8") == "its own"
    other = tmp_path / "other" / "runs" / "O-moments"
    other.parent.mkdir(parents=True)
    shared.bring_run("other originals", other)
    assert not other.exists()
    assert list(another.parent.iterdir()) == [another], "no temporary folder is left"
