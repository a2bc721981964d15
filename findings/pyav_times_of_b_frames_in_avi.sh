#!/usr/bin/env bash
# PyAV 18.1.0, 2026-11-30: frames of H.264 with B-frames in AVI have times that run backward.
# AVI keeps no presentation times. Players show 30 frames a second all the same, since FFmpeg guesses a time for each
# frame (best_effort_timestamp). One would guess that PyAV's `frame.pts` and `frame.time` are that guess; they are the
# container's raw value. A reader that drops frames without a time, or whose time does not rise, loses a part of the
# frames in silence; from their order and the frame period all times can be had.
# Seen: 30 frames, 21 whose time rises; the first times are 1, 2, 3, 5, 4, 7, 6, 9.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet av==18.1.0 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" - <<'PY'
from importlib.metadata import version

import av
import numpy as np

N = 30
with av.open("b_frames.avi", "w") as file:
    stream = file.add_stream("libx264", rate=30, options={"bf": "2", "g": "30"})
    stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (96, 400, 3), np.uint8)
    for k in range(N):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(noise[:, 4 * k : 4 * k + 128]), format="rgb24")
        file.mux(stream.encode(frame))
    file.mux(stream.encode())
with av.open("b_frames.avi") as file:
    times = [frame.pts for frame in file.decode(video=0)]
kept, last = 0, -1
for time in times:
    if time is not None and time > last:
        kept, last = kept + 1, time
missing = sum(time is None for time in times)
print("PyAV", version("av"), f"{len(times)} frames, {missing} without a time, {kept} whose time rises;", times[:8])
assert len(times) == N and kept < 0.9 * N, "changed: every frame has a rising time"
PY
