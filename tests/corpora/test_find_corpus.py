"""The folder layout: who is in which video, and what is listed or refused instead of guessed."""

import os
from pathlib import Path

import pytest

from amber_id.corpora import VIDEO_SUFFIXES, find_corpus, find_subject_folders
from amber_id.errors import CorpusError


def _touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def test_clips_are_sorted_and_named_by_folder_and_stem(tmp_path):
    _touch(tmp_path, "ravdess_id2/b.mp4", "ravdess_id2/a.MOV", "crema_d_id1001/x.y.flv", "b_id010/z.webm")
    corpus = find_corpus(tmp_path)
    assert [(clip.id, clip.subject, clip.source, clip.path.name) for clip in corpus.clips] == [
        ("b_id010/z", "id010", "b", "z.webm"),
        ("crema_d_id1001/x.y", "id1001", "crema_d", "x.y.flv"),
        ("ravdess_id2/a", "id002", "ravdess", "a.MOV"),
        ("ravdess_id2/b", "id002", "ravdess", "b.mp4"),
    ]
    assert corpus.problems == ()
    assert corpus.root == tmp_path
    assert corpus.subjects == ("id002", "id010", "id1001")


@pytest.mark.parametrize(
    ("folder", "subject", "source"),
    [
        ("talking_id003", "id003", "talking"),
        ("talking_id3", "id003", "talking"),
        ("a_id1_id0042", "id042", "a_id1"),  # the last number counts, leading zeros do not
        ("a_id12345", "id12345", "a"),
        ("a_id0", "id000", "a"),
    ],
)
def test_subject_and_source_come_from_the_folder(tmp_path, folder, subject, source):
    _touch(tmp_path, f"{folder}/clip.mp4")
    (found,) = find_subject_folders(tmp_path)
    assert (found.subject, found.source) == (subject, source)


@pytest.mark.parametrize("folder", ["_id003", "talking_003", "talking_id", "talking_id3b", "talking_id٣"])
def test_other_folder_names_are_no_person(tmp_path, folder):
    _touch(tmp_path, f"{folder}/clip.mp4")
    with pytest.raises(
        CorpusError, match=r"no folder named <source>_id<number>.*ravdess_id001/video007\.mp4"
    ):
        find_corpus(tmp_path)


@pytest.mark.parametrize("suffix", sorted(VIDEO_SUFFIXES))
def test_every_video_suffix_is_found_in_any_case(tmp_path, suffix):
    _touch(tmp_path, f"a_id1/lower{suffix}", f"a_id1/upper{suffix.upper()}")
    assert [clip.id for clip in find_corpus(tmp_path).clips] == ["a_id1/lower", "a_id1/upper"]


def test_other_files_are_listed_apart_and_hidden_ones_ignored(tmp_path):
    _touch(tmp_path, "a_id1/clip.mp4", "a_id1/clip.wav", "a_id1/._clip.mp4", "readme.md", ".cache_id7/x.mp4")
    _touch(tmp_path, "a_id1/clip.json", "a_id1/notes.json")  # the first is what an avatar has beside it
    corpus = find_corpus(tmp_path)
    assert [clip.id for clip in corpus.clips] == ["a_id1/clip"]
    assert corpus.problems == ()
    assert [(path.name, reason) for path, reason in corpus.beside] == [
        ("clip.wav", "no video, by its suffix .wav"),
        ("notes.json", "no video, by its suffix .json"),
    ]


def test_a_file_that_may_be_a_video_is_a_problem(tmp_path):
    _touch(tmp_path, "a_id1/clip.mp4", "a_id1/00002.BRAW", "a_id1/clip2", "b_id2/clip.mp4.part")
    found = {path.name: reason for path, reason in find_corpus(tmp_path).problems}
    assert list(found) == ["00002.BRAW", "clip2", "b_id2", "clip.mp4.part"]
    assert found["00002.BRAW"].startswith("its suffix .BRAW is no video's; convert it, or rename it")
    assert found["clip2"].startswith("it has no suffix; convert it, or rename it if it is a video")
    assert found["b_id2"] == "no video in it"


@pytest.mark.parametrize(
    "name", ["clip.MTS", "clip.m2ts", "clip.ts", "clip.3gp", "clip.ogv", "clip.qt", "a.vob"]
)
def test_a_person_whose_clips_have_a_rarer_suffix_is_there(tmp_path, name):
    _touch(tmp_path, "a_id1/clip.mp4", f"b_id2/{name}")
    assert find_corpus(tmp_path).subjects == ("id001", "id002")


def test_suffixes_can_be_chosen(tmp_path):
    _touch(tmp_path, "a_id1/clip.mp4", "a_id1/clip.safetensors")
    corpus = find_corpus(tmp_path, suffixes={".safetensors"})
    assert [clip.path.name for clip in corpus.clips] == ["clip.safetensors"]


