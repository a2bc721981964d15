"""Anyone's own videos: numbers that stay, sessions, tables, and what is none of it."""

from pathlib import Path

import pytest

from amber_id.corpora import ClipFacts, find_corpus, read_corpus_file
from amber_id.corpora.conversion import Conversion, OwnConfig, convert, find_own
from amber_id.errors import CorpusError, FileFormatError


def write(src: Path, *names: str) -> Path:
    for name in names:
        path = src / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return src


def clips(dst: Path) -> dict[str, str]:
    """Each clip with what is in it."""
    return {clip.id: clip.path.read_text() for clip in find_corpus(dst).clips}


def own(src: Path, dst: Path, **config: object) -> Conversion:
    return convert(find_own(src, dst, OwnConfig(**config)), dst)


def problems(done: Conversion) -> dict[str, str]:
    return {row.path: f"{row.reason} ({row.detail})" for row in done.left_out}


def test_people_get_numbers_in_the_order_of_their_names(tmp_path: Path) -> None:
    src = write(tmp_path / "src", "Zoë/a.mp4", "ben/a.MOV", "Anna Bé/x.mp4", "Anna Bé/y.webm")
    done = own(src, tmp_path / "dst")
    assert done.is_whole
    assert clips(tmp_path / "dst") == {
        "own_id001/x": "Anna Bé/x.mp4",
        "own_id001/y": "Anna Bé/y.webm",
        "own_id002/a": "Zoë/a.mp4",
        "own_id003/a": "ben/a.MOV",
    }
    people = (tmp_path / "dst" / "people.csv").read_text().splitlines()
    assert people == [
        "subject,source,person",
        "id001,own,Anna Bé",
        "id002,own,Zoë",
        "id003,own,ben",
    ]


def test_a_person_keeps_the_number_when_more_people_come(tmp_path: Path) -> None:
    src = write(tmp_path / "src", "ben/a.mp4", "zoe/a.mp4")
    own(src, tmp_path / "dst")
    write(src, "anna/a.mp4", "ben/b.mp4")
    done = own(src, tmp_path / "dst")
    assert (done.put, done.there) == (2, 2)
    assert clips(tmp_path / "dst") == {
        "own_id001/a": "ben/a.mp4",
        "own_id001/b": "ben/b.mp4",
        "own_id002/a": "zoe/a.mp4",
        "own_id003/a": "anna/a.mp4",
    }


def test_numbers_of_other_sources_are_not_given(tmp_path: Path) -> None:
    dst = tmp_path / "dst"
    (dst / "ravdess_id002").mkdir(parents=True)
    src = write(tmp_path / "src", "anna/a.mp4", "ben/a.mp4", "cora/a.mp4")
    own(src, dst)
    assert sorted(path.name for path in dst.glob("own_id*")) == ["own_id001", "own_id003", "own_id004"]
    own(write(tmp_path / "more", "anna/a.mp4"), dst, source="lab", first=100)
    assert (dst / "lab_id100" / "a.mp4").exists()  # another Anna


def test_sessions_are_folders_and_part_of_the_name(tmp_path: Path) -> None:
    src = write(tmp_path / "src", "anna/monday/a.mp4", "anna/tuesday/a.mp4", "anna/c.mp4")
    own(src, tmp_path / "dst")
    facts = read_corpus_file(tmp_path / "dst")
    assert facts == {
        "own_id001/monday_a": ClipFacts(session="monday"),
        "own_id001/tuesday_a": ClipFacts(session="tuesday"),
        "own_id001/c": ClipFacts(),
    }


def test_a_date_of_a_table_that_is_no_day_is_told_with_its_line(tmp_path: Path) -> None:
    src = write(tmp_path / "src", "a.mp4")
    (src / "list.csv").write_text("path,subject,date\na.mp4,anna,17/5/24\n")
    with pytest.raises(
        FileFormatError, match=r"list\.csv: line 2: expected a date as YYYY-MM-DD, got '17/5/24'"
    ):
        own(src / "list.csv", tmp_path / "dst")


def test_each_file_that_is_not_taken_is_listed(tmp_path: Path) -> None:
    src = write(tmp_path / "src", "ben/00001.MTS", "ben/00002.braw", "zoe/a.mp4", "zoe/a.wav", "zoe/b")
    done = own(src, tmp_path / "dst")
    assert clips(tmp_path / "dst") == {"own_id001/00001": "ben/00001.MTS", "own_id002/a": "zoe/a.mp4"}
    assert [(row.kind, row.path) for row in sorted(done.left_out)] == [
        ("choice", "zoe/a.wav"),
        ("unusable", "ben/00002.braw"),
        ("unusable", "zoe/b"),
    ]
    assert not done.is_whole


