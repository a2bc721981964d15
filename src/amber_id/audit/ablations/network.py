"""What does a network find when it is shown less, or something else?

views      trained anew on each view, and on frames in random order
regions    one network in the view motion, trained with regions hidden at random, so that it is used to any
           set of them; it is then asked on every set
controls   trained and tested with permuted names

Each is a run of its own under the study's folder, with the epochs and the seed of the study.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amber_id.attackers import load_attacker
from amber_id.audit.attack.tested import embed_people
from amber_id.biometrics import ALL_PAIRS, Comparisons, CountedPairs, compare_all
from amber_id.embeddings import embed_clips
from amber_id.motion import View, WindowSet, load_windows
from amber_id.protocols import Control, Split
from amber_id.recordings import RecordingSet
from amber_id.recordings.resampling import SHORTEST_S
from amber_id.training import AugmentConfig, LoopConfig, find_checkpoints, train
from amber_id.training.named import training_of

_HIDDEN = 0.5  # chance of each region: every set of regions is as likely as any other
Epochs = Callable[..., None] | None


@dataclass(frozen=True)
class NetworkStudy:
    """A network, and the clips of one condition that it is asked about; `folder` holds its runs."""

    name: str
    recordings: RecordingSet
    split: Split
    loop: LoopConfig
    seed: int  # of the trainings
    order_seed: int  # of the random order of frames
    folder: Path
    device: str
    on_epoch: Epochs = None
    shortest_s: float = SHORTEST_S  # a shorter tracked stretch of a clip is not used
    counted: CountedPairs = ALL_PAIRS

    def in_view(self, view: View) -> Comparisons:
        """Trained and tested on one view."""
        return self._tested(self._trained(view, view=view))

    def without_names(self) -> Comparisons:
        """Trained and tested with permuted names."""
        return self._tested(self._trained("permuted", control="permuted-labels"))

    def without_order(self) -> Comparisons:
        """Trained and tested on frames in random order."""
        run = self._trained("shuffled", augment=AugmentConfig(shuffle=1.0))
        changed = self._on_changed(run, [lambda windows: windows.shuffled(self.order_seed)])
        return changed[0]

    def on_sets(self, sets: Sequence[frozenset[int]]) -> list[Comparisons]:
        """Asked on each of some sets of landmarks, in the view motion."""
        run = self._trained("regions", view="motion", augment=AugmentConfig(hide=_HIDDEN))
        return self._on_changed(run, [_only(points) for points in sets])

    def _trained(
        self,
        name: str,
        *,
        view: View = "all",
        control: Control | None = None,
        augment: AugmentConfig | None = None,
    ) -> Path:
        loop = self.loop
        if augment is not None:
            loop = loop.model_copy(update={"augment": augment})
        config = training_of(self.name, view=view, loop=loop, seed=self.seed, shortest_s=self.shortest_s)
        run, _ = train(
            self.recordings,
            self.split,
            config.model_copy(update={"control": control}),
            self.folder / name,
            device=self.device,
            resume=True,
            allow=None,
            for_reselect=False,
            on_epoch=self.on_epoch,
        )
        return run.path

    def _tested(self, run: Path) -> Comparisons:
        (tested,) = embed_people(
            (run,),
            self.recordings,
            self.split,
            device=self.device,
            utterance_of=self.counted.utterance_of,
        )
        return Comparisons.pool(tested.comparisons)

    def _on_changed(
        self, run: Path, changes: Sequence[Callable[[WindowSet], WindowSet]]
    ) -> list[Comparisons]:
        """The test people of all folds, after each of some changes of their windows."""
        subjects = sorted(
            {s for fold in range(len(self.split.folds)) for s in self.split.subjects("test", fold)}
        )
        folds = []
        for fold, path in enumerate(find_checkpoints(run)):
            header, attacker = load_attacker(path, self.device)
            people = self.recordings.select(self.split.subjects("test", fold))
            windows = load_windows(people, header.features)
            who = np.array([subjects.index(entry.subject) for entry in windows.entries])
            clips = [entry.clip for entry in windows.entries]
            folds.append(
                [
                    self.counted.of(compare_all(embed_clips(attacker, change(windows)), who), clips)
                    for change in changes
                ]
            )
        return [Comparisons.pool(of_change) for of_change in zip(*folds, strict=True)]


def _only(points: frozenset[int]) -> Callable[[WindowSet], WindowSet]:
    return lambda windows: windows.hidden(np.isin(windows.config.points, list(points)))
