#!/usr/bin/env bash
# pyarrow 26.0.1, 2026-11-30: a column of names that other writers pack as DELTA_BYTE_ARRAY cannot be read as a dictionary.
# Score files repeat few names in millions of rows, so one reads their names with `read_dictionary`, in a tenth of the
# memory. One would guess that this works for every encoding that pyarrow reads, as it does for PLAIN.
# For DELTA_BYTE_ARRAY, which pyarrow itself writes and reads as strings, it is refused, with an OSError without a number.
# Seen: plain: a dictionary; delta: strings; delta as a dictionary: OSError, "Not yet implemented: DecodeArrow of DictAccumulator ...".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pyarrow==26.0.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table({"enrol": ["a_id001/x", "a_id001/x", "a_id002/y"]})
for name, encoding in (("plain", "PLAIN"), ("delta", "DELTA_BYTE_ARRAY")):
    pq.write_table(table, f"{name}.parquet", use_dictionary=False, column_encoding={"enrol": encoding})
print("pyarrow", pa.__version__)
print("plain as dictionary:", pq.read_table("plain.parquet", read_dictionary=["enrol"])["enrol"].type)
print("delta as strings:", pq.read_table("delta.parquet")["enrol"].to_pylist())
try:
    got = pq.read_table("delta.parquet", read_dictionary=["enrol"])["enrol"].type
except OSError as error:
    print("delta as dictionary:", error)
else:
    raise SystemExit(f"changed: delta as dictionary gives {got}")
PY
