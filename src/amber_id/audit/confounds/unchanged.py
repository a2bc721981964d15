"""Which anonymised clips are their originals, byte for byte? An anonymiser may pass on what it cannot do.

Such a clip shows the person. What is recognised in it is no fault of the anonymised ones, and a study with
many of them says nothing about the anonymiser.
"""

from collections.abc import Sequence

from amber_id.audit.confounds.evidence import NAMED_AT_MOST
from amber_id.quoting import names_and_more
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check, Verdict


def unchanged_confound(
    original: Sequence[RecordingEntry], anonymised: Sequence[RecordingEntry], *, invalid_share: float
) -> Check:
    """A warning where a clip or its recording is that of its original, invalid where many are."""
    same = [after.clip for before, after in zip(original, anonymised, strict=True) if _is_same(before, after)]
    share = len(same) / len(original)
    verdict: Verdict = "pass"
    evidence = f"None of {len(original)} anonymised clips is its original, byte for byte."
    if same:
        verdict = "invalid" if share >= invalid_share else "warn"
        named = names_and_more(same, NAMED_AT_MOST)
        evidence = (
            f"{len(same)} of {len(original)} anonymised clips are their originals, byte for byte ({named}). "
            "The anonymiser passed them on, or they were copied. Leave them out; they then count as lost."
        )
    figures = {"clips": float(len(original)), "share_unchanged": share}
    return Check(name="unchanged", verdict=verdict, evidence=evidence, figures=figures)


def _is_same(before: RecordingEntry, after: RecordingEntry) -> bool:
    """Whether both are of one video; where that is not known, whether they are one recording."""
    if before.video_sha256 and after.video_sha256:
        return before.video_sha256 == after.video_sha256
    return before.content_hash() == after.content_hash()