def test_what_is_no_clip_is_listed_with_the_reason(tmp_path):
    _touch(
        tmp_path,
        "a_id1/clip.avi",
        "a_id1/clip.mp4",
        "a_id1/session2/late.mp4",
        "b_id2/notes.txt",
        "loose.mp4",
        "nobody/clip.mp4",
        "notes/readme.txt",
    )
    corpus = find_corpus(tmp_path)
    assert [clip.path.name for clip in corpus.clips] == ["clip.avi"]
    found = {path.relative_to(tmp_path).as_posix(): reason for path, reason in corpus.problems}
    assert list(found) == ["a_id1/clip.mp4", "a_id1/session2", "b_id2", "loose.mp4", "nobody"]
    assert found["a_id1/clip.mp4"].startswith("clip.avi has the same name")
    assert "one folder too deep" in found["a_id1/session2"]
    assert found["b_id2"] == "no video in it"
    assert "outside a person's folder" in found["loose.mp4"]
    assert "no _id<number>" in found["nobody"]


def test_a_name_that_is_not_utf8_is_listed(tmp_path):
    _touch(tmp_path, "a_id1/good.mp4", "a_id1/b\udcff.mp4")
    corpus = find_corpus(tmp_path)
    assert [clip.id for clip in corpus.clips] == ["a_id1/good"]
    assert [problem.reason for problem in corpus.problems] == ["its name is not UTF-8; rename it"]


def test_what_cannot_be_opened_is_still_a_clip(tmp_path):
    _touch(tmp_path, "a_id1/good.mp4")
    (tmp_path / "a_id1" / "folder.mp4").mkdir()
    (tmp_path / "a_id1" / "link.mp4").symlink_to(tmp_path / "gone.mp4")
    assert [clip.id for clip in find_corpus(tmp_path).clips] == ["a_id1/folder", "a_id1/good", "a_id1/link"]


def test_one_number_twice_is_refused_by_name(tmp_path):
    _touch(tmp_path, "ravdess_id007/a.mp4", "cremad_id7/b.mp4")
    with pytest.raises(CorpusError, match="cremad_id7 and ravdess_id007 have the same number"):
        find_corpus(tmp_path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: root / "missing", "no such folder"),
        (lambda root: _touch(root, "file.mp4") / "file.mp4", "is a file"),
        (lambda root: _touch(root, "clip.mp4"), "no folder named"),
        (lambda root: _touch(root, "a_id1/clip.txt"), "no video in any of its 1 person folders"),
        (lambda root: _touch(root, "a_id1/clip.braw"), "a_id1/clip.braw: its suffix .braw is no video's"),
    ],
)
def test_no_corpus_is_refused_with_an_example(tmp_path, make, message):
    with pytest.raises(CorpusError, match=message) as caught:
        find_corpus(make(tmp_path))
    assert "ravdess_id001/video007.mp4" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_real_clips(real_clips):
    corpus = find_corpus(real_clips)
    assert len(corpus.clips) == 89
    assert len(corpus.subjects) == 25
    assert corpus.clips[0].id == "talking_id003/talking_id003_clip00"
    assert corpus.problems == ()


# what helps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "root", "told"),
    [
        (["person_003/clip.mp4"], "", "person_003 holds videos: run: amber corpus folders"),
        (["a.mp4", "b.mp4"], "", "videos lie in no person's folder: .* run: amber corpus folders"),
        (["anna/monday/a.mp4"], "", "anna holds videos: run: amber corpus folders"),
        (["talking_id003/a.mp4"], "talking_id003", "is the folder of one person: give the one above, /"),
        (["anna/a.txt"], "", "video007.mp4$"),
    ],
)
def test_another_layout_is_told_what_helps(tmp_path, names, root, told):
    _touch(tmp_path, *names)
    with pytest.raises(CorpusError, match=rf"no folder named <source>_id<number> in it; expected .*{told}"):
        find_corpus(tmp_path / root)


def test_a_name_without_room_for_the_suffix_of_a_recording_is_a_problem(tmp_path):
    longest, longer = "x" * 243, "y" * 244
    _touch(tmp_path, f"a_id1/{longest}.mp4", f"a_id1/{longer}.mp4", f"a_id1/{'é' * 122}.mp4")
    corpus = find_corpus(tmp_path)
    assert [clip.path.stem for clip in corpus.clips] == [longest]
    assert {row.path.stem: row.reason.partition(" without")[0] for row in corpus.problems} == {
        longer: "its name has 244 bytes",
        "é" * 122: "its name has 244 bytes",
    }


def test_folders_that_cannot_be_listed_are_problems(tmp_path, monkeypatch):
    _touch(tmp_path, "a_id1/x.mp4", "a_id1/shut/y.mp4", "anna/z.mp4", "notes/z.txt")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name in {"shut", "anna"}:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # rights do not bind who runs tests as root
    assert [(row.path.name, row.reason) for row in find_corpus(tmp_path).problems] == [
        ("shut", "cannot be listed (Permission denied)"),
        ("anna", "cannot be listed (Permission denied)"),
    ]
