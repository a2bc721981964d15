"""On which devices is a network trained, and in which precision?"""

import logging
import os
from typing import TYPE_CHECKING

import torch

from amber_id.extras import from_extra
from amber_id.training.loop_config import LoopConfig

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def open_fabric(device: torch.device, config: LoopConfig) -> "Fabric":
    """One device, or those of ``torchrun``; raises MissingDependencyError without lightning-fabric."""
    with from_extra("lightning_fabric", "train"):
        from lightning_fabric import Fabric
    # At every start it would say on standard error which precision it uses.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    world, local = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    fabric = Fabric(
        accelerator=device.type,
        devices=local if world > 1 or device.type == "cpu" else [device.index or 0],
        num_nodes=world // local,
        strategy="ddp" if world > 1 else "auto",
        precision="bf16-mixed" if _in_bf16(device, config) else "32-true",
    )
    fabric.launch()
    return fabric


def _in_bf16(device: torch.device, config: LoopConfig) -> bool:
    if config.precision != "auto":
        return config.precision == "bf16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # On a CPU without such units bf16 is slower than float32.
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
