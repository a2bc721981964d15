#!/usr/bin/env bash
# openTSNE 1.0.4, 2026-11-30: equal vectors that differ by rounding are drawn far apart, and the order of rows matters.
# An attacker that has collapsed gives every clip the same embedding but for 1e-7. One would guess a single blob, or a
# refusal, and the same map when the rows come in another order with the same random_state. The map is spread like any
# other, and another order gives another map. Check the spread of the embeddings first, and fix the order of rows.
# Seen: extent 19.9; distances between the same two points change by up to 17.5 when the rows are permuted.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet openTSNE==1.0.4 numpy==2.2.6 scipy==1.15.3 scikit-learn==1.7.2
"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
from openTSNE import TSNE
from scipy.spatial.distance import pdist

rng = np.random.default_rng(0)
rows = np.ones((20, 8)) + 1e-7 * rng.normal(size=(20, 8))


def drawn(values):
    return np.asarray(TSNE(metric="cosine", initialization="pca", random_state=0, perplexity=6).fit(values))


order = rng.permutation(20)
first, permuted = drawn(rows), drawn(rows[order])
extent = np.ptp(first, axis=0).max()
changed = np.abs(pdist(permuted) - pdist(first[order])).max()  # whatever the map's turn and place
print("openTSNE", version("openTSNE"), f"extent {extent:.1f}, distances change by up to {changed:.1f}")
assert extent > 1 and changed > 0.1, "changed: equal rows lie together, or the order does not matter"
PY
