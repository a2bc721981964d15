"""A name is one however its accents are written; names that differ in case only are said to be two."""

import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from amber_id.corpora import find_corpus, read_corpus_file
from amber_id.corpora.conversion import Findings, convert, find_own
from amber_id.errors import CorpusError
from amber_id.names import case_twins, composed
from amber_id.protocols import read_split
from amber_id.recordings import ImportConfig, RecordingSet
from amber_id.score_files import read_embeddings, read_scores
from amber_id.tracking import find_landmark_files, import_landmarks, read_stated

NFC, NFD = (unicodedata.normalize(form, "Jos\u00e9") for form in ("NFC", "NFD"))


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def test_accents_are_composed_and_nothing_else_is_changed() -> None:
    assert NFC != NFD
    assert composed(NFD) == composed(NFC) == NFC
    assert composed("\ufb01 \u2126x") == "\ufb01 \u03a9x"  # a ligature is another letter, the ohm sign is not
    assert case_twins([NFC, NFC.upper(), "b", "B", "B", "c"]) == (("B", "b"), (NFC.upper(), NFC))


# Corpora.


def own(src: Path, dst: Path) -> Findings:
    findings = find_own(src, dst)
    convert(findings, dst)
    return findings


def test_one_person_of_two_folders_has_one_number(tmp_path: Path) -> None:
    src = touch(tmp_path / "src", f"{NFC}/a.mp4", f"{NFD}/b.mp4", f"{NFD}/{NFD}/c.mp4", "x/a.mp4")
    findings = own(src, tmp_path / "dst")
    ids = [clip.id for clip in find_corpus(tmp_path / "dst").clips]
    assert ids == [f"own_id001/{NFC}_c", "own_id001/a", "own_id001/b", "own_id002/a"]
    assert findings.notes == ()
    assert find_own(src, tmp_path / "dst").clips == findings.clips


def test_people_whose_names_differ_in_case_are_two_and_that_is_said(tmp_path: Path) -> None:
    src = touch(tmp_path / "src", "Alice/a.mp4", "alice/b.mp4", "bob/c.mp4")
    findings = own(src, tmp_path / "dst")
    assert len(find_corpus(tmp_path / "dst").subjects) == 3
    assert findings.notes == (
        "People that differ in case only count as two: Alice and alice; if they are one, write them alike.",
    )


@pytest.mark.parametrize(("said", "there"), [(NFC, NFD), (NFD, NFC), (NFD, NFD)])
def test_a_table_finds_files_whichever_way_it_writes_them(said: str, there: str, tmp_path: Path) -> None:
    touch(tmp_path, f"{there}/a.mp4", "b.mp4")
    table = tmp_path / "list.csv"
    table.write_text(f"path,subject,session\n{said}/a.mp4,{NFC},{said}\nb.mp4,{NFD},2\n", encoding="utf-8")
    findings = find_own(table, tmp_path / "dst")
    assert findings.left_out == ()
    assert {clip.folder for clip in findings.clips} == {"own_id001"}
    assert [clip.facts.session for clip in findings.clips] == [NFC, "2"]


def test_clips_of_a_tree_are_composed_so_that_two_trees_pair(tmp_path: Path) -> None:
    for form in (NFC, NFD):
        touch(tmp_path / ascii(form), f"{form}_id001/{form}.mp4")
        (tmp_path / ascii(form) / "corpus.csv").write_text(
            f"clip,session\n{form}_id001/{form},{form}\n", "utf-8"
        )
    (one,), (other,) = (find_corpus(tmp_path / ascii(form)).clips for form in (NFC, NFD))
    assert one.id == other.id == f"{NFC}_id001/{NFC}"
    assert one.source == other.source
    facts = [read_corpus_file(tmp_path / ascii(form)) for form in (NFC, NFD)]
    assert facts[0] == facts[1]
    both = touch(tmp_path / "both", f"a_id001/{NFC}.mp4", f"a_id001/{NFD}.mp4")
    ((_, reason),) = find_corpus(both).problems
    assert "has the same name but for its suffix, in other bytes" in reason


def test_sources_and_cells_that_differ_in_case_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = touch(tmp_path, "Lab_id001/a.mp4", "lab_id002/a.mp4")
    (root / "corpus.csv").write_text("clip,session,emotion\nLab_id001/a,May,sad\nlab_id002/a,may,sad\n")
    find_corpus(root)
    read_corpus_file(root)
    read_corpus_file(root)  # said once
    assert [record.getMessage().partition(": ")[2].partition(";")[0] for record in caplog.records] == [
        "sources that differ in case only count as two: Lab and lab",
        "values of session that differ in case only count as two: May and may",
    ]


# Recordings, splits, tables.


