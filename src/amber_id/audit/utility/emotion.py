"""Can the emotion of a clip still be read, by a classifier that knows only originals of other people?

Each clip is described by the mean, the spread, and the quantiles .1 and .9 of every channel of
`expression.py` in its frames with a face: landmark channels, and coefficients if all clips on both sides have
them. A linear discriminant with equal priors, whose covariance is shrunk after Ledoit and Wolf, learns from
originals of four fifths of the people and guesses the emotion of the others' clips, original and anonymised,
until everyone's have been guessed. It has no setting to choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from amber_id.audit.utility.expression import FaceSignals
from amber_id.audit.utility.figures import Bootstrapping
from amber_id.biometrics.labels import balanced_accuracies, guesses_p_value
from amber_id.extras import from_extra
from amber_id.results import Difference, Rate
from amber_id.results.utility import EmotionResult

FEWEST_PEOPLE, FEWEST_OF_ONE = 10, 5
"""People whose emotions are known, and people who show an emotion that counts."""

_FOLDS = 5
_PERMUTATIONS = 1000
_LEVELS = (0.1, 0.9)


@dataclass(frozen=True)
class EmotionClip:
    """A clip under both conditions, and whose it is."""

    clip: str
    subject: str
    original: FaceSignals
    anonymised: FaceSignals


def read_emotions(
    clips: Sequence[EmotionClip],
    emotion_of: Mapping[str, str],
    how: Bootstrapping,
) -> EmotionResult:
    """How well emotions are read from originals and from anonymised clips; `emotion_of` is by clip.

    Where too little is known, the result says what is missing.
    """
    known = [each for each in clips if each.clip in emotion_of]
    shown_by: dict[str, set[str]] = {}
    for each in known:
        shown_by.setdefault(emotion_of[each.clip], set()).add(each.subject)
    emotions = sorted(name for name, people in shown_by.items() if len(people) >= FEWEST_OF_ONE)
    used = [each for each in known if emotion_of[each.clip] in emotions]
    people, subjects = np.unique([each.subject for each in used], return_inverse=True)
    missing = _missing(len(known), emotions, len(people))
    if missing:
        return EmotionResult(
            emotions=tuple(emotions), clips=len(used), subjects=len(people), not_measured=missing
        )
    labels = np.array([emotions.index(emotion_of[each.clip]) for each in used])
    original, anonymised = _described(used)
    folds = _divided(subjects, labels, how.seed)
    guessed = _guessed(original, (original, anonymised), labels, folds)
    accuracies = balanced_accuracies(
        guessed[0] == labels,
        guessed[1] == labels,
        labels,
        subjects,
        replicates=how.replicates,
        level=how.level,
        rng=np.random.default_rng(how.seed),
    )
    p_values = [
        guesses_p_value(
            each, labels, subjects, permutations=_PERMUTATIONS, rng=np.random.default_rng(how.seed)
        )
        for each in guessed
    ]
    chance = 1 / len(emotions)
    return EmotionResult(
        emotions=tuple(emotions),
        clips=len(used),
        subjects=len(people),
        original=Rate.of(accuracies.one, chance),
        anonymised=Rate.of(accuracies.other, chance),
        lost=Difference.of(accuracies.less),
        p_values={"original": p_values[0], "anonymised": p_values[1]},
        not_measured=None,
    )


def _missing(known: int, emotions: Sequence[str], people: int) -> str | None:
    """What has to be known, in a sentence; None if enough is."""
    if known == 0:
        return (
            "It is not known which emotions these clips show: name them in a column emotion of corpus.csv in "
            "the folder of the clips."
        )
    if len(emotions) < 2 or people < FEWEST_PEOPLE:
        return (
            f"Emotions that are shown by {FEWEST_OF_ONE} people or more: {len(emotions)}, by {people} people "
            f"in all; 2 emotions and {FEWEST_PEOPLE} people are needed."
        )
    return None


def _divided(
    subjects: Int[np.ndarray, " N"], labels: Int[np.ndarray, " N"], seed: int
) -> Int[np.ndarray, " N"]:
    """The fold of every clip, one for all of a person; whichever is held out, every emotion is learnt.

    An emotion whose people are all in one fold could be guessed nowhere: people are divided anew until there
    is none, which few divisions have.
    """
    rng, emotions = np.random.default_rng(seed), np.unique(labels)
    while True:
        folds: Int[np.ndarray, " N"] = rng.permutation(int(subjects.max()) + 1)[subjects] % _FOLDS
        if all(len(np.unique(folds[labels == emotion])) > 1 for emotion in emotions):
            return folds


def _described(clips: Sequence[EmotionClip]) -> tuple[Float[np.ndarray, "N F"], Float[np.ndarray, "N F"]]:
    """The descriptions of originals and of anonymised clips, in the channels that all of them have."""
    sides = [[_statistics(each.original) for each in clips], [_statistics(each.anonymised) for each in clips]]
    original, anonymised = (np.stack(side) for side in sides)  # clips, statistics, channels
    everywhere = np.isfinite(original).all(axis=(0, 1)) & np.isfinite(anonymised).all(axis=(0, 1))
    one, other = (side[:, :, everywhere].reshape(len(clips), -1) for side in (original, anonymised))
    return one, other


def _statistics(signals: FaceSignals) -> Float[np.ndarray, "4 C"]:
    values = signals.values[signals.tracked].astype(np.float64)
    return np.stack([values.mean(axis=0), values.std(axis=0), *np.quantile(values, _LEVELS, axis=0)])


def _guessed(
    learnt_from: Float[np.ndarray, "N F"],
    sides: Sequence[Float[np.ndarray, "N F"]],
    labels: Int[np.ndarray, " N"],
    folds: Int[np.ndarray, " N"],
) -> list[Int[np.ndarray, " N"]]:
    """The label of every clip of each side, guessed by what was learnt in the other folds."""
    with from_extra("scikit-learn", "train"):
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.preprocessing import StandardScaler
    guessed = [np.zeros(len(labels), dtype=np.int64) for _ in sides]
    for fold in np.unique(folds):
        held = folds == fold
        scale = StandardScaler().fit(learnt_from[~held])
        different = np.unique(labels[~held])
        classifier = LinearDiscriminantAnalysis(
            solver="lsqr", shrinkage="auto", priors=np.full(len(different), 1 / len(different))
        ).fit(scale.transform(learnt_from[~held]), labels[~held])
        for guesses, side in zip(guessed, sides, strict=True):
            guesses[held] = classifier.predict(scale.transform(side[held]))
    return guessed
