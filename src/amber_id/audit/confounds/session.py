"""Do the people have clips of several sessions?

A session is one sitting of one person. It is counted, not tested: where nobody has clips of two sessions,
room, camera and mood of that day go with the person, and nothing is known of recognition across sessions.
"""

from collections import Counter
from collections.abc import Sequence

from amber_id.audit.confounds.corpus_facts import CorpusFacts, corpus_confound, how_to_tell, of_unknown_clips
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check, Verdict

_FEW = 0.5  # share of people with several sessions, below which nothing is concluded across sessions


def session_confound(facts: CorpusFacts, entries: Sequence[RecordingEntry]) -> Check:
    """A warning unless half of the people, or more, have clips of several sessions."""
    sessions: dict[str, Counter[str]] = {}
    for entry in entries:
        if entry.clip in facts.session:
            sessions.setdefault(entry.subject, Counter())[facts.session[entry.clip]] += 1
    compared = [of_person for of_person in sessions.values() if of_person.total() > 1]
    if not compared:
        evidence = "It is not known which clips were filmed in one sitting. If each person sat once, the "
        evidence += "room, camera and mood of that day cannot be told from the person. "
        evidence += how_to_tell("session", facts.files)
        return corpus_confound("session", "not_checked", evidence, {})
    people, several = len(compared), sum(len(of_person) > 1 for of_person in compared)
    mated = sum(of_person.total() * (of_person.total() - 1) for of_person in compared)
    within = sum(n * (n - 1) for of_person in compared for n in of_person.values()) / mated
    verdict: Verdict = "pass" if several / people >= _FEW else "warn"
    if several:
        evidence = f"{several} of {people} people have clips of two or more sessions; {within:.0%} of their "
        evidence += "mated comparisons are within one"
        evidence += "." if verdict == "pass" else ", so little is known of recognition across sessions."
    else:
        evidence = f"Each of {people} people sat once, so the room, camera and mood of that day cannot be "
        evidence += "told from the person. This study concludes nothing across sessions."
    figures = {
        "people": float(people),
        "people_with_several": float(several),
        "share_of_mated_within": within,
    }
    evidence += of_unknown_clips(len(entries) - sum(of_person.total() for of_person in sessions.values()))
    return corpus_confound("session", verdict, evidence, figures)
