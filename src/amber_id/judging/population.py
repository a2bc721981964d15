"""Could a person be found among 100, 1,000 or 10,000 people?"""

import numpy as np

from amber_id.biometrics import Comparisons, search_in_population
from amber_id.biometrics.population import FEWEST_IN_GALLERY, LARGEST_FACTOR
from amber_id.errors import EvaluationError
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.identification import gallery_of
from amber_id.results import PopulationResult

_PEOPLE = (100, 1_000, 10_000)
FPIR = 0.1


def population_search(
    comparisons: Comparisons, config: EvaluationConfig
) -> tuple[tuple[PopulationResult, ...], tuple[str, ...]]:
    """The search among more people than were measured; and why there is none, or none among so many."""
    gallery = gallery_of(comparisons)
    if gallery is None:
        return (), ()  # identification says why
    smallest = int(gallery.sizes.min())
    if smallest < FEWEST_IN_GALLERY or len(np.unique(gallery.subjects)) < FEWEST_IN_GALLERY:
        return (), (
            f"No search among more people than were measured: a clip was compared with {smallest} people, "
            f"fewer than {FEWEST_IN_GALLERY}.",
        )
    wanted = [people for people in _PEOPLE if people > gallery.sizes.max()]
    sizes = [people for people in wanted if people <= LARGEST_FACTOR * smallest]
    refused = [people for people in wanted if people not in sizes]
    limits = [
        f"Nothing is stated about a search among {people:,} people: a clip was compared with {smallest}, and "
        f"beyond {LARGEST_FACTOR} times as many no figure can be told."
        for people in refused[:1]
    ]
    try:
        searches = search_in_population(gallery, sizes, fpir=FPIR, level=config.level) if sizes else ()
    except EvaluationError as error:
        return (), (f"No search among more people than were measured: {error}.",)
    return tuple(map(PopulationResult.of, searches)), tuple(limits)
