"""How many frames per second do RAVAS, started anew for each video, and the built-in engine draw?

    amber avatar merge --out avatar.glb        # the default avatar, in the form that RAVAS draws
    python benchmarks/ravas.py --ravas DIR --ravas-python PY --videos DIR --avatar avatar.glb --clips 3

Prints a JSON line per clip, then one for all of them, then one for the built-in engine. `seconds` is what the
try that went well took, from the start of RAVAS' Python to the end of its last process; pictures are read and
checked outside that time. The built-in engine makes the same clips, from video to video, on all cores, at the
size to which RAVAS' pictures are cropped at most (394 pixels); `ratio` is its frames per second by RAVAS'.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from amber_id.avatarize import AvatarizeConfig, avatarize_corpus
from amber_id.avatarize.ravas.picture import CROP_SIDE
from amber_id.avatarize.ravas.run import RavasRun, RavasSetup, run_ravas
from amber_id.avatarize.ravas.setup import find_ravas
from amber_id.corpora import find_corpus
from amber_id.errors import AmberError
from amber_id.tracking import find_model


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ravas", type=Path, required=True, help="the checkout")
    parser.add_argument("--ravas-python", type=Path, required=True, help="the Python that has its packages")
    parser.add_argument("--videos", type=Path, required=True, help="a corpus")
    parser.add_argument("--avatar", type=Path, required=True, help="a .glb of one mesh")
    parser.add_argument("--clips", type=int, help="only the first of so many people; all unless told")
    parser.add_argument("--model", type=Path, help="face landmarker bundle; else found or fetched")
    parser.add_argument("--display", action="store_true", help="draw on DISPLAY instead of by EGL")
    options = parser.parse_args()
    try:
        setup = find_ravas(options.ravas, options.ravas_python, options.avatar, egl=not options.display)
        corpus = find_corpus(options.videos)
        firsts = {clip.subject: clip for clip in reversed(corpus.clips)}
        clips = tuple(firsts[subject] for subject in sorted(firsts))[: options.clips]
        runs = [measure(clip.id, clip.path, setup) for clip in clips]
    except AmberError as error:
        sys.exit(f"error: {error}")
    frames, seconds = sum(run.frames for run in runs), sum(run.seconds for run in runs)
    say(clips=len(runs), frames=frames, seconds=round(seconds, 2), fps=round(frames / seconds, 2))
    with tempfile.TemporaryDirectory() as out:
        ours = avatarize_corpus(
            replace(corpus, clips=clips),
            Path(out),
            options.avatar,
            find_model(options.model),
            AvatarizeConfig(size=CROP_SIDE),
        )
    fps = ours.frames / ours.wall_s
    say(builtin=True, frames=ours.frames, fps=round(fps, 2), ratio=round(fps * seconds / frames, 2))


def measure(clip: str, video: Path, setup: RavasSetup) -> RavasRun:
    """Run RAVAS on one video and print what came of it."""
    with tempfile.TemporaryDirectory() as work:
        run = run_ravas(video, Path(work) / "raw.avi", setup, work=Path(work))
    say(
        clip=clip,
        frames=run.frames,
        frames_without_face=run.frames_without_face,
        seconds=round(run.seconds, 2),
        fps=round(run.frames / run.seconds, 2),
        tries=run.tries,
        ravas=run.version,
    )
    return run


def say(**figures: object) -> None:
    """Print one JSON line."""
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
