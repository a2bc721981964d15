"""How are a corpus's circumstances said: one value for all, or two, and by what they vary?

Pictures of different shape, other frame rates, longer clips: what has nothing to do with people can still
distinguish them when it depends on the person. Each such circumstance is a `Setting`, written as text:

``30``              the same in every clip
``clip=2,4``        anything from 2 to 4, drawn for every clip: varies, and tells nothing
``source=25,30``    25 in the first source, 30 in the second: distinguishes sources
``person=2,4``      anything from 2 to 4, drawn for every person: distinguishes people

``16:9`` is a number too.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id.quoting import quote

By = Literal["all", "source", "person", "clip"]


class Setting(BaseModel):
    """A circumstance: its value, or the two that it varies between, and by what."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    values: tuple[float, ...] = Field(min_length=1, max_length=2)
    by: By = "all"

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, int | float):
            return {"values": (value,)}
        if not isinstance(value, str):
            return value
        by, equals, numbers = value.rpartition("=")
        try:
            return {
                "by": by if equals else "all",
                "values": tuple(_number(each) for each in numbers.split(",")),
            }
        except (ValueError, ZeroDivisionError):
            raise ValueError(f"expected one number, or BY=number,number, got {quote(value)}") from None

    @model_validator(mode="after")
    def _as_many_as_needed(self) -> "Setting":
        if len(self.values) != (1 if self.by == "all" else 2):
            raise ValueError("expected one number, or two with source=, person= or clip= before them")
        return self

    def at(self, share: float) -> float:
        """The value that lies `share` of the way from the first to the second."""
        return self.values[0] + share * (self.values[-1] - self.values[0])

    @property
    def mean(self) -> float:
        """The value half way."""
        return self.at(0.5)

    def __str__(self) -> str:
        """The text that it is made from."""
        numbers = ",".join(f"{value:.6g}" for value in self.values)
        return numbers if self.by == "all" else f"{self.by}={numbers}"


def _number(text: str) -> float:
    over, colon, under = text.partition(":")
    return float(over) / float(under) if colon else float(over)
