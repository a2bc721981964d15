"""How often do confound checks raise a flag on clean clips, and how often do they detect planted confounds?

Three parts, of which one can be asked for:

clean     studies whose clips differ in everything, but not by person: how many raise any flag of a property,
          of utterances, or of lost faces, which should be 5 % at most. Properties need no recordings, so
          they are drawn.
planted   studies in which one property depends on the person or the source: in how many it is detected.
motion    corpora that are really generated: flags on clean ones, near-copies and exchanged clips found among
          planted ones, and the seconds for 800 clips under two conditions.

    python benchmarks/confounds.py                      # 400 studies of each design, 20 corpora; some minutes
    python benchmarks/confounds.py --part clean
    python benchmarks/confounds.py --quick              # 60 studies, 2 corpora
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.confounds.find import find_confounds, property_confounds
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results import ConditionName
from amber_id.results.checks import Check
from amber_id.synthetic import SynthConfig, generate
from amber_id.synthetic.people import origin_of

Sets = dict[ConditionName, RecordingSet]
CONDITIONS: tuple[ConditionName, ...] = ("original", "anonymised")
PICTURES = ((1280, 720), (640, 480), (720, 1280))
RATES = (23.976, 25.0, 29.97, 30.0)


def entry(
    person: int, clip: int, *, source: str = "a", fps: float = 30.0, seconds: float = 4.0, lost: int = 0
) -> RecordingEntry:
    """A recording that is not there."""
    subject, frames = f"id{person:03d}", round(seconds * fps)
    return RecordingEntry(
        clip=f"{source}_{subject}/clip{clip:02d}",
        subject=subject,
        source=source,
        path=Path(),
        frames=frames,
        tracked_frames=frames - min(lost, frames - 1),
        fps=fps,
        duration_s=frames / fps,
        width=1280,
        height=720,
        point_set="face_landmarker_478",
    )


def lost_frames(rng: np.random.Generator, share: float, *, fps: float, seconds: float) -> int:
    """Frames without a face, lost for 0.3 s at a time, as `amber synth` loses them."""
    if not share:
        return 0
    lengths = rng.exponential(0.3, (100, 2)) * [(1 - share) / share, 1.0]
    begins_lost = rng.random() < share
    ends = np.cumsum(np.roll(lengths, int(begins_lost), axis=1).ravel())
    spell = np.searchsorted(ends, np.arange(round(seconds * fps)) / fps, side="right")
    return int((spell % 2 != int(begins_lost)).sum())


def drawn(rng: np.random.Generator, person: int, clip: int, source: str) -> RecordingEntry:
    """A clip of nobody in particular."""
    fps, seconds = float(rng.choice(RATES)), float(rng.lognormal(1.2, 0.3))
    lost = lost_frames(rng, 0.05, fps=fps, seconds=seconds)
    width, height = PICTURES[rng.integers(len(PICTURES))]
    made = entry(person, clip, source=source, fps=fps, seconds=seconds, lost=lost)
    return replace(made, width=width, height=height)


def one_source(rng: np.random.Generator, sources: str = "a") -> Sets:
    """Originals of 8 to 40 people, 3 to 12 clips each; anonymised clips of the same length and rate."""
    people = range(int(rng.integers(8, 41)))
    original = [
        drawn(rng, person, clip, sources[person % len(sources)])
        for person in people
        for clip in range(int(rng.integers(3, 13)))
    ]
    anonymised = [
        replace(e, width=512, height=512, tracked_frames=e.frames - int(rng.binomial(e.frames, 0.05)))
        for e in original
    ]
    return {
        "original": RecordingSet(Path(), tuple(original)),
        "anonymised": RecordingSet(Path(), tuple(anonymised)),
    }


def unrelated(rng: np.random.Generator) -> Sets:
    """The same, with everything drawn anew for anonymised clips: the most tests that can go wrong."""
    sets = one_source(rng)
    again = [
        replace(drawn(rng, 0, 0, e.source), clip=e.clip, subject=e.subject) for e in sets["original"].entries
    ]
    return sets | {"anonymised": RecordingSet(Path(), tuple(again))}


def two_sources(rng: np.random.Generator) -> Sets:
    """People of two sources that differ in nothing; that there are two is a flag of its own, not counted."""
    return one_source(rng, "ab")


def sentences(rng: np.random.Generator, sets: Sets) -> CorpusFacts:
    """One of 2 to 12 sentences for every clip, whoever speaks."""
    number = int(rng.integers(2, 13))
    return CorpusFacts({}, {e.clip: str(rng.integers(number)) for e in sets["original"].entries}, 1)


Plant = Callable[[np.random.Generator, int], dict[str, float | str]]  # what clips of a person have


def half(person: int) -> str:
    """Two sources, by turns."""
    return "ab"[person % 2]


PLANTED: dict[str, tuple[str, Plant]] = {
    "aspect 16:9 and 4:3, by source": (
        "aspect",
        lambda _, k: {"source": half(k), "width": (1280, 960)[k % 2]},
    ),
    "25 and 30 fps, by source": ("frame_rate", lambda _, k: {"source": half(k), "fps": (25.0, 30.0)[k % 2]}),
    "2 s and 4 s, by source": ("duration", lambda _, k: {"source": half(k), "seconds": (2.0, 4.0)[k % 2]}),
    "0 and 5 % lost, by source": ("lost_frames", lambda _, k: {"source": half(k), "share": 0.05 * (k % 2)}),
    "0 to 10 % lost, by person": ("lost_frames", lambda rng, _: {"share": rng.uniform(0, 0.1)}),
    "2 to 4 s, by person": ("duration", lambda rng, _: {"seconds": rng.uniform(2, 4)}),
}


def planted(rng: np.random.Generator, plant: Plant, people: int, clips: int) -> Sets:
    """Originals in which one property goes with the person."""
    made = []
    for person in range(people):
        has = {"source": "a", "fps": 30.0, "seconds": 4.0, "share": 0.0, "width": 1280} | plant(rng, person)
        for clip in range(clips):
            lost = lost_frames(rng, has["share"], fps=has["fps"], seconds=has["seconds"])
            given = {name: has[name] for name in ("source", "fps", "seconds")}
            made.append(replace(entry(person, clip, lost=lost, **given), width=int(has["width"])))
    return {"original": RecordingSet(Path(), tuple(made))}


def flagged(found: Sequence[Check]) -> set[str]:
    """The checks that are no pass."""
    return {each.name for each in found if each.verdict in {"warn", "invalid"}}


def clean_part(studies: int) -> None:
    """Print the share of clean studies that raise any flag."""
    print("| clean design | any flag | seconds a study |\n|---|---|---|")
    for design in (one_source, unrelated, two_sources):
        began = time.perf_counter()
        count = 0
        for seed in range(studies):
            sets = design(np.random.default_rng(seed))
            said = sentences(np.random.default_rng((seed, 1)), sets)
            count += bool(flagged(property_confounds(sets, ConfoundConfig(seed=seed), said)))
        took = (time.perf_counter() - began) / studies
        words = (design.__doc__ or "").partition(";")[0].rstrip(".")
        print(f"| {words} | {count} of {studies} = {count / studies:.1%} | {took:.2f} |", flush=True)


def planted_part(studies: int) -> None:
    """Print the share of studies that find what was planted, and that call it invalid."""
    print("| planted | people x clips | found | invalid |\n|---|---|---|---|")
    for words, (name, plant) in PLANTED.items():
        for people, clips in ((10, 5), (20, 10)):
            found = [
                next(
                    each.verdict
                    for each in property_confounds(
                        planted(np.random.default_rng(seed), plant, people, clips), ConfoundConfig(seed=seed)
                    )
                    if each.name == name
                )
                for seed in range(studies)
            ]
            shares = [sum(v != "pass" for v in found) / studies, found.count("invalid") / studies]
            print(f"| {words} | {people} x {clips} | {shares[0]:.0%} | {shares[1]:.0%} |", flush=True)


def generated(folder: Path, **settings: object) -> Sets:
    """A corpus with recordings."""
    generate(SynthConfig.model_validate(settings), folder)
    return {
        condition: RecordingSet.open(folder / name)
        for condition, name in zip(CONDITIONS, ("original", "avatar"), strict=True)
    }


def motion_part(corpora: int) -> None:
    """Print flags on clean corpora, and what is found of copies and exchanged clips."""
    flags, copies, copies_found, exchanged_found = 0, 0, 0, 0
    for seed in range(corpora):
        with tempfile.TemporaryDirectory() as folder:
            settings = {"people": 10, "clips": 6, "duration": "clip=2,4", "lost": "clip=0,0.05", "seed": seed}
            clean = generated(Path(folder) / "clean", **settings)
            flags += bool(flagged(find_confounds(clean, ConfoundConfig(seed=seed))))
            paths = [e.path for e in clean["anonymised"].entries]
            first, second = seed % 6, 54 - seed % 6
            swapped = {first: second, second: first}
            entries = [
                replace(e, path=paths[swapped.get(i, i)]) for i, e in enumerate(clean["anonymised"].entries)
            ]
            clean["anonymised"] = replace(clean["anonymised"], entries=tuple(entries))
            exchanged_found += "pairing" in flagged(find_confounds(clean, ConfoundConfig(seed=seed)))
            config = SynthConfig.model_validate(settings | {"duplicates": 0.2})
            sets = generated(Path(folder) / "copies", **settings, duplicates=0.2)
            origin = np.array([6 * k + origin_of(config, k, c) for k in range(10) for c in range(6)])
            copies += int(np.triu(origin[:, None] == origin, k=1).sum())
            copies_found += sum(
                round(each.figures["pairs_of_one_person"])
                for each in find_confounds({"original": sets["original"]}, ConfoundConfig())
                if each.name == "near_copies"
            )
    print(f"clean corpora with any flag: {flags} of {corpora}")
    print(f"two exchanged clips found: {exchanged_found} of {corpora} corpora")
    print(f"near-copies found: {copies_found} of {copies} pairs", flush=True)


def time_part() -> None:
    """Print the seconds that 800 clips take, from 100 that are generated."""
    with tempfile.TemporaryDirectory() as folder:
        sets = generated(Path(folder), people=10, clips=10)
        many = {
            name: replace(
                found,
                entries=tuple(
                    replace(e, clip=f"{e.clip}-{n}", subject=f"{e.subject}-{n}")
                    for n in range(8)
                    for e in found.entries
                ),
            )
            for name, found in sets.items()
        }
        began = time.perf_counter()
        find_confounds(many, ConfoundConfig())
        print(f"800 clips under two conditions: {time.perf_counter() - began:.1f} s")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Flags on clean clips, and confounds found where planted.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--part", choices=["clean", "planted", "motion"])
    chosen = parser.parse_args()
    parts = {
        "clean": lambda: clean_part(60 if chosen.quick else 400),
        "planted": lambda: planted_part(10 if chosen.quick else 100),
        "motion": lambda: (motion_part(2 if chosen.quick else 20), time_part()),
    }
    for name, part in parts.items():
        if chosen.part in (None, name):
            part()


if __name__ == "__main__":
    main()
