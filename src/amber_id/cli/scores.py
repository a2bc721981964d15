"""The scores of any verification system, judged."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import Quiet, Seed, app, check_before, configured, print_figures, say, tell
from amber_id.errors import UsageError

if TYPE_CHECKING:
    from amber_id.results import Disclosure


@app.command()
def metrics(
    scores: Annotated[
        Path,
        typer.Argument(
            help="Scores: text `enrol probe target|nontarget score`, CSV, Parquet, .npz; or embeddings: "
            ".npz, or what `amber embed` wrote."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for results.json.")],
    subjects: Annotated[
        Path | None, typer.Option(help="CSV clip,subject[,session], or corpus.csv: who is who.")
    ] = None,
    dev: Annotated[
        Path | None, typer.Option(help="Scores of other people, to choose a threshold and a calibration on.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Scores of the same people by another system: gives paired differences."),
    ] = None,
    replicates: Annotated[
        int, typer.Option(help="Resamples of people, for the intervals; 100 or more.")
    ] = 1000,
    permutations: Annotated[
        int, typer.Option(help="Permutations of clips, for linkability; 20 or more.")
    ] = 200,
    level: Annotated[float, typer.Option(help="Level of the intervals, between 0 and 1.")] = 0.95,
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
    if out.is_file():
        raise UsageError(f"--out names a folder for results.json, got the file {out}")
    check_before("metrics", out)
    if holds_embeddings(scores):
        if subjects or dev or against:
            raise UsageError("--subjects, --dev and --against go with scores, got embeddings")
        with ClipBar("comparing", None, quiet=quiet) as bar:
            results = judge_embeddings(scores, config, on_progress=bar.step)
    else:
        results = judge_scores(scores, config, subjects=subjects, dev=dev, against=against)
    write_results(results, out / "results.json")
    counts = results.counts.comparisons
    known = f" of {results.counts.subjects} people; intervals at level {level:g}" if results.bootstrap else ""
    tell(f"{counts.mated} mated and {counts.nonmated} non-mated comparisons{known}")
    for name, each in results.differences.items():
        tell(
            f"  {name} minus that of {against}: {each.value:+.3f} [{each.low:+.3f}, {each.high:+.3f}]; "
            f"a true difference below {each.detectable:.3f} would often be missed"
        )
    tell(f"  {results.recognition.words}")
    print_figures(results.metrics)
    if results.disclosure is not None:
        _print_disclosure(results.disclosure)
    for limit in results.limits:
        say(f"note: {limit}")
    tell(out / "results.json")


def _print_disclosure(found: "Disclosure") -> None:
    for name, test in (("linkability", found.linkability), ("ZEBRA expected", found.zebra_expected)):
        if test is not None:
            least = (
                f"{test.permutations} permutations of clips, so at least {1 / (1 + test.permutations):.3f}"
            )
            tell(f"  {name} against chance: p {test.p_value:.3f} ({least})")
    tell(f"  ZEBRA worst case {found.zebra_worst_case:.2f} (category {found.zebra_category})")
    if found.worst_decile_eer is not None:
        tell(f"  EER of the most recognisable tenth of people: {found.worst_decile_eer:.3f} or less")
