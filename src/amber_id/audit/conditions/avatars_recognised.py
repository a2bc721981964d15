"""Which avatar does a clip show: how well is that told of people from whom nothing was learnt?

A clip is described by the mean and the spread of every signal of the attackers over its frames. A linear
discriminant with equal priors, whose covariance is shrunk after Ledoit and Wolf, learns from the clips of
train people and guesses those of test people. Everybody is in every condition as often, so that nothing of a
person says which avatar it is.
"""

import numpy as np
from jaxtyping import Float, Int64

from amber_id.audit.conditions.joint import Joint
from amber_id.biometrics.labels import balanced_accuracy
from amber_id.extras import from_extra
from amber_id.motion import load_windows
from amber_id.motion.pairs import name_of_condition
from amber_id.results import Rate
from amber_id.training.named import training_of


def avatars_recognised(joint: Joint) -> Rate:
    """Balanced accuracy of the avatar guessed of each test person's clips, with its interval over people.

    Raises
    ------
    EvaluationError
        If there are fewer than 3 test people.
    """
    described = _described(joint)
    entries = joint.under(joint.anonymised).entries
    labels = np.array([joint.anonymised.index(name_of_condition(entry.clip)) for entry in entries])
    subjects = np.array([entry.subject for entry in entries])
    right, tested = np.zeros(len(labels), dtype=bool), np.zeros(len(labels), dtype=bool)
    for fold in range(len(joint.split.folds)):
        learnt = np.isin(subjects, joint.split.subjects("train", fold))
        met = np.isin(subjects, joint.split.subjects("test", fold))
        guessed = _guessed(described[learnt], labels[learnt], described[met])
        right[met], tested[met] = guessed == labels[met], True
    numbers = np.unique(subjects[tested], return_inverse=True)[1]
    config = joint.config.evaluation
    estimate = balanced_accuracy(
        right[tested],
        labels[tested],
        numbers,
        replicates=config.replicates,
        level=config.level,
        rng=config.rng(),
    )
    return Rate.of(estimate, chance=1 / len(joint.anonymised))


def _guessed(
    learnt_from: Float[np.ndarray, "N F"], labels: Int64[np.ndarray, " N"], met: Float[np.ndarray, "M F"]
) -> Int64[np.ndarray, " M"]:
    with from_extra("scikit-learn", "train"):
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.preprocessing import StandardScaler
    scale = StandardScaler().fit(learnt_from)
    K = len(np.unique(labels))
    classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=np.full(K, 1 / K))
    guesses = classifier.fit(scale.transform(learnt_from), labels).predict(scale.transform(met))
    return np.asarray(guesses, dtype=np.int64)


def _described(joint: Joint) -> Float[np.ndarray, "N F"]:
    """Mean and spread of every signal in every clip of the anonymised conditions."""
    recordings = joint.under(joint.anonymised)
    features = (joint.config.used(training_of(name).features).of_clips for name in joint.attackers)
    columns = []
    for config in dict.fromkeys(features):
        windows = load_windows(recordings, config)
        frames = windows.frames.reshape(len(windows.frames), -1)
        spans: dict[int, list[np.ndarray]] = {}
        for first, length, clip in zip(
            windows.segment_first, windows.segment_length, windows.segment_clip, strict=True
        ):
            spans.setdefault(int(clip), []).append(frames[first : first + length])
        whole = [np.concatenate(spans[clip]).astype(np.float64) for clip in range(len(windows.entries))]
        columns += [np.stack([each.mean(axis=0) for each in whole])]
        columns += [np.stack([each.std(axis=0) for each in whole])]
    return np.concatenate(columns, axis=1)
