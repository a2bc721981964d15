"""From recordings, synthetic people, or both, to the file of a learned defence."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amber_id import __version__
from amber_id.anonymisers.channels import CHANNELS
from amber_id.anonymisers.learned import LearnedHeader, name_hash, save_learned
from amber_id.errors import TrainingError
from amber_id.extras import versions_of
from amber_id.protocols import Split
from amber_id.recordings import Failure, RecordingSet
from amber_id.training.defence.clips import (
    NOBODY,
    Stretches,
    refuse_too_few,
    stretches_of,
    synthetic_stretches,
)
from amber_id.training.defence.config import DefenceTrainConfig
from amber_id.training.defence.train import EpochDone, train_defence

_SYNTHETIC_DEV = 40  # people who choose the epoch where there are no recordings
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True)
class Source:
    """Recordings with a fold of their split, whose test people are not looked at."""

    recordings: RecordingSet
    split: Split
    fold: int = 0


@dataclass(frozen=True)
class Written:
    """What was written, how many real people it was trained on, and the clips that were of no use."""

    header: LearnedHeader
    failures: tuple[Failure, ...]


def train_to_file(
    source: Source | None,
    config: DefenceTrainConfig,
    path: Path,
    *,
    on_epoch: Callable[[EpochDone], None] | None = None,
) -> Written:
    """Train a defence on train people and synthetic ones, and write it; dev people choose the epoch.

    Without recordings, synthetic people of their own choose it.

    Raises
    ------
    TrainingError
        If there are too few people with clips of 2.6 s and with blendshapes, or the training diverges.
    """
    own, names, failures = (NOBODY, (), ()) if source is None else _of(source, "train")
    chose: tuple[str, ...] = ()
    train = own.joined(synthetic_stretches(config.synthetic, config.seed))
    refuse_too_few(train, "synthetic people" if source is None else str(source.recordings.root))
    if source is None:
        dev = synthetic_stretches(_SYNTHETIC_DEV, config.seed, beyond=config.synthetic)
    else:
        dev, chose, more = _of(source, "dev")
        failures += more
        if dev.people < 2:
            raise TrainingError(
                f"{source.recordings.root}: dev people choose the epoch, and {dev.people} of them have 2 "
                "stretches of 2.6 s with blendshapes or more, at least 2 are needed; amber split --dev gives "
                "more people to dev"
            )
    trained = train_defence(train, dev, config, on_epoch=on_epoch)
    recordings_sha256 = "" if source is None else source.recordings.content_hash()
    salt = f"{recordings_sha256[:16]} {config.seed}"
    header = LearnedHeader(
        channels=CHANNELS,
        hidden=config.hidden,
        middle=config.middle,
        seed=config.seed,
        epoch=trained.epoch,
        epochs=config.epochs,
        dev=trained.dev,
        salt=salt,
        trained_on=_hashed(names, salt),
        chosen_on=_hashed(chose, salt),
        synthetic_people=config.synthetic,
        stretches=len(own.owner),
        recordings_sha256=recordings_sha256,
        versions=versions_of(_LIBRARIES),
        amber_id_version=__version__,
    )
    save_learned(path, header, trained.weights)
    return Written(header, failures)


def _hashed(names: tuple[str, ...], salt: str) -> tuple[str, ...]:
    return tuple(sorted(name_hash(salt, name) for name in names))


def _of(source: Source, partition: str) -> tuple[Stretches, tuple[str, ...], tuple[Failure, ...]]:
    """Who has two stretches or more; those with fewer than a step takes teach the attackers alone."""
    fold = source.split.folds[source.fold]
    subjects = {name for name, place in fold.items() if place == partition}
    return stretches_of(source.recordings, subjects, 2)
