"""Score files: they come back as they went, whose clips they are is found out, slips are refused by line."""

import gzip
import io
import pickle
import re
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from amber_id.biometrics import Comparisons, compare_all
from amber_id.errors import AmberError, EvaluationError, FileFormatError, UsageError
from amber_id.score_files import IdentifiedBy, ScoreFile, read_scores, write_scores

FORMATS = ["x.txt", "x.scores", "x", "x.TXT.GZ", "x.parquet", "x.npz"]
TEXT = """\
# a comment of four words
a1 a2 target 0.9

a1 b1 nontarget 0.1
a2 b1 nontarget -2e-3
b1 b2 target 0.7
"""


def _clips(subjects: np.ndarray) -> tuple[str, ...]:
    return tuple(f"talking_id{subject + 1:03d}/clip{n:02d}" for n, subject in enumerate(subjects))


def _score_file(
    subjects: tuple[int, ...] = (0, 0, 1, 1, 2, 2, 2),
    *,
    identified_by: IdentifiedBy = IdentifiedBy.FOLDERS,
    sessions: bool = False,
) -> ScoreFile:
    """All comparisons of clips of random vectors; the folders in the clips' names tell the subjects."""
    who = np.array(subjects)
    vectors = np.random.default_rng(0).normal(size=(len(who), 5))
    sittings = np.arange(len(who)) if sessions else None
    return ScoreFile.named(
        compare_all(vectors, who, sessions=sittings),
        _clips(who),
        tuple(f"id{subject + 1:03d}" for subject in range(max(subjects) + 1)),
        identified_by=identified_by,
        sessions=tuple("ab"[n % 2] for n in range(len(who))) if sessions else None,
    )


def _rows(scores: ScoreFile) -> list[tuple]:
    """Each comparison with the names of its clips, subjects and sessions: what must come back."""
    comparisons = scores.comparisons
    assert comparisons is not None
    return [
        (
            float(score).hex(),
            *(scores.clips[clip] for clip in pair),
            *(scores.subjects[comparisons.subjects[clip]] for clip in pair),
            *(
                scores.sessions[comparisons.sessions[clip]]
                for clip in pair
                if scores.sessions is not None and comparisons.sessions is not None
            ),
        )
        for score, *pair in zip(comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True)
    ]


def _text(folder: Path, text: str = TEXT, name: str = "x.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amber_id.score_files.text._PIECE", 64)


def _refused(path: Path, message: str, kind: type[AmberError] = FileFormatError, **arguments: Path) -> str:
    with pytest.raises(kind, match=message) as error:
        read_scores(path, **arguments)
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 500
    assert text.startswith(str(arguments.get("subjects", path).parent))
    return text


# there and back ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_scores_come_back_exactly(tmp_path: Path, name: str):
    scores = _score_file()
    write_scores(tmp_path / "deep" / name, scores)
    back = read_scores(tmp_path / "deep" / name)
    assert _rows(back) == _rows(scores)
    np.testing.assert_array_equal(back.mated_scores, scores.mated_scores, strict=True)
    np.testing.assert_array_equal(back.nonmated_scores, scores.nonmated_scores, strict=True)
    assert back.clips == scores.clips
    assert back.subjects == scores.subjects
    assert back.sessions is None
    columns = name in ("x.parquet", "x.npz")
    assert back.identified_by is (IdentifiedBy.COLUMNS if columns else IdentifiedBy.FOLDERS)


@pytest.mark.parametrize("name", FORMATS)
def test_equal_scores_are_equal_bytes(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    write_scores(tmp_path / name, _score_file())
    before = (tmp_path / name).read_bytes()
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_scores(tmp_path / name, read_scores(tmp_path / name))
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", ["x.parquet", "x.npz"])
def test_sessions_come_back_person_by_person(tmp_path: Path, name: str):
    scores = _score_file(sessions=True)
    write_scores(tmp_path / name, scores)
    back = read_scores(tmp_path / name)
    assert _rows(back) == _rows(scores)
    # Clips 4 and 6 of the third person were both filmed in their session a, which is nobody else's.
    assert back.sessions == ("a", "b", "a", "b", "a", "b")
    assert back.comparisons is not None
    np.testing.assert_array_equal(back.comparisons.sessions, [0, 1, 2, 3, 4, 5, 4])


@pytest.mark.parametrize("name", ["x.parquet", "x.npz"])
def test_people_told_from_target_trials_do_not_come_back_as_known(tmp_path: Path, name: str):
    scores = read_scores(_text(tmp_path))
    assert scores.identified_by is IdentifiedBy.TARGET_TRIALS
    write_scores(tmp_path / name, scores)
    back = read_scores(tmp_path / name)
    assert back.identified_by is IdentifiedBy.TARGET_TRIALS
    assert _rows(back) == _rows(scores)


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6).filter(
    lambda name: unicodedata.is_normalized("NFC", name)
)
plain = names.filter(lambda name: name.encode().split() == [name.encode()] and name[0] not in "#\ufeff")
finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.data(),
    suffix=st.sampled_from([".txt", ".gz", ".parquet", ".npz"]),
    people=st.lists(st.integers(0, 2), min_size=0, max_size=5),
)
def test_any_scores_come_back(tmp_path: Path, data: st.DataObject, suffix: str, people: list[int]):
    subjects = np.array([0, 0, 1, *people])
    N = len(subjects)
    word = plain if suffix in (".txt", ".gz") else names
    clips = data.draw(st.lists(word, min_size=N, max_size=N, unique=True))
    enrolment, probe = np.triu_indices(N, k=1)
    scores = np.array(data.draw(st.lists(finite, min_size=len(probe), max_size=len(probe))))
    turned = np.array(data.draw(st.permutations(range(len(probe)))))
    comparisons = Comparisons(scores, enrolment[turned], probe[turned], subjects)
    written = ScoreFile.named(
        comparisons, tuple(clips), ("ann", "bob", "cyd"), identified_by=IdentifiedBy.TABLE
    )
    path = tmp_path / f"x{suffix}"
    write_scores(path, written)
    back = read_scores(path)
    assert [row[:3] for row in _rows(back)] == [row[:3] for row in _rows(written)]
    assert back.comparisons is not None
    np.testing.assert_array_equal(back.comparisons.mated, comparisons.mated)
    if suffix in (".parquet", ".npz"):
        assert _rows(back) == _rows(written)


