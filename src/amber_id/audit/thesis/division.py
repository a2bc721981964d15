"""How are the people of the thesis' study divided, where they are fewer than hers?

Its sizes, 112 / 14 / 35 of 161 people, are kept in proportion as long as four people are left to choose on.
Of fewer people the divisions follow their number, unless the TOML says otherwise: k0 has as many to choose on
and to test as folds have (`amber_id.protocols.by_people`), three to test at least, for an interval; the folds
are those of an audit of so many people. Seven people are the fewest.
"""

from collections.abc import Mapping

from amber_id.audit.thesis.config import ThesisStudyConfig, thesis_study_config
from amber_id.errors import SplitError
from amber_id.protocols import Division, SplitConfig, divide, folds_by_people
from amber_id.protocols.dividing import in_proportion
from amber_id.results import ThesisSplit

FEWEST_IN_THESIS = 7
"""So many the study can divide: two learnt from, two chosen on, three tested, the fewest for an interval."""
_SIZES = (112, 14, 35)
_ENOUGH_DEV = 4
_FEWEST_TESTED = 3


def divided_as(config: ThesisStudyConfig, people: int) -> tuple[ThesisStudyConfig, tuple[str, ...]]:
    """The configuration for so many people, and what of it follows from their number, in whole sentences.

    A division that is not the one that comes with this program is kept.

    Raises
    ------
    SplitError
        If there are fewer than `FEWEST_IN_THESIS` people.
    """
    if people < FEWEST_IN_THESIS:
        raise SplitError(
            f"expected {FEWEST_IN_THESIS} people or more with two clips under both conditions, two to learn "
            f"from, two to choose on and three to test, got {people}; add people"
        )
    if in_proportion(people, _SIZES)[1] >= _ENOUGH_DEV:
        return config, ()
    usual = ThesisStudyConfig.model_validate(thesis_study_config())
    folds = folds_by_people(people, seed=config.folds.seed)
    suited = {"k0": _k0(people, folds, config.k0.seed), "folds": folds}
    chosen = {
        name: division
        for name, division in suited.items()
        if _seedless(getattr(config, name)) == _seedless(getattr(usual, name))
    }
    sentences = tuple(
        f"The split {name} follows the number of people, {_in_toml(name, division)}: the proportions of the "
        f"thesis leave fewer than {_ENOUGH_DEV} of {people} people to choose on."
        for name, division in chosen.items()
    )
    return config.model_copy(update=chosen), sentences


def divisions_of(config: ThesisStudyConfig, source_of: Mapping[str, str]) -> dict[ThesisSplit, Division]:
    """How these people, each with their source, are divided by a configuration.

    Raises
    ------
    SplitError
        If they are too few; says what to put into the TOML.
    """
    divisions: dict[ThesisSplit, Division] = {}
    configured: dict[ThesisSplit, SplitConfig] = {"k0": config.k0, "folds": config.folds}
    for name, division in configured.items():
        try:
            divisions[name] = divide(source_of, division)
        except SplitError as error:
            raise SplitError(f"{name}: {error}{_advice(name, config, len(source_of))}") from error
    tested = len(divisions["k0"].split.subjects("test", 0))
    if tested < _FEWEST_TESTED:
        raise SplitError(
            f"k0: expected {_FEWEST_TESTED} people or more to test, for an interval, got {tested} of "
            f"{len(source_of)}{_advice('k0', config, len(source_of))}"
        )
    return divisions


def _advice(name: ThesisSplit, config: ThesisStudyConfig, people: int) -> str:
    """What to put into the TOML, where that helps."""
    if people < FEWEST_IN_THESIS:
        return f"; the study takes {FEWEST_IN_THESIS} people or more"
    folds = folds_by_people(people, seed=config.folds.seed)
    division = folds if name == "folds" else _k0(people, folds, config.k0.seed)
    return f"; in the TOML of --config leave out [{name}], or put {_in_toml(name, division)}"


def _k0(people: int, folds: SplitConfig, seed: int) -> SplitConfig:
    """One division with as many people to choose on as the folds have, and as many to test or a fifth."""
    tested = max(round(people * _SIZES[2] / sum(_SIZES)), _FEWEST_TESTED, min(_ENOUGH_DEV, people - 6))
    return SplitConfig(dev=folds.dev, test=round(tested / people, 2), seed=seed)


def _seedless(division: SplitConfig) -> SplitConfig:
    return division.model_copy(update={"seed": 0})


def _in_toml(name: str, division: SplitConfig) -> str:
    stated = {key: getattr(division, key) for key in ("protocol", "folds", "dev", "test")}
    words = (f"{key} = {_quoted(value)}" for key, value in stated.items() if value is not None)
    return f"{name} = {{ {', '.join(words)} }}"


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
