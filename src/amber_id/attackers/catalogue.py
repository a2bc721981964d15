"""Which attackers are there? One row for each, from which every choice of an attacker is taken.

A new attacker is a file of this room and its row here. That of an attacker without a network stands in its
own file; that of a network stands here, since the file of a network needs torch, and this table does not.
"""

from typing import TYPE_CHECKING, Literal

from amber_id.attackers.attacker import AttackerKind, FittedKind
from amber_id.attackers.moments import MOMENTS
from amber_id.attackers.network_kind import NetworkKind
from amber_id.motion import Stream


def _on_positions(name: str, summary: str, network: str) -> NetworkKind:
    """A network that takes positions alone."""
    positions: tuple[Stream, ...] = ("joint",)
    return NetworkKind(
        name=name, summary=summary, network=network, streams=positions, streams_with_pose=positions
    )


_NETWORKS = (
    NetworkKind(
        name="stgcn",
        summary="a network on the graph of the face",
        network="amber_id.attackers.stgcn:Stgcn",
    ),
    _on_positions("thesis", "the network of the thesis", "amber_id.attackers.thesis:Thesis"),
    _on_positions(
        "distances", "a network on the distances between landmarks", "amber_id.attackers.distances:Distances"
    ),
    # The upper bound for an avatar that is driven by blendshapes is the default network on these.
    NetworkKind(
        name="blendshapes",
        summary="stgcn on blendshapes and head pose",
        network="amber_id.attackers.stgcn:Stgcn",
        signals="blendshapes",
        only_its_signals=True,
    ),
)
_FITTED = (MOMENTS,)

NETWORKS: dict[str, NetworkKind] = {kind.name: kind for kind in _NETWORKS}
FITTED: dict[str, FittedKind] = {kind.name: kind for kind in _FITTED}
ATTACKERS: dict[str, AttackerKind] = {**NETWORKS, **FITTED}

if TYPE_CHECKING:
    AttackerName = str
else:
    AttackerName = Literal[tuple(ATTACKERS)]  # one of the names, for whatever checks types at run time
