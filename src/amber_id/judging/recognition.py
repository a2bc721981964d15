"""Are people recognised, by the rule of `biometrics.recognition`, and in which words is that said?"""

from amber_id.biometrics import Estimate, PermutationTest, decide_recognition
from amber_id.biometrics import Recognition as Decision
from amber_id.biometrics.recognition import GUESSING, LEVEL
from amber_id.results import Recognition


def recognition_of(eer: Estimate, auc_test: PermutationTest | None) -> Recognition:
    """The decision with its words; `auc_test` is None where names cannot be permuted."""
    found = decide_recognition(eer, auc_test)
    return Recognition(
        outcome=found.outcome,
        p_value=found.p_value,
        permutations=found.permutations,
        excluded=found.excluded,
        words=_words(found, eer),
    )


def nothing_known(few: str | None = None) -> Recognition:
    """Of scores that belong to nobody; or to too few people, where `few` says how many."""
    why = (
        "the scores do not say whose they are, so there is neither an interval over people nor a permutation "
        "test."
    )
    if few is not None:
        why = f"people are too few to be drawn anew. {few}"
    return Recognition(
        outcome="not_decided", p_value=None, permutations=None, excluded=None, words=f"Not decided: {why}"
    )


def undecided(found: Recognition, why: str) -> Recognition:
    """The same, where something else forbids to say that nobody was recognised."""
    if found.outcome != "not_recognised":
        return found
    return found.model_copy(update={"outcome": "not_decided", "words": f"Not decided: {why}"})


def _words(found: Decision, eer: Estimate) -> str:
    test = "names could not be permuted"
    if found.p_value is not None:
        test = f"permutation test of AUC: p = {found.p_value:.3f}, {found.permutations} permutations of names"
    if found.outcome == "recognised":
        words = f"People are recognised better than by guessing ({test})."
        if found.p_value is None or found.p_value > LEVEL:
            words = (
                "People are recognised better than by guessing: the interval of the EER lies wholly below "
                f"{GUESSING:.0%}".replace("%", " %")
                + f" ({test})."
            )
        if eer.high >= GUESSING:
            words += " How well is known badly: few people decide, and the interval of the EER is wide."
        return words
    low = f"{eer.low:.1%}".replace("%", " %")
    if found.outcome == "not_recognised":
        return (
            "This attacker cannot be told from guessing: neither the permutation test nor the interval of "
            f"the EER shows that people are recognised ({test}). An EER of {low} or lower would have been "
            "seen. A smaller leak may be there; a stronger attacker, or more people, may show it."
        )
    return (
        "Not decided: "
        + {
            "scores alike": "the EER is the same whoever is drawn, so these scores tell no two clips apart.",
            "worse than guessing": "mated comparisons have the lower scores, which no sound attack gives; "
            "look for exchanged labels, or for distances in place of scores.",
            "interval against test": "the interval of the EER lies below guessing, but the permutation test "
            f"does not show it ({test}); test more people.",
            "leak not excluded": f"nothing shows that people are recognised ({test}), but an EER as low as "
            f"{low} fits these scores too; test more people.",
        }[str(found.obstacle)]
    )
