"""Train on some people, choose on others; those who are tested are not seen here."""

from amber_id.training.dev import compare_clips, measure_dev
from amber_id.training.loop_config import AugmentConfig, FirstPhaseConfig, LoopConfig, LossConfig
from amber_id.training.remarks import remarks_on
from amber_id.training.reselect import Reselected, refuse_overlap, reselect
from amber_id.training.run_folder import FoldFolder, Run, TrainConfig, find_checkpoints, is_first_process
from amber_id.training.run_split import FoundSplit, split_of_run
from amber_id.training.train import resolved, train, versions

__all__ = [
    "AugmentConfig",
    "FirstPhaseConfig",
    "FoldFolder",
    "FoundSplit",
    "LoopConfig",
    "LossConfig",
    "Reselected",
    "Run",
    "TrainConfig",
    "compare_clips",
    "find_checkpoints",
    "is_first_process",
    "measure_dev",
    "refuse_overlap",
    "remarks_on",
    "reselect",
    "resolved",
    "split_of_run",
    "train",
    "versions",
]
