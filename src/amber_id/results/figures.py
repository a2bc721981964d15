"""What every results file is made of: a figure, its interval over people, and what guessing would give.

Rates are fractions. None stands where a figure is not defined; NaN is refused.
"""

import platform
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from amber_id import __version__
from amber_id.biometrics import Difference as PairedEstimate
from amber_id.biometrics import Estimate
from amber_id.figures import Place, figures_in

ConditionName = Literal["original", "anonymised"]


class Frozen(BaseModel):
    """Cannot be changed, knows every field, holds no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def surroundings() -> dict[str, str]:
    """What every provenance says: the program's version, Python's, and the kind of machine."""
    return {
        "amber_id": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


class Rate(Frozen):
    """A figure and its interval over subjects; `chance` is what guessing would give."""

    value: float
    low: float
    high: float
    level: float
    chance: float

    @classmethod
    def of(cls, estimate: Estimate, chance: float) -> "Rate":
        """An estimate beside what guessing would give."""
        return cls(
            value=estimate.value, low=estimate.low, high=estimate.high, level=estimate.level, chance=chance
        )


Model = TypeVar("Model", bound=Frozen)


def with_figures(place: Place) -> Callable[[type[Model]], type[Model]]:
    """Decorator of a model: a field for each figure that stands in a place, with its meaning as description.

    A model declares those figures that code reads by name; of these only the description is added. Every
    other one follows the figure before it in the table. The model may have no methods and no validators.
    """

    def extended(model: type[Model]) -> type[Model]:
        fields: dict[str, Any] = {
            name: (info.annotation, info)
            for name, info in model.model_fields.items()
            if name in model.__annotations__
        }
        names = list(fields)
        place_of_next = 0
        for figure in figures_in(place):
            if figure.name in fields:
                fields[figure.name][1].description = figure.description
            else:
                annotation = Rate | None if figure.undefined else Rate
                default = None if figure.undefined else ...
                fields[figure.name] = (annotation, Field(default, description=figure.description))
                names.insert(place_of_next, figure.name)
            place_of_next = names.index(figure.name) + 1
        (base,) = model.__bases__
        return create_model(
            model.__name__,
            __base__=base,
            __doc__=model.__doc__,
            __module__=model.__module__,
            **{name: fields[name] for name in names},
        )

    return extended


class Point(Frozen):
    """A figure without an interval: nobody knows whose the scores are."""

    value: float
    chance: float


class Difference(Frozen):
    """A figure less that of other scores of the same people, with its paired interval over subjects."""

    value: float
    low: float
    high: float
    level: float
    detectable: float  # smallest true difference that had an 80 % chance of an interval without zero

    @classmethod
    def of(cls, estimate: PairedEstimate) -> "Difference":
        """A paired estimate, as it is written."""
        return cls.model_validate(estimate, from_attributes=True)


class Recognition(Frozen):
    """Whether these scores show that people are recognised, by the one rule of `biometrics.recognition`."""

    outcome: Literal["recognised", "not_recognised", "not_decided"]
    p_value: float | None  # of the permutation test of AUC; None where names cannot be permuted
    permutations: int | None
    excluded: float | None  # an EER this low or lower is excluded; None where people are recognised
    words: str  # what it rests on, in whole sentences


class ComparisonCounts(Frozen):
    """How many comparisons of each kind.

    Where only different utterances are compared, `unknown_utterances` counts the clips that are left out
    since it is not known what they say; it is None where all clips are compared.
    """

    mated: int
    nonmated: int
    unknown_utterances: int | None = None


class NullTest(Frozen):
    """A measure that is positive even where there is nothing to find, held against studies like that."""

    null_mean: float  # over studies in which it is permuted who the clips show
    p_value: float
    permutations: int


class Disclosure(Frozen):
    """How much the scores give away, beyond error rates."""

    linkability: NullTest | None  # D_sys; None where nothing can be permuted
    zebra_expected: NullTest | None
    zebra_worst_case: float  # log10 of the strongest likelihood ratio; describes these comparisons only
    zebra_category: str  # of the worst case: "0", then "A" to "F"
    worst_decile_eer: float | None  # EER of the person at the most recognisable tenth of people
    people_with_eer: int


class FailedClip(Frozen):
    """A clip that gave no figure, and why."""

    clip: str
    reason: str


class Bootstrap(Frozen):
    """How the intervals were made: by resampling subjects, on the probit scale for rates."""

    unit: Literal["subject"] = "subject"
    replicates: int
    redrawn: int  # replicates drawn again because one side had no comparison
    level: float
    degrees_of_freedom: float  # of the EER's spread between people; far below their number where few decide

    @classmethod
    def of(cls, eer: Estimate) -> "Bootstrap":
        """How all intervals of a study were made, as the EER knows it."""
        return cls.model_validate(eer, from_attributes=True)


class Times(Frozen):
    """The only part that differs between two runs of the same study."""

    finished: str
    wall_s: float
