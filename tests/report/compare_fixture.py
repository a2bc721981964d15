"""Hand-made studies on disk, as `amber audit` leaves them, for the tests of comparing several."""

import runpy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from amber_id.audit import EvaluationConfig
from amber_id.audit.judging import judged_rates
from amber_id.biometrics import Comparisons
from amber_id.results import StudyResults, write_results
from amber_id.score_files import IdentifiedBy, ScoreFile, write_scores

FIXTURE = runpy.run_path(str(Path(__file__).with_name("study_fixture.py")))
make_study = cache(FIXTURE["make_study"])
changed = FIXTURE["changed"]


def named(compared: Comparisons, *, source: str = "ravdess", first: int = 1) -> ScoreFile:
    """Scores whose people are numbered from `first` on in the corpus `source`, six clips each or so."""
    subjects = tuple(f"id{first + number:03d}" for number in range(compared.n_subjects))
    clips = tuple(
        f"anonymised/{source}_{subjects[subject]}/{place:04d}"
        for place, subject in enumerate(compared.subjects)
    )
    return ScoreFile.named(compared, clips, subjects, identified_by=IdentifiedBy.COLUMNS)


def write_study(
    folder: Path,
    *letters: str,
    source: str = "ravdess",
    first: int = 1,
    noise: float = 0.0,
    changes: dict[str, Any] | None = None,
    **made: Any,
) -> Path:
    """A study with `noise` added to its scores, whose `changes` are parts of its results."""
    results, comparisons = make_study(*letters, **made)
    cells = {letters: cell.model_dump() for letters, cell in results.cells.items()}
    for name, compared in comparisons.items():
        moved = noise * np.random.default_rng(7).normal(size=len(compared.scores))
        noisy = replace(compared, scores=compared.scores + moved)
        cells[name]["metrics"] |= judged_rates(noisy, EvaluationConfig(replicates=100), ("eer", "auc"))
        write_scores(folder / "scores" / f"{name}.parquet", named(noisy, source=source, first=first))
    write_results(changed(results, **{"cells": cells, **(changes or {})}), folder / "results.json")
    return folder


def provenance(results: StudyResults, **changes: Any) -> dict[str, Any]:
    """The provenance of a study with something else in it."""
    return {"provenance": results.provenance.model_dump() | changes}


def with_attacker(results: StudyResults, name: str) -> dict[str, Any]:
    """The cells of a study, in all of which `name` is the strongest attacker."""
    cells = results.model_dump(by_alias=True)["cells"]
    return {
        "cells": {
            letters: cell | {"attacker": cell["attacker"] | {"name": name}} for letters, cell in cells.items()
        }
    }
