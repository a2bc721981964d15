"""What have studies of the same originals in common? Each part is computed once, by the first that asks.

Several anonymisers of the same originals are audited one after the other, each as if it were alone. What
rests on originals alone is the same in all of them: readings and features of recordings, attackers that
learnt from originals, and every answer about the cell OOO. It is known by the hash of all that it depends on:
studies of other clips, another division or another configuration share nothing.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from amber_id.atomic_files import scratch_folder
from amber_id.audit.study.readings import StudyReadings

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Shared:
    """What the studies of one process share; one that is alone has its own.

    `folders` are those of the studies so far, beside which there are features.
    """

    readings: StudyReadings = field(default_factory=StudyReadings)
    folders: list[Path] = field(default_factory=list)
    _answers: dict[tuple[str, str], Any] = field(default_factory=dict, init=False)
    _runs: dict[tuple[str, str], Path] = field(default_factory=dict, init=False)

    def once(self, of: str, what: str, compute: Callable[[], _Answer]) -> _Answer:
        """An answer by its name, and by the hash `of` what it depends on; computed where it is not known."""
        if (of, what) not in self._answers:
            self.keep(of, what, compute())
        answer: _Answer = self._answers[of, what]
        return answer

    def keep(self, of: str, what: str, answer: Any) -> None:
        """Keep an answer that was computed, or that was read from the file of its stage."""
        self._answers.setdefault((of, what), answer)

    def bring_run(self, of: str, run: Path) -> None:
        """Copy a run of this name that another study has trained, where there is none yet."""
        trained = self._runs.get((of, run.name))
        if trained is None or run.exists():
            return
        with scratch_folder(run.parent) as scratch:
            shutil.copytree(trained, scratch / run.name).rename(run)

    def keep_run(self, of: str, run: Path) -> None:
        """Keep where a finished run is."""
        self._runs.setdefault((of, run.name), run)
