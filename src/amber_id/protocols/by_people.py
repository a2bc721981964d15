"""Into how many folds are so many people divided, and how many of them are chosen on?

A person is compared only within their fold, so few people in many folds are hardly compared at all, and many
in few folds leave little to learn from. The rule for folds in which everybody is tested once:

folds   the most, up to five, whose test people make 30 pairs, the fewest that say anything of an FMR of 10 %
        (the lowest rate that is known is 3 over the pairs of people); three where no number of folds does
dev     a fifth of the people, but four at least, whom the fusion of attackers needs; of fewer than ten people
        a third, so that there is somebody to learn from

Twenty people or more are divided as they always were: five folds, a fifth for dev.
"""

import math

from pydantic import BaseModel, ConfigDict, Field

from amber_id.errors import SplitError
from amber_id.protocols.protocol import SplitConfig

FEWEST_IN_FOLDS = 6
"""So many `folds_by_people` can divide: in each fold two are learnt from, two chosen on, two tested."""

_MOST_FOLDS = 5
_FEWEST_FOLDS = 3
_ENOUGH_PAIRS = 30  # of tested people
_USUAL_DEV = 0.2
_ENOUGH_DEV = 4
_FEW_PEOPLE = 10  # below, dev is a third


class ByPeople(BaseModel):
    """Stands for a `SplitConfig` while it is not known how many people there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dev: float | None = Field(None, gt=0, lt=1)  # share of all people; chosen by their number unless told
    seed: int = Field(0, ge=0)

    def of(self, people: int) -> SplitConfig:
        """The configuration for so many people; raises SplitError as `folds_by_people` does."""
        return folds_by_people(people, dev=self.dev, seed=self.seed)


def folds_by_people(people: int, *, dev: float | None = None, seed: int = 0) -> SplitConfig:
    """The protocol `shares` with as many folds, and as large a share for dev, as suit so many people.

    `dev`, a share in (0, 1), is kept where it is told.

    Raises
    ------
    SplitError
        If there are fewer than `FEWEST_IN_FOLDS` people.

    Examples
    --------
    >>> [(config.folds, config.dev) for config in map(folds_by_people, (10, 12, 18, 20, 161))]
    [(3, 0.4), (3, 0.34), (4, 0.23), (5, 0.2), (5, 0.2)]
    """
    if people < FEWEST_IN_FOLDS:
        raise SplitError(
            f"expected {FEWEST_IN_FOLDS} people or more, two each to learn from, to choose on and to test, "
            f"got {people}; add people"
        )
    numbers = range(_MOST_FOLDS, _FEWEST_FOLDS, -1)
    folds = next((k for k in numbers if compared_pairs(people, k) >= _ENOUGH_PAIRS), _FEWEST_FOLDS)
    return SplitConfig(folds=folds, dev=_dev(people) if dev is None else dev, seed=seed)


def compared_pairs(people: int, folds: int) -> int:
    """How many pairs of two people are compared where everybody is tested once, within a fold.

    >>> compared_pairs(10, 5), compared_pairs(10, 3), compared_pairs(20, 5)
    (5, 12, 30)
    """
    smaller, more = divmod(people, folds)
    return (folds - more) * math.comb(smaller, 2) + more * math.comb(smaller + 1, 2)


def _dev(people: int) -> float:
    """The share of dev, in whole per cent: rounded, it makes the wanted number of people."""
    wanted = max(2, people // 3) if people < _FEW_PEOPLE else _ENOUGH_DEV
    # Rounded up: 4 of 12 people are 0.34 of them, since 0.33 might make 3.
    return max(_USUAL_DEV, math.ceil(100 * wanted / max(people, 1)) / 100)
