"""The verb evaluate: a test on the test people."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import (
    SOME_CLIPS_LOST,
    Allow,
    Device,
    DifferentUtterances,
    Quiet,
    Recordings,
    Seed,
    app,
    check_runs,
    configured,
    end_with,
    figure_line,
    print_figures,
    say,
    tell,
)
from amber_id.cli.splitting import split_of_run

if TYPE_CHECKING:
    from amber_id.results import EvaluationResults

_Others = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        help="Another run under the same split; may be repeated. All runs and their fusion are tried, and "
        "the strongest on dev is reported.",
    ),
]
_Oracle = Annotated[
    Path | None,
    typer.Option(help="The oracle.json of `amber synth`; adds the lowest possible EER to the results."),
]


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A run, or one checkpoint.")],
    recordings: Recordings,
    out: Annotated[Path, typer.Option(help="Folder for results, figures and report.")],
    others: _Others = None,
    oracle: _Oracle = None,
    different_utterances: DifferentUtterances = False,
    replicates: Annotated[int, typer.Option(help="Replicates of the bootstrap over people.")] = 1000,
    allow: Allow = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Test an attacker on the test people.

    Writes results.json, figures and report.html.
    """
    from amber_id.audit import EvaluationConfig
    from amber_id.audit import evaluate as evaluate_run
    from amber_id.progress import ClipBar
    from amber_id.recordings import RecordingSet
    from amber_id.report import write_figures, write_report
    from amber_id.results import write_arrays, write_results

    config = configured(
        EvaluationConfig,
        replicates=replicates,
        seed=seed,
        different_utterances=different_utterances,
    )
    check_runs("evaluate", run, *(others or ()), out=out)
    whole = RecordingSet.open(recordings)
    of_run, division = split_of_run(run, whole)
    with ClipBar("testing", None, quiet=quiet) as bar:
        results, arrays = evaluate_run(
            run,
            of_run,
            division,
            config,
            others=others or (),
            oracle=oracle,
            device=device,
            allow=allow or (),
            on_clip=bar.advance,
        )
    write_results(results, out / "results.json")
    write_arrays(arrays, out / "arrays.safetensors")
    write_figures(results, arrays, out / "figures")
    page = write_report(out)
    _print_results(results)
    tell(page)
    if results.failures:
        say(f"{len(results.failures)} clips of test people gave no figure; they are in results.json")
    end_with(whole.failures)
    if results.failures:
        raise typer.Exit(SOME_CLIPS_LOST)


def _print_results(results: "EvaluationResults") -> None:
    """The headline, the figures, and all attackers where there are several."""
    from amber_id.notation import with_interval

    tell(results.headline)
    tell(f"  {results.recognition.words}")
    print_figures({name: rate for name, rate in results.metrics if rate is not None})
    for search in results.population:
        tell(f"  {search.words}")
    if results.oracle is not None:
        tell(figure_line("eer of the oracle", results.oracle.eer))
    if len(results.attackers) > 1:
        tell("  all attackers; the figures are those of the lowest EER on dev people:")
        for each in results.attackers:
            tell(
                f"  {'*' if each.chosen else ' '} {each.name:28} {with_interval(each.eer)}  "
                f"on dev {each.dev_eer:.3f}"
            )
    counts = results.counts.comparisons
    tell(f"  {counts.mated} mated and {counts.nonmated} non-mated comparisons")
