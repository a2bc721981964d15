"""Do anonymised clips last as long as their originals? If not, their motion runs at another speed.

An anonymiser that reads 30 frames a second and writes them as 25 slows all motion down by a fifth, and one
that reads a video of varying rate as if it were constant bends its time. What then is measured on anonymised
clips is another speed, too, not privacy; and where the factor goes with the person it tells people apart.
"""

from collections.abc import Sequence
from statistics import median

from amber_id.audit.confounds.evidence import NAMED_AT_MOST
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check, Verdict

_APART = 0.02  # of a duration
_FRAMES = 1.5  # by which durations must differ as well where numbers of frames do
_SAME_COUNT = 0.01  # of a number of frames


def lengths_confound(original: Sequence[RecordingEntry], anonymised: Sequence[RecordingEntry]) -> Check:
    """A warning where a clip is shorter or longer than its original by more than 2 %; clips in one order."""
    pairs = list(zip(original, anonymised, strict=True))
    odd = [pair for pair in pairs if _is_apart(*pair)]
    ratios = [after.duration_s / before.duration_s for before, after in pairs]
    figures = {
        "clips": float(len(pairs)),
        "share_apart": len(odd) / len(pairs),
        "duration_ratio": median(ratios),
        "smallest_duration_ratio": min(ratios),
        "largest_duration_ratio": max(ratios),
        "frames_ratio": median(after.frames / before.frames for before, after in pairs),
    }
    verdict: Verdict = "pass"
    evidence = f"All {len(pairs)} anonymised clips last as long as their originals, to within 2 %"
    if odd:
        verdict = "warn"
        of_odd = median(after.duration_s / before.duration_s for before, after in odd)
        evidence = f"{len(odd)} of {len(pairs)} anonymised clips do not last as long as their originals "
        evidence += f"({of_odd:.2f} times as long, median of these; {_named(odd)}). {_cause(odd)}"
    elif abs(figures["frames_ratio"] - 1) > _APART:
        evidence += (
            f", but have {figures['frames_ratio']:.2f} times as many frames (median), so quick motion is "
        )
        evidence += "sampled at another rate"
    return Check(name="pair_lengths", verdict=verdict, evidence=f"{evidence}.", figures=figures)


def _is_apart(before: RecordingEntry, after: RecordingEntry) -> bool:
    apart = abs(after.duration_s - before.duration_s)
    # Of short clips a frame more or less is above 2 %.
    beyond_cut = after.frames == before.frames or apart * min(before.fps, after.fps) > _FRAMES
    return apart > _APART * before.duration_s and beyond_cut


def _cause(odd: Sequence[tuple[RecordingEntry, RecordingEntry]]) -> str:
    """The likely cause for most of these clips."""
    retimed = sum(abs(after.frames / before.frames - 1) <= _SAME_COUNT for before, after in odd)
    if retimed > len(odd) / 2:
        rates = (median(pair[i].fps for pair in odd) for i in (0, 1))
        before, after = (f"{rate:.4g}" for rate in rates)
        return (
            f"They have as many frames, but {after} a second instead of {before} (median), so their motion "
            "runs at another speed. The anonymiser probably writes one frame rate whatever it reads, or "
            "reads a video of varying rate as a constant one; anonymise again, keeping every frame's time"
        )
    shorter = sum(after.duration_s < before.duration_s for before, after in odd)
    if shorter > len(odd) / 2:
        return (
            "They have fewer frames, so the anonymiser probably dropped frames or stopped early, and what is "
            "left may run at another speed; anonymise again, keeping every frame and its time"
        )
    return (
        "They have more frames, so the anonymiser probably repeated frames or read a video of varying rate "
        "as a constant one, and their motion may run at another speed; anonymise again, keeping every "
        "frame's time"
    )


def _named(odd: Sequence[tuple[RecordingEntry, RecordingEntry]]) -> str:
    worst = sorted(odd, key=lambda pair: -abs(pair[1].duration_s / pair[0].duration_s - 1))[:NAMED_AT_MOST]
    return "e.g. " + ", ".join(
        f"{before.clip} {after.duration_s:.2f} s instead of {before.duration_s:.2f} s"
        for before, after in worst
    )
