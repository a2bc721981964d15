"""The power analysis of a study, as files: for people, for spreadsheets, for other programs.

Conventions
-----------
``power.json``, schema `amber-id/power/1`: everything, with configuration, versions and seed; two runs differ
in `times` alone. ``power.csv``: a row for each plan. ``power.png`` and ``power.pdf``: the figure.
Rates, widths and differences are fractions. What stands in the columns is said in docs/power.md.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any

from amber_id.atomic_files import write_text_atomically
from amber_id.biometrics import StudyPower
from amber_id.file_formats import write_table
from amber_id.report.power.figures import write_power_figures
from amber_id.results import surroundings

POWER_SCHEMA = "amber-id/power/1"


def write_power(
    powers: Sequence[StudyPower],
    folder: Path,
    *,
    configuration: Mapping[str, Any],
    needed: Mapping[tuple[int, float], float],
    wall_s: float,
) -> list[Path]:
    """Write all four files into `folder`; returns them, the JSON first and the figure last.

    Parameters
    ----------
    powers
        A cell of the table each.
    folder
        Where they go; made where it is missing.
    configuration
        What was asked for, with the seed; as it will stand in the JSON.
    needed
        People that it takes, by number of clips and EER; infinity where more than were simulated.
    wall_s
        How long it took, in seconds.

    Raises
    ------
    AmberError
        If a file cannot be written.
    MissingDependencyError
        If matplotlib is not installed; the first two files are then there.
    """
    rows = [_row(power) for power in powers]
    content = {
        "schema": POWER_SCHEMA,
        "configuration": dict(configuration),
        "cells": rows,
        "people_needed": [
            {"clips": clips, "eer": eer, "people": people if isfinite(people) else None}
            for (clips, eer), people in needed.items()
        ],
        "provenance": {
            "packages": {name: version(name) for name in ("numpy", "scipy")},
            **surroundings(),
        },
        "times": {
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "wall_s": round(wall_s, 3),
        },
    }
    report, table = folder / "power.json", folder / "power.csv"
    write_text_atomically(report, json.dumps(content, indent=2, allow_nan=False) + "\n")
    write_table(table, list(rows[0]), [list(row.values()) for row in rows])
    return [report, table, *write_power_figures(powers, folder)]


def _row(power: StudyPower) -> dict[str, Any]:
    """A cell of the table: the plan, its comparisons, and what was found."""
    figures = {field.name: getattr(power, field.name) for field in fields(power) if field.name != "plan"}
    return asdict(power.plan) | {"mated": power.plan.n_mated, "nonmated": power.plan.n_nonmated} | figures
