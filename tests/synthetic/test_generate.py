"""The generator: files, oracle, the same people whatever the counts, and a leak that can be switched off."""

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from amber_id import __version__
from amber_id.errors import UsageError
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.motion import FeatureConfig, clip_features
from amber_id.motion.alignment import align, isotropic
from amber_id.recordings import Recording, RecordingSet
from amber_id.synthetic import HABITS, SynthConfig, draw_person, estimated_bytes, generate, make_clip
from amber_id.synthetic.measured import measured_sha256

SMALL = SynthConfig(people=3, clips=2, seconds=1.5)
PEOPLE, CLIPS = 16, 8


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_tree_is_a_set_of_recordings_with_an_index(tmp_path):
    steps = []
    paths = generate(SMALL, tmp_path, on_progress=lambda done, total: steps.append((done, total)))
    assert [p.relative_to(tmp_path).as_posix() for p in paths] == [
        f"original/synth_id00{k}/clip0{c}.safetensors" for k in (1, 2, 3) for c in (0, 1)
    ]
    assert steps == [(n, 6) for n in range(1, 7)]
    recordings = RecordingSet.open(tmp_path / "original")
    assert recordings.subjects == ("id001", "id002", "id003")
    assert recordings.sources == ("synth",)
    for entry in recordings.entries:
        r = recordings.load(entry)
        assert r.landmarks.shape == (45, 478, 3)
        assert r.tracked.all()
        assert np.diff(r.timestamps) == pytest.approx(np.full(44, 1 / 30))
        assert (r.blendshapes >= 0).all()
        assert (r.blendshapes <= 1).all()
        assert (r.landmarks[:, :, :2] > 0).all()
        assert (r.landmarks[:, :, :2] < 1).all()
        assert (r.width, r.height, r.fps) == (1280, 720, 30.0)
        assert (r.tracker, r.tracker_version) == ("amber-id synthetic", __version__)
        assert (r.model_sha256, r.point_set) == (measured_sha256(), "face_landmarker_478")
    with (tmp_path / "original/recordings.csv").open(newline="") as file:
        assert [row["clip"] for row in csv.DictReader(file)] == [e.clip for e in recordings.entries]


