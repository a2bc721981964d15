#!/usr/bin/env bash
# PyLiveLinkFace 0.1, 2026-12-01: the first four values that are set for a blendshape arrive too small.
# `set_blendshape` sends the mean of the last five values unless it is told not to, so one would guess that the first value
# is sent as it is (a mean of one) and that a constant stays constant. The memory starts with one zero instead of empty: a
# constant 0.8 is sent as 0.4, 0.533, 0.6, 0.64 and only then 0.8. A recording made this way opens with a face that fades
# in from rest, the same in every clip, and its quick movements (a blink of three frames) are low-passed: a closed eye of
# 1.0 for three frames reaches 0.6. For measurements, set values with `no_filter=True` and drop nothing.
# Seen: 0.4 0.533 0.6 0.64 0.8 0.8, blink 0.6, without the filter 0.8 and 1.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet PyLiveLinkFace==0.1 numpy==2.2.6 timecode==1.4.1
"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

from pylivelinkface import FaceBlendShape, PyLiveLinkFace


def sent(values, **options):
    face = PyLiveLinkFace()
    out = []
    for value in values:
        face.set_blendshape(FaceBlendShape.EyeBlinkLeft, value, **options)
        out.append(round(face.get_blendshape(FaceBlendShape.EyeBlinkLeft), 3))
    return out


constant = sent([0.8] * 6)
blink = [0.0] * 10 + [1.0] * 3 + [0.0] * 10
print("PyLiveLinkFace", version("PyLiveLinkFace"), "constant 0.8:", *constant, "blink:", max(sent(blink)))
assert constant == [0.4, 0.533, 0.6, 0.64, 0.8, 0.8], "changed: the first values"
assert max(sent(blink)) == 0.6, "changed: the peak of a blink"
assert sent([0.8] * 6, no_filter=True) == [0.8] * 6 and max(sent(blink, no_filter=True)) == 1.0
PY
