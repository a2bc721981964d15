"""How often is a clean corpus refused, how many planted copies are detected, and how long does it take?

Four parts, of which one can be asked for:

clean     synthetic corpora of both conditions, in several settings, each with a split of its own: how many
          are refused, which none should be.
motion    copies in such corpora, tracked anew: noise of the tracker, other frame rate and size, begun later,
          cut. How many are found.
pictures  of real clips (a folder of them, and one of avatars if there is one): how many bits differ between
          strangers, between clips of one person, and between a clip and its copies; how many of each would be
          taken for a copy.
cost      seconds for 800, 3,000 and 10,000 clips of 3 s: to read, to compare motion, to compare pictures.

    python benchmarks/leaks.py                                        # 200 corpora; some 15 minutes
    python benchmarks/leaks.py --part pictures --clips FOLDER [--avatars FOLDER]
    python benchmarks/leaks.py --part clean --corpora 20
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np

from amber_id.motion.likeness import Signals, read_signals
from amber_id.motion.movements import Movements
from amber_id.protocols import SplitConfig, find_leaks, make_split, source_of_subjects
from amber_id.protocols.copies import find_copies, find_same_pictures
from amber_id.recordings import Recording, RecordingEntry, RecordingSet, save_recording
from amber_id.synthetic import SynthConfig, generate
from amber_id.synthetic.clips import make_clip
from amber_id.tracking.pictures import hash_of_pictures, picture_bits
from amber_id.tracking.video import read_frames

Picture = np.ndarray

SETTINGS: tuple[dict[str, object], ...] = (
    {},
    {"habit": 3.0, "shape": 0.0},
    {"content": "same"},
    {"content": "same", "habit": 0.0, "shape": 0.0},
    {"content": "own", "habit": 2.0},
    {"duration": "clip=2,5", "fps": "clip=25,30", "lost": "clip=0,0.1"},
    {"jitter": 3.0, "session": 1.0},
    {"duration": 2.0, "framing": "person=0.5,1.5", "aspect": "person=16:9,4:3"},
)
_CHANGES = ("noise", "60 fps", "3 frames later", "10 frames later", "half of it", "mirrored")


def clean_part(corpora: int) -> None:
    """Print how many clean corpora are refused."""
    refused, pairs = 0, 0
    for seed in range(corpora):
        settings = {"people": 12, "clips": 4, "duration": 3.0, "seed": seed} | SETTINGS[seed % len(SETTINGS)]
        with tempfile.TemporaryDirectory() as folder:
            generate(SynthConfig.model_validate(settings), Path(folder), workers=1)
            leaks = []
            for condition in ("original", "avatar"):
                found = RecordingSet.open(Path(folder) / condition)
                split = make_split(source_of_subjects(found), SplitConfig(folds=3, seed=seed))
                leaks += find_leaks(found, split)
                pairs += 48 * 44 // 2
        refused += bool(leaks)
        for leak in leaks:
            print(f"  corpus {seed}: {leak.evidence}")
    print(f"clean corpora refused: {refused} of {corpora} ({pairs} pairs of different people)", flush=True)


def motion_part(corpora: int) -> None:
    """Print how many planted copies are found, by how they were changed."""
    found = dict.fromkeys(_CHANGES, 0)
    for seed in range(corpora):
        settings = {"people": 12, "clips": 4, "duration": 3.0, "seed": seed} | SETTINGS[seed % len(SETTINGS)]
        config = SynthConfig.model_validate(settings)
        for name in _CHANGES:
            with tempfile.TemporaryDirectory() as folder:
                generate(config, Path(folder), workers=1)
                root = Path(folder) / "original"
                victim = sorted(root.glob("*/clip00.safetensors"))[5]
                save_recording(changed(name, config), victim)
                copies = find_copies(RecordingSet.open(root)).copies
                found[name] += any("clip00" in c.first and "clip00" in c.second for c in copies)
    for name, number in found.items():
        print(f"copies found, {name}: {number} of {corpora}", flush=True)


def changed(name: str, config: SynthConfig) -> Recording:
    """The first clip of the first person, as if tracked anew from a changed video."""
    if name == "60 fps":
        config = config.model_copy(update={"fps": SynthConfig(fps=60).fps})
    copy = make_clip(config, 0, 0)
    noise = np.random.default_rng(1).normal(scale=3e-4, size=copy.landmarks.shape)
    copy = replace(copy, landmarks=(copy.landmarks + noise).astype(np.float32))
    T = len(copy.timestamps)
    if name == "mirrored":
        flipped = copy.landmarks * np.array([-1, 1, 1], np.float32) + np.array([1, 0, 0], np.float32)
        return replace(copy, landmarks=flipped.astype(np.float32))
    parts = {"3 frames later": slice(3, None), "10 frames later": slice(10, None)}
    frames = parts.get(name, slice(T // 4, T - T // 4) if name == "half of it" else slice(None))
    arrays = ("landmarks", "timestamps", "tracked", "blendshapes", "pose")
    return replace(copy, **{each: getattr(copy, each)[frames] for each in arrays})


def copies_of(frames: list[Picture]) -> Iterator[tuple[str, list[Picture], int]]:
    """Changed copies of a clip's frames, each with the quality at which it is encoded."""
    height, width = frames[0].shape[:2]
    edge = slice(height * 3 // 100, height * 97 // 100), slice(width * 3 // 100, width * 97 // 100)
    yield "low bit rate", frames, 40
    yield "half the size", [rgb[::2, ::2] for rgb in frames], 28
    yield "brighter", [np.clip(rgb * 0.8 + 40, 0, 255).astype(np.uint8) for rgb in frames], 28
    yield "cut by 3 + 3 frames", frames[3:-3], 28
    yield "cut by 6 + 4 frames", frames[6:-4], 28
    yield "edges cropped by 3 %", [rgb[edge] for rgb in frames], 28
    yield "mirrored", [rgb[:, ::-1] for rgb in frames], 28


def encoded(frames: list[Picture], quality: int, path: Path) -> str:
    """The hash of what comes out of a video file."""
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.pix_fmt, stream.height, stream.width = "yuv420p", height, width
        stream.options = {"crf": str(quality), "preset": "veryfast"}
        for rgb in frames:
            even = np.ascontiguousarray(rgb[:height, :width])
            file.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        file.mux(stream.encode())
    return hash_of_pictures([picture_bits(rgb) for _, rgb in read_frames(path)[1]])


def pictures_part(clips: Path, avatars: Path | None) -> None:
    """Print how alike pictures are, and how many would be taken for copies."""
    frames_of = {path: [rgb for _, rgb in read_frames(path)[1]] for path in sorted(clips.rglob("*.mp4"))}
    entries = [
        entry(path.parent.name, path.stem, hash_of_pictures([picture_bits(rgb) for rgb in frames]))
        for path, frames in frames_of.items()
    ]
    print(
        f"{len(entries)} real clips of {len({e.subject for e in entries})} people; share of bits that differ"
    )
    print_apart(entries)
    found: dict[str, list[bool]] = {}
    apart: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for one, frames in zip(entries, frames_of.values(), strict=True):
            for name, changed_frames, quality in copies_of(frames):
                copied = encoded(changed_frames, quality, Path(folder) / "copy.mp4")
                twin = entry("copy_id999", "copy", copied)
                pairs = find_same_pictures([*entries, twin])
                found.setdefault(name, []).append(len(entries) in {pair.other for pair in pairs})
                apart.setdefault(name, []).append(differ(one.picture_hash, copied))
    for name, shares in apart.items():
        print(
            f"  copy, {name:21} median {np.median(shares):.3f}, most {max(shares):.3f}; "
            f"found {sum(found[name])} of {len(shares)}"
        )
    if avatars is not None:
        entries = [
            entry(
                path.parent.name,
                path.stem,
                hash_of_pictures([picture_bits(x) for _, x in read_frames(path)[1]]),
            )
            for path in sorted(avatars.rglob("*.mp4"))
        ]
        print(f"{len(entries)} avatars")
        print_apart(entries)


def print_apart(entries: list[RecordingEntry]) -> None:
    """Print how many bits differ between strangers and within people, and who is taken for a copy."""
    kinds: dict[str, list[float]] = {"different people": [], "one person": []}
    for i, one in enumerate(entries):
        for other in entries[i + 1 :]:
            kind = "one person" if one.subject == other.subject else "different people"
            kinds[kind].append(differ(one.picture_hash, other.picture_hash))
    for kind, shares in kinds.items():
        if shares:
            least, low, quarter, middle = np.quantile(shares, [0, 0.01, 0.25, 0.5])
            print(
                f"  {kind:27} least {least:.3f}, 1 % {low:.3f}, quarter {quarter:.3f}, median {middle:.3f} "
                f"({len(shares)} pairs)"
            )
    print(
        f"  taken for copies: {len(list(find_same_pictures(entries)))} pairs of different people", flush=True
    )


def differ(one: str, other: str) -> float:
    """The share of bits in which two hashes differ."""
    first, second = (np.unpackbits(np.frombuffer(bytes.fromhex(each), np.uint8)) for each in (one, other))
    return float((first != second).mean())


def entry(person: str, clip: str, picture_hash: str) -> RecordingEntry:
    """A recording that is not there."""
    source, _, number = person.rpartition("_id")
    return RecordingEntry(
        clip=f"{person}/{clip}",
        subject=f"id{number}",
        source=source,
        path=Path(),
        frames=75,
        tracked_frames=75,
        fps=25.0,
        duration_s=3.0,
        width=640,
        height=480,
        point_set="face_landmarker_478",
        picture_hash=picture_hash,
    )


def cost_part() -> None:
    """Print the seconds; recordings are read once, the others are drawn."""
    with tempfile.TemporaryDirectory() as folder:
        generate(SynthConfig(people=20, clips=5, duration="3", fps="25"), Path(folder), workers=1)
        found = RecordingSet.open(Path(folder) / "original")
        began = time.perf_counter()
        signals = read_signals(found)
        each_s = (time.perf_counter() - began) / len(found.entries)
    rng = np.random.default_rng(0)
    for n in (800, 3000, 10_000):
        T = signals.values.shape[1]
        values = np.cumsum(rng.normal(size=(n, T, signals.values.shape[2])), axis=1).astype(np.float32)
        values -= values.mean(axis=1, keepdims=True)
        many = Signals(values / values.std(axis=(0, 1)), np.ones((n, T), np.float32))
        motion_s = timed(lambda many=many: Movements(many).near_copies(latest=12))
        hashes = [rng.bytes(320).hex() for _ in range(n)]
        entries = [entry(f"a_id{i // 10}", str(i), each) for i, each in enumerate(hashes)]
        pictures_s = timed(lambda entries=entries: list(find_same_pictures(entries)))
        print(
            f"{n:6,d} clips of 3 s: read {n * each_s:.1f} s, motion {motion_s:.1f} s, "
            f"pictures {pictures_s:.1f} s",
            flush=True,
        )


def timed(what: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Clean corpora refused, copies found, seconds taken.")
    parser.add_argument("--part", choices=["clean", "motion", "pictures", "cost"])
    parser.add_argument("--corpora", type=int, default=200)
    parser.add_argument("--clips", type=Path, help="Folder of real clips, for the part pictures.")
    parser.add_argument("--avatars", type=Path, help="Folder of avatars, for the part pictures.")
    chosen = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "clean": lambda: clean_part(chosen.corpora),
        "motion": lambda: motion_part(max(1, chosen.corpora // 10)),
        "cost": cost_part,
    }
    if chosen.clips is not None:
        parts["pictures"] = lambda: pictures_part(chosen.clips, chosen.avatars)
    for name, part in parts.items():
        if chosen.part in (None, name):
            part()


if __name__ == "__main__":
    main()
