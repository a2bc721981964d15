"""Does any input stop a reader with more than one line, keep it for long, or fill the memory?

    python benchmarks/robustness.py [--inputs 100000] [--videos 500] [--seed N] [--only NAME] [--folder DIR]

Valid files of every kind are made, damaged and changed, and read in child processes, one for each core. One
line for each reader says how many inputs were taken, refused in one line, and how many ended otherwise:
another exception (its type and the place), more than 10 s, a growth of memory of more than 500 MB over what
the valid files take, or the death of the process. Videos are tracked, from a file of ours in several
containers and codecs. The seed is drawn anew unless told, so that runs add up. Inputs are not kept.
Exit code 1 if anything ended otherwise. Growth is measured on Linux alone.
"""

import argparse
import collections
import contextlib
import io
import logging
import math
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

LONGEST_S = 10.0
MOST_GROWTH = 500 << 20


@dataclass
class Tally:
    """What became of the inputs of one reader."""

    taken: int = 0
    refused: int = 0
    otherwise: collections.Counter[str] = field(default_factory=collections.Counter)
    slowest_s: float = 0.0
    growth: int = 0

    def line(self, name: str) -> str:
        """The result in one line, and one for each kind of end that should not be."""
        inputs = self.taken + self.refused + self.otherwise.total()
        said = (
            f"{name:28} {inputs:7,} inputs  {self.taken:7,} taken  {self.refused:7,} refused  "
            f"{self.otherwise.total():5,} otherwise  slowest {self.slowest_s:5.2f} s  "
            f"growth {self.growth / 2**20:4.0f} MB"
        )
        return "\n".join(
            [said, *(f"    {count:6,} x {what}" for what, count in self.otherwise.most_common(40))]
        )


@dataclass(frozen=True)
class Outcome:
    """What became of one input: `end` is "taken", "refused", or what happened."""

    reader: str
    end: str
    seconds: float
    growth: int


def memory() -> dict[str, int]:
    """Resident bytes of this process, now and at most since `reset_memory`."""
    found = {"VmRSS": 0, "VmHWM": 0}
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/proc/self/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) << 10
    return found


def reset_memory() -> None:
    """Let the most be counted from here."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def outcome(reader: str, path: Path, read: Any) -> Outcome:
    """Read one input, and see how that ends."""
    from amber_id.errors import AmberError

    reset_memory()
    before, began = memory()["VmRSS"], time.monotonic()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            read(path)
        end = "taken"
    except AmberError as error:
        lines = str(error).count("\n") + str(error).count("\r")
        end = "refused" if not lines and 0 < len(str(error)) < 3000 else "a message of many lines"
    except BaseException as error:  # noqa: BLE001  (what a reader lets through is what is looked for)
        end = f"{type(error).__name__} at {_place(error)}"
    seconds, growth = time.monotonic() - began, memory()["VmHWM"] - before
    if seconds > LONGEST_S:
        end = f"more than {LONGEST_S:.0f} s"
    elif growth > MOST_GROWTH:
        end = f"more than {MOST_GROWTH >> 20} MB"
    return Outcome(reader, end, seconds, growth)


def _place(error: BaseException) -> str:
    """The last line of ours that was passed, and what was raised."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if "amber_id" in f.filename]
    frame = ours[-1] if ours else traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} ({str(error)[:80]!r})"


def work(connection: Connection, specimens: Path, seed: int) -> None:
    """A child process: reads the inputs it is told of until there are no more."""
    from robustness_readers import readers

    logging.disable()
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own) / "specimens"
        shutil.copytree(specimens, folder)
        known = readers(folder)
        valid = {file: (folder / file).read_bytes() for reader in known.values() for file in reader.files}
        for reader in known.values():
            for file in reader.files:
                outcome("", folder / file, reader.read)  # what is imported or kept for good is no growth
                (folder / file).write_bytes(valid[file])
        connection.send(None)
        while (told := connection.recv()) is not None:
            name, number = told
            reader, rng = known[name], random.Random(f"{seed} {name} {number}")
            file = rng.choice(reader.files)
            content = rng.choice(reader.mutations)(valid[file], rng)
            (folder / file).write_bytes(content)
            connection.send(outcome(name, folder / file, reader.read))
            (folder / file).write_bytes(valid[file])


