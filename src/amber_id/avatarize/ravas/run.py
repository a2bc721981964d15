"""What does a person look like as an avatar that RAVAS draws?

Conventions
-----------
RAVAS (MIT licence) is an outside program in a Python of its own; nothing of it is part of this package. It is
started anew for each video (`launcher.py`), tracks and draws by itself, and writes pictures without
sound at a constant rate. What becomes of them, and of the sound, is up to the caller.
It fails in many ways without saying so; so every run is checked against its original, and repeated.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from amber_id.atomic_files import write_text_atomically
from amber_id.avatarize.ravas.picture import HEIGHT, WIDTH, black_frames
from amber_id.avatarize.ravas.process import TryFailedError, Watch, run_watched
from amber_id.errors import AmberError, ClipError, FileFormatError
from amber_id.no_telemetry import quiet_environment
from amber_id.reading import parsed_json, read_text
from amber_id.tracking.one_clip import check_length
from amber_id.tracking.video import read_frames

LAUNCHER = Path(__file__).with_name("launcher.py")

_DETECTIONS = "detectionLog.json"
# These variables configure our own Python and are wrong for that of RAVAS.
_OURS = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


@dataclass(frozen=True)
class RavasSetup:
    """A RAVAS that runs here, as `find_ravas` gives it.

    `root` holds its package, `python` runs it, `avatar` is a GLB of one mesh. A try may take `timeout_s`, and
    `stalled_s` without anything written. `egl` does without an X server; else DISPLAY must name one.
    `missing_shapes` are those that the avatar lacks; `versions` are those of that Python and its packages.
    `version` is the checkout's commit, or a hash of its files where git does not know one.
    """

    root: Path
    python: Path
    avatar: Path
    timeout_s: float = 600.0
    stalled_s: float = 60.0
    egl: bool = True
    tries: int = 3
    version: str = ""
    missing_shapes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RavasRun:
    """What RAVAS made of one video: `video`, whole, with as many frames as the original.

    `timestamps` are the original's, in seconds from its first frame; `warning` says why that is not whole.
    Frames `without_face` are black. `seconds` is what the try that went well took, `tries` counts it.
    """

    video: Path
    timestamps: Float64[np.ndarray, " T"]
    without_face: tuple[int, ...]
    seconds: float
    tries: int
    version: str
    warning: str

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.timestamps)

    @property
    def frames_without_face(self) -> int:
        """Number of frames in which RAVAS saw no face."""
        return len(self.without_face)


def run_ravas(video: Path, out_video: Path, setup: RavasSetup, *, work: Path) -> RavasRun:
    """Have RAVAS make `out_video`, an AVI, of `video`; its own files go to the folder `work`.

    All that RAVAS printed in the last try is kept beside `out_video`, with the suffix ``.log``.

    Raises
    ------
    AmberError
        If one of the places cannot be written.
    ClipError
        If `video` cannot be read, has fewer than 2 frames, is damaged before 1 s, or shows no face, or if all
        tries failed.
    MissingDependencyError
        If PyAV is not installed.
    """
    clip, work, log = video.stem, work.absolute(), out_video.with_suffix(".log")
    timestamps, warning = _source_times(video)
    cause, attempt = "", 0
    while attempt < setup.tries:
        attempt += 1
        began = time.monotonic()
        try:
            made = _try_once(video, setup, _fresh(work / f"try{attempt}"), log)
            seconds = time.monotonic() - began
            without_face = _check(made, len(timestamps))
        except TryFailedError as failure:
            cause = str(failure)
            if failure.final:
                break
            continue
        if len(without_face) == len(timestamps):
            raise ClipError(clip, f"RAVAS sees no face in any of {len(timestamps)} frames")
        video = _moved(made, out_video)
        return RavasRun(video, timestamps, without_face, seconds, attempt, setup.version, warning)
    raise ClipError(clip, f"RAVAS failed {'once' if attempt == 1 else f'{attempt} times'}; {cause}")


def _source_times(video: Path) -> tuple[Float64[np.ndarray, " T"], str]:
    """When each frame is shown, and why there are no more of them."""
    times: list[float] = []
    damage: ClipError | None = None
    _, frames = read_frames(video, video.stem)
    try:
        times.extend(time_s for time_s, _ in frames)
    except ClipError as error:
        damage = error
    return np.array(times), check_length(video.stem, times, damage)


def _try_once(video: Path, setup: RavasSetup, folder: Path, log: Path) -> Path:
    """Run RAVAS once; returns the video that it left, or raises TryFailedError."""
    config = folder / "config.json"
    results = folder / "results"
    results.mkdir()
    write_text_atomically(config, json.dumps(_config(video.absolute(), results, setup.avatar), indent=1))
    command = [setup.python, "-I", "-u", LAUNCHER, setup.root, "--run", config]
    watch = Watch(log, results, setup.timeout_s, setup.stalled_s)
    run_watched(
        [*map(str, command), *(["--egl"] if setup.egl else [])],
        env=quiet_environment({key: value for key, value in os.environ.items() if key not in _OURS})
        | {"MEDIAPIPE_DISABLE_GPU": "1"},
        cwd=folder,
        watch=watch,
    )
    made = list(results.glob("*/video.avi"))
    if len(made) != 1:
        raise TryFailedError("it ended as if all were well, and left no video")
    return made[0]


def _config(video: Path, results: Path, avatar: Path) -> dict[str, object]:
    """What RAVAS reads as YAML; it asks for sound's settings even where there is none."""
    both = {"max_unsynced_time": 0.01, "video_file": str(video)}
    size = {"width": WIDTH, "height": HEIGHT}
    converter = {
        "cls": "stream_processing.models.avatar.avatar.Avatar",
        "avatar_renderer": "opengl",
        "avatar_uri": str(avatar),
        "detection_log": _DETECTIONS,
        "show_renderer_window": False,
        **size,
    }
    picture = {
        "use_video": True,
        "processing_size": 1,
        "output_virtual_cam": False,
        "output_window": False,
        "store": True,
        "store_format": "avi",
        "converter": converter,
        **size,
        **both,
    }
    sound = {"use_audio": False, "store": False, "processing_size": 2, "record_buffersize": 1, **both}
    return {"log_dir": str(results), "log_level": "INFO", "video": picture, "audio": sound}


