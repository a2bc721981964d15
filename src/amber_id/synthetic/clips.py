"""How does a clip of somebody become a recording, of the original and of its avatar?

The same clip is made twice from the same random numbers: with the person's traits, face and camera, and with
what the channel leaves of the traits, the one avatar's face and the renderer's camera.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

from amber_id import __version__
from amber_id.recordings import Recording
from amber_id.synthetic.avatars import own_number
from amber_id.synthetic.camera import (
    Camera,
    draw_camera,
    in_picture,
    origin_in_picture,
    pose_matrices,
)
from amber_id.synthetic.channel import through_channel
from amber_id.synthetic.config import ORIGINAL, Condition, SynthConfig
from amber_id.synthetic.fields import MODES
from amber_id.synthetic.measured import measured_sha256
from amber_id.synthetic.mesh import face_of, moved, tracked_blendshapes, unexplained_movement
from amber_id.synthetic.people import (
    Traits,
    draw_person,
    origin_of,
    shown_traits,
    subject_of,
    with_cue,
)
from amber_id.synthetic.rig import RATE_HZ, ClipSignals, Draws, clip_signals
from amber_id.synthetic.seeds import stream
from amber_id.synthetic.speech import draw_utterance

SYNTHETIC_TRACKER = "amber-id synthetic"  # what stands for the tracker in the recordings

_HEIGHT = 720  # pixels
_AVATAR_SIZE = 512  # pixels, as renderers of avatars make
# A face is lost for this long at a time on average.
_LOST_S = 0.3


@dataclass(frozen=True)
class Circumstances:
    """Under what a clip was filmed and tracked, see `SynthConfig`."""

    aspect: float
    fps: float
    jitter: float
    framing: float
    duration: float
    lost: float


def source_number(config: SynthConfig, person: int) -> int:
    """0 or 1: people belong to the two sources by turns; 0 for all where nothing goes with the source."""
    return person % 2 if config.two_sources else 0


def source_name(config: SynthConfig, person: int) -> str:
    """The source of a person's clips."""
    return ("syntha", "synthb")[source_number(config, person)] if config.two_sources else "synth"


def clip_id(config: SynthConfig, person: int, clip: int) -> str:
    """The id of a clip, ``<source>_id<number>/clip<number>``; both numbers here count from 0."""
    return f"{source_name(config, person)}_{subject_of(person)}/clip{clip:02d}"


def circumstances(config: SynthConfig, person: int, clip: int) -> Circumstances:
    """What a clip's circumstances are."""
    values = {}
    for number, (name, setting) in enumerate(config.settings.items()):
        if setting.by == "source":
            share = float(source_number(config, person))
        elif setting.by == "person":
            share = stream(config.seed, "circumstances", number, person).random()
        elif setting.by == "clip":
            share = stream(config.seed, "circumstances", number, person, clip).random()
        else:
            share = 0.0
        values[name] = setting.at(share)
    return Circumstances(**values)


def make_clip(config: SynthConfig, person: int, clip: int, condition: Condition = "original") -> Recording:
    """Recording of clip number `clip` of person number `person`, both counted from 0."""
    around = circumstances(config, person, clip)
    times, traits, signals = _performed(config, person, clip, condition, around)
    camera = _camera(stream(config.seed, "camera", person, clip), condition, around)
    tracker = stream(config.seed, "tracker", person, clip, condition != ORIGINAL, *own_number(condition))
    face = moved(_face(traits, condition), signals)
    face += np.float32(around.jitter) * unexplained_movement(tracker, len(times), fps=around.fps)
    tracked = _tracked(stream(config.seed, "lost", person, clip), times, around.lost)
    landmarks = in_picture(face, signals, camera).astype(np.float32)
    blendshapes = tracked_blendshapes(tracker, signals, fps=around.fps, jitter=around.jitter)
    pose = pose_matrices(signals, camera)
    for array in (landmarks, blendshapes, pose):
        array[~tracked] = np.nan
    return Recording(
        landmarks=landmarks,
        timestamps=times,
        tracked=tracked,
        blendshapes=blendshapes,
        pose=pose,
        clip=clip_id(config, person, clip),
        subject=subject_of(person),
        source=source_name(config, person),
        width=camera.width,
        height=camera.height,
        fps=around.fps,
        tracker=SYNTHETIC_TRACKER,
        tracker_version=__version__,
        model_sha256=measured_sha256(),
        point_set="face_landmarker_478",
    )


