#!/usr/bin/env bash
# The whole chain, from people to a report. BIN: where `amber` is; OUT: where all goes; VIDEOS: a folder of
# real videos, or empty for people who never lived and their avatars; FACEMESH, MAKE: the environment of the
# tracker that needs no download, and what sets it up, for real videos where no face landmarker can be had.
set -euo pipefail

amber="$BIN/amber"
rm -rf "$OUT"

# Some clips could not be used (exit code 3) is no reason to stop; each was named.
run() {
    echo "\$ amber $*"
    "$amber" "$@" || { code=$?; [ "$code" -eq 3 ] || exit "$code"; }
}

# Recordings, what the results are called, and what `evaluate` is told besides.
attack() {
    recordings="$1" name="$2"
    shift 2
    run split "$recordings"
    run train "$recordings" --out "$OUT/$name-moments" --attacker moments
    run evaluate "$OUT/$name-moments" "$recordings" --out "$OUT/$name-moments-report" "$@"
    run train "$recordings" --out "$OUT/$name-stgcn" --attacker stgcn --epochs 15
    run reselect "$OUT/$name-stgcn" "$recordings"
    run evaluate "$OUT/$name-stgcn" "$recordings" --out "$OUT/$name-stgcn-report" "$@"
}

if [ -n "$VIDEOS" ]; then
    if [ -n "${AMBER_FACE_LANDMARKER:-}" ] || "$amber" models fetch >/dev/null 2>&1; then
        run track "$VIDEOS" "$OUT/recordings"
    else
        echo "the face landmarker is neither here nor to be downloaded (amber models fetch says why):" \
            "tracking with FaceMesh, whose model comes with its package, in $FACEMESH"
        "$MAKE" --no-print-directory facemesh
        amber="$FACEMESH/bin/amber" run track "$VIDEOS" "$OUT/recordings" --tracker facemesh
    fi
    attack "$OUT/recordings" videos
else
    run synth "$OUT/people" --people 40 --clips 10
    # The reference model, on originals, and the attacker model, on avatars of the same people.
    attack "$OUT/people/original" refM --oracle "$OUT/people/oracle.json"
    attack "$OUT/people/avatar" attM --oracle "$OUT/people/oracle.json"
fi
