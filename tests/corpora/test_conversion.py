"""Miniature corpora become one: every clip is where the thesis has it, and every trap is listed."""

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from amber_id.corpora import ClipFacts, find_corpus, read_corpus_file
from amber_id.corpora.conversion import (
    Conversion,
    Findings,
    check_corpus,
    convert,
    find_crema_d,
    find_nvfair,
    find_ravdess,
    placing,
    refuse_overlap,
)
from amber_id.errors import AmberError, CorpusError, FileFormatError, UsageError
from amber_id.file_formats import read_table
from fixtures import corpora_layouts
from fixtures.corpora_layouts import (
    crema_d_layout,
    nvfair_layout,
    ravdess_layout,
    small_bytes,
    write_files,
    write_zip,
)

CORPORA: dict[str, Callable[[Path], Findings]] = {
    "ravdess": find_ravdess,
    "crema_d": find_crema_d,
    "nvfair": find_nvfair,
}


def clips_in(dst: Path) -> list[str]:
    return sorted(path.relative_to(dst).as_posix() for path in dst.glob("*_id*/*"))


def tree(dst: Path) -> dict[str, tuple[bytes, int, bool]]:
    """Content, time and kind of every file, hidden ones too."""
    return {
        path.relative_to(dst).as_posix(): (path.read_bytes(), path.lstat().st_mtime_ns, path.is_symlink())
        for path in dst.rglob("*")
        if path.is_file()
    }


def unusable(done: Conversion) -> dict[str, str]:
    return {row.path: str(row) for row in done.left_out if row.kind == "unusable"}


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("name", CORPORA)
def test_what_is_good_is_put_and_all_else_is_listed(name: str, copy: bool, tmp_path: Path) -> None:
    layout = getattr(corpora_layouts, f"{name}_layout")(tmp_path / "src")
    dst = tmp_path / "dst"
    done = convert(CORPORA[name](layout.src), dst, copy=copy)
    assert clips_in(dst) == list(layout.clips)
    assert (done.put, done.there) == (len(layout.clips), 0)
    listed = {row.path: row for row in done.left_out if row.kind != "missing"}
    assert listed.keys() == layout.choice.keys() | layout.unusable.keys()
    for kind, reasons in (("choice", layout.choice), ("unusable", layout.unusable)):
        for path, reason in reasons.items():
            assert listed[path].kind == kind
            assert reason in listed[path].reason
    assert not done.is_whole
    of_archives = {clip for clip in layout.clips if clip.startswith("ravdess_id001/")} | {
        clip for clip in layout.clips if clip.startswith("ravdess_id004/")
    }
    for clip in layout.clips:
        assert (dst / clip).is_symlink() == (not copy and clip not in of_archives)
    assert not (tmp_path / "Actor_24").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dst", "src"]
    before = tree(dst)
    again = convert(CORPORA[name](layout.src), dst, copy=copy)
    assert (again.put, again.there) == (0, len(layout.clips))
    assert tree(dst) == before
    assert len(read_table(dst / "left_out.csv", ["source", "kind", "path", "reason", "detail"])) == len(
        done.left_out
    )


def test_three_corpora_share_a_folder_and_their_tables(tmp_path: Path) -> None:
    dst = tmp_path / "didd"
    wanted: list[str] = []
    for name, find in CORPORA.items():
        layout = getattr(corpora_layouts, f"{name}_layout")(tmp_path / name, traps=False)
        convert(find(layout.src), dst)
        wanted += layout.clips
    corpus = find_corpus(dst)
    assert [clip.path.relative_to(dst).as_posix() for clip in corpus.clips] == sorted(wanted)
    assert corpus.problems == ()
    facts = read_corpus_file(dst)
    assert facts.keys() == {clip.id for clip in corpus.clips}
    assert facts["ravdess_id002/01-01-01-01-01-01-02"] == ClipFacts(
        None, "Kids are talking by the door", "neutral", "normal", "female"
    )
    assert facts["cremad_id071/1001_DFA_ANG_XX"] == ClipFacts(
        None, "Don't forget a jacket", "angry", None, "male", "51"
    )
    assert facts["nvidia_id025/a01-id001"] == ClipFacts()
    rows = read_table(dst / "left_out.csv", ["source", "kind", "path", "reason", "detail"])
    assert {row[0] for row in rows} == {"ravdess", "cremad", "nvidia"}
    checks = {check.source: check for check in check_corpus(dst)}
    assert (checks["ravdess"].clips, checks["ravdess"].expected_clips) == (16, 1440)
    assert (checks["cremad"].people, checks["cremad"].expected_people) == (3, 91)
    assert (checks["nvidia"].clips, checks["nvidia"].expected_clips) == (12, 0)
    assert checks["nvidia"].expected_people == 46


