"""What is an attacker called among others? By its own name; two of one name by what tells them apart."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from amber_id.attackers import AttackerName, CheckpointHeader, default_signals, default_streams
from amber_id.misfits import nearest
from amber_id.motion import FeatureConfig, Signals, View
from amber_id.training import LoopConfig, TrainConfig


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


def training_of(
    name: str, *, view: View = "all", loop: LoopConfig | None = None, seed: int = 0
) -> TrainConfig:
    """How the attacker of a name such as ``stgcn`` or ``moments on blendshapes`` is trained."""
    chosen, signals = attacker_and_signals(name)
    streams = default_streams(chosen, signals, view)
    features = FeatureConfig(signals=signals, view=view, streams=streams)
    return TrainConfig(attacker=chosen, features=features, loop=loop or LoopConfig(), seed=seed)


def attacker_and_signals(name: str) -> tuple[AttackerName, Signals]:
    """The attacker that a name begins with, and its signals: those after "on", or its own."""
    attacker, on, signals = name.partition(" on ")
    if attacker not in get_args(AttackerName) or (on and signals not in get_args(Signals)):
        raise ValueError(
            f"expected names such as {', '.join(get_args(AttackerName))} or moments on blendshapes, "
            f"got {name!r}{nearest(attacker, get_args(AttackerName))}"
        )
    chosen: AttackerName = attacker  # type: ignore[assignment]
    return chosen, signals if on else default_signals(chosen)  # type: ignore[return-value]
