"""Does an attacker recognise people better if it undoes what an anonymiser may have done?"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from amber_id.attackers.maps import DESCRIPTIONS
from amber_id.audit.attack.strongest_attacker import Scored, Tried
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import less
from amber_id.motion import AS_IS, INVERSIONS, Inversion
from amber_id.results import Difference, InversionResult


def inversions_of(tried: Tried, config: EvaluationConfig) -> tuple[InversionResult, ...]:
    """Each attacker that was also tried with inversions, beside the one of these that is strongest on dev.

    Test people have no part in that choice; the difference between the two is taken on them, paired. What is
    learnt from pairs stands apart from what needs the clip alone.
    """
    return tuple(
        _beside(plain, min(inverted, key=lambda each: each.rank), config) for plain, inverted in _twins(tried)
    )


def _twins(tried: Tried) -> Iterator[tuple[Scored, list[Scored]]]:
    """Attackers that differ in their inversion alone: the one without, and those with one of one kind."""
    groups: dict[tuple[str, str], dict[Inversion, Scored]] = defaultdict(dict)
    for each in tried.scored:
        if not each.is_fusion:
            header = each.members[0].folds[0].header
            as_is = header.features.model_copy(update={"inversion": AS_IS})
            groups[header.attacker, as_is.model_dump_json()][header.features.inversion] = each
    for group in groups.values():
        plain = group.pop(AS_IS, None)
        for is_learnt in (False, True):
            alike = [each for name, each in group.items() if INVERSIONS[name].is_learnt == is_learnt]
            if plain is not None and alike:
                yield plain, alike


def _beside(plain: Scored, inverted: Scored, config: EvaluationConfig) -> InversionResult:
    inversion = inverted.members[0].folds[0].header.features.inversion
    difference = less(plain.comparisons, inverted.comparisons, config)["eer"]
    return InversionResult(
        attacker=plain.attacker.name,
        inverted=inverted.attacker.name,
        inversion=inversion,
        less=difference,
        conclusion=" ".join([_conclusion(inversion, difference), *_recovered(inverted)]),
    )


def _recovered(scored: Scored) -> list[str]:
    """How much of the originals' movement an attacker recovers that has learnt to, in a whole sentence."""
    maps = [fold.header.map for fold in scored.members[0].folds if fold.header.map is not None]
    if not maps:
        return []
    name, folds = Counter(each.name for each in maps).most_common(1)[0]
    share = sum(each.recovered for each in maps) / len(maps)
    of_movement = f"{share:.0%}" if share > 0 else "nothing"
    return [
        f"From an anonymised clip, a map that was learnt from pairs of other people recovers {of_movement} "
        f"of the variance of the original's movement (on dev people; {DESCRIPTIONS[name]} in {folds} of "
        f"{len(maps)} folds)."
    ]


def _conclusion(inversion: Inversion, difference: Difference) -> str:
    row = INVERSIONS[inversion]
    if difference.high < 0:
        return f"People are recognised better with {row.summary}: {row.conclusion}."
    if difference.low > 0:
        return f"People are recognised less well with {row.summary}: undoing it gains nothing."
    return f"It is not shown that people are recognised better with {row.summary}."
