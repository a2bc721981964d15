"""What does the study of the thesis train? ``data/thesis.toml`` says it; another TOML may be put over it.

A part is one setting, trained and tested under each condition by itself: originals are the thesis' refM,
avatars its attM.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from importlib.resources import files
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from amber_id.attackers import NETWORKS, AttackerName, default_signals, default_streams
from amber_id.face_mesh import Region
from amber_id.judging.config import EvaluationConfig
from amber_id.motion import VIEWS, FeatureConfig, Stream, View
from amber_id.protocols import PROTOCOLS, SplitConfig
from amber_id.results import PipelineName, ThesisSplit
from amber_id.training import LoopConfig, TrainConfig

ThesisLoss = Literal["cross_entropy", "arcface"]
ThesisInput = Literal["xy", "xy+motion"]
_BEST: tuple[ThesisLoss, ThesisInput] = ("cross_entropy", "xy")  # of the published settings
_STREAMS: dict[ThesisInput, tuple[Stream, ...]] = {"xy": ("joint",), "xy+motion": ("joint", "joint_motion")}


class ThesisPipelineConfig(BaseModel):
    """The pipeline "as in the thesis"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attacker_config: dict[str, Any]  # of the network `thesis`; what differs from the published shape
    cross_entropy: LoopConfig
    arcface: LoopConfig


class CorrectedPipelineConfig(BaseModel):
    """The corrected pipeline."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attacker: AttackerName
    attacker_config: dict[str, Any]
    views: tuple[View, ...] = Field(min_length=1)  # the first is the main one
    loop: LoopConfig

    @model_validator(mode="after")
    def _on_landmarks(self) -> "CorrectedPipelineConfig":
        on_landmarks = default_signals(self.attacker) == "landmarks" and not VIEWS[self.views[0]].vertices
        if self.attacker not in NETWORKS or not on_landmarks:
            raise ValueError(
                "corrected: expected a network on landmarks and a first view of them, of which regions are "
                f"asked, got {self.attacker} and {self.views[0]}"
            )
        return self


class ThesisStudyConfig(BaseModel):
    """The whole study; the defaults are in ``data/thesis.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0)  # of the trainings
    losses: tuple[ThesisLoss, ...]
    inputs: tuple[ThesisInput, ...]
    regions: tuple[Region, ...]  # each alone
    k0: SplitConfig
    folds: SplitConfig
    thesis: ThesisPipelineConfig
    corrected: CorrectedPipelineConfig
    evaluation: EvaluationConfig

    @model_validator(mode="after")
    def _with_the_best(self) -> "ThesisStudyConfig":
        for name, needed in zip(("losses", "inputs"), _BEST, strict=True):
            if needed not in getattr(self, name):
                raise ValueError(
                    f"{name}: expected {needed} among them, of which folds and regions are asked"
                )
        return self

    @field_validator("losses", "inputs", "regions")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError(f"name each once, got {', '.join(names)}")
        return names

    @field_validator("k0", "folds")
    @classmethod
    def _not_across_sessions(cls, split: SplitConfig) -> SplitConfig:
        if PROTOCOLS[split.protocol].across_sessions:
            raise ValueError("cross-session: the study counts all mated comparisons; see docs/protocols.md")
        return split

    @field_validator("evaluation")
    @classmethod
    def _all_utterances(cls, evaluation: EvaluationConfig) -> EvaluationConfig:
        if evaluation.different_utterances:
            raise ValueError("different_utterances: the study counts all comparisons; use amber audit")
        return evaluation

    @field_validator("k0")
    @classmethod
    def _one_fold(cls, split: SplitConfig) -> SplitConfig:
        if (split.folds or 1) != 1:
            raise ValueError(f"k0 is one split, got {split.folds} folds")
        return split


def thesis_study_config(*changes: Mapping[str, Any]) -> dict[str, Any]:
    """What ``data/thesis.toml`` says, with each of `changes` put over it, table by table."""
    text = files("amber_id").joinpath("data/thesis.toml").read_text("utf-8")
    return reduce(_over, changes, tomllib.loads(text))


def _over(usual: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(usual)
    for name, value in changes.items():
        before = merged.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping) and name != "attacker_config"
        merged[name] = _over(before, value) if both else value  # type: ignore[arg-type]
    return merged


def changed_settings(config: ThesisStudyConfig) -> tuple[str, ...]:
    """What is asked otherwise than ``data/thesis.toml`` asks, seeds apart, e.g. ``thesis.arcface.epochs``."""
    usual = ThesisStudyConfig.model_validate(thesis_study_config())
    return tuple(_differing(usual.model_dump(mode="json"), config.model_dump(mode="json")))


def _differing(usual: Mapping[str, Any], changes: Mapping[str, Any]) -> Iterator[str]:
    for name, value in usual.items():
        if name == "seed" or value == changes[name]:
            continue
        if isinstance(value, dict) and isinstance(changes[name], dict) and name != "attacker_config":
            yield from (f"{name}.{each}" for each in _differing(value, changes[name]))
        else:
            yield name


@dataclass(frozen=True)
class Part:
    """One setting of the study."""

    pipeline: PipelineName
    split: ThesisSplit
    loss: str
    sees: str
    region: Region | None
    main: bool
    training: TrainConfig

    @property
    def name(self) -> str:
        """The setting in words, e.g. ``thesis k0 cross_entropy xy lips``."""
        words = (self.pipeline, self.split, self.loss if self.pipeline == "thesis" else None, self.sees)
        return " ".join(filter(None, (*words, self.region)))


def parts_of(config: ThesisStudyConfig) -> tuple[Part, ...]:
    """Everything that is trained, the pipeline of the thesis first."""
    regions: tuple[Region | None, ...] = config.regions
    view = config.corrected.views[0]
    return (
        *(_of_thesis(config, "k0", *setting, None) for setting in product(config.losses, config.inputs)),
        _of_thesis(config, "folds", *_BEST, None),
        *(_of_thesis(config, "k0", *_BEST, region) for region in regions),
        *(_corrected(config, "k0", each, None) for each in config.corrected.views),
        _corrected(config, "folds", view, None),
        *(_corrected(config, "k0", view, region) for region in regions),
    )


def _of_thesis(
    config: ThesisStudyConfig,
    split: ThesisSplit,
    loss: ThesisLoss,
    sees: ThesisInput,
    region: Region | None,
) -> Part:
    features = FeatureConfig(
        normalisation="thesis", streams=_STREAMS[sees], regions=None if region is None else (region,)
    )
    training = TrainConfig(
        attacker="thesis",
        attacker_config=config.thesis.attacker_config,
        features=features,
        loop=config.thesis.cross_entropy if loss == "cross_entropy" else config.thesis.arcface,
        seed=config.seed,
    )
    return Part("thesis", split, loss, sees, region, region is None and (loss, sees) == _BEST, training)


def _corrected(config: ThesisStudyConfig, split: ThesisSplit, view: View, region: Region | None) -> Part:
    own = config.corrected
    signals = default_signals(own.attacker)
    features = FeatureConfig(
        signals=signals,
        view=view,
        streams=default_streams(own.attacker, signals, view),
        regions=None if region is None else (region,),
    )
    training = TrainConfig(
        attacker=own.attacker,
        attacker_config=own.attacker_config,
        features=features,
        loop=own.loop,
        seed=config.seed,
    )
    return Part(
        "corrected",
        split,
        own.loop.loss.name,
        view,
        region,
        region is None and view == own.views[0],
        training,
    )
