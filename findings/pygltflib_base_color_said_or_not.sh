#!/usr/bin/env bash
# pygltflib 1.16.5, 2026-11-30: a glTF material without a base colour and one whose base colour is white read alike.
# glTF 2.0 gives `baseColorFactor` a default of [1, 1, 1, 1], so one would guess that a reader leaves None where the
# file says nothing, as pygltflib does for most optional properties (emissiveFactor, alphaMode have defaults as well).
# It matters for materials that only emit: a renderer must know whether a base colour was given. Read the JSON itself.
# Seen: said [1.0, 1.0, 1.0, 1.0], not said [1.0, 1.0, 1.0, 1.0].
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pygltflib==1.16.5
"$work/venv/bin/python" - <<'PY'
import json
from importlib.metadata import version

from pygltflib import GLTF2


def factor(material):
    text = json.dumps({"asset": {"version": "2.0"}, "materials": [material]})
    return GLTF2.from_json(text).materials[0].pbrMetallicRoughness.baseColorFactor


said = factor({"pbrMetallicRoughness": {"baseColorFactor": [1.0, 1.0, 1.0, 1.0]}})
not_said = factor({"pbrMetallicRoughness": {}, "emissiveFactor": [0.8, 0.1, 0.1]})
print("pygltflib", version("pygltflib"), "said", said, "not said", not_said)
assert said == not_said == [1.0, 1.0, 1.0, 1.0], "changed: the two can be told apart"
PY
