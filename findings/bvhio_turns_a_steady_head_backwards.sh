#!/usr/bin/env bash
# bvhio 1.5.4, 2026-12-01: a head that turns steadily past 180 degrees is written as one that jumps by 350.
# BVH holds Euler angles in degrees that may go on: 170, 180, 190. Reading a file as a hierarchy and writing it again, one
# would guess the same channels. Angles are kept as quaternions in between, so 190 comes out as -170, which is the same pose
# but not the same curve: whoever takes speeds from the channels (as motion statistics do) sees a head that spins backwards
# within a frame. The position channels of the root and the offset of its end are lost as well. Take
# speeds from rotations, not from channels.
# Seen: 170 180 190 becomes 170 -180 -170; six channels become three; offset of the end 0 1 0 becomes 0 0 0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet bvhio==1.5.4 PyGLM==2.8.2 numpy==2.2.6
cd "$work"
cat > head.bvh <<'BVH'
HIERARCHY
ROOT Head
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  End Site
  {
    OFFSET 0 1 0
  }
}
MOTION
Frames: 3
Frame Time: 0.0333333
0 0 0 170 0 0
0 0 0 180 0 0
0 0 0 190 0 0
BVH
"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import bvhio

bvhio.writeHierarchy("again.bvh", bvhio.readAsHierarchy("head.bvh"), 1 / 30)
lines = [line.split() for line in open("again.bvh").read().splitlines() if line.strip()]
motion = [[float(value) for value in line] for line in lines[-3:]]
channels = next(line[2:] for line in lines if line[0] == "CHANNELS")
offsets = [[float(value) for value in line[1:]] for line in lines if line[0] == "OFFSET"]
angles = [round(abs(frame[channels.index("Zrotation")])) for frame in motion]
print("bvhio", version("bvhio"), "channels", channels, "frames", motion, "offsets", offsets)
assert angles == [170, 180, 170] and motion[0][0] * motion[2][0] < 0, "changed: the angles"
assert channels == ["Zrotation", "Xrotation", "Yrotation"], "changed: the channels"
assert offsets[-1] == [0.0, 0.0, 0.0], "changed: the offset of the end"
PY
