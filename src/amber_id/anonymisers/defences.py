"""Which defences are there? Their rows stand beside their functions; here they are found by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from amber_id.anonymisers.defence import Defence
from amber_id.anonymisers.events import EVENTS
from amber_id.anonymisers.learned import LEARNED
from amber_id.anonymisers.restyling import RESTYLING
from amber_id.anonymisers.simple import SIMPLE
from amber_id.errors import UsageError
from amber_id.misfits import nearest
from amber_id.quoting import quote

DEFENCES: Mapping[str, Defence] = MappingProxyType(
    {defence.name: defence for defence in (*SIMPLE, *RESTYLING, *EVENTS, *LEARNED)}
)

_WEAKEST = 1e-6  # less changes coefficients by less than recordings store


@dataclass(frozen=True)
class Applied:
    """A defence at one strength."""

    defence: Defence
    strength: float

    def __str__(self) -> str:
        return (
            f"{self.defence.name}:{str(float(self.strength)).removesuffix('.0')}"  # whole, to be read again
        )


def parsed_defences(text: str) -> tuple[Applied, ...]:
    """The defences of ``NAME[:STRENGTH]``, several with ``+`` between them, in the order in which they work.

    A strength that is not given is 1.

    Raises
    ------
    UsageError
        If a name is none of `DEFENCES`, or a strength is no number from 0 to 1, or above 0 and below 1e-6.

    Examples
    --------
    >>> [str(each) for each in parsed_defences("population:0.5+blink-shape")]
    ['population:0.5', 'blink-shape:1']
    """
    return tuple(_parsed(part.strip()) for part in text.split("+"))


def _parsed(text: str) -> Applied:
    name, colon, number = text.partition(":")
    if name not in DEFENCES:
        near = nearest(name, tuple(DEFENCES)) or "; `amber defend --list` names them"
        raise UsageError(f"--with: no defence is called {quote(name)}{near}")
    try:
        strength = float(number) if colon else 1.0
    except ValueError:
        strength = float("nan")
    if not 0 <= strength <= 1:
        raise UsageError(
            f"--with {name}: expected a strength from 0 (nothing changes) to 1, got {quote(number)}"
        )
    if 0 < strength < _WEAKEST:
        raise UsageError(f"--with {name}: a strength of {quote(number)} changes nothing that shows; take 0")
    return Applied(DEFENCES[name], strength)
