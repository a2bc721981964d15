"""Does an attacker recognise people better if it undoes what an anonymiser may have done?"""

from collections import defaultdict
from collections.abc import Iterator

from amber_id.audit.attack.strongest_attacker import Scored, Tried
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import less
from amber_id.motion import AS_IS, INVERSIONS, Inversion
from amber_id.results import Difference, InversionResult


def inversions_of(tried: Tried, config: EvaluationConfig) -> tuple[InversionResult, ...]:
    """Each attacker that was also tried with inversions, beside the one of these that is strongest on dev.

    Test people have no part in that choice; the difference between the two is taken on them, paired.
    """
    return tuple(
        _beside(plain, min(inverted, key=lambda each: each.rank), config) for plain, inverted in _twins(tried)
    )


def _twins(tried: Tried) -> Iterator[tuple[Scored, list[Scored]]]:
    """Attackers that differ in their inversion alone: the one without, and those with one."""
    groups: dict[tuple[str, str], dict[Inversion, Scored]] = defaultdict(dict)
    for each in tried.scored:
        if not each.is_fusion:
            header = each.members[0].folds[0].header
            alike = header.features.model_copy(update={"inversion": AS_IS})
            groups[header.attacker, alike.model_dump_json()][header.features.inversion] = each
    for group in groups.values():
        plain = group.pop(AS_IS, None)
        if plain is not None and group:
            yield plain, list(group.values())


def _beside(plain: Scored, inverted: Scored, config: EvaluationConfig) -> InversionResult:
    inversion = inverted.members[0].folds[0].header.features.inversion
    difference = less(plain.comparisons, inverted.comparisons, config)["eer"]
    return InversionResult(
        attacker=plain.attacker.name,
        inverted=inverted.attacker.name,
        inversion=inversion,
        less=difference,
        conclusion=_conclusion(inversion, difference),
    )


def _conclusion(inversion: Inversion, difference: Difference) -> str:
    row = INVERSIONS[inversion]
    if difference.high < 0:
        return f"People are recognised better with {row.summary}: {row.conclusion}."
    if difference.low > 0:
        return f"People are recognised less well with {row.summary}: undoing it gains nothing."
    return f"It is not shown that people are recognised better with {row.summary}."
