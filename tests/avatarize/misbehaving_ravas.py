"""Stands in for RAVAS' `stream_processing/main.py`, and errs in each way that RAVAS has been seen to err.

STAND_IN in the environment says how. Like RAVAS it starts a process that does not end by itself, and writes
into a folder named after the time. It sees a face in all frames but 3 and 4.
"""

import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

import av
import moderngl_window
import numpy as np

FACELESS = (3, 4)
FOREVER_S = 600


def main(config: dict[str, Any], runtime: int | None = None) -> None:
    how = os.environ["STAND_IN"]
    results = Path(config["log_dir"])
    note_down(results.parent / "pids", os.getpid())
    multiprocessing.Process(target=linger, args=(results.parent / "pids",)).start()
    arguments = moderngl_window.create_window_config_instance(object, args=("--window", "headless"))
    say(f"window arguments {' '.join(arguments)}")
    if how == "well the third time":
        how = "well" if results.parent.name == "try3" else "lost frame"
    if how == "renderer":
        say("ERROR for open gl renderer object of type 'NoneType' has no len()")
    if how in ("hang", "renderer"):
        time.sleep(FOREVER_S)
    elif how == "process":
        multiprocessing.Process(target=fail).start()
        time.sleep(FOREVER_S)
    elif how == "crash":
        raise RuntimeError("libGL.so.1: cannot open shared object file")
    elif how == "exit":
        os._exit(7)
    elif how == "slow":
        trickle(results / "video.avi")
    elif how != "nothing":
        pretend(config, how)
    # Past the end of multiprocessing, which would wait for the process that stays.
    os._exit(0)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note_down(path: Path, pid: int) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{pid}\n")


def linger(pids: Path) -> None:
    note_down(pids, os.getpid())
    time.sleep(FOREVER_S)


def fail() -> None:
    raise ValueError("input timestamp must be monotonically increasing")


def trickle(path: Path) -> None:
    while True:
        with path.open("ab") as file:
            file.write(b"more")
        time.sleep(0.05)


def pretend(config: dict[str, Any], how: str) -> None:
    """Write a video and a log of the faces in it, as RAVAS does, with the fault that is asked for."""
    assert config["video"]["converter"]["cls"] == "stream_processing.models.avatar.avatar.Avatar"
    assert config["audio"]["processing_size"] > config["audio"]["record_buffersize"]
    with av.open(config["video"]["video_file"]) as source:
        frames = sum(1 for _ in source.decode(video=0))
    seen = set() if how == "faceless" else set(range(frames)) - set(FACELESS)
    shown = set() if how == "black" else seen
    folder = Path(config["log_dir"]) / "2025-01-01_00-00-00"
    folder.mkdir()
    write_video(folder / "video.avi", frames - (how == "lost frame"), shown, config["video"])
    text = "[\n" + "".join(json.dumps({"ts": i, "blendshapes": []}) + ",\n" for i in sorted(seen)) + "{}\n]\n"
    (folder / config["video"]["converter"]["detection_log"]).write_text(
        text[:-4] if how == "cut-off log" else text
    )


def write_video(path: Path, frames: int, shown: set[int], settings: dict[str, Any]) -> None:
    """A bright head on black where a face is seen; it fills the square that is to be cut out."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = settings["width"], settings["height"], "yuv420p"
        for i in range(frames):
            picture = np.zeros((settings["height"], settings["width"], 3), np.uint8)
            if i in shown:
                picture[76:470, 315:709] = 200, 100, 50
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