def test_what_belongs_to_nobody_is_listed(tmp_path: Path) -> None:
    src = write(
        tmp_path / "src",
        "anna/a.mp4",
        "b.mp4",
        "anna/s/t/u/c.mp4",
        "anna/all.zip",
        "anna/notes.txt",
        "anna/.a.mp4",
        "anna/s/t_x.mp4",
        "anna/s_t_x.mp4",
        "anna/s_t_x.mov",
    )
    (src / "anna" / "a.mp4").write_bytes(b"")
    done = own(src, tmp_path / "dst")
    assert problems(done) == {
        "b.mp4": "lies in no person's folder (expected person/clip or person/session/clip)",
        "anna/s/t/u/c.mp4": "lies too deep (expected person/clip or person/session/clip)",
        "anna/all.zip": "an archive (unpack it and run again)",
        "anna/notes.txt": "not taken (no video, by its suffix .txt)",
        "anna/a.mp4": "an empty file (download it again)",
        "anna/s_t_x.mp4": "another file would be a clip of the same name "
        "(anna/s/t_x.mp4 is taken; rename one, or remove it)",
        "anna/s_t_x.mov": "another file would be a clip of the same name "
        "(anna/s/t_x.mp4 is taken; rename one, or remove it)",
    }
    assert list(clips(tmp_path / "dst")) == ["own_id001/s_t_x"]