@pytest.mark.parametrize("name", CORPORA)
def test_a_whole_corpus_is_whole_and_what_is_taken_away_is_named(name: str, tmp_path: Path) -> None:
    dst = tmp_path / "dst"
    whole = {
        "ravdess": {"actors": range(1, 25), "takes": 60},
        "crema_d": {"actors": range(1001, 1092), "takes": 82},
        "nvfair": {"actors": range(1, 47), "takes": 1},
    }[name]
    layout = getattr(corpora_layouts, f"{name}_layout")(tmp_path / "src", traps=False, **whole)
    for absent in ("1002_TIE_NEU_XX", "1076_ITS_NEU_XX"):
        (layout.src / "VideoFlash" / f"{absent}.flv").unlink(missing_ok=True)
    for never in ("1008_WSI_*", "1009_MTI_*", "1019_ITH_*"):
        for path in (layout.src / "VideoFlash").glob(never):
            path.unlink()
    done = convert(CORPORA[name](layout.src), dst)
    assert done.is_whole
    assert done.put == {"ravdess": 1440, "crema_d": 7442, "nvfair": 46}[name]
    assert [check.problems for check in check_corpus(dst)] == [()]

    person = sorted(dst.glob("*_id*"))[6]
    if name == "nvfair":
        shutil.rmtree(person)
        lacking = person.name
    else:
        clip = sorted(person.iterdir())[3]
        clip.unlink()
        lacking = f"{person.name}/{clip.stem}"
    [check] = check_corpus(dst)
    assert [(problem.kind, problem.path) for problem in check.problems] == [("missing", lacking)]


def test_modality_02_is_taken_when_asked_for_and_counted_apart(tmp_path: Path) -> None:
    layout = ravdess_layout(tmp_path / "src")
    done = convert(find_ravdess(layout.src, with_video_only=True), tmp_path / "dst")
    assert done.put == 2 * len(layout.clips)
    [check] = check_corpus(tmp_path / "dst")
    assert (check.clips, check.beyond) == (16, 16)


def test_a_file_is_preferred_to_the_archive_it_came_from(tmp_path: Path) -> None:
    layout = ravdess_layout(tmp_path / "src", actors=[1], traps=False)
    with zipfile.ZipFile(layout.src / "Video_Speech_Actor_01.zip") as file:
        file.extractall(layout.src)
    other = layout.src / "Actor_01" / "01-01-01-01-01-01-01.mp4"
    other.write_bytes(other.read_bytes() + b" but longer")
    done = convert(find_ravdess(layout.src), tmp_path / "dst")
    assert done.put == 4
    assert all((tmp_path / "dst" / clip).is_symlink() for clip in layout.clips)
    assert sum(row.kind == "choice" for row in done.left_out) == 3
    [(path, reason)] = unusable(done).items()
    assert path == "Video_Speech_Actor_01.zip/Actor_01/01-01-01-01-01-01-01.mp4"
    assert "another file would be a clip of the same name" in reason


