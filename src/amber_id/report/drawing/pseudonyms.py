"""Under which name does a person appear?

Conventions
-----------
A pseudonym is P and a number: P01, P02, ... Its order says nothing about the corpus' own numbers.
It hides the number from a reader of the page only: whoever holds the split can find the person again.
"""

import hashlib
from collections.abc import Iterable

from amber_id.results import EvaluationResults


def pseudonyms(subjects: Iterable[str], split_sha256: str) -> dict[str, str]:
    """The pseudonym of each subject, the same for the same subjects of the same split.

    Numbers follow the SHA-256 of split and subject, so they depend on no random generator and on no order.

    Examples
    --------
    >>> names = pseudonyms(["ravdess_id001", "ravdess_id002", "cremad_id101"], "5f2a")
    >>> sorted(names.values())
    ['P01', 'P02', 'P03']
    >>> names == pseudonyms(["cremad_id101", "ravdess_id002", "ravdess_id001"], "5f2a")
    True
    """
    shuffled = sorted(set(subjects), key=lambda subject: (_digest(split_sha256, subject), subject))
    digits = max(2, len(str(len(shuffled))))
    return {subject: f"P{number:0{digits}d}" for number, subject in enumerate(shuffled, start=1)}


def _digest(split_sha256: str, subject: str) -> str:
    return hashlib.sha256(f"{split_sha256}/{subject}".encode()).hexdigest()


def subject_names(results: EvaluationResults) -> dict[str, str]:
    """The pseudonym of every test person."""
    return pseudonyms((each.subject for each in results.subjects), results.provenance.split_sha256)
