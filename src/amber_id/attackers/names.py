"""What is an attacker called among others? By its own name; two of one name by what tells them apart."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from amber_id.attackers.catalogue import ATTACKERS, AttackerName
from amber_id.attackers.checkpoint import CheckpointHeader
from amber_id.misfits import nearest
from amber_id.motion import Signals


def attacker_names(headers: Sequence[CheckpointHeader]) -> list[str]:
    """A name for each attacker, all different, such as ``stgcn`` or ``moments on blendshapes``."""
    names = []
    for header in headers:
        alike = [each for each in headers if each.attacker == header.attacker]
        own = next(i for i, each in enumerate(alike) if each is header)
        details = _telling_details(alike)[own]
        names.append(f"{header.attacker} on {', '.join(details)}" if details else header.attacker)
    count = Counter(names)
    return [
        f"{name}, no. {names[: i + 1].count(name)}" if count[name] > 1 else name
        for i, name in enumerate(names)
    ]


def _telling_details(alike: Sequence[CheckpointHeader]) -> list[tuple[str, ...]]:
    """The first few details by which no two are the same; all that differ, if some still are."""
    telling: list[tuple[str, ...]] = [() for _ in alike]
    for detail in zip(*map(_details, alike), strict=True):
        if len(set(telling)) < len(alike) and len(set(detail)) > 1:
            telling = [(*before, own) for before, own in zip(telling, detail, strict=True)]
    return telling


def _details(header: CheckpointHeader) -> tuple[str, ...]:
    features = header.features
    regions = "the whole face" if features.regions is None else "+".join(features.regions)
    return features.signals, features.view, regions, "+".join(features.streams), f"seed {header.seed}"


def attacker_and_signals(name: str) -> tuple[AttackerName, Signals]:
    """The attacker that a name begins with, and its signals: those after "on", or its own.

    Raises ValueError if there is no such attacker, or are no such signals.

    >>> attacker_and_signals("moments on blendshapes")
    ('moments', 'blendshapes')
    """
    attacker, on, signals = name.partition(" on ")
    if attacker not in ATTACKERS or (on and signals not in get_args(Signals)):
        raise ValueError(
            f"expected names such as {', '.join(ATTACKERS)} or moments on blendshapes, "
            f"got {name!r}{nearest(attacker, tuple(ATTACKERS))}"
        )
    return attacker, signals if on else ATTACKERS[attacker].signals  # type: ignore[return-value]
