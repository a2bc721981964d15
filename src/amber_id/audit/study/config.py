"""What is asked in a study? One short TOML says what differs from these defaults."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from amber_id.anonymisers.catalogue import REFERENCES
from amber_id.attackers import ATTACKERS
from amber_id.attackers.names import check_several, named_attacker
from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.utility.measure import UtilityConfig
from amber_id.judging.config import EvaluationConfig
from amber_id.misfits import nearest
from amber_id.motion import FeatureConfig
from amber_id.protocols import ByPeople, SplitConfig
from amber_id.recordings.resampling import SHORTEST_S
from amber_id.training import LoopConfig


class StudyConfig(BaseModel):
    """Who attacks, on which division of the people, and how figures are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # An attacker that undoes nothing overstates every anonymiser that rescales or distorts movement.
    attackers: tuple[str, ...] = (
        *("moments", "moments, standardised", "moments on blendshapes"),
        *("moments on blendshapes, standardised", "moments on blendshapes, ranks"),
        *("moments on blendshapes, mapped", "stgcn"),
    )
    # Train people of a fold from which networks are tried; 0, always, where attackers are named or all is
    # asked. With 96 the fusion was .005 better for `stgcn`, with 20 to 26 not measurably: docs/attackers.md.
    network_from_people: int = Field(96, ge=0)
    # Unless the study's folder has a split.csv; by the number of people unless folds or shares are given.
    split: ByPeople | SplitConfig = Field(ByPeople(), union_mode="left_to_right")
    loop: LoopConfig = LoopConfig(epochs=5)  # of networks
    shortest_s: float = Field(SHORTEST_S, gt=0)  # a shorter tracked stretch of a clip is not used
    evaluation: EvaluationConfig = EvaluationConfig()
    confounds: ConfoundConfig = ConfoundConfig()
    utility: UtilityConfig = UtilityConfig()
    references: tuple[str, ...] = ("noise 3 %", "damping to 25 %")
    # Columns of corpus.csv that are asked for besides sex, age and emotion, which are where they are known,
    attributes: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()  # and those that are meant to be readable, such as emotion
    groups: tuple[str, ...] = ()  # columns whose values are groups of people, to be compared
    full: bool = False  # ask the network, too, for views, regions and controls
    seed: int = Field(0, ge=0)  # of the trainings

    @property
    def network(self) -> str | None:
        """The first of the attackers that is a network on landmarks, which can be asked for regions."""
        for name in self.attackers:
            named = named_attacker(name)
            if ATTACKERS[named.attacker].is_network and named.signals == "landmarks":
                return name
        return None

    def divided_as(self, people: int) -> SplitConfig:
        """How so many people are divided; raises SplitError if they are too few to be divided by number."""
        return self.split if isinstance(self.split, SplitConfig) else self.split.of(people)

    @model_validator(mode="before")
    @classmethod
    def _what_is_named_is_tried(cls, values: Any) -> Any:
        if isinstance(values, dict) and ("attackers" in values or values.get("full")):
            return {"network_from_people": 0} | values
        return values

    def used(self, features: FeatureConfig) -> FeatureConfig:
        """The features with the shortest stretch that this study uses."""
        return features.model_copy(update={"shortest_s": self.shortest_s})

    @model_validator(mode="after")
    def _full_needs_a_network(self) -> "StudyConfig":
        if self.full and self.network is None:
            raise ValueError(
                "full: expected a network on landmarks among the attackers, such as stgcn, got "
                f"{', '.join(self.attackers)}"
            )
        if self.full and self.network_from_people:
            raise ValueError(
                "full: expected network_from_people = 0, since the network is asked whatever the number of "
                f"people, got {self.network_from_people}"
            )
        return self

    @field_validator("references")
    @classmethod
    def _known_references(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = [each.name for each in REFERENCES]
        for name in names:
            if name not in known:
                raise ValueError(f"expected some of {known}, got {name!r}{nearest(name, known)}")
        return names

    @field_validator("attackers")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        check_several(names)
        return names
