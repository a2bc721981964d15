#!/usr/bin/env bash
# The whole chain, from people to a report. BIN: folder of `amber`; OUT: folder for all results; VIDEOS: a folder of
# real videos, or empty for synthetic people and their avatars; FACEMESH, MAKE: the environment of the tracker
# that needs no download, and the program that sets it up, for real videos without a face landmarker.
set -euo pipefail

amber="$BIN/amber"
rm -rf "$OUT"

# Exit code 3 (some clips could not be used) is no reason to stop; each of these clips was named.
run() {
    echo "\$ amber $*"
    "$amber" "$@" || { code=$?; [ "$code" -eq 3 ] || exit "$code"; }
}

# Arguments: recordings, the name of the results, and further options of `evaluate`.
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
        echo "the face landmarker is missing and cannot be downloaded (run amber models fetch for the reason):" \
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
