"""Does a tracker find in avatars what drove them, and how fast are they made?

    python benchmarks/avatars.py VIDEOS --model face_landmarker.task [--size 512] [--avatar FILE.glb]

Every clip of VIDEOS is tracked and drawn by the built-in engine, the avatars' videos are tracked in turn, and
the two are compared as `amber avatarize --check` does. Prints JSON: the share of frames in which the avatar
has a face where the original has one; per channel the median correlation over the clips in which it moves,
and how many these are; how many clips fit their own original best of all; and frames per second of drawing,
from video to video, and of the whole way. `--keep` keeps the videos and recordings in a folder, and a run
that was stopped goes on there; its frames per second are then of what was left.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from amber_id.avatarize import (
    AvatarizeConfig,
    DriveFolders,
    FollowingReport,
    avatarize_corpus,
    check_following,
    default_avatar_file,
    write_following,
)
from amber_id.corpora import find_corpus
from amber_id.tracking import CorpusSummary, Landmarker, find_model, track_corpus

CHANNELS = (
    *("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"),
    *("browInnerUp", "browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthPucker", "mouthFunnel"),
    *("yaw", "pitch", "roll"),
)


def main() -> None:
    """Draw, track, compare, print."""
    parser = argparse.ArgumentParser(description="What avatars keep of the motion that drives them.")
    parser.add_argument("videos", type=Path)
    parser.add_argument("--model", type=Path, help="face landmarker bundle; else found or fetched")
    parser.add_argument("--avatar", type=Path, help="a GLB; the default avatar unless told")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--keep", type=Path, help="keep what is made in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(json.dumps(measured(arguments, arguments.keep or Path(temporary)), indent=2))


def measured(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Everything that is printed."""
    model = find_model(arguments.model)
    avatar = arguments.avatar or default_avatar_file(model)
    originals, avatars, tracked = (folder / name for name in ("original", "videos", "avatar"))
    config = AvatarizeConfig(size=arguments.size)
    began = time.perf_counter()
    drawing = avatarize_corpus(
        find_corpus(arguments.videos),
        avatars,
        avatar,
        model,
        config,
        drives=DriveFolders(keep_in=originals),
        workers=arguments.workers,
    )
    name_failures(drawing)
    tracking = track_corpus(find_corpus(avatars), tracked, Landmarker(model), workers=arguments.workers)
    name_failures(tracking)
    took = time.perf_counter() - began
    report = check_following(originals, tracked)
    write_following(report, folder)
    return {
        "avatar": arguments.avatar.name if arguments.avatar else "default",
        "size": arguments.size,
        "frames": drawing.frames,
        "frames_per_s": {
            "video to avatar": round(drawing.frames / drawing.wall_s, 1),
            "with tracking the avatar": round(drawing.frames / took, 1),
        },
        **figures(report),
    }


def figures(report: FollowingReport) -> dict[str, object]:
    """What the comparison found, in the channels of `CHANNELS`."""
    found = report.summary()
    return {
        "clips": found.clips,
        "not_compared": len(found.failures),
        "face_share": found.face_share,
        "median": found.median,
        "match_their_own": f"{found.match_their_own} of {found.searched}",
        "flagged": found.flagged,
        "channels": {name: found.channels[name].model_dump() for name in CHANNELS},
    }


def name_failures(summary: CorpusSummary) -> None:
    """On standard error, so that what is printed stays JSON."""
    for failure in summary.failures:
        if failure.stage != "pair":
            print(f"{failure.clip}: {failure.reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
