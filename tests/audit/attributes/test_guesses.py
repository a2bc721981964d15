"""Guesses learn from other people only, find what is planted, and do not take identity for an attribute."""

import numpy as np
import pytest

from amber_id.audit.attributes.guesses import FoldVectors, guesses_of, label_test
from amber_id.biometrics import permuted_over_subjects, permuted_within

PEOPLE, CLIPS, D = 20, 12, 8
SUBJECTS = np.repeat(np.arange(PEOPLE), CLIPS)


def folds_of(vectors: np.ndarray, subjects: np.ndarray = SUBJECTS, n: int = 4) -> list[FoldVectors]:
    held = subjects % n
    return [
        FoldVectors(
            np.flatnonzero(held != k), np.flatnonzero(held == k), vectors[held != k], vectors[held == k]
        )
        for k in range(n)
    ]


def identities(rng: np.random.Generator) -> np.ndarray:
    """Clips that lie close to their own person, so that anybody is recognised."""
    return 5 * rng.normal(size=(PEOPLE, D))[SUBJECTS] + 0.1 * rng.normal(size=(len(SUBJECTS), D))


def p_value_of(vectors: np.ndarray, labels: np.ndarray, *, of_person: bool, permutations: int = 99) -> float:
    return label_test(
        folds_of(vectors),
        labels,
        SUBJECTS,
        int(labels.max()) + 1,
        of_person=of_person,
        permutations=permutations,
        rng=np.random.default_rng(0),
    ).p_value


def test_guesses_are_the_nearest_centre_by_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    vectors, labels = rng.normal(size=(len(SUBJECTS), D)), rng.integers(3, size=PEOPLE)[SUBJECTS]
    guessed = guesses_of(folds_of(vectors), labels, SUBJECTS, 3)
    for fold in range(4):
        centres, lengths, rows = [], [], []
        for label in range(3):
            own = [s for s in range(PEOPLE) if s % 4 != fold and labels[s * CLIPS] == label]
            means = np.array([vectors[s * CLIPS : (s + 1) * CLIPS].mean(axis=0) for s in own])
            centres.append(means.mean(axis=0))
            lengths.append(len(own))
            rows.append(means - means.mean(axis=0))
        spread = sum((each**2).sum() for each in rows) / (15 - 3)
        for clip in np.flatnonzero(fold == SUBJECTS % 4):
            near = [
                vectors[clip] @ centre - (centre @ centre - spread / n) / 2
                for centre, n in zip(centres, lengths, strict=True)
            ]
            assert guessed[clip] == int(np.argmax(near))


def test_people_weigh_alike_however_many_clips_they_have() -> None:
    vectors = np.array([[0.0], [0.0], [0.0], [4.0], [10.0], [6.4]])
    subjects, labels = np.array([0, 0, 0, 1, 2, 3]), np.array([0, 0, 0, 0, 1, 1])
    fold = [FoldVectors(np.arange(5), np.array([5]), vectors[:5], vectors[5:])]
    # The centre of the first label is 2, not 1: half way to 10 is 6, less what is taken off for noise.
    assert guesses_of(fold, labels, subjects, 2)[5] == 1
    assert (guesses_of(fold, labels, subjects, 2)[:5] == -1).all()


def test_a_planted_attribute_of_people_and_of_clips_is_found() -> None:
    rng = np.random.default_rng(0)
    of_people = rng.permutation(np.arange(PEOPLE) % 2)[SUBJECTS]
    noise = rng.normal(size=(len(SUBJECTS), D)) + rng.normal(size=(PEOPLE, D))[SUBJECTS]
    axis = np.eye(D)[0]
    assert p_value_of(noise + 3 * of_people[:, None] * axis, of_people, of_person=True) == 0.01
    of_clips = rng.integers(2, size=len(SUBJECTS))
    assert p_value_of(noise + 2 * of_clips[:, None] * axis, of_clips, of_person=False) == 0.01


@pytest.mark.parametrize("of_person", [True, False])
def test_identity_does_not_pose_as_an_attribute(of_person: bool) -> None:
    """Random values of people whom anybody would recognise: alarms as often as chance gives."""
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        of_people = rng.permutation(np.arange(PEOPLE) % 2)[SUBJECTS]
        labels = of_people if of_person else rng.integers(2, size=len(SUBJECTS))
        vectors = identities(rng)
        alarms += p_value_of(vectors, labels, of_person=of_person, permutations=39) <= 0.05
        if of_person:  # what folds of clips, not of people, would have found
            clips = folds_of(vectors, np.arange(len(SUBJECTS)))
            leaky = guesses_of(clips, labels, SUBJECTS, 2) == labels
            honest = guesses_of(folds_of(vectors), labels, SUBJECTS, 2) == labels
            assert leaky.mean() > honest.mean()
    assert alarms <= 3


def test_labels_are_permuted_within_people_or_over_them() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=len(SUBJECTS))
    within = permuted_within(labels, SUBJECTS, rng)
    assert (within != labels).any()
    assert (
        np.sort(within.reshape(PEOPLE, CLIPS), axis=1) == np.sort(labels.reshape(PEOPLE, CLIPS), axis=1)
    ).all()
    of_people = permuted_over_subjects(np.arange(PEOPLE)[SUBJECTS], SUBJECTS, rng).reshape(PEOPLE, CLIPS)
    assert (of_people == of_people[:, :1]).all()
    assert sorted(of_people[:, 0]) == list(range(PEOPLE))
    assert (of_people[:, 0] != np.arange(PEOPLE)).any()
