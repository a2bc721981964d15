"""Who is trained on, who is chosen on, who is tested: never the same people."""

from amber_id.protocols.assignment import (
    Control,
    divide_recordings,
    find_split,
    labelled,
    partition_of,
    source_of_subjects,
)
from amber_id.protocols.by_people import FEWEST_IN_FOLDS, ByPeople, compared_pairs, folds_by_people
from amber_id.protocols.leaks import Leak, find_leaks, refuse_leaks
from amber_id.protocols.nvfair import nvfair_partitions
from amber_id.protocols.protocol import SplitConfig, divide, make_split
from amber_id.protocols.record import (
    RECORD_FILE,
    SplitRecord,
    changes_since,
    manifest_hash,
    people_of,
    protocol_of,
    refuse_other_config,
    remarks_of,
    save_division,
)
from amber_id.protocols.rules import PROTOCOLS, Division, ProtocolKind, ProtocolName, fewest_people
from amber_id.protocols.sessions import sessions_kept_apart
from amber_id.protocols.split import SPLIT_FILE, Split, read_split, refuse_too_few_tested, write_split

__all__ = [
    "FEWEST_IN_FOLDS",
    "PROTOCOLS",
    "RECORD_FILE",
    "SPLIT_FILE",
    "ByPeople",
    "Control",
    "Division",
    "Leak",
    "ProtocolKind",
    "ProtocolName",
    "Split",
    "SplitConfig",
    "SplitRecord",
    "changes_since",
    "compared_pairs",
    "divide",
    "divide_recordings",
    "fewest_people",
    "find_leaks",
    "find_split",
    "folds_by_people",
    "labelled",
    "make_split",
    "manifest_hash",
    "nvfair_partitions",
    "partition_of",
    "people_of",
    "protocol_of",
    "read_split",
    "refuse_leaks",
    "refuse_other_config",
    "refuse_too_few_tested",
    "remarks_of",
    "save_division",
    "sessions_kept_apart",
    "source_of_subjects",
    "write_split",
]
