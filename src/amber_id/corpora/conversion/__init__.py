"""From what a publisher ships, or anyone has, to a corpus.

Conventions
-----------
One module for each public corpus says what its names mean: `ravdess`, `crema_d`, `nvfair`, with its row in
`PUBLIC_CORPORA`; `own_folders` is for anyone's own videos. Each finds clips; `convert` puts them into the
corpus. Nobody's file is changed.
"""

from amber_id.corpora.conversion.completeness import SourceCheck, check_corpus
from amber_id.corpora.conversion.convert import Conversion, convert, refuse_overlap
from amber_id.corpora.conversion.crema_d import crema_d_clips, crema_d_facts, find_crema_d
from amber_id.corpora.conversion.findings import Findings, FoundClip
from amber_id.corpora.conversion.left_out import LEFT_OUT_FILE, Kind, LeftOut, counted, write_left_out
from amber_id.corpora.conversion.nvfair import find_nvfair, nvfair_clips, nvfair_facts
from amber_id.corpora.conversion.own_folders import OwnConfig, find_own
from amber_id.corpora.conversion.people_numbers import PEOPLE_FILE
from amber_id.corpora.conversion.public import PublicConversion, conversion_of
from amber_id.corpora.conversion.ravdess import find_ravdess, ravdess_clips, ravdess_facts

__all__ = [
    "LEFT_OUT_FILE",
    "PEOPLE_FILE",
    "Conversion",
    "Findings",
    "FoundClip",
    "Kind",
    "LeftOut",
    "OwnConfig",
    "PublicConversion",
    "SourceCheck",
    "check_corpus",
    "conversion_of",
    "convert",
    "counted",
    "crema_d_clips",
    "crema_d_facts",
    "find_crema_d",
    "find_nvfair",
    "find_own",
    "find_ravdess",
    "nvfair_clips",
    "nvfair_facts",
    "ravdess_clips",
    "ravdess_facts",
    "refuse_overlap",
    "write_left_out",
]