def test_a_table_says_who_and_what(tmp_path: Path) -> None:
    write(tmp_path / "videos", "1.mp4", "2.mp4", "3.mp4")
    table = tmp_path / "list.csv"
    table.write_text(
        "path,subject,source,session,utterance,age,clip\n"
        "videos/1.mp4,Anna,,1,hello,34,\n"
        "videos/2.mp4,Ben,lab,,,,first\n"
        f"{tmp_path}/videos/3.mp4,Anna,,2,,,\n"
        "videos/4.mp4,Anna,,,,,\n"
        "videos,Anna,,,,,\n"
        "videos/1.mp4,,,,,,\n"
        "videos/2.mp4,Ben,lab,,,,../out\n"
    )
    done = own(table, tmp_path / "dst")
    assert clips(tmp_path / "dst") == {
        "own_id002/1": "1.mp4",
        "lab_id001/first": "2.mp4",
        "own_id002/3": "3.mp4",
    }
    assert read_corpus_file(tmp_path / "dst")["own_id002/1"] == ClipFacts("1", "hello", age="34")
    assert [(row.path, row.reason) for row in done.left_out] == [
        ("videos/4.mp4", "cannot be read"),
        ("videos", "no video, by its suffix"),
        ("videos/1.mp4", "the table names no subject for it"),
        ("videos/2.mp4", "its clip is no name of a file"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("path,who\n", "line 1: expected a column subject, got path, who"),
        ("", "line 1: expected a column path, got nothing"),
        ("path,subject\na.mp4\n", "line 2: expected 2 cells, got 1"),
        ("path,subject,source\na.mp4,x,ravdess\n", "line 2: source: ravdess is the name of a public corpus"),
        ("path,subject,source\na.mp4,x,a/b\n", "line 2: source: expected letters, digits"),
        (
            "path,subject,source\na.mp4,anna,cam1\nb.mp4,anna,cam2\n",
            "line 3: expected one source for each subject, got cam1 and cam2 for anna",
        ),
    ],
)
def test_a_table_that_is_none_is_told_with_its_line(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(FileFormatError, match=reason):
        find_own(tmp_path / "list.csv", tmp_path / "dst")


@pytest.mark.parametrize("twice", ["id001,own,anna\nid001,own,ben\n", "id001,own,anna\nid002,own,anna\n"])
def test_a_list_of_people_that_contradicts_itself_is_refused(twice: str, tmp_path: Path) -> None:
    (tmp_path / "dst").mkdir()
    (tmp_path / "dst" / "people.csv").write_text(f"subject,source,person\n{twice}")
    src = write(tmp_path / "src", "anna/a.mp4")
    with pytest.raises(FileFormatError, match="each person and each number once"):
        find_own(src, tmp_path / "dst")


def test_nothing_to_be_found_is_told(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    with pytest.raises(CorpusError, match="no clip of a person in it"):
        find_own(tmp_path / "src", tmp_path / "dst")
    with pytest.raises(CorpusError, match="got nothing"):
        find_own(tmp_path / "nowhere", tmp_path / "dst")
    assert not (tmp_path / "dst").exists()


# the same people in two corpora


def people_of(dst: Path) -> list[str]:
    return (dst / "people.csv").read_text().splitlines()[1:]


def test_avatars_are_numbered_like_their_originals(tmp_path: Path) -> None:
    originals = write(tmp_path / "original", "anna/a.mp4", "ben/a.mp4", "cora/a.mp4")
    avatars = write(tmp_path / "avatar", "ben/a.mp4", "cora/a.mp4", "dora/a.mp4")
    own(originals, tmp_path / "one")
    findings = find_own(avatars, tmp_path / "other")
    assert people_of(tmp_path / "other")[0] == "id001,own,ben", "alone, ben has the number of anna"
    (said,) = findings.notes
    assert f"{tmp_path / 'one'} has other numbers for ben, cora" in said
    assert f"--like {tmp_path / 'one'}" in said

    findings = find_own(avatars, tmp_path / "alike", like=tmp_path / "one")
    assert people_of(tmp_path / "alike") == ["id002,own,ben", "id003,own,cora", "id004,own,dora"]
    assert findings.notes == (f"{tmp_path / 'one'} does not have dora: new numbers, which nobody has there.",)
    assert find_own(avatars, tmp_path / "alike", like=tmp_path / "one").notes == ()


def test_numbers_that_cannot_be_alike_are_refused(tmp_path: Path) -> None:
    own(write(tmp_path / "src", "anna/a.mp4", "ben/a.mp4"), tmp_path / "one")
    own(write(tmp_path / "more", "ben/a.mp4"), tmp_path / "other")
    for people, told in (
        ("ben/a.mp4", "ben is id001 in it, and id002 in"),
        ("x/a.mp4", "ben is id001 in it"),
    ):
        with pytest.raises(CorpusError, match=told):
            find_own(write(tmp_path / people[0], people), tmp_path / "other", like=tmp_path / "one")
    own(write(tmp_path / "third", "zoe/a.mp4"), tmp_path / "taken")
    with pytest.raises(CorpusError, match=r"id001, the number of anna in .*, is another person's"):
        find_own(tmp_path / "src", tmp_path / "taken", like=tmp_path / "one")
    with pytest.raises(CorpusError, match=r"expected a corpus with people\.csv"):
        find_own(tmp_path / "src", tmp_path / "new", like=tmp_path / "src")


# what is said of what is not taken


def test_columns_that_are_passed_over_are_named(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4")
    (tmp_path / "list.csv").write_text("path,subject,sesion,Emotion,weather\na.mp4,anna,1,happy,fine\n")
    (said,) = find_own(tmp_path / "list.csv", tmp_path / "dst").notes
    assert "'sesion' (is session meant?), 'Emotion' (is emotion meant?), 'weather'; known are path" in said


def test_a_table_without_a_usable_row_says_why(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,subject\na.mp4,anna\nb.mp4,anna\nc.txt,ben\n")
    with pytest.raises(CorpusError) as caught:
        find_own(tmp_path / "list.csv", tmp_path / "dst")
    told = str(caught.value)
    assert "; 2 left out: cannot be read (No such file or directory), a.mp4 first" in told
    assert "; 1 left out: no video, by its suffix, c.txt first" in told
    flat = write(tmp_path / "flat", "a.mp4", "b.mp4")
    with pytest.raises(CorpusError, match=r"2 left out: lies in no person's folder .expected person/clip"):
        find_own(flat, tmp_path / "dst")


def test_a_cell_that_can_be_no_name_of_a_file_costs_its_row(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4", "b.mp4")
    rows = ("a.mp4,anna,", "a\0.mp4,ben,", "b.mp4,cora,x\0y", f"{'p' * 300}/c.mp4,dora,")
    (tmp_path / "list.csv").write_text("path,subject,clip\n" + "\n".join(rows) + "\n")
    done = own(tmp_path / "list.csv", tmp_path / "dst")
    assert clips(tmp_path / "dst") == {"own_id001/a": "a.mp4"}
    assert sorted(row.reason for row in done.left_out) == [
        "cannot be read",
        "its clip is no name of a file",
        "its path is no name of a file",
    ]


def test_names_that_are_too_long_are_listed_and_the_others_taken(tmp_path: Path) -> None:
    src = write(tmp_path / "src", f"anna/{'x' * 251}.mp4", f"anna/{'m' * 150}/{'y' * 100}.mp4", "anna/z.mp4")
    done = own(src, tmp_path / "dst")
    assert clips(tmp_path / "dst") == {"own_id001/z": "anna/z.mp4"}
    assert [row.reason for row in done.left_out] == ["its name is too long"] * 2
    with pytest.raises(ValueError, match="at most 200 letters"):
        OwnConfig(source="x" * 201)


def test_a_number_of_too_many_digits_is_none(tmp_path: Path) -> None:
    dst = tmp_path / "dst"
    dst.mkdir()
    (dst / "people.csv").write_text(f"subject,source,person\nid{'9' * 5000},own,anna\n")
    with pytest.raises(FileFormatError, match="expected subjects such as id007"):
        find_own(write(tmp_path / "src", "anna/a.mp4"), dst)