def test_a_member_twice_in_an_archive_is_listed(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.mkdir()
    with zipfile.ZipFile(src / "Video_Speech_Actor_01.zip", "w") as file:
        file.writestr("Actor_01/01-01-01-01-01-01-01.mp4", b"one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("Actor_01/01-01-01-01-01-01-01.mp4", b"two")
    done = convert(find_ravdess(src), tmp_path / "dst")
    assert (tmp_path / "dst" / "ravdess_id001" / "01-01-01-01-01-01-01.mp4").read_bytes() == b"one"
    assert len(unusable(done)) == 1


def test_what_lies_in_the_corpus_is_never_written_over(tmp_path: Path) -> None:
    layout = crema_d_layout(tmp_path / "src", actors=[1001], traps=False)
    person = tmp_path / "dst" / "cremad_id071"
    person.mkdir(parents=True)
    mine = [
        person / "1001_DFA_ANG_XX.flv",
        person / "1001_DFA_DIS_XX.mp4",
        person / "1001_DFA_FEA_XX.flv",
        person / "1001_DFA_HAP_XX.flv",
    ]
    mine[0].write_bytes(b"something else")
    mine[1].write_bytes(b"converted before")
    (tmp_path / "elsewhere").write_bytes(b"elsewhere")
    mine[2].symlink_to(tmp_path / "elsewhere")
    mine[3].symlink_to(tmp_path / "nowhere")
    done = convert(find_crema_d(layout.src), tmp_path / "dst")
    assert done.put == 1  # in place of the link to nowhere
    assert mine[3].read_bytes() == b"clip 3 of 1001"
    assert mine[0].read_bytes() == b"something else"
    assert mine[1].read_bytes() == b"converted before"
    assert mine[2].readlink() == tmp_path / "elsewhere"
    said = unusable(done)
    assert "14 bytes" in said["VideoFlash/1001_DFA_ANG_XX.flv"]
    assert (
        "1001_DFA_DIS_XX.mp4 has the same name but for its suffix" in said["VideoFlash/1001_DFA_DIS_XX.flv"]
    )
    assert "is a link to" in said["VideoFlash/1001_DFA_FEA_XX.flv"]
    assert all("something else lies in its place" in reason for reason in said.values())


def test_a_file_of_the_same_size_is_compared_by_its_content(tmp_path: Path) -> None:
    layout = ravdess_layout(tmp_path / "src", actors=[1, 2, 3], traps=False)
    dst = tmp_path / "dst"
    convert(find_ravdess(layout.src), dst, copy=True)
    changed = [dst / layout.clips[place] for place in (0, 8)]  # from an archive, and from a folder
    for path in changed:
        path.write_bytes(path.read_bytes()[::-1])
    same = dst / layout.clips[1]
    os.utime(same, (0, 0))
    done = convert(find_ravdess(layout.src), dst, copy=True)
    assert (done.put, done.there) == (0, 10)
    assert len(unusable(done)) == 2


def test_links_become_copies_and_copies_stay(tmp_path: Path) -> None:
    layout = nvfair_layout(tmp_path / "src", traps=False)
    dst = tmp_path / "dst"
    convert(find_nvfair(layout.src), dst)
    assert (dst / layout.clips[0]).is_symlink()
    assert convert(find_nvfair(layout.src), dst, copy=True).put == len(layout.clips)
    before = tree(dst)
    assert not any(is_link for *_, is_link in before.values())
    assert convert(find_nvfair(layout.src), dst).there == len(layout.clips)
    assert tree(dst) == before
    shutil.rmtree(layout.src)
    [check] = check_corpus(dst)
    assert {problem.kind for problem in check.problems} == {"missing"}


def test_a_stopped_conversion_is_finished(tmp_path: Path) -> None:
    layout = ravdess_layout(tmp_path / "src", traps=False)
    dst = tmp_path / "dst"

    def stop(_done: int, _total: int) -> None:
        if len(clips_in(dst)) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(find_ravdess(layout.src), dst, on_clip=stop)
    assert len(clips_in(dst)) == 5
    done = convert(find_ravdess(layout.src), dst)
    assert (done.put, done.there) == (11, 5)
    assert read_corpus_file(dst).keys() == {clip.removesuffix(".mp4") for clip in layout.clips}


def test_half_a_source_at_a_time_leaves_the_other_half_in_the_table(tmp_path: Path) -> None:
    dst = tmp_path / "dst"
    for half, actors in (("a", [1, 2]), ("b", [3, 4])):
        convert(find_ravdess(ravdess_layout(tmp_path / half, actors=actors, traps=False).src), dst)
    assert len(read_corpus_file(dst)) == 16
    shutil.rmtree(dst / "ravdess_id001")
    convert(find_ravdess(tmp_path / "b"), dst)
    assert len(read_corpus_file(dst)) == 12


def test_what_people_wrote_in_the_table_stays(tmp_path: Path) -> None:
    layout = nvfair_layout(tmp_path / "src", traps=False)
    dst = tmp_path / "dst"
    dst.mkdir()
    text = "clip,session,mine\nnvidia_id025/a01-id001,first,yes\nown_id900/x,2,no\n"
    (dst / "corpus.csv").write_text(text)
    convert(find_nvfair(layout.src), dst)
    lines = (dst / "corpus.csv").read_text().splitlines()
    assert lines[0] == "clip,subject,source,path,session,utterance,emotion,intensity,sex,age,date,mine"
    assert lines[1] == "nvidia_id025/a01-id001,id025,nvidia,nvidia_id025/a01-id001.mp4,first,,,,,,,yes"
    assert lines[-1] == "own_id900/x,,,,2,,,,,,,no"


def test_a_table_that_is_none_is_refused_before_anything_is_put(tmp_path: Path) -> None:
    layout = nvfair_layout(tmp_path / "src", traps=False)
    (tmp_path / "dst").mkdir()
    (tmp_path / "dst" / "corpus.csv").write_text("person,what\n")
    with pytest.raises(FileFormatError, match="expected a column clip"):
        convert(find_nvfair(layout.src), tmp_path / "dst")
    assert clips_in(tmp_path / "dst") == []


def test_a_person_of_the_same_number_from_elsewhere_is_refused(tmp_path: Path) -> None:
    layout = ravdess_layout(tmp_path / "src", traps=False)
    (tmp_path / "dst" / "own_id2").mkdir(parents=True)
    with pytest.raises(CorpusError, match="own_id2 has the number that ravdess_id002 must have"):
        convert(find_ravdess(layout.src), tmp_path / "dst")
    assert clips_in(tmp_path / "dst") == []


@pytest.mark.parametrize(("src", "dst"), [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "link/b")])
def test_source_and_corpus_lie_apart(src: str, dst: str, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(UsageError, match="must lie apart"):
        refuse_overlap(tmp_path / src, tmp_path / dst)
    refuse_overlap(tmp_path / "a" / "b", tmp_path / "a" / "bc")


def test_a_full_disk_is_told_before_anything_is_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = ravdess_layout(tmp_path / "src", actors=[1], traps=False)
    needed = sum(len(small_bytes("Actor_01", take)) for take in range(4))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed - 1))
    with pytest.raises(AmberError, match="MB are free; free some, or unpack the archives elsewhere"):
        convert(find_ravdess(layout.src), tmp_path / "dst")
    assert not (tmp_path / "dst").exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed))
    assert convert(find_ravdess(layout.src), tmp_path / "dst").put == 4


