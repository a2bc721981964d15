"""How many people, in what do they differ, and under what circumstances are they filmed?"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from amber_id.quoting import quote
from amber_id.synthetic.avatars import USUAL, Avatar, as_avatars, checked
from amber_id.synthetic.habits import REGIONS, Region
from amber_id.synthetic.settings import By, Setting

Content = Literal["free", "same", "own"]
Condition = str  # ``original``, or the name of an avatar
ORIGINAL: Condition = "original"

_STRONGEST = 5.0


def _strength_of_regions(value: Any) -> Any:
    """``1``, or ``eyes=1,lips=0``: what is not named keeps strength 1, ``all=`` sets every region."""
    if isinstance(value, str):
        if "=" not in value:
            return dict.fromkeys(REGIONS, value)
        pairs = [item.partition("=")[::2] for item in value.split(",")]
        everywhere = dict(pairs).pop("all", 1.0)
        return dict.fromkeys(REGIONS, everywhere) | {name: number for name, number in pairs if name != "all"}
    if isinstance(value, int | float):
        return dict.fromkeys(REGIONS, value)
    if isinstance(value, dict):
        return dict.fromkeys(REGIONS, 1.0) | value
    return value


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
_OTHER_COLUMNS = (
    *("clip", "subject", "source", "path", "session", "date", "utterance", "emotion", "intensity"),
    "avatar",
)
_MOST_PLANTED = 4  # attributes and groups: the oracle looks at all their values together


def _size_of_names(value: Any) -> Any:
    """``sex=0.5,age=0.2``, or a list of such texts."""
    if isinstance(value, Mapping):
        return value
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return value
    pairs = [item.partition("=") for text in texts for item in text.split(",")]
    for name, equals, _ in pairs:
        if not equals:
            raise ValueError(f"expected NAME=SIZE, such as sex=0.5, got {quote(name)}")
    names = [name for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError(f"expected each name once, got {', '.join(names)}")
    return {name: number for name, _, number in pairs}


def _names_of_columns(planted: dict[str, float]) -> dict[str, float]:
    for name in planted:
        if not _NAME.fullmatch(name) or name in _OTHER_COLUMNS:
            raise ValueError(
                f"expected the name of a column of corpus.csv that has no other meaning, got {quote(name)}"
            )
    return planted


def _planted(most: float) -> tuple[BeforeValidator, AfterValidator]:
    def check(planted: dict[str, float]) -> dict[str, float]:
        for name, size in planted.items():
            if not 0 <= size <= most:
                raise ValueError(f"must be from 0 to {most:g}, got {size:g} for {name}")
        return _names_of_columns(planted)

    return BeforeValidator(_size_of_names), AfterValidator(check)


def _from_to(low: float, high: float) -> AfterValidator:
    def check(setting: Setting) -> Setting:
        for value in setting.values:
            if not low <= value <= high:
                raise ValueError(f"must be from {low:g} to {high:g}, got {value:g}")
        return setting

    return AfterValidator(check)


def _is_empty(planted: object) -> bool:
    return not planted


MOST_PEOPLE, MOST_CLIPS = 100_000, 1000
"""How many people a corpus may have, and how many clips each: reading an oracle draws them all again."""


class SynthConfig(BaseModel):
    """What a synthetic corpus is like. A strength of 0 switches an effect off."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    people: int = Field(40, ge=1, le=MOST_PEOPLE)
    clips: int = Field(20, ge=1, le=MOST_CLIPS)  # of each person
    shape: float = Field(0.12, ge=0, le=3)  # how much faces differ; 1 as measured between real people
    habit: Annotated[
        dict[Region, Annotated[float, Field(ge=0, le=_STRONGEST)]],
        BeforeValidator(_strength_of_regions),
    ] = Field(default_factory=lambda: dict.fromkeys(REGIONS, 1.0))  # how much habits differ, by region
    session: float = Field(0.0, ge=0, le=_STRONGEST)  # drift of habits between sessions, as `habit`
    sessions: int = Field(2, ge=1)  # of each person, of equally many clips
    days: int = Field(365, ge=1, le=3650)  # from one session to the next, at most; short gaps are frequent
    content: Content = "free"  # every clip its own words; all clips the same; or each person's own
    aspect: Annotated[Setting, _from_to(0.5, 3.0)] = Setting(values=(16 / 9,))  # width over height
    fps: Annotated[Setting, _from_to(10.0, 120.0)] = Setting(values=(30,))
    jitter: Annotated[Setting, _from_to(0.0, 10.0)] = Setting(values=(1,))  # of the tracker, 1 as measured
    framing: Annotated[Setting, _from_to(0.3, 2.0)] = Setting(values=(1,))  # size of faces, 1 is typical
    duration: Annotated[Setting, _from_to(1.1, 60.0)] = Setting(values=(4,))  # seconds of a clip
    lost: Annotated[Setting, _from_to(0.0, 0.5)] = Setting(values=(0,))  # share of frames without a face
    duplicates: float = Field(0.0, ge=0, le=0.9)  # share of clips that are near-copies of another
    # By name, what `planted.py` plants; not written where there is nothing, as by earlier versions.
    attribute: Annotated[dict[str, float], *_planted(_STRONGEST)] = Field({}, exclude_if=_is_empty)
    group: Annotated[dict[str, float], *_planted(_STRONGEST)] = Field({}, exclude_if=_is_empty)
    # By name, that all show the same clips; the one usual avatar where none has a name.
    avatar: Annotated[dict[str, Avatar], BeforeValidator(as_avatars), AfterValidator(checked)] = Field(
        {}, exclude_if=_is_empty
    )
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _few_are_planted(self) -> "SynthConfig":
        names = (*self.attribute, *self.group)
        if len(set(names)) < len(names) or len(names) > _MOST_PLANTED:
            raise ValueError(
                f"expected {_MOST_PLANTED} attributes and groups or fewer, each name once, got "
                f"{', '.join(names)}"
            )
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The names of the folders: ``original``, and those of the avatars."""
        return (ORIGINAL, *(self.avatar or (USUAL,)))

    def shown_by(self, condition: Condition) -> Avatar:
        """The avatar of a condition."""
        return self.avatar.get(condition, Avatar())

    @property
    def settings(self) -> dict[str, Setting]:
        """The circumstances, by name."""
        return {name: value for name, value in self if isinstance(value, Setting)}

    def told_by(self, by: By, condition: Condition) -> bool:
        """Whether a circumstance that clips of this condition show goes with the source, or the person.

        An avatar is rendered into a picture of its own: aspect and framing do not reach it.
        """
        hidden = set() if condition == ORIGINAL else {"aspect", "framing"}
        return any(setting.by == by for name, setting in self.settings.items() if name not in hidden)

    @property
    def two_sources(self) -> bool:
        """Whether something goes with the source, of which there are two then."""
        return self.told_by("source", "original")
