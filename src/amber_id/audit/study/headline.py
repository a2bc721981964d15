"""The finding of a study in a sentence, and what forbids it."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from amber_id.audit.attack.statements import (
    MATED_ACROSS_SESSIONS,
    OF_DIFFERENT_UTTERANCES,
    REIDENTIFICATION,
    from_several_clips,
)
from amber_id.audit.study.matrix import Cell
from amber_id.notation import plural, signed, with_interval
from amber_id.results import (
    FUSION,
    CellResult,
    Check,
    ConditionName,
    Difference,
    Headline,
    Rate,
    StudyCounts,
)

_BY_IMPORTANCE = ("AAA", "OOO")  # the cell that a headline is about: the first that is there


def study_headline(
    cells: Mapping[str, Cell],
    helped: Difference | None,
    checks: Sequence[Check],
    counts: StudyCounts,
    *,
    across_sessions: bool = False,
) -> Headline:
    """The finding in a sentence, with intervals and counts, and what forbids it.

    `helped` is the EER of AAA less that of OOO, paired over people, within sources where there are several;
    None without both. `across_sessions` says that mated comparisons count across sessions only.
    """
    letters = headline_cell(cells)
    condition: ConditionName = "anonymised" if letters == "AAA" else "original"
    result = cells[letters].result
    scope = " within sources" if result.within_source else ""
    counted = [OF_DIFFERENT_UTTERANCES] if result.counts.unknown_utterances is not None else []
    counted += [MATED_ACROSS_SESSIONS] if across_sessions else []
    scope += f" by {' and '.join(counted)}" if counted else ""
    sentences = [] if helped is None else [_effect(helped)]
    finding = (
        f"{REIDENTIFICATION[result.recognition.outcome]} from {counts.seconds_per_clip:g}-second "
        f"{condition} clips by "
        f"{_attacker(result.attacker.name, len(result.attackers))}: EER "
        f"{with_interval(_eer(result), 2)}{scope}{_archive(result)}"
    )
    if letters == "AAA" and "OOO" in cells:
        finding += f"; originals {with_interval(_eer(cells['OOO'].result), 2)}"
    lost = counts.dropped_clips
    sentences += [
        f"{finding}; guessing gives 0.50.",
        f"{plural(counts.subjects, 'person was', 'people were')} tested; "
        f"{'no clip was' if lost == 0 else plural(lost, 'clip was', 'clips were')} lost.",
    ]
    reasons = tuple(
        reason_of(check)
        for check in checks
        if check.verdict == "invalid" and check.concerns(letters, condition)
    )
    return Headline(
        text=" ".join(sentences),
        cell=letters,
        recognition=result.recognition,
        valid=not reasons,
        reasons=reasons,
    )


def headline_cell(cells: Collection[str]) -> str:
    """The cell that a headline is about."""
    return next(name for name in _BY_IMPORTANCE if name in cells)


def _eer(result: CellResult) -> Rate:
    return result.within_source or result.metrics.eer


def _archive(result: CellResult) -> str:
    """What several clips on either side give; within sources they have not been compared."""
    if result.within_source:
        return ""
    return from_several_clips(result.metrics, partial(with_interval, digits=2))


def _effect(helped: Difference) -> str:
    """Did anonymising help, by how much, and what could have been detected?"""
    change = f"change in EER {signed(helped, 2)}"
    if helped.low > 0:
        return f"Anonymisation made people harder to recognise ({change})."
    if helped.high < 0:
        return f"Anonymisation made people easier to recognise ({change})."
    return (
        f"It is not shown that anonymisation made people harder to recognise ({change}; a change of "
        f"{helped.detectable:.2f} would probably have been detected)."
    )


_REMEDY = {
    "frame_rate": "bring all clips to one frame rate before they are tracked, or audit those of one rate "
    "alone",
    "resolution": "bring all videos to one size, or audit those of one size alone",
    "aspect": "crop all videos to one shape, or audit those of one shape alone",
    "duration": "cut all clips to one length",
    "duration only": "cut all clips to one length",
    "source only": "audit each source by itself",
    "source": "audit each source by itself",
    "pairing": "check which anonymised clip belongs to which original",
    "near_copies": "leave the copies out",
    "permuted labels": "repeat with another --seed; if it happens again, look for clips under two names",
    "failed_detections": "see failures.csv: what cannot be tracked is not measured",
}


def reason_of(check: Check) -> str:
    """Why a check forbids a finding, and what to do about it."""
    remedy = _REMEDY.get(check.name, "compare only clips that do not differ in it, or remove the difference")
    return f"{check.title}: {check.evidence} What to do: {remedy}; then audit again."


def _attacker(name: str, tried: int) -> str:
    if name == FUSION:
        return f"{tried - 1} attackers together"
    return f"the strongest of {tried} attackers ({name})" if tried > 1 else f"one attacker ({name})"
