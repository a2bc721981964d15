"""What is said of attributes: where each stands on the page, in words for the officer, and as a table."""

from typing import Any

from amber_id.notation import percent_and_interval, short_percent
from amber_id.report.drawing.tables import spread
from amber_id.results import AttributeResult, StudyResults

_NOTHING = (
    "Not measured: no attribute of these people, such as age or sex, was asked for, or is known of enough of "
    "them; nor were health or mood."
)
_NOTHING_ELSE = (
    "Nothing else was measured: what is not named here, such as health, may be inferred nevertheless."
)


def attributes_by_title(results: StudyResults) -> dict[str, list[AttributeResult]]:
    """The attributes of their own section; what is wanted stands there only where there is no utility."""
    unwanted = [each for each in results.attributes.values() if not each.wanted]
    wanted = [each for each in results.attributes.values() if each.wanted]
    titles = {"What is not wanted": unwanted}
    if results.utility is None:
        titles["What is wanted"] = wanted
    return {title: those for title, those in titles.items() if those}


def inferred_words(results: StudyResults) -> tuple[str, ...]:
    """What attributes say to the criterion inference, in whole sentences."""
    measured = [each for each in results.attributes.values() if each.figures]
    why = [
        f"{each.name} was not measured: {each.not_measured}"
        for each in results.attributes.values()
        if each.not_measured is not None
    ]
    if not measured:
        return (_NOTHING, *why)
    return (*map(_sentence, measured), *why, _NOTHING_ELSE)


def _sentence(each: AttributeResult) -> str:
    condition, figures = each.finding
    known = "" if figures.inferred else "not measurably "
    wanted = ", which is wanted" if each.wanted else ""
    return (
        f"{each.name}{wanted}: from one {condition} clip {percent_and_interval(figures.accuracy)} of values "
        f"were guessed right (balanced accuracy); a guesser is right in "
        f"{short_percent(figures.accuracy.chance)}. It was {known}inferred more often than by guessing."
    )


def attribute_rows(results: StudyResults) -> list[dict[str, Any]]:
    """A row for each attribute and condition with figures."""
    return [
        {
            "attribute": each.name,
            "wanted": each.wanted,
            "condition": condition,
            "clips": each.clips,
            **spread("balanced_accuracy", figures.accuracy),
            "chance": figures.accuracy.chance,
            **spread("advantage", figures.advantage),
            "control": figures.control,
            "p_value": figures.p_value,
            "p_corrected": figures.corrected,
        }
        for each in results.attributes.values()
        for condition, figures in each.figures.items()
    ]
