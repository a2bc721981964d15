"""Sentences about studies side by side: why two cannot be paired, and what none of it shows.

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
            f"The finding of {', '.join(invalid)} is invalid: do not use any difference from it before the "
            "reasons are resolved."
        )
    yield (
        "The figures of each study are those of the strongest of its own attackers, chosen on its own dev "
        "people. A higher error rate does not prove more privacy: a stronger attacker may reveal more."
    )
    if any(study.results.cells[cell].within_source is not None for study in studies):
        yield (
            "People of several sources were compared. The EER here, its differences and the curves rest on "
            "all comparisons, so the look of a source may help; the EER within sources is given beside it."
        )
    limited = [s.name for s in studies if s.results.cells[cell].counts.unknown_utterances is not None]
    if 0 < len(limited) < len(studies):
        yield (
            f"The figures of {', '.join(limited)} alone are of comparisons between different utterances, "
            "which are harder for an attacker than all comparisons: a difference between the two kinds says "
            "nothing about the anonymisers."
        )


def _of_pairs(cell: str, studies: Sequence[StudyFolder], compared: Sequence[ComparedStudy]) -> Iterator[str]:
    first = studies[0]
    paired = [s for s, c in zip(studies, compared, strict=True) if c.less_first is not None]
    if len(paired) < len(studies) - 1:
        yield (
            "Studies without a paired difference tested other people: whether their intervals overlap does "
            "not tell whether they differ."
        )
    if len(paired) > 1:
        yield (
            f"{len(paired)} differences are given, each with its own interval: the more there are, the more "
            "likely one excludes 0 by chance."
        )
    by_name = [study.name for study in paired if not _share_recordings(first, study)]
    if by_name:
        yield (
            f"The names of folders alone indicate that {', '.join(by_name)} and {first.name} show the same "
            "people: the two sides share no recordings."
        )
    others = [s.name for s in paired if set(s.scores.clips) != set(first.scores.clips)]
    if others:
        yield (
            f"{', '.join(others)} and {first.name} hold other clips of the same people in {cell}, which "
            "contribute to the differences."
        )


def _share_recordings(first: StudyFolder, study: StudyFolder) -> bool:
    one, other = (each.results.provenance.recordings_sha256 for each in (first, study))
    return any(one[condition] == other[condition] for condition in one.keys() & other.keys())


def _of_making(cell: str, studies: Sequence[StudyFolder], *, pooled: bool) -> Iterator[str]:
    if len({frozenset(study.results.cells[cell].attackers) for study in studies}) > 1:
        yield (
            f"The studies did not try the same attackers in {cell}: a difference may be one between "
            "attackers."
        )
    made = [study.results.provenance for study in studies]
    if len({each.amber_id for each in made}) > 1:
        yield "The studies were made with different versions of AMBER-ID."
    if len({each.trackers for each in made}) > 1:
        yield "The studies rest on different face trackers: a difference may be one between trackers."
    if len({each.avatars for each in made}) > 1:
        yield "The studies' avatars were not all made alike: a difference may be one between avatars."
    if len({study.results.cells[cell].metrics.eer.level for study in studies}) > 1:
        yield "The intervals of the studies do not all have the same level."
    again = [study.name for study in studies if study.results.provenance.test_opening > 1]
    if again:
        yield (
            f"The test sets of {', '.join(again)} have been used before: earlier results may have influenced "
            "these."
        )
    if pooled:
        yield (
            "People of different parts were never compared with each other; the pooled figures apply one "
            "threshold to attackers that were trained separately."
        )