@pytest.mark.parametrize("clip", ["two words", "tab\there", "#comment", "\ufeffbom", "line\nend"])
@pytest.mark.parametrize("name", ["x.txt", "x.gz"])
def test_names_that_text_cannot_hold_are_not_written(tmp_path: Path, name: str, clip: str):
    scores = replace(_score_file((0, 0, 1)), clips=("a", "b", clip))
    with pytest.raises(UsageError, match=r"white space .* write \.parquet"):
        write_scores(tmp_path / name, scores)
    assert not (tmp_path / name).exists()
    write_scores(tmp_path / "x.parquet", scores)
    assert clip in read_scores(tmp_path / "x.parquet").clips


def test_a_name_that_npz_cannot_hold_is_not_written(tmp_path: Path):
    scores = replace(_score_file((0, 0, 1)), clips=("a", "b", "c\0"))
    with pytest.raises(UsageError, match="ends in a NUL"):
        write_scores(tmp_path / "x.npz", scores)


@pytest.mark.parametrize("name", ["x.parquet.gz", "x.npz.gz"])
def test_only_text_is_packed(tmp_path: Path, name: str):
    with pytest.raises(UsageError, match="only text is written to"):
        write_scores(tmp_path / name, _score_file())
    _refused(_text(tmp_path, name=name), "only text is read from .gz", UsageError)


# text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.rstrip(),
        "\ufeff" + TEXT,
        "\ufeff\n" + TEXT,
        TEXT.replace("# a comment of four words\n\n", ""),
        TEXT.replace(" ", "  \t"),
        TEXT.replace("nontarget", "0").replace("target", "1"),
        TEXT.replace("nontarget", "nonmated").replace("target", "mated"),
        "a1 a2 0.9 target\na1 b1 0.1 nontarget\na2 b1 -2e-3 nontarget\nb1 b2 .7 target",
        "a1 a2 0.9 target\na1 b1 0.1 0\na2 b1 -0.002 nonmated\nb1 b2 7e-1 1",
        "a1 a2 0.9 1\na1 b1 0.1 0\na2 b1 -0.002 0\nb1 b2 7e-1 1",
    ],
)
def test_text_in_any_dress_says_the_same(tmp_path: Path, text: str):
    scores = read_scores(_text(tmp_path, text))
    assert _rows(scores) == [
        ((0.9).hex(), "a1", "a2", "a1", "a1"),
        ((0.1).hex(), "a1", "b1", "a1", "b1"),
        ((-0.002).hex(), "a2", "b1", "a1", "b1"),
        ((0.7).hex(), "b1", "b2", "b1", "b1"),
    ]


def test_whole_numbers_as_scores_are_told_from_labels_once_a_line_tells(tmp_path: Path, small_pieces: None):
    lines = "".join(f"a{n} b{n} 0 1\n" for n in range(200))
    scores = read_scores(_text(tmp_path, lines + "a0 a1 7 0\n"))
    assert len(scores.mated_scores) == 200
    np.testing.assert_array_equal(scores.nonmated_scores, [7.0])
    message = "expected to tell label from score, got 0 or 1 in both columns"
    _refused(_text(tmp_path, "a b 1 1\na c 0 0\n"), message)


@pytest.mark.parametrize("text", ["a b target 1\na c nontarget 0\n", "a b 1 mated\na c 0 nonmated\n"])
def test_a_word_is_the_label_beside_a_score_of_0_or_1(tmp_path: Path, text: str):
    scores = read_scores(_text(tmp_path, text))
    np.testing.assert_array_equal(scores.mated_scores, [1.0])
    np.testing.assert_array_equal(scores.nonmated_scores, [0.0])


def test_two_labels_are_no_score(tmp_path: Path):
    _refused(_text(tmp_path, "a b target nontarget\n"), "line 1: expected a score, got 'nontarget'")


