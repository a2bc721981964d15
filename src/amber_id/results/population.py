"""What a search among more people than were measured would find, by the model of `biometrics.population`."""

from amber_id.biometrics import PopulationSearch
from amber_id.notation import short_percent, with_interval
from amber_id.results.figures import Frozen, Rate


class PopulationResult(Frozen):
    """Rates of search among so many people, with intervals over the people measured.

    The intervals do not know how wrong the model may be: docs/population.md has how often they held the
    truth.
    """

    people: int  # who are searched, the person looked for among them
    rank1: Rate  # how often the best match is the person looked for
    tpir: Rate  # how often it is, and above the threshold of `fpir`
    fpir: float  # share of searches for people who are not there that return somebody

    @property
    def words(self) -> str:
        """Both rates in a line."""
        return (
            f"among {self.people:,} people, by a model: rank-1 {with_interval(self.rank1)}, TPIR at FPIR "
            f"{short_percent(self.fpir)} {with_interval(self.tpir)}; chance {self.rank1.chance:.4f}"
        )

    @classmethod
    def of(cls, search: PopulationSearch) -> "PopulationResult":
        """A search beside what guessing gives."""
        N, f = search.people, search.fpir
        # All N scores are alike in distribution: the highest is each one's, and above the threshold, equally.
        above = 1 - (1 - f) ** (N / (N - 1))
        return cls(people=N, rank1=Rate.of(search.rank1, 1 / N), tpir=Rate.of(search.tpir, above / N), fpir=f)
