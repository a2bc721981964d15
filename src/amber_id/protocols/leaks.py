"""Does something of one partition come back in another, although their people are apart?

A split that has a person in two partitions is refused as it is read (`split.py`), and so are two sources that
use one number (`find_subject_folders`). Looked for here are copies of one clip under two people's names, of
whom one is trained or chosen on and the other chosen on or tested (`copies.py`). Whatever compares conditions
adds clips that bear a wrong name under one of them.

A leak is refused. Whoever knows better allows it by its key, one by one; results name what was allowed.
"""

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from amber_id.errors import LeakError, UsageError
from amber_id.protocols.copies import LEAKS_FILE, ClipsRead, CopyKind, find_copies, key_of
from amber_id.protocols.split import Partition, Split
from amber_id.quoting import names_and_more
from amber_id.recordings import RecordingSet

LeakKind = CopyKind | Literal["pairing"]

_NAMED = 3  # leaks of a kind in a message
_USED: tuple[Partition, ...] = ("train", "dev", "test")
# In the order in which they are told: where names are wrong, nothing else need be right.
_ADVICE: dict[LeakKind, str] = {
    "pairing": "give every anonymised clip the name of its original, or leave it out",
    "content": "leave out one of the two, or give both to one person",
    "motion": "leave out one of the two, or give both to one person",
    "picture": "if it is one person, give both clips to that person; else leave one out",
}


@dataclass(frozen=True)
class Leak:
    """One leak between two clips, `first` and `second`; `evidence` is a sentence without its full stop."""

    kind: LeakKind
    first: str
    second: str
    evidence: str
    key: str = ""  # what `--allow` takes, as `key_of` makes it

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.kind, self.first, self.second))


def find_leaks(
    recordings: RecordingSet, split: Split, *, read: Callable[[], ClipsRead] | None = None
) -> tuple[Leak, ...]:
    """The copies of a clip between partitions of any fold of the split, by kind and name.

    `read` is as in `find_copies`.

    Raises
    ------
    FileFormatError
        If a recording is damaged.
    """
    subject = {entry.clip: entry.subject for entry in recordings.entries}
    leaks = []
    for copy in find_copies(recordings, read=read).copies:
        where = _between(split, subject[copy.first], subject[copy.second])
        if where is not None:
            first, second, fold = where
            evidence = f"{copy.first} ({first}) and {copy.second} ({second}) {copy.evidence}"
            evidence += f", in fold {fold}" if len(split.folds) > 1 else ""
            leaks.append(Leak(copy.kind, copy.first, copy.second, evidence))
    return tuple(leaks)


def refuse_leaks(recordings: RecordingSet, split: Split, allow: Collection[str] = ()) -> tuple[Leak, ...]:
    """Refuse what leaks between the partitions, but for what is allowed; that is returned.

    Raises
    ------
    LeakError
        If something leaks that is not allowed.
    UsageError
        If something is allowed that does not leak.
    """
    return refuse(find_leaks(recordings, split), allow, listed_in=str(recordings.root / LEAKS_FILE))


def refuse(leaks: Sequence[Leak], allow: Collection[str], *, listed_in: str) -> tuple[Leak, ...]:
    """Refuse all leaks but the allowed ones, which are returned; the message says where all are listed.

    Raises
    ------
    LeakError
        If there is a leak that is not allowed: one line for each kind.
    UsageError
        If something is allowed that is no leak.
    """
    keys = {leak.key for leak in leaks}
    unknown = [key for key in allow if key not in keys]
    refused = [leak for leak in leaks if leak.key not in allow]
    if unknown:
        known = f"; leaks not yet allowed: {_few([each.key for each in refused])}" if refused else ""
        raise UsageError(f"--allow {unknown[0]}: expected the key of a leak, found no such leak{known}")
    if refused:
        refused.sort(key=lambda leak: list(_ADVICE).index(leak.kind))
        lines = [_line(list(those), listed_in) for _, those in groupby(refused, lambda leak: leak.kind)]
        raise LeakError("\n".join(lines))
    return tuple(leak for leak in leaks if leak.key in allow)


def limits_of(allowed: Sequence[Leak], *sets: RecordingSet) -> tuple[str, ...]:
    """What a page says of leaks, in whole sentences: those allowed, and what of `sets` was not looked at."""
    limits = [f"A leak was allowed ({leak.key}): {leak.evidence}." for leak in allowed]
    not_checked = dict.fromkeys(sentence for each in sets for sentence in find_copies(each).not_checked)
    return (*limits, *(f"Leaks: {sentence}" for sentence in not_checked))


def _between(split: Split, one: str, other: str) -> tuple[Partition, Partition, int] | None:
    """The partitions of two people in the first fold in which they are in two, and that fold."""
    for k, fold in enumerate(split.folds):
        first, second = fold.get(one), fold.get(other)
        if first in _USED and second in _USED and first != second:
            return first, second, k
    return None


def _line(leaks: Sequence[Leak], listed_in: str) -> str:
    """What is refused of one kind, and what to do."""
    kind, more = leaks[0].kind, len(leaks) - _NAMED
    evidence = _mispaired_people(leaks) if kind == "pairing" else ""
    evidence += "; ".join(leak.evidence for leak in leaks[:_NAMED])
    if more > 0:
        evidence += f"; and {more} more, see {listed_in}, which has the key of each"
    allowing = f"--allow {shlex.quote(leaks[0].key)}"
    return f"leak ({kind}): {evidence}; {_ADVICE[kind]}, or accept one by one: {allowing}"


def _mispaired_people(leaks: Sequence[Leak]) -> str:
    """Whose anonymised clips are made from whose originals, those with most clips first; "" for nobody."""
    folders = [tuple(clip.rpartition("/")[0] for clip in (leak.first, leak.second)) for leak in leaks]
    of = Counter(pair for pair in folders if pair[0] != pair[1])
    pairs = [f"those of {one} are made from {other} ({n})" for (one, other), n in of.most_common(_NAMED)]
    more = [f"{len(of) - _NAMED} more pairs of people"] if len(of) > _NAMED else []
    return f"anonymised clips bear the names of others: {', '.join(pairs + more)}: " if of else ""


def _few(keys: Sequence[str]) -> str:
    return names_and_more(keys, _NAMED)
