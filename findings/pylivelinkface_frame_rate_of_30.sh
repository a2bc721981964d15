#!/usr/bin/env bash
# PyLiveLinkFace 0.1, 2026-12-01: a packet sent at 30 frames/s states a frame rate of 30/0, one at 120 frames/s states 120/2.
# The frame rate of a Live Link packet is a fraction (Unreal's FFrameRate: numerator, denominator), so one would guess 30/1
# and 120/1, as the phone app sends. The package computes the denominator as int(fps / 60): only 60 to 119 come out right.
# Who divides the two gets no rate at all below 60, and half the rate at 120. A reader should check the fraction against
# the times at which packets arrive.
# Seen: 24/0 30/0 59/0 60/1 90/1 120/2 240/4.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet PyLiveLinkFace==0.1 numpy==2.2.6 timecode==1.4.1
"$work/venv/bin/python" - <<'PY'
import struct
from importlib.metadata import version

from pylivelinkface import PyLiveLinkFace

IDENTITY = "$" + "0" * 36
BEFORE = 4 + len(IDENTITY) + 4 + len("face") + 8  # version, identity, length, name, frame and part of a frame


def stated(fps):
    packet = PyLiveLinkFace("face", IDENTITY, fps).encode()
    return struct.unpack("!II", packet[BEFORE : BEFORE + 8])


rates = {fps: stated(fps) for fps in (24, 30, 59, 60, 90, 120, 240)}
print("PyLiveLinkFace", version("PyLiveLinkFace"), *("%d/%d" % rate for rate in rates.values()))
assert all(numerator == fps for fps, (numerator, _) in rates.items()), "changed: another numerator"
assert {fps: denominator for fps, (_, denominator) in rates.items()} == {
    24: 0, 30: 0, 59: 0, 60: 1, 90: 1, 120: 2, 240: 4,
}, "changed: the denominators are others"
PY
