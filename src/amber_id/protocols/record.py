"""How did a split come about, and is it still what it was? ``split.json`` beside ``split.csv`` says so.

The manifest is which clips there are and whose they are: the same for originals and for their avatars,
whatever tracker saw them. Its hash tells whether two splits were made for the same clips. Where clips have
come or gone since, or somebody edited ``split.csv``, that is said and nothing more: the people are divided
as before.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from amber_id import __version__
from amber_id.atomic_files import write_text_atomically
from amber_id.errors import SplitError
from amber_id.file_formats import read_json
from amber_id.protocols.protocol import SplitConfig
from amber_id.protocols.rules import Division, ProtocolName
from amber_id.protocols.split import SPLIT_FILE, Partition, Split, write_split
from amber_id.recordings import RecordingSet

RECORD_FILE = "split.json"
_SCHEMA: Literal["amber-id/split/1"] = "amber-id/split/1"
_NAMED_AT_MOST = 5  # people in a message


class SplitRecord(BaseModel):
    """The content of ``split.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["amber-id/split/1"] = Field(_SCHEMA, alias="schema")
    config: SplitConfig  # resolved, protocol and seed among it
    amber_id: str  # version
    split_sha256: str  # of split.csv
    manifest_sha256: str
    clips_of_subject: dict[str, int]
    people: tuple[dict[Partition, dict[str, int]], ...]  # by fold, partition and source
    remarks: tuple[str, ...]  # remarks on it, in whole sentences

    @property
    def protocol(self) -> ProtocolName:
        """By which the people were divided."""
        return self.config.protocol


def manifest_hash(recordings: RecordingSet) -> str:
    """SHA-256, as hexadecimal, of the clips and their subjects, sorted; no byte of a recording counts."""
    rows = sorted((entry.clip, entry.subject) for entry in recordings.entries)
    return hashlib.sha256("".join(f"{json.dumps(row)}\n" for row in rows).encode()).hexdigest()


def people_of(split: Split, recordings: RecordingSet) -> tuple[dict[Partition, dict[str, int]], ...]:
    """How many people of each source are in each partition of each fold, sources sorted; no empty ones."""
    source_of = {entry.subject: entry.source for entry in recordings.entries}
    counted: list[dict[Partition, dict[str, int]]] = []
    partitions: tuple[Partition, ...] = ("train", "dev", "test", "unused")
    for fold in range(len(split.folds)):
        of = {p: Counter(source_of[s] for s in split.subjects(p, fold) if s in source_of) for p in partitions}
        counted.append({p: dict(sorted(sources.items())) for p, sources in of.items() if sources})
    return tuple(counted)


def save_division(division: Division, recordings: RecordingSet, config: SplitConfig, folder: Path) -> None:
    """Write ``split.csv`` and ``split.json`` to a folder."""
    record = SplitRecord(
        schema=_SCHEMA,
        config=config,
        amber_id=__version__,
        split_sha256=division.split.content_hash(),
        manifest_sha256=manifest_hash(recordings),
        clips_of_subject=_clips_of_subject(recordings),
        people=people_of(division.split, recordings),
        remarks=division.remarks,
    )
    write_split(division.split, folder / SPLIT_FILE)
    write_text_atomically(folder / RECORD_FILE, record.model_dump_json(indent=2, by_alias=True) + "\n")


def protocol_of(folder: Path, split: Split) -> ProtocolName | None:
    """The protocol of a split in a folder; None where it was made or edited by hand.

    Raises
    ------
    FileFormatError
        If its ``split.json`` cannot be read, or is of another schema.
    """
    record = _of_split(folder, split)
    return None if record is None else record.protocol


def remarks_of(folder: Path, split: Split) -> tuple[str, ...]:
    """The remarks on a split in a folder from when it was made; raises as `protocol_of`."""
    record = _of_split(folder, split)
    return () if record is None else record.remarks


def refuse_other_config(folder: Path, split: Split, config: SplitConfig) -> None:
    """Refuse to go on with a split in a folder that was made by another configuration than is asked for.

    Raises
    ------
    SplitError
        If it was. A split that was made or edited by hand has none to be held against.
    FileFormatError
        If its ``split.json`` cannot be read, or is of another schema.
    """
    record = _of_split(folder, split)
    if record is not None and record.config != config:
        made, wanted = (each.model_dump(exclude_none=True) for each in (record.config, config))
        differing = [name for name in made | wanted if made.get(name) != wanted.get(name)]
        before, now = (
            ", ".join(f"{name} {each.get(name, 'not set')}" for name in differing) for each in (made, wanted)
        )
        raise SplitError(
            f"{folder / SPLIT_FILE}: made with {before}, asked for is {now}; ask for the same, or use "
            "another --out"
        )


def changes_since(recordings: RecordingSet, split: Split) -> tuple[str, ...]:
    """What is no longer as it was when the split was made, in whole sentences; none without ``split.json``.

    Raises
    ------
    FileFormatError
        If it cannot be read, or is of another schema.
    """
    record = _read(recordings.root)
    if record is None:
        return ()
    changes = []
    path = recordings.root / SPLIT_FILE
    if record.split_sha256 != split.content_hash():
        changes.append(
            f"{path} is not what amber split wrote ({record.protocol}, seed {record.config.seed}): it was "
            "edited since, and results will name no protocol."
        )
    if record.manifest_sha256 != manifest_hash(recordings):
        changes.append(
            f"{path} was made for other clips: {_difference(record.clips_of_subject, recordings)}. People "
            f"stay divided as they were; to divide them anew, run amber split {recordings.root}"
        )
    return tuple(changes)


def _difference(before: dict[str, int], recordings: RecordingSet) -> str:
    now = _clips_of_subject(recordings)
    changed = [s for s in sorted(before.keys() | now.keys()) if before.get(s, 0) != now.get(s, 0)]
    if not changed:
        return "as many of each person, but by other names"
    differences = [f"{s} had {before.get(s, 0)} and has {now.get(s, 0)}" for s in changed[:_NAMED_AT_MOST]]
    more = [f"{len(changed) - _NAMED_AT_MOST} more people differ"] if len(changed) > _NAMED_AT_MOST else []
    return ", ".join(differences + more)


def _clips_of_subject(recordings: RecordingSet) -> dict[str, int]:
    return dict(sorted(Counter(entry.subject for entry in recordings.entries).items()))


def _of_split(folder: Path, split: Split) -> SplitRecord | None:
    """The record in a folder if it is of this very split."""
    record = _read(folder)
    return record if record is not None and record.split_sha256 == split.content_hash() else None


def _read(folder: Path) -> SplitRecord | None:
    path = folder / RECORD_FILE
    return read_json(SplitRecord, path) if path.exists() else None
