"""From which files, by which program and in how much time was a results file made?"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from amber_id.file_formats import file_hash
from amber_id.results import ScoreProvenance, Times, surroundings


def hashed(files: Mapping[str, Path | None]) -> dict[str, tuple[str, str]]:
    """Name and SHA-256 of each file that was given."""
    return {name: (path.name, file_hash(path)) for name, path in files.items() if path is not None}


def provenance(files: dict[str, tuple[str, str]], identified_by: str, seed: int) -> ScoreProvenance:
    """The program, the `hashed` files, how it is known whose each clip is, and the seed."""
    return ScoreProvenance(
        **surroundings(),
        packages={name: version(name) for name in ("numpy", "scipy")},
        files=files,
        identified_by=identified_by,
        seed=seed,
    )


def times_since(started: float) -> Times:
    """The time now, and how long it has been since `started`, by the performance counter."""
    return Times(
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=round(time.perf_counter() - started, 3),
    )
