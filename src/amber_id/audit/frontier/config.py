"""Which defences stand beside each other, who attacks them, and which limits does a useful one hold?"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, field_validator

from amber_id.anonymisers import parsed_defences
from amber_id.attackers.names import check_several
from amber_id.audit.utility.measure import UtilityConfig
from amber_id.errors import UsageError
from amber_id.judging.config import EvaluationConfig
from amber_id.motion import FeatureConfig
from amber_id.protocols import PROTOCOLS, ByPeople, SplitConfig
from amber_id.recordings.resampling import SHORTEST_S

UNDEFENDED = "redrawn:1"
"""The point of which nothing is changed but that the face's own shape is removed, which no avatar shows."""

PUBLISHED = "p-blend:1"

DEFAULT_DEFENCES = (
    *(PUBLISHED, "population", "population-whole:1", "population-live:1"),
    *("synthetic-clip:1", "synthetic-clip-whole:1", "noise:0.25", "damp:0.5"),
)
"""The published one, styles of a population and of nobody real, a causal one, and two to compare with."""

DEFAULT_STRENGTHS = (0.25, 0.5, 0.75, 1.0)


class UtilityLimits(BaseModel):
    """What a useful defence keeps, at least; amplitude at most, too."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    correlation: float = Field(0.95, ge=-1, le=1)  # of coefficients that move
    amplitude_low: float = Field(0.8, ge=0)  # times the original's
    amplitude_high: float = Field(1.25, ge=0)
    event_recall: float = Field(0.9, ge=0, le=1)  # of every kind of event that counts


class FrontierConfig(BaseModel):
    """What differs between two frontiers of the same recordings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    defences: tuple[str, ...] = ()  # as `expanded` gives them; the undefended clips and `against` are added
    against: str = PUBLISHED  # that differences are taken from
    # Networks take hours, and with few people find no more (docs/attackers.md): only `moments` attacks here.
    attackers: tuple[str, ...] = (
        *("moments", "moments, standardised", "moments on blendshapes"),
        *("moments on blendshapes, standardised", "moments on blendshapes, ranks"),
        "moments on blendshapes, mapped",
    )
    split: ByPeople | SplitConfig = Field(ByPeople(), union_mode="left_to_right")
    shortest_s: float = Field(SHORTEST_S, gt=0)  # a shorter tracked stretch of a clip is not used
    evaluation: EvaluationConfig = EvaluationConfig()
    utility: UtilityConfig = UtilityConfig()
    limits: UtilityLimits = UtilityLimits()
    rendered: bool = False  # whether avatars are drawn of defended clips, tracked, and attacked
    several_clips: int = Field(10, ge=2)  # of one person on either side, at most
    seed: int = Field(0, ge=0)  # of defences and trainings

    @property
    def points(self) -> tuple[str, ...]:
        """Every point once, the undefended clips first, then `against`."""
        named = (UNDEFENDED, self.against, *self.defences)
        return tuple(dict.fromkeys(map(_canonical, named)))

    def divided_as(self, people: int) -> SplitConfig:
        """How so many people are divided; raises SplitError if they are too few to be divided by number."""
        return self.split if isinstance(self.split, SplitConfig) else self.split.of(people)

    def used(self, features: FeatureConfig) -> FeatureConfig:
        """The features with the shortest stretch that is used."""
        return features.model_copy(update={"shortest_s": self.shortest_s})

    @field_validator("split")
    @classmethod
    def _not_across_sessions(cls, split: ByPeople | SplitConfig) -> ByPeople | SplitConfig:
        if isinstance(split, SplitConfig) and PROTOCOLS[split.protocol].across_sessions:
            raise ValueError(f"protocol {split.protocol}: a frontier counts all mated comparisons")
        return split

    @field_validator("evaluation")
    @classmethod
    def _all_utterances(cls, evaluation: EvaluationConfig) -> EvaluationConfig:
        if evaluation.different_utterances:
            raise ValueError("different_utterances: a frontier compares all clips; audit the defended clips")
        return evaluation

    @field_validator("attackers")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        check_several(names)
        return names


def expanded(texts: Iterable[str], strengths: Sequence[float]) -> tuple[str, ...]:
    """The points that defences stand for: one without a strength is tried at each of `strengths`.

    Of a chain, ``A+B``, all parts get the same strength where none has one of its own. Strength 0 is the
    undefended point, and left out.

    Raises
    ------
    UsageError
        If a name is unknown, a strength is not in [0, 1], or no strength is named.

    Examples
    --------
    >>> expanded(["population", "p-blend:1"], [0.5, 1.0])
    ('population:0.5', 'population:1', 'p-blend:1')
    """
    for strength in strengths:
        if not 0 <= strength <= 1:
            raise UsageError(f"--strengths: expected numbers from 0 to 1, got {strength:g}")
    if not strengths:
        raise UsageError("--strengths: expected numbers from 0 to 1 with commas between them, got none")
    points = []
    for text in texts:
        chain = parsed_defences(text)
        if ":" in text:
            points.append(_canonical(text))
        else:
            points += [
                "+".join(str(replace(each, strength=strength)) for each in chain) for strength in strengths
            ]
    return tuple(dict.fromkeys(point for point in points if not _changes_nothing(point)))


def _canonical(text: str) -> str:
    """A chain as every point of it is called; what changes nothing is the undefended point."""
    return UNDEFENDED if _changes_nothing(text) else "+".join(map(str, parsed_defences(text)))


def _changes_nothing(text: str) -> bool:
    return all(each.strength == 0 or each.defence.changes == "nothing" for each in parsed_defences(text))
