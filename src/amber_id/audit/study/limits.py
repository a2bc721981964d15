"""What do the figures of a study not show?"""

from collections.abc import Mapping, Sequence

from amber_id.audit.attack.statements import (
    ACROSS_SESSIONS,
    NO_PROOF,
    OF_SYNTHETIC_PEOPLE,
    SESSIONS_UNKNOWN,
    pooled_folds,
)
from amber_id.audit.study.matrix import Cell
from amber_id.judging.limits import FEW_SUBJECTS
from amber_id.protocols import Split
from amber_id.results import Check, CurvePoint, CurvesResult, SensitivityResult, StudyCounts


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
    sentences = [OF_SYNTHETIC_PEOPLE] if synthetic else []
    sentences += [
        f"{len(tried)} attackers were tried in every cell ({'; '.join(tried)}); the figures are those of the "
        f"one with the lowest EER on dev people. {NO_PROOF}",
        ACROSS_SESSIONS if split.across_sessions else session_limit(confounds),
        *skipped,
    ]
    if counts.subjects < FEW_SUBJECTS:
        sentences.append(f"{counts.subjects} people are few, so the intervals are wide.")
    if len(counts.subjects_of_source) > 1:
        within = any(cell.result.within_source is not None for cell in cells.values())
        sources = f"People come from {len(counts.subjects_of_source)} sources"
        sentences.append(
            f"{sources}. Sources are easily told apart, so the headline is about comparisons within one."
            if within
            else f"{sources}, and too few of those who are compared share one for a figure within sources. "
            "The headline is about all comparisons, and what goes with a source may stand for its person."
        )
    if len(split.folds) > 1:
        sentences.append(pooled_folds(len(split.folds)))
    if counts.dropped_clips:
        sentences.append(
            f"{counts.dropped_clips} clips could not be used under one condition and are in no figure of "
            "either (failure to acquire)."
        )
    sentences += [f"{cell}: {each.evidence}" for cell, each in sensitivity.items() if each.verdict != "pass"]
    return (*sentences, *_not_saturated(curves), *_limits_of_cells(cells))


def session_limit(confounds: Sequence[Check]) -> str:
    """What the sessions of the clips do not allow to conclude."""
    figures = next(each.figures for each in confounds if each.name == "session")
    if not figures:
        return SESSIONS_UNKNOWN
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
            f"{', '.join(more_people)}: the EER still falls with more people to learn from, so an attacker "
            "with more people would recognise more."
        )
    if longer:
        sentences.append(
            f"{', '.join(longer)}: the EER still falls with more seconds of a clip, so longer clips would "
            "give more away."
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
