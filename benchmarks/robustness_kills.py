"""Does a command that is killed at any moment, and typed again, come to the same bytes and leave nothing?

    python benchmarks/robustness_kills.py [--kills 60] [--seed 0] [--only VERB ...] [--shared DIR]

Each of six verbs is run to its end once; then, again and again, it is begun in a new folder, killed with
signal 9 at a random moment of the time that it took, and the very same command is typed again at once, while
processes that the killed one had started may still be about. What is there in the end must be what the
uninterrupted run left: the same files, hidden ones too (parts of files, locks and scratch folders would be
among them), and the same bytes but for when and how long it ran; so must be the exit code.
One line for each verb; exit code 1 if a trial came to something else, which is then named with its moment.
Trials are drawn from the seed, one by one: `--only` and fewer kills repeat some of them. The videos and the
face landmarker are those of the folder `shared` that tests use; the other verbs do without it.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

AMBER = (sys.executable, "-m", "amber_id")
LONGEST_S = 300.0
# When it ran and how long it took.
TIMES = re.compile(
    rb'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00|(?<="wall_s":) ?[\d.e-]+|(?<= after )\d+ (?:s|min)(?=\.)'
)
TRAIN = """
[loop]
batch = 8
clips_per_subject = 2
[attacker_config]
channels = [8]
parts = 4
width = 16
dimensions = 16
"""
AUDIT = """
attackers = ["moments on blendshapes"]
references = ["noise 3 %"]
[evaluation]
replicates = 100
permutations = 20
"""


@dataclass(frozen=True)
class Verb:
    """A command in a folder that `prepare` fills."""

    line: str
    prepare: Callable[[Path, Path], None]


def main() -> None:
    """Run every verb, kill it, run it again, and compare."""
    parser = argparse.ArgumentParser(description="Kills, and what the same command makes of them.")
    parser.add_argument("--kills", type=int, default=60, help="over all verbs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=sorted(VERBS), default=sorted(VERBS))
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--work", type=Path, help="a folder for everything; else a temporary one")
    arguments = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="amber-kills-", dir=arguments.work) as folder:
        given = prepared(Path(folder) / "given", arguments.shared.resolve())
        for name in arguments.only:
            kills = share_of(name, arguments.only, arguments.kills)
            bad += campaign(name, given, Path(folder) / name.replace(" ", "-"), kills, arguments.seed)
    sys.exit(bad > 0)


def share_of(name: str, names: list[str], kills: int) -> int:
    """How many of the kills fall to one of the verbs."""
    each, left = divmod(kills, len(names))
    return each + (names.index(name) < left)


def campaign(name: str, given: Path, folder: Path, kills: int, seed: int) -> int:
    """All trials of one verb; how many came to something else."""
    began = time.monotonic()
    verb, wanted_in = VERBS[name], folder / "whole"
    verb.prepare(given, wanted_in)
    code, lasts = run(verb, wanted_in)
    wanted = tree(wanted_in)
    rng = random.Random(f"{seed} {name}")
    wrong, slowest = [], 0.0
    for number in range(kills):
        moment = rng.uniform(0, lasts)
        place = folder / "trial"
        verb.prepare(given, place)
        while not killed(verb, place, moment):  # it was quicker than the first time
            shutil.rmtree(place)
            verb.prepare(given, place)
            moment /= 2
        said, took = run(verb, place)
        slowest = max(slowest, took)
        found = tree(place)
        if (said, found) != (code, wanted):
            unlikeness = unlike(said, code, found, wanted)
            wrong.append(f"    trial {number}, killed after {moment:.2f} s: {unlikeness}")
        shutil.rmtree(place)
    same = kills - len(wrong)
    print(
        f"{name:10} {lasts:5.1f} s whole  {kills:3} kills  {same:3} the same  "
        f"slowest rerun {slowest:5.1f} s  {len(wanted):4} files  {time.monotonic() - began:4.0f} s",
        *wrong,
        sep="\n",
        flush=True,
    )
    return len(wrong)


def run(verb: Verb, folder: Path) -> tuple[int, float]:
    """Run a command to its end; its exit code and how many seconds it took."""
    began = time.monotonic()
    done = subprocess.run(
        command(verb),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=LONGEST_S,
        check=False,
    )
    if b"Traceback" in done.stderr:
        sys.exit(f"{verb.line}: {done.stderr.decode()}")
    return done.returncode, time.monotonic() - began


def killed(verb: Verb, folder: Path, moment: float) -> bool:
    """Begin a command and kill its first process after so many seconds; whether it still ran."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command(verb), cwd=folder, env=environment(folder), stdout=quiet, stderr=quiet
    ) as process:
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True
        return False


