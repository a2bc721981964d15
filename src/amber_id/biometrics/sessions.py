"""Which comparisons are of one session, and which of two, how many days apart?

A session is one sitting of one person. Clips of one sitting share room, camera, clothes and mood, by which
they can be matched without recognising anybody; figures across sessions show what is left on another day.

Conventions
-----------
The session and the day of each of N clips are numbers, -1 where they are not known. The same name of a
session under two people is two sessions: whether clips are of one is asked of two clips of one person only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from jaxtyping import Bool, Int64

from amber_id.biometrics.comparisons import Comparisons

_NOT_KNOWN = -1


@dataclass(frozen=True, eq=False)
class Sittings:
    """The session, and the day, of each of N clips.

    Examples
    --------
    >>> sittings = Sittings.of(["a", "b", "c"], {"a": "1", "b": "2"}, {"a": "2024-05-17", "b": "2024-05-20"})
    >>> sittings.sessions, sittings.days - sittings.days[0]
    (array([ 0,  1, -1]), array([      0,       3, -739024]))
    """

    sessions: Int64[np.ndarray, " N"]  # numbered by name
    days: Int64[np.ndarray, " N"]  # of the calendar

    @classmethod
    def of(
        cls, clips: Sequence[str], session_of: Mapping[str, str], date_of: Mapping[str, str]
    ) -> "Sittings":
        """Those of each clip, by its name; a clip that is not there is not known. Dates are YYYY-MM-DD."""
        names = {name: i for i, name in enumerate(sorted(set(session_of.values())))}
        sessions = [names[session_of[clip]] if clip in session_of else _NOT_KNOWN for clip in clips]
        days = [
            date.fromisoformat(date_of[clip]).toordinal() if clip in date_of else _NOT_KNOWN for clip in clips
        ]
        return cls(np.array(sessions, dtype=np.int64), np.array(days, dtype=np.int64))

    def days_between(self, comparisons: Comparisons) -> Int64[np.ndarray, " P"]:
        """Days between the two clips of each comparison; -1 where not known."""
        one, other = self.days[comparisons.enrolment], self.days[comparisons.probe]
        known = (one != _NOT_KNOWN) & (other != _NOT_KNOWN)
        between: Int64[np.ndarray, " P"] = np.where(known, np.abs(one - other), _NOT_KNOWN)
        return between

    def within(self, comparisons: Comparisons) -> Bool[np.ndarray, " P"]:
        """Where the comparison is mated and known to be of one session."""
        one, other = self.sessions[comparisons.enrolment], self.sessions[comparisons.probe]
        return comparisons.mated & (one == other) & (one != _NOT_KNOWN)

    def across(self, comparisons: Comparisons) -> Bool[np.ndarray, " P"]:
        """Where the comparison is mated and known to be of two sessions."""
        one, other = self.sessions[comparisons.enrolment], self.sessions[comparisons.probe]
        return comparisons.mated & (one != other) & (one != _NOT_KNOWN) & (other != _NOT_KNOWN)


def across_sessions(
    comparisons: Comparisons, clips: Sequence[str], session_of: Mapping[str, str]
) -> Comparisons:
    """Those comparisons that are non-mated, or of two clips known to be from different sessions.

    `clips` names each clip that the comparisons number. Sessions are numbered alike in all folds of a study,
    as subjects are; a person's clips of unknown session have a number of their own.
    """
    sittings = Sittings.of(clips, session_of, {})
    n_names = len(set(session_of.values()))
    return replace(
        comparisons.only(~comparisons.mated | sittings.across(comparisons)),
        sessions=comparisons.subjects * (n_names + 1) + sittings.sessions + 1,
    )


def within_and_across(comparisons: Comparisons, sittings: Sittings) -> tuple[Comparisons, Comparisons]:
    """Comparisons of the same probes with clips of their own session, and with those of other sessions.

    A mated comparison counts if one of its clips at least is compared with one of its own session and with
    one of another. So a person of one session has no part. Non-mated comparisons are the same on both sides,
    since only what is mated is to differ: all those among clips that have a mated comparison here, but for
    those of one day, where days are known, since two people who are filmed together may look alike by it;
    these count where there are no others.

    Returns
    -------
    tuple of Comparisons
        Within a session, and across two; without mated comparisons where nobody has both.

    Examples
    --------
    >>> pairs = np.array([0, 0, 1]), np.array([1, 2, 2])
    >>> one = Comparisons(np.array([0.9, 0.5, 0.4]), *pairs, subjects=np.array([0, 0, 0]))
    >>> sittings = Sittings(np.array([0, 0, 1]), np.array([-1, -1, -1]))
    >>> within, across = within_and_across(one, sittings)
    >>> within.scores, across.scores
    (array([0.9]), array([0.5, 0.4]))
    """
    kinds = [sittings.within(comparisons), sittings.across(comparisons)]
    has_both = np.logical_and(*(_taking_part(comparisons, kind) for kind in kinds))
    probed = has_both[comparisons.enrolment] | has_both[comparisons.probe]
    within, across = (kind & probed for kind in kinds)
    among = _taking_part(comparisons, within | across)
    nonmated = ~comparisons.mated & among[comparisons.enrolment] & among[comparisons.probe]
    nonmated = _of_other_days(nonmated, comparisons, sittings)
    return comparisons.only(within | nonmated), comparisons.only(across | nonmated)


def of_days(comparisons: Comparisons, sittings: Sittings, first: int, last: int | None) -> Comparisons:
    """Mated comparisons of clips from `first` to `last` days apart, and non-mated ones of the same people.

    With None for `last`, of clips any more days apart. Non-mated comparisons of one day are left out as in
    :func:`within_and_across`.
    """
    between = sittings.days_between(comparisons)
    mated = comparisons.mated & (between >= first)
    if last is not None:
        mated &= between <= last
    people = np.isin(comparisons.subjects, comparisons.enrolment_subjects[mated])
    nonmated = ~comparisons.mated & people[comparisons.enrolment] & people[comparisons.probe]
    nonmated = _of_other_days(nonmated, comparisons, sittings)
    return comparisons.only(mated | nonmated)


def _of_other_days(
    nonmated: Bool[np.ndarray, " P"], comparisons: Comparisons, sittings: Sittings
) -> Bool[np.ndarray, " P"]:
    """Those not known to be of one day; all of them where they all are."""
    other = nonmated & (sittings.days_between(comparisons) != 0)
    return other if other.any() else nonmated


def _taking_part(comparisons: Comparisons, rows: Bool[np.ndarray, " P"]) -> Bool[np.ndarray, " N"]:
    """Which clips are in one of these comparisons."""
    taking_part = np.zeros(len(comparisons.subjects), dtype=bool)
    taking_part[comparisons.enrolment[rows]] = True
    taking_part[comparisons.probe[rows]] = True
    return taking_part
