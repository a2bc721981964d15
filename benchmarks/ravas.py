"""How many frames a second does RAVAS make of these videos, started anew for each?

    amber avatar merge --out avatar.glb        # the default avatar, in the form that RAVAS draws
    python benchmarks/ravas.py --ravas DIR --ravas-python PY --videos DIR --avatar avatar.glb --clips 3

Prints a JSON line per clip, then one for all of them. `seconds` is what the try that went well took, from the
start of RAVAS' Python to the end of its last process. Pictures are read and checked outside that time.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from amber_id.avatarize.ravas import RavasRun, RavasSetup, run_ravas
from amber_id.avatarize.ravas_setup import find_ravas
from amber_id.corpora import find_corpus
from amber_id.errors import AmberError


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
    parser.add_argument("--display", action="store_true", help="draw on DISPLAY instead of by EGL")
    options = parser.parse_args()
    try:
        setup = find_ravas(options.ravas, options.ravas_python, options.avatar, egl=not options.display)
        firsts = {clip.subject: clip for clip in reversed(find_corpus(options.videos).clips)}
        clips = [firsts[subject] for subject in sorted(firsts)][: options.clips]
        runs = [measure(clip.id, clip.path, setup) for clip in clips]
    except AmberError as error:
        sys.exit(f"error: {error}")
    frames, seconds = sum(run.frames for run in runs), sum(run.seconds for run in runs)
    say(clips=len(runs), frames=frames, seconds=round(seconds, 2), fps=round(frames / seconds, 2))


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
