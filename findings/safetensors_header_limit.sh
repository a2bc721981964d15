#!/usr/bin/env bash
# safetensors 0.8.0, 2026-11-30: the limit of a header is met when everything is computed, and metadata count.
# The format keeps names and metadata in one JSON header of at most 100 MB. Files of embeddings that name every clip in
# the metadata reach it at about a million clips. One would guess that a limit on metadata is checked where metadata are
# given, or documented beside `save_file`; it is an error of serialising, after all the work, and says only the length.
# Long lists of names belong into a uint8 tensor.
# Seen: 90 MB of metadata are written and read; 110 MB: "Error while serializing: header too large".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet safetensors==0.8.0 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

vectors = {"vectors": np.zeros((1, 4), np.float32)}
save_file(vectors, "below.safetensors", metadata={"clips": "x" * 90_000_000})
with safe_open("below.safetensors", "numpy") as file:
    assert len(file.metadata()["clips"]) == 90_000_000
try:
    save_file(vectors, "above.safetensors", metadata={"clips": "x" * 110_000_000})
except SafetensorError as error:
    print("safetensors", version("safetensors"), "90 MB: read back; 110 MB:", error)
else:
    with safe_open("above.safetensors", "numpy") as file:
        file.metadata()
    raise SystemExit("changed: 110 MB of metadata are written and read")
PY