def test_recordings_have_composed_names_and_one_clip_once(synthetic_people: Path, tmp_path: Path) -> None:
    first = RecordingSet.open(synthetic_people).entries[0].path
    for name in (NFD, "x"):
        (tmp_path / f"{NFD}_id001").mkdir(exist_ok=True)
        shutil.copy(first, tmp_path / f"{NFD}_id001" / f"{name}.safetensors")
    entries = RecordingSet.open(tmp_path).entries
    assert [entry.clip for entry in entries] == [f"{NFC}_id001/{NFC}", f"{NFC}_id001/x"]
    assert {entry.source for entry in entries} == {NFC}
    shutil.copy(first, tmp_path / f"{NFD}_id001" / f"{NFC}.safetensors")
    with pytest.raises(CorpusError, match=r"are one name, .* written in two ways"):
        RecordingSet.open(tmp_path)


def test_landmark_files_go_on_in_a_folder_written_the_other_way(
    synthetic_people: Path, tmp_path: Path
) -> None:
    people = RecordingSet.open(synthetic_people)
    recording = people.load(people.entries[0])
    folder = tmp_path / "arrays" / f"{NFD}_id001"
    folder.mkdir(parents=True)
    np.save(folder / f"{NFD}.npy", recording.landmarks[:20])
    config = ImportConfig(size=(recording.width, recording.height))
    table = tmp_path / "stated.csv"
    table.write_text(f"clip,fps,width,height\n{NFD}_id001/{NFD},24,,\n", "utf-8")
    for _ in range(2):
        corpus = find_landmark_files(tmp_path / "arrays")
        summary = import_landmarks(corpus, tmp_path / "out", config, stated=read_stated(table))
        assert {row.stage for row in summary.failures} == {"pair"}
    assert (tmp_path / "out" / f"{NFC}_id001" / f"{NFC}.safetensors").is_file()


def test_splits_name_people_either_way(tmp_path: Path) -> None:
    people = [*(f"{NFD}{n}" for n in range(3)), *(f"{NFC}{n}" for n in range(3, 6))]
    lines = [f"{who},{('train', 'dev', 'test')[n // 2]},0" for n, who in enumerate(people)]
    (tmp_path / "split.csv").write_text("\n".join(["subject,partition,fold", *lines]), "utf-8")
    assert read_split(tmp_path / "split.csv").folds[0].keys() == {f"{NFC}{n}" for n in range(6)}


# Score files.

TRIALS = [
    (f"{NFC}1", f"{NFD}2", "target", 0.9),
    ("b1", f"{NFD}1", "nontarget", 0.1),
    ("b1", "b2", "target", 0.8),
]
CLIPS = (f"{NFC}1", f"{NFC}2", "b1", "b2")


def write_text(path: Path) -> None:
    path.write_text("".join(f"{a} {b} {label} {score}\n" for a, b, label, score in TRIALS), "utf-8")


def write_npz(path: Path) -> None:
    one, other, label, scores = zip(*TRIALS, strict=True)
    np.savez(path, enrol=np.array(one), probe=np.array(other), label=np.array(label), scores=np.array(scores))


def write_parquet(path: Path) -> None:
    one, other, label, scores = map(list, zip(*TRIALS, strict=True))
    parquet.write_table(pa.table({"enrol": one, "probe": other, "label": label, "score": scores}), path)


WRITERS = {"s.txt": write_text, "s.npz": write_npz, "s.parquet": write_parquet}


@pytest.mark.parametrize("name", WRITERS)
def test_scores_know_a_clip_by_its_letters(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    assert read_scores(tmp_path / name).clips == CLIPS
    table = tmp_path / "subjects.csv"
    table.write_text(f"clip,subject\n{NFD}1,{NFC}\n{NFC}2,{NFD}\nb1,b\nb2,b\n", "utf-8")
    found = read_scores(tmp_path / name, subjects=table)
    assert found.subjects == (NFC, "b")


def test_people_of_scores_that_differ_in_case_are_named(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    people = {"enrol_subject": ["Al", "al"], "probe_subject": ["Al", "Al"]}
    np.savez(path, enrol=["1", "3"], probe=["2", "1"], label=["1", "0"], scores=[0.9, 0.1], **people)
    found = read_scores(path)
    assert found.subjects == ("Al", "al")
    (said,) = found.remarks
    assert said.startswith("Names of people that differ in case only count as two: Al and al;")


def test_embeddings_of_one_person_written_in_two_ways_are_one_persons(tmp_path: Path) -> None:
    np.savez(tmp_path / "e.npz", vectors=np.eye(3), subjects=np.array([NFC, NFD, "b"]))
    assert read_embeddings(tmp_path / "e.npz").names == (NFC, "b")
