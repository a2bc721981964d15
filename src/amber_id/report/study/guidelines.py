"""Which guidelines does the page cite, and what does an actor achieve who holds this or that?

Names and dates of guidelines stand in ``data/guidelines.toml``, with the day as of which they hold, which the
page shows. The actors are those of the threat matrix: what an actor holds decides which cell it is.
"""

import datetime
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from amber_id.figures import Figure
from amber_id.report.cells import shown_eer
from amber_id.results import CellResult, Rate, StudyResults, known_figures

_DATA = files("amber_id").joinpath("data/guidelines.toml")


class Guideline(BaseModel):
    """One that is cited; `says` and `status` are whole sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    short: str
    name: str
    by: str
    date: datetime.date
    says: str
    status: str


class Guidelines(BaseModel):
    """All that are cited, as they were known on the day `as_of`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: datetime.date
    criteria: Guideline  # whose three criteria the page goes through
    relative: Guideline  # by which identifiability depends on who holds the data


@cache
def guidelines() -> Guidelines:
    """The guidelines of the data file."""
    return Guidelines.model_validate(tomllib.loads(_DATA.read_text("utf-8")))


class Actor(NamedTuple):
    """Somebody who may hold the anonymised clips; `cells` are those of the matrix that they can mount."""

    name: str
    holds: str
    cells: tuple[str, ...]


ACTORS = (
    Actor(
        "The recipient",
        "anonymised clips alone; may have learnt from faces or from such clips",
        ("OAA", "AAA"),
    ),
    Actor("The controller", "the originals, and anonymised clips of the same and of other people", ("BOA",)),
    Actor("A motivated outsider", "a video of somebody's face, and an anonymised clip", ("OOA",)),
)


class ActorRow(NamedTuple):
    """What an actor achieves in one cell: with one clip on either side, and with as many as were tried."""

    actor: Actor
    letters: str
    eer: Rate
    several: tuple[Figure, Rate] | None  # clips on either side, the most that were tried
    rank1: Rate | None  # in a gallery of all people of a fold
    is_recognised: str  # in a word


_WORDS = {"recognised": "yes", "not_recognised": "not measurably", "not_decided": "not decided"}


def actor_rows(results: StudyResults) -> list[ActorRow]:
    """A row for each cell that an actor can mount, where the study has it."""
    return [
        _row(actor, letters, results.cells[letters])
        for actor in ACTORS
        for letters in actor.cells
        if letters in results.cells
    ]


def _row(actor: Actor, letters: str, cell: CellResult) -> ActorRow:
    archive = known_figures(cell.metrics, "archive")
    several = max(archive, key=lambda each: each[0].clips) if archive else None
    outcome = _WORDS[cell.recognition.outcome]
    return ActorRow(actor, letters, shown_eer(cell), several, cell.metrics.rank1, outcome)


def people_searched(results: StudyResults) -> str:
    """How many people a gallery has, in words."""
    split = results.config.get("split")
    folds = split.get("folds") if isinstance(split, dict) else None
    of_folds = f" in {folds} folds, each a gallery of its own" if isinstance(folds, int) and folds > 1 else ""
    return f"{results.counts.subjects} people{of_folds}"
