"""What do near-copies spoil, and which anonymised clips do not move as their originals?

Following. An anonymised clip follows an original if the mean of the correlations over face and head is high,
the one up to five frames before or after the other. It is held against all originals that are no near-copies
of its own. It is astray if 5 % of them, or more, fit as well as its own, or if it follows another one: that
one fits better by 0.2 and well beyond chance. Common stretches under 1.2 s say nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from amber_id.motion.likeness import RATE_HZ, Signals, blocks, compare, fisher_z
from amber_id.recordings import RecordingEntry
from amber_id.results import ConditionName
from amber_id.results.confounds import Confound, Verdict

_FOLLOW_LAGS = range(-5, 6)
_SHORTEST_FOLLOWED = 1.2 * RATE_HZ  # frames
_BEYOND_CHANCE_OTHER = 6.0
_AS_WELL = 0.05  # share of other originals
_BETTER_BY = 0.2
_FOLLOWS = 0.75  # share of other originals that own ones must fit better than
_NAMED = 3  # examples in a sentence


@dataclass(frozen=True, eq=False)
class Following:
    """How N anonymised clips follow the originals."""

    judged: Bool[np.ndarray, " N"]  # False: too short, or too few frames with a face
    own: Float32[np.ndarray, " N"]  # correlation with the own original
    as_well: Float32[np.ndarray, " N"]  # share of other originals that fit as well or better
    other: Int64[np.ndarray, " N"]  # the original that the clip follows instead of its own; -1 for none

    @property
    def astray(self) -> Bool[np.ndarray, " N"]:
        """The clips that do not follow their own original."""
        return self.judged & ((self.as_well > _AS_WELL) | (self.other >= 0))


def follow(anonymised: Signals, originals: Signals, *, copies: Int64[np.ndarray, "Q 2"]) -> Following:
    """How each anonymised clip follows the original in the same place; `copies` are of the originals."""
    parts = [_following(anonymised, originals, rows, copies) for rows in blocks(anonymised)]
    return Following(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _following(
    anonymised: Signals, originals: Signals, rows: slice, copies: Int64[np.ndarray, "Q 2"]
) -> tuple[
    Bool[np.ndarray, " n"], Float32[np.ndarray, " n"], Float32[np.ndarray, " n"], Int64[np.ndarray, " n"]
]:
    """The columns of `Following` for some anonymised clips."""
    n, M = rows.stop - rows.start, len(originals.seen)
    scores = np.full((n, M), -1, np.float32)
    beyond = np.zeros((n, M), np.float32)
    comparable = np.zeros((n, M), dtype=bool)
    for lag in _FOLLOW_LAGS:
        alike = compare(anonymised, originals, rows, lag)
        long_enough = alike.frames >= _SHORTEST_FOLLOWED
        mean = np.where(long_enough, (alike.face + alike.head) / 2, np.float32(-1))
        scores = np.maximum(scores, mean)
        beyond = np.maximum(beyond, fisher_z(mean) * np.sqrt(alike.frames))
        comparable |= long_enough
    here, there = np.arange(n), np.arange(rows.start, rows.stop)
    own, judged = scores[here, there], comparable[here, there]
    others = comparable
    others[here, there] = False
    both_ways = np.concatenate([copies, copies[:, ::-1]])
    one, other = both_ways[(both_ways[:, 0] >= rows.start) & (both_ways[:, 0] < rows.stop)].T
    others[one - rows.start, other] = False
    as_well = ((scores >= own[:, None]) & others).sum(axis=1) / np.maximum(others.sum(axis=1), 1)
    followed = others & (scores >= own[:, None] + _BETTER_BY) & (beyond >= _BEYOND_CHANCE_OTHER)
    best = np.where(followed, scores, -2).argmax(axis=1)
    return judged, own, as_well.astype(np.float32), np.where(followed.any(axis=1), best, -1)


def copies_confound(
    condition: ConditionName,
    entries: Sequence[RecordingEntry],
    pairs: Int64[np.ndarray, "Q 2"],
    *,
    invalid_share: float,
) -> Confound:
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
    said = [] if len(pairs) else [f"No two of {len(entries)} clips move the same."]
    if same.any():
        said.append(
            f"{clips} of {len(entries)} clips move as another clip of the same person "
            f"({_pairs_named(entries, pairs[same])}): comparing copies recognises a take, not a person."
        )
    if not same.all():
        said.append(
            f"{int((~same).sum())} pairs of clips of different people move the same "
            f"({_pairs_named(entries, pairs[~same])}): one clip under two names, or motion that is nobody's."
        )
    verdict: Verdict = "warn" if len(pairs) else "pass"
    if not same.all() or figures["share_of_clips"] >= invalid_share:
        verdict = "invalid"
    evidence = " ".join(said)
    return Confound(
        name="near_copies", verdict=verdict, evidence=evidence, condition=condition, figures=figures
    )


def pairing_confound(
    entries: Sequence[RecordingEntry], found: Following, *, warn_share: float, invalid_share: float
) -> Confound:
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


def _pairing(verdict: Verdict, evidence: str, figures: dict[str, float]) -> Confound:
    evidence = evidence.replace("%", " %")
    return Confound(name="pairing", verdict=verdict, evidence=evidence, condition=None, figures=figures)


def _astray_named(
    entries: Sequence[RecordingEntry], found: Following, astray: Int64[np.ndarray, " Q"]
) -> str:
    first = sorted(astray, key=lambda i: found.other[i] < 0)[:_NAMED]
    return ", ".join(
        f"{entries[i].clip} (moves as {entries[found.other[i]].clip})"
        if found.other[i] >= 0
        else entries[i].clip
        for i in first
    )


def _pairs_named(entries: Sequence[RecordingEntry], pairs: Int64[np.ndarray, "Q 2"]) -> str:
    named = "; ".join(f"{entries[i].clip} and {entries[j].clip}" for i, j in pairs[:_NAMED])
    return f"{named}; ..." if len(pairs) > _NAMED else named
