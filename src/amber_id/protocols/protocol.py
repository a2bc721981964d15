"""How is a rule by which people are divided written down, and how are they divided by it?"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id.protocols.rules import PROTOCOLS, Division, ProtocolName, fewest_people
from amber_id.protocols.split import Split

__all__ = ["Division", "SplitConfig", "divide", "fewest_people", "make_split"]


class SplitConfig(BaseModel):
    """How subjects are divided; None where the protocol has no use for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: ProtocolName = "shares"
    dev: float | None = Field(
        None, gt=0, lt=1
    )  # share of those who take part in a fold; see docs/protocols.md
    test: float | None = Field(None, gt=0, lt=1)  # share of the same; with folds, 1 / folds instead
    folds: int | None = Field(None, ge=1)  # 1: a single split
    seed: int = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _write_out_what_is_usual(cls, values: Any) -> Any:
        protocol: Any = values.get("protocol", "shares") if isinstance(values, dict) else None
        if not isinstance(protocol, str) or protocol not in PROTOCOLS:
            return values  # what is wrong with it, pydantic says
        usual = PROTOCOLS[protocol].usual
        full = values | {name: usual[name] for name in usual if values.get(name) is None}
        if full.get("folds") not in (None, 1) and values.get("test") is None:
            full.pop("test", None)
        return full

    @model_validator(mode="after")
    def _refuse_what_is_of_no_use(self) -> "SplitConfig":
        kind = PROTOCOLS[self.protocol]
        for name in ("dev", "test", "folds"):
            value = getattr(self, name)
            if value is not None and name not in kind.usual:
                used = ", ".join((*kind.usual, *(("seed",) if kind.is_drawn else ()))) or "nothing"
                raise ValueError(
                    f"{name} {value:g}: the protocol {self.protocol} has no use for it, it takes "
                    f"{used}; leave {name} out"
                )
        if self.test is not None and (self.folds or 1) > 1:
            raise ValueError(
                f"test {self.test:g}: with {self.folds} folds each tests its share; leave test out, or take "
                "one fold"
            )
        if kind.fixed_folds and self.folds != kind.usual["folds"]:
            raise ValueError(
                f"folds {self.folds}: the protocol {kind.name} has {kind.usual['folds']}; leave protocol or "
                "folds out"
            )
        return self


def make_split(
    source_of: Mapping[str, str],
    config: SplitConfig,
    *,
    sessions_of: Mapping[str, int] | None = None,
) -> Split:
    """Divide subjects; as `divide`, without its remarks."""
    return divide(source_of, config, sessions_of=sessions_of).split


def divide(
    source_of: Mapping[str, str],
    config: SplitConfig,
    *,
    sessions_of: Mapping[str, int] | None = None,
) -> Division:
    """Divide subjects, given the source of each.

    `sessions_of` is how many sessions each is known to have, which ``cross-session`` alone asks for; whoever
    is not in it has none.

    Raises
    ------
    SplitError
        If there are too few subjects for it, or ``nvfair`` does not know one; the message says what is
        needed.
    """
    return PROTOCOLS[config.protocol].divide(source_of, config, sessions_of or {})
