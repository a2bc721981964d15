"""A place that cannot be written is found before the work; a full disk is one line and leaves nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from amber_id.atomic_files import check_writable
from amber_id.errors import AmberError

# Commands one after another, in a process whose files may have so many bytes.
LIMITED = """
import contextlib, io, json, resource, sys
from amber_id.cli import main
at_most, commands = json.load(sys.stdin)
if at_most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (at_most, at_most))
for words in commands:
    sys.argv, code, said = ["amber", *words], 0, io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, said.getvalue()]))
"""


def ends_of(commands: dict[str, list[object]], at_most: int = 0) -> dict[str, tuple[int, str]]:
    """The exit code of each command, and what it said on standard error."""
    lines = [[*verb.split(), *map(str, flags)] for verb, flags in commands.items()]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        input=json.dumps([at_most, lines]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ends = [tuple(json.loads(line)) for line in done.stdout.splitlines()]
    return dict(zip(commands, ends, strict=True))


@pytest.fixture(scope="module")
def vectors(moments_checkpoint: Path, synthetic_people: Path, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "vectors.safetensors"
    ((code, said),) = ends_of({"embed": [moments_checkpoint, synthetic_people, "--out", path]}).values()
    assert code == 0, said
    return path


def test_a_place_that_cannot_be_written_is_found_before_the_work(
    moments_checkpoint: Path, synthetic_people: Path, vectors: Path
) -> None:
    nowhere = Path("/proc/amber")  # where not even root can write
    videos = synthetic_people  # nobody comes to look at them
    ends = ends_of({
        "audit": ["--original", synthetic_people, "--out", nowhere],
        "compare": [videos, videos, "--out", nowhere],
        "corpus ravdess": [videos, nowhere],
        "defend": [synthetic_people, nowhere, "--with", "noise"],
        "embed": [moments_checkpoint, synthetic_people, "--out", "/proc/amber.safetensors"],
        "evaluate": [moments_checkpoint, synthetic_people, "--out", nowhere],
        "export": [moments_checkpoint, "--onnx", "/proc/amber.onnx"],
        "metrics": [vectors, "--out", nowhere, "--replicates", 1_000_000],
        "power": ["--out", nowhere, "--studies", 1_000_000],
        "study thesis": ["--didd", synthetic_people, "--tavd", synthetic_people, "--out", nowhere],
        "synth": [nowhere, "--people", 1_000_000],
        "track": [videos, nowhere],
        "train": [synthetic_people, "--out", nowhere],
    })  # fmt: skip
    for verb, (code, said) in ends.items():
        assert (code, said.count("\n")) == (1, 1), (verb, said)
        assert said.startswith("amber: /proc"), verb
        assert said.endswith(": cannot be written (No such file or directory)\n"), verb


def test_a_full_disk_is_one_line_and_leaves_nothing(
    moments_checkpoint: Path, synthetic_people: Path, vectors: Path, tmp_path: Path
) -> None:
    clip = synthetic_people / "synth_id001" / "clip00.safetensors"
    source = tmp_path / "source" / "anna" / "clip.mp4"
    source.parent.mkdir(parents=True)
    source.write_bytes(bytes(5000))
    out = tmp_path / "out"
    ends = ends_of(
        {
            "corpus folders": [tmp_path / "source", out / "corpus", "--copy"],
            "defend": [synthetic_people, out / "defended", "--with", "noise", "--workers", 1, "--quiet"],
            "embed": [moments_checkpoint, synthetic_people, "--out", out / "vectors.safetensors", "--quiet"],
            "metrics": [vectors, "--out", out / "metrics", "--replicates", 100, "--permutations", 20],
            "synth": [out / "people", "--people", 2, "--clips", 2, "--workers", 1, "--quiet"],
            "view": [clip, "--out", out / "view.html", "--quiet"],
        },
        at_most=2000,
    )
    for verb, (code, said) in ends.items():
        assert (code, said.count("\n")) == (1, 1), (verb, said)
        assert said.endswith(": cannot be written (File too large)\n"), verb
    left = {path.name for path in out.rglob("*") if path.is_file()}
    assert left <= {"people.csv", "oracle.json"}, "but for what fitted"


def test_looking_leaves_a_place_as_it_was(tmp_path):
    check_writable(tmp_path / "not" / "there")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(AmberError, match=r"file/below: cannot be written \(Not a directory\)"):
        check_writable(tmp_path / "file" / "below")