def test_a_size_that_an_archive_lies_about_is_found_out(tmp_path: Path) -> None:
    src = tmp_path / "src"
    name = "Actor_01/01-01-01-01-01-01-01.mp4"
    write_zip(src / "Video_Speech_Actor_01.zip", {name: b"x" * 3000})
    path = src / "Video_Speech_Actor_01.zip"
    for told in (2000, 4000):
        write_zip(path, {name: b"x" * 3000})
        size = (3000).to_bytes(4, "little")
        data = bytearray(path.read_bytes())
        place = data.rindex(b"PK\x01\x02") + 24
        assert data[place : place + 4] == size
        data[place : place + 4] = told.to_bytes(4, "little")
        path.write_bytes(data)
        done = convert(find_ravdess(src), tmp_path / "dst")
        assert "damaged in the archive" in unusable(done)[f"{path.name}/{name}"]
        assert list((tmp_path / "dst" / "ravdess_id001").iterdir()) == []


def test_a_broken_link_and_a_loop_in_the_source_are_no_end(tmp_path: Path) -> None:
    layout = nvfair_layout(tmp_path / "src", traps=False)
    (layout.src / "id003" / "a09-id003.mp4").symlink_to(tmp_path / "nowhere")
    (layout.src / "id003" / "up").symlink_to(layout.src)
    done = convert(find_nvfair(layout.src), tmp_path / "dst")
    assert clips_in(tmp_path / "dst") == list(layout.clips)
    assert [row.path for row in done.left_out if row.kind != "missing"] == ["id003/a09-id003.mp4"]
    assert "No such file" in unusable(done)["id003/a09-id003.mp4"]


def test_demographics_are_found_or_named_or_told_to_be_lacking(tmp_path: Path) -> None:
    layout = crema_d_layout(tmp_path / "src", traps=False)
    assert find_crema_d(layout.src / "VideoFlash").clips[0].facts.age == "51"
    table = (layout.src / "VideoDemographics.csv").rename(tmp_path / "people.csv")
    without = find_crema_d(layout.src)
    assert without.clips[0].facts.sex is None
    assert "sex and age stay empty" in without.notes[0]
    assert find_crema_d(layout.src, demographics=table).clips[0].facts.sex == "male"
    table.write_text("Actor,Sex\n1001,Male\n")
    with pytest.raises(FileFormatError, match="expected the columns ActorID, Age and Sex, got Actor, Sex"):
        find_crema_d(layout.src, demographics=table)