def test_numbers_and_names_do_not_hang_on_the_order_of_lines(tmp_path: Path):
    lines = TEXT.splitlines()
    one, other = read_scores(_text(tmp_path)), read_scores(_text(tmp_path, "\n".join(reversed(lines))))
    assert one.clips == other.clips == ("a1", "a2", "b1", "b2")
    assert one.subjects == other.subjects == ("a1", "b1")
    assert one.comparisons is not None
    assert other.comparisons is not None
    np.testing.assert_array_equal(one.comparisons.subjects, other.comparisons.subjects)
    np.testing.assert_array_equal(one.comparisons.scores, other.comparisons.scores[::-1])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("b1 b3 target", "expected `enrol probe .*`, 4 columns, got 3: 'b1 b3 target'"),
        ("b1 b3 target 0.5 x", "4 columns, got 5"),
        ("b1", "4 columns, got 1"),
        ("b1 b3 target high", "expected a score, got 'high'"),
        ("b1 b3 target 1_0", "expected a score, got '1_0'"),
        ("b1 b3 target 0,5", "expected a score, got '0,5'"),
        ("b1 b3 target nan", "expected a finite score, got nan"),
        ("b1 b3 target -inf", "expected a finite score, got -inf"),
        ("b1 b3 target 1e999", "expected a finite score, got inf"),
        ("b1 b3 Targe 0.5", "expected target or nontarget in column 3, got 'Targe'"),
        (
            "b1 b3 0.5 target",
            "expected target or nontarget in column 3, got '0.5'; label and score have changed",
        ),
        (
            "b1 b1 target 0.5",
            "b1 and b1 are one clip, and 0 more such; .* prefix the condition: original/NAME",
        ),
        (
            "a1 a2 target 0.8",
            "a1 and a2 were compared before in this direction, in line 2, with another score",
        ),
        ("a1 b2 target 0.8", "a1 and b1 are a nontarget trial, but target trials link them to one person"),
        ("b2 a1 nontarget nan", "got nan"),
        ("\udce9 a1 nontarget 1", r"expected names in UTF-8, got '\\\\xe9'"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_by_number(
    tmp_path: Path, small_pieces: None, line: str, message: str
):
    # In the first of the pieces that are read at once, and in a later one.
    filler = "".join(f"f{n} g{n} nontarget 0.5\n" for n in range(60))
    at = 4 if "but target trials" in message else 7 + 60
    for before, number in (("", at if at == 4 else 7), (filler, at)):
        path = tmp_path / "x.txt"
        path.write_bytes((TEXT + before + line + "\nf0 a1 nontarget 1\n").encode(errors="surrogateescape"))
        _refused(path, rf"x\.txt: line {number}: .*{message}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("a2 a1 target 0.9\n", [": 1, 1 of them in the other direction"]),
        ("a2 a1 target 0.90000001\n", [": 1, 1 of them"]),  # single precision
        ("a1 a2 target 0.9\n", [": 1, 0 of them"]),
        (TEXT, [": 4, 0 of them"]),
        (
            "a2 a1 target 0.7\nb1 a2 nontarget -2e-3\n",
            [": 2, 2 of them", "differ 1 times, by up to 0.2. .* prefix the condition"],
        ),
    ],
)
def test_clips_compared_twice_are_taken_with_a_remark(tmp_path: Path, more: str, said: list[str]):
    once, twice = read_scores(_text(tmp_path)), read_scores(_text(tmp_path, TEXT + more))
    assert once.remarks == ()
    assert _rows(twice)[:4] == _rows(once)
    assert len(twice.mated_scores) + len(twice.nonmated_scores) == 4 + more.count(" 0.") + more.count("-2e")
    assert len(twice.remarks) == len(said)
    for remark, part in zip(twice.remarks, said, strict=True):
        assert re.search(part, remark)


ROWS = [
    ("a1", "a2", True, ".9"),
    ("a1", "b1", False, ".1"),
    ("a2", "b1", False, "-2e-3"),
    ("b1", "b2", True, ".7"),
]


def _table_of(heading: str, row: str, yes: str = "1", no: str = "0", end: str = "\n") -> str:
    """The rows of TEXT in other words: `row` is a template."""
    rows = [row.format(e=e, p=p, l=yes if mated else no, s=s) for e, p, mated, s in ROWS]
    return end.join([*([heading] if heading else []), *rows]) + end


TABLES = {
    "heading": _table_of("# a comment\nenrol probe label score", "{e} {p} {l} {s}", "target", "nontarget"),
    "VoxCeleb's order": _table_of("", "{l} {e} {p} {s}"),
    "another order": _table_of("Score Target Enroll Test", "{s} {l} {e} {p}", "TRUE", "FALSE"),
    "NIST": _table_of("modelid\tsegmentid\tLLR\tkey", "{e}\t{p}\t{s}\t{l}", "tar", "imp"),
    "pandas": _table_of(",enrol,probe,score,label", "0,{e},{p},{s},{l}"),
    "floats": _table_of("utt1,utt2,similarity,same", "{e},{p},{s},{l}", "1.0", "0.0"),
    "quoted": _table_of(
        '"Reference","probe","type","cosine_score"', '"{e}","{p}","{l}","{s}"', "Genuine", "impostor"
    ),
    "semicolons": _table_of("file_1;file_2;same;score", "{e};{p};{l};{s}", "same", "different"),
    "no heading": _table_of("", "{e}, {p}, {l}, {s}", "target", "non-target"),
    "no heading, label first": _table_of("", "{l},{e},{p},{s}"),
    "signs": _table_of("model,test,target,score", "{e},{p},{l},{s}", "+1", "-1"),
    "Windows": _table_of("\ufeffmodel,test,target,score\r\n", "{e},{p},{l},{s}", end="\r\n"),
    "subjects for labels": "enrol,speaker1,probe,speaker2,score\na1,a1,a2,a1,.9\na1,a1,b1,b1,.1\n"
    "a2,a1,b1,b1,-.002\nb1,b1,b2,b1,.7\n",
}


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.tsv", "x.gz"])
@pytest.mark.parametrize("dress", TABLES)
def test_a_table_in_any_dress_says_the_same(tmp_path: Path, dress: str, name: str):
    text = TABLES[dress]
    if name == "x.tsv":
        text = re.sub(r"[ ,;] *", "\t", text.removeprefix("# a comment\n"))
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name == "x.gz" else text.encode())
    scores = read_scores(tmp_path / name)
    assert _rows(scores) == _rows(read_scores(_text(tmp_path, name="plain.txt")))
    assert scores.remarks == ()


