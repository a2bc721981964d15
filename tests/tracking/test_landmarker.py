"""MediaPipe at its border: real faces become arrays, and nothing of it leaves, not even to its maker."""

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from amber_id.errors import MissingDependencyError, ModelBundleError
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.tracking import landmarker
from amber_id.tracking.landmarker import FaceTracker, PictureFinder, tracker_version

CHIN, FOREHEAD, LEFT_EYE, RIGHT_EYE = 152, 10, 263, 33


def test_a_face_becomes_points_coefficients_and_a_pose(model_bundle, face_frames):
    with FaceTracker(model_bundle) as tracker:
        seen = [tracker.see(rgb, index / 15) for index, rgb in enumerate(face_frames[:5])]
    for face in seen:
        assert face is not None
        assert face.faces == 1
        x, y = face.landmarks[:, 0], face.landmarks[:, 1]
        assert y[FOREHEAD] < y[LEFT_EYE] < y[CHIN]
        assert x[RIGHT_EYE] < x[LEFT_EYE]  # the person's left is on the right of the picture
        assert 0.1 < np.ptp(x) < 1
        assert face.blendshapes.min() >= 0
        assert 0.1 < face.blendshapes.max() <= 1
        rotation = face.pose[:3, :3]
        np.testing.assert_allclose(
            rotation @ rotation.T, np.eye(3) * np.linalg.norm(rotation[0]) ** 2, atol=0.01
        )
        np.testing.assert_allclose(face.pose[3], [0, 0, 0, 1], atol=1e-6)


def test_no_face_is_none(model_bundle, noise):
    with FaceTracker(model_bundle) as tracker:
        assert [tracker.see(rgb, index / 25) for index, rgb in enumerate(noise(3))] == [None] * 3


def test_of_two_faces_the_larger_is_kept(model_bundle, face_frames):
    large = face_frames[0]
    small = np.full_like(large, 127)
    small[96:288, 96:288] = large[::2, ::2]
    for order, inside in (((large, small), (0.0, 0.5)), ((small, large), (0.5, 1.0))):
        with FaceTracker(model_bundle) as tracker:
            face = tracker.see(np.concatenate(order, axis=1), 0.0)
        assert face is not None
        assert face.faces == 2
        assert inside[0] < face.landmarks[:, 0].min()
        assert face.landmarks[:, 0].max() < inside[1]


def test_frames_less_than_a_millisecond_apart_are_taken(model_bundle, face_frames):
    with FaceTracker(model_bundle) as tracker:
        assert all(tracker.see(face_frames[0], time_s) for time_s in (0.0, 0.0002, 0.0004, 0.001))


def test_a_fresh_tracker_remembers_nothing(model_bundle, face_frames):
    def follow(frames: list[np.ndarray]) -> np.ndarray:
        with FaceTracker(model_bundle) as tracker:
            faces = [tracker.see(rgb, index / 15) for index, rgb in enumerate(frames)]
        return np.array([face.landmarks for face in faces if face])

    first = follow(face_frames[:4])
    follow(face_frames[20:])
    np.testing.assert_array_equal(follow(face_frames[:4]), first)


def test_with_one_face_nothing_is_carried_over_from_frame_to_frame(model_bundle, face_frames):
    def seen(first: int) -> list[bytes]:
        with FaceTracker(model_bundle) as tracker:
            faces = [tracker.see(face_frames[i], i / 15) for i in range(first, 6)]
        return [face.landmarks.tobytes() + face.blendshapes.tobytes() + face.pose.tobytes() for face in faces]

    whole = seen(0)
    assert len(set(whole)) == 6
    for first in (1, 4):
        assert seen(first) == whole[first:]


def test_a_model_that_does_not_fit_is_refused(tmp_path, model_bundle, face_frames, monkeypatch):
    path = tmp_path / "x.task"
    with pytest.raises(ModelBundleError, match=r"x\.task: MediaPipe cannot load it"):
        FaceTracker(path)
    path.write_bytes(model_bundle.read_bytes()[:10_000])
    with pytest.raises(ModelBundleError, match=r"x\.task: MediaPipe cannot load it"):
        FaceTracker(path)
    monkeypatch.setattr(landmarker, "BLENDSHAPE_NAMES", (*BLENDSHAPE_NAMES[:-1], "tongueOut"))
    with (
        FaceTracker(model_bundle) as tracker,
        pytest.raises(ModelBundleError, match="expected a model that gives 478 points and MediaPipe's 52"),
    ):
        tracker.see(face_frames[0], 0.0)