def command(verb: Verb) -> list[str]:
    """What is typed."""
    return [*AMBER, *verb.line.split(), "--quiet"]


def environment(folder: Path) -> Mapping[str, str]:
    """One thread for each process; the face landmarker is where the videos are."""
    return os.environ | {"OMP_NUM_THREADS": "1", "AMBER_CACHE": str(folder.parent.parent / "given" / "cache")}


def tree(folder: Path) -> dict[str, bytes]:
    """What is in a folder, by path: bytes without times, and where a link leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}".encode()
        elif path.is_dir():
            found[f"{name}/"] = b""
        else:
            data = path.read_bytes()
            found[name] = TIMES.sub(b"", data) if path.suffix in (".csv", ".html", ".json") else data
    return found


def unlike(said: int, code: int, found: dict[str, bytes], wanted: dict[str, bytes]) -> str:
    """In what two ends differ."""
    parts = [] if said == code else [f"exit code {said} for {code}"]
    for what, names in (
        ("left over", found.keys() - wanted.keys()),
        ("missing", wanted.keys() - found.keys()),
        ("other bytes", {name for name in found.keys() & wanted.keys() if found[name] != wanted[name]}),
    ):
        if names:
            parts.append(f"{what}: {', '.join(sorted(names)[:6])}{' ...' if len(names) > 6 else ''}")
    return "; ".join(parts)


def prepared(given: Path, shared: Path) -> Path:
    """A folder with recordings of synthetic people, configurations, archives, and links to videos."""
    given.mkdir(parents=True)
    made = ("synth", given / "people", "--people", 10, "--clips", 3, "--duration", 3, "--quiet")
    subprocess.run([*AMBER, *map(str, made)], stdout=subprocess.DEVNULL, check=True)
    (given / "train.toml").write_text(TRAIN)
    (given / "audit.toml").write_text(AUDIT)
    for actor in (1, 2, 3):
        # Bytes that do not pack are slow enough to be hit.
        path = given / "archives" / f"Video_Speech_Actor_{actor:02d}.zip"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for take in (1, 2, 3, 4, 5, 6, 7, 8):
                name = f"Actor_{actor:02d}/01-01-0{take}-01-01-01-{actor:02d}.mp4"
                archive.writestr(name, random.Random(f"{actor} {take}").randbytes(4 << 20))
    (given / "cache").mkdir()
    (given / "cache" / "face_landmarker.task").symlink_to(shared / "models" / "face_landmarker.task")
    for person in ("talking_id008", "talking_id042"):
        folder = given / "videos" / person
        folder.mkdir(parents=True)
        for video in sorted((shared / "clips" / person).glob("*.mp4"))[:2]:
            (folder / video.name).symlink_to(video)
    return given


def of_recordings(given: Path, folder: Path) -> None:
    """Recordings of both conditions, copied: the test people of a split are counted beside them."""
    folder.mkdir(parents=True)
    for part in ("original", "avatar"):
        shutil.copytree(given / "people" / part, folder / part)
    for name in ("train.toml", "audit.toml"):
        shutil.copy(given / name, folder / name)


def of_links(*names: str) -> Callable[[Path, Path], None]:
    """What is only read, as links."""

    def prepare(given: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).symlink_to(given / name)

    return prepare


VERBS: Mapping[str, Verb] = {
    "audit": Verb(
        "audit --original original --anonymised avatar --out study --config audit.toml --folds 2 --workers 1",
        of_recordings,
    ),
    "avatarize": Verb(
        "avatarize videos avatars --size 96 --workers 2 --save-drive drive", of_links("videos")
    ),
    "corpus": Verb("corpus ravdess archives corpus", of_links("archives")),
    "synth": Verb("synth made --people 8 --clips 4 --workers 2", of_links()),
    "track": Verb("track videos recordings --workers 2", of_links("videos")),
    "train": Verb(
        "train original --out run --config train.toml --epochs 6 --resume --device cpu", of_recordings
    ),
}


if __name__ == "__main__":
    main()
