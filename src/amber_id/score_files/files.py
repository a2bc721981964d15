"""Which format has a score file? Its suffix says: ``.parquet``, ``.npz``, and text under any other."""

from pathlib import Path

from amber_id.atomic_files import write_atomically
from amber_id.errors import UsageError
from amber_id.score_files.npz import npz_of, read_npz
from amber_id.score_files.parquet import parquet_of, read_parquet
from amber_id.score_files.people import check_sides, identify
from amber_id.score_files.score_file import ScoreFile
from amber_id.score_files.tables import layout_of, read_table_of_scores
from amber_id.score_files.text import read_text, text_of


def read_scores(path: Path, *, subjects: Path | None = None) -> ScoreFile:
    """Read the scores of a verification system, and find out whose clips it compared.

    Parameters
    ----------
    path
        ``.parquet``, ``.npz``, or text (any other suffix; ``.gz`` is unpacked).
    subjects
        A CSV table ``clip,subject`` or ``clip,subject,session`` that says whose each clip is. Without it the
        file's own columns, the clips' folders or the target trials do: see :class:`IdentifiedBy`.

    Returns
    -------
    ScoreFile
        The comparisons in the order of the file. Clips that are not compared are not in it.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison.
    FileFormatError
        If a file cannot be read, is cut off or of another kind, has a score that is not finite or a pair that
        stands twice, or contradicts itself; the message names the line or row.
    UsageError
        If `subjects` is given for scores without clips.
    """
    suffix = path.suffix.lower()
    if suffix == ".gz" and Path(path.stem).suffix.lower() in {".parquet", ".npz"}:
        raise UsageError(f"{path}: only text is read from .gz; unpack it")
    if suffix == ".npz":
        read = read_npz(path)
    elif suffix == ".parquet":
        read = read_parquet(path)
    else:
        layout = layout_of(path)
        read = read_text(path) if layout is None else read_table_of_scores(path, layout)
    if not isinstance(read, ScoreFile):
        return identify(read, subjects)
    if subjects is not None:
        raise UsageError(f"{path}: has scores without clips, which the table {subjects} cannot name")
    check_sides(path, len(read.mated_scores), len(read.nonmated_scores))
    return read


def write_scores(path: Path, score_file: ScoreFile) -> None:
    """Write scores in the format that the suffix says, whole or not at all.

    Scores come back exactly. Text has no place for subjects and sessions: they come back only if the clips'
    folders or the target trials tell, or from a table. People who were told from target trials alone are not
    written as known.

    Raises
    ------
    AmberError
        If the disk is full or the place cannot be written.
    UsageError
        If the format has no place for these scores or names.
    """
    suffix = path.suffix.lower()
    if suffix == ".gz" and Path(path.stem).suffix.lower() in {".parquet", ".npz"}:
        raise UsageError(f"{path}: only text is written to .gz; leave out .gz")
    if score_file.comparisons is None and suffix != ".npz":
        raise UsageError(f"{path}: scores of unnamed clips fit .npz only; change the suffix")
    if suffix == ".npz":
        write_atomically(path, npz_of(score_file, path))
    elif suffix == ".parquet":
        write_atomically(path, parquet_of(score_file, path))
    else:
        write_atomically(path, text_of(score_file, path))
