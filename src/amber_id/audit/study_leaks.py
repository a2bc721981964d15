"""Does something leak in a study? Between partitions under either condition, or between the conditions.

Two conditions must match clip by clip. They do not where a clip has no partner and no ``failures.csv`` says
why, or where an anonymised clip clearly moves as the original of another name (`confounds_pairing.py`). An
original that more than two others follow is what the anonymiser makes of everybody, not a wrong name: the
confound `pairing` judges that, and all that follows nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from amber_id.audit.conditions import NOT_EXPLAINED, StudyClips
from amber_id.audit.confounds_pairing import follow
from amber_id.motion.likeness import read_signals
from amber_id.motion.near_copies import NEAR_COPY, near_copies
from amber_id.protocols import Leak, Split, find_leaks
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName

_MOST_FOLLOWERS = 2  # of one original, besides its own clip


def find_study_leaks(
    conditions: Mapping[ConditionName, RecordingSet], clips: StudyClips, *splits: Split
) -> tuple[Leak, ...]:
    """All leaks of a study under any of its splits, each once; `conditions` hold its clips in one order.

    Raises
    ------
    FileFormatError
        If a recording is damaged.
    """
    leaks = [*_without_partner(clips), *_of_another_original(conditions)]
    for found in conditions.values():
        for split in splits:
            leaks += find_leaks(found, split)
    # A clip that was copied was anonymised twice: what is so under both conditions is one leak.
    return tuple({leak.key: leak for leak in reversed(leaks)}.values())[::-1]


def _without_partner(clips: StudyClips) -> Iterator[Leak]:
    for each in clips.dropped:
        if each.reason == NOT_EXPLAINED:
            said = f"{each.clip} has no {each.condition} recording, and no failures.csv says why"
            yield Leak("pairing", each.clip, "", said)


def _of_another_original(conditions: Mapping[ConditionName, RecordingSet]) -> Iterator[Leak]:
    if len(conditions) < 2:
        return
    original, anonymised = (read_signals(conditions[name]) for name in ("original", "anonymised"))
    found = follow(anonymised, original, copies=near_copies(original, least=NEAR_COPY))
    followers = Counter(found.other.tolist())
    entries = conditions["anonymised"].entries
    for entry, other in zip(entries, found.other.tolist(), strict=True):
        if other >= 0 and followers[other] <= _MOST_FOLLOWERS:
            moved = conditions["original"].entries[other].clip
            said = f"{entry.clip} moves, anonymised, as {moved} does as an original, not as its own"
            yield Leak("pairing", entry.clip, moved, said)