def test_names_may_have_white_space_where_that_does_not_separate(tmp_path: Path):
    rows = 'Ann Lee 1,"Lee, Ann 2",target,1\nAnn Lee 1,Bob,nontarget,0\n'
    scores = read_scores(_text(tmp_path, rows))
    assert scores.clips == ("Ann Lee 1", "Bob", "Lee, Ann 2")
    tabs = read_scores(_text(tmp_path, "a\tb\ttarget\t1\nAnn Lee\tb\tnontarget\t0\n", "x.tsv"))
    assert tabs.clips == ("Ann Lee", "a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,target,1\na,c,nontarget\n", "line 2: expected 4 values, got 3"),
        ("x,y\n", "line 1: expected `enrol probe .* got 1"),
        (
            "enrol,probe,label,score\na,b,target,\n",
            "line 2: expected a score, got ''; leave the",
        ),
        (
            "enrol;probe;label;score\na;b;target;0,5\n",
            "line 2: expected a score, got '0,5'; write a",
        ),
        (
            "enrol,probe,label,score\n\na,b,maybe,1\n",
            "line 3: expected target or .* label, got 'maybe'",
        ),
        ("enrol,probe,is_target,score\na,b,2,1\n", "line 2: .* in the column is_target, got '2'"),
        ("enrol,probe,label,score\na,,target,1\n", "line 2: expected a name in probe, got none"),
        (
            "enrol,probe,label,distance\na,b,target,1\n",
            "higher for clips that are more alike, got a d",
        ),
        (
            "enrol,probe,label\na,b,target\n",
            "expected the columns enrol, .*, got no score",
        ),
        ("enrol,probe,score\na,b,1\n", "got no mated; call them so"),
        (
            "model,reference,probe,label,score\na,b,c,target,1\n",
            "one column of enrol, got model and ref",
        ),
        ("enrol,probe,mated,label,score\na,b,1,1,1\n", "expected the column mated or label, got both"),
        ("a,b,taget,0.5\n", "line 1: expected a heading, or .* with commas between, got .*'taget'"),
        ("a,b,1,0\n", "expected to tell label from score"),
        ("a b taget 0.5\n", "line 1: .* got 'taget' and '0.5'; labels are target and nontarget"),
        ("one two three four\n", "line 1: .* a heading names the columns enrol, probe, label and score"),
        ("1 a b\n0 a c\n", "4 columns, got 3: '1 a b'; a list of trials has no scores"),
        ("a b 0.5\n", "4 columns, got 3: .*; there is no label: add target or nontarget"),
        ("enrol,probe,label,score\na,b,target,nan\n", "line 2: expected a finite score, got nan"),
        (
            'enrol,probe,label,score\na,"b,target,1\n',
            r"line 2: expected a row of a CSV table \(unexpected end of data",
        ),
    ],
)
def test_a_table_of_text_that_does_not_fit_is_refused(tmp_path: Path, text: str, message: str):
    said = _refused(_text(tmp_path, text), message)
    assert "put #" not in said


def test_comparisons_that_were_commented_out_are_remarked(tmp_path: Path):
    text = "# enrol probe label score\n#a b target 2\n" + TEXT + "# b1 b3 nontarget 1\n"
    scores = read_scores(_text(tmp_path, text))
    assert _rows(scores) == _rows(read_scores(_text(tmp_path)))
    assert "begin with # and look like comparisons: 2" in scores.remarks[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b target\na c nontarget 1 x\n", "line 1: .* got 3: 'a b target'"),
        ("a b target 1 \0\nc target 1\n", "line 1: .* got 5"),  # a NUL is no line end
    ],
)
def test_columns_that_add_up_over_two_lines_are_refused(tmp_path: Path, text: str, message: str):
    _refused(_text(tmp_path, text), message)


def test_a_comment_of_four_words_is_passed_over(tmp_path: Path):
    path = _text(tmp_path, "a b target 1.5\n# b target 2\na c nontarget 0.5\n")
    assert read_scores(path).clips == ("a", "b", "c")


def test_label_and_score_keep_their_places_in_the_whole_file(tmp_path: Path, small_pieces: None):
    long = "x" * 64  # each line is a piece of its own
    text = f"a b{long} nontarget 0.5\na c{long} nontarget 0.5\na d{long} 0.5 target\n"
    _refused(_text(tmp_path, text), "line 3: .* have changed places since the lines before")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str):
    _refused(_text(tmp_path, text), "expected `enrol probe .* in each line, got no line")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("target", r"got no non-mated \(nontarget\) one among 2"),
        ("nontarget", r"got no mated \(target\) one"),
    ],
)
def test_one_kind_alone_is_refused_by_name(tmp_path: Path, label: str, message: str):
    _refused(_text(tmp_path, f"a b {label} 1\nc d {label} 2\n"), message, EvaluationError)
    array = np.array([1.0, 2.0])
    arrays = {"mated": array, "nonmated": array[:0]}
    if label == "nontarget":
        arrays = {"mated": array[:0], "nonmated": array}
    np.savez(tmp_path / "x.npz", **arrays)
    _refused(tmp_path / "x.npz", message, EvaluationError)


def test_gzip_that_is_cut_off_or_none_is_refused(tmp_path: Path):
    path = tmp_path / "x.gz"
    content = gzip.compress(TEXT.encode())
    no_block, wrong_sum = content[:10] + b"\xff" * 4 + content[14:], content[:-8] + b"sum?" + content[-4:]
    for bad in (content[:-12], no_block, wrong_sum, TEXT.encode()):
        path.write_bytes(bad)
        _refused(path, "expected gzip, got a file that is cut off or of another kind")


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_and_nothing_are_refused(tmp_path: Path, name: str):
    _refused(tmp_path / name, "cannot be read")
    (tmp_path / name).mkdir()
    _refused(tmp_path / name, "cannot be read")


def test_a_file_without_line_ends_gives_a_short_message(tmp_path: Path):
    _refused(
        _text(tmp_path, "x" * 3_000_000), "line 1: expected at most 1,048,576 bytes, got 'xxx.* and more$"
    )
    _refused(_text(tmp_path, "x" * 1_000_000), "line 1: .* got 1: 'xxx")