def test_check_names_what_is_wrong_in_a_corpus(tmp_path: Path) -> None:
    layout = ravdess_layout(tmp_path / "src", actors=[1], takes=60, traps=False)
    dst = tmp_path / "dst"
    convert(find_ravdess(layout.src), dst, copy=True)
    person = dst / "ravdess_id001"
    (person / "01-01-01-01-01-01-01.mp4").write_bytes(b"")
    (person / "01-01-01-01-01-02-01.mp4").unlink()
    (person / "01-01-01-01-01-02-01.mp4").symlink_to("nowhere")
    (person / "01-01-01-01-02-01-02.mp4").write_bytes(b"of another")
    (person / "holiday.mp4").write_bytes(b"of nobody")
    (dst / "lost.mp4").write_bytes(b"")
    checks = {check.source: check for check in check_corpus(dst)}
    found = checks["ravdess"]
    assert (found.clips, found.people) == (58, 1)
    wrong = {row.path.partition("/")[2]: row.reason for row in found.problems if row.kind == "unusable"}
    assert wrong == {
        "01-01-01-01-01-01-01": "an empty file",
        "01-01-01-01-01-02-01": "a link that leads nowhere",
        "01-01-01-01-02-01-02": "the clip of another person",
        "holiday": "the publisher has no such clip",
    }
    assert sum(row.kind == "missing" for row in found.problems) == 23
    assert "outside a person's folder" in checks[""].problems[0].reason


def test_an_archive_that_is_gone_costs_its_own_clips_alone(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.mkdir()
    for actor in (1, 2):
        names = [f"Actor_{actor:02d}/01-01-01-01-01-0{take}-{actor:02d}.mp4" for take in (1, 2)]
        path = src / f"Video_Speech_Actor_{actor:02d}.zip"
        write_zip(path, {name: name.encode() * 99 for name in names})
    findings = find_ravdess(src)
    (src / "Video_Speech_Actor_01.zip").write_bytes(b"no archive any more")
    done = convert(findings, tmp_path / "dst", copy=False)
    assert clips_in(tmp_path / "dst") == [f"ravdess_id002/01-01-01-01-01-0{take}-02.mp4" for take in (1, 2)]
    lost = unusable(done)
    assert len(lost) == 2
    assert all("damaged in the archive" in said for said in lost.values())


@pytest.mark.parametrize("name", CORPORA)
def test_another_corpus_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    write_files(tmp_path / "src", {"anna/a.mp4": b"a", "ben/b.mp4": b"b"})
    with pytest.raises(CorpusError, match=r"none of the 2 videos in it is one of .*'s: anna/a\.mp4: unknown"):
        CORPORA[name](tmp_path / "src")
    assert not (tmp_path / "dst").exists()


def test_a_folder_of_a_person_that_cannot_be_listed_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, dst = nvfair_layout(tmp_path / "src"), tmp_path / "dst"
    (dst / "nvidia_id070").mkdir(parents=True)
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if str(path).endswith("nvidia_id070"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # rights do not bind who runs tests as root
    with pytest.raises(AmberError, match=r"nvidia_id070: cannot be listed \(Permission denied\)"):
        convert(find_nvfair(layout.src), dst)
    assert clips_in(dst) == []


@pytest.mark.parametrize("text", ["ActorID,Age\n1001,51\n", "", "\xff"])
def test_demographics_that_are_none_are_refused_in_a_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(text.encode("latin-1"))
    layout = crema_d_layout(tmp_path / "src")
    with pytest.raises(FileFormatError):
        find_crema_d(layout.src, demographics=tmp_path / "x.csv")


def test_a_video_that_grows_while_it_is_copied_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = nvfair_layout(tmp_path / "src", traps=False)
    read = placing._read

    def grow(source: IO[bytes], origin: Path) -> bytes:
        if origin.name == "a01-id001.mp4" and source.tell() == 0:
            with origin.open("ab") as more:
                more.write(b"still being written")
        return read(source, origin)

    monkeypatch.setattr(placing, "_read", grow)
    done = convert(find_nvfair(layout.src), tmp_path / "dst", copy=True)
    assert [row.detail for row in done.left_out if row.kind == "unusable"] == [
        "it changed while it was copied; run again when it is complete"
    ]
    assert clips_in(tmp_path / "dst") == [clip for clip in layout.clips if "a01-id001" not in clip]


@pytest.mark.parametrize("table", ["left_out.csv", "corpus.csv"])
def test_a_table_of_another_kind_is_told_before_anything_is_put(table: str, tmp_path: Path) -> None:
    layout, dst = nvfair_layout(tmp_path / "src"), tmp_path / "dst"
    dst.mkdir()
    (dst / table).write_text("my,own\n1,2\n")
    with pytest.raises(FileFormatError, match=table):
        convert(find_nvfair(layout.src), dst)
    assert clips_in(dst) == []
