"""What is handed on: vectors, one comparison, a network for other programs."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from amber_id.cli.shared import (
    Device,
    Model,
    Quiet,
    Recordings,
    app,
    check_before,
    end_with,
    require,
    say,
    tell,
)
from amber_id.errors import UsageError
from amber_id.extras import check_needs

if TYPE_CHECKING:
    from amber_id.attackers import CheckpointHeader
    from amber_id.recordings import RecordingSet
    from amber_id.verification import Verification

_Checkpoint = Annotated[
    Path, typer.Argument(metavar="CHECKPOINT", help="One checkpoint, or a run that has one.")
]


@app.command()
def embed(
    checkpoint: _Checkpoint,
    recordings: Recordings,
    out: Annotated[
        Path, typer.Option(help="File to be written, FILE.safetensors; `amber metrics` reads it.")
    ],
    partition: Annotated[
        Literal["train", "dev", "test"] | None,
        typer.Option(
            help="People of one partition of the checkpoint; test: all it has never seen; default: all."
        ),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Embed every clip as one vector.

    Two clips are compared by the cosine of their vectors.
    """
    from amber_id import __version__
    from amber_id.attackers import load_attacker
    from amber_id.attackers.terms import PERSONAL_DATA
    from amber_id.embeddings import embed_clips
    from amber_id.file_formats import file_hash
    from amber_id.motion import load_windows
    from amber_id.progress import ClipBar
    from amber_id.recordings import RecordingSet
    from amber_id.score_files import EmbeddingsHeader, write_embeddings

    require(
        "--out", out, "a file, FILE.safetensors", out.suffix.lower() == ".safetensors" and not out.is_dir()
    )
    check_before("embed", out.parent)
    path = _one_checkpoint(checkpoint)
    header, attacker = load_attacker(path, device)
    opened = RecordingSet.open(recordings)
    header.check_point_set(opened.entries[0].point_set, str(recordings))
    chosen = _of_partition(opened, header, partition)
    with ClipBar("features", len(chosen.entries), quiet=quiet) as bar:
        windows = load_windows(chosen, header.features, on_clip=bar.advance)
    vectors = embed_clips(attacker, windows)
    described = EmbeddingsHeader(
        clips=tuple(entry.clip for entry in windows.entries),
        subjects=tuple(entry.subject for entry in windows.entries),
        attacker=header.attacker,
        checkpoint_sha256=file_hash(path),
        recordings_sha256=chosen.content_hash(),
        amber_id_version=__version__,
    )
    write_embeddings(out, vectors, described)
    tell(
        f"{len(vectors)} clips of {len(windows.subjects)} people, {vectors.shape[1]} numbers each, "
        f"by {header.attacker}"
    )
    tell(out)
    if not quiet:
        _say_who_was_seen(header, windows.subjects)
        say(f"note: {PERSONAL_DATA}")
    end_with((*opened.failures, *windows.failures))


