"""An outside program that fails in every way known of RAVAS, and what is made of it."""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber_id.avatarize.avatar import Avatar, Joint, Node
from amber_id.avatarize.default_head.default_avatar import default_avatar
from amber_id.avatarize.glb.write import write_avatar
from amber_id.avatarize.ravas.picture import CROP_LEFT, CROP_SIDE, CROP_TOP, cropped_frames
from amber_id.avatarize.ravas.process import _size_of
from amber_id.avatarize.ravas.run import RavasRun, RavasSetup, run_ravas
from amber_id.avatarize.ravas.setup import find_ravas
from amber_id.avatarize.rig import Rig
from amber_id.avatarize.video_file import write_video
from amber_id.errors import AmberError, AvatarError, ClipError, MissingDependencyError, UsageError

FRAMES = 12
WINDOW = "def create_window_config_instance(cls, timer=None, args=None):\n    return args\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like RAVAS' checkout, with the packages that RAVAS needs."""
    root = tmp_path_factory.mktemp("checkout") / "ravas"
    package = root / "stream_processing"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(Path(__file__).with_name("misbehaving_ravas.py"), package / "main.py")
    for name in ("cv2", "mediapipe", "psutil", "selenium", "torch", "websocket_server", "yaml"):
        (root / f"{name}.py").touch()
    (root / "moderngl_window.py").write_text(WINDOW)
    return root


@pytest.fixture
def setup(checkout: Path) -> RavasSetup:
    return RavasSetup(
        checkout, Path(sys.executable), Path("any.glb"), timeout_s=20.0, stalled_s=10.0, tries=1
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "clip00.mp4"
    gray = np.full((64, 64, 3), 127, np.uint8)
    write_video(path, ((i / 25, gray) for i in range(FRAMES)), fps=25.0)
    return path


@pytest.fixture
def run(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, RavasSetup], RavasRun]:
    def run_as(how: str, setup: RavasSetup) -> RavasRun:
        monkeypatch.setenv("STAND_IN", how)
        return run_ravas(source, tmp_path / "out" / "raw.avi", setup, work=tmp_path / "work")

    return run_as


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def noted_pids(work: Path) -> list[int]:
    """Processes of the stand-in, its own first, then the one that stays."""
    return [int(pid) for path in work.glob("try*/pids") for pid in path.read_text().split()]


def assert_all_gone(work: Path, runs: int = 1) -> None:
    pids = noted_pids(work)
    assert len(pids) >= runs, "the stand-in did not start"
    deadline = time.monotonic() + 2
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [pid for pid in pids if is_alive(pid)]


def test_a_run_that_goes_well(run: Any, setup: RavasSetup, tmp_path: Path) -> None:
    made = run("well", replace(setup, version="ea999fe"))
    assert made.video == tmp_path / "out" / "raw.avi"
    assert made.video.is_file()
    assert (made.frames, made.without_face, made.frames_without_face) == (FRAMES, (3, 4), 2)
    np.testing.assert_allclose(made.timestamps, np.arange(FRAMES) / 25, atol=1e-4)
    assert (made.tries, made.version, made.warning) == (1, "ea999fe", "")
    assert 0 < made.seconds < 20
    assert "window arguments --window headless --backend egl" in made.video.with_suffix(".log").read_text()
    assert_all_gone(tmp_path / "work")


def test_frames_are_the_square_about_the_avatar(run: Any, setup: RavasSetup) -> None:
    made = run("well", setup)
    frames = list(cropped_frames(made.video, 100))
    assert [frame.shape for frame in frames] == [(100, 100, 3)] * FRAMES
    for i, frame in enumerate(frames):
        wanted = (0, 0, 0) if i in made.without_face else (200, 100, 50)
        # Nothing of the black around: the square is cut where the stand-in drew its own.
        inside = frame[4:-4, 4:-4].reshape(-1, 3).astype(int)
        assert np.abs(inside - wanted).max() < 12


