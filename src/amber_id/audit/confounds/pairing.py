"""Which anonymised clips do not move as their originals?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from amber_id.audit.confounds.evidence import NAMED_AT_MOST
from amber_id.audit.confounds.studied import StudiedClips
from amber_id.motion.following import Following
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check, Verdict

_FOLLOWS = 0.75  # share of other originals that own ones must fit better than


def pairing_confounds(clips: StudiedClips) -> list[Check]:
    """Whether anonymised clips move as their originals, where there are both."""
    config, read = clips.config, clips.read
    if len(read) < 2:
        return []
    original, anonymised = read["original"].movements, read["anonymised"].movements
    following = anonymised.followed(original, least=config.near_copy)
    entries = clips.conditions["original"].entries
    return [
        pairing_confound(
            entries, following, warn_share=config.warn_astray, invalid_share=config.invalid_astray
        )
    ]


def pairing_confound(
    entries: Sequence[RecordingEntry], following: Following, *, warn_share: float, invalid_share: float
) -> Check:
    """Whether anonymised clips, in the order of `entries`, move as their own originals."""
    judged, astray = int(following.judged.sum()), np.flatnonzero(following.astray)
    if not judged:
        evidence = (
            f"None of {len(entries)} anonymised clips shows a face for 1 s together with its original, so "
            "whether they move as their originals cannot be tested."
        )
        return _pairing("not_checked", evidence, {"clips": 0.0})
    figures = _figures(following, astray)
    correlation, fits = figures["correlation"], figures["own_fits_better_than"]
    if len(entries) > 1 and fits < _FOLLOWS:
        evidence = (
            f"The anonymised clips do not follow their originals (correlation {correlation:.2f}, which is "
            f"more than {fits:.0%} of other originals have; by chance it would be 50%). What they give away "
            "is not measurable by this tool; that is not privacy."
        )
        return _pairing("invalid", evidence, figures)
    verdict: Verdict = "pass"
    evidence = f"{judged - len(astray)} of {judged} anonymised clips move as their originals (correlation "
    evidence += f"{correlation:.2f}, median)"
    if figures["share_astray"] > warn_share or figures["clips_of_another_original"]:
        verdict = "invalid" if figures["share_astray"] >= invalid_share else "warn"
        evidence += (
            f"; {len(astray)} do not, e.g. {_astray_named(entries, following, astray)}. They may have been "
            "made from other videos, or bear wrong names"
        )
    if judged < len(entries):
        evidence += f"; {len(entries) - judged} are too short to say"
    return _pairing(verdict, f"{evidence}.", figures)


def _figures(following: Following, astray: Int64[np.ndarray, " Q"]) -> dict[str, float]:
    judged = following.judged
    return {
        "clips": float(judged.sum()),
        "correlation": float(np.median(following.own[judged])),
        "own_fits_better_than": float(1 - following.as_well[judged].mean()),
        "share_astray": len(astray) / float(judged.sum()),
        "clips_of_another_original": float((following.other[astray] >= 0).sum()),
    }


def _pairing(verdict: Verdict, evidence: str, figures: dict[str, float]) -> Check:
    evidence = evidence.replace("%", " %")
    return Check(name="pairing", verdict=verdict, evidence=evidence, figures=figures)


def _astray_named(
    entries: Sequence[RecordingEntry], following: Following, astray: Int64[np.ndarray, " Q"]
) -> str:
    first = sorted(astray, key=lambda i: following.other[i] < 0)[:NAMED_AT_MOST]
    return ", ".join(
        f"{entries[i].clip} (moves as {entries[following.other[i]].clip})"
        if following.other[i] >= 0
        else entries[i].clip
        for i in first
    )
