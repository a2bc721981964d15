"""Which public corpora are there, and which number has each of their actors?

The thesis' own numbering, so that its people are ours: RAVDESS is id001 to id024, the subset of NVFAIR that
NVIDIA recorded id025 to id070, CREMA-D id071 to id161. An actor is called as the publisher calls it:
``Actor_07``, ``id007``, ``1007``.
"""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

from amber_id.errors import CorpusError


@dataclass(frozen=True)
class PublicCorpus:
    """One public corpus: its actors, their numbers, and where its conversion lies."""

    source: str  # what stands before _id in the names of its people's folders
    conversion: str  # ``module:name`` of its `PublicConversion`, in `amber_id.corpora.conversion`
    _: KW_ONLY
    before: str  # what stands before an actor's own number
    first: int  # the lowest of these numbers
    last: int
    digits: int  # that they have
    offset: int  # the number of the person less the actor's own

    @property
    def actors(self) -> tuple[str, ...]:
        """The publisher's names of all actors, in the order of their numbers."""
        return tuple(f"{self.before}{number:0{self.digits}d}" for number in range(self.first, self.last + 1))


_CORPORA = (
    PublicCorpus("cremad", "crema_d:CREMA_D", before="", first=1001, last=1091, digits=4, offset=70 - 1000),
    PublicCorpus("nvidia", "nvfair:NVFAIR", before="id", first=1, last=46, digits=3, offset=24),
    PublicCorpus("ravdess", "ravdess:RAVDESS", before="Actor_", first=1, last=24, digits=2, offset=0),
)
PUBLIC_CORPORA: dict[str, PublicCorpus] = {corpus.source: corpus for corpus in _CORPORA}

if TYPE_CHECKING:
    PublicSource = str
else:
    PublicSource = Literal[tuple(PUBLIC_CORPORA)]  # one of them, for whatever checks types at run time


def actors_of(source: PublicSource) -> tuple[str, ...]:
    """The publisher's names of all actors of a corpus, in the order of their numbers.

    >>> actors_of("ravdess")[:2], len(actors_of("nvidia")), actors_of("cremad")[-1]
    (('Actor_01', 'Actor_02'), 46, '1091')
    """
    return PUBLIC_CORPORA[source].actors


def person_folder(source: PublicSource, actor: str) -> str:
    """The name of an actor's folder; raises CorpusError if the corpus has no such actor.

    >>> person_folder("cremad", "1001"), person_folder("nvidia", "id046")
    ('cremad_id071', 'nvidia_id070')
    """
    corpus = PUBLIC_CORPORA.get(source)
    if corpus is None or actor not in corpus.actors:
        known = ", ".join(
            f"{each.source} has {each.actors[0]} to {each.actors[-1]}" for each in PUBLIC_CORPORA.values()
        )
        raise CorpusError(f"{source}: expected an actor of a known corpus, got {actor}; {known}")
    return f"{source}_id{int(actor.removeprefix(corpus.before)) + corpus.offset:03d}"
