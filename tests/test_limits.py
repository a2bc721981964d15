"""No more is read of a score file or a table than is agreed, whatever it unpacks to."""

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from amber_id import file_formats
from amber_id.errors import FileFormatError
from amber_id.file_formats import read_table, table_rows
from amber_id.score_files import lines, read_embeddings, read_scores, text, trials
from amber_id.score_files.folders import subject_of_folder
from amber_id.score_files.subject_table import read_subject_table

_GROWTH = """
import resource, sys
from pathlib import Path
import pyarrow.parquet
from amber_id.errors import AmberError
from amber_id.score_files import holds_embeddings, read_embeddings, read_scores

path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    (read_embeddings if holds_embeddings(path) else read_scores)(path)
except AmberError as error:
    print(error, file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def _without_line_ends(path: Path, heading: bytes = b"") -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(heading)
        for _ in range(150):
            file.write(b"x" * 1_000_000)
    return path


def _archive(path: Path, **heads: tuple[str, int]) -> Path:
    """An archive whose arrays are as large as their heads say, and empty."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as members:
        for name, (descr, count) in heads.items():
            with members.open(f"{name}.npy", "w", force_zip64=True) as file:
                head = {"descr": descr, "fortran_order": False, "shape": (count,)}
                np.lib.format.write_array_header_1_0(file, head)
                for _ in range(count * np.dtype(descr).itemsize // 1_000_000):
                    file.write(b"\0" * 1_000_000)
    return path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: _without_line_ends(folder / "x.txt.gz"), "line 1: expected at most 1,048,576 bytes"),
        (
            lambda folder: _without_line_ends(folder / "x.csv.gz", b"enrol,probe,label,score\n"),
            "line 2: expected at most 1,048,576 bytes",
        ),
        (
            lambda folder: _archive(
                folder / "x.npz", enrol=("<U25000", 1500), probe=("<U25000", 1500), scores=("<f8", 0)
            ),
            "expected",
        ),
    ],
    ids=["text", "table", "npz"],
)
def test_a_small_file_does_not_take_gigabytes(tmp_path, make, reason):
    path = make(tmp_path)
    assert path.stat().st_size < 1_500_000
    done = subprocess.run(
        [sys.executable, "-c", _GROWTH, path], capture_output=True, text=True, check=True, timeout=60
    )
    assert reason in done.stderr
    assert int(done.stdout) < 50_000  # kB; what is unpacked has 150 MB


def test_a_packed_file_unpacks_to_a_hundred_times_its_size(tmp_path, monkeypatch):
    path = tmp_path / "x.txt.gz"
    scores = b"a b target 1\na c nontarget 0.5\n" * 10_000
    path.write_bytes(gzip.compress(scores))
    monkeypatch.setattr(lines, "_ALWAYS_UNPACKED", len(scores) - 1)
    with pytest.raises(
        FileFormatError, match=r"at most 309,999 bytes unpacked from .*; unpack it if it is one"
    ):
        read_scores(path)
    monkeypatch.setattr(lines, "_ALWAYS_UNPACKED", len(scores))
    assert read_scores(path).mated_scores.size == 10_000


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.npz", "x.parquet"])
@pytest.mark.parametrize(
    ("limit", "most", "reason"),
    [
        ("MOST_COMPARISONS", 2, "expected at most 2 comparisons, got 3"),
        ("MOST_NAMES", 1, "expected at most 1 different names, got [23]"),
        ("LONGEST_NAME", 4, "expected names of at most 4 letters"),
    ],
)
def test_comparisons_and_names_have_limits(tmp_path, monkeypatch, name, limit, most, reason):
    path = tmp_path / name
    rows = [("clip1", "clip2", "target", "0.9"), ("clip1", "clip3", "nontarget", "0.1")]
    rows.append(("clip2", "clip3", "nontarget", "0.2"))
    columns = dict(zip(("enrol", "probe", "label", "score"), map(list, zip(*rows, strict=True)), strict=True))
    numbers = [float(score) for score in columns["score"]]
    match path.suffix:
        case ".npz":
            del columns["score"]
            np.savez(path, **{each: np.array(names) for each, names in columns.items()}, scores=numbers)
        case ".parquet":
            parquet.write_table(pa.table(columns | {"score": numbers}), path)
        case suffix:
            mark = "," if suffix == ".csv" else " "
            path.write_text("".join(f"{mark.join(row)}\n" for row in rows))
    assert len(read_scores(path).clips) == 3
    for module in (trials, sys.modules["amber_id.score_files.npz"]):
        if hasattr(module, limit):
            monkeypatch.setattr(module, limit, most)
    with pytest.raises(FileFormatError, match=reason):
        read_scores(path)


def test_lines_that_do_not_tell_label_from_score_are_not_kept_for_ever(tmp_path, monkeypatch):
    (tmp_path / "x.txt").write_text("a b 1 1\n" * 1000)
    monkeypatch.setattr(text, "_PIECE", 80)
    with pytest.raises(FileFormatError, match=r"got 0 or 1 in both columns of the first \d+ lines"):
        read_scores(tmp_path / "x.txt")


def test_a_nested_column_is_refused_by_name(tmp_path):
    names = pa.array([{"who": "a"}, {"who": "b"}])
    table = pa.table({"enrol": names, "probe": ["x", "y"], "score": [1.0, 2.0], "mated": [True, False]})
    parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(
        FileFormatError, match="one value a row in the column 'enrol', got struct<who: string>"
    ):
        read_scores(tmp_path / "x.parquet")


def test_a_flipped_version_of_the_archive_is_a_damaged_file(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, vectors=np.eye(3), subjects=[0, 0, 1])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 0xFF  # the version that the directory asks for
    path.write_bytes(data)
    for read in (read_scores, read_embeddings):
        with pytest.raises(FileFormatError, match=r"cut off or of another kind \(zip file version"):
            read(path)


def test_a_row_ends_although_a_quote_does_not(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("enrol,probe,label,score\na,b,target,1\n" + 'a,"' + "c\n" * 80_000)
    with pytest.raises(FileFormatError, match=r"line .*: expected a row of a CSV table .*field"):
        read_scores(path)
    path.write_text("enrol,probe,label,score\na,b,target,1\n" + '"\n","\n",' * 300_000)
    with pytest.raises(
        FileFormatError, match=r"expected a row of at most 1,048,576 characters.*a quote not closed"
    ):
        read_scores(path)


def test_cells_and_bytes_of_a_table_have_limits(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2\n" * 10)
    assert len(read_table(path, ["a", "b"])) == 10
    monkeypatch.setattr(file_formats, "MOST_CELLS", 32)
    with pytest.raises(
        FileFormatError, match="line 11: expected at most 32 cells and rows together, got more"
    ):
        list(table_rows(path))
    monkeypatch.setattr(file_formats, "LARGEST_TABLE", 43)
    with pytest.raises(FileFormatError, match="expected a CSV table of at most 43 letters"):
        list(table_rows(path))


def test_a_number_of_thousands_of_digits_is_nobodys(tmp_path):
    clip = f"talking_id{'9' * 5000}/a"
    assert subject_of_folder(clip) is None
    path = tmp_path / "corpus.csv"
    path.write_text(f"clip\n{clip}\n")
    with pytest.raises(
        FileFormatError, match="line 2: expected a column subject, or clips in numbered folders"
    ):
        read_subject_table(path, [clip], tmp_path / "scores.txt")
