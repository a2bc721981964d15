"""Emotions that are planted are read, from clips that keep them, and what is missing is said."""

from pathlib import Path

import numpy as np
import pytest

from amber_id.audit.utility import emotion as module
from amber_id.audit.utility.emotion import EmotionClip, read_emotions
from amber_id.audit.utility.expression import CHANNELS, LANDMARK_CHANNELS, FaceSignals
from amber_id.audit.utility.figures import Bootstrapping
from amber_id.audit.utility.measure import UtilityConfig, measure_utility
from amber_id.recordings import RecordingSet
from amber_id.results.utility import EmotionResult
from amber_id.synthetic import SynthConfig, generate, make_clip

PEOPLE, CLIPS = 12, 6
EMOTIONS = ("angry", "happy", "neutral")
SHOWS = {"angry": "browDownLeft", "happy": "mouthSmileLeft", "neutral": "cheekPuff"}


@pytest.fixture(scope="module")
def faces() -> list[FaceSignals]:
    """Clips of twelve synthetic people, six each, 1.5 s long."""
    config = SynthConfig.model_validate({"people": PEOPLE, "clips": CLIPS, "duration": "1.5"})
    return [FaceSignals.of(make_clip(config, p, c)) for p in range(PEOPLE) for c in range(CLIPS)]


def names() -> list[str]:
    return [f"synth_id{p:03}/clip{c}" for p in range(PEOPLE) for c in range(CLIPS)]


EMOTION_OF = {name: EMOTIONS[number % 3] for number, name in enumerate(names())}


def lifted(face: FaceSignals, emotion: str, by: float) -> FaceSignals:
    values = face.values.copy()
    values[:, [channel.name for channel in CHANNELS].index(SHOWS[emotion])] += np.float32(by)
    return FaceSignals(face.timestamps, face.tracked, values)


def clips(faces: list[FaceSignals], original: float, anonymised: float) -> list[EmotionClip]:
    """Clips whose emotions move one channel each, by so much on either side."""
    return [
        EmotionClip(
            name, name.split("/")[0], *(lifted(face, EMOTION_OF[name], by) for by in (original, anonymised))
        )
        for name, face in zip(names(), faces, strict=True)
    ]


def read(some: list[EmotionClip], emotion_of: dict[str, str] = EMOTION_OF) -> EmotionResult:
    return read_emotions(some, emotion_of, Bootstrapping(replicates=200, level=0.95, seed=0))


def test_what_is_kept_is_read_and_what_is_removed_is_not(faces: list[FaceSignals]) -> None:
    kept, removed = read(clips(faces, 0.4, 0.4)), read(clips(faces, 0.4, 0.0))
    assert kept.original.value > 0.9
    assert kept.anonymised == kept.original
    assert kept.lost.value == 0
    assert removed.original == kept.original
    assert removed.anonymised.value < 0.55
    assert removed.lost.low > 0.2
    assert removed.p_values["original"] < 0.01 < removed.p_values["anonymised"]
    assert kept.original.chance == pytest.approx(1 / 3)
    assert (kept.emotions, kept.clips, kept.subjects) == (EMOTIONS, 72, 12)
    half = read(clips(faces, 0.4, 0.15))
    assert removed.anonymised.value < half.anonymised.value < kept.anonymised.value


def test_nothing_is_read_where_nothing_is_planted(faces: list[FaceSignals]) -> None:
    result = read(clips(faces, 0.0, 0.0))
    assert result.original.low < 1 / 3 < result.original.high
    assert result.p_values["original"] > 0.05


def test_nobody_is_guessed_by_what_was_learnt_from_them(
    faces: list[FaceSignals], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only a person's own other clips would tell must not be read."""
    shared = [
        EmotionClip(each.clip, each.subject, face, face)
        for each, face in zip(clips(faces, 0, 0), faces, strict=True)
    ]
    # Each person has one emotion: whoever knows the person knows the emotion.
    own = {name: EMOTIONS[int(name[8:11]) % 2] for name in names()}
    assert read(shared, own).original.value < 0.75
    learnt = []
    guessed = module._guessed

    def watched(learnt_from, sides, labels, folds):
        learnt.append(folds)
        return guessed(learnt_from, sides, labels, folds)

    monkeypatch.setattr(module, "_guessed", watched)
    read(shared)
    (folds,) = learnt
    of_people = folds.reshape(PEOPLE, CLIPS)
    assert (of_people == of_people[:, :1]).all()
    assert len(np.unique(folds)) == 5


def test_an_emotion_is_learnt_whichever_fold_is_held_out() -> None:
    subjects = np.repeat(np.arange(30), 2)
    in_one_fold = np.flatnonzero(
        np.random.default_rng(0).permutation(30) % 5 == 2
    )  # as people are divided first
    labels = np.where(np.isin(subjects, in_one_fold[:5]), 1, 0)
    folds = module._divided(subjects, labels, 0)
    for fold in np.unique(folds):
        assert set(labels[folds != fold]) == {0, 1}
    assert (folds[::2] == folds[1::2]).all()
    others = np.arange(60) % 2  # which everybody shows: the first division is taken
    first = np.random.default_rng(0).permutation(30) % 5
    np.testing.assert_array_equal(module._divided(subjects, others, 0)[::2], first)


def test_coefficients_count_only_where_all_clips_have_them(faces: list[FaceSignals]) -> None:
    some = clips(faces, 0.4, 0.4)
    landmarks = len(LANDMARK_CHANNELS)
    bare = faces[0].values.copy()
    bare[:, landmarks:] = np.nan
    without = FaceSignals(faces[0].timestamps, faces[0].tracked, bare)
    some[0] = EmotionClip(some[0].clip, some[0].subject, some[0].original, without)
    result = read(some)  # the emotions are planted in coefficients, which nobody looks at any more
    assert result.original.value < 0.55
    assert module._described(some)[0].shape == (72, 4 * landmarks)


def test_too_little_known_says_what_is_missing(faces: list[FaceSignals]) -> None:
    some = clips(faces, 0.4, 0.4)
    nothing = read(some, {})
    assert nothing.not_measured.startswith(
        "It is not known which emotions these clips show: name them in a column"
    )
    assert (nothing.original, nothing.lost, nothing.clips) == (None, None, 0)
    few = {name: EMOTION_OF[name] for name in names()[: 9 * CLIPS]}
    assert read(some, few).not_measured == (
        "Emotions that are shown by 5 people or more: 3, by 9 people in all; "
        "2 emotions and 10 people are needed."
    )
    one = dict.fromkeys(names(), "happy") | {names()[0]: "angry"}
    assert read(some, one).not_measured.startswith(
        "Emotions that are shown by 5 people or more: 1, by 12 people in all"
    )
    assert read(some, one).clips == 71


def test_utility_has_emotions_where_it_is_told_of_them(tmp_path: Path) -> None:
    generate(SynthConfig.model_validate({"people": 10, "clips": 2, "duration": "1.5"}), tmp_path, workers=1)
    original = RecordingSet.open(tmp_path / "original")
    emotion_of = {entry.clip: EMOTIONS[number % 2] for number, entry in enumerate(original.entries)}
    quick = UtilityConfig(replicates=100)
    result = measure_utility(original, original, quick, emotion_of=emotion_of)
    assert (result.emotion.clips, result.emotion.subjects) == (20, 10)
    assert result.emotion.original == result.emotion.anonymised
    assert measure_utility(original, original, quick).emotion is None