def test_a_long_file_is_read_quickly_and_piece_by_piece(tmp_path: Path):
    P, N = 300_000, 1_000
    enrolment, probe = (indices[:P] for indices in np.triu_indices(N, k=1))
    subjects = np.arange(N) // 10
    scores = np.random.default_rng(0).normal(size=P)
    comparisons = Comparisons(scores, enrolment, probe, subjects)
    people = tuple(f"id{subject + 1:03d}" for subject in range(N // 10))
    path = tmp_path / "long.txt"
    write_scores(
        path, ScoreFile.named(comparisons, _clips(subjects), people, identified_by=IdentifiedBy.FOLDERS)
    )
    began = time.process_time()
    back = read_scores(path)
    assert time.process_time() - began < 3
    assert back.comparisons is not None
    np.testing.assert_array_equal(back.comparisons.scores, scores)
    # The folders sort as the people do, and so do the clips.
    np.testing.assert_array_equal(back.comparisons.enrolment, enrolment)
    np.testing.assert_array_equal(back.comparisons.probe, probe)
    np.testing.assert_array_equal(back.comparisons.subjects, subjects)


# who is who -------------------------------------------------------------------------------------------


def _table(folder: Path, text: str = "clip,subject\na1,ann\na2,ann\nb1,bob\nb2,bob\n") -> Path:
    path = folder / "who.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_table_is_surer_than_target_trials(tmp_path: Path):
    # Without a table the second clip of Ann's, in no target trial, would be a third person.
    path = _text(tmp_path, "a1 b1 nontarget 0\na2 b1 nontarget 1\nb1 b2 target 2\n")
    alone = read_scores(path)
    assert alone.subjects == ("a1", "a2", "b1")
    assert alone.identified_by is IdentifiedBy.TARGET_TRIALS
    assert "may be counted twice" in f"{alone.identified_by}"
    table = _table(tmp_path, "clip,subject\nb2,bob\nb1,bob\na2,ann\n\na1,ann\nunused,zoe\n")
    known = read_scores(path, subjects=table)
    assert known.subjects == ("ann", "bob")
    assert known.identified_by is IdentifiedBy.TABLE
    assert known.clips == ("a1", "a2", "b1", "b2")
    assert known.comparisons is not None
    np.testing.assert_array_equal(known.comparisons.subjects, [0, 0, 1, 1])


def test_subjects_are_numbered_in_the_order_of_their_names(tmp_path: Path):
    table = _table(tmp_path, "clip,subject\na1,zoe\na2,zoe\nb1,bob\nb2,bob\n")
    scores = read_scores(_text(tmp_path), subjects=table)
    assert scores.subjects == ("bob", "zoe")
    assert scores.comparisons is not None
    np.testing.assert_array_equal(scores.comparisons.subjects, [1, 1, 0, 0])


def test_a_table_may_have_sessions(tmp_path: Path):
    table = _table(tmp_path, "clip,subject,session\na1,ann,1\na2,ann,2\nb1,bob,1\nb2,bob,1\n")
    scores = read_scores(_text(tmp_path), subjects=table)
    assert scores.sessions == ("1", "2", "1")
    assert scores.comparisons is not None
    np.testing.assert_array_equal(scores.comparisons.sessions, [0, 1, 2, 2])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("clip,subject\na1,ann\n", r"no row for 3 of 4: a2, b1, b2; add them"),
        ("clip,subject\n", r"no row for 4 of 4: a1, a2, b1 …; add them"),
        (
            "clip,nobody\na1,ann\n",
            "line 2: expected a column subject, or clips in numbered folders, got 'a1'",
        ),
        ("who,subject\na1,ann\n", "expected the columns clip, subject in its first line, got 'who, subject'"),
        ("", "expected the columns clip, subject in its first line"),
        ("clip,subject\na1\n", "line 2: expected 2 values, got 1"),
        ("clip,subject\na1,\n", "expected no empty value, got 'a1, '"),
        ("clip,subject\na1,ann\na1,bob\n", "clip a1 is ann in one row and bob in another"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, table: str, message: str):
    path = _table(tmp_path, table)
    text = _refused(_text(tmp_path), message, subjects=path)
    assert text.startswith(f"{path}: ")


@pytest.mark.parametrize(
    "table",
    [
        "age;Subject;clip\n20;ann;a1\n20; ann ;a2\n30;bob;b1\n30;bob;b2\n",
        "file,speaker\na1,ann\na2,ann\nb1,bob\nb2,bob\n",
        "clip,session,subject\na1,,ann\na2,,ann\nb1,,bob\nb2,,bob\n",
    ],
)
def test_a_table_may_have_more_columns_in_any_order(tmp_path: Path, table: str):
    scores = read_scores(_text(tmp_path), subjects=_table(tmp_path, table))
    assert scores.subjects == ("ann", "bob")
    assert scores.sessions is None
    assert scores.remarks == ()


def test_a_corpus_file_is_a_table_of_subjects(tmp_path: Path):
    rows = (
        "clip,session,utterance\nx_id1/a,1,hello\nx_id1/b,{},hello\nx_id2/a,1,hello\nx_id2/b,2,\nx_id3/a,1,\n"
    )
    lines = "x_id1/a x_id1/b target 1\nx_id1/a x_id2/a nontarget 0\nx_id2/a x_id2/b target 1\n"
    whole = _table(tmp_path, rows.format("2"))
    scores = read_scores(_text(tmp_path, lines), subjects=whole)
    assert scores.subjects == ("id001", "id002")
    assert scores.sessions == ("1", "2", "1", "2")
    scores = read_scores(_text(tmp_path, lines), subjects=_table(tmp_path, rows.format("")))
    assert scores.sessions is None
    assert "Clips without a session in the table of subjects: 1 of 4" in scores.remarks[0]
    suffixes = _text(tmp_path, re.sub(r"/(.)", r"/\1.mp4", lines))
    _refused(suffixes, "no row for 4 of 4: .*its clips have no suffix", subjects=whole)


def test_labels_must_agree_with_the_table(tmp_path: Path):
    one = _table(tmp_path, "clip,subject\na1,ann\na2,eve\nb1,bob\nb2,bob\n")
    message = "line 2: a1 and a2 are a target trial of two people, ann and eve .*, and 0 more"
    _refused(_text(tmp_path), message, subjects=one)
    one = _table(tmp_path, "clip,subject\na1,ann\na2,ann\nb1,ann\nb2,ann\n")
    message = "line 4: a1 and b1 are a nontarget trial of one person, ann .*, and 1 more"
    _refused(_text(tmp_path), message, subjects=one)


def test_folders_tell_the_subject_if_all_have_a_number(tmp_path: Path):
    lines = "x_id007/a y_id7/b target 1\nx_id007/a z_id1000/deep/c nontarget 0\n"
    scores = read_scores(_text(tmp_path, lines))
    assert scores.identified_by is IdentifiedBy.FOLDERS
    assert scores.subjects == ("id007", "id1000")
    mixed = read_scores(_text(tmp_path, lines + "x_id007/a other nontarget 0\n"))
    assert mixed.identified_by is IdentifiedBy.TARGET_TRIALS
    assert mixed.subjects == ("other", "x_id007/a", "z_id1000/deep/c")
    wrong = _text(tmp_path, lines.replace("y_id7", "y_id8"))
    _refused(wrong, "line 1: x_id007/a and y_id8/b are a target trial of two people, id007 and id008")


def test_clips_are_linked_over_several_target_trials(tmp_path: Path):
    chain = "d c target 1\nb a target 1\nc b target 1\nz a nontarget 0\n"
    scores = read_scores(_text(tmp_path, chain))
    assert scores.subjects == ("a", "z")
    _refused(
        _text(tmp_path, chain + "a d nontarget 0\n"), "line 5: a and d are a nontarget trial, but target"
    )


def test_an_enrolment_may_be_a_model_of_a_person(tmp_path: Path):
    lines = "ann a1 target 1\nann b1 nontarget 0\nbob b1 target 1\nbob a1 nontarget 0\n"
    scores = read_scores(_text(tmp_path, lines))
    assert scores.subjects == ("a1", "b1")
    assert scores.clips == ("a1", "ann", "b1", "bob")


def test_names_in_any_script_come_back_and_sort(tmp_path: Path):
    lines = "é 人 target 1\né z nontarget 0\na\u00a0b z nontarget 0\n"
    assert read_scores(_text(tmp_path, lines)).clips == ("a\u00a0b", "z", "é", "人")


# Parquet and npz --------------------------------------------------------------------------------------

COLUMNS = {
    "enrol": ["a1", "a1", "a2", "b1"],
    "probe": ["a2", "b1", "b1", "b2"],
    "score": [0.9, 0.1, -0.002, 0.7],
    "mated": [True, False, False, True],
    "other": [None, None, None, None],
}
WHO = {"enrol_subject": ["ann", "ann", "ann", "bob"], "probe_subject": ["ann", "bob", "bob", "bob"]}
SITTINGS = {"enrol_session": ["1", "1", "2", "1"], "probe_session": ["2", "1", "1", "1"]}


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_names_are_read_however_parquet_packs_them(tmp_path, encoding):
    names = {"enrol": ["a_id1/x", "a_id1/x", "a_id2/x"], "probe": ["a_id1/y", "a_id2/y", "a_id2/y"]}
    table = pa.table({**names, "mated": [True, False, True], "score": [0.9, 0.1, 0.8]})
    packed = dict.fromkeys(names, encoding)
    parquet.write_table(table, tmp_path / "x.parquet", use_dictionary=False, column_encoding=packed)
    scores = read_scores(tmp_path / "x.parquet")
    assert sorted(scores.clips) == ["a_id1/x", "a_id1/y", "a_id2/x", "a_id2/y"]
    assert sorted(scores.mated_scores) == [0.8, 0.9]


def _parquet(path: Path, columns: dict) -> Path:
    path = path / "x.parquet"
    parquet.write_table(pa.table(columns), path, row_group_size=3)
    return path


def _npz(path: Path, columns: dict) -> Path:
    path = path / "x.npz"
    columns = {("scores" if name == "score" else name): value for name, value in columns.items()}
    np.savez(path, **{name: np.array(value) for name, value in columns.items() if name != "other"})
    return path


WRITERS = pytest.mark.parametrize("write", [_parquet, _npz])
Write = Callable[[Path, dict], Path]


@WRITERS
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"mated": [1, 0, 0, 1]},
        {"label": ["target", "nontarget", "0", "mated"], "mated": None},
        {"score": np.array([0.9, 0.1, -0.002, 0.7])},
    ],
)
def test_columns_say_the_same_as_text(tmp_path: Path, write: Write, change: dict):
    columns = {name: value for name, value in (COLUMNS | change).items() if value is not None}
    path = write(tmp_path, columns)
    assert _rows(read_scores(path)) == _rows(read_scores(_text(tmp_path)))
    assert read_scores(path).identified_by is IdentifiedBy.TARGET_TRIALS


