"""Does something leak in a study? Between partitions under either condition, or between the conditions.

An anonymised clip must be made from the original of its own name. It is not where it clearly moves as the
original of another name (`motion/following.py`). An original that more than two others follow is what the
anonymiser makes of everybody, not a wrong name: the confound `pairing` judges that, and all that follows
nothing. A clip without a partner is no leak: it is dropped under both conditions, and counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

from amber_id.audit.study.readings import StudyReadings
from amber_id.protocols import Leak, Split, find_leaks
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName

_MOST_FOLLOWERS = 2  # of one original, besides its own clip


def find_study_leaks(
    conditions: Mapping[ConditionName, RecordingSet], *splits: Split, readings: StudyReadings | None = None
) -> tuple[Leak, ...]:
    """All leaks of a study under any of its splits, each once; `conditions` hold its clips in one order.

    Clips that bear the name of another person come first, then those that bear another name of their own.
    Recordings are read unless `readings` have them.

    Raises
    ------
    FileFormatError
        If a recording is damaged.
    """
    readings = readings or StudyReadings()
    leaks = list(_of_another_original(conditions, readings))
    for recordings in conditions.values():
        for split in splits:
            leaks += find_leaks(recordings, split, read=partial(readings.for_copies, recordings))
    # A clip that was copied was anonymised twice: what is so under both conditions is one leak.
    return tuple({leak.key: leak for leak in reversed(leaks)}.values())[::-1]


def _of_another_original(
    conditions: Mapping[ConditionName, RecordingSet], readings: StudyReadings
) -> Iterator[Leak]:
    """Anonymised clips that clearly follow an original of another name."""
    if len(conditions) < 2:
        return
    original, anonymised = conditions["original"], conditions["anonymised"]
    followed = readings.following(original, anonymised).other.tolist()
    followers = Counter(followed)
    wrong = [
        (entry, original.entries[other])
        for entry, other in zip(anonymised.entries, followed, strict=True)
        if other >= 0 and followers[other] <= _MOST_FOLLOWERS
    ]
    for entry, moved in sorted(wrong, key=lambda pair: pair[0].subject == pair[1].subject):
        evidence = f"{entry.clip} moves, anonymised, as {moved.clip} does as an original, not as its own"
        yield Leak("pairing", entry.clip, moved.clip, evidence)
