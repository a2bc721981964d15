"""How is the attacker of a name such as ``stgcn`` or ``moments on blendshapes`` trained?"""

from amber_id.attackers import ATTACKERS
from amber_id.attackers.names import named_attacker
from amber_id.motion import FeatureConfig, View
from amber_id.recordings.resampling import SHORTEST_S
from amber_id.training.loop_config import LoopConfig
from amber_id.training.run_folder import TrainConfig


def training_of(
    name: str,
    *,
    view: View = "all",
    loop: LoopConfig | None = None,
    seed: int = 0,
    shortest_s: float = SHORTEST_S,
) -> TrainConfig:
    """The training of an attacker on its own streams; raises ValueError if there is no such attacker.

    Stretches of clips that are shorter than `shortest_s` are not used.
    """
    attacker, signals, inversion = named_attacker(name)
    streams = ATTACKERS[attacker].default_streams(signals, view)
    features = FeatureConfig(
        signals=signals, view=view, inversion=inversion, streams=streams, shortest_s=shortest_s
    )
    return TrainConfig(attacker=attacker, features=features, loop=loop or LoopConfig(), seed=seed)
