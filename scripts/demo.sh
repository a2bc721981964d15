#!/usr/bin/env bash
# The whole chain, from people to a report. BIN: where `amber` is; OUT: where all goes; VIDEOS: a folder of
# real videos, or empty for people who never lived.
set -euo pipefail

amber="$BIN/amber"
rm -rf "$OUT"

# Some clips could not be used (exit code 3) is no reason to stop; each was named.
run() {
    echo "\$ amber $*"
    "$amber" "$@" || { code=$?; [ "$code" -eq 3 ] || exit "$code"; }
}

if [ -n "$VIDEOS" ]; then
    recordings="$OUT/recordings"
    run track "$VIDEOS" "$recordings"
else
    recordings="$OUT/people/original"
    # Habits differ three times as much as is thought usual, so that a few short clips are enough to find them.
    run synth "$OUT/people" --people 40 --clips 8 --habit 3
fi

run split "$recordings"
run train "$recordings" --out "$OUT/moments" --attacker moments --view motion
run evaluate "$OUT/moments" "$recordings" --out "$OUT/moments-report"
run train "$recordings" --out "$OUT/stgcn" --attacker stgcn --view motion --epochs 15
run reselect "$OUT/stgcn" "$recordings"
run evaluate "$OUT/stgcn" "$recordings" --out "$OUT/stgcn-report"
