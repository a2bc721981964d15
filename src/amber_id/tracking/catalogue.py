"""Which trackers are there? One row for each, from which the command line and `amber doctor` take them."""

from amber_id.tracking.facemesh import FACEMESH
from amber_id.tracking.landmarker import LANDMARKER
from amber_id.tracking.tracker import TrackerKind

TRACKERS: dict[str, TrackerKind] = {kind.name: kind for kind in (LANDMARKER, FACEMESH)}
