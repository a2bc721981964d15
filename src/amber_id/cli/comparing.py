"""Several studies side by side: anonymisers, folds, regions or seeds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import (
    Level,
    Replicates,
    Seed,
    app,
    check_before,
    configured,
    require_folder,
    say,
    tell,
)

if TYPE_CHECKING:
    from amber_id.results import ComparisonResults

_LONGEST_NAME = 32  # in the table


@app.command()
def compare(
    studies: Annotated[
        list[Path],
        typer.Argument(
            help="Two studies or more, as `amber audit` leaves them; one of several conditions is several."
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for comparison.json, comparison.csv, figures/ and compare.html.")
    ],
    cell: Annotated[
        str | None,
        typer.Option(help="Cell to compare; default: AAA if all have it, else the first that all have."),
    ] = None,
    pool: Annotated[
        bool,
        typer.Option(
            "--pool", help="The studies are parts of one, with other people in each: judge them as one too."
        ),
    ] = False,
    replicates: Replicates = 1000,
    level: Level = 0.95,
    seed: Seed = 0,
) -> None:
    """Compare several studies.

    Who is recognised under which anonymiser, and is the difference more than chance? Differences are those to
    the first study, paired over people where both tested the same ones.
    """
    from amber_id.audit import EvaluationConfig, compare_read, pool_parts, read_studies
    from amber_id.report import write_comparison_report
    from amber_id.results import write_results

    config = configured(EvaluationConfig, replicates=replicates, level=level, seed=seed)
    require_folder("--out", out)
    check_before("compare", out)
    letters, read = read_studies(studies, cell)
    pooled = pool_parts(letters, read) if pool else None
    results = compare_read(letters, read, config, pooled=pooled)
    scores = [study.comparisons for study in read] + ([] if pooled is None else [pooled])
    write_results(results, out / "comparison.json")
    page = write_comparison_report(results, scores, out)
    _print(results)
    for limit in results.limits:
        say(f"note: {limit}")
    tell(page)


def _print(results: "ComparisonResults") -> None:
    """A line for each study: people, EER, and the difference to the first or why there is none."""
    from amber_id.notation import signed, with_interval

    rows = []
    for number, study in enumerate(results.studies):
        against = study.not_paired or ("" if number else "the first")
        if study.less_first is not None:
            against = signed(study.less_first.eer)
        mark = "" if study.headline.valid else "  INVALID"
        eer = with_interval(study.cells[results.cell].eer)
        rows.append((study.name, study.subjects, eer, f"{against}{mark}"))
    if results.pooled is not None:
        rows.append(("all parts pooled", results.pooled.subjects, with_interval(results.pooled.cell.eer), ""))
    width = min(_LONGEST_NAME, max(len(row[0]) for row in rows))
    tell(f"{'study':{width}}  people  {f'EER of {results.cell}':20}  less that of the first")
    for name, people, eer, against in rows:
        tell(f"{name:{width}}  {people:6}  {eer}  {against}".rstrip())
