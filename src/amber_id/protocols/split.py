"""Who is trained on, who is chosen on, who is tested?

A split gives every subject one partition in each fold: train, dev or test. No subject is ever in two
partitions of a fold. With k folds every subject is tested exactly once. Both kinds are stratified by
source, so that no partition is a different mix of corpora, and depend on the seed and the subjects
alone, not on their order.
"""

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from amber_id.atomic_files import write_text_atomically
from amber_id.errors import FileFormatError, SplitError
from amber_id.file_formats import table_text

Partition = Literal["train", "dev", "test"]

SPLIT_FILE = "split.csv"
_COLUMNS = ["subject", "partition", "fold"]
_FEWEST = 2  # subjects in a partition: one alone has nobody to be compared with


class SplitConfig(BaseModel):
    """How subjects are divided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dev: float = Field(0.2, gt=0, lt=1)  # share of all subjects
    test: float = Field(0.3, gt=0, lt=1)  # share of all subjects; with folds, 1 / folds instead
    folds: int = Field(1, ge=1)  # 1: a single split
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class Split:
    """One partition per subject and fold: ``folds[k][subject]``.

    Raises
    ------
    SplitError
        If the folds have different subjects, or a partition of a fold has fewer than two.
    """

    folds: tuple[Mapping[str, Partition], ...]

    def __post_init__(self) -> None:
        if not self.folds:
            raise SplitError("a split needs at least one fold, got none")
        for k, fold in enumerate(self.folds):
            if fold.keys() != self.folds[0].keys():
                odd = ", ".join(sorted(fold.keys() ^ self.folds[0].keys()))
                raise SplitError(f"every fold must name the same subjects; fold {k} differs in {odd}")
            for partition in get_args(Partition):
                n = len(self.subjects(partition, k))
                if n < _FEWEST:
                    raise SplitError(f"fold {k}: {partition} needs at least {_FEWEST} subjects, got {n}")

    def subjects(self, partition: Partition, fold: int) -> tuple[str, ...]:
        """The subjects of one partition of one fold, sorted."""
        return tuple(sorted(s for s, p in self.folds[fold].items() if p == partition))

    def to_csv(self) -> str:
        """The text of ``split.csv``."""
        rows = [(s, fold[s], k) for k, fold in enumerate(self.folds) for s in sorted(fold)]
        return table_text(_COLUMNS, rows)

    def content_hash(self) -> str:
        """SHA-256, as hexadecimal, of the text of ``split.csv``."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()


def make_split(source_of: Mapping[str, str], config: SplitConfig) -> Split:
    """Divide subjects, given the source of each.

    Raises
    ------
    SplitError
        If there are too few subjects for it; the message says how many are needed.
    """
    n = len(source_of)
    if config.folds > 1:
        groups = _deal(source_of, config.folds, np.random.default_rng([config.seed, 0]))
        tests = [tuple(s for s, g in groups.items() if g == k) for k in range(config.folds)]
    else:
        tests = [_draw(source_of, round(config.test * n), np.random.default_rng([config.seed, 0]))]
    folds: list[dict[str, Partition]] = []
    for k, test in enumerate(tests):
        rest = {s: source for s, source in source_of.items() if s not in set(test)}
        dev = set(_draw(rest, round(config.dev * n), np.random.default_rng([config.seed, 1, k])))
        folds.append({s: "test" if s in set(test) else "dev" if s in dev else "train" for s in source_of})
    try:
        return Split(tuple(folds))
    except SplitError as error:
        raise SplitError(
            f"{n} subjects are too few for --dev {config.dev:g}, "
            + (f"--folds {config.folds}" if config.folds > 1 else f"--test {config.test:g}")
            + f" ({error}); add people or change the shares"
        ) from error


def _shuffled_by_source(source_of: Mapping[str, str], rng: np.random.Generator) -> list[str]:
    """Subjects in random order within a source, one source after the other."""
    order: list[str] = []
    for source in sorted(set(source_of.values())):
        members = sorted(s for s, of in source_of.items() if of == source)
        order += [members[i] for i in rng.permutation(len(members))]
    return order


def _deal(source_of: Mapping[str, str], n_groups: int, rng: np.random.Generator) -> dict[str, int]:
    """Deal subjects into groups like cards; sizes differ by one at most, of a source as of all."""
    return {subject: i % n_groups for i, subject in enumerate(_shuffled_by_source(source_of, rng))}


def _draw(source_of: Mapping[str, str], n: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw n subjects, evenly spaced in the shuffled order, so that each source gives its share."""
    order = _shuffled_by_source(source_of, rng)
    if n == 0 or not order:
        return ()
    # A random offset decides which source gets the odd subject.
    positions = (np.arange(n) * len(order) / n + rng.uniform(0, len(order) / n)).astype(int)
    return tuple(order[i] for i in positions)


def read_split(path: Path) -> Split:
    """Read a ``split.csv``.

    Raises
    ------
    FileFormatError
        If it is no such table.
    SplitError
        If a subject is in two partitions of a fold, or a fold or a partition lacks people.
    """
    # People make this table by hand: columns may change places, and spreadsheets leave a mark in front.
    try:
        reader = csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileFormatError(path, f"cannot be read ({error})") from error
    folds: dict[int, dict[str, Partition]] = {}
    for line, row in rows:
        subject, partition, fold = (row.get(column) or "" for column in _COLUMNS)
        if not subject or partition not in get_args(Partition) or not fold.isdecimal():
            wanted = "subject, partition (train, dev or test), fold (0, 1, ...)"
            came = ", ".join(map(str, row.values()))
            raise FileFormatError(path, f"line {line}: expected {wanted}, got {came}")
        before = folds.setdefault(int(fold), {}).setdefault(subject, partition)  # type: ignore[arg-type]
        if before != partition:
            raise SplitError(f"{path}: {subject} is in {before} and in {partition} of fold {fold}")
    if sorted(folds) != list(range(len(folds))):
        raise SplitError(f"{path}: folds must be numbered 0, 1, ..., got {sorted(folds)}")
    try:
        return Split(tuple(folds[k] for k in sorted(folds)))
    except SplitError as error:
        raise SplitError(f"{path}: {error}") from error


def write_split(split: Split, path: Path) -> None:
    """Write ``split.csv``, whole or not at all."""
    write_text_atomically(path, split.to_csv())
