"""Which columns do the corpus files of a study have, and is what is asked among them?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from amber_id.audit.confounds.corpus_facts import joined
from amber_id.corpora import CORPUS_FILE, read_corpus_columns
from amber_id.errors import UsageError
from amber_id.misfits import nearest, quoted
from amber_id.names import note_case_twins
from amber_id.quoting import names_and_more

_IDENTITY = ("subject", "path")  # who a clip shows is what the rest of a study asks
_NAMED_AT_MOST = 12


def require_columns(folders: Collection[Path], names: Mapping[str, Sequence[str]]) -> None:
    """Refuse a column that no corpus file of these folders has; `names` are by the flag that names them.

    Raises
    ------
    UsageError
        If there is none of that name, or it says who is shown.
    FileFormatError, CorpusError
        If a file does not fit, or two contradict each other.
    """
    known = [name for name in columns_of(folders) if name not in _IDENTITY]
    for flag, columns in names.items():
        for name in columns:
            if name in _IDENTITY:
                raise UsageError(
                    f"--{flag} {name}: says who a clip shows, which the rest of the audit asks; name another "
                    "column"
                )
            if name not in known:
                raise UsageError(_no_column(flag, name, sorted(known), folders))


def columns_of(folders: Iterable[Path]) -> dict[str, dict[str, str]]:
    """Every column of the corpus files of these folders together, by clip where it is known.

    Raises CorpusError if two files contradict each other, FileFormatError if one does not fit.
    """
    files = {folder / CORPUS_FILE: read_corpus_columns(folder) for folder in sorted(set(folders))}
    names = dict.fromkeys(name for columns in files.values() for name in columns)
    return {
        name: joined(name, {path: columns.get(name, {}) for path, columns in files.items()}) for name in names
    }


def column_of(folders: Iterable[Path], name: str) -> dict[str, str]:
    """One column by clip; says once which of its values differ in case only."""
    places = sorted(set(folders))
    values = columns_of(places).get(name, {})
    if places:
        note_case_twins(places[0] / CORPUS_FILE, f"values of {name}", set(values.values()))
    return values


def _no_column(flag: str, name: str, known: Sequence[str], folders: Collection[Path]) -> str:
    if not known:
        places = " or ".join(str(folder) for folder in folders)
        return f"--{flag} {name}: expected a {CORPUS_FILE} with a column {name} in {places}, got none"
    has = names_and_more(known, _NAMED_AT_MOST)
    return f"--{flag}: {CORPUS_FILE} has no column {quoted(name)}{nearest(name, known) or f'; it has {has}'}"
