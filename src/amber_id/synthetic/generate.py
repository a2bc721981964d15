"""How do synthetic people become recordings on disk?

::

    OUT/original/synth_id001/clip00.safetensors ...   as a tracker would give them
    OUT/original/recordings.csv
    OUT/oracle.json                                   the true habits of everybody, and the configuration;
                                                      written first

Person k's clip c is the same, byte for byte, however many people and clips are asked for (same machine type,
same versions, same thread count). A recording's model is the data file that the generator reads.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from amber_id import __version__
from amber_id.atomic_files import write_text_atomically
from amber_id.errors import UsageError
from amber_id.recordings import Recording, save_recording, write_index
from amber_id.synthetic.measured import measured_sha256
from amber_id.synthetic.mesh import (
    draw_camera,
    pose_matrices,
    tracked_blendshapes,
    tracked_landmarks,
    unexplained_movement,
)
from amber_id.synthetic.people import HABITS, Person, draw_person
from amber_id.synthetic.rig import clip_signals
from amber_id.synthetic.seeds import stream

SYNTHETIC_TRACKER = "amber-id synthetic"  # what stands for the tracker in the recordings
_SOURCE = "synth"
_FRAME_BYTES = 4 * (478 * 3 + 52 + 16) + 8 + 1
_HEADER_BYTES = 1200


class SynthConfig(BaseModel):
    """How many people, how different, and what their clips are like."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: int = Field(40, ge=1)
    clips: int = Field(20, ge=1)  # of each person
    seconds: float = Field(3.0, ge=1.1, le=60)  # of each clip; shorter ones cannot be used later
    shape: float = Field(1.0, ge=0, le=3)  # how much faces differ: 1 as real ones, 0 not at all
    habit: float = Field(1.0, ge=0, le=3)  # how much habits of moving differ: 1 as in HABITS, 0 not at all
    fps: float = Field(30.0, ge=10, le=240)
    jitter: float = Field(1.0, ge=0, le=10)  # of the tracker, 1 as measured
    seed: int = Field(0, ge=0)

    @property
    def frames(self) -> int:
        """Frames of each clip."""
        return round(self.seconds * self.fps)


def make_clip(config: SynthConfig, person: Person, clip: int) -> Recording:
    """Recording of clip number `clip`, counted from 0, of a person drawn with the same seed."""
    T, fps = config.frames, config.fps
    signals = clip_signals(person, clip, seed=config.seed, T=T, fps=fps)
    camera = draw_camera(stream(config.seed, "camera", person.index, clip))
    tracker = stream(config.seed, "tracker", person.index, clip)
    noise = np.float32(config.jitter) * unexplained_movement(tracker, T, fps=fps)
    folder = f"{_SOURCE}_{person.subject}"
    return Recording(
        landmarks=tracked_landmarks(person, signals, camera, noise),
        timestamps=np.arange(T) / fps,
        tracked=np.ones(T, dtype=bool),
        blendshapes=tracked_blendshapes(tracker, signals, fps=fps, jitter=config.jitter),
        pose=pose_matrices(signals, camera),
        clip=f"{folder}/clip{clip:02d}",
        subject=person.subject,
        source=_SOURCE,
        width=camera.width,
        height=camera.height,
        fps=fps,
        tracker=SYNTHETIC_TRACKER,
        tracker_version=__version__,
        model_sha256=measured_sha256(),
        point_set="face_landmarker_478",
    )


def generate(
    config: SynthConfig, out: Path, *, on_progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write the recordings of all people, their index and the oracle under `out`; the recordings' paths.

    `on_progress` is called after every clip with how many are done and how many there will be.

    Raises
    ------
    UsageError
        If there are recordings already, and the oracle beside them is not that of this configuration.
    AmberError
        If the disk is full or the place cannot be written.
    """
    folder = out / "original"
    clips = [(k, c) for k in range(config.people) for c in range(config.clips)]
    people = [
        draw_person(k, seed=config.seed, shape=config.shape, habit=config.habit) for k in range(config.people)
    ]
    paths = [_path(folder, people[k], c) for k, c in clips]
    oracle = _oracle(config, people)
    _refuse_strangers(out, oracle)
    write_text_atomically(out / "oracle.json", oracle)
    for done, ((k, c), path) in enumerate(zip(clips, paths, strict=True), start=1):
        save_recording(make_clip(config, people[k], c), path)
        if on_progress is not None:
            on_progress(done, len(clips))
    write_index(folder)
    return paths


def estimated_bytes(config: SynthConfig) -> int:
    """About how many bytes `generate` will write."""
    return config.people * config.clips * (config.frames * _FRAME_BYTES + _HEADER_BYTES)


def _path(folder: Path, person: Person, clip: int) -> Path:
    return folder / f"{_SOURCE}_{person.subject}" / f"clip{clip:02d}.safetensors"


def _refuse_strangers(out: Path, oracle: str) -> None:
    """The same run may be repeated or completed; another one's recordings must not mix with it."""
    path = out / "oracle.json"
    same = path.is_file() and path.read_bytes() == oracle.encode()
    if not same and any((out / "original").rglob("*.safetensors")):
        raise UsageError(
            f"{out}: holds recordings of another run; choose an empty folder, or delete this one"
        )


def _oracle(config: SynthConfig, people: list[Person]) -> str:
    truth = {
        "schema": "amber-id/oracle/1",
        "amber_id_version": __version__,
        "model_sha256": measured_sha256(),
        "config": config.model_dump(),
        "habits": [asdict(habit) for habit in HABITS],
        "people": {
            person.subject: {
                "vector": person.vector.tolist(),
                "values": {habit.name: person.habit(habit.name) for habit in HABITS},
            }
            for person in people
        },
    }
    return json.dumps(truth, indent=1, sort_keys=True) + "\n"