def test_without_egl_the_window_is_left_as_it_is(run: Any, setup: RavasSetup) -> None:
    made = run("well", replace(setup, egl=False))
    assert "egl" not in made.video.with_suffix(".log").read_text()


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("renderer", "its renderer failed: object of type 'NoneType' has no len()"),
        ("process", "a process of it failed: ValueError: input timestamp must be monotonically increasing"),
        ("crash", "a process of it failed: RuntimeError: libGL.so.1: cannot open shared object file"),
        ("exit", "it ended with code 7: its last line is 'window arguments --window headless --backend egl'"),
        ("nothing", "it ended as if all were well, and left no video"),
        ("lost frame", "it made 11 frames of 12"),
        ("black", "all of its 12 frames are black, though it saw a face in 10"),
        ("cut-off log", "it left no whole log of the faces"),
    ],
)
def test_each_failure_is_found_quickly_and_named(
    how: str, cause: str, run: Any, setup: RavasSetup, tmp_path: Path
) -> None:
    began = time.monotonic()
    with pytest.raises(ClipError) as caught:
        run(how, setup)
    assert caught.value.clip == "clip00"
    assert caught.value.reason.startswith("RAVAS failed once; ")
    assert cause in caught.value.reason
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < setup.stalled_s
    assert (tmp_path / "out" / "raw.log").is_file()
    assert not (tmp_path / "out" / "raw.avi").exists()
    assert_all_gone(tmp_path / "work")


def test_a_hang_ends_when_nothing_new_comes(run: Any, setup: RavasSetup, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"it hung: nothing new in 3 s; its last line is 'window arg"):
        run("hang", replace(setup, stalled_s=3.0))
    assert_all_gone(tmp_path / "work")


def test_one_that_goes_on_too_long_is_stopped_and_not_tried_again(
    run: Any, setup: RavasSetup, tmp_path: Path
) -> None:
    with pytest.raises(ClipError, match=r"failed once; it was not done after 2 s; .*--ravas-timeout"):
        run("slow", replace(setup, timeout_s=2.0, stalled_s=2.0, tries=3))
    assert_all_gone(tmp_path / "work")


def test_it_is_tried_again(run: Any, setup: RavasSetup, tmp_path: Path) -> None:
    made = run("well the third time", replace(setup, tries=3))
    assert (made.tries, made.frames) == (3, FRAMES)
    assert_all_gone(tmp_path / "work", runs=3)


def test_all_tries_fail(run: Any, setup: RavasSetup) -> None:
    with pytest.raises(ClipError, match="RAVAS failed 2 times; it made 11 frames of 12"):
        run("lost frame", replace(setup, tries=2))


def test_a_video_without_a_face_is_not_tried_again(run: Any, setup: RavasSetup, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="RAVAS sees no face in any of 12 frames"):
        run("faceless", replace(setup, tries=3))
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["try1"]


def test_one_frame_is_no_video(setup: RavasSetup, tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    write_video(path, [(0.0, np.zeros((64, 64, 3), np.uint8))], fps=25.0)
    with pytest.raises(ClipError, match="still: only 1 frame; at least 2 needed"):
        run_ravas(path, tmp_path / "raw.avi", setup, work=tmp_path)


@pytest.mark.parametrize(("seconds", "kept"), [(0.5, False), (1.5, True)])
def test_of_a_damaged_video_what_comes_before_is_kept_from_one_second_on(
    seconds: float, kept: bool, setup: RavasSetup, write_video: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 64, 64, 3), np.uint8)
    path = write_video(tmp_path / "cut.mkv", noise, codec="mjpeg")
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * seconds / 2)])
    monkeypatch.setenv("STAND_IN", "well")
    if kept:
        made = run_ravas(path, tmp_path / "raw.avi", setup, work=tmp_path / "work")
        assert made.frames == pytest.approx(25 * seconds, abs=2)
        assert made.warning.startswith("cut off after 1.")
    else:
        with pytest.raises(ClipError, match=r"cut: cut off after 0\.\d s of 2\.0 s"):
            run_ravas(path, tmp_path / "raw.avi", setup, work=tmp_path / "work")


