"""What is known of a public corpus: how its clips are found, and which there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name

from amber_id.corpora import PUBLIC_CORPORA, ClipFacts, PublicSource
from amber_id.corpora.conversion.findings import Findings


def _as_it_is(stem: str) -> str:
    return stem


@dataclass(frozen=True, kw_only=True)
class PublicConversion:
    """The conversion of a public corpus; each stands in the module of its corpus."""

    find: Callable[..., Findings]  # from the folder as it was downloaded, and what else the corpus may need
    clips: Callable[[], Mapping[str, frozenset[str]]]  # the publisher's stems, by person's folder
    facts: Callable[[str], tuple[str, ClipFacts] | None]  # a stem's actor, and what it says of the clip
    as_published: Callable[[str], str] = _as_it_is  # the publisher's stem of today, of an older one


def conversion_of(source: PublicSource) -> PublicConversion:
    """The conversion of a public corpus, by what stands before ``_id`` in its folders."""
    conversion: PublicConversion = resolve_name(
        f"amber_id.corpora.conversion.{PUBLIC_CORPORA[source].conversion}"
    )
    return conversion
