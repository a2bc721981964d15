"""Score columns in a Parquet table."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from amber_id.errors import FileFormatError
from amber_id.quoting import quote
from amber_id.reading import reading
from amber_id.score_files.columns import COLUMNS, Columns, columns_of, trials_of
from amber_id.score_files.headings import columns_by_meaning
from amber_id.score_files.score_file import ScoreFile
from amber_id.score_files.trials import NameColumn, NameNumbers, Trials, check_length, check_size

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_BATCH = 1 << 14  # rows


def read_parquet(path: Path) -> Trials:
    """Read the comparisons of a Parquet table.

    Raises
    ------
    FileFormatError
        If it cannot be read or is no Parquet, or a column or value is missing or of another type.
    """
    columns = Columns(path)
    with ExitStack() as closing:
        with reading(path, "Parquet"):
            file = closing.enter_context(path.open("rb"))
        _read_into(columns, file)
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
    import pyarrow as pa
    from pyarrow import parquet

    path, broken = columns.path, (pa.ArrowException,)
    # Not read_table, which would take columns from the names of the folders above.
    with reading(path, "Parquet", broken):
        table = parquet.ParquetFile(file)
        schema, metadata = table.schema_arrow, table.metadata
    columns.headings.update(columns_by_meaning(path, schema.names))
    kinds = {name: schema.field(heading).type for name, heading in columns.headings.items()}
    for name, kind in kinds.items():
        if pa.types.is_nested(kind):
            heading = quote(columns.headings[name])
            raise FileFormatError(path, f"expected one value a row in the column {heading}, got {kind}")
    check_size(path, metadata.num_rows, 0)
    are_names = {name: _are_names(name, kind) for name, kind in kinds.items()}
    # Names are not asked for as dictionaries: pyarrow cannot give them where they are packed as
    # DELTA_BYTE_ARRAY. Written out they are long, so one column is read at a time, and of it some rows.
    with reading(path, "Parquet", broken):
        table = parquet.ParquetFile(file, page_checksum_verification=True)
    for name, heading in columns.headings.items():
        parts = _parts(path, heading, table)
        if are_names[name]:
            columns.names[name] = _names(path, heading, parts)
        else:
            columns.numbers[name] = pa.chunked_array(parts, kinds[name]).to_numpy()


def _parts(path: Path, name: str, table: "ParquetFile") -> Iterator["pa.Array"]:
    """A column, some rows at a time, so that it can be found too large before it is read whole.

    What the metadata say of its size is no help: they may be wrong, and pyarrow may end the process where
    they are damaged.
    """
    import pyarrow as pa

    first, batches = 1, table.iter_batches(_BATCH, columns=[name])
    while True:
        with reading(path, "Parquet", (pa.ArrowException,)):
            batch = next(batches, None)
            if batch is None:
                return
            part = batch.column(0)
            part.validate(full=True)  # the headers have no checksum: a row may point nowhere
        if part.null_count:
            row = first + int(np.flatnonzero(part.is_null().to_numpy(zero_copy_only=False))[0])
            reason = (
                f"row {row}: expected a value in {name}, got none; fill it in or leave the comparison out"
            )
            raise FileFormatError(path, reason)
        first += len(part)
        check_size(path, first - 1, 0)
        yield part


def _are_names(name: str, kind: "pa.DataType") -> bool:
    """Whether a column is read as names; labels are where they are words."""
    import pyarrow as pa

    if name != "label":
        return name != "score"
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _names(path: Path, name: str, parts: Iterable["pa.Array"]) -> NameColumn:
    import pyarrow as pa

    numbers, rows = NameNumbers(), [np.zeros(0, np.int32)]
    for part in parts:
        kind = part.type.value_type if pa.types.is_dictionary(part.type) else part.type
        kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
        if not any(are(kind) for are in (*kinds, pa.types.is_integer)):
            raise FileFormatError(path, f"expected names in the column {name}, got {part.type}")
        with reading(path, f"names in Unicode in {name}", (pa.ArrowException,)):
            encoded = part if pa.types.is_dictionary(part.type) else part.dictionary_encode()
            words = encoded.dictionary.to_pylist()
            names = [word.decode() if isinstance(word, bytes) else str(word) for word in words]
        check_length(path, names)
        number_of = numbers.of(names, len(names))
        check_size(path, 0, len(numbers))
        rows.append(number_of[encoded.indices.to_numpy()])
    return NameColumn(np.concatenate(rows), [*map(str, numbers)])
