#!/usr/bin/env bash
# onnxruntime 1.32.0 (Linux wheel), 2026-11-30: importing it leaves a device id in the home folder, and saying no comes late.
# A session in a fresh home writes ~/.cache/Microsoft/DeveloperTools/.onnxruntime/deviceid and a database of events. One
# would guess that the Linux wheel has no telemetry, as its documentation speaks of Windows builds, and that
# `disable_telemetry_events()`, called before any session, prevents it. It does not, and the environment variable
# ORT_DISABLE_TELEMETRY helps only if it is set before the import. Nothing is sent here: the network is left out.
# Seen: usual: deviceid is written; disable_telemetry_events() after the import: written; variable before the import: none.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2
cat > "$work/session.py" <<'PY'
import os
import sys

import numpy as np
from onnx import TensorProto, helper

how = sys.argv[1]
if how == "before":
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

if how == "call":
    onnxruntime.disable_telemetry_events()
one = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "twice", one[:1], one[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
assert session.run(None, {"x": np.ones(1, np.float32)})[0] == 2
PY
for how in usual call before; do
    mkdir "$work/$how"
    # Without a network nothing can be sent, and what is kept at home is all there is to see.
    HOME="$work/$how" XDG_CACHE_HOME="$work/$how/.cache" unshare -rn "$work/venv/bin/python" "$work/session.py" "$how"
    found=$(find "$work/$how" -name deviceid | wc -l)
    echo "$how: deviceid files: $found"
    [ "$found" = "$([ "$how" = before ] && echo 0 || echo 1)" ] || { echo "changed"; exit 1; }
done
