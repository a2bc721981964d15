"""Which anonymised clips do not move as their originals?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from amber_id.audit.confounds.studied import StudiedClips
from amber_id.motion.following import Following, follow
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check, Verdict

_FOLLOWS = 0.75  # share of other originals that own ones must fit better than
NAMED_PAIRS = 3  # examples in a sentence


def pairing_confounds(clips: StudiedClips) -> list[Check]:
    """Whether anonymised clips move as their originals, where there are both."""
    config, read = clips.config, clips.read
    if len(read) < 2:
        return []
    original, anonymised = read["original"].signals, read["anonymised"].signals
    following = follow(anonymised, original, copies=clips.near_copies["original"])
    entries = clips.conditions["original"].entries
    return [
        pairing_confound(
            entries, following, warn_share=config.warn_astray, invalid_share=config.invalid_astray
        )
    ]


def pairing_confound(
    entries: Sequence[RecordingEntry], found: Following, *, warn_share: float, invalid_share: float
) -> Check:
    """Whether anonymised clips, in the order of `entries`, move as their own originals."""
    judged, astray = int(found.judged.sum()), np.flatnonzero(found.astray)
    if not judged:
        said = (
            f"None of {len(entries)} anonymised clips shows a face for 1.2 s together with its original, so "
        )
        said += "nobody can say whether they move the same."
        return _pairing("not_checked", said, {"clips": 0.0})
    figures = _figures(found, astray)
    correlation, fits = figures["correlation"], figures["own_fits_better_than"]
    if len(entries) > 1 and fits < _FOLLOWS:
        said = f"The anonymised clips do not follow their originals (correlation {correlation:.2f}, which is "
        said += f"more than {fits:.0%} of other originals have; by chance it is 50%): what they give away is "
        said += "not measurable by this tool, which is not privacy."
        return _pairing("invalid", said, figures)
    verdict: Verdict = "pass"
    said = f"{judged - len(astray)} of {judged} anonymised clips move as their originals (correlation "
    said += f"{correlation:.2f}, median)"
    if figures["share_astray"] > warn_share or figures["clips_of_another_original"]:
        verdict = "invalid" if figures["share_astray"] >= invalid_share else "warn"
        said += (
            f"; {len(astray)} do not, e.g. {_astray_named(entries, found, astray)}: they may be made from "
        )
        said += "other videos, or bear wrong names"
    if judged < len(entries):
        said += f"; {len(entries) - judged} are too short to say"
    return _pairing(verdict, f"{said}.", figures)


def _figures(found: Following, astray: Int64[np.ndarray, " Q"]) -> dict[str, float]:
    judged = found.judged
    return {
        "clips": float(judged.sum()),
        "correlation": float(np.median(found.own[judged])),
        "own_fits_better_than": float(1 - found.as_well[judged].mean()),
        "share_astray": len(astray) / float(judged.sum()),
        "clips_of_another_original": float((found.other[astray] >= 0).sum()),
    }


def _pairing(verdict: Verdict, evidence: str, figures: dict[str, float]) -> Check:
    evidence = evidence.replace("%", " %")
    return Check(name="pairing", verdict=verdict, evidence=evidence, figures=figures)


def _astray_named(
    entries: Sequence[RecordingEntry], found: Following, astray: Int64[np.ndarray, " Q"]
) -> str:
    first = sorted(astray, key=lambda i: found.other[i] < 0)[:NAMED_PAIRS]
    return ", ".join(
        f"{entries[i].clip} (moves as {entries[found.other[i]].clip})"
        if found.other[i] >= 0
        else entries[i].clip
        for i in first
    )