@WRITERS
def test_columns_of_subjects_and_sessions_are_taken(tmp_path: Path, write: Write):
    scores = read_scores(write(tmp_path, COLUMNS | WHO | SITTINGS))
    assert scores.identified_by is IdentifiedBy.COLUMNS
    assert scores.subjects == ("ann", "bob")
    assert scores.sessions == ("1", "2", "1")
    table = _table(tmp_path, "clip,subject\na1,x\na2,x\nb1,y\nb2,y\n")
    known = read_scores(write(tmp_path, COLUMNS | WHO | SITTINGS), subjects=table)
    assert known.subjects == ("x", "y")
    assert known.sessions == ("1", "2", "1")


def test_names_may_be_numbers_bytes_or_dictionaries(tmp_path: Path):
    numbers = COLUMNS | {"enrol": [10, 10, 9, 20], "probe": [9, 20, 20, 21]}
    for path in (_parquet(tmp_path, numbers), _npz(tmp_path, numbers)):
        assert read_scores(path).clips == ("10", "20", "21", "9")
    large = {name: pa.array(COLUMNS[name], pa.large_string()) for name in ("enrol", "probe")}
    dictionaries = {name: pa.array(COLUMNS[name]).dictionary_encode() for name in ("enrol", "probe")}
    in_bytes = {name: np.array(COLUMNS[name], "S") for name in ("enrol", "probe")}
    paths = [lambda: _parquet(tmp_path, COLUMNS | large), lambda: _parquet(tmp_path, COLUMNS | dictionaries)]
    for make in (*paths, lambda: _npz(tmp_path, COLUMNS | in_bytes)):
        assert read_scores(make()).clips == ("a1", "a2", "b1", "b2")


