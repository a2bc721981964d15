"""Who is trained on, who is chosen on, who is tested: never the same people."""

from amber_id.protocols.assignment import (
    Control,
    find_split,
    labelled,
    partition_of,
    source_of_subjects,
)
from amber_id.protocols.leaks import Leak, find_leaks, refuse_leaks
from amber_id.protocols.split import SPLIT_FILE, Split, SplitConfig, make_split, read_split, write_split

__all__ = [
    "SPLIT_FILE",
    "Control",
    "Leak",
    "Split",
    "SplitConfig",
    "find_leaks",
    "find_split",
    "labelled",
    "make_split",
    "partition_of",
    "read_split",
    "refuse_leaks",
    "source_of_subjects",
    "write_split",
]