def _detections(path: Path) -> int:
    """Number of frames in which RAVAS saw a face, according to its log."""
    try:
        entries = parsed_json(read_text(path, "JSON"), path)
    except FileFormatError as error:
        raise TryFailedError(f"it left no whole log of the faces ({error.reason})") from error
    if not isinstance(entries, list):
        raise TryFailedError("it left no log of the faces, but something else")
    # The last entry is empty: it closes the list.
    return sum(1 for entry in entries if entry)


def _check(made: Path, frames: int) -> tuple[int, ...]:
    """The frames without a face; raises TryFailedError unless the pictures are what the log says."""
    detected = _detections(made.with_name(_DETECTIONS))
    try:
        count, black = black_frames(made)
    except (OSError, ValueError) as error:
        raise TryFailedError(f"its video cannot be read ({error})") from error
    if count != frames:
        raise TryFailedError(f"it made {count} frames of {frames}")
    if detected and len(black) == count:
        raise TryFailedError(f"all of its {count} frames are black, though it saw a face in {detected}")
    if count - len(black) != detected:
        raise TryFailedError(f"{count - len(black)} frames show an avatar, but it saw a face in {detected}")
    return black


def _fresh(folder: Path) -> Path:
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise AmberError(f"{folder}: cannot be written ({error.strerror or error})") from error
    return folder


def _moved(made: Path, out_video: Path) -> Path:
    try:
        shutil.move(made, out_video)
    except OSError as error:
        raise AmberError(f"{out_video}: cannot be written ({error.strerror or error})") from error
    return out_video
