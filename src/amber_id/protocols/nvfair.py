"""Who is trained on, chosen on and tested in NVFAIR's own division?

NVFAIR is 161 people of three corpora: RAVDESS, CREMA-D and the subset that NVIDIA recorded. Which actor is
in which partition is a fact that the public repository Mchapariniya/TrustFA-FG2026 lists: 111 train, 15 dev
and 35 test. (Its README says 112, 14 and 35.) ``data/nvfair_subjects.csv`` has that list, actors called as
their publishers call them.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from amber_id.corpora import person_folder
from amber_id.protocols.split import Partition

_DATA = files("amber_id").joinpath("data/nvfair_subjects.csv")


@cache
def nvfair_partitions() -> Mapping[str, Partition]:
    """The partition of each of the 161 people, by the name of the folder: ``nvidia_id051``."""
    rows: Any = csv.DictReader(_DATA.read_text("utf-8").splitlines())
    return MappingProxyType({person_folder(row["source"], row["actor"]): row["partition"] for row in rows})
