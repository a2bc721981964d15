"""Fixtures that several test files share."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        reason = f"needs {name} in a folder `shared` beside the repository"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


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
