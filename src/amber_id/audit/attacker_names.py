"""What is an attacker called among others? By its own name; two of one name by what tells them apart."""

from collections import Counter
from collections.abc import Sequence

from amber_id.attackers import CheckpointHeader


def attacker_names(headers: Sequence[CheckpointHeader]) -> list[str]:
    """A name for each attacker, all different, such as ``stgcn`` or ``moments on blendshapes``."""
    names = []
    for header in headers:
        alike = [each for each in headers if each.attacker == header.attacker]
        own = next(i for i, each in enumerate(alike) if each is header)
        told = _told_apart(alike)[own]
        names.append(f"{header.attacker} on {', '.join(told)}" if told else header.attacker)
    count = Counter(names)
    return [
        f"{name}, no. {names[: i + 1].count(name)}" if count[name] > 1 else name
        for i, name in enumerate(names)
    ]


def _told_apart(alike: Sequence[CheckpointHeader]) -> list[tuple[str, ...]]:
    """The first few details by which no two are the same; all that differ, if some still are."""
    told: list[tuple[str, ...]] = [() for _ in alike]
    for detail in zip(*map(_details, alike), strict=True):
        if len(set(told)) < len(alike) and len(set(detail)) > 1:
            told = [(*before, own) for before, own in zip(told, detail, strict=True)]
    return told


def _details(header: CheckpointHeader) -> tuple[str, ...]:
    features = header.features
    regions = "the whole face" if features.regions is None else "+".join(features.regions)
    return features.signals, features.view, regions, "+".join(features.streams), f"seed {header.seed}"
