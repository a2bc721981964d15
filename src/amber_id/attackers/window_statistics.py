"""The statistics of `moments`, computed once for each clip in a process.

Training, choosing on dev, the matrix and every question of an audit ask for those of the same clips. They
depend on the clip's recording and on the features alone, so they are kept by these two, up to a size; the
clips that were asked for longest ago are forgotten first.
"""

from collections import OrderedDict

import numpy as np
from jaxtyping import Float

from amber_id.attackers.moments import window_statistics
from amber_id.motion import WindowSet

_MOST_BYTES = 2**30
_known: OrderedDict[tuple[str, str], Float[np.ndarray, "n F"]] = OrderedDict()


def statistics_of(windows: WindowSet) -> Float[np.ndarray, "N F"]:
    """What `window_statistics` makes of all windows, in order."""
    if not windows.as_stored:
        rate_hz = windows.config.rate_hz
        return np.concatenate([window_statistics(*part, rate_hz=rate_hz) for part in windows.in_parts()])
    features = windows.config.model_dump_json()
    ends = np.cumsum(np.bincount(windows.clip, minlength=len(windows.entries)))
    parts = []
    for entry, begin, end in zip(windows.entries, [0, *ends[:-1]], ends, strict=True):
        key = (features, entry.content_hash())
        found = _known.pop(key, None)
        if found is None:
            found = window_statistics(*windows.gather(slice(begin, end)), rate_hz=windows.config.rate_hz)
        _known[key] = found
        parts.append(found)
    _forget()
    return np.concatenate(parts)


def _forget() -> None:
    size = sum(each.nbytes for each in _known.values())
    while size > _MOST_BYTES:
        size -= _known.popitem(last=False)[1].nbytes