def test_without_mediapipe_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(
        MissingDependencyError, match=r"mediapipe is not installed; run: pip install 'amber-id\[video\]'"
    ):
        FaceTracker(tmp_path)


def test_the_version_is_that_of_mediapipe():
    assert tracker_version() == pytest.importorskip("mediapipe").__version__


def _seen_in_c(*names: str) -> list[str]:
    """What programs that are started now find in their environment."""
    done = subprocess.run(["printenv", "-0"], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.split("\0") if line.partition("=")[0] in names]
    return sorted(lines)


@pytest.mark.parametrize("own", [None, "http://proxy.example:3128"])
def test_the_proxies_of_the_process_are_its_own_again(model_bundle, monkeypatch, own):
    """A library's user goes on with requests or huggingface_hub, which go by them."""
    names = ("https_proxy", "no_proxy", "NO_PROXY")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    if own is not None:
        monkeypatch.setenv("https_proxy", own)
        monkeypatch.setenv("NO_PROXY", "example.org")
    before, before_in_c = dict(os.environ), _seen_in_c(*names)
    with FaceTracker(model_bundle):
        with FaceTracker(model_bundle), PictureFinder(model_bundle):
            assert dict(os.environ) == before
        assert _seen_in_c(*names) == ["https_proxy=none://127.0.0.1:1"], "one of them lives"
    assert dict(os.environ) == before
    assert _seen_in_c(*names) == before_in_c


def test_a_model_that_cannot_be_loaded_leaves_the_proxies_as_they_were(tmp_path):
    before = _seen_in_c("https_proxy")
    with pytest.raises(ModelBundleError):
        FaceTracker(tmp_path / "none.task")
    assert _seen_in_c("https_proxy") == before


def _run(script: str, *arguments: object, **environment: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("library", ["libGLESv2.so.2", "libEGL.so.1"])
def test_without_a_graphics_library_it_says_what_to_install(model_bundle, library):
    script = """
        import ctypes, sys
        from pathlib import Path
        import mediapipe
        class Missing(ctypes.CDLL):
            def __init__(self, name, *rest, **more):
                if "mediapipe" in str(name):
                    raise OSError(f"{sys.argv[2]}: cannot open shared object file: No such file or directory")
                super().__init__(name, *rest, **more)
        ctypes.CDLL = Missing
        from amber_id.errors import MissingDependencyError
        from amber_id.tracking.landmarker import FaceTracker
        try:
            FaceTracker(Path(sys.argv[1]))
        except MissingDependencyError as error:
            print(error)
    """
    message = _run(script, model_bundle, library)
    assert message.startswith(f"mediapipe cannot load a system library ({library}: cannot open")
    assert "apt-get install libegl1 libgles2" in message
    assert message.count("\n") == 1


def _asked_of_a_proxy(script: str, model: object) -> list[bytes]:
    """What the script's process asks of the HTTPS proxy that its user has set."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        asked.append(connection.recv(200))

        thread = threading.Thread(target=listen)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        try:
            _run(
                script,
                model,
                https_proxy=address,
                HTTPS_PROXY=address,
                ALL_PROXY=address,
                NO_PROXY="example.org",
            )
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
    return asked


def test_mediapipe_reports_to_nobody(model_bundle):
    """Its uploader is seen at work first, so that its silence means something."""
    plain = """
        import sys, time, mediapipe
        vision = mediapipe.tasks.vision
        base = mediapipe.tasks.BaseOptions(model_asset_path=sys.argv[1])
        vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(base_options=base)).close()
        time.sleep(2)
    """
    ours = """
        import sys, time
        from pathlib import Path
        from amber_id.tracking.landmarker import FaceTracker
        from amber_id.tracking.landmarker import PictureFinder
        for one in (FaceTracker, PictureFinder):
            with one(Path(sys.argv[1])):
                pass
        time.sleep(2)
    """
    assert any(b"googleapis.com" in line for line in _asked_of_a_proxy(plain, model_bundle))
    assert _asked_of_a_proxy(ours, model_bundle) == []
