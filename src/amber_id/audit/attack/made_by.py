"""What does the provenance of every result of trained attackers have in common?"""

from collections.abc import Collection, Sequence
from typing import Any

from amber_id.audit.attack.avatars import avatars_of
from amber_id.audit.attack.tested import trackers_of
from amber_id.protocols import Leak
from amber_id.recordings import RecordingEntry
from amber_id.results import surroundings
from amber_id.training import versions


def common_provenance(entries: Sequence[RecordingEntry], allowed: Collection[Leak]) -> dict[str, Any]:
    """Program and packages, what tracked and what drew the clips, and the leaks that were known and meant."""
    trackers, synthetic = trackers_of(entries)
    return {
        **surroundings(),
        "packages": {name: number for name, number in versions().items() if name != "amber-id"},
        "trackers": trackers,
        "avatars": avatars_of(entries),
        "synthetic": synthetic,
        "allowed": tuple(leak.key for leak in allowed),
    }
