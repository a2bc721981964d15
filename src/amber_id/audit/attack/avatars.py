"""Which avatars do these clips show, and what does that leave open?

Conventions
-----------
Asked of the recordings of one condition, whose headers say it where `amber avatarize` made the videos.
"""

from collections.abc import Iterator, Sequence

from amber_id.avatarize.avatar import NEVER_DRIVEN
from amber_id.recordings import RecordingEntry


def avatars_of(entries: Sequence[RecordingEntry]) -> tuple[str, ...]:
    """What made the avatars of these recordings, a line each, sorted; empty where none says."""
    return tuple(sorted({str(each.avatar) for each in entries if each.avatar is not None}))


def avatar_remarks(entries: Sequence[RecordingEntry]) -> Iterator[str]:
    """What a reader must know of the avatars of one condition, in whole sentences."""
    made = [each.avatar for each in entries if each.avatar is not None]
    if not made:
        return
    if len(made) < len(entries):
        yield (
            f"{len(entries) - len(made)} of {len(entries)} clips do not say which avatar they show: whether "
            "all show one is not known."
        )
    looks = len({avatar.look for avatar in made})
    if looks > 1:
        yield (
            f"The clips show {looks} looks of avatars (file, size, frame rate, engine or version): the "
            "look of a clip may distinguish people. Make all avatars with one look."
        )
    lost = sorted({name for avatar in made for name in avatar.missing_shapes} - NEVER_DRIVEN)
    if lost:
        yield (
            f"The avatar lacks {len(lost)} of the shapes that faces move ({', '.join(lost)}): no attacker "
            "can use their motion, and an avatar that has them may reveal more."
        )
