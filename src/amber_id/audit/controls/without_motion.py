"""Could something else than motion explain the finding? Attackers whose outcome is known, or must be poor.

permuted labels   people's names are permuted over all clips, then everything is done as before. Nothing can
                  be found; what is found all the same says that the corpus or the program leaks. One study in
                  twenty finds something by chance, so that alone is a warning; below `_LEAKS` it is invalid.
shuffled frames   the frames of every clip in random order: what is left needs no order in time.
duration only     the score is minus the difference of two clips' seconds.
source only       the score is one if both clips come from one source. Only with several sources; not decided
                  where each person is one of their own.
static only       the mean face without motion, the view `static`: is it motion that is recognised?

Duration and source alone must not be as good as the attacker: then the finding could be theirs.
Whether something is found is decided by the rule of `biometrics.recognition`; what decides nothing has not
passed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float

from amber_id.biometrics import Comparisons
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_recognition
from amber_id.recordings import RecordingEntry
from amber_id.results import ControlResult, Rate, VariantResult, Verdict

_LEAKS = 0.45


def permuted_labels(
    comparisons: Comparisons, config: EvaluationConfig, *, cell: str, attacker: str | None = None
) -> ControlResult:
    """What was found when everything was done as before, with people's names permuted over all clips."""
    eer, found = judged_recognition(comparisons, config)
    verdict: Verdict = "pass"
    words = "With permuted names nothing is found, as it must be."
    if found.outcome == "recognised":
        verdict = "invalid" if eer.value < _LEAKS else "warn"
        words = (
            "Something is found though names are permuted, which one study in twenty shows by chance; "
            "repeat it with another seed before believing any figure."
        )
    elif found.outcome == "not_decided":
        verdict, words = "not_decided", found.words
    name = _named("permuted labels", attacker)
    return ControlResult(name=name, cell=cell, eer=eer, recognition=found, verdict=verdict, words=words)


def shuffled_frames(variant: VariantResult, *, cell: str, attacker: str | None = None) -> ControlResult:
    """Does the order of frames matter?"""
    less = variant.less["eer"]
    verdict: Verdict = "pass"
    if less.low > 0:
        words = f"Order in time matters: without it the EER is {less.value:.3f} higher."
    elif less.high < 0:
        words = f"Without order in time the EER is {-less.value:.3f} lower: order is of no use to it."
    else:
        verdict = "not_decided"
        words = (
            "Not decided whether order in time matters: which faces are made may tell as much as when. A "
            f"difference of {less.detectable:.3f} or more would probably have been seen."
        )
    name = _named("shuffled frames", attacker)
    return _of_variant(name, variant, cell, verdict, words)


def static_only(variant: VariantResult, *, cell: str, attacker: str | None = None) -> ControlResult:
    """Is a face at rest enough?"""
    found, less = variant.recognition, variant.less["eer"]
    verdict: Verdict = "pass"
    if found.outcome == "not_decided":
        verdict, words = "not_decided", f"Whether the face at rest gives anybody away: {_lower(found.words)}"
    elif found.outcome == "not_recognised":
        words = f"The face at rest does not measurably give anybody away. {found.words}"
    elif less.low > 0:
        words = "The face at rest gives people away, but less than everything does."
    else:
        verdict = "warn"
        words = (
            "The face at rest alone gives people away, and is not seen to do worse than everything: this "
            "cell says little about motion; look at the view motion."
        )
    return _of_variant(_named("static only", attacker), variant, cell, verdict, words)


def without_motion(
    comparisons: Comparisons,
    entries: Sequence[RecordingEntry],
    attacked: Rate,
    config: EvaluationConfig,
    *,
    cell: str,
) -> tuple[ControlResult, ...]:
    """Duration and, where there are several, source: attackers that never look at a face.

    `attacked` is the EER that the attacker of the cell reached.
    """
    seconds = np.array([entry.duration_s for entry in entries])
    source = np.array([entry.source for entry in entries])
    attackers: dict[str, Callable[..., Float[np.ndarray, " P"]]] = {"duration only": _likeness(seconds)}
    if len(set(source)) > 1:
        attackers["source only"] = partial(_same, source)
    found = tuple(
        _without_motion(name, replace(comparisons, scores=score(comparisons)), attacked, config, cell)
        for name, score in attackers.items()
    )
    if len(set(source)) < len({entry.subject for entry in entries}):
        return found
    return tuple(_not_asked(each) if each.name == "source only" else each for each in found)


def _not_asked(of_source: ControlResult) -> ControlResult:
    """Where each person is a source of their own, that it tells people apart is how they are named."""
    words = "Each person is a source of their own, so what goes with it cannot be told from the person."
    return of_source.model_copy(update={"verdict": "not_decided", "words": words})


def _without_motion(
    name: str, comparisons: Comparisons, attacked: Rate, config: EvaluationConfig, cell: str
) -> ControlResult:
    eer, found = judged_recognition(comparisons, config)
    what = f"The {name.split()[0]} of a clip"
    verdict: Verdict = "pass"
    if np.ptp(comparisons.scores) == 0:
        words = f"All clips have the same {name.split()[0]}, which can tell nobody apart."
    elif found.outcome == "not_recognised":
        words = f"{what} does not measurably tell people apart. {found.words}"
    elif found.outcome == "not_decided":
        verdict, words = (
            "not_decided",
            f"Whether the {name.split()[0]} tells people apart: {_lower(found.words)}",
        )
    elif eer.value <= attacked.value:
        verdict = "invalid"
        words = (
            f"{what} tells people apart by itself, as well as the attacker does: the finding may be this and "
            "nothing else."
        )
    else:
        verdict = "warn"
        words = (
            f"{what} tells people apart by itself, less well than the attacker does: a part of the finding "
            "may be this."
        )
    return ControlResult(name=name, cell=cell, eer=eer, recognition=found, verdict=verdict, words=words)


def _of_variant(name: str, variant: VariantResult, cell: str, verdict: Verdict, words: str) -> ControlResult:
    return ControlResult(
        name=name, cell=cell, eer=variant.eer, recognition=variant.recognition, verdict=verdict, words=words
    )


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]


def _named(control: str, attacker: str | None) -> str:
    """By whom it was asked, where that is not `moments`."""
    return control if attacker is None else f"{control}, {attacker}"


def _likeness(values: Float[np.ndarray, " N"]) -> Callable[[Comparisons], Float[np.ndarray, " P"]]:
    return lambda comparisons: -np.abs(values[comparisons.enrolment] - values[comparisons.probe])


def _same(values: np.ndarray, comparisons: Comparisons) -> Float[np.ndarray, " P"]:
    return (values[comparisons.enrolment] == values[comparisons.probe]).astype(np.float64)
