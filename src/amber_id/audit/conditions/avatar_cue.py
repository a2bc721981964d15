"""Could an avatar stand for a person: would a corpus in which everybody has one avatar report recognition?

What an avatar has whoever drives it, its face, its tilt, its manner, is the same in all its clips. It is in
no cell of the matrix, since every condition shows everybody, and pooled are comparisons of like with like.
But where each person is shown by one avatar, mated comparisons are of one avatar and most others of two, and
an attacker who recognises the avatar seems to recognise the person.

Flagged is that avatars are told apart at all (`avatars_recognised.py`). Beside it stands what attackers that
learnt from originals, where there are any, and so were never taught to overlook an avatar, would find in a
corpus of one avatar each, which is made from the scores of this one (`pooled.py`), and what they find by
comparisons of like with like. Who learns from such a corpus may find more.
"""

from collections.abc import Sequence

from amber_id.audit.attack.tested import Tested
from amber_id.audit.conditions.avatars_recognised import avatars_recognised
from amber_id.audit.conditions.cells import Asked, scored_in
from amber_id.audit.conditions.joint import Joint
from amber_id.judging.rates import judged_rates, less
from amber_id.notation import signed, with_interval
from amber_id.results import Check

NAME = "avatar_cue"


def avatar_cue(joint: Joint, asked: Asked, tested: Sequence[Tested]) -> Check:
    """A warning where avatars are recognised, of people from whom nothing was learnt, more than by guessing.

    `asked` pools the conditions, and `tested` are the attackers of its training.
    """
    config = joint.config.evaluation
    accuracy = avatars_recognised(joint)
    within = {each.attacker.name: each for each in scored_in(joint, asked, tested).scored}
    mixed = scored_in(joint, asked, tested, across=True).scored
    # A fusion may fail on the dev people of one of the two alone.
    one_each = min((each for each in mixed if each.attacker.name in within), key=lambda each: each.rank)
    alike = within[one_each.attacker.name]
    difference = less(alike.comparisons, one_each.comparisons, config, ("eer",))["eer"]
    like, posed = (judged_rates(each.comparisons, config, ("eer",))["eer"] for each in (alike, one_each))
    flagged = accuracy.low > accuracy.chance
    evidence = (
        f"Which avatar a clip shows is told with a balanced accuracy of {with_interval(accuracy, 2)}; "
        f"guessing has {accuracy.chance:.2f}. "
    )
    evidence += (
        "Where each person is shown by one avatar, it would stand for the person. "
        if flagged
        else "That avatars differ is not shown. "
    )
    evidence += (
        f"With one avatar for each person, drawn by lot, {one_each.attacker.name}, learnt from "
        f"{'originals' if asked.training.name == 'original' else 'all conditions'}, would have an EER of "
        f"{with_interval(posed, 2)}, by comparisons within an avatar {with_interval(like, 2)} "
        f"({signed(difference)}). No cell of this matrix rests on avatars: every condition shows everybody, "
        "and pooled are two clips of one avatar."
    )
    if flagged:
        evidence += " Never pool clips of people who have an avatar each."
    figures = {
        "avatars_told": accuracy.value,
        "avatars_told_low": accuracy.low,
        "avatars_told_high": accuracy.high,
        "eer_one_avatar_each": posed.value,
        "eer_like_with_like": like.value,
        "difference": difference.value,
        "difference_low": difference.low,
        "difference_high": difference.high,
    }
    return Check(name=NAME, verdict="warn" if flagged else "pass", evidence=evidence, figures=figures)
