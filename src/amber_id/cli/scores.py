"""The scores of any verification system, judged."""

from pathlib import Path
from typing import Annotated

import typer

from amber_id.cli.shared import Quiet, Seed, app, configured, print_figures, say
from amber_id.errors import UsageError


@app.command()
def metrics(
    scores: Annotated[
        Path,
        typer.Argument(
            help="Scores: text `enrol probe target|nontarget score`, Parquet, .npz; or embeddings, .npz."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where results.json goes.")],
    subjects: Annotated[
        Path | None, typer.Option(help="CSV clip,subject[,session]: who is who, where the file does not say.")
    ] = None,
    dev: Annotated[
        Path | None, typer.Option(help="Scores of other people, to choose a threshold and a calibration on.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Scores of the same people by another system: gives paired differences."),
    ] = None,
    replicates: Annotated[int, typer.Option(help="Resamples of people, for the intervals.")] = 1000,
    permutations: Annotated[int, typer.Option(help="Permutations of clips, for linkability.")] = 200,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Judge the scores of any verification system: error rates with intervals over people."""
    from amber_id.audit import EvaluationConfig, judge_embeddings, judge_scores
    from amber_id.progress import ClipBar
    from amber_id.results import write_results
    from amber_id.score_files import holds_embeddings

    config = configured(
        EvaluationConfig, replicates=replicates, permutations=permutations, level=level, seed=seed
    )
    if holds_embeddings(scores):
        if subjects or dev or against:
            raise UsageError("--subjects, --dev and --against go with scores, got an archive of embeddings")
        with ClipBar("comparing", None, quiet=quiet) as bar:
            results = judge_embeddings(scores, config, on_progress=bar.step)
    else:
        results = judge_scores(scores, config, subjects=subjects, dev=dev, against=against)
    write_results(results, out / "results.json")
    counts = results.counts
    people = f" of {counts.subjects} people" if counts.subjects is not None else ""
    typer.echo(
        f"{counts.comparisons.mated} mated and {counts.comparisons.nonmated} non-mated comparisons{people}"
    )
    print_figures(results.metrics)
    if results.disclosure is not None:
        found = results.disclosure
        for name, test in (("linkability", found.linkability), ("ZEBRA expected", found.zebra_expected)):
            if test is not None:
                typer.echo(f"  {name} against {test.permutations} permutations: p {test.p_value:.3f}")
        typer.echo(f"  ZEBRA worst case {found.zebra_worst_case:.2f} (category {found.zebra_category})")
        if found.worst_decile_eer is not None:
            typer.echo(
                f"  EER of the most recognisable tenth of people: {found.worst_decile_eer:.3f} or less"
            )
    for name, each in results.differences.items():
        typer.echo(
            f"  {name} less that of {against}: {each.value:+.3f} [{each.low:+.3f}, {each.high:+.3f}]; "
            f"detectable {each.detectable:.3f}"
        )
    for limit in results.limits:
        say(f"note: {limit}")
    typer.echo(out / "results.json")
