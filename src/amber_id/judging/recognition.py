"""Are people recognised, by the rule of `biometrics.recognition`, and in which words is that said?"""

from amber_id.biometrics import Estimate, PermutationTest, decide_recognition
from amber_id.biometrics import Recognition as Decision
from amber_id.biometrics.recognition import GUESSING, LEVEL
from amber_id.notation import percent
from amber_id.results import Recognition


def recognition_of(eer: Estimate, auc_test: PermutationTest | None) -> Recognition:
    """The decision with its words; `auc_test` is None where names cannot be permuted."""
    decision = decide_recognition(eer, auc_test)
    return Recognition(
        outcome=decision.outcome,
        p_value=decision.p_value,
        permutations=decision.permutations,
        excluded=decision.excluded,
        words=_words(decision, eer),
    )


def nothing_known(few: str | None = None) -> Recognition:
    """No decision: scores that belong to nobody, or to too few people, where `few` says how many."""
    why = (
        "the scores do not say whose they are, so there is neither an interval over people nor a permutation "
        "test."
    )
    if few is not None:
        why = f"there are too few people to resample. {few}"
    return Recognition(
        outcome="not_decided", p_value=None, permutations=None, excluded=None, words=f"Not decided: {why}"
    )


def undecided(recognition: Recognition, why: str) -> Recognition:
    """No decision where people were not recognised but something else forbids to say so; else unchanged."""
    if recognition.outcome != "not_recognised":
        return recognition
    return recognition.model_copy(update={"outcome": "not_decided", "words": f"Not decided: {why}"})


def _words(decision: Decision, eer: Estimate) -> str:
    test = "names could not be permuted"
    if decision.p_value is not None:
        permutations = f"{decision.permutations} permutations of names"
        test = f"permutation test of AUC: p = {decision.p_value:.3f}, {permutations}"
    if decision.outcome == "recognised":
        return _recognised(decision, eer, test)
    low = percent(eer.low)
    if decision.outcome == "not_recognised":
        return (
            "This attacker cannot be distinguished from guessing: neither the permutation test nor the "
            f"interval of the EER shows that people are recognised ({test}). An EER of {low} or lower would "
            "have been detected. A smaller leak may exist; a stronger attacker, or more people, may show it."
        )
    return (
        "Not decided: "
        + {
            "scores alike": "the EER is the same for every sample of people, so these scores distinguish no "
            "clips.",
            "worse than guessing": "mated comparisons have the lower scores, which no sound attack gives; "
            "look for exchanged labels, or for distances in place of scores.",
            "interval against test": "the interval of the EER lies below guessing, but the permutation test "
            f"does not show it ({test}); test more people.",
            "leak not excluded": f"nothing shows that people are recognised ({test}), but an EER as low as "
            f"{low} fits these scores too; test more people.",
        }[str(decision.obstacle)]
    )


def _recognised(decision: Decision, eer: Estimate, test: str) -> str:
    words = f"People are recognised better than by guessing ({test})."
    if decision.p_value is None or decision.p_value > LEVEL:
        words = (
            "People are recognised better than by guessing: the interval of the EER lies wholly below "
            f"{percent(GUESSING, 0)} ({test})."
        )
    if eer.high >= GUESSING:
        words += " How well is uncertain: few people decide, and the interval of the EER is wide."
    return words