def test_single_precision_comes_in_as_it_is(tmp_path: Path):
    single = np.array(COLUMNS["score"], np.float32)
    for write in (_parquet, _npz):
        scores = read_scores(write(tmp_path, COLUMNS | {"score": single}))
        assert scores.comparisons is not None
        np.testing.assert_array_equal(scores.comparisons.scores, single.astype(np.float64), strict=True)


@WRITERS
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"enrol": None, "mated": None}, "expected the columns .* got no enrol, mated"),
        ({"score": None}, "expected the columns .* got no score"),
        ({"label": ["target"] * 4}, "expected the column mated or label, got both"),
        (
            {"mated": None, "label": ["target", "no", "no", "target"]},
            "row 2: .* in the column label, got 'no'",
        ),
        ({"mated": [2, 0, 0, 1]}, "expected true or false in the column mated, got values of type int64"),
        (
            {"mated": [1.0, 0.0, 0.0, 1.0]},
            "expected true or false in the column mated, got values of type flo",
        ),
        ({"score": ["a", "b", "c", "d"]}, "expected numbers in the column of scores"),
        ({"score": [True, False, True, True]}, "expected numbers in the column of scores, got bool"),
        ({"score": [0.1, 0.2, np.nan, 0.4]}, "row 3: expected a finite score, got nan"),
        ({"score": [0.1, 0.2, 0.3, -np.inf]}, "row 4: expected a finite score, got -inf"),
        ({"enrol": [0.1, 0.2, 0.3, 0.4]}, "expected .*names in .*enrol, got (double|float64)"),
        ({"enrol": ["a1", "a1", "", "b1"]}, "row 3: expected a name in enrol, got none"),
        (
            {"enrol": ["a1", "a1", "a1", "b1"]},
            "row 3: a1 and b1 were compared before .*, in row 2, with anoth",
        ),
        ({"probe": ["a2", "b1", "a2", "b2"]}, "row 3: a2 and a2 are one clip"),
        ({"enrol_subject": WHO["enrol_subject"]}, "got enrol_subject without probe_subject"),
        ({"probe_session": WHO["enrol_subject"]}, "got probe_session without enrol_session"),
        (
            WHO | {"enrol_subject": ["ann", "eve", "ann", "bob"]},
            "clip a1 has subject .*(ann|eve).* in one ses",
        ),
        (WHO | {"probe_subject": ["ann", "bob", "eve", "bob"]}, "row [234]: clip b1 has subject .*elsewhere"),
        (
            WHO | {"mated": [True, True, False, True]},
            "row 2: a1 and b1 are a target trial of two people, ann",
        ),
        (SITTINGS | {"enrol_session": ["1", "1", "3", "1"]}, "clip a2 has session"),
        (
            WHO | {"enrol_subject": ["ann", "", "ann", "bob"]},
            "row 2: expected a name in enrol_subject, got non",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused_by_row(tmp_path: Path, write: Write, change: dict, message: str):
    columns = {name: value for name, value in (COLUMNS | change).items() if value is not None}
    _refused(write(tmp_path, columns), message)


@pytest.mark.parametrize("name", ["enrol", "score", "mated", "probe_subject"])
def test_a_missing_value_in_parquet_is_refused_by_row(tmp_path: Path, name: str):
    columns = COLUMNS | WHO
    columns[name] = [*columns[name][:3], None]
    _refused(_parquet(tmp_path, columns), f"row 4: expected a value in {name}, got none")


def test_folders_with_equals_signs_are_no_columns(tmp_path: Path):
    folder = tmp_path / "mated=1" / "label=target"
    folder.mkdir(parents=True)
    assert _rows(read_scores(_parquet(folder, COLUMNS))) == _rows(read_scores(_text(tmp_path)))


@WRITERS
def test_a_table_without_rows_is_refused(tmp_path: Path, write: Write):
    empty = {"enrol": np.zeros(0, "U1"), "probe": np.zeros(0, "U1"), "score": np.zeros(0)}
    columns = empty | {"mated": np.zeros(0, bool)}
    _refused(write(tmp_path, columns), "got no mated .* among 0", EvaluationError)


def test_arrays_of_another_length_are_refused(tmp_path: Path):
    _refused(_npz(tmp_path, COLUMNS | {"score": [0.1, 0.2]}), r"expected scores of shape \(4,\).* got \(2,\)")
    _refused(_npz(tmp_path, COLUMNS | {"score": [[0.1], [0.2]]}), r"expected scores .* got \(2, 1\)")
    _refused(
        _npz(tmp_path, COLUMNS | {"enrol": [["a"]]}), r"expected a row of names in enrol, got <U1 of shape"
    )


def test_names_that_are_no_unicode_are_refused(tmp_path: Path):
    bad = np.array([b"\xe9", b"a", b"b", b"c"])
    _refused(_npz(tmp_path, COLUMNS | {"enrol": bad}), "expected names in Unicode in enrol")
    half = np.array(["\ud800", "a", "b", "c"])
    _refused(_npz(tmp_path, COLUMNS | {"enrol": half}), "expected names in Unicode in enrol")


@pytest.mark.parametrize("name", ["x.parquet", "x.npz"])
def test_bytes_cut_off_or_changed_never_pass(tmp_path: Path, name: str):
    path = tmp_path / name
    write_scores(path, _score_file(sessions=True))
    content, rows = path.read_bytes(), _rows(read_scores(path))
    rng = np.random.default_rng(0)
    for share in np.linspace(0, 0.999, 40):
        path.write_bytes(content[: int(len(content) * share)])
        _refused(path, "expected (Parquet|an .npz archive, no pickle), got a file that is cut off")
    for at in rng.choice(len(content), 300):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]) + content[at + 1 :])
        try:
            back = read_scores(path)
        except AmberError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:  # e.g. a date or a note, or the name of a column that is then passed over
            assert [row[:3] for row in _rows(back)] == [row[:3] for row in rows]


