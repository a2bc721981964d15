"""Channels of a recording, and the recording that follows from channels and from nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from amber_id.anonymisers.channels import CHANNELS, FACE, HEAD, Signals, driven_by, signals_of
from amber_id.avatarize.drive import drive_of
from amber_id.errors import ClipError
from amber_id.face_mesh import mean_face
from amber_id.recordings import Recording, load_recording, read_header, save_recording
from amber_id.recordings.signals import correlations, head_angles
from amber_id.synthetic import SynthConfig, make_clip


def person(**config: object) -> Recording:
    return make_clip(SynthConfig.model_validate({"people": 1, "clips": 1, "duration": "3"} | config), 0, 0)


@pytest.fixture(scope="module")
def somebody() -> Recording:
    return person(lost="0.1", shape=2, seed=5)


def posed(turn: np.ndarray, place: np.ndarray, size: np.ndarray) -> Recording:
    """A still mean face, in pixels of a 640 x 480 picture turned, moved and scaled as given."""
    T = len(size)
    turned = mean_face() @ Rotation.from_rotvec(turn).as_matrix().transpose(0, 2, 1)
    points = 100 * size[:, None, None] * turned
    points[:, :, :2] += 100 * place[:, None] + [320, 240]
    base = person()
    return replace(
        base,
        landmarks=(points / [640, 480, 640]).astype(np.float32),
        timestamps=np.arange(T) / 30,
        tracked=np.ones(T, dtype=bool),
        blendshapes=np.full((T, 52), 0.25, np.float32),
        pose=None,
        width=640,
        height=480,
    )


def test_the_head_is_measured_as_it_was_posed() -> None:
    turn = np.array([[0.1, -0.2, 0.3], [0.0, 0.0, 0.0], [-0.1, 0.2, 0.05]])
    place = np.array([[0.5, 0.0], [0.0, -0.25], [-0.5, 0.25]])
    size = np.array([0.5, 1.0, 2.0])
    head = signals_of(posed(turn, place, size)).values[:, HEAD]
    np.testing.assert_allclose(head[:, :3], turn, atol=1e-5)
    np.testing.assert_allclose(head[:, 3:5], place - np.median(place, axis=0), atol=1e-4)
    np.testing.assert_allclose(head[:, 5], np.log(size), atol=1e-5)


def test_coefficients_come_without_the_neutral_one(somebody: Recording) -> None:
    assert (len(CHANNELS), CHANNELS[0]) == (57, "browDownLeft")
    np.testing.assert_array_equal(
        signals_of(somebody).values[:, FACE], somebody.blendshapes[somebody.tracked, 1:].astype(float)
    )


def test_a_driven_recording_has_the_channels_that_drove_it(somebody: Recording) -> None:
    signals = signals_of(somebody)
    again = signals_of(driven_by(somebody, signals.values, "test"))
    np.testing.assert_allclose(again.values[:, FACE], signals.values[:, FACE], atol=1e-7)
    # The face's own movement reaches the points that place the head, a little.
    np.testing.assert_allclose(again.values[:, HEAD][:, :3], signals.values[:, HEAD][:, :3], atol=0.02)
    np.testing.assert_array_equal(again.times, signals.times)


def test_nothing_but_channels_reaches_a_driven_recording(somebody: Recording) -> None:
    values = signals_of(somebody).values
    rng = np.random.default_rng(0)
    other = replace(
        somebody,
        landmarks=somebody.landmarks * np.float32(0.7) + rng.uniform(0, 0.1, (1, 478, 3)).astype(np.float32),
        width=1000,
        height=400,
        video_sha256="ab" * 32,
        picture_hash="cd",
        frames_with_several_faces=3,
        guessed_times=2,
    )
    one, two = (driven_by(each, values, "test") for each in (somebody, other))
    np.testing.assert_array_equal(one.landmarks, two.landmarks)
    left = {name: getattr(two, name) for name in ("video_sha256", "picture_hash", "width", "height")}
    assert left == {"video_sha256": "", "picture_hash": "", "width": 512, "height": 512}
    assert (two.frames_with_several_faces, two.guessed_times, two.pose) == (0, 0, None)
    assert (one.clip, one.subject, one.tracker) == (somebody.clip, somebody.subject, somebody.tracker)


def test_an_avatar_turns_its_head_as_before(somebody: Recording) -> None:
    before, after = (
        head_angles(drive_of(each).rotations)
        for each in (somebody, driven_by(somebody, signals_of(somebody).values, "test"))
    )
    # The tracker's jitter in points by which the head is turned, but not placed, is gone.
    assert correlations(before, after).min() > 0.94
    np.testing.assert_allclose(after.std(axis=0) / before.std(axis=0), 1, atol=0.1)


def test_coefficients_out_of_range_are_cut_off(somebody: Recording) -> None:
    values = signals_of(somebody).values
    values[:, FACE] += 5
    driven = driven_by(somebody, values, "test")
    np.testing.assert_array_equal(driven.blendshapes[driven.tracked, 1:], 1)


def test_the_header_names_the_defence_and_older_files_have_none(somebody: Recording, tmp_path: Path) -> None:
    driven = driven_by(somebody, signals_of(somebody).values, "population:1")
    save_recording(driven, tmp_path / "new.safetensors")
    save_recording(somebody, tmp_path / "old.safetensors")
    assert read_header(tmp_path / "new.safetensors").defence == "population:1"
    assert load_recording(tmp_path / "new.safetensors").defence == "population:1"
    assert load_recording(tmp_path / "old.safetensors").defence == ""
    assert b'\\"defence\\"' not in (tmp_path / "old.safetensors").read_bytes()  # as before there was one
    assert b'\\"defence\\"' in (tmp_path / "new.safetensors").read_bytes()


def test_a_recording_without_coefficients_is_refused(somebody: Recording) -> None:
    with pytest.raises(ClipError, match=r"has no blendshapes, which defences change; track its video"):
        signals_of(replace(somebody, blendshapes=None))


def test_a_clip_without_a_face_has_no_frames(somebody: Recording) -> None:
    nobody = replace(
        somebody,
        landmarks=np.full_like(somebody.landmarks, np.nan),
        blendshapes=np.full_like(somebody.blendshapes, np.nan),
        tracked=np.zeros_like(somebody.tracked),
        pose=None,
    )
    signals = signals_of(nobody)
    assert isinstance(signals, Signals)
    assert signals.values.shape == (0, 57)
    assert not driven_by(nobody, signals.values, "test").tracked.any()
