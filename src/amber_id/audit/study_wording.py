"""What may be said about a study, and what may not."""

from collections.abc import Mapping, Sequence

from amber_id.audit.matrix import Cell
from amber_id.audit.wording import FEW_SUBJECTS
from amber_id.protocols import Split
from amber_id.results import (
    FUSION,
    Confound,
    ControlResult,
    CurvePoint,
    CurvesResult,
    Headline,
    Rate,
    SensitivityResult,
    StudyCounts,
)

_BY_IMPORTANCE = ("AAA", "OOO")  # the cell that a headline is about: the first that is there


def study_headline(
    cells: Mapping[str, Cell],
    controls: Sequence[ControlResult],
    confounds: Sequence[Confound],
    counts: StudyCounts,
) -> Headline:
    """The finding in a sentence, with interval and counts, and what forbids it."""
    cell = next(name for name in _BY_IMPORTANCE if name in cells)
    anonymised = cell == "AAA"
    result = cells[cell].result
    eer = result.within_source or result.metrics.eer
    kind = "anonymised" if anonymised else "original"
    text = f"From {counts.seconds_per_clip:g}-second {kind} clips of {counts.subjects} people, "
    text += f"{_who(result.attacker.name, len(result.attackers))} {_did(eer, result.attacker.name)}: "
    text += f"EER {_said(eer)}"
    text += " within sources; " if result.within_source else "; "
    text += "guessing is 0.50"
    if anonymised and "OOO" in cells:
        before = cells["OOO"].result
        text += f"; originals {_said(before.within_source or before.metrics.eer)}"
    text += f"; {counts.dropped_clips} clips lost."
    reasons = [
        f"{each.name}: {each.words}" for each in controls if each.cell == cell and each.verdict == "invalid"
    ] + [
        f"{each.name}: {each.evidence}"
        for each in confounds
        if each.verdict == "invalid" and each.condition in (None, kind)
    ]
    return Headline(text=text, cell=cell, valid=not reasons, reasons=tuple(reasons))


def study_limits(
    cells: Mapping[str, Cell],
    curves: Mapping[str, CurvesResult],
    sensitivity: Mapping[str, SensitivityResult],
    confounds: Sequence[Confound],
    counts: StudyCounts,
    split: Split,
    *,
    synthetic: bool,
    skipped: Sequence[str],
) -> tuple[str, ...]:
    """What the figures do not show, in whole sentences."""
    tried = next(iter(cells.values())).result.attackers
    said = ["These people never lived: the figures say nothing about real ones."] if synthetic else []
    said += [
        f"{len(tried)} attackers were tried in every cell ({', '.join(tried)}); the figures are those of the "
        "one with the lowest EER on dev people. A stronger one may find more: a high error rate is not a "
        "proof of privacy.",
        session_limit(confounds),
        *skipped,
    ]
    if counts.subjects < FEW_SUBJECTS:
        said.append(f"{counts.subjects} people are few: the intervals are wide.")
    if len(counts.subjects_of_source) > 1:
        said.append(
            f"People come from {len(counts.subjects_of_source)} sources. Telling sources apart is easy, so "
            "the headline is about comparisons within a source."
        )
    if len(split.folds) > 1:
        said.append(
            f"Scores of {len(split.folds)} attackers, one for each fold, are pooled as they are; a person is "
            "compared with people of the same fold only."
        )
    if counts.dropped_clips:
        said.append(
            f"{counts.dropped_clips} clips were of no use under one condition and are in no figure of either "
            "(failure to acquire)."
        )
    said += [f"{cell}: {each.words}" for cell, each in sensitivity.items() if each.verdict != "pass"]
    return (*said, *_not_saturated(curves), *_limits_of_cells(cells))


def session_limit(confounds: Sequence[Confound]) -> str:
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
    said = []
    if more_people:
        said.append(
            f"{', '.join(more_people)}: with more people to learn from the EER still falls, so an attacker "
            "with more people would find more."
        )
    if longer:
        said.append(
            f"{', '.join(longer)}: the more seconds of a clip are seen the lower the EER, so longer clips "
            "would give more away."
        )
    return said


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
    return f"the worst of {tried} attackers ({attacker})" if tried > 1 else f"one attacker ({attacker})"


def _did(eer: Rate, attacker: str) -> str:
    if eer.high < eer.chance:
        return "re-identified people"
    return f"{'were' if attacker == FUSION else 'was'} not seen to re-identify people"


def _said(eer: Rate) -> str:
    return f"{eer.value:.2f} [{eer.low:.2f}, {eer.high:.2f}]"
