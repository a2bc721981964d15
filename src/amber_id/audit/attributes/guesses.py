"""How well is the value of a clip guessed by what learnt from clips of other people?

Each clip is a vector (`vectors.py`). Of each value the centre is learnt: the mean over train people who show
it of the mean of their clips, so that people weigh alike however many clips they have. A clip is guessed to
have the value whose centre is nearest; as few people make a centre lie further out, the variance of the
centre is taken off its squared length. Values have equal weights: who always names the most frequent one has
a balanced accuracy of one over the number of values.

Control: the labels are permuted, and all is learnt and guessed anew. Those of a person's attribute are
permuted over people, all clips of a person together, or whoever recognises people would seem to know the
attribute; those of a clip's attribute within each person. The p value is the share of permutations, and of
the labels as they are, that are guessed as well (Phipson and Smyth, Statistical Applications in Genetics and
Molecular Biology 9, 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array

from amber_id.biometrics import permuted_over_subjects, permuted_within, shares_right


@dataclass(frozen=True, eq=False)
class FoldVectors:
    """Vectors of the clips that one fold learns from, and of those that it guesses; by rows of a study's."""

    train: Int[np.ndarray, " n"]  # clips
    test: Int[np.ndarray, " m"]
    learnt_from: Float[np.ndarray, "n D"]
    guessed: Float[np.ndarray, "m D"]


@dataclass(frozen=True)
class LabelTest:
    """The balanced accuracy of guesses beside that of permuted labels."""

    control: float  # mean over permutations
    p_value: float


def guesses_of(
    folds: Sequence[FoldVectors],
    labels: Int[np.ndarray, " N"],
    subjects: Int[np.ndarray, " N"],
    different: int,
) -> Int[np.ndarray, " N"]:
    """The label, below `different`, that is guessed of each clip that a fold tests; -1 of the others."""
    guessed = np.full(len(labels), -1)
    for fold in folds:
        centres, noise = _centres(fold.learnt_from, labels[fold.train], subjects[fold.train], different)
        near = fold.guessed @ centres.T - ((centres**2).sum(axis=1) - noise) / 2
        guessed[fold.test] = near.argmax(axis=1)
    return guessed


def label_test(
    folds: Sequence[FoldVectors],
    labels: Int[np.ndarray, " N"],
    subjects: Int[np.ndarray, " N"],
    different: int,
    *,
    of_person: bool,
    permutations: int,
    rng: np.random.Generator,
) -> LabelTest:
    """Whether the labels as they are, are guessed better than permuted ones."""
    permuted = permuted_over_subjects if of_person else permuted_within
    tested = np.concatenate([fold.test for fold in folds])

    def accuracy(those: Int[np.ndarray, " N"]) -> float:
        right: Bool[np.ndarray, " N"] = guesses_of(folds, those, subjects, different) == those
        return shares_right(right[tested], those[tested], different)

    with np.errstate(invalid="ignore"):  # where tested clips lack a label
        observed = accuracy(labels)
        null = np.array([accuracy(permuted(labels, subjects, rng)) for _ in range(permutations)])
    # A permutation that lacks a label among tested clips says nothing, and counts as being as good.
    reached = np.count_nonzero(~(null < observed - 1e-9))
    return LabelTest(float(np.nanmean(null)), (1 + reached) / (1 + permutations))


def _centres(
    vectors: Float[np.ndarray, "n D"],
    labels: Int[np.ndarray, " n"],
    subjects: Int[np.ndarray, " n"],
    different: int,
) -> tuple[Float[np.ndarray, "K D"], Float[np.ndarray, " K"]]:
    """The centre of each label, and by how much its squared length is too long; infinite if nobody has it."""
    # One row for each person and label that meet.
    pairs, row = np.unique(subjects * different + labels, return_inverse=True)
    counts = np.bincount(row)
    n = len(vectors)
    sums = csr_array((np.ones(n), (row, np.arange(n))), shape=(len(pairs), n)) @ vectors
    means = sums / counts[:, None]
    label = pairs % different
    people = np.bincount(label, minlength=different)
    member = (label == np.arange(different)[:, None]) / np.maximum(people, 1)[:, None]
    centres = member @ means
    spread = ((means - centres[label]) ** 2).sum() / max(len(pairs) - np.count_nonzero(people), 1)
    noise = spread / np.maximum(people, 1)
    return centres, np.where(people > 0, noise, -np.inf)
