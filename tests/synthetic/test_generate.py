"""The corpus on disk: its tree, the same bytes whatever the counts, and runs that are not mixed."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from amber_id import __version__
from amber_id.errors import AmberError, UsageError
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, estimated_bytes, generate
from amber_id.synthetic.measured import measured_sha256
from amber_id.synthetic.people import dates_of, origin_of

SMALL = SynthConfig(people=3, clips=2, duration=1.5)


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_tree_is_two_sets_of_recordings_with_an_index(tmp_path):
    steps = []
    oracle = generate(SMALL, tmp_path, on_progress=lambda done, total: steps.append((done, total)))
    clips = [f"synth_id00{k}/clip0{c}" for k in (1, 2, 3) for c in (0, 1)]
    assert sorted(_files(tmp_path)) == sorted(
        ["oracle.json"]
        + [
            f"{condition}/{name}.csv"
            for condition in ("original", "avatar")
            for name in ("corpus", "recordings")
        ]
        + [f"{condition}/{clip}.safetensors" for condition in ("original", "avatar") for clip in clips]
    )
    assert steps == [(n, 6) for n in range(1, 7)]
    assert (tmp_path / "oracle.json").read_text() == oracle.text()
    assert json.loads(oracle.text())["schema"] == "amber-id/oracle/2"
    for condition, size in (("original", (1280, 720)), ("avatar", (512, 512))):
        recordings = RecordingSet.open(tmp_path / condition)
        assert recordings.subjects == ("id001", "id002", "id003")
        assert recordings.sources == ("synth",)
        assert [entry.clip for entry in recordings.entries] == clips
        assert [row["clip"] for row in _rows(tmp_path / condition / "recordings.csv")] == clips
        for entry in recordings.entries:
            r = recordings.load(entry)
            assert r.landmarks.shape == (45, 478, 3)
            assert r.tracked.all()
            assert np.diff(r.timestamps) == pytest.approx(np.full(44, 1 / 30))
            assert (r.blendshapes >= 0).all()
            assert (r.blendshapes <= 1).all()
            assert (r.landmarks[:, :, :2] > 0).all()
            assert (r.landmarks[:, :, :2] < 1).all()
            assert (r.width, r.height, r.fps) == (*size, 30.0)
            assert (r.tracker, r.tracker_version) == ("amber-id synthetic", __version__)
            assert (r.model_sha256, r.point_set) == (measured_sha256(), "face_landmarker_478")


def test_the_corpus_tells_session_and_utterance(tmp_path):
    config = SynthConfig(people=3, clips=4, duration=1.2, fps="source=25,30", duplicates=0.5)
    generate(config, tmp_path)
    rows = _rows(tmp_path / "avatar" / "corpus.csv")
    folders = ["syntha_id001", "synthb_id002", "syntha_id003"]
    assert [row["clip"] for row in rows] == [f"{f}/clip0{c}" for f in folders for c in range(4)]
    assert [row["source"] for row in rows] == [f.partition("_")[0] for f in folders for _ in range(4)]
    assert [row["subject"] for row in rows] == [f.partition("_")[2] for f in folders for _ in range(4)]
    origins = [origin_of(config, k, c) for k in range(3) for c in range(4)]
    assert origins != [0, 1, 2, 3] * 3
    # A near-copy is of the session, and says the words, of what it copies.
    assert [row["session"] for row in rows] == [str(1 + origin // 2) for origin in origins]
    days = [dates_of(config, n // 4)[origin // 2] for n, origin in enumerate(origins)]
    assert [row["date"] for row in rows] == [day.isoformat() for day in days]
    assert [row["utterance"] for row in rows] == [f"{1 + n // 4}-{1 + o}" for n, o in enumerate(origins)]
    assert RecordingSet.open(tmp_path / "avatar").sources == ("syntha", "synthb")


@pytest.mark.parametrize(("content", "said"), [("same", ["1"] * 4), ("own", ["1", "1", "2", "2"])])
def test_the_corpus_tells_who_says_the_same(tmp_path, content, said):
    generate(SynthConfig(people=2, clips=2, duration=1.1, content=content), tmp_path)
    assert [row["utterance"] for row in _rows(tmp_path / "avatar" / "corpus.csv")] == said


def test_bytes_are_the_same_for_any_number_of_workers(tmp_path):
    config = SynthConfig(people=8, clips=8, duration=1.2, fps=15, lost=0.1)
    steps = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        generate(config, out, workers=workers, on_progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 64) for n in range(1, 65)] * 2
    assert len(_files(tmp_path / "1")) == 2 * 64 + 5
    assert _files(tmp_path / "1") == _files(tmp_path / "2")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        generate(SMALL.model_copy(update={"seed": seed}), tmp_path / name)
    a, b, c = (_files(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert not any(a[name] == c[name] for name in a if name.endswith(".safetensors"))
    clips = [data for name, data in a.items() if name.endswith(".safetensors")]
    assert len(set(clips)) == len(clips)


def test_a_clip_does_not_depend_on_how_many_there_are(tmp_path):
    generate(SMALL.model_copy(update={"people": 1, "clips": 1}), tmp_path / "few")
    generate(SMALL, tmp_path / "more")
    few, more = _files(tmp_path / "few"), _files(tmp_path / "more")
    for condition in ("original", "avatar"):
        name = f"{condition}/synth_id001/clip00.safetensors"
        assert few[name] == more[name]


def test_a_run_can_be_completed_but_not_mixed_with_another(tmp_path):
    generate(SMALL, tmp_path)
    before = _files(tmp_path)
    (tmp_path / "avatar/synth_id002/clip01.safetensors").unlink()
    (tmp_path / "original/recordings.csv").unlink()
    generate(SMALL, tmp_path)
    assert _files(tmp_path) == before
    for other in ({"seed": 1}, {"people": 2}, {"shape": 0.0}):
        with pytest.raises(UsageError, match="holds recordings of another run"):
            generate(SMALL.model_copy(update=other), tmp_path)
    (tmp_path / "oracle.json").unlink()
    with pytest.raises(UsageError, match="holds recordings of another run"):
        generate(SMALL, tmp_path)
    assert _files(tmp_path) == {name: data for name, data in before.items() if name != "oracle.json"}


def test_a_run_that_wrote_no_recording_is_no_hindrance(tmp_path):
    (tmp_path / "oracle.json").write_text("{}")
    generate(SynthConfig(people=1, clips=1, duration=1.1), tmp_path)
    assert len(_files(tmp_path)) == 7


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AmberError):
        generate(SynthConfig(people=1, clips=1, duration=1.1), tmp_path / "file")


@pytest.mark.parametrize("change", [{}, {"duration": "clip=1.2,3"}, {"fps": "clip=20,60"}])
def test_the_estimate_is_near_the_truth(tmp_path, change):
    config = SynthConfig(**({"people": 6, "clips": 3, "duration": 2} | change))
    generate(config, tmp_path)
    written = sum(len(data) for data in _files(tmp_path).values())
    assert estimated_bytes(config) == pytest.approx(written, rel=0.25 if change else 0.03)
