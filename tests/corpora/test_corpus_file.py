"""``corpus.csv``: what is known of clips, and every way in which the file can be wrong, with its line."""

from pathlib import Path

import pytest

from amber_id.corpora import CORPUS_FILE, ClipFacts, copy_corpus_file, read_corpus_file
from amber_id.errors import FileFormatError


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CORPUS_FILE).write_bytes(text.encode(encoding))
    return folder


def test_every_column_is_read_and_empty_cells_are_not_known(tmp_path: Path) -> None:
    text = (
        "clip,subject,source,path,session,utterance,emotion,intensity,sex,age,avatar,date\n"
        "a_id1/x,Anna,a,a/x.mp4,1,kids,calm,strong,f,34,robot,2024-02-29\n"
        "\n"
        'a_id1/y,Anna,a,a/y.mp4, 2 ,"dogs, two",,,,,,\n'
    )
    assert read_corpus_file(written(tmp_path, text)) == {
        "a_id1/x": ClipFacts("1", "kids", "calm", "strong", "f", "34", "robot", "2024-02-29"),
        "a_id1/y": ClipFacts(session="2", utterance="dogs, two"),
    }


def test_the_clip_alone_is_required_and_own_columns_are_passed_over(tmp_path: Path) -> None:
    found = read_corpus_file(written(tmp_path, "notes,clip,sesion\nloud,a_id1/x,1\n"))
    assert found == {"a_id1/x": ClipFacts()}
    assert read_corpus_file(written(tmp_path, "clip\n")) == {}


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    folder = written(tmp_path, "clip,session\r\na_id1/x,1\r\n", "utf-8-sig")
    assert read_corpus_file(folder) == {"a_id1/x": ClipFacts(session="1")}


def test_there_need_be_no_file(tmp_path: Path) -> None:
    assert read_corpus_file(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: expected a column clip, got nothing"),
        ("session,age\n1,2\n", "line 1: expected a column clip, got session, age"),
        ("clip;session\na_id1/x;1\n", "line 1: expected a column clip, got clip;session"),
        ("clip,session,session\na_id1/x,1,2\n", "line 1: expected each column once, got session twice"),
        ("clip,session\na_id1/x,1\n\na_id1/y\n", "line 4: expected 2 cells, got 1"),
        ("clip,session\na_id1/x,1,2\n", "line 2: expected 2 cells, got 3"),
        ("clip,session\n,1\n", "line 2: expected the id of a clip, got an empty cell"),
        (
            "clip,session\na_id1/x,1\na_id1/y,1\na_id1/x,1\n",
            "line 4: expected each clip once, got a_id1/x of line 2 again",
        ),
        *(
            (f"clip,date\na_id1/x,\na_id1/y,{day}\n", f"line 3: expected a date as YYYY-MM-DD, got {got}")
            for day, got in (
                ("17.5.2024", "'17.5.2024'; leave it empty if not known"),
                ("2023-02-29", "'2023-02-29'; leave it empty if not known"),
                ("20240517", "'20240517'; leave it empty if not known"),
                ("2024-05-17T10:00", "'2024-05-17T10:00'; leave it empty if not known"),
            )
        ),
        ('clip,session\na_id1/x,"1\n', "line 2: expected a row of a CSV table (unexpected end of data)"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_corpus_file(written(tmp_path, text))
    assert str(caught.value) == f"{tmp_path / CORPUS_FILE}: {reason}"


def test_where_no_session_is_named_a_day_is_one() -> None:
    facts = [ClipFacts("a", date="2024-01-01"), ClipFacts(date="2024-01-01"), ClipFacts(utterance="yes")]
    assert [each.sitting for each in facts] == ["a", "2024-01-01", None]


def test_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    folder = written(tmp_path, "clip,utterance\na_id1/x,yes\na_id1/y,schön\n", "latin-1")
    with pytest.raises(FileFormatError, match="line 3: expected text in UTF-8, got other bytes"):
        read_corpus_file(folder)


def test_a_folder_of_that_name_is_told(tmp_path: Path) -> None:
    (tmp_path / CORPUS_FILE).mkdir()
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_corpus_file(tmp_path)


def test_a_copy_is_the_same_bytes(tmp_path: Path) -> None:
    folder = written(tmp_path / "videos", "clip,mine\r\na_id1/x,1\r\n", "utf-8-sig")
    copy_corpus_file(folder, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [CORPUS_FILE]
    assert (tmp_path / "out" / CORPUS_FILE).read_bytes() == (folder / CORPUS_FILE).read_bytes()


def test_what_is_beside_the_recordings_stays_where_videos_have_none(tmp_path: Path) -> None:
    out = written(tmp_path / "out", "clip\na_id1/x\n")
    copy_corpus_file(tmp_path, out)
    assert (out / CORPUS_FILE).exists()


def test_a_file_that_is_wrong_is_not_copied(tmp_path: Path) -> None:
    folder = written(tmp_path / "videos", "session\n1\n")
    with pytest.raises(FileFormatError, match="expected a column clip"):
        copy_corpus_file(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
