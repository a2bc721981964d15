"""Train on some people, choose on others; those who are tested are not seen here."""

from amber_id.training.dev import compare_clips, measure_dev
from amber_id.training.reselect import Reselected, refuse_overlap, reselect
from amber_id.training.run_folder import FoldFolder, LoopConfig, Run, TrainConfig
from amber_id.training.train import train, versions

__all__ = [
    "FoldFolder",
    "LoopConfig",
    "Reselected",
    "Run",
    "TrainConfig",
    "compare_clips",
    "measure_dev",
    "refuse_overlap",
    "reselect",
    "train",
    "versions",
]
