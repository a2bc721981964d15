"""How many clips have a near-copy, of the same person or of another one?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from amber_id.audit.confounds.evidence import NAMED_AT_MOST
from amber_id.audit.confounds.studied import StudiedClips
from amber_id.recordings import RecordingEntry
from amber_id.results import ConditionName
from amber_id.results.checks import Check, Verdict


def copies_confounds(clips: StudiedClips) -> list[Check]:
    """Near-copies among the clips of each condition."""
    return [
        copies_confound(
            condition,
            clips.conditions[condition].entries,
            pairs,
            invalid_share=clips.config.invalid_copies,
        )
        for condition, pairs in clips.near_copies.items()
    ]


def copies_confound(
    condition: ConditionName,
    entries: Sequence[RecordingEntry],
    pairs: Int64[np.ndarray, "Q 2"],
    *,
    invalid_share: float,
) -> Check:
    """Near-copies of one person are a warning, many are invalid, and so are any of two people."""
    person = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
    same = person[pairs[:, 0]] == person[pairs[:, 1]]
    clips = len(np.unique(pairs[same]))
    counts = np.bincount(person)
    mated = int((counts * (counts - 1) // 2).sum())
    figures = {
        "pairs_of_one_person": float(same.sum()),
        "pairs_of_two_people": float((~same).sum()),
        "share_of_clips": clips / len(entries),
        "share_of_mated_comparisons": float(same.sum()) / mated if mated else 0.0,
    }
    sentences = [] if len(pairs) else [f"No two of {len(entries)} clips have the same motion."]
    if same.any():
        sentences.append(
            f"{clips} of {len(entries)} clips move as another clip of the same person "
            f"({_pairs_named(entries, pairs[same])}). Comparing copies recognises a recording, not a person."
        )
    if not same.all():
        sentences.append(
            f"{int((~same).sum())} pairs of clips of different people have the same motion "
            f"({_pairs_named(entries, pairs[~same])}): one clip under two names, or motion that belongs to "
            "nobody."
        )
    verdict: Verdict = "warn" if len(pairs) else "pass"
    if not same.all() or figures["share_of_clips"] >= invalid_share:
        verdict = "invalid"
    evidence = " ".join(sentences)
    return Check(name="near_copies", verdict=verdict, evidence=evidence, condition=condition, figures=figures)


def _pairs_named(entries: Sequence[RecordingEntry], pairs: Int64[np.ndarray, "Q 2"]) -> str:
    named = "; ".join(f"{entries[i].clip} and {entries[j].clip}" for i, j in pairs[:NAMED_AT_MOST])
    return f"{named}; {len(pairs) - NAMED_AT_MOST} more" if len(pairs) > NAMED_AT_MOST else named
