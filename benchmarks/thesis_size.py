"""How long does a study of the size of the thesis take to train?

112 train people and 14 dev synthetic people, 62 clips of 4 s each, originals: about 7,000 train clips,
as in the thesis. The default network is trained; every epoch is printed with its dev EER and the time since
the start of training. The last line says how many epochs and minutes it took to come within 0.01 of the
lowest dev EER, and how many clips a second that was.

    python benchmarks/thesis_size.py [--epochs 40] [--patience 12] [--minutes 60] [--quick]

It needs about 10 GB of disk for a while. `--quick` is a minute's version, of few people, whose figures mean
nothing.
"""

import argparse
import tempfile
import time
from pathlib import Path

from amber_id.attackers import default_streams
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import LoopConfig, TrainConfig, train
from amber_id.training.network import EpochReport

NEAR = 0.01  # of the lowest dev EER


class EnoughError(Exception):
    """The time is over."""


def main() -> None:
    """Train once."""
    parser = argparse.ArgumentParser(description="A training of the size of the thesis.")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--patience", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    train_people, dev_people, clips = (8, 3, 4) if asked.quick else (112, 14, 62)
    epochs = 3 if asked.quick else asked.epochs
    parts = ["train"] * train_people + ["dev"] * dev_people + ["test"] * 2
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        generate(SynthConfig(people=len(parts), clips=clips, seed=asked.seed), Path(folder))
        recordings = RecordingSet.open(Path(folder) / "original")
        split = Split(({f"id{n + 1:03d}": part for n, part in enumerate(parts)},))  # type: ignore[dict-item]
        features = FeatureConfig(streams=default_streams("stgcn", "landmarks", "all"))
        print(f"generated in {time.perf_counter() - began:.0f} s", flush=True)
        began = time.perf_counter()
        load_windows(recordings.select(set(split.subjects("train", 0) + split.subjects("dev", 0))), features)
        print(f"features in {time.perf_counter() - began:.0f} s", flush=True)
        loop = LoopConfig(epochs=epochs, patience=asked.patience)
        said = trained(recordings, split, TrainConfig(features=features, loop=loop), Path(folder), asked)
    print(said)


def trained(
    recordings: RecordingSet, split: Split, config: TrainConfig, folder: Path, asked: argparse.Namespace
) -> str:
    """Train, print every epoch, and say when it was near its best."""
    began, found = time.perf_counter(), []

    def on_epoch(report: EpochReport) -> None:
        minutes = (time.perf_counter() - began) / 60
        found.append((report.dev.eer, minutes, report.clips_per_s))
        print(
            f"epoch {report.epoch}: loss {report.loss:.3f}, dev EER {report.dev.eer:.3f}, "
            f"{report.clips_per_s:.0f} clips/s, {minutes:.1f} min",
            flush=True,
        )
        if minutes > asked.minutes:
            raise EnoughError

    try:
        train(recordings, split, config, folder / "run", on_epoch=on_epoch)
        end = "ended by itself"
    except EnoughError:
        end = f"stopped after {asked.minutes:g} minutes"
    best = min(eer for eer, _, _ in found)
    near = next(n for n, (eer, _, _) in enumerate(found) if eer <= best + NEAR)
    rate = sum(speed for _, _, speed in found) / len(found)
    return (
        f"{len(found)} epochs, {end}: lowest dev EER {best:.3f}; within {NEAR:g} of it after "
        f"{near + 1} epochs, {found[near][1]:.1f} minutes, at {rate:.0f} clips/s"
    )


if __name__ == "__main__":
    main()
