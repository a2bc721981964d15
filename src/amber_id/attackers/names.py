"""What is an attacker called among others? By its own name; two of one name by what tells them apart."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, get_args

from amber_id.attackers.catalogue import ATTACKERS, AttackerName
from amber_id.attackers.checkpoint import CheckpointHeader
from amber_id.misfits import nearest
from amber_id.motion import AS_IS, INVERSIONS, Inversion, Signals


def attacker_names(headers: Sequence[CheckpointHeader]) -> list[str]:
    """A name for each attacker, all different, such as ``moments on blendshapes, standardised``."""
    names = []
    for header in headers:
        alike = [each for each in headers if each.attacker == header.attacker]
        own = next(i for i, each in enumerate(alike) if each is header)
        names.append(_named(header.attacker, _telling_details(alike)[own]))
    count = Counter(names)
    return [
        f"{name}, no. {names[: i + 1].count(name)}" if count[name] > 1 else name
        for i, name in enumerate(names)
    ]


def _named(attacker: str, details: Mapping[str, str]) -> str:
    inversion = details.get("inversion", AS_IS)
    others = ", ".join(value for detail, value in details.items() if detail != "inversion")
    name = f"{attacker} on {others}" if others else attacker
    return name if inversion == AS_IS else f"{name}, {inversion}"


def _telling_details(alike: Sequence[CheckpointHeader]) -> list[dict[str, str]]:
    """The first few details by which no two are the same; all that differ, if some still are."""
    details = [_details(header) for header in alike]
    telling: list[dict[str, str]] = [{} for _ in alike]
    for detail in details[0]:
        values = [each[detail] for each in details]
        distinct = {tuple(each.values()) for each in telling}
        if len(distinct) < len(alike) and len(set(values)) > 1:
            telling = [before | {detail: value} for before, value in zip(telling, values, strict=True)]
    return telling


def _details(header: CheckpointHeader) -> dict[str, str]:
    features = header.features
    return {
        "signals": features.signals,
        "inversion": features.inversion,
        "view": features.view,
        "regions": "the whole face" if features.regions is None else "+".join(features.regions),
        "streams": "+".join(features.streams),
        "seed": f"seed {header.seed}",
    }


class NamedAttacker(NamedTuple):
    """What the name of an attacker says of its training."""

    attacker: AttackerName
    signals: Signals
    inversion: Inversion


def named_attacker(name: str) -> NamedAttacker:
    """The attacker that a name begins with, its signals, and what it undoes in every clip.

    The signals stand after "on", or are the attacker's own; the inversion after a comma, or clips are taken
    as they are. Raises ValueError if there is none of such a name.

    >>> named_attacker("moments on blendshapes, standardised")
    NamedAttacker(attacker='moments', signals='blendshapes', inversion='standardised')
    """
    seen, comma, inversion = name.partition(", ")
    attacker, on, signals = seen.partition(" on ")
    if comma and inversion not in INVERSIONS:
        raise ValueError(
            f"expected one of {', '.join(INVERSIONS)} after the comma, got {name!r}"
            f"{nearest(inversion, tuple(INVERSIONS))}"
        )
    if attacker not in ATTACKERS or (on and signals not in get_args(Signals)):
        raise ValueError(
            f"expected names such as {', '.join(ATTACKERS)} or moments on blendshapes, "
            f"got {name!r}{nearest(attacker, tuple(ATTACKERS))}"
        )
    return NamedAttacker(
        attacker,
        signals if on else ATTACKERS[attacker].signals,  # type: ignore[arg-type]
        inversion if comma else AS_IS,  # type: ignore[arg-type]
    )


def check_several(names: Collection[str]) -> None:
    """Refuse attackers of which some are named twice, or all need pairs of clips; raises ValueError."""
    if not names or len(set(names)) < len(names):
        raise ValueError(f"name at least one attacker, each once, got {', '.join(names) or 'none'}")
    if all(INVERSIONS[named_attacker(name).inversion].is_learnt for name in names):
        raise ValueError(
            f"name one at least that needs no pairs of clips, such as moments, got {', '.join(names)}"
        )
