"""Fixtures that several test files share."""

import os
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from amber_id.motion import FeatureConfig
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import TrainConfig, train
from fixtures.command_line import Done, run_here

# Files that take minutes: begun first, so that no process waits for the other at the end.
LONGEST_FIRST = (
    "tests/test_chain.py",
    "tests/test_no_connection.py",
    "tests/corpora/test_chain.py",
    "tests/audit/study",
    "tests/cli",
    "tests/audit",
    "tests/training",
    "tests/tracking",
    "tests/avatarize",
)

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; the order within a file stays."""
    items.sort(key=lambda item: [not item.nodeid.startswith(begin) for begin in LONGEST_FIRST])


def _shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        reason = f"needs {name} in a folder `shared` beside the repository"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture
def amber() -> Callable[..., Done]:
    """The command line in this process."""
    return run_here


@pytest.fixture(scope="session")
def model_bundle() -> Path:
    """Google's FaceLandmarker bundle."""
    return _shared("models/face_landmarker.task")


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """A small corpus of real talking heads, never committed."""
    return _shared("clips")


@pytest.fixture(scope="session")
def golden_metrics() -> Path:
    """Metrics of known score sets, computed by other people's public code."""
    return _shared("golden/metrics.json")


@pytest.fixture(scope="session")
def synthetic_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of twelve synthetic people, four clips each; to be read only."""
    folder = tmp_path_factory.mktemp("people")
    generate(SynthConfig(people=12, clips=4), folder)
    return folder / "original"


@pytest.fixture
def people(synthetic_people: Path, tmp_path: Path) -> RecordingSet:
    """The same people in a folder of the test's own, as links."""
    folder = tmp_path / "recordings"
    for path in sorted(synthetic_people.glob("*_id*/*.safetensors")):
        link = folder / path.relative_to(synthetic_people)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    return RecordingSet.open(folder)


@pytest.fixture(scope="session")
def moments_checkpoint(synthetic_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `moments` learnt of the synthetic people; to be read only."""
    folder = tmp_path_factory.mktemp("moments")
    (folder / "recordings").mkdir()
    for person in synthetic_people.iterdir():
        if person.is_dir() and not person.name.startswith("."):
            (folder / "recordings" / person.name).symlink_to(person)
    recordings = RecordingSet.open(folder / "recordings")
    split = make_split(source_of_subjects(recordings), SplitConfig(dev=0.4))
    features = FeatureConfig(view="static")
    run, _ = train(recordings, split, TrainConfig(attacker="moments", features=features), folder / "run")
    return run.folds[0].chosen


WriteVideo = Callable[..., Path]


def _write_video(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    codec: str = "libx264",
    container: str | None = None,
    pts: Sequence[int] | None = None,
    rate: int = 25,
    pixel: Fraction | None = None,
    options: dict[str, str] | None = None,
    pixels: str = "yuv420p",
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else pixels
        for index, rgb in enumerate(frames):
            if index == 0:
                stream.height, stream.width = rgb.shape[:2]
                if pixel is not None:
                    stream.sample_aspect_ratio = pixel
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = index if pts is None else pts[index]
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def write_video() -> WriteVideo:
    """Encode RGB frames into a file: ``write_video(path, frames, codec=, pts=, rate=, pixel=, ...)``."""
    return _write_video
