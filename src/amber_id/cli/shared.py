"""What the verbs share: the app, options that mean the same everywhere, checks before work, and output."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer
from typer.core import TyperGroup

from amber_id.cli.choices import fill_in_tables
from amber_id.errors import FileFormatError, UsageError

if TYPE_CHECKING:
    from amber_id.recordings import Failure
    from amber_id.results import DroppedClip, Point, Rate
    from amber_id.results.conditions import LostClip
    from amber_id.tracking import CorpusSummary

_Model = TypeVar("_Model")  # a model of pydantic's, which is loaded late
_P = ParamSpec("_P")


class _Verbs(TyperGroup):
    """All verbs; a value that does not fit its flag is refused without the words of pydantic."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        fill_in_tables(command)
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            from pydantic import ValidationError

            from amber_id.misfits import first_problem

            if isinstance(error.__cause__, ValidationError):
                error.message = first_problem(error.__cause__)
            raise


app = typer.Typer(
    name="amber",
    cls=_Verbs,
    help="Does motion still identify the people in anonymised talking-head video?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
models_app = typer.Typer(help="Fetch the face landmarker model.", no_args_is_help=True)
app.add_typer(models_app, name="models")
avatar_app = typer.Typer(help="Draw an avatar, or write it as a file.", no_args_is_help=True)
app.add_typer(avatar_app, name="avatar")
corpus_app = typer.Typer(help="Convert and check corpora.", no_args_is_help=True)
app.add_typer(corpus_app, name="corpus")
defences_app = typer.Typer(help="Train a defence, or write it as ONNX.", no_args_is_help=True)
app.add_typer(defences_app, name="defences")
study_app = typer.Typer(help="Reproduce a published experiment.", no_args_is_help=True)
app.add_typer(study_app, name="study")

_TABLES = frozenset({"evaluation", "features", "loop", "split"})  # of configurations, which no flag names

_LARGEST_TOML = 1 << 20  # bytes: a configuration has some hundred

SOME_CLIPS_LOST = 3
GOES_ON = "the same command goes on where it was"
FOLDS = "2 or more, in which everyone is tested once (leave it out for what is usual)"
STUDY_LOCK = ".amber-study.lock"  # two runs of a study would be at the same stages
STOPPED = 130  # as shells have it: by Ctrl-C
_LINES_AT_MOST = 20  # of one kind

Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Device = Annotated[str, typer.Option(help="Device of a network: auto, cpu, cuda or cuda:N.")]
SourceName = Annotated[
    str, typer.Option(help="Name of the source, which stands before _id in the names of folders.")
]
First = Annotated[int, typer.Option(help="Lowest number that a person is given.")]
Like = Annotated[
    Path | None,
    typer.Option(
        help="A corpus of the same people, e.g. of the originals: its people.csv gives their numbers."
    ),
]
DifferentUtterances = Annotated[
    bool,
    typer.Option(
        "--different-utterances",
        help="Compare only clips that say different things, as the column utterance of corpus.csv has it.",
    ),
]
ShortestUsed = Annotated[
    float | None,
    typer.Option(
        "--shortest-s", help="Shortest tracked stretch of a clip that is used, in seconds.  [default: 1]"
    ),
]
Seed = Annotated[int, typer.Option(help="Seed; the same seed gives the same result.")]
Workers = Annotated[int | None, typer.Option(help="Number of processes; default: one per core.")]
Model = Annotated[
    Path | None,
    typer.Option(help="Face landmarker bundle; default: the one in the cache, which is fetched if need be."),
]
Shard = Annotated[
    str | None, typer.Option(help="i/n: do the i-th of n parts only, so that several machines can share.")
]
Replicates = Annotated[
    int, typer.Option(help="Bootstrap replicates over people, for the intervals; 100 or more.")
]
Level = Annotated[float, typer.Option(help="Level of the intervals, between 0 and 1.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(help="Key of a known leak, as the refusal names it, to be accepted; may be repeated."),
]
Recordings = Annotated[Path, typer.Argument(help="Folder of recordings, as `amber track` leaves it.")]


def resumable(how: str) -> Callable[[Callable[_P, None]], Callable[_P, None]]:
    """Tell, where a verb is stopped by Ctrl-C, `how` it is continued; the exit code is then 130."""

    def decorate(verb: Callable[_P, None]) -> Callable[_P, None]:
        @wraps(verb)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
            try:
                verb(*args, **kwargs)
            except KeyboardInterrupt:
                say(f"stopped; {how}")
                raise typer.Exit(STOPPED) from None

        return run

    return decorate


def configured(
    model: type[_Model],
    values: Mapping[str, Any] | None = None,
    /,
    *,
    stated: Mapping[str, Any] | None = None,
    file: Path | None = None,
    **flags: Any,
) -> _Model:
    """A configuration from flags; what does not fit is wrong usage.

    `values` are such as are in no flag; `stated` are those of a `file`, which are among them already: where
    one of these does not fit, the message names the file.
    """
    from pydantic import ValidationError

    from amber_id.misfits import first_problem

    def name_of(place: tuple[str | int, ...]) -> str:
        names = [str(part) for part in place]
        if _states(stated or {}, names):
            return f"{file}: {'.'.join(names)}"
        flag = names[names[0] in _TABLES] if len(names) > 1 else names[0]
        return f"--{flag.replace('_', '-')}"

    try:
        made: Any = model
        configuration: _Model = made(**{**(values or {}), **flags})
        return configuration
    except ValidationError as error:
        problem = first_problem(error, model, name_of)
        # Flags are never unknown: a name at the top that is must stand in the file.
        raise UsageError(f"{file}: {problem}" if problem.startswith("it has no ") else problem) from error


def _states(stated: Any, names: Sequence[str]) -> bool:
    """Whether a file has a value at a place, or a value that has no such place."""
    for name in names:
        if not isinstance(stated, dict):
            return True
        if name not in stated:
            return False
        stated = stated[name]
    return bool(names)


def table_of(stated: Mapping[str, Any], name: str, file: Path | None) -> dict[str, Any]:
    """A table of a TOML file, empty where it is not there; anything else by that name is wrong usage."""
    from amber_id.misfits import came_as

    table = stated.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{file}: {name}: expected a table, [{name}], got {came_as(table)}")
    return table


def read_toml(path: Path | None) -> dict[str, Any]:
    """What a TOML file says, nothing where there is none; raises UsageError if it cannot be read."""
    if path is None:
        return {}
    from amber_id.reading import parsed_toml, read_text

    try:
        return parsed_toml(read_text(path, "TOML", _LARGEST_TOML), path)
    except FileFormatError as error:
        raise UsageError(str(error)) from error


def parsed_shard(text: str | None) -> tuple[int, int] | None:
    """The two numbers of ``i/n``, or None; anything else is wrong usage."""
    if text is None:
        return None
    i, slash, n = text.partition("/")
    if not (slash and i.isdecimal() and n.isdecimal()):
        raise UsageError(f"--shard must be i/n, e.g. 2/8, got {text}")
    return int(i), int(n)


def require_workers(workers: int | None) -> None:
    """Refuse fewer processes than one; none are named where it is one for each core."""
    require("--workers", workers, "1 or more", workers is None or workers >= 1)


def require_folder(flag: str, out: Path, what: str = "a folder") -> None:
    """Refuse a file where a folder is to be written, or is."""
    if out.is_file():
        raise UsageError(f"{flag} names {what}, got the file {out}")


def require(flag: str, value: object, expected: str, fits: bool) -> None:
    """A flag that does not fit is wrong usage."""
    if not fits:
        raise UsageError(f"{flag} must be {expected}, got {value}")


def check_before(verb: str, out: Path, *of: str) -> None:
    """Before long work, look for what a verb will import, and for a place that can be written.

    Raises
    ------
    MissingDependencyError
        If a package is not installed.
    AmberError
        If nothing can be written to `out`, which need not be there yet.
    """
    from amber_id.atomic_files import check_writable
    from amber_id.extras import check_needs

    check_needs(verb, *of)
    check_writable(out)


def check_runs(verb: str, *runs: Path, out: Path | None = None) -> None:
    """Look for what the attackers of these runs, and the verb itself, will import, and at the place `out`."""
    from amber_id.attackers import NETWORKS, load_checkpoint
    from amber_id.extras import check_needs
    from amber_id.training import find_checkpoints

    headers = [load_checkpoint(path)[0] for run in runs for path in find_checkpoints(run)[:1]]
    of = ["of a network"] if any(header.attacker in NETWORKS for header in headers) else []
    check_needs(verb, *of)
    if out is not None:
        check_before(verb, out)


def require_place(what: str, folder: Path) -> None:
    """Refuse a place where no folder is or can be made, before anything is announced."""
    from amber_id.atomic_files import check_writable

    there = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    is_file = f"{what} must be a folder, or a place for one, got {folder}"
    if not there.is_dir():
        raise UsageError(is_file if there == folder else f"{is_file}, and {there} is no folder")
    check_writable(folder)


def say(text: str) -> None:
    """A line on standard error, whatever the names in it hold."""
    from amber_id.quoting import one_line

    typer.echo(one_line(text), err=True)


def tell(text: object) -> None:
    """A line of the result, on standard output, whatever the names in it hold."""
    from amber_id.quoting import escaped

    typer.echo(escaped(str(text)))


def print_figures(figures: "Mapping[str, Rate | Point]") -> None:
    """One line for each figure, with its interval if it has one, what guessing would give, and its title."""
    from amber_id.figures import FIGURES

    for name, figure in figures.items():
        tell(f"{figure_line(name, figure)}  {FIGURES[name].title}")


def figure_line(name: str, figure: "Rate | Point") -> str:
    """A figure by its name, with its interval if it has one, and what guessing would give."""
    from amber_id.notation import Interval, with_interval

    value = with_interval(figure) if isinstance(figure, Interval) else f"{figure.value:.3f}"
    return f"  {name:30} {value}  chance {figure.chance:.3f}"


def say_some(lines: Sequence[str]) -> None:
    """Some twenty lines at most, and how many more there are."""
    for line in lines[:_LINES_AT_MOST]:
        say(line)
    if len(lines) > _LINES_AT_MOST:
        say(f"... and {len(lines) - _LINES_AT_MOST:,} more")


def name_failures(failures: Sequence["Failure"], before: str = "") -> None:
    """One line for each lost clip, of some twenty at most; `before` stands before each reason."""
    say_some([f"{row.clip}: {before}{row.reason}" for row in failures])


def name_dropped(dropped: Sequence["DroppedClip | LostClip"]) -> None:
    """One line for each clip that a study left out, of some twenty at most."""
    say_some([f"{each.clip} ({each.condition}): {each.reason}" for each in dropped])


def print_summary(summary: "CorpusSummary", out: Path, what: str) -> None:
    """A line on what a run over a corpus did, after one for each clip that is not whole or was there."""
    say_some([f"{warning.clip}: kept, but {warning.reason}" for warning in summary.warnings])
    name_failures(summary.anew, "made anew: ")
    reasons: dict[str, list[Failure]] = {}
    for row in summary.unsure:
        reasons.setdefault(row.reason, []).append(row)
    for reason, rows in reasons.items():
        first = rows[0].clip if len(rows) == 1 else f"{len(rows)} clips, {rows[0].clip} first"
        say(f"{first}: kept unchanged; {reason}. Delete what is of another video, and it is made anew")
    lost = sum(failure.stage != "pair" for failure in summary.failures)
    rate = summary.frames / summary.wall_s if summary.wall_s else 0.0
    tell(
        f"{out}: {summary.done} {what}, {summary.skipped} were there already, {lost} failed; "
        f"{summary.frames} frames in {summary.wall_s:.0f} s ({rate:.0f}/s)"
    )


def end_with(failures: Sequence["Failure"]) -> None:
    """Name the clips that were of no use, each once, and end with the exit code for that, if any."""
    name_failures(tuple({failure.clip: failure for failure in failures}.values()))
    if failures:
        raise typer.Exit(SOME_CLIPS_LOST)
