"""Which number has each actor of a public corpus?

The thesis' own numbering, so that its people are ours: RAVDESS is id001 to id024, the subset of NVFAIR that
NVIDIA recorded id025 to id070, CREMA-D id071 to id161. An actor is called as the publisher calls it:
``Actor_07``, ``id007``, ``1007``.
"""

from typing import Literal, get_args

from amber_id.errors import CorpusError

PublicSource = Literal["cremad", "nvidia", "ravdess"]

# By source: what stands before the actor's own number, the lowest and the highest of these numbers with the
# digits they have, and the number of the person less the actor's own.
_ACTORS: dict[PublicSource, tuple[str, int, int, int, int]] = {
    "cremad": ("", 1001, 1091, 4, 70 - 1000),
    "nvidia": ("id", 1, 46, 3, 24),
    "ravdess": ("Actor_", 1, 24, 2, 0),
}


def actors_of(source: PublicSource) -> tuple[str, ...]:
    """The publisher's names of all actors of a corpus, in the order of their numbers.

    >>> actors_of("ravdess")[:2], len(actors_of("nvidia")), actors_of("cremad")[-1]
    (('Actor_01', 'Actor_02'), 46, '1091')
    """
    before, first, last, digits, _ = _ACTORS[source]
    return tuple(f"{before}{number:0{digits}d}" for number in range(first, last + 1))


def person_folder(source: PublicSource, actor: str) -> str:
    """The name of an actor's folder; raises CorpusError if the corpus has no such actor.

    >>> person_folder("cremad", "1001"), person_folder("nvidia", "id046")
    ('cremad_id071', 'nvidia_id070')
    """
    if source not in get_args(PublicSource) or actor not in actors_of(source):
        known = ", ".join(f"{each} has {actors_of(each)[0]} to {actors_of(each)[-1]}" for each in _ACTORS)
        raise CorpusError(f"{source}: expected an actor of a known corpus, got {actor}; {known}")
    before, _, _, _, offset = _ACTORS[source]
    return f"{source}_id{int(actor.removeprefix(before)) + offset:03d}"
