"""Does something leak in a study? Between partitions under either condition, or between the conditions.

An anonymised clip must be made from the original of its own name. It is not where it clearly moves as the
original of another name (`motion/following.py`). An original that more than two others follow is what the
anonymiser makes of everybody, not a wrong name: the confound `pairing` judges that, and all that follows
nothing. A clip without a partner is no leak: it is dropped under both conditions, and counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from amber_id.motion.following import follow
from amber_id.motion.likeness import read_signals
from amber_id.motion.near_copies import NEAR_COPY, near_copies
from amber_id.protocols import Leak, Split, find_leaks
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName

_MOST_FOLLOWERS = 2  # of one original, besides its own clip


def find_study_leaks(conditions: Mapping[ConditionName, RecordingSet], *splits: Split) -> tuple[Leak, ...]:
    """All leaks of a study under any of its splits, each once; `conditions` hold its clips in one order.

    Clips that bear the name of another person come first, then those that bear another name of their own.

    Raises
    ------
    FileFormatError
        If a recording is damaged.
    """
    leaks = list(_of_another_original(conditions))
    for recordings in conditions.values():
        for split in splits:
            leaks += find_leaks(recordings, split)
    # A clip that was copied was anonymised twice: what is so under both conditions is one leak.
    return tuple({leak.key: leak for leak in reversed(leaks)}.values())[::-1]


def _of_another_original(conditions: Mapping[ConditionName, RecordingSet]) -> Iterator[Leak]:
    if len(conditions) < 2:
        return
    original, anonymised = (read_signals(conditions[name]) for name in ("original", "anonymised"))
    following = follow(anonymised, original, copies=near_copies(original, least=NEAR_COPY))
    followers = Counter(following.other.tolist())
    entries = conditions["anonymised"].entries
    wrong = [
        (entry, conditions["original"].entries[other])
        for entry, other in zip(entries, following.other.tolist(), strict=True)
        if other >= 0 and followers[other] <= _MOST_FOLLOWERS
    ]
    for entry, moved in sorted(wrong, key=lambda pair: pair[0].subject == pair[1].subject):
        evidence = f"{entry.clip} moves, anonymised, as {moved.clip} does as an original, not as its own"
        yield Leak("pairing", entry.clip, moved.clip, evidence)
