#!/usr/bin/env bash
# pyannote.metrics 3.2.1, 2026-12-01: an EER that is exactly 0.25 is given as 0.1875, with 8 scores and with 800 alike.
# Mated 0.9, 0.8, 0.7, 0.4 and non-mated 0.1, 0.2, 0.3, 0.5: at the threshold 0.5 both error rates are 0.25, so one would
# guess 0.25, or at least that more scores of this kind bring it near. `det_curve` takes the mean of four rates, two at each
# corner beside the place where the rates cross, and it looks behind the corner at which they are equal, along a curve whose
# straight parts scikit-learn has already thinned out: distant corners are averaged however many scores there are. Figures
# are comparable with those of others only where the curve is smooth. The error here is towards "recognised".
# Seen: 8 scores 0.1875, 80 0.1875, 800 0.1875.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pyannote.metrics==3.2.1 numpy==1.26.4 scikit-learn==1.7.2 'setuptools<81'
"$work/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
from pyannote.metrics.binary_classification import det_curve


def near(scores, count):
    return np.add.outer(scores, np.arange(count) * 1e-5).ravel()


def eers(count):
    mated, non_mated = near([0.9, 0.8, 0.7, 0.4], count), near([0.1, 0.2, 0.3, 0.5], count)
    labels = np.r_[np.ones(mated.size), np.zeros(non_mated.size)]
    threshold = 0.5
    both = np.mean(mated < threshold), np.mean(non_mated >= threshold)
    assert both == (0.25, 0.25), "the input is not what it should be"
    return det_curve(labels, np.r_[mated, non_mated])[3]


seen = {8 * count: eers(count) for count in (1, 10, 100)}
print("pyannote.metrics", version("pyannote.metrics"), *(f"{n} scores {eer:.4f}" for n, eer in seen.items()))
assert all(eer == 0.1875 for eer in seen.values()), "changed: another EER"
PY
