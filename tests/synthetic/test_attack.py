"""Real attacks on the recordings: they find what there is to be found, and nothing where there is nothing."""

from functools import cache

import numpy as np
import pytest

from amber_id.biometrics import compare_all, eer
from amber_id.face_mesh import BLENDSHAPE_NAMES
from amber_id.motion.alignment import align, isotropic
from amber_id.recordings import Recording
from amber_id.synthetic import SynthConfig, make_clip, oracle_comparisons

PEOPLE, CLIPS = 16, 8
NOBODY = {"habit": 0, "shape": 0}


def _habit_statistics(recording: Recording) -> np.ndarray:
    """How far and at rest the jaw opens, and how much and how evenly the eyes close; one row of numbers."""
    b = recording.blendshapes
    jaw, left, right = (b[:, BLENDSHAPE_NAMES.index(n)] for n in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"))
    lids = (left + right) / 2
    closing = lids > np.median(lids) + 0.2
    uneven = float((left - right)[closing].mean()) if closing.any() else 0.0
    return np.array(
        [np.log(jaw.std() + 0.001), np.log(np.quantile(jaw, 0.05) + 0.01), uneven, closing.mean()]
    )


def _shape_statistics(recording: Recording) -> np.ndarray:
    """The mean aligned face."""
    points = isotropic(recording.landmarks, width=recording.width, height=recording.height)
    return align(points)[0].mean(axis=0).ravel()


def _everything(recording: Recording) -> np.ndarray:
    """Mean and spread of every coefficient, of the head's pose, and of where and how large the face is."""
    T = len(recording.timestamps)
    place = [recording.landmarks.mean(axis=1), recording.landmarks.std(axis=1)]
    signals = np.concatenate([recording.blendshapes, recording.pose.reshape(T, 16), *place], axis=1)
    return np.concatenate([signals.mean(axis=0), signals.std(axis=0)])


STATISTICS = {"habits": _habit_statistics, "shapes": _shape_statistics, "everything": _everything}


@cache
def _clips(condition: str = "original", **config) -> dict[str, np.ndarray]:
    """Each of the statistics of every person's clips."""
    made = SynthConfig(people=PEOPLE, clips=CLIPS, **config)
    recordings = [[make_clip(made, k, c, condition) for c in range(CLIPS)] for k in range(PEOPLE)]
    return {name: np.array([[f(r) for r in clips] for clips in recordings]) for name, f in STATISTICS.items()}


def _scaled(clips: np.ndarray) -> np.ndarray:
    spread = clips.std(axis=(0, 1))
    return (clips - clips.mean(axis=(0, 1)))[..., spread > 1e-6] / spread[spread > 1e-6]


def _nearest_mean_accuracy(clips: np.ndarray) -> float:
    """Share of the later clips that are nearest to their own person's mean over the earlier ones."""
    clips = _scaled(clips)
    means, later = clips[:, : CLIPS // 2].mean(axis=1), clips[:, CLIPS // 2 :]
    distances = np.linalg.norm(later[:, :, None] - means, axis=-1)
    return float((distances.argmin(axis=-1) == np.arange(PEOPLE)[:, None]).mean())


def _strongest_difference(clips: np.ndarray) -> float:
    """The largest F ratio of all statistics: variance between people over that within them."""
    clips = clips[..., clips.std(axis=(0, 1)) > 1e-6].astype(np.float64)
    return float(
        (CLIPS * clips.mean(axis=1).var(axis=0, ddof=1) / clips.var(axis=1, ddof=1).mean(axis=0)).max()
    )


# 64 clips at chance 1/16: four right on average, eleven or more in 2 of 1,000 experiments.
AT_CHANCE = 10 / 64
# With 15 and 112 degrees of freedom 5 or more comes twice in 10 million; there are 1,600 statistics.
LARGEST_BY_CHANCE = 5.0


@pytest.mark.parametrize(
    ("condition", "more"),
    [
        ("original", {"duration": 3, "fps": 15}),
        ("original", {"duration": "clip=2,4", "content": "same", "fps": 15}),
        ("avatar", {"duration": 2, "fps": 15}),
    ],
)
def test_people_without_differences_cannot_be_told_apart(condition, more):
    for clips in _clips(condition, **NOBODY, **more).values():
        assert _nearest_mean_accuracy(clips) <= AT_CHANCE
        assert _strongest_difference(clips) < LARGEST_BY_CHANCE


def test_habits_tell_people_apart_but_not_better_than_the_truth():
    found = _clips(shape=0, habit=2, duration=3, fps=15)
    assert _nearest_mean_accuracy(found["habits"]) >= 0.3
    assert _strongest_difference(found["habits"]) > 2 * LARGEST_BY_CHANCE
    assert _strongest_difference(found["everything"]) > 2 * LARGEST_BY_CHANCE
    truth = oracle_comparisons(SynthConfig(people=PEOPLE, clips=CLIPS, shape=0, habit=2), "original")
    vectors = _scaled(found["everything"]).reshape(PEOPLE * CLIPS, -1)
    attack = compare_all(vectors, np.repeat(np.arange(PEOPLE), CLIPS))
    reached = eer(attack.mated_scores, attack.nonmated_scores)
    assert eer(truth.mated_scores, truth.nonmated_scores) < reached < 0.4


def test_shape_tells_people_apart_but_says_nothing_about_habits():
    found = _clips(shape=1, habit=0, duration=2, fps=15)
    assert _nearest_mean_accuracy(found["shapes"]) >= 0.5
    assert _nearest_mean_accuracy(found["habits"]) <= AT_CHANCE
    assert _strongest_difference(found["habits"]) < LARGEST_BY_CHANCE


def test_habits_arrive_at_avatars_and_shapes_do_not():
    habits = _clips("avatar", shape=0, habit=2, duration=2, fps=15)
    assert _strongest_difference(habits["habits"]) > 2 * LARGEST_BY_CHANCE
    shapes = _clips("avatar", shape=1, habit=0, duration=2, fps=15)
    for clips in shapes.values():
        assert _nearest_mean_accuracy(clips) <= AT_CHANCE
        assert _strongest_difference(clips) < LARGEST_BY_CHANCE
