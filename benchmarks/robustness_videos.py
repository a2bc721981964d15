"""Videos for the campaign: a short one of the default avatar in several containers, then damaged."""

import contextlib
import itertools
import random
import shutil
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import av

from amber_id.corpora import Clip
from amber_id.tracking import Landmarker, find_model
from amber_id.tracking.one_clip import record_clip
from robustness import Child, Tally, campaign, outcome
from robustness_mutations import damaged
from robustness_readers import amber

_FRAMES = 20
_KINDS = (
    *(("mp4", "libx264"), ("mov", "mpeg4"), ("mkv", "libx264"), ("webm", "libvpx"), ("webm", "libvpx-vp9")),
    *(("avi", "mpeg4"), ("avi", "mjpeg"), ("ts", "mpeg2video"), ("mpg", "mpeg1video"), ("flv", "flv1")),
)


def make_videos(folder: Path) -> None:
    """The same frames of the default avatar in every container."""
    people, avatars = folder / "one", folder / "avatars"
    source = next(folder.glob("people/original/*/*.safetensors"), None)
    if source is None:
        amber("synth", folder / "people", "--people", 2, "--clips", 1, "--quiet")
        source = next(folder.glob("people/original/*/*.safetensors"))
    (people / source.parent.name).mkdir(parents=True, exist_ok=True)
    shutil.copy(source, people / source.parent.name)
    amber("avatarize", people, avatars, "--size", 256, "--quiet")
    with av.open(str(next(avatars.glob("*/*.mp4")))) as video:
        pictures = [f.to_ndarray(format="rgb24") for f in itertools.islice(video.decode(video=0), _FRAMES)]
    (folder / "videos").mkdir(exist_ok=True)
    for suffix, codec in _KINDS:
        with av.open(str(folder / "videos" / f"{codec}.{suffix}"), "w") as file:
            stream = file.add_stream(codec, rate=25)
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.width, stream.height = pictures[0].shape[1], pictures[0].shape[0]
            for picture in pictures:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            file.mux(stream.encode())


def work(connection: Connection, folder: Path, seed: int) -> None:
    """A child process: tracks the videos it is told of until there are no more."""
    tracker = Landmarker(find_model())
    valid = {path.name: path.read_bytes() for path in sorted((folder / "videos").iterdir())}
    with tempfile.TemporaryDirectory() as own:
        for name, content in valid.items():
            path = Path(own) / name
            path.write_bytes(content)
            record_clip(Clip("a_id001/x", "id001", "a", path), tracker)
        connection.send(None)
        while (told := connection.recv()) is not None:
            what, number = told
            rng = random.Random(f"{seed} {number}")
            name = rng.choice(sorted(valid))
            path = Path(own) / f"{number}{Path(name).suffix}"
            path.write_bytes(damaged(valid[name], rng))
            connection.send(
                outcome(what, path, lambda p: record_clip(Clip("a_id001/x", "id001", "a", p), tracker))
            )
            path.unlink()


def run_videos(folder: Path, count: int, seed: int, workers: int) -> int:
    """Track damaged videos; returns how many ended otherwise."""
    with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        make_videos(folder)
    tallies = {"video": Tally()}
    children = [Child(work, folder, seed) for _ in range(workers)]
    campaign(children, [("video", number) for number in range(count)], tallies)
    print(tallies["video"].line("video"), flush=True)
    for child in children:
        child.process.kill()
    return tallies["video"].otherwise.total()
