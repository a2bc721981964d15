"""Could something else than motion explain the finding? Attackers whose outcome is known, or must be poor.

permuted labels   people's names are permuted over all clips, then everything is done as before. Nobody can be
                  recognised; if somebody is all the same, the corpus or the program leaks. One study in
                  twenty shows this by chance, so that alone is a warning; below `_LEAKS` it is invalid.
shuffled frames   the frames of every clip in random order: what is left needs no order in time.
duration only     the score is minus the difference of two clips' seconds.
source only       the score is one if both clips come from one source. Only with several sources; not decided
                  where each person is one of their own.
static only       the mean face without motion, the view `static`: is it motion that is recognised?

Duration and source alone must not be as good as the attacker: then the finding could be theirs.
Whether people are recognised is decided by the rule of `biometrics.recognition`; what decides nothing has not
passed.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from amber_id.biometrics import Comparisons
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_recognition
from amber_id.recordings import RecordingEntry
from amber_id.results import Check, Rate, Recognition, VariantResult, Verdict

_LEAKS = 0.45
_Judgement = tuple[Verdict, str]  # and the evidence


def permuted_labels(
    comparisons: Comparisons, config: EvaluationConfig, *, cell: str, attacker: str | None = None
) -> Check:
    """Is nobody recognised when names are permuted over all clips and everything is done as before?"""
    eer, recognition = judged_recognition(comparisons, config)
    verdict: Verdict = "pass"
    evidence = "With permuted names nobody is recognised, as expected."
    if recognition.outcome == "recognised":
        verdict = "invalid" if eer.value < _LEAKS else "warn"
        evidence = (
            "People are recognised although their names were permuted. One study in twenty shows this by "
            "chance; repeat this one with another seed before any figure is used."
        )
    elif recognition.outcome == "not_decided":
        verdict, evidence = "not_decided", recognition.words
    return _check("permuted labels", attacker, cell, eer, recognition, (verdict, evidence))


def shuffled_frames(variant: VariantResult, *, cell: str, attacker: str | None = None) -> Check:
    """Does the order of frames matter?"""
    less = variant.less["eer"]
    verdict: Verdict = "pass"
    if less.low > 0:
        evidence = f"The order of frames matters: without it the EER is {less.value:.3f} higher."
    elif less.high < 0:
        evidence = (
            f"The order of frames does not help this attacker: without it the EER is {-less.value:.3f} lower."
        )
    else:
        verdict = "not_decided"
        evidence = (
            "It is not decided whether the order of frames matters: which expressions occur may reveal as "
            f"much as when they occur. A difference of {less.detectable:.3f} or more would probably have "
            "been detected."
        )
    return _of_variant("shuffled frames", attacker, cell, variant, (verdict, evidence))


def static_only(variant: VariantResult, *, cell: str, attacker: str | None = None) -> Check:
    """Is a face at rest enough?"""
    recognition, less = variant.recognition, variant.less["eer"]
    verdict: Verdict = "pass"
    if recognition.outcome == "not_decided":
        verdict = "not_decided"
        evidence = f"Whether the face at rest identifies people: {_lower(recognition.words)}"
    elif recognition.outcome == "not_recognised":
        evidence = f"The face at rest does not measurably identify people. {recognition.words}"
    elif less.low > 0:
        evidence = "The face at rest identifies people, but less well than the whole recording does."
    else:
        verdict = "warn"
        evidence = (
            "The face at rest alone identifies people, not measurably less well than the whole recording "
            "does. This cell therefore says little about motion; see the view motion."
        )
    return _of_variant("static only", attacker, cell, variant, (verdict, evidence))


def without_motion(
    comparisons: Comparisons,
    entries: Sequence[RecordingEntry],
    attacked: Rate,
    config: EvaluationConfig,
    *,
    cell: str,
) -> tuple[Check, ...]:
    """Duration and, where there are several, source: attackers that never look at a face.

    `attacked` is the EER that the attacker of the cell reached.
    """
    seconds = np.array([entry.duration_s for entry in entries])
    source = np.array([entry.source for entry in entries])
    scores = {"duration only": _likeness(seconds, comparisons)}
    if len(set(source)) > 1:
        scores["source only"] = _sameness(source, comparisons)
    checks = tuple(
        _without_motion(name, replace(comparisons, scores=of_name), attacked, config, cell)
        for name, of_name in scores.items()
    )
    if len(set(source)) < len({entry.subject for entry in entries}):
        return checks
    return tuple(_not_decided(each) if each.name == "source only" else each for each in checks)


def _not_decided(of_source: Check) -> Check:
    """Leave it open whether a source identifies people where each person is a source of their own."""
    evidence = "Each person is a source of their own, so the source cannot be distinguished from the person."
    return of_source.model_copy(update={"verdict": "not_decided", "evidence": evidence})


def _without_motion(
    name: str, comparisons: Comparisons, attacked: Rate, config: EvaluationConfig, cell: str
) -> Check:
    eer, recognition = judged_recognition(comparisons, config)
    what = name.split()[0]
    verdict: Verdict = "pass"
    if np.ptp(comparisons.scores) == 0:
        evidence = f"All clips have the same {what}, which cannot distinguish people."
    elif recognition.outcome == "not_recognised":
        evidence = f"The {what} of a clip does not measurably distinguish people. {recognition.words}"
    elif recognition.outcome == "not_decided":
        verdict = "not_decided"
        evidence = f"Whether the {what} of a clip distinguishes people: {_lower(recognition.words)}"
    elif eer.value <= attacked.value:
        verdict = "invalid"
        evidence = (
            f"The {what} of a clip alone distinguishes people as well as the attacker does; it may explain "
            "the whole result."
        )
    else:
        verdict = "warn"
        evidence = (
            f"The {what} of a clip alone distinguishes people, less well than the attacker does; it may "
            "explain part of the result."
        )
    return _check(name, None, cell, eer, recognition, (verdict, evidence))


def _of_variant(
    name: str, attacker: str | None, cell: str, variant: VariantResult, judgement: _Judgement
) -> Check:
    return _check(name, attacker, cell, variant.eer, variant.recognition, judgement)


def _check(
    name: str,
    attacker: str | None,
    cell: str,
    eer: Rate,
    recognition: Recognition,
    judgement: _Judgement,
) -> Check:
    """The result of a control; it is named after the attacker, too, where that is not `moments`."""
    verdict, evidence = judgement
    return Check(
        name=name if attacker is None else f"{name}, {attacker}",
        verdict=verdict,
        evidence=evidence,
        cell=cell,
        eer=eer,
        recognition=recognition,
    )


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]


def _likeness(values: Float[np.ndarray, " N"], comparisons: Comparisons) -> Float[np.ndarray, " P"]:
    return -np.abs(values[comparisons.enrolment] - values[comparisons.probe])


def _sameness(values: np.ndarray, comparisons: Comparisons) -> Float[np.ndarray, " P"]:
    return (values[comparisons.enrolment] == values[comparisons.probe]).astype(np.float64)
