"""What do the figures of a frontier not show, and which points keep too little to be of use?"""

from collections.abc import Iterator, Mapping, Sequence

from amber_id.audit.attack.statements import NO_PROOF, OF_SYNTHETIC_PEOPLE, SESSIONS_UNKNOWN, pooled_folds
from amber_id.audit.frontier.config import UtilityLimits
from amber_id.judging.limits import FEW_SUBJECTS
from amber_id.notation import leaves_out_zero, percent_and_interval, plural, points
from amber_id.recordings import RecordingEntry
from amber_id.results.frontier import FrontierCounts, FrontierPoint, PointFigures, UtilityNumber


def missed_limits(utility: UtilityNumber, limits: UtilityLimits) -> tuple[str, ...]:
    """What of the limits a point does not hold, with the value that it has.

    Examples
    --------
    >>> from amber_id.results.utility import Average
    >>> kept = {
    ...     name: Average(value=value, low=value, high=value, level=0.95)
    ...     for name, value in (("correlation", 0.97), ("amplitude", 1.3))
    ... }
    >>> number = Average(value=0.8, low=0.7, high=0.9, level=0.95)
    >>> utility = UtilityNumber(
    ...     number=number, parts={}, measured=kept, recall={"blinks": 0.85}, f1={"blinks": 0.8}
    ... )
    >>> missed_limits(utility, UtilityLimits())
    ('amplitude 1.30, not 0.8 to 1.25', 'blinks found again 0.85, not 0.9 or more')
    """
    return tuple(_missed(utility, limits))


def _missed(utility: UtilityNumber, limits: UtilityLimits) -> Iterator[str]:
    correlation, amplitude = (utility.measured.get(name) for name in ("correlation", "amplitude"))
    if correlation is not None and correlation.value < limits.correlation:
        yield f"correlation {correlation.value:.2f}, not {limits.correlation:g} or more"
    if amplitude is not None and not limits.amplitude_low <= amplitude.value <= limits.amplitude_high:
        yield (f"amplitude {amplitude.value:.2f}, not {limits.amplitude_low:g} to {limits.amplitude_high:g}")
    for kind, recall in utility.recall.items():
        if recall < limits.event_recall:
            yield f"{kind} found again {recall:.2f}, not {limits.event_recall:g} or more"


def frontier_finding(beside: Sequence[FrontierPoint], reference: str) -> str:
    """Which of the defences that keep enough hides people best, in a sentence; chosen on test people."""
    defences = [each for each in beside if not each.undefended]
    holding = [each for each in defences if not each.limits_missed]
    tried = plural(len(defences), "defence", "defences")
    if not holding:
        return f"None of {tried} holds the limits of utility."
    best = max(holding, key=lambda each: each.eer.value)
    held = f"{len(holding)} of {tried} {'holds' if len(holding) == 1 else 'hold'} the limits of utility"
    less = best.eer_less_reference
    if less is None:
        return f"{held}; the reference, {best.name}, has the highest EER of these, {_eer(best)}."
    verdict = "shown" if leaves_out_zero(less) else "not shown"
    return (
        f"{held}; of these, {best.name} has the highest EER, {_eer(best)}, {points(less)} points beside "
        f"{reference} ({verdict})."
    )


def _eer(point: FrontierPoint) -> str:
    return percent_and_interval(point.eer)


def _imitates(point: PointFigures) -> bool:
    """Whether clips take on the style of a single person."""
    return any(step.donor in ("clip", "person") for step in point.steps)


def frontier_limits(
    points: Mapping[str, PointFigures],
    parts: Mapping[str, str],
    counts: FrontierCounts,
    clips: Sequence[RecordingEntry],
    attackers: Sequence[str],
    *,
    synthetic: bool,
    rendered: bool,
) -> tuple[str, ...]:
    """What the figures do not show, in whole sentences."""
    sentences = [OF_SYNTHETIC_PEOPLE] if synthetic else []
    sentences += [
        "Attackers, all of the kind moments (no network), learnt from the defended clips of other people at "
        f"each point ({'; '.join(attackers)}, and their fusion); the figures are those of the one with the "
        f"lowest EER on dev people. {NO_PROOF}",
        "Movement alone is compared: the face's own shape is in no point, nor are sound and what is said.",
        "Clips were drawn as the default avatar and tracked again, undefended ones, too; utility is what the "
        "tracker sees of defended avatars beside undefended ones."
        if rendered
        else "Utility is measured on what drives an avatar, not on pictures of one; how faces look is not "
        "measured.",
        "Many points are compared, each with intervals of its own: that the best of them is best may be "
        "chance where the paired interval holds 0.",
        SESSIONS_UNKNOWN,
        pooled_folds(counts.folds),
    ]
    imitating = [name for name, point in points.items() if _imitates(point) and point.framing is None]
    if imitating:
        sentences.append(
            f"Whether clips are taken for their synthetic donors ({', '.join(imitating)}) is not measured "
            "through the renderer."
        )
    if any(step.pool is not None and "synthetic" in step.pool for p in points.values() for step in p.steps):
        sentences.append(
            "Styles of synthetic people are those of one generator"
            + (
                ", as are the people here: such a style fits them better than it fits real people."
                if synthetic
                else "."
            )
        )
    sentences += [
        f"{name}: some attackers could learn nothing from these clips ({'; '.join(point.not_fitted)})."
        for name, point in points.items()
        if point.not_fitted
    ]
    sentences += _not_of_all_clips(points)
    if counts.subjects < FEW_SUBJECTS:
        sentences.append(f"{counts.subjects} people are few, so the intervals are wide.")
    sources = {entry.source for entry in clips}
    if len(sources) > 1:
        sentences.append(
            f"People come from {len(sources)} sources and are compared across them, too: what goes with a "
            "source may stand for its person."
        )
    return (*sentences, *(reason for reason in parts.values() if reason))


def _not_of_all_clips(points: Mapping[str, PointFigures]) -> Iterator[str]:
    """Clips that could not be held against their undefended ones drop out of utility, as the worst may."""
    most = max(point.measured_clips for point in points.values())
    for name, point in points.items():
        if point.measured_clips < most:
            yield (
                f"{name}: utility is of {point.measured_clips} clips, that of other points of up to {most}; "
                "it may be too high: clips with too few times in common with undefended ones are left out."
            )
