"""How long does it take to make a corpus of 200,000 files?

    python benchmarks/corpora.py [--files 200000] [--folder DIR] [--profile]

`amber corpus folders` on 200,000 small files of 1,000 people, in a temporary folder, linked; then once more,
when all of it is there; then `amber corpus check`. A small file is opened to see whether it is a Git-LFS
pointer, a real video is not. Before, 200,000 names of RAVDESS and of CREMA-D are parsed: neither corpus
has so many, so each name is taken several times.
"""

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from amber_id.corpora import ClipFacts
from amber_id.corpora.conversion import (
    check_corpus,
    convert,
    crema_d_clips,
    crema_d_facts,
    find_own,
    ravdess_clips,
    ravdess_facts,
)

PEOPLE = 1000

Facts = Callable[[str], tuple[str, ClipFacts] | None]


def read_names(what: str, clips: Mapping[str, frozenset[str]], facts: Facts, count: int) -> None:
    """Time how names become facts."""
    names = [stem for stems in clips.values() for stem in sorted(stems)]
    names = (names * (count // len(names) + 1))[:count]
    began = time.perf_counter()
    known = sum(facts(name) is not None for name in names)
    print(f"{what}: {known:,} names in {time.perf_counter() - began:.1f} s")


def write_files(src: Path, count: int) -> None:
    """Small files, each of its own content."""
    for person in range(PEOPLE):
        folder = src / f"person {person}"
        folder.mkdir(parents=True)
        for take in range(count // PEOPLE):
            (folder / f"take{take}.mp4").write_bytes(b"%d %d" % (person, take))


def main() -> None:
    """Print seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="where the temporary folder goes")
    parser.add_argument("--profile", action="store_true")
    told = parser.parse_args()
    read_names("RAVDESS", ravdess_clips(), ravdess_facts, told.files)
    read_names("CREMA-D", crema_d_clips(), crema_d_facts, told.files)
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        src, dst = Path(folder) / "src", Path(folder) / "dst"
        write_files(src, told.files)
        for what in ("new", "again"):
            profile = cProfile.Profile()
            if told.profile:
                profile.enable()
            began = time.perf_counter()
            done = convert(find_own(src, dst), dst)
            seconds = time.perf_counter() - began
            profile.disable()
            print(f"folders, {what}: {done.put:,} put, {done.there:,} there already, in {seconds:.1f} s")
            if told.profile:
                pstats.Stats(profile).sort_stats("tottime").print_stats(12)
        began = time.perf_counter()
        [check] = check_corpus(dst)
        print(f"check: {check.clips:,} clips in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
