"""How far is it? Progress for people, on standard error."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from amber_id.quoting import one_line

if TYPE_CHECKING:
    from amber_id.training.network import EpochReport


_TOLD_FROM = 0.05  # of the work, from which on it is told how long the rest takes


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
            self._console.print(one_line(line), highlight=False, markup=False, soft_wrap=True)


class StageClock:
    """Which of its stages is a study at, and how long will all the others take?

    `stages` are the names in order, each with how long it usually takes beside the others, in any unit. What
    is left is told from how long the finished ones took, once they are a twentieth of the work.
    """

    def __init__(self, stages: Mapping[str, float]) -> None:
        self._stages = dict(stages)
        self._done: set[str] = set()
        self._worked = 0.0  # in the unit of the stages, by this process
        self._since: float | None = None  # when the first stage that was to be done began
        self._now: str | None = None  # the stage that is being done

    def begin(self, name: str, *, before: bool = False) -> str:
        """What is said as a stage begins; `before` says that it was done by an earlier run."""
        self._finish()
        number = list(self._stages).index(name) + 1 if name in self._stages else len(self._done) + 1
        line = f"stage {number} of {max(number, len(self._stages))}: {name}"
        if before:
            self._done.add(name)
            return f"{line}, done before"
        if self._since is None:
            self._since = time.monotonic()
        self._now = name
        left = self._seconds_left()
        return line if left is None else f"{line}, about {_duration(left)} left in all"

    def count(self, clips: int) -> None:
        """So many clips were worked on in this stage; with none, it tells nothing of how long others take."""
        if clips == 0 and self._now is not None:
            self._done.add(self._now)
            self._now, self._since = None, None if self._worked == 0 else self._since

    def _finish(self) -> None:
        if self._now is not None:
            self._done.add(self._now)
            self._worked += self._stages.get(self._now, 0.0)
            self._now = None

    def _seconds_left(self) -> float | None:
        total = sum(self._stages.values())
        if self._since is None or self._worked < _TOLD_FROM * total:
            return None
        left = sum(cost for name, cost in self._stages.items() if name not in self._done)
        return (time.monotonic() - self._since) * left / self._worked


def _duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> _duration(20.0), _duration(100.0), _duration(5000.0), _duration(9000.0)
    ('1 min', '2 min', '1 h 23 min', '2 h 30 min')
    """
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def epoch_line(report: "EpochReport") -> str:
    """What one epoch came to, in a line; "lowest so far" is the epoch whose network is kept."""
    minutes, seconds = divmod(round(report.seconds_left), 60)
    return (
        f"fold {report.fold}  epoch {report.epoch:3d}/{report.epochs}  loss {report.loss:.3f}  "
        f"dev EER {report.dev.eer:.3f}{', lowest so far' if report.is_best else '':15}  "
        f"{report.clips_per_s:.0f} clips/s  "
        f"{minutes}:{seconds:02d} left"
    )
