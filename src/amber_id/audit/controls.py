"""Could something else than motion explain the finding? Attackers whose outcome is known, or must be poor.

permuted labels   people's names are permuted over all clips, then everything is done as before. Nothing can
                  be found; an interval that lies below 0.5 says that the corpus or the program leaks. One
                  study in forty does so by chance, so that alone is a warning; below `_LEAKS` it is invalid.
shuffled frames   the frames of every clip in random order: what is left needs no order in time.
duration only     the score is minus the difference of two clips' seconds.
source only       the score is one if both clips come from one source. Only with several sources.
static only       the mean face without motion, the view `static`: is it motion that is recognised?

Duration and source alone must not be as good as the attacker: then the finding could be theirs.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float

from amber_id.audit.judging import EvaluationConfig, judged_rates
from amber_id.biometrics import Comparisons
from amber_id.recordings import RecordingEntry
from amber_id.results import ControlResult, Rate, VariantResult

Verdict = Literal["pass", "warn", "invalid"]
_LEAKS = 0.45


def permuted_labels(
    comparisons: Comparisons, config: EvaluationConfig, *, cell: str, attacker: str | None = None
) -> ControlResult:
    """What was found when everything was done as before, with people's names permuted over all clips."""
    eer = _eer(comparisons, config)
    verdict: Verdict = "pass"
    words = "With permuted names nothing is found, as it must be."
    if eer.high < 0.5:
        verdict = "invalid" if eer.value < _LEAKS else "warn"
        words = (
            "Something is found though names are permuted, which one study in forty shows by chance; "
            "repeat it with another seed before believing any figure."
        )
    name = _named("permuted labels", attacker)
    return ControlResult(name=name, cell=cell, eer=eer, verdict=verdict, words=words)


def shuffled_frames(variant: VariantResult, *, cell: str, attacker: str | None = None) -> ControlResult:
    """Does the order of frames matter?"""
    less = variant.less["eer"]
    if less.low > 0:
        words = f"Order in time matters: without it the EER is {less.value:.3f} higher."
    elif less.high < 0:
        words = f"Without order in time the EER is {-less.value:.3f} lower: order is of no use to it."
    else:
        words = "That order in time matters is not shown: which faces are made may tell as much as when."
    name = _named("shuffled frames", attacker)
    return ControlResult(name=name, cell=cell, eer=variant.eer, verdict="pass", words=words)


def static_only(variant: VariantResult, *, cell: str, attacker: str | None = None) -> ControlResult:
    """Is a face at rest enough?"""
    verdict: Verdict = "pass"
    if variant.eer.high >= 0.5:
        words = "That the face at rest gives anybody away is not shown."
    elif variant.less["eer"].low > 0:
        words = "The face at rest gives people away, but less than everything does."
    else:
        verdict = "warn"
        words = (
            "The face at rest alone is not seen to do worse than everything: this cell says little about "
            "motion; look at the view motion."
        )
    name = _named("static only", attacker)
    return ControlResult(name=name, cell=cell, eer=variant.eer, verdict=verdict, words=words)


def without_motion(
    comparisons: Comparisons,
    entries: Sequence[RecordingEntry],
    found: Rate,
    config: EvaluationConfig,
    *,
    cell: str,
) -> tuple[ControlResult, ...]:
    """Duration and, where there are several, source: attackers that never look at a face."""
    seconds = np.array([entry.duration_s for entry in entries])
    source = np.array([entry.source for entry in entries])
    attackers: dict[str, Callable[..., Float[np.ndarray, " P"]]] = {"duration only": _likeness(seconds)}
    if len(set(source)) > 1:
        attackers["source only"] = partial(_same, source)
    results = []
    for name, score in attackers.items():
        eer = _eer(replace(comparisons, scores=score(comparisons)), config)
        verdict: Verdict = "pass"
        words = f"The {name.split()[0]} of a clip tells nobody apart, as far as these people show."
        if eer.high < 0.5:
            verdict = "invalid" if eer.value <= found.value else "warn"
            words = f"The {name.split()[0]} of a clip tells people apart by itself"
            words += (
                ", as well as the attacker does: the finding may be this and nothing else."
                if verdict == "invalid"
                else ", less well than the attacker does: a part of the finding may be this."
            )
        results.append(ControlResult(name=name, cell=cell, eer=eer, verdict=verdict, words=words))
    return tuple(results)


def _named(control: str, attacker: str | None) -> str:
    """By whom it was asked, where that is not `moments`."""
    return control if attacker is None else f"{control}, {attacker}"


def _likeness(values: Float[np.ndarray, " N"]) -> Callable[[Comparisons], Float[np.ndarray, " P"]]:
    return lambda comparisons: -np.abs(values[comparisons.enrolment] - values[comparisons.probe])


def _same(values: np.ndarray, comparisons: Comparisons) -> Float[np.ndarray, " P"]:
    return (values[comparisons.enrolment] == values[comparisons.probe]).astype(np.float64)


def _eer(comparisons: Comparisons, config: EvaluationConfig) -> Rate:
    return judged_rates(comparisons, config, ("eer",))["eer"]
