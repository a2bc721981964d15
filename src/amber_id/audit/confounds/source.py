"""Do the people come from several sources, which may tell them apart?"""

from collections.abc import Sequence

from amber_id.audit.confounds.evidence import NAMED_AT_MOST
from amber_id.audit.confounds.telling import alike, named_values
from amber_id.quoting import names_and_more
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check, Verdict


def source_confound(entries: Sequence[RecordingEntry]) -> Check:
    """One source passes; of several only comparisons within one may count."""
    people: dict[str, set[str]] = {}
    for entry in entries:
        people.setdefault(entry.source, set()).add(entry.subject)
    figures = {f"people_of_{name}": float(len(who)) for name, who in sorted(people.items())}
    counts = ", ".join(f"{len(who)} of {name}" for name, who in sorted(people.items()))
    verdict: Verdict = "pass"
    evidence = f"All people come from one source ({counts})."
    if len(people) > 1:
        verdict = "warn"
        evidence = f"People come from {len(people)} sources ({counts}), and the source alone tells them apart"
        likeness = alike(named_values([entry.source for entry in entries], entries, within_source=False))
        if likeness is not None:
            figures |= {"eer": likeness.eer, "auc": likeness.auc}
            evidence += f" (EER {likeness.eer:.2f}, where guessing has 0.50)"
        evidence += ". A headline must compare people of one source only."
        if max(map(len, people.values())) == 1:
            evidence = (
                f"Each of the {len(people)} people is a source of their own "
                f"({names_and_more(sorted(people), NAMED_AT_MOST)}), so nobody can be compared within a "
                "source, and what goes with it may stand for the person. If all were filmed alike, give "
                "them one source: own_id001, own_id002 and so on."
            )
    return Check(name="source", verdict=verdict, evidence=evidence, figures=figures)
