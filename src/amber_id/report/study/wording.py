"""What is said about the figures of a study, and what they mean to somebody who has to sign.

Conventions
-----------
Rates are fractions; they are written as percentages, their differences as percentage points.
Nothing here calls a weak attacker privacy, and nothing decides for the reader.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amber_id.notation import percent_and_interval, short_percent, with_interval
from amber_id.report.cells import shown_eer
from amber_id.report.study.attributes import inferred_words
from amber_id.results import CellResult, Rate, StudyResults

STREAM_MEANINGS = {
    "joint": "Where each landmark is, about its mean",
    "bone": "Where it is from its neighbour in the graph",
    "joint_motion": "How fast it moves",
}


@dataclass(frozen=True)
class Criterion:
    """One of the three criteria (`guidelines`), and what this study says to it, in whole sentences."""

    name: str
    question: str
    sentences: tuple[str, ...]


def officer_notes(results: StudyResults) -> tuple[Criterion, ...]:
    """What the figures say to singling out, linkability and inference, the criteria of `guidelines`."""
    return (
        Criterion(
            "Singling out", "Can one person be picked out among the others?", _singling_out(facing(results))
        ),
        Criterion("Linkability", "Can two clips of one person be linked?", _linkability(facing(results))),
        Criterion("Inference", "Can something be learnt about the person shown?", _inference(results)),
    )


def officer_warnings(results: StudyResults) -> tuple[str, ...]:
    """What must be known before these sentences are used."""
    warnings = []
    if not results.headline.valid:
        warnings.append(
            "The finding of this study is not valid: do not use any of this before the reasons are resolved."
        )
    if not any(letters.endswith("A") for letters in results.cells):
        warnings.append(
            "There are no anonymised clips in this study: all of this describes the originals, before any "
            "anonymisation."
        )
    if results.provenance.synthetic:
        warnings.append("The people of this study are synthetic: it is no evidence about real people.")
    return tuple(warnings)


def facing(results: StudyResults) -> dict[str, CellResult]:
    """The cells in which the attacker is shown anonymised clips; those of originals if there is none."""
    anonymised = {letters: cell for letters, cell in results.cells.items() if letters.endswith("A")}
    return anonymised or dict(results.cells)


def _singling_out(cells: Mapping[str, CellResult]) -> tuple[str, ...]:
    known = {name: cell.metrics.rank1 for name, cell in cells.items() if cell.metrics.rank1 is not None}
    if not known:
        return ("Not measured: these clips allow no search among all people (rank-1 identification).",)
    sentences = [
        f"{name}: in {percent_and_interval(rate)} of searches the best match among all people of its fold "
        f"was the right person; a guesser is right in {short_percent(rate.chance)}."
        for name, rate in known.items()
    ]
    sentences += [
        f"{name}: among {search.people:,} people the best match would be the right person in "
        f"{percent_and_interval(search.rank1)} of searches, as a model foretells."
        for name in known
        for search in cells[name].population[-1:]
    ]
    return (*sentences, *_verdicts({name: cells[name] for name in known}, "singled out"))


def _linkability(cells: Mapping[str, CellResult]) -> tuple[str, ...]:
    known = {name: shown_eer(cell) for name, cell in cells.items()}
    sentences = [
        f"{name}: whether two clips show one person was decided wrongly in {percent_and_interval(rate)} "
        f"of cases (EER); a guesser errs in {short_percent(rate.chance)}."
        for name, rate in known.items()
    ]
    return (*sentences, *_verdicts(cells, "linked"))


def _verdicts(cells: Mapping[str, CellResult], done: str) -> Iterator[str]:
    """Whether people are recognised, for each outcome the cells that show it."""
    of_outcome: dict[str, list[str]] = {}
    for name, cell in cells.items():
        of_outcome.setdefault(cell.recognition.outcome, []).append(name)
    for outcome, sentence in _OUTCOMES.items():
        if outcome in of_outcome:
            yield sentence.format(done=done, cells=", ".join(of_outcome[outcome]))


_OUTCOMES = {
    "recognised": "{cells}: clips were {done} more often than by guessing.",
    "not_recognised": "{cells}: clips were not measurably {done}. A stronger attacker, or more people, may "
    "show otherwise.",
    "not_decided": "{cells}: whether clips are {done} more often than by guessing is not decided.",
}


def _inference(results: StudyResults) -> tuple[str, ...]:
    begins, utility = inferred_words(results), results.utility
    if utility is None or utility.expression is None:
        return begins
    expression: Rate = utility.expression
    figure = (
        f"{with_interval(expression, 2)} (correlation; another person's clip gives {expression.chance:.2f})"
    )
    if expression.low > expression.chance:
        return (
            *begins,
            f"Expression is kept, {figure}: what can be read from expressions can still be read.",
        )
    return (
        *begins,
        f"That expression is kept is not shown, {figure}; this is no measurement of inference.",
    )
