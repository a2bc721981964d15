"""How far is it? Progress for people, on standard error."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from amber_id.training.network import EpochReport


class ClipBar:
    """A bar of clips (or comparisons) done, frames per second where told, and time left; a context manager.

    `total` is None where it is not known. Nothing is drawn when `quiet`, or when standard error is a file.
    """

    def __init__(self, what: str, total: int | None, *, quiet: bool) -> None:
        self._console = Console(stderr=True)
        self._quiet = quiet
        self._frames = 0
        self._began = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=quiet or not sys.stderr.isatty(),
            transient=True,
        )
        self._task = self._progress.add_task(what, total=total, rate="")

    def __enter__(self) -> "ClipBar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, frames: int = 0) -> None:
        """One clip more, which had this many frames."""
        self.step(1, frames=frames)

    def step(self, done: int, of: int | None = None, *, frames: int = 0) -> None:
        """So many more, of so many in all where that was not known before."""
        self._frames += frames
        rate = (
            f"{self._frames / max(time.monotonic() - self._began, 1e-3):.0f} frames/s" if self._frames else ""
        )
        self._progress.update(
            self._task, total=of, advance=done, rate=rate
        )  # a total of None changes nothing

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        if not self._quiet:
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def epoch_line(report: "EpochReport") -> str:
    """What one epoch came to, in a line."""
    minutes, seconds = divmod(round(report.seconds_left), 60)
    return (
        f"fold {report.fold}  epoch {report.epoch:3d}/{report.epochs}  loss {report.loss:.3f}  "
        f"dev EER {report.dev.eer:.3f}{'*' if report.is_best else ' '}  {report.clips_per_s:.0f} clips/s  "
        f"{minutes}:{seconds:02d} left"
    )
