"""What is said of a study of several conditions, in sentences."""

from collections.abc import Sequence

from amber_id.motion.pairs import ORIGINAL

EACH = "each"
"""Two clips of one anonymised condition, whichever it is."""


def story_of(train: str, learnt_from: Sequence[str], enrol: str, probe: str) -> str:
    """Who would attack so."""
    return f"The attacker learnt from {learnt_words(train, learnt_from)} and {does_words(enrol, probe)}."


def learnt_words(train: str, learnt_from: Sequence[str]) -> str:
    """What an attacker has learnt from."""
    if train == "all":
        return f"all conditions ({listed(learnt_from)})"
    if train == "others":
        return f"every avatar but the one it meets ({listed(learnt_from)})"
    return "originals" if train == ORIGINAL else f"{train} clips"


def does_words(enrol: str, probe: str) -> str:
    """What an attacker does with what is enrolled and what is probed."""
    if enrol == EACH:
        return "links two clips of one anonymised condition, whichever it is"
    if enrol == probe:
        return f"links two {'original' if probe == ORIGINAL else probe} clips"
    if enrol == ORIGINAL:
        return f"has the original enrolled and meets {probe}"
    return f"links a {enrol} clip with a {probe} clip"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["A"]), listed(["A", "B"]), listed(["A", "B", "C"])
    ('A', 'A and B', 'A, B and C')
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
