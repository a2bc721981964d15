"""Train an attacker on the train people of every fold of a split; choose on the dev people.

The same function gives the reference model on originals and the attacker model on avatars: only the
recordings differ. The test people are not looked at, not even to compute their features, unless they
are train or dev people of another fold; only whether clips of theirs are copies of others is.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amber_id import __version__
from amber_id.attackers import (
    ATTACKERS,
    FITTED,
    NETWORKS,
    Attacker,
    CheckpointHeader,
    DevFigures,
    find_device,
    save_checkpoint,
)
from amber_id.attackers.checkpoint import MapFigures
from amber_id.attackers.mapped import MappedAttacker, mapped_fitter
from amber_id.errors import TrainingError, UsageError
from amber_id.extras import versions_of
from amber_id.motion import INVERSIONS, WindowSet, load_windows
from amber_id.protocols import SPLIT_FILE, Split, labelled, refuse_leaks, sessions_kept_apart, write_split
from amber_id.recordings import Failure, RecordingSet
from amber_id.training.dev import measure_dev
from amber_id.training.run_folder import FoldFolder, Run, RunRecord, TrainConfig, is_first_process

_logger = logging.getLogger("amber_id")

# The packages that decide the numbers.
_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch")


def train(
    recordings: RecordingSet,
    split: Split,
    config: TrainConfig,
    out: Path,
    *,
    originals: RecordingSet | None = None,
    device: str = "auto",
    resume: bool = False,
    allow: Collection[str] | None = (),
    for_reselect: bool = True,
    on_clip: Callable[[], None] | None = None,
    on_epoch: Callable[..., None] | None = None,
) -> tuple[Run, tuple[Failure, ...]]:
    """Train every fold, and return the run and the clips that were of no use.

    `originals` are those of the anonymised clips in `recordings`, with ids as in `amber_id.motion.pairs`, for
    an inversion that is learnt from pairs. `allow` names leaks that are known and meant; it is None where the
    caller has looked for leaks already.
    Without `for_reselect` no checkpoints are kept but the chosen one of each fold, and of a fold that is
    finished no state to go on from: a ninth of the bytes with five epochs.
    `on_clip` is called once for each clip whose features are ready, `on_epoch` with an `EpochReport`.

    Raises
    ------
    LeakError
        If clips of different partitions are copies of each other, and not allowed.
    UsageError
        If `out` holds another run, or one that is there already and `resume` is not asked for.
    TrainingError
        If there is too little to train on, or the loss is no longer a number.
    SplitError
        If mated comparisons are to be across sessions, and nobody in dev or test has several.
    """
    config = resolved(config)
    _check_pairs(config, originals)
    sessions = sessions_kept_apart(recordings, split)
    if allow is not None and is_first_process():  # by true labels, also where a control permutes them
        refuse_leaks(recordings, split, allow)
    run = _open_or_create(out, _record(config, recordings, split, allow or ()), resume=resume)
    if is_first_process() and not (out / SPLIT_FILE).exists():
        write_split(split, out / SPLIT_FILE)
    _note_compiling(config, device)
    known = labelled(recordings, config.control, seed=config.seed)
    windows = load_windows(_of_train_and_dev(known, split), config.features, on_clip=on_clip)
    failures = dict.fromkeys(windows.failures)
    ahead = [folder for folder in run.folds if not (resume and _is_finished(run, folder))]
    if config.attacker in FITTED:
        train_fold = _by_fitting(run, windows, _windows_of(originals, run, split), sessions)
    else:
        train_fold = _in_epochs(run, sessions, device=device, resume=resume, on_epoch=on_epoch)
    for folder in run.folds:
        if folder in ahead:
            fold, single = _windows_of_fold(windows, split, folder.fold)
            failures |= dict.fromkeys(single)
            train_fold(folder, fold, _saver(run, folder, fold, for_reselect=for_reselect))
        if not for_reselect:
            _forget_state(folder)
    return run, tuple(failures)


@dataclass(frozen=True)
class _FoldWindows:
    """The windows of a fold of whom is trained on, and of whom is chosen on."""

    train: WindowSet
    dev: WindowSet


# Takes a trained attacker, its epoch from one, its dev figures, whether it is the best so far, and the last.
_SaveEpoch = Callable[[Attacker, int, DevFigures, bool, bool], None]
_TrainFold = Callable[[FoldFolder, _FoldWindows, _SaveEpoch], None]


def _by_fitting(
    run: Run, windows: WindowSet, originals: WindowSet | None, sessions: Mapping[str, str] | None
) -> _TrainFold:
    """How a fold is trained by an attacker without a network; `windows` are those of all folds."""
    config = run.record.config
    kind = FITTED[config.attacker]
    settings = kind.configuration().model_validate(config.attacker_config)
    fit: Callable[[WindowSet, WindowSet], Attacker]
    if originals is not None:
        fit = mapped_fitter(kind, windows, originals, settings, seed=config.seed)
    else:
        fit_alone = kind.fitter(windows, settings)
        fit = lambda train, _dev: fit_alone(train)  # noqa: E731

    def train_fold(folder: FoldFolder, fold: _FoldWindows, save_epoch: _SaveEpoch) -> None:
        del folder  # there is no state to go on from
        fitted = fit(fold.train, fold.dev)
        save_epoch(fitted, 1, measure_dev(fitted, fold.dev, sessions), True, True)

    return train_fold


def _in_epochs(
    run: Run,
    sessions: Mapping[str, str] | None,
    *,
    device: str,
    resume: bool,
    on_epoch: Callable[..., None] | None,
) -> _TrainFold:
    """How a fold is trained by a network."""
    config = run.record.config
    kind, chosen = NETWORKS[config.attacker], find_device(device)
    from amber_id.training.network import train_network

    def train_fold(folder: FoldFolder, fold: _FoldWindows, save_epoch: _SaveEpoch) -> None:
        train_network(
            lambda: kind.make(config.features, config.attacker_config),
            fold.train,
            fold.dev,
            config.loop,
            folder,
            seed=config.seed,
            device=chosen,
            fingerprint=_fingerprint(run),
            resume=resume,
            session_of=sessions,
            save_epoch=save_epoch,
            on_epoch=on_epoch,
        )

    return train_fold


def resolved(config: TrainConfig) -> TrainConfig:
    """The configuration with every default of its attacker written out."""
    config.loop.augment.check(config.features)
    own = ATTACKERS[config.attacker].resolved(config.features, config.attacker_config)
    return config.model_copy(update={"attacker_config": own})


def _check_pairs(config: TrainConfig, originals: RecordingSet | None) -> None:
    inversion = config.features.inversion
    if INVERSIONS[inversion].is_learnt and originals is None:
        raise UsageError(
            f"the inversion {inversion} is learnt from pairs of original and anonymised clips; use amber "
            "audit with both folders, or another inversion"
        )


def _windows_of(originals: RecordingSet | None, run: Run, split: Split) -> WindowSet | None:
    """The windows of the originals of train and dev people, where they are given."""
    if originals is None:
        return None
    config = run.record.config
    own = labelled(originals, config.control, seed=config.seed)
    return load_windows(_of_train_and_dev(own, split), config.features)


def versions() -> dict[str, str]:
    """The versions of this program and of the packages that decide its numbers.

    Raises MissingDependencyError if one is not installed.
    """
    return {"amber-id": __version__, **versions_of(_PACKAGES)}


def _note_compiling(config: TrainConfig, device: str) -> None:
    if config.attacker not in NETWORKS or not config.loop.compiled or find_device(device).type != "cpu":
        return
    if is_first_process():
        _warn_of_compiling()


@cache
def _warn_of_compiling() -> None:
    """Once, however many runs a study trains."""
    _logger.warning(
        "compiled = true on a CPU: compiling takes minutes for each fold, once for each size of batch, and "
        "training is no faster; its random numbers are others too: the weights are not those of a run "
        "without it. Leave it out, or train on a GPU"
    )


def _record(config: TrainConfig, recordings: RecordingSet, split: Split, allow: Collection[str]) -> RunRecord:
    """What a run says of itself."""
    return RunRecord(
        config=config,
        folds=len(split.folds),
        recordings_sha256=recordings.content_hash(),
        split_sha256=split.content_hash(),
        versions=versions(),
        allowed=tuple(sorted(set(allow))),
    )


def _open_or_create(out: Path, record: RunRecord, *, resume: bool) -> Run:
    if not is_first_process():
        return Run(out, record)  # the first one looks, and writes
    if not Run.exists(out):
        return Run.create(out, record)
    run = Run.open(out)
    if not resume:
        raise UsageError(f"{out} holds a run already; add --resume to go on with it, or use another --out")
    if run.record != record:
        differing = [
            name for name in RunRecord.model_fields if getattr(run.record, name) != getattr(record, name)
        ]
        raise UsageError(f"{out} holds a run with another {', '.join(differing)}; use another --out")
    return run


def _of_train_and_dev(recordings: RecordingSet, split: Split) -> RecordingSet:
    wanted = {s for fold in split.folds for s, partition in fold.items() if partition in ("train", "dev")}
    return recordings.select(wanted & set(recordings.subjects))


def _is_finished(run: Run, folder: FoldFolder) -> bool:
    if run.record.config.attacker in FITTED:
        return folder.checkpoint.exists()
    if not folder.state.exists():
        return False
    from amber_id.training.network import is_finished

    return is_finished(folder, run.record.config.loop)


def _forget_state(folder: FoldFolder) -> None:
    """Keep of the state of a finished fold only that it is finished; an attacker that was fitted has none."""
    if is_first_process() and folder.state.exists():
        from amber_id.training.network import forget_tensors

        forget_tensors(folder)


def _windows_of_fold(windows: WindowSet, split: Split, fold: int) -> tuple[_FoldWindows, tuple[Failure, ...]]:
    """The windows of a fold, and the clips of train people that were of no use alone."""
    present = set(windows.subjects)
    train, single = _of_several_clips(windows.select(present & set(split.subjects("train", fold))))
    return _FoldWindows(train, windows.select(present & set(split.subjects("dev", fold)))), single


def _of_several_clips(train_windows: WindowSet) -> tuple[WindowSet, tuple[Failure, ...]]:
    """What stays the same in a person shows in two clips of it at least.

    Whoever has one, since the others could not be used, is left out, and the clip is a failure; raises
    TrainingError for those who never had more.
    """
    clips = Counter(entry.subject for entry in train_windows.entries)
    single = {subject for subject, n in clips.items() if n == 1}
    never = sorted(single - {failure.subject for failure in train_windows.failures})
    if never:
        raise TrainingError(
            f"every train subject needs two usable clips, with one only: {', '.join(never)}; "
            "track more of them, or leave them out of the recordings"
        )
    if not single:
        return train_windows, ()
    left_out = tuple(
        Failure(entry.clip, entry.subject, "train", f"the only usable clip of {entry.subject}")
        for entry in train_windows.entries
        if entry.subject in single
    )
    return train_windows.select(set(train_windows.subjects) - single), left_out


def _saver(run: Run, folder: FoldFolder, fold: _FoldWindows, *, for_reselect: bool) -> _SaveEpoch:
    loop = run.record.config.loop
    stride = -(-loop.epochs // loop.kept_checkpoints)

    def save_epoch(attacker: Attacker, epoch: int, dev: DevFigures, is_best: bool, is_last: bool) -> None:
        header = _header(run, folder, fold, epoch, dev).model_copy(update={"map": _map_figures(attacker)})
        # The best first: a kill in between repeats the epoch and writes the same bytes again.
        if is_best:
            save_checkpoint(folder.checkpoint, header, attacker.tensors())
        if for_reselect and (epoch % stride == 0 or is_last):
            save_checkpoint(folder.epoch(epoch), header, attacker.tensors())

    return save_epoch


def _header(
    run: Run, folder: FoldFolder, fold: _FoldWindows, epoch: int, dev: DevFigures
) -> CheckpointHeader:
    record = run.record
    return CheckpointHeader(
        attacker=record.config.attacker,
        attacker_config=record.config.attacker_config,
        features=record.config.features,
        point_set=fold.train.entries[0].point_set,
        train_subjects=fold.train.subjects,
        dev_subjects=fold.dev.subjects,
        train_clips=len(fold.train.entries),
        train_sources=tuple(sorted({entry.source for entry in fold.train.entries})),
        fold=folder.fold,
        folds=record.folds,
        seed=record.config.seed,
        control=record.config.control,
        epoch=epoch,
        dev=dev,
        recordings_sha256=record.recordings_sha256,
        split_sha256=record.split_sha256,
        versions=record.versions,
    )


def _map_figures(attacker: Attacker) -> MapFigures | None:
    """What stands in a checkpoint of the map that an attacker has learnt, if any."""
    if not isinstance(attacker, MappedAttacker) or attacker.name is None or attacker.recovered is None:
        return None
    return MapFigures(name=attacker.name, recovered=attacker.recovered)


def _fingerprint(run: Run) -> str:
    text = json.dumps(run.record.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
