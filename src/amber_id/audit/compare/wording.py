"""What is said of studies that stand side by side: why two cannot be paired, and what none of it shows.

No person is named here: these sentences stand on a page.
"""

from collections.abc import Iterator, Sequence

from amber_id.audit.compare.folders import StudyFolder
from amber_id.results import ComparedStudy


def not_the_same(first: StudyFolder, study: StudyFolder) -> str | None:
    """Why the people of two studies are not the same; None if they are."""
    one, other = set(first.people), set(study.people)
    if one == other:
        return None
    return (
        f"No paired difference: {len(one & other)} of the {len(other)} people are among the {len(one)} of "
        f"{first.name}; it needs the same people on both sides."
    )


def limits_of(
    cell: str, studies: Sequence[StudyFolder], compared: Sequence[ComparedStudy], *, pooled: bool
) -> tuple[str, ...]:
    """What must be known before one study is called better than another."""
    return (
        *_of_findings(cell, studies),
        *_of_pairs(cell, studies, compared),
        *_of_making(cell, studies, pooled=pooled),
    )


def _of_findings(cell: str, studies: Sequence[StudyFolder]) -> Iterator[str]:
    invalid = [study.name for study in studies if not study.results.headline.valid]
    if invalid:
        yield (
            f"The finding of {', '.join(invalid)} is invalid: no difference from it may be used before the "
            "reasons are gone."
        )
    yield (
        "Each study has the strongest of its own attackers, chosen on its own dev people. A higher error "
        "rate is not a proof of more privacy: a stronger attacker may reveal more."
    )
    if any(study.results.cells[cell].within_source is not None for study in studies):
        yield (
            "People of several sources were compared: the EER here, its differences and the curves are of "
            "all comparisons, so that the look of a source may help; the EER within sources stands beside it."
        )


def _of_pairs(cell: str, studies: Sequence[StudyFolder], compared: Sequence[ComparedStudy]) -> Iterator[str]:
    first = studies[0]
    paired = [s for s, c in zip(studies, compared, strict=True) if c.less_first is not None]
    if len(paired) < len(studies) - 1:
        yield (
            "Studies without a paired difference are of other people: whether their intervals overlap does "
            "not say whether they differ."
        )
    if len(paired) > 1:
        yield (
            f"{len(paired)} differences are shown, each with an interval of its own: the more there are, the "
            "sooner one leaves 0 out by chance."
        )
    by_name = [study.name for study in paired if not _share_recordings(first, study)]
    if by_name:
        yield (
            f"That {', '.join(by_name)} and {first.name} show the same people is taken from the names of "
            "their folders: no recordings are the same on both sides."
        )
    others = [s.name for s in paired if set(s.scores.clips) != set(first.scores.clips)]
    if others:
        yield (
            f"{', '.join(others)} and {first.name} hold other clips of the same people in {cell}: the "
            "differences are of these too."
        )


def _share_recordings(first: StudyFolder, study: StudyFolder) -> bool:
    one, other = (each.results.provenance.recordings_sha256 for each in (first, study))
    return any(one[condition] == other[condition] for condition in one.keys() & other.keys())


def _of_making(cell: str, studies: Sequence[StudyFolder], *, pooled: bool) -> Iterator[str]:
    if len({frozenset(study.results.cells[cell].attackers) for study in studies}) > 1:
        yield (
            f"Not the same attackers were tried in {cell} of all studies: a difference may be that of the "
            "attackers."
        )
    made = [study.results.provenance for study in studies]
    if len({each.amber_id for each in made}) > 1:
        yield "The studies were made with different versions of AMBER-ID."
    if len({each.trackers for each in made}) > 1:
        yield "The studies rest on different face trackers: a difference may be that of the trackers."
    if len({each.avatars for each in made}) > 1:
        yield "The studies' avatars were not all made alike: a difference may be that of the avatars."
    if len({study.results.cells[cell].metrics.eer.level for study in studies}) > 1:
        yield "The intervals of the studies are not all of one level."
    again = [study.name for study in studies if study.results.provenance.test_opening > 1]
    if again:
        yield (
            f"The test people of {', '.join(again)} were opened before: figures of earlier openings may have "
            "steered these."
        )
    if pooled:
        yield (
            "People of different parts were never compared with each other; the pooled figures rest on one "
            "threshold for attackers that were trained apart."
        )
