"""What do several studies have in common: which cell, and whom?

Conventions
-----------
A person is known by the folder of its clips, ``<source>_id<number>``: the number alone is unique within one
corpus only. Where a clip has no such folder, the name of the subject in the scores stands for it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from amber_id.biometrics import Comparisons, eer
from amber_id.errors import EvaluationError, UsageError
from amber_id.file_formats import file_hash
from amber_id.reading import reading
from amber_id.results import CONDITIONS_SCHEMA, StudyResults, read_conditions, read_study_results
from amber_id.score_files import ScoreFile, read_scores

_HEADLINE = "AAA"
_ROUNDING = 1e-9
_BEGINNING = 200  # bytes of results, in which their schema is


@dataclass(frozen=True, eq=False)
class StudyFolder:
    """A study as it lies on disk, with the scores of one cell."""

    name: str
    results: StudyResults
    scores: ScoreFile
    results_sha256: str
    scores_sha256: str

    @property
    def comparisons(self) -> Comparisons:
        """The comparisons by the strongest attacker of the cell."""
        compared = self.scores.comparisons
        if compared is None:  # not so of a file that `amber audit` wrote
            raise EvaluationError(f"{self.name}: expected scores whose people are known, got scores alone")
        return compared

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Who each subject of the comparisons is."""
        folders: list[set[str]] = [set() for _ in self.scores.subjects]
        for clip, subject in zip(self.scores.clips, self.comparisons.subjects, strict=True):
            folders[subject].add(clip.partition("/")[2].rpartition("/")[0])
        return tuple(
            folder.pop() if len(folder) == 1 and "" not in folder else name
            for folder, name in zip(folders, self.scores.subjects, strict=True)
        )

    def numbered(self, people: Sequence[str]) -> Comparisons:
        """The comparisons with every person numbered by its place in `people`, who hold all of them."""
        place = {person: number for number, person in enumerate(people)}
        numbers = np.array([place[person] for person in self.people], np.int64)
        return replace(self.comparisons, subjects=numbers[self.comparisons.subjects])


def studies_in(folders: Sequence[Path]) -> tuple[Path, ...]:
    """These folders; in place of one of several conditions, the studies of all of these.

    Raises FileFormatError if the results of several conditions are cut off.
    """
    return tuple(each for folder in folders for each in _conditions_in(folder) or (folder,))


def _conditions_in(folder: Path) -> tuple[Path, ...]:
    """The studies of the conditions in a folder; none where it is not of several conditions."""
    path = folder / "results.json"
    if not path.is_file():
        return ()
    with reading(path, "results"), path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    if CONDITIONS_SCHEMA.encode() not in beginning:
        return ()
    return tuple(folder / name for name in read_conditions(path).studies)


def read_studies(folders: Sequence[Path], cell: str | None = None) -> tuple[str, tuple[StudyFolder, ...]]:
    """The cell to compare, and the studies with its scores, in the order given.

    Parameters
    ----------
    folders
        Two or more, each as `amber audit` leaves it; one of several conditions stands for their studies.
    cell
        Three letters; AAA where all studies have it, else the first that all have, by default.

    Raises
    ------
    EvaluationError
        If the studies have no cell in common, one of them lacks `cell`, or scores are of another study.
    FileFormatError
        If a file is missing, cut off or of another kind.
    UsageError
        If there are fewer than two folders, or one is given twice.
    """
    folders = studies_in(folders)
    names = study_names(folders)
    results = {
        name: read_study_results(folder / "results.json") for name, folder in zip(names, folders, strict=True)
    }
    chosen = _common_cell(results, cell)
    opened = []
    for name, folder in zip(names, folders, strict=True):
        path = folder / "scores" / f"{chosen}.parquet"
        study = StudyFolder(
            name, results[name], read_scores(path), file_hash(folder / "results.json"), file_hash(path)
        )
        _check_belong(study, chosen, path)
        opened.append(study)
    return chosen, tuple(opened)


def study_names(folders: Sequence[Path]) -> tuple[str, ...]:
    """The name of each folder, with parents before it as far as names would be alike without.

    Raises
    ------
    UsageError
        If there are fewer than two folders, or one is given twice.

    Examples
    --------
    >>> study_names([Path("one/study"), Path("two/study"), Path("two/other")])
    ('one/study', 'two/study', 'other')
    """
    if len(folders) < 2:
        raise UsageError(f"expected two studies or more to compare, got {len(folders)}")
    places = [folder.resolve() for folder in folders]
    for place, times in Counter(places).items():
        if times > 1:
            raise UsageError(f"expected each study once, got {place.name} {times} times")
    parts = [[part for part in place.parts if part != place.anchor] or ["/"] for place in places]
    taken = [1] * len(parts)
    while True:
        names = ["/".join(each[-n:]) for each, n in zip(parts, taken, strict=True)]
        alike = [k for k, name in enumerate(names) if names.count(name) > 1 and taken[k] < len(parts[k])]
        if not alike:
            return tuple(names)
        for k in alike:
            taken[k] += 1


def _common_cell(results: dict[str, StudyResults], cell: str | None) -> str:
    cells = {name: list(each.cells) for name, each in results.items()}
    common = [letters for letters in next(iter(cells.values())) if all(letters in c for c in cells.values())]
    if cell in common:
        return cell
    if cell is None and common:
        return _HEADLINE if _HEADLINE in common else common[0]
    cells_of_each = "; ".join(f"{name} has {', '.join(letters)}" for name, letters in cells.items())
    raise EvaluationError(
        f"expected {f'the cell {cell}' if cell else 'a cell'} in all studies, but {cells_of_each}"
    )


def _check_belong(study: StudyFolder, cell: str, path: Path) -> None:
    """Refuse scores of another audit: differences would contradict the EERs beside them."""
    stated, compared = study.results.cells[cell], study.comparisons
    counts = stated.counts
    if (counts.mated, counts.nonmated) != (compared.n_mated, compared.n_nonmated):
        raise EvaluationError(
            f"{path}: expected the {counts.mated} mated and {counts.nonmated} non-mated comparisons that "
            f"results.json counts, got {compared.n_mated} and {compared.n_nonmated}: audit again"
        )
    again = eer(compared.mated_scores, compared.nonmated_scores)
    if abs(again - stated.metrics.eer.value) > _ROUNDING:
        raise EvaluationError(
            f"{path}: expected scores of the EER {stated.metrics.eer.value:.4f} that results.json has, got "
            f"those of {again:.4f}: audit again"
        )
