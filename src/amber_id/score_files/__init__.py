"""What did another verification system score, and whose clips did it compare?

Scores of any system come in as text (``enrol probe target|nontarget score``), Parquet or NumPy's ``.npz``,
by suffix, and go out the same way; docs/file-formats.md has the columns. Who is behind each clip is taken
from the surest source there is: see :class:`IdentifiedBy`. A file that contradicts itself is refused, with
the line and the clips; nothing is dropped in silence.
"""

from amber_id.score_files.embeddings import (
    Embeddings,
    EmbeddingsHeader,
    holds_embeddings,
    read_embeddings,
    write_embeddings,
)
from amber_id.score_files.files import read_scores, write_scores
from amber_id.score_files.score_file import IdentifiedBy, ScoreFile
from amber_id.score_files.subject_table import read_utterances

__all__ = [
    "Embeddings",
    "EmbeddingsHeader",
    "IdentifiedBy",
    "ScoreFile",
    "holds_embeddings",
    "read_embeddings",
    "read_scores",
    "read_utterances",
    "write_embeddings",
    "write_scores",
]