def test_the_oracle_tells_the_true_habits_and_the_configuration(tmp_path):
    config = SMALL.model_copy(update={"habit": 0.7, "seed": 5})
    generate(config, tmp_path)
    oracle = json.loads((tmp_path / "oracle.json").read_text())
    assert oracle["schema"] == "amber-id/oracle/1"
    assert SynthConfig(**oracle["config"]) == config
    assert [habit["name"] for habit in oracle["habits"]] == [habit.name for habit in HABITS]
    assert list(oracle["people"]) == ["id001", "id002", "id003"]
    for k, person in enumerate(oracle["people"].values()):
        truth = draw_person(k, seed=5, habit=0.7)
        assert person["vector"] == truth.vector.tolist()
        for habit, z in zip(oracle["habits"], person["vector"], strict=True):
            expected = habit["typical"] * np.exp(habit["spread"] * z)
            assert person["values"][habit["name"]] == pytest.approx(expected)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        generate(SMALL.model_copy(update={"seed": seed}), tmp_path / name)
    a, b, c = (_files(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert not any(a[name] == c[name] for name in a if name.endswith(".safetensors"))


def test_a_clip_does_not_depend_on_how_many_there_are(tmp_path):
    generate(SMALL.model_copy(update={"people": 1, "clips": 1}), tmp_path / "few")
    generate(SMALL, tmp_path / "more")
    few, more = _files(tmp_path / "few/original"), _files(tmp_path / "more/original")
    assert few["synth_id001/clip00.safetensors"] == more["synth_id001/clip00.safetensors"]
    clips = [data for name, data in more.items() if name.endswith(".safetensors")]
    assert len(set(clips)) == len(clips)


def test_a_run_can_be_completed_but_not_mixed_with_another(tmp_path):
    generate(SMALL, tmp_path)
    before = _files(tmp_path)
    (tmp_path / "original/synth_id002/clip01.safetensors").unlink()
    generate(SMALL, tmp_path)
    assert _files(tmp_path) == before
    for other in ({"seed": 1}, {"people": 2}, {"habit": 0.0}):
        with pytest.raises(UsageError, match="holds recordings of another run"):
            generate(SMALL.model_copy(update=other), tmp_path)
    (tmp_path / "oracle.json").unlink()
    with pytest.raises(UsageError, match="holds recordings of another run"):
        generate(SMALL, tmp_path)
    assert _files(tmp_path) == {name: data for name, data in before.items() if name != "oracle.json"}


def test_the_estimate_is_near_the_truth(tmp_path):
    config = SMALL.model_copy(update={"seconds": 2.0})
    generate(config, tmp_path)
    written = sum(len(data) for data in _files(tmp_path).values())
    assert estimated_bytes(config) == pytest.approx(written, rel=0.02)


@pytest.mark.parametrize(
    "wrong", [{"people": 0}, {"clips": 0}, {"seconds": 1.0}, {"shape": -1}, {"habit": 9}, {"sex": "f"}]
)
def test_wrong_configurations_are_refused(wrong):
    with pytest.raises(ValidationError):
        SynthConfig(**wrong)


@pytest.mark.parametrize("signals", ["landmarks", "blendshapes"])
@pytest.mark.parametrize("view", ["all", "motion", "static", "pose"])
def test_features_are_computed_as_of_a_tracked_clip(signals, view):
    recording = make_clip(SynthConfig(), draw_person(0, seed=0), 0)
    features = clip_features(recording, FeatureConfig(signals=signals, view=view))
    N, C, T, V = features.values.shape
    assert (N, T) == (2, 64)
    assert features.mask.all()
    assert np.isfinite(features.values).all()
    if signals == "landmarks" and view != "pose":
        assert (C, V) == (2, 152)
    # Something moves, or is there to be seen, in every view.
    assert features.values.std() > 0.005


def test_the_shortest_clips_can_be_used():
    for fps in (10.0, 24.0, 60.0):
        config = SynthConfig(seconds=1.1, fps=fps)
        clip_features(make_clip(config, draw_person(0, seed=0), 0), FeatureConfig())


def test_jitter_is_in_the_landmarks_and_in_the_coefficients():
    person = draw_person(0, seed=0)
    exact, noisy, noisier = (make_clip(SynthConfig(jitter=j), person, 0) for j in (0.0, 1.0, 2.0))
    for name in ("landmarks", "blendshapes"):
        once, twice = (getattr(r, name) - getattr(exact, name) for r in (noisy, noisier))
        assert once.std() > 0
        # A little less than twice where a coefficient ends at 0.
        assert twice.std() == pytest.approx(2 * once.std(), rel=0.02)
    assert np.array_equal(exact.pose, noisy.pose)


def _habit_statistics(recording: Recording) -> np.ndarray:
    """How far and at rest the jaw opens, and how much and how evenly the eyes close; one row of numbers."""
    b = recording.blendshapes
    jaw, left, right = (b[:, BLENDSHAPE_NAMES.index(n)] for n in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"))
    lids = (left + right) / 2
    closing = lids > np.median(lids) + 0.2
    uneven = float((left - right)[closing].mean()) if closing.any() else 0.0
    return np.array([np.log(jaw.std()), np.log(np.quantile(jaw, 0.05) + 0.01), uneven, closing.mean()])


def _shape_statistics(recording: Recording) -> np.ndarray:
    """The mean aligned face."""
    points = isotropic(recording.landmarks, width=recording.width, height=recording.height)
    return align(points)[0].mean(axis=0).ravel()


def _everything(recording: Recording) -> np.ndarray:
    """Mean and spread of every coefficient, of the head's pose, and of where and how large the face is."""
    T = len(recording.timestamps)
    place = [recording.landmarks.mean(axis=1), recording.landmarks.std(axis=1)]
    signals = np.concatenate([recording.blendshapes, recording.pose.reshape(T, 16), *place], axis=1)
    return np.concatenate([signals.mean(axis=0), signals.std(axis=0)])


STATISTICS = (_habit_statistics, _shape_statistics, _everything)


@cache
def _clips(shape: float, habit: float) -> list[np.ndarray]:
    """Each of the statistics of every person's clips."""
    config = SynthConfig(shape=shape, habit=habit)
    people = [draw_person(k, seed=config.seed, shape=shape, habit=habit) for k in range(PEOPLE)]
    recordings = [[make_clip(config, person, c) for c in range(CLIPS)] for person in people]
    return [np.array([[f(r) for r in clips] for clips in recordings]) for f in STATISTICS]


def _nearest_mean_accuracy(clips: np.ndarray) -> float:
    """Share of the later clips that are nearest to their own person's mean over the earlier ones."""
    spread = clips.std(axis=(0, 1))
    clips = clips[..., spread > 1e-9] / spread[spread > 1e-9]
    means, later = clips[:, : CLIPS // 2].mean(axis=1), clips[:, CLIPS // 2 :]
    distances = np.linalg.norm(later[:, :, None] - means, axis=-1)
    return float((distances.argmin(axis=-1) == np.arange(PEOPLE)[:, None]).mean())


def _strongest_difference(clips: np.ndarray) -> float:
    """The largest F ratio of all statistics: variance between people over that within them."""
    clips = clips[..., clips.std(axis=(0, 1)) > 1e-6].astype(np.float64)
    return float(
        (CLIPS * clips.mean(axis=1).var(axis=0, ddof=1) / clips.var(axis=1, ddof=1).mean(axis=0)).max()
    )


# 64 clips at chance 1/16: four right on average, eleven or more in 2 of 1,000 experiments.
AT_CHANCE = 10 / 64
# With 15 and 112 degrees of freedom 5 or more comes twice in 10 million; there are 1,600 statistics.
LARGEST_BY_CHANCE = 5.0


def test_people_without_differences_cannot_be_told_apart():
    for clips in _clips(0.0, 0.0):
        assert _nearest_mean_accuracy(clips) <= AT_CHANCE
        assert _strongest_difference(clips) < LARGEST_BY_CHANCE


def test_habits_tell_people_apart():
    habits, _, everything = _clips(0.0, 1.0)
    assert _nearest_mean_accuracy(habits) >= 0.3
    assert _strongest_difference(habits) > 3 * LARGEST_BY_CHANCE
    assert _strongest_difference(everything) > 2 * LARGEST_BY_CHANCE


def test_shape_tells_people_apart_but_says_nothing_about_habits():
    habits, shapes, _ = _clips(1.0, 0.0)
    assert _nearest_mean_accuracy(shapes) >= 0.8
    assert _nearest_mean_accuracy(habits) <= AT_CHANCE
    assert _strongest_difference(habits) < LARGEST_BY_CHANCE
