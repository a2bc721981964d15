"""The face landmarker: found in the stated order, checked, fetched once, explained where it cannot be had."""

import functools
import http.server
import logging
import shutil
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from amber_id.errors import AmberError, MissingDependencyError, ModelBundleError
from amber_id.tracking import model_bundle as module
from amber_id.tracking.model_bundle import MODEL_SHA256, fetch_model, find_model


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache and no named model, whatever this machine has."""
    monkeypatch.setenv("AMBER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AMBER_FACE_LANDMARKER", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Put a file on a web server of this machine, in the place of Google's."""
    folder = tmp_path / "www"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    asked: list[str] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(module, "MODEL_URL", f"http://127.0.0.1:{server.server_port}/face_landmarker.task")

    def put(content: bytes) -> list[str]:
        (folder / "face_landmarker.task").write_bytes(content)
        return asked

    yield put
    server.shutdown()
    server.server_close()
    thread.join()


def _message(function, *arguments) -> str:
    with pytest.raises(AmberError) as caught:
        function(*arguments)
    assert isinstance(caught.value, ModelBundleError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_named_file_comes_first_then_the_environment_then_the_cache(
    tmp_path, model_bundle, cache, monkeypatch
):
    for folder in (cache, tmp_path / "named", tmp_path / "environment"):
        folder.mkdir(exist_ok=True)
        shutil.copy(model_bundle, folder / "face_landmarker.task")
    assert find_model().path == cache / "face_landmarker.task"
    monkeypatch.setenv("AMBER_FACE_LANDMARKER", str(tmp_path / "environment" / "face_landmarker.task"))
    assert find_model().path.parent.name == "environment"
    found = find_model(tmp_path / "named" / "face_landmarker.task")
    assert found.path.parent.name == "named"
    assert found.sha256 == MODEL_SHA256


def test_it_is_fetched_once(model_bundle, cache, serve):
    asked = serve(model_bundle.read_bytes())
    assert find_model().path == cache / "face_landmarker.task"
    assert find_model().sha256 == MODEL_SHA256
    assert asked == ["/face_landmarker.task"]


def test_a_damaged_cache_is_fetched_again(model_bundle, cache, serve):
    asked = serve(model_bundle.read_bytes())
    cache.mkdir()
    (cache / "face_landmarker.task").write_bytes(model_bundle.read_bytes()[:1000])
    assert fetch_model().sha256 == MODEL_SHA256
    assert len(asked) == 1


def test_another_file_than_expected_is_not_kept(cache, serve):
    serve(b"an error page")
    assert "cannot be downloaded" in _message(fetch_model)
    assert not (cache / "face_landmarker.task").exists()


def test_without_a_network_it_says_from_where_to_where(cache, monkeypatch):
    monkeypatch.setattr(module, "MODEL_URL", "http://127.0.0.1:1/face_landmarker.task")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    message = _message(find_model)
    assert "get it from http://127.0.0.1:1/face_landmarker.task" in message
    assert f"put it at {cache / 'face_landmarker.task'}, or name it with --model" in message


def test_without_pooch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(
        MissingDependencyError, match=r"pooch is not installed; run: pip install 'amber-id\[video\]'"
    ):
        fetch_model()


def test_what_is_no_bundle_is_refused(tmp_path, model_bundle, monkeypatch):
    path = tmp_path / "x.task"
    assert _message(find_model, path).endswith("expected a face landmarker bundle, got nothing there")
    assert "got a folder" in _message(find_model, tmp_path)
    path.write_text("no zip")
    assert "cut off or of another kind" in _message(find_model, path)
    path.write_bytes(model_bundle.read_bytes()[:-100])
    assert "cut off or of another kind" in _message(find_model, path)
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("hand_detector.tflite", b"")
    assert "got one without face_blendshapes.tflite, face_detector.tflite" in _message(find_model, path)
    monkeypatch.setenv("AMBER_FACE_LANDMARKER", str(path))
    assert "(from $AMBER_FACE_LANDMARKER)" in _message(find_model)


def test_damage_inside_is_refused(tmp_path, model_bundle):
    data = bytearray(model_bundle.read_bytes())
    data[len(data) // 2] ^= 255
    path = tmp_path / "x.task"
    path.write_bytes(data)
    assert "tflite is damaged" in _message(find_model, path)


def test_another_bundle_is_used_but_said(tmp_path, model_bundle, caplog):
    path = Path(shutil.copy(model_bundle, tmp_path / "x.task"))
    with zipfile.ZipFile(path, "a") as bundle:
        bundle.comment = b"trained elsewhere"
    with caplog.at_level(logging.WARNING, logger="amber_id"):
        found = find_model(path)
    assert found.sha256 != MODEL_SHA256
    assert f"{path} is not the official face landmarker: its SHA-256 is {found.sha256}" in caplog.text
    caplog.clear()
    find_model(model_bundle)
    assert caplog.text == ""