class Child:
    """A child process, replaced where it dies or hangs."""

    def __init__(self, target: Any, *told: Any) -> None:
        self._target, self._told = target, told
        self.busy: tuple[str, int] | None = None
        self.start()

    def start(self) -> None:
        """Begin anew; the process says once that it is ready."""
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=self._target, args=(other, *self._told), daemon=True)
        self.process.start()
        other.close()
        self.since = time.monotonic()
        self.is_ready = False

    def give(self, told: tuple[str, int]) -> None:
        """Hand over one input."""
        self.busy, self.since = told, time.monotonic()
        self.connection.send(told)

    def replace(self) -> None:
        """Kill it and begin anew."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.busy = None
        self.start()


def campaign(children: list[Child], jobs: list[tuple[str, int]], tallies: dict[str, Tally]) -> None:
    """Give all inputs to the children and count what comes back."""
    waiting = collections.deque(jobs)
    while waiting or any(child.busy for child in children):
        for child in children:
            if child.is_ready and child.busy is None and waiting:
                child.give(waiting.popleft())
        ready = wait([child.connection for child in children], timeout=1.0)
        for child in children:
            if child.connection in ready:
                _receive(child, tallies)
            elif child.busy and time.monotonic() - child.since > 3 * LONGEST_S:
                tallies[child.busy[0]].otherwise[f"no end within {3 * LONGEST_S:.0f} s"] += 1
                child.replace()


def _receive(child: Child, tallies: dict[str, Tally]) -> None:
    try:
        came = child.connection.recv()
    except (EOFError, ConnectionResetError):
        child.process.join()
        if child.busy is None:
            sys.exit(f"a child process ended with {child.process.exitcode} before it could begin")
        tallies[child.busy[0]].otherwise[f"the process died ({child.process.exitcode})"] += 1
        child.replace()
        return
    if came is None:
        child.is_ready = True
        return
    tally, child.busy = tallies[came.reader], None
    tally.slowest_s, tally.growth = max(tally.slowest_s, came.seconds), max(tally.growth, came.growth)
    if came.end == "taken":
        tally.taken += 1
    elif came.end == "refused":
        tally.refused += 1
    else:
        tally.otherwise[came.end] += 1


def main() -> None:
    """Print one line for each reader."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--videos", type=int, default=500)
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--only", action="append", help="readers whose name holds this")
    parser.add_argument("--folder", type=Path, help="where the valid files are, or go")
    told = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        specimens = told.folder or Path(temporary) / "specimens"
        bad = run_readers(specimens, told) if told.inputs else 0
        if told.videos:
            from robustness_videos import run_videos

            bad += run_videos(specimens, told.videos, told.seed, told.workers)
    print(f"{time.monotonic() - began:.0f} s; ended otherwise: {bad}")
    sys.exit(1 if bad else 0)


def run_readers(specimens: Path, told: argparse.Namespace) -> int:
    """The inputs of all readers; returns how many ended otherwise."""
    from robustness_readers import make_specimens, readers

    if not (specimens / "clip.json").exists():
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            make_specimens(specimens)
    known = readers(specimens)
    names = [name for name in known if not told.only or any(part in name for part in told.only)]
    each = told.inputs / sum(known[name].share for name in names)
    tallies = {name: Tally() for name in names}
    children = [Child(work, specimens, told.seed) for _ in range(told.workers)]
    for name in names:
        campaign(children, [(name, number) for number in range(math.ceil(each * known[name].share))], tallies)
        print(tallies[name].line(name), flush=True)
    for child in children:
        child.process.kill()
    return sum(tally.otherwise.total() for tally in tallies.values())


if __name__ == "__main__":
    main()