def head_and_coefficients(
    config: SynthConfig, person: int, clip: int
) -> tuple[
    Float32[np.ndarray, "T 52"],
    Float[np.ndarray, "T 3"],
    Float[np.ndarray, "T 3"],
    Float[np.ndarray, " T"],
]:
    """What an original shows without its landmarks: coefficients, the head's turn and place, and the times.

    Axes and units as in `ClipSignals`; the place is that of the mean face's origin, which turns with the head
    about the neck. The tracker's noise on coefficients is another draw than in `make_clip`.
    """
    around = circumstances(config, person, clip)
    times, _, signals = _performed(config, person, clip, "original", around)
    tracker = stream(config.seed, "tracker", person, clip)
    shapes = tracked_blendshapes(tracker, signals, fps=around.fps, jitter=around.jitter)
    return shapes, signals.rotation, origin_in_picture(signals), times


def _performed(
    config: SynthConfig, person: int, clip: int, condition: Condition, around: Circumstances
) -> tuple[Float[np.ndarray, " T"], Traits, ClipSignals]:
    """The times of a clip's frames, the traits that are shown, and what is done in the frames."""
    times = np.arange(round(around.duration * around.fps)) / around.fps
    origin = origin_of(config, person, clip)
    traits = shown_traits(config, draw_person(person, seed=config.seed), origin, condition)
    traits = with_cue(config, traits, condition)
    # A longer clip does what a shorter one does, and more; so near-copies are copies whatever their length.
    longest = max(config.duration.values)
    signals = _signals(config, person, origin, condition, traits, seconds=longest)
    return times, traits, signals.at(times * RATE_HZ)


def _signals(
    config: SynthConfig, person: int, origin: int, condition: Condition, traits: Traits, *, seconds: float
) -> ClipSignals:
    """What is done in a clip, at `RATE_HZ`; a near-copy does what its origin does."""
    seed = config.seed
    says = {"free": (person, origin), "same": (), "own": (person,)}[config.content]
    draws = Draws(
        emotion=stream(seed, "emotion", person, origin),
        blinks=stream(seed, "blinks", person, origin),
        gaze=stream(seed, "gaze", person, origin),
        expression=stream(seed, "expression", person, origin),
        head=stream(seed, "head", person, origin),
    )
    utterance = draw_utterance(stream(seed, "speech", *says), seconds)
    signals = clip_signals(traits, utterance, draws, seconds=seconds)
    if condition == ORIGINAL:
        return signals
    return through_channel(signals, stream(seed, "avatar", person, origin, *own_number(condition)))


def _face(traits: Traits, condition: Condition) -> Float[np.ndarray, "478 3"]:
    if condition == ORIGINAL:
        return face_of(traits.shape)
    # The avatar is an ordinary face, the same in all corpora.
    return face_of(stream(0, "avatar").standard_normal((3, MODES)) + traits.shape)


def _camera(draws: np.random.Generator, condition: Condition, around: Circumstances) -> Camera:
    if condition != ORIGINAL:
        return draw_camera(draws, width=_AVATAR_SIZE, height=_AVATAR_SIZE)
    # Encoders want even numbers of pixels.
    width = 2 * round(around.aspect * _HEIGHT / 2)
    return draw_camera(draws, width=width, height=_HEIGHT, size=around.framing)


def _tracked(
    rng: np.random.Generator, times: Float[np.ndarray, " T"], share: float
) -> Bool[np.ndarray, " T"]:
    """Where the face was found: lost and found again by turns, each for an exponential time."""
    if share == 0:
        return np.ones(len(times), dtype=bool)
    N = int(np.ceil(4 * times[-1] / _LOST_S)) + 4
    lengths = rng.exponential(_LOST_S, (N, 2)) * [(1 - share) / share, 1.0]
    begins_lost = rng.random() < share
    ends = np.cumsum(np.roll(lengths, int(begins_lost), axis=1).ravel())
    spell = np.searchsorted(ends, times, side="right")
    has_face: Bool[np.ndarray, " T"] = spell % 2 == int(begins_lost)
    return has_face
