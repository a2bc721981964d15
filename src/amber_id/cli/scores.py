"""The scores of any verification system, judged."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber_id.cli.shared import (
    DifferentUtterances,
    Level,
    Quiet,
    Replicates,
    Seed,
    app,
    check_before,
    configured,
    print_figures,
    require_folder,
    say,
    tell,
)
from amber_id.errors import UsageError
from amber_id.notation import signed

if TYPE_CHECKING:
    from amber_id.results import Disclosure, ScoreResults


_Scores = Annotated[
    Path,
    typer.Argument(
        help="Scores as text `enrol probe target|nontarget score`, CSV, Parquet or .npz; or embeddings as "
        ".npz, or as `amber embed` writes them."
    ),
]
_Subjects = Annotated[
    Path | None,
    typer.Option(help="CSV file clip,subject[,session], or corpus.csv: the person of each clip."),
]
_Dev = Annotated[
    Path | None,
    typer.Option(help="Scores of other people, on whom a threshold and a calibration are chosen."),
]
_Against = Annotated[
    Path | None,
    typer.Option(help="Scores of the same people by another system, for paired differences."),
]
_Permutations = Annotated[int, typer.Option(help="Permutations of clips, for linkability; 20 or more.")]


@app.command()
def metrics(
    scores: _Scores,
    out: Annotated[Path, typer.Option(help="Folder for results.json.")],
    subjects: _Subjects = None,
    dev: _Dev = None,
    against: _Against = None,
    different_utterances: DifferentUtterances = False,
    replicates: Replicates = 1000,
    permutations: _Permutations = 200,
    level: Level = 0.95,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Judge the scores of any verification system.

    Error rates have intervals over people, where the file says whose scores these are.
    """
    from amber_id.audit import EvaluationConfig, judge_embeddings, judge_scores
    from amber_id.progress import ClipBar
    from amber_id.results import write_results
    from amber_id.score_files import holds_embeddings

    config = configured(
        EvaluationConfig,
        replicates=replicates,
        permutations=permutations,
        level=level,
        seed=seed,
        different_utterances=different_utterances,
    )
    require_folder("--out", out, "a folder for results.json")
    check_before("metrics", out)
    if holds_embeddings(scores):
        if subjects or dev or against or different_utterances:
            raise UsageError(
                "--subjects, --dev, --against and --different-utterances go with scores, got embeddings"
            )
        with ClipBar("comparing", None, quiet=quiet) as bar:
            results = judge_embeddings(scores, config, on_progress=bar.step)
    else:
        results = judge_scores(scores, config, subjects=subjects, dev=dev, against=against)
    write_results(results, out / "results.json")
    _print_results(results, against, level)
    for limit in results.limits:
        say(f"note: {limit}")
    tell(out / "results.json")


def _print_results(results: "ScoreResults", against: Path | None, level: float) -> None:
    """Counts, differences, and the figures, with what they disclose."""
    counts = results.counts.comparisons
    known = f" of {results.counts.subjects} people; intervals at level {level:g}" if results.bootstrap else ""
    which = "" if counts.unknown_utterances is None else " of different utterances"
    tell(f"{counts.mated} mated and {counts.nonmated} non-mated comparisons{which}{known}")
    for name, each in results.differences.items():
        tell(
            f"  {name} minus that of {against}: {signed(each)}; "
            f"a true difference below {each.detectable:.3f} would often be missed"
        )
    tell(f"  {results.recognition.words}")
    print_figures(results.metrics)
    for search in results.population:
        tell(f"  {search.words}")
    if results.disclosure is not None:
        _print_disclosure(results.disclosure)


def _print_disclosure(disclosure: "Disclosure") -> None:
    for name, test in (
        ("linkability", disclosure.linkability),
        ("ZEBRA expected", disclosure.zebra_expected),
    ):
        if test is not None:
            least = (
                f"{test.permutations} permutations of clips, so at least {1 / (1 + test.permutations):.3f}"
            )
            tell(f"  {name} against chance: p {test.p_value:.3f} ({least})")
    tell(f"  ZEBRA worst case {disclosure.zebra_worst_case:.2f} (category {disclosure.zebra_category})")
    if disclosure.worst_decile_eer is not None:
        tell(f"  EER of the most recognisable tenth of people: {disclosure.worst_decile_eer:.3f} or less")
