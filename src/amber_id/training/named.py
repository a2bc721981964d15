"""How is the attacker of a name such as ``stgcn`` or ``moments on blendshapes`` trained?"""

from amber_id.attackers import ATTACKERS
from amber_id.attackers.names import attacker_and_signals
from amber_id.motion import FeatureConfig, View
from amber_id.training.loop_config import LoopConfig
from amber_id.training.run_folder import TrainConfig


def training_of(
    name: str, *, view: View = "all", loop: LoopConfig | None = None, seed: int = 0
) -> TrainConfig:
    """The training of an attacker on its own streams; raises ValueError if there is no such attacker."""
    attacker, signals = attacker_and_signals(name)
    streams = ATTACKERS[attacker].default_streams(signals, view)
    features = FeatureConfig(signals=signals, view=view, streams=streams)
    return TrainConfig(attacker=attacker, features=features, loop=loop or LoopConfig(), seed=seed)
