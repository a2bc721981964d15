#!/usr/bin/env bash
# c3d 0.6.0 and ezc3d 1.7.2, 2026-12-01: a marker that is missing for ezc3d is at a place for c3d.
# A marker that is hidden has the residual -1 in a C3D file of motion capture. ezc3d returns NaN for it, so one would guess
# that c3d does the like. c3d returns the numbers that happen to be stored, with the -1 in a fourth column. They are zeros
# where ezc3d wrote NaN, that is the origin of the room, and the last or any other place where other programs wrote the
# file: a face marker jumps metres for a few frames, which nothing refuses. Read the fourth column before anything else.
# Seen: hidden marker, ezc3d nan nan nan, c3d 0.0 0.0 0.0 with -1.0; written by c3d at 5 5 5, ezc3d nan, c3d 5 5 5.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet c3d==0.6.0 ezc3d==1.7.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import c3d
import ezc3d
import numpy as np

HIDDEN = 2  # of four frames


def write_with_ezc3d(path):
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [30]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["lip"]
    points = np.full((4, 1, 4), 5.0)
    points[:3, 0, HIDDEN] = np.nan
    file["data"]["points"] = points
    file.write(path)


def write_with_c3d(path):
    writer = c3d.Writer(point_rate=30.0)
    frames = np.zeros((4, 1, 5), np.float32)
    frames[:, 0, :3] = 5
    frames[HIDDEN, 0, 3] = -1
    writer.add_frames([(frame, np.empty((0, 0))) for frame in frames])
    writer.set_point_labels(["lip"])
    with open(path, "wb") as out:
        writer.write(out)


def of_c3d(path):
    with open(path, "rb") as file:
        return [points[0, :4].tolist() for _, points, _ in c3d.Reader(file).read_frames()]


for write, stored in ((write_with_ezc3d, 0.0), (write_with_c3d, 5.0)):
    write("face.c3d")
    one = ezc3d.c3d("face.c3d")["data"]["points"][:3, 0, HIDDEN]
    other = of_c3d("face.c3d")
    print("ezc3d", version("ezc3d"), one, "c3d", version("c3d"), other[HIDDEN], "in", write.__name__)
    assert np.isnan(one).all(), "changed: ezc3d gives a hidden marker a place"
    assert other[HIDDEN] == [stored] * 3 + [-1.0], "changed: c3d marks a hidden marker otherwise"
    assert other[HIDDEN - 1] == [5.0, 5.0, 5.0, 0.0]
PY
