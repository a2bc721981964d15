"""Which of a run's checkpoints does best on the dev people?

A second look over all that were kept: the lowest dev EER wins, then the higher AUC, then the earlier
epoch. The dev people must not have been trained on. The test people are never seen: choosing on them
makes every result too good.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from amber_id.atomic_files import write_atomically
from amber_id.attackers import DevFigures, load_attacker
from amber_id.errors import FileFormatError, SplitError
from amber_id.motion import WindowSet, load_windows
from amber_id.protocols import Split, labelled, partition_of, refuse_leaks, sessions_kept_apart
from amber_id.recordings import Failure, RecordingSet
from amber_id.training.dev import measure_dev
from amber_id.training.run_folder import FoldFolder, Run


@dataclass(frozen=True)
class Reselected:
    """The checkpoint chosen in one fold."""

    fold: int
    epoch: int
    dev: DevFigures
    of: int  # checkpoints looked at
    path: Path
    failures: tuple[Failure, ...] = ()  # clips of dev people that were of no use


def reselect(
    run: Run,
    recordings: RecordingSet,
    split: Split,
    *,
    device: str = "auto",
    allow: Collection[str] = (),
    on_checkpoint: Callable[[], None] | None = None,
) -> tuple[Reselected, ...]:
    """Choose in every fold, and write ``best.safetensors``; `allow` names leaks that are known and meant.

    Raises
    ------
    LeakError
        If clips of different partitions are copies of each other, and not allowed.
    SplitError
        If a dev subject was trained on, nobody in dev has a recording, or nobody has several sessions where
        these are asked for.
    FileFormatError
        If a fold has no checkpoints, or one is cut off.
    """
    config = run.record.config
    refuse_leaks(recordings, split, allow)
    known = labelled(recordings, config.control, seed=config.seed)
    sessions = sessions_kept_apart(recordings, split)
    chosen = []
    for folder in run.folds:
        dev = load_windows(partition_of(known, split, "dev", folder.fold), config.features)
        chosen.append(_reselect_fold(folder, dev, sessions, device, on_checkpoint))
    return tuple(chosen)


def _reselect_fold(
    folder: FoldFolder,
    dev: WindowSet,
    sessions: Mapping[str, str] | None,
    device: str,
    on_checkpoint: Callable[[], None] | None,
) -> Reselected:
    paths = folder.epochs()
    if not paths:
        raise FileFormatError(
            folder.path,
            "expected checkpoints/epoch*.safetensors, got none; train with amber train: a study keeps the "
            "chosen checkpoint alone",
        )
    candidates = []
    for path in paths:
        header, attacker = load_attacker(path, device)
        refuse_overlap(header.train_subjects, dev.subjects, f"{path}: trained on people of dev")
        candidates.append((measure_dev(attacker, dev, sessions), header.epoch, path))
        if on_checkpoint is not None:
            on_checkpoint()
    figures, epoch, path = min(candidates, key=lambda c: (c[0].eer, -c[0].auc, c[1]))
    write_atomically(folder.best, path.read_bytes())
    return Reselected(folder.fold, epoch, figures, len(paths), folder.best, dev.failures)


def refuse_overlap(trained: tuple[str, ...], others: tuple[str, ...], what: str) -> None:
    """Raise SplitError, naming them, if people of `others` were trained on."""
    shared = sorted(set(trained) & set(others))
    if shared:
        raise SplitError(f"{what}: {', '.join(shared)}; train again under this split")
