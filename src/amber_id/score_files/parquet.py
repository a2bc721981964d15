"""Score columns in a Parquet table."""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from amber_id.errors import FileFormatError
from amber_id.score_files.columns import COLUMNS, Columns, columns_of, trials_of
from amber_id.score_files.headings import columns_by_meaning
from amber_id.score_files.score_file import ScoreFile
from amber_id.score_files.trials import NameColumn, Trials

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(path: Path) -> Trials:
    """Read the comparisons of a Parquet table.

    Raises
    ------
    FileFormatError
        If it cannot be read or is no Parquet, or a column or value is missing or of another type.
    """
    import pyarrow as pa

    columns = Columns(path)
    try:
        # Not read_table, which would take columns from the names of the folders above.
        with path.open("rb") as file:
            _read_into(columns, file)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno:
            raise FileFormatError(path, f"cannot be read ({error.strerror or error})") from error
        what = (str(error).splitlines() or ["no reason given"])[0]
        reason = f"expected Parquet, got a file that is cut off or of another kind ({what})"
        raise FileFormatError(path, reason) from error
    return trials_of(columns)


def parquet_of(scores: ScoreFile, path: Path) -> bytes:
    """The content of a Parquet table, the same bytes for the same scores and version of pyarrow."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = columns_of(path, scores)
    arrays = {
        name: pa.DictionaryArray.from_arrays(
            pa.array(column.rows, pa.int32()), pa.array(column.names, pa.string())
        )
        for name, column in columns.names.items()
    }
    arrays |= {name: pa.array(numbers) for name, numbers in columns.numbers.items()}
    stream = pa.BufferOutputStream()
    parquet.write_table(
        pa.table({name: arrays[name] for name in COLUMNS if name in arrays}),
        stream,
        write_page_checksum=True,
        compression="zstd",
    )
    content: bytes = stream.getvalue().to_pybytes()
    return content


def _read_into(columns: Columns, file: BinaryIO) -> None:
    from pyarrow import parquet

    # Not read_table, which would take columns from the names of the folders above.
    schema = parquet.ParquetFile(file).schema_arrow
    columns.headings.update(columns_by_meaning(columns.path, schema.names))
    are_names = {name: _are_names(name, schema.field(head).type) for name, head in columns.headings.items()}
    dictionaries = [columns.headings[name] for name, are in are_names.items() if are]
    table = parquet.ParquetFile(file, read_dictionary=dictionaries, page_checksum_verification=True)
    # One column at a time, and names as dictionaries: written out they are long.
    for name, heading in columns.headings.items():
        column = table.read(columns=[heading]).column(0)
        column.validate(full=True)  # the headers have no checksum: a row may point nowhere
        _check_no_null(columns.path, heading, column)
        if are_names[name]:
            columns.names[name] = _names(columns.path, heading, column)
        else:
            columns.numbers[name] = column.to_numpy()


def _are_names(name: str, kind: "pa.DataType") -> bool:
    """Whether a column is read as names; labels are where they are words."""
    import pyarrow as pa

    if name != "label":
        return name != "score"
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _check_no_null(path: Path, name: str, column: "pa.ChunkedArray") -> None:
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0]) + 1
        raise FileFormatError(
            path, f"row {row}: expected a value in {name}, got none; fill it in or leave the comparison out"
        )


def _names(path: Path, name: str, column: "pa.ChunkedArray") -> NameColumn:
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    words = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    if not any(are(kind) for are in (*words, pa.types.is_integer)):
        raise FileFormatError(path, f"expected names in the column {name}, got {column.type}")
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    encoded = column.combine_chunks()
    names = [
        each.decode() if isinstance(each, bytes) else str(each) for each in encoded.dictionary.to_pylist()
    ]
    return NameColumn(encoded.indices.to_numpy(), names)
