"""What a study found of sessions and of days: the part ``sessions`` of its ``results.json``.

All figures count every person alike, however many clips there are; rates are fractions. None stands where
there are too few people for a figure: such a figure is unknown.
"""

from pydantic import Field

from amber_id.results.figures import Difference, Frozen, Rate


class WithinAndAcross(Frozen):
    """The EER of the same probes against clips of their own session, and of other sessions."""

    within: Rate
    across: Rate
    less: (
        Difference  # EER across less that within, paired over people; above 0: recognised less on another day
    )


class DaysPoint(Frozen):
    """The EER of clips so many days apart."""

    first: int  # days
    last: int | None  # days; None: any more
    people: int  # with mated comparisons of so many days
    eer: Rate | None

    @property
    def words(self) -> str:
        """The days in words, such as ``1 to 7``."""
        if self.last is None:
            return f"{self.first} or more"
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


class Drift(Frozen):
    """How mated scores change for ten times as many days, in standard deviations of non-mated scores.

    Of clips of different days, within people: people who are harder to recognise do not pass for drift.
    """

    value: float  # below 0: less alike
    low: float
    high: float
    level: float


class SessionFigures(Frozen):
    """What the comparisons of one cell, or of one view of it, show of sessions and days."""

    people: int  # who have mated comparisons within a session and across two
    compared: WithinAndAcross | None
    days: tuple[DaysPoint, ...] = ()  # where days are known, and not asked for of views
    people_drifting: int = Field(
        0, description="people with mated comparisons of two numbers of days or more"
    )
    drift: Drift | None = None


class SessionsResult(Frozen):
    """What is left of recognition in another session; `words` say it in whole sentences."""

    several: int  # tested people with clips of two known sessions or more
    one: int  # tested people whose clips are all of one known session
    unknown: int  # tested people of whom no session is known
    fewest_people: int  # below which a figure is unknown
    cells: dict[str, SessionFigures]
    views: dict[str, dict[str, SessionFigures]]  # of a cell that knows one condition, by `moments`
    words: str
