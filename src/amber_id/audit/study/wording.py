"""What may be said about a study, and what may not."""

from collections.abc import Mapping, Sequence

from amber_id.audit.attack.wording import DID
from amber_id.audit.study.matrix import Cell
from amber_id.judging.limits import FEW_SUBJECTS
from amber_id.protocols import Split
from amber_id.results import (
    FUSION,
    CellResult,
    Check,
    ConditionName,
    CurvePoint,
    CurvesResult,
    Difference,
    Headline,
    Rate,
    SensitivityResult,
    StudyCounts,
)

_BY_IMPORTANCE = ("AAA", "OOO")  # the cell that a headline is about: the first that is there


def study_headline(
    cells: Mapping[str, Cell],
    helped: Difference | None,
    checks: Sequence[Check],
    counts: StudyCounts,
) -> Headline:
    """The finding in a sentence, with intervals and counts, and what forbids it.

    `helped` is the EER of AAA less that of OOO, paired over people, within sources where there are several;
    None without both.
    """
    cell = next(name for name in _BY_IMPORTANCE if name in cells)
    anonymised = cell == "AAA"
    result = cells[cell].result
    eer = _headline_eer(result)
    kind: ConditionName = "anonymised" if anonymised else "original"
    text = "" if helped is None else f"{_help(helped)} "
    text += (
        f"{DID[result.recognition.outcome]} from {counts.seconds_per_clip:g}-second {kind} clips, by "
        f"{_who(result.attacker.name, len(result.attackers))}: EER {_with_interval(eer)}"
    )
    text += " within sources; " if result.within_source else "; "
    text += "guessing is 0.50"
    if anonymised and "OOO" in cells:
        text += f"; originals {_with_interval(_headline_eer(cells['OOO'].result))}"
    lost = f"{counts.dropped_clips} clip{'' if counts.dropped_clips == 1 else 's'} lost"
    text += f". {counts.subjects} people; {lost}."
    reasons = [
        _reason(check) for check in checks if check.verdict == "invalid" and check.concerns(cell, kind)
    ]
    return Headline(
        text=text, cell=cell, recognition=result.recognition, valid=not reasons, reasons=tuple(reasons)
    )


def _headline_eer(result: CellResult) -> Rate:
    return result.within_source or result.metrics.eer


def _help(helped: Difference) -> str:
    """Did anonymising help, by how much, and what could have been seen?"""
    points = f"{helped.value:+.2f} [{helped.low:+.2f}, {helped.high:+.2f}]"
    if helped.low > 0:
        return f"Anonymising made people harder to recognise (EER {points})."
    if helped.high < 0:
        return f"Anonymising made people easier to recognise (EER {points})."
    return (
        f"That anonymising helped is not shown (EER {points}; a change of {helped.detectable:.2f} would "
        "probably have been seen)."
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
    "permuted labels": "repeat with another --seed; if it is found again, look for clips under two names",
    "failed_detections": "see failures.csv: what cannot be tracked is not measured",
}


def _reason(check: Check) -> str:
    """What forbids a finding, and what to do about it."""
    remedy = _REMEDY.get(check.name, "compare only clips that do not differ in it, or remove the difference")
    return f"{check.title}: {check.evidence} What to do: {remedy}; then audit again."


def study_limits(
    cells: Mapping[str, Cell],
    curves: Mapping[str, CurvesResult],
    sensitivity: Mapping[str, SensitivityResult],
    confounds: Sequence[Check],
    counts: StudyCounts,
    split: Split,
    *,
    synthetic: bool,
    skipped: Sequence[str],
) -> tuple[str, ...]:
    """What the figures do not show, in whole sentences."""
    tried = next(iter(cells.values())).result.attackers
    sentences = ["These people are synthetic: the figures say nothing about real ones."] if synthetic else []
    sentences += [
        f"{len(tried)} attackers were tried in every cell ({', '.join(tried)}); the figures are those of the "
        "one with the lowest EER on dev people. A stronger one may find more: a high error rate is not a "
        "proof of privacy.",
        session_limit(confounds),
        *skipped,
    ]
    if counts.subjects < FEW_SUBJECTS:
        sentences.append(f"{counts.subjects} people are few: the intervals are wide.")
    if len(counts.subjects_of_source) > 1:
        within = any(cell.result.within_source is not None for cell in cells.values())
        sources = f"People come from {len(counts.subjects_of_source)} sources"
        sentences.append(
            f"{sources}. Telling sources apart is easy, so the headline is about comparisons within a source."
            if within
            else f"{sources}, and too few of those who are compared share one for a figure within sources: "
            "the headline is about all comparisons, and what goes with a source may stand for its person."
        )
    if len(split.folds) > 1:
        sentences.append(
            f"Scores of {len(split.folds)} attackers, one for each fold, are pooled as they are; a person is "
            "compared with people of the same fold only."
        )
    if counts.dropped_clips:
        sentences.append(
            f"{counts.dropped_clips} clips were of no use under one condition and are in no figure of either "
            "(failure to acquire)."
        )
    sentences += [f"{cell}: {each.evidence}" for cell, each in sensitivity.items() if each.verdict != "pass"]
    return (*sentences, *_not_saturated(curves), *_limits_of_cells(cells))


def session_limit(confounds: Sequence[Check]) -> str:
    """What the sessions of the clips do not allow to conclude."""
    figures = next(each.figures for each in confounds if each.name == "session")
    if not figures:
        return (
            "Which clips were filmed in one sitting is not known. If each person sat once, this measures "
            "recognition within a session, not across sessions."
        )
    if not figures["people_with_several"]:
        return "Each person sat once: this measures recognition within a session, not across sessions."
    within = f"{100 * figures['share_of_mated_within']:.0f} %"
    return f"{within} of mated comparisons are within a session; they are part of the figures."


def _not_saturated(curves: Mapping[str, CurvesResult]) -> list[str]:
    """The cells in which more of something still lowers the EER."""
    more_people = [name for name, curve in curves.items() if _still_falls(curve.people)]
    longer = [name for name, curve in curves.items() if _still_falls(curve.seconds)]
    sentences = []
    if more_people:
        sentences.append(
            f"{', '.join(more_people)}: with more people to learn from the EER still falls, so an attacker "
            "with more people would find more."
        )
    if longer:
        sentences.append(
            f"{', '.join(longer)}: the more seconds of a clip are seen the lower the EER, so longer clips "
            "would give more away."
        )
    return sentences


def _still_falls(points: Sequence[CurvePoint]) -> bool:
    last = points[-1].less if points else None
    return last is not None and last.high < 0


def _limits_of_cells(cells: Mapping[str, Cell]) -> list[str]:
    """What the cells say of themselves, each once, with the cells that say it where not all do."""
    of_text: dict[str, list[str]] = {}
    for name, cell in cells.items():
        for limit in cell.result.limits:
            of_text.setdefault(limit, []).append(name)
    return [
        text if len(names) == len(cells) else f"{', '.join(names)}: {text}" for text, names in of_text.items()
    ]


def _who(attacker: str, tried: int) -> str:
    if attacker == FUSION:
        return f"{tried - 1} attackers together"
    return f"the strongest of {tried} attackers ({attacker})" if tried > 1 else f"one attacker ({attacker})"


def _with_interval(eer: Rate) -> str:
    return f"{eer.value:.2f} [{eer.low:.2f}, {eer.high:.2f}]"