@app.command()
def verify(
    first: Annotated[Path, typer.Argument(metavar="A", help="A video, or a recording (.safetensors).")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
    checkpoint: Annotated[
        Path, typer.Option(help="One checkpoint, or a run that has one; its attacker compares.")
    ],
    model: Model = None,
    prior: Annotated[float, typer.Option(help="Prior probability of one person, between 0 and 1.")] = 0.5,
    device: Device = "auto",
) -> None:
    """Compare two clips: do they show one person?

    The limits of the answer are printed with it. For tests, not for decisions on people.
    """
    from amber_id.attackers.terms import NOT_FOR
    from amber_id.verification import verify as verify_clips

    require("--prior", prior, "between 0 and 1", 0 < prior < 1)
    videos = any(path.suffix.lower() != ".safetensors" for path in (first, second))
    check_needs("verify", *(["of videos"] if videos else []))
    verification = verify_clips(_one_checkpoint(checkpoint), first, second, model=model, device=device)
    for line in _answer(verification, prior):
        tell(line)
    for limit in verification.limits():
        tell(f"  limit: {limit}")
    tell(f"  terms: {NOT_FOR} (RESPONSIBLE_USE.md)")


@app.command()
def export(
    checkpoint: _Checkpoint,
    onnx: Annotated[Path, typer.Option(help="File to be written, FILE.onnx, for programs without torch.")],
) -> None:
    """Export a network to ONNX.

    The file is written if onnxruntime gives the same embeddings.
    """
    from amber_id.attackers.onnx_export import export_onnx

    require("--onnx", onnx, "a file, FILE.onnx", onnx.suffix.lower() == ".onnx" and not onnx.is_dir())
    check_before("export", onnx.parent)
    made = export_onnx(_one_checkpoint(checkpoint), onnx)
    tell(
        f"windows (N, {made.channels}, {made.frames}, {made.vertices}) float32, mask (N, {made.frames}) bool "
        f"-> embeddings (N, {made.dimensions}); differs from torch by {made.largest_difference:.1g} at most"
    )
    tell(onnx)


def _one_checkpoint(path: Path) -> Path:
    """The checkpoint that is named, or the only one of a run."""
    from amber_id.training import find_checkpoints

    checkpoints = find_checkpoints(path)
    if len(checkpoints) > 1:
        raise UsageError(
            f"{path}: a run of {len(checkpoints)} folds, and vectors of different folds cannot be compared; "
            f"name the checkpoint of one, e.g. {checkpoints[0]}"
        )
    return checkpoints[0]


def _of_partition(
    recordings: "RecordingSet", header: "CheckpointHeader", partition: str | None
) -> "RecordingSet":
    if partition is None:
        return recordings
    if header.control is not None:
        raise UsageError(
            f"--partition: {header.control} mixes clips of all people, so no person is in one partition"
        )
    people = {"train": set(header.train_subjects), "dev": set(header.dev_subjects)}
    people["test"] = set(recordings.subjects) - people["train"] - people["dev"]
    present = people[partition] & set(recordings.subjects)
    if not present:
        raise UsageError(
            f"--partition {partition}: {recordings.root} has no people in it; leave the option out to take "
            "everybody"
        )
    return recordings.select(present)


def _say_who_was_seen(header: "CheckpointHeader", subjects: tuple[str, ...]) -> None:
    if header.control is not None:
        say(f"note: the checkpoint is a control, {header.control}: it recognises nobody")
        return
    seen = set(subjects) & {*header.train_subjects, *header.dev_subjects}
    if seen:
        say(
            f"note: {len(seen)} of {len(subjects)} people bear numbers that were trained or chosen on; in "
            "the same corpus that makes error rates too good, and --partition test leaves them out"
        )


def _answer(verification: "Verification", prior: float) -> list[str]:
    decision = {True: "the same person", False: "not the same person", None: "no evidence either way"}
    lines = [
        f"{decision[verification.is_one_person]}: cosine {verification.score:.3f}{_open_scores(verification)}"
    ]
    llr, probability = verification.llr, verification.probability(prior)
    if llr is not None and probability is not None:
        more, less = ("one person", "two") if llr >= 0 else ("two people", "one")
        times = f"{math.exp(abs(llr)):.3g} times likelier if they are of {more} than of {less}"
        lines.append(f"log-likelihood ratio {llr:+.2f}: such clips are {times}")
        lines.append(f"probability of one person {probability:.3f}, at a prior of {prior:g}")
    return lines


def _open_scores(verification: "Verification") -> str:
    """Where the score lies beside those that are no evidence."""
    low, high = verification.undecided or (-1.0, 1.0)
    if low <= -1 and high >= 1:
        return "; with these dev people, no cosine is evidence"
    if verification.is_one_person is None:
        return f"; from {low:.3f} to {high:.3f}, with these dev people, a cosine is no evidence"
    edge, side = (high, "above") if verification.is_one_person else (low, "below")
    return f", {side} {edge:.3f}, from which on a cosine is evidence with these dev people"
