"""Could an avatar stand for a person: would a corpus in which everybody has one avatar report recognition?

What an avatar has whoever drives it, its face, its tilt, its manner, is the same in all its clips. It is in
no cell of the matrix, since every condition shows everybody, and pooled are comparisons of like with like.
But where each person is shown by one avatar, mated comparisons are of one avatar and most others of two, and
an attacker who recognises the avatar seems to recognise the person. The check makes that corpus from the
scores of this one (`pooled.py`) and holds it against the comparisons of like with like, paired over people.

The attacker learnt from originals, where there are any: none that was taught by several avatars of everybody,
and so to overlook them. It is the one that is strongest, on dev people, in the corpus of one avatar each.
"""

from collections.abc import Sequence

from amber_id.audit.attack.strongest_attacker import Scored
from amber_id.audit.attack.tested import Tested
from amber_id.audit.conditions.cells import Asked, scored_in
from amber_id.audit.conditions.joint import Joint
from amber_id.audit.conditions.wording import learnt_words
from amber_id.biometrics import auc
from amber_id.judging.rates import judged_rates, less
from amber_id.notation import signed, with_interval
from amber_id.results import Check, Verdict

NAME = "avatar_cue"


def avatar_cue(joint: Joint, asked: Asked, tested: Sequence[Tested]) -> Check:
    """A warning where a corpus of one avatar for each person would show people better recognised.

    `asked` pools the conditions, and `tested` are the attackers of its training.
    """
    config = joint.config.evaluation
    mixed = scored_in(joint, asked, tested, across=True)
    one_each = mixed.strongest
    alike = scored_in(joint, asked, tested).scored[mixed.scored.index(one_each)]
    difference = less(alike.comparisons, one_each.comparisons, config, ("eer",))["eer"]
    like, posed = (judged_rates(each.comparisons, config, ("eer",))["eer"] for each in (alike, one_each))
    recognised = _avatars_recognised(alike, one_each)
    verdict: Verdict = "warn" if difference.high < 0 else "pass"
    attacker = f"an attacker that learnt from {learnt_words(asked.training.name, asked.training.learnt_from)}"
    evidence = (
        f"Two clips of different people score higher where one avatar shows both in {recognised:.0%} of "
        f"cases (by chance 50 %), by {attacker} ({one_each.attacker.name}). Had each person been shown by "
        f"one avatar only, its EER would be {with_interval(posed, 2)} instead of {with_interval(like, 2)} "
        f"({signed(difference)}): "
    )
    evidence += (
        "the avatar would stand for the person. No cell of this matrix rests on that, since every condition "
        "shows everybody and pooled are two clips of one avatar only; never pool clips of people who have "
        "an avatar each."
        if verdict == "warn"
        else "no more recognition than by comparisons within one avatar."
    )
    figures = {
        "avatars_recognised_auc": recognised,
        "eer_one_avatar_each": posed.value,
        "eer_like_with_like": like.value,
        "difference": difference.value,
        "difference_low": difference.low,
        "difference_high": difference.high,
    }
    return Check(name=NAME, verdict=verdict, evidence=evidence, figures=figures)


def _avatars_recognised(alike: Scored, one_each: Scored) -> float:
    """How often two people score higher under one avatar than under two: an AUC, .5 by chance.

    The comparisons of `one_each` are those of `alike`, fold by fold, and then those of two avatars; scores of
    a fold mean something beside others of this fold, so that folds are weighed by their comparisons.
    """
    total, weight = 0.0, 0
    for fold_alike, fold in zip(alike.folds, one_each.folds, strict=True):
        n = len(fold_alike.scores)
        same = fold.scores[:n][~fold.mated[:n]]
        total += auc(same, fold.scores[n:]) * len(same)
        weight += len(same)
    return total / weight
