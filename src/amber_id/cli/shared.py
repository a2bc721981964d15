"""What the verbs share: the app, options that mean the same everywhere, and how things are said."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from amber_id.errors import UsageError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from amber_id.results import Point, Rate

_Model = TypeVar("_Model", bound="BaseModel")

app = typer.Typer(
    name="amber",
    help="Does motion still identify the people in anonymised talking-head video?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
models_app = typer.Typer(help="The face landmarker model.", no_args_is_help=True)
app.add_typer(models_app, name="models")

SOME_CLIPS_LOST = 3

Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Seed = Annotated[int, typer.Option(help="Same seed, same result.")]
Workers = Annotated[int | None, typer.Option(help="Processes; one per core unless told.")]
Recordings = Annotated[Path, typer.Argument(help="Folder of recordings, as `amber track` leaves it.")]


def configured(model: type[_Model], **values: Any) -> _Model:
    """A configuration from flags; what does not fit is wrong usage."""
    from pydantic import ValidationError

    from amber_id.file_formats import first_problem

    try:
        return model(**values)
    except ValidationError as error:
        flag = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""
        said = first_problem(error).replace(f"its {flag} does not fit", f"--{flag.replace('_', '-')}")
        raise UsageError(said) from error


def require(flag: str, value: object, expected: str, fits: bool) -> None:
    """A flag that does not fit is wrong usage."""
    if not fits:
        raise UsageError(f"{flag} must be {expected}, got {value}")


def say(text: str) -> None:
    """A line on standard error."""
    typer.echo(text, err=True)


def print_figures(figures: "Mapping[str, Rate | Point]") -> None:
    """One line for each figure, with its interval if it has one, and what guessing would give."""
    for name, figure in figures.items():
        low, high = (getattr(figure, end, None) for end in ("low", "high"))
        interval = "" if low is None else f" [{low:.3f}, {high:.3f}]"
        typer.echo(f"  {name:30} {figure.value:.3f}{interval}  chance {figure.chance:.3f}")
