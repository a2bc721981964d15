"""Columns of corpus files: read whatever their names, and refused where nobody has them."""

from pathlib import Path

import pytest

from amber_id.audit import StudyConfig, require_attributes
from amber_id.audit.attributes.columns import column_of, columns_of
from amber_id.errors import CorpusError, UsageError


def folder(place: Path, name: str, text: str) -> Path:
    (place / name).mkdir()
    (place / name / "corpus.csv").write_text(text, encoding="utf-8")
    return place / name


def test_columns_of_several_files_are_joined(tmp_path: Path) -> None:
    one = folder(tmp_path, "one", "clip,emotion,Wears Glasses\na_id1/1,happy,yes\na_id1/2,,no\n")
    other = folder(tmp_path, "other", "clip,emotion\na_id1/2,sad\n")
    assert columns_of([one, other]) == {
        "emotion": {"a_id1/1": "happy", "a_id1/2": "sad"},
        "Wears Glasses": {"a_id1/1": "yes", "a_id1/2": "no"},
    }
    assert column_of([tmp_path], "emotion") == {}
    contrary = folder(tmp_path, "contrary", "clip,emotion\na_id1/2,calm\n")
    with pytest.raises(CorpusError, match=r"a_id1/2: its emotion is calm in .* and sad in"):
        columns_of([contrary, other])


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            {"attributes": ("emotoin",)},
            "--attribute: corpus.csv has no column `emotoin`; do you mean emotion?",
        ),
        ({"wanted": ("qqqq",)}, "--wanted: corpus.csv has no column `qqqq`; it has emotion"),
        ({"attributes": ("subject",)}, "--attribute subject: says who a clip shows"),
    ],
)
def test_a_column_that_is_not_there_is_refused(
    tmp_path: Path, named: dict[str, tuple[str, ...]], message: str
) -> None:
    place = folder(tmp_path, "clips", "clip,subject,emotion\na_id1/1,id1,happy\n")
    with pytest.raises(UsageError) as error:
        require_attributes([place], StudyConfig(**named))
    assert str(error.value).startswith(message)
    require_attributes([place], StudyConfig(attributes=("emotion",)))


def test_without_a_corpus_file_its_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        require_attributes([tmp_path], StudyConfig(wanted=("emotion",)))
    assert str(error.value) == (
        f"--wanted emotion: expected a corpus.csv with a column emotion in {tmp_path}, got none"
    )
    require_attributes([tmp_path], StudyConfig())