def test_pickle_and_other_kinds_are_refused(tmp_path: Path):
    objects = np.array(["a1", "a1", "a2", "b1"], object)
    _refused(_npz(tmp_path, COLUMNS | {"enrol": objects}), r"enrol holds Python objects, .*to_numpy\(str\)")
    path = tmp_path / "y.npz"
    one = io.BytesIO()
    np.save(one, np.zeros(3))
    for content in (pickle.dumps([1]), one.getvalue(), TEXT.encode(), b""):
        path.write_bytes(content)
        _refused(path, "expected an .npz archive, no pickle, got a file that is cut off or of another kind")
    _refused(_text(tmp_path, name="y.parquet"), "expected Parquet, got a file that is cut off or of another")


@pytest.mark.parametrize("write", [_parquet, _npz])
def test_columns_may_be_called_as_the_field_does(tmp_path: Path, write: Write):
    called = {"enrol": "Model_ID", "probe": "test", "score": "LLR", "mated": "is target"}
    path = write(tmp_path, {called.get(name, name): value for name, value in COLUMNS.items()})
    assert _rows(read_scores(path)) == _rows(read_scores(_text(tmp_path)))
    words = {"label": ["Genuine", "Impostor", "imp", "TRUE"], "mated": None}
    columns = {name: value for name, value in (COLUMNS | words).items() if value is not None}
    assert _rows(read_scores(write(tmp_path, columns))) == _rows(read_scores(_text(tmp_path)))


def test_names_in_bytes_are_text(tmp_path: Path):
    in_bytes = {name: pa.array([each.encode() for each in COLUMNS[name]]) for name in ("enrol", "probe")}
    assert read_scores(_parquet(tmp_path, COLUMNS | in_bytes)).clips == ("a1", "a2", "b1", "b2")


# scores alone -----------------------------------------------------------------------------------------


def test_scores_alone_have_no_clips_and_nobody_knows_whose_they_are(tmp_path: Path):
    path = tmp_path / "x.npz"
    np.savez(path, mated=np.array([0.5, 1], np.float32), nonmated=np.array([-1, 0, 2]))
    scores = read_scores(path)
    assert scores.comparisons is None
    assert scores.identified_by is IdentifiedBy.NOBODY
    assert scores.clips == scores.subjects == ()
    np.testing.assert_array_equal(scores.mated_scores, [0.5, 1.0], strict=True)
    np.testing.assert_array_equal(scores.nonmated_scores, [-1.0, 0.0, 2.0], strict=True)
    _refused(path, "has scores without clips", UsageError, subjects=tmp_path / "who.csv")


@pytest.mark.parametrize(
    "names",
    [("genuine", "impostor"), ("Target_scores", "NonTarget_scores"), ("tar", "non"), ("pos", "neg")],
)
def test_scores_alone_may_be_called_as_the_field_does(tmp_path: Path, names: tuple[str, str]):
    np.savez(tmp_path / "x.npz", **dict(zip(names, (np.array([0.5, 1.0]), np.array([-1.0])), strict=True)))
    scores = read_scores(tmp_path / "x.npz")
    np.testing.assert_array_equal(scores.mated_scores, [0.5, 1.0])
    np.testing.assert_array_equal(scores.nonmated_scores, [-1.0])


def test_scores_alone_come_back_and_fit_npz_only(tmp_path: Path):
    scores = ScoreFile.unnamed(np.array([0.1 + 0.2, 5e-324]), np.array([-1.0]))
    write_scores(tmp_path / "x.npz", scores)
    back = read_scores(tmp_path / "x.npz")
    np.testing.assert_array_equal(back.mated_scores, scores.mated_scores, strict=True)
    np.testing.assert_array_equal(back.nonmated_scores, scores.nonmated_scores, strict=True)
    for name in ("x.txt", "x.parquet"):
        with pytest.raises(UsageError, match=r"scores of unnamed clips fit \.npz only"):
            write_scores(tmp_path / name, scores)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"mated": [0.1]}, "got no enrol, probe, scores"),
        ({"nonmated": [0.1]}, "the arrays mated and nonmated alone, got no mated"),
        ({"mated": [0.1], "nonmated": [0.1], "scores": [1]}, "nonmated alone, got nonmated beside clips"),
        ({"mated": [0.1, np.nan], "nonmated": [0.1]}, "mated, row 2: expected a finite score, got nan"),
        ({"mated": [True], "nonmated": [0.1]}, "expected a row of scores in mated, got bool"),
        (
            {"mated": [[0.1]], "nonmated": [0.1]},
            r"expected a row of scores in mated, got float64 of shape \(1, 1",
        ),
    ],
)
def test_scores_alone_that_do_not_fit_are_refused(tmp_path: Path, arrays: dict, message: str):
    np.savez(tmp_path / "x.npz", **{name: np.array(array) for name, array in arrays.items()})
    _refused(tmp_path / "x.npz", message)


# the object -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"clips": ("a", "b")},
        {"clips": ("a", "b", "")},
        {"clips": ("a", "b", "b")},
        {"subjects": ("id001",)},
        {"subjects": ("id001", "id001")},
        {"sessions": ("1",)},
    ],
)
def test_names_must_be_there_and_different(change: dict):
    with pytest.raises(ValueError, match="must "):
        replace(_score_file((0, 0, 1)), **change)
