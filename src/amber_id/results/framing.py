"""Are defended clips taken for the people whose style they have taken on? The schema of that figure."""

from amber_id.results.figures import Frozen, Rate


class Framing(Frozen):
    """Is a defended clip taken for its donor, whose style it has taken on?

    By an attacker that learnt from undefended clips and has undefended clips of the donors enrolled: the
    one of the lowest EER on dev people that is no fusion; in an audit, one that sees coefficients. Each
    clip is compared with all donors that this attacker did not learn from, but for the clip's own person;
    people are known by their names.
    """

    attacker: str
    real: bool  # whether donors were named, and are not the synthetic ones that a defence has
    of_this_study: bool  # whether some have names of people whose clips are defended
    donors: int  # that some clip was compared with
    clips: int  # whose own donor was among these
    rank1: Rate | None  # how often the donor is the most alike; None of fewer than 3 people
    eer: Rate | None  # of clips against their own donors and others; None where too few donors have clips
    framed: bool  # whether `rank1` is above chance by its interval
    words: str  # in whole sentences


class FramingOfStudy(Frozen):
    """The figure of an audit whose anonymised clips state their donors, or why there is none."""

    framing: Framing | None
    not_measured: str | None  # in a whole sentence; None where it was

    @property
    def words(self) -> str:
        """What it says, in whole sentences."""
        return self.not_measured or "" if self.framing is None else self.framing.words
