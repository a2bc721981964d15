"""What must a stranger know of a checkpoint? A model card, written from its header alone."""

from amber_id.attackers.checkpoint import CheckpointHeader
from amber_id.attackers.terms import NOT_FOR, PERSONAL_DATA

_FRONT_MATTER = """---
library_name: amber-id
tags:
- biometrics
- face-motion
- privacy
---"""

_HOW_TO_USE = """```python
from pathlib import Path

from amber_id.attackers.hub import PretrainedAttacker
from amber_id.embeddings import embed_clips
from amber_id.motion import load_windows
from amber_id.recordings import RecordingSet

attacker = PretrainedAttacker.from_pretrained("THIS FOLDER, OR ITS NAME ON THE HUB")
windows = load_windows(RecordingSet.open(Path("recordings")), attacker.header.features)
vectors = embed_clips(attacker, windows)  # one of length 1 for each clip; compare by cosine
```

Or on the command line: `amber embed checkpoint.safetensors RECORDINGS --out vectors.safetensors`,
`amber verify A.mp4 B.mp4 --checkpoint checkpoint.safetensors`. RECORDINGS are what `amber track` leaves."""


def model_card(header: CheckpointHeader) -> str:
    """The text of the card, in Markdown."""
    parts = [
        _FRONT_MATTER,
        f"# AMBER-ID attacker `{header.attacker}`",
        "It recognises people by how their faces move, to measure what an anonymised video reveals.",
        *_controlled(header),
        "## Terms",
        f"Before all else, {NOT_FOR}.",
        f"Under the GDPR, {PERSONAL_DATA}. This card grants no licence: whether and how the "
        "checkpoint may be used is up to the people whose clips it was trained on, and to the terms of the "
        "corpus. See RESPONSIBLE_USE.md of AMBER-ID.",
        "## Trained on",
        _training(header),
        "## On the dev people",
        _dev(header),
        "## Input",
        _features(header),
        "## How to use it",
        _HOW_TO_USE,
        "## Versions",
        "\n".join(f"- {name} {number}" for name, number in sorted(header.versions.items())),
    ]
    return "\n\n".join(parts) + "\n"


def _controlled(header: CheckpointHeader) -> list[str]:
    if header.control is None:
        return []
    return [f"**A control, trained with {header.control}: it recognises nobody, and is no attacker.**"]


def _training(header: CheckpointHeader) -> str:
    return (
        f"- Sources: {', '.join(header.train_sources)}\n"
        f"- {len(header.train_subjects)} people, {header.train_clips} clips; fold {header.fold} of "
        f"{header.folds}, seed {header.seed}, epoch {header.epoch}\n"
        f"- SHA-256 of the recordings: `{header.recordings_sha256}`; of the split: `{header.split_sha256}`"
    )


def _dev(header: CheckpointHeader) -> str:
    dev, line = header.dev, header.dev.calibration
    calibrated = (
        "no calibration could be fitted"
        if line is None
        else f"log-likelihood ratio = {line.slope:.4g} x cosine {line.offset:+.4g}, for cosines from "
        f"{line.lowest:.3f} to {line.highest:.3f}"
    )
    return (
        f"EER {dev.eer:.3f}, AUC {dev.auc:.3f} (guessing: 0.5), over all pairs of clips of {dev.subjects} "
        f"people; threshold {dev.threshold:.3f}; {calibrated}. The checkpoint was chosen on these people, so "
        "the figures are optimistic, and other cameras and anonymisers have others."
    )


def _features(header: CheckpointHeader) -> str:
    settings = {"points": header.point_set, **header.features.model_dump(mode="json")}
    lines = [f"- {name}: {_in_words(value)}" for name, value in settings.items()]
    return "\n".join(lines)


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "the default" if value is None else str(value)