def test_files_that_come_and_go_while_they_are_counted(tmp_path: Path) -> None:
    (tmp_path / "stays").write_bytes(b"12345")
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            (tmp_path / "in").mkdir()
            for name in "abcdefgh":
                (tmp_path / "in" / name).touch()
            shutil.rmtree(tmp_path / "in")

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        sizes = {_size_of(tmp_path) for _ in range(2000)}
    finally:
        stop.set()
        thread.join()
    assert sizes == {5}


def test_a_python_that_cannot_be_started(run: Any, setup: RavasSetup, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="it cannot be started"):
        run("well", replace(setup, python=tmp_path / "none", tries=3))


def test_nothing_survives_a_caller_that_is_killed(setup: RavasSetup, source: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from amber_id.avatarize.ravas.run import RavasSetup, run_ravas; "
        "a = list(map(Path, sys.argv[1:])); s = RavasSetup(a[0], Path(sys.executable), a[0]); "
        "run_ravas(a[1], a[2] / 'raw.avi', s, work=a[2])"
    )
    command = [sys.executable, "-c", code, str(setup.root), str(source), str(tmp_path)]
    with subprocess.Popen(command, env=os.environ | {"STAND_IN": "hang"}) as caller:
        deadline = time.monotonic() + 15
        while len(noted_pids(tmp_path)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert all(map(is_alive, noted_pids(tmp_path)))
        caller.send_signal(signal.SIGKILL)
    assert_all_gone(tmp_path, runs=2)


@pytest.fixture
def glb(plate: Avatar, tmp_path: Path) -> Path:
    """The plate with the bones that RAVAS turns, in the form that it draws."""
    spine = Node("Spine2", -1, np.eye(4, dtype=np.float32))
    nodes = (spine, *(replace(node, parent=node.parent + 1) for node in plate.nodes))
    skin = tuple(Joint(joint.node + 1, joint.inverse_bind) for joint in plate.skin)
    path = tmp_path / "plate.glb"
    write_avatar(replace(plate, nodes=nodes, skin=skin), path, "plate")
    return path


def test_the_square_that_is_cut_out_holds_the_face_of_the_default_avatar(model_bundle: Path) -> None:
    rig = Rig(default_avatar(model_bundle))
    x, y, z = rig.at_rest[rig._face].T.astype(float)
    # RAVAS' camera is at 1.6 m, 3.2 m away, and sees 10 degrees in 600 lines.
    pixels = 300 / np.tan(np.radians(5)) / (3.2 - z)
    rows, columns = 300 - (y - 1.6) * pixels, 512 + x * pixels
    for seen, first in ((rows, CROP_TOP), (columns, CROP_LEFT)):
        assert (seen.min() + seen.max()) / 2 == pytest.approx(first + CROP_SIDE / 2, abs=4)
    assert (rows.max() - rows.min()) / CROP_SIDE == pytest.approx(0.58, abs=0.02)


def test_find_ravas(checkout: Path, glb: Path) -> None:
    found = find_ravas(checkout.parent, Path(sys.executable), glb, timeout_s=9.0)
    assert (found.root, found.avatar, found.timeout_s, found.egl) == (checkout, glb, 9, True)
    assert found == find_ravas(checkout, Path(sys.executable), glb, timeout_s=9.0)
    assert re.fullmatch("files [0-9a-f]{16}", found.version), "the folder is no git checkout"
    assert found.missing_shapes[:1] == ("browDownLeft",)
    assert found.versions["python"] == platform.python_version()
    assert found.versions["mediapipe"] == version("mediapipe")


def test_the_commit_is_told(checkout: Path, glb: Path, tmp_path: Path) -> None:
    copy = tmp_path / "clone" / "ravas"
    shutil.copytree(checkout, copy)
    git = ["git", "-C", str(copy.parent), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert find_ravas(copy.parent, Path(sys.executable), glb).version == head.strip()
    (copy / "stream_processing" / "__init__.py").write_text("changed = True\n")
    changed = find_ravas(copy.parent, Path(sys.executable), glb).version
    assert re.fullmatch(f"{head.strip()}, changed: files [0-9a-f]{{16}}", changed)
    (copy / "stream_processing" / "__init__.py").write_text("")
    shutil.move(copy, tmp_path / "clone" / "deeper" / "in" / "ravas")
    around = find_ravas(tmp_path / "clone" / "deeper" / "in", Path(sys.executable), glb)
    assert around.version == find_ravas(checkout, Path(sys.executable), glb).version
    main = tmp_path / "clone" / "deeper" / "in" / "ravas" / "stream_processing" / "main.py"
    main.write_text(main.read_text() + "# changed\n")
    assert find_ravas(main.parents[2], Path(sys.executable), glb).version not in ("", around.version)


def test_a_wrong_setup_is_one_clear_line(checkout: Path, glb: Path, tmp_path: Path) -> None:
    here = Path(sys.executable)
    with pytest.raises(AmberError, match=r"expected a checkout of RAVAS, found no stream_processing/main.py"):
        find_ravas(tmp_path, here, glb)
    with pytest.raises(UsageError, match="--ravas-python"):
        find_ravas(checkout, None, glb)
    with pytest.raises(AmberError, match="expected a program, found none"):
        find_ravas(checkout, tmp_path / "python", glb)
    with pytest.raises(AmberError, match="is no Python that runs RAVAS"):
        find_ravas(checkout, Path("/bin/false"), glb)
    # Ends well and prints nothing: as if no package were missing.
    with pytest.raises(AmberError, match=r"/true: is no Python that runs RAVAS .*it printed nothing"):
        find_ravas(checkout, Path(shutil.which("true")), glb)
    with pytest.raises(AmberError, match=r"is no Python that runs RAVAS .*it printed -I "):
        find_ravas(checkout, Path(shutil.which("echo")), glb)
    with pytest.raises(UsageError, match="got 0 s"):
        find_ravas(checkout, here, glb, timeout_s=0.0)


def test_missing_packages_are_named(checkout: Path, glb: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(checkout, bare, ignore=shutil.ignore_patterns("selenium.py", "websocket_server.py"))
    with pytest.raises(MissingDependencyError, match=r"-m pip install selenium websocket_server$"):
        find_ravas(bare, Path(sys.executable), glb)


def test_without_egl_a_display_is_needed(checkout: Path, glb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(AmberError, match="set DISPLAY"):
        find_ravas(checkout, Path(sys.executable), glb, egl=False)


def _second_mesh(file: Any) -> None:
    file.meshes.append(file.meshes[0])


def _other_bone(file: Any) -> None:
    next(node for node in file.nodes if node.name == "Spine2").name = "Chest"


def _no_stride(file: Any) -> None:
    accessor = file.accessors[file.meshes[0].primitives[0].targets[0]["POSITION"]]
    file.bufferViews[accessor.bufferView].byteStride = None


def _no_picture(file: Any) -> None:
    file.materials[0].pbrMetallicRoughness.baseColorTexture = None


def _no_names(file: Any) -> None:
    file.meshes[0].extras = {}


def _no_normals(file: Any) -> None:
    file.meshes[0].primitives[0].attributes.NORMAL = None


def _older(file: Any) -> None:
    next(node for node in file.nodes if node.name == "Neck").extras = {}


def _no_skin(file: Any) -> None:
    file.skins = []


@pytest.mark.parametrize(
    ("spoil", "lacking"),
    [
        (_second_mesh, "it has 2 meshes of 2 parts, not one of one"),
        (_other_bone, "it has no bone called Spine2"),
        (_no_stride, "its shapes' data have no byteStride of 12"),
        (_no_picture, "its material has no picture"),
        (_no_names, "it has 52 shapes and 0 names"),
        (_no_normals, "its mesh has no NORMAL"),
        (_no_skin, "it has no skin"),
        (_older, "it was merged by an older version, so that RAVAS would have it look down"),
    ],
)
def test_an_avatar_that_ravas_would_not_draw(
    spoil: Callable[[Any], None], lacking: str, checkout: Path, glb: Path
) -> None:
    from pygltflib import GLTF2

    file = GLTF2.load_binary(str(glb))
    spoil(file)
    file.save_binary(str(glb))
    with pytest.raises(AvatarError, match=lacking) as caught:
        find_ravas(checkout, Path(sys.executable), glb)
    assert "amber avatar merge" in str(caught.value)
