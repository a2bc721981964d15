"""Training: nobody of test is looked at, a kill changes nothing, what is kept is what was measured."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from amber_id.attackers import load_attacker, load_checkpoint
from amber_id.errors import FileFormatError, SplitError, TrainingError, UsageError
from amber_id.file_formats import read_tensors, write_tensors
from amber_id.motion import FeatureConfig, load_windows
from amber_id.protocols import (
    Split,
    SplitConfig,
    make_split,
    partition_of,
    refuse_leaks,
    source_of_subjects,
    write_split,
)
from amber_id.recordings import Recording, RecordingEntry, RecordingSet
from amber_id.training import FoldFolder, LoopConfig, Run, TrainConfig, measure_dev, reselect, train
from amber_id.training.network import EpochReport
from amber_id.training.run_folder import RunRecord, find_checkpoints

LIPS = FeatureConfig(view="motion", regions=("lips",))
SMALL = {"channels": [8], "parts": 4, "width": 16, "dimensions": 16}


def config(attacker: str = "stgcn", epochs: int = 3, **changes: object) -> TrainConfig:
    own = SMALL if attacker == "stgcn" else {}
    values = {
        "attacker": attacker,
        "attacker_config": own,
        "features": LIPS,
        "loop": LoopConfig(epochs=epochs),
    }
    return TrainConfig.model_validate(values | changes)


@pytest.fixture
def split(people: RecordingSet) -> Split:
    return make_split(source_of_subjects(people), SplitConfig())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose recordings are loaded, in the order of loading."""
    subjects: list[str] = []
    load = RecordingSet.load

    def noting(recordings: RecordingSet, entry: RecordingEntry) -> Recording:
        subjects.append(entry.subject)
        return load(recordings, entry)

    monkeypatch.setattr(RecordingSet, "load", noting)
    return subjects


def test_test_people_are_not_opened_but_to_look_for_leaks(
    people: RecordingSet, split: Split, tmp_path: Path, opened: list[str]
) -> None:
    assert refuse_leaks(people, split) == ()
    opened.clear()
    train(people, split, config("moments"), tmp_path / "run")
    assert set(opened) == set(people.subjects) - set(split.subjects("test", 0))


@pytest.mark.parametrize("attacker", ["moments", "stgcn"])
def test_the_same_training_gives_the_same_bytes(
    attacker: str, people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    runs = [train(people, split, config(attacker), tmp_path / name)[0] for name in "ab"]
    first, second = (run.folds[0].checkpoint.read_bytes() for run in runs)
    assert first == second
    other, _ = train(people, split, config(attacker, seed=1), tmp_path / "c")
    assert other.folds[0].checkpoint.read_bytes() != first


def test_a_killed_training_goes_on_to_the_same_weights(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    whole, _ = train(people, split, config(epochs=4), tmp_path / "whole")

    class Killed(BaseException):
        pass

    def kill_after_two(report: EpochReport) -> None:
        if report.epoch == 2:
            raise Killed

    torch.manual_seed(123)  # what went on outside must not matter
    with pytest.raises(Killed):
        train(people, split, config(epochs=4), tmp_path / "killed", on_epoch=kill_after_two)
    torch.rand(7)
    resumed, _ = train(people, split, config(epochs=4), tmp_path / "killed", resume=True)
    for name in ("checkpoint.safetensors", "checkpoints/epoch0004.safetensors", "log.csv"):
        assert (resumed.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_what_is_not_for_reselect_keeps_the_chosen_checkpoint_and_that_it_is_finished(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    whole, _ = train(people, split, config(), tmp_path / "whole")

    def stop(report: EpochReport) -> None:
        if report.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(people, split, config(), tmp_path / "lean", for_reselect=False, on_epoch=stop)
    half = (tmp_path / "lean" / "training_state.safetensors").stat().st_size
    for _ in range(2):
        epochs: list[int] = []
        lean, _ = train(
            people,
            split,
            config(),
            tmp_path / "lean",
            resume=True,
            for_reselect=False,
            on_epoch=lambda report, seen=epochs: seen.append(report.epoch),
        )
    assert epochs == []  # the second time it was finished
    assert lean.folds[0].checkpoint.read_bytes() == whole.folds[0].checkpoint.read_bytes()
    assert lean.folds[0].log.read_bytes() == whole.folds[0].log.read_bytes()
    assert lean.folds[0].epochs() == []
    assert lean.folds[0].state.stat().st_size < half / 10
    with pytest.raises(FileFormatError, match="a study keeps the chosen checkpoint alone"):
        reselect(lean, people, split)


def test_resume_refuses_another_training(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    train(people, split, config(epochs=1), tmp_path / "run")
    with pytest.raises(UsageError, match="--resume"):
        train(people, split, config(epochs=1), tmp_path / "run")
    with pytest.raises(UsageError, match="another config"):
        train(people, split, config(epochs=2), tmp_path / "run", resume=True)
    train(people, split, config(epochs=1), tmp_path / "run", resume=True)  # nothing is left to do


def test_a_damaged_training_state_is_refused(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    run, _ = train(people, split, config(epochs=2), tmp_path / "run")
    folder = run.folds[0]
    folder.epoch(2).unlink()
    folder.state.write_bytes(folder.state.read_bytes()[:-50])
    with pytest.raises(FileFormatError, match="training_state"):
        train(people, split, config(epochs=2), tmp_path / "run", resume=True)


def test_a_training_state_of_other_values_is_refused(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    whole = config(epochs=2)
    run, _ = train(people, split, whole, tmp_path / "run")
    path = run.folds[0].state
    header, arrays = read_tensors(path, "amber-id/training-state/2")
    log = header["log"]
    (moment, *_) = (name for name in arrays if name.endswith("exp_avg"))
    cases = (
        ({"log": log[:1]}, {moment: np.zeros((1, 2), np.float32)}, "expected the state of this training"),
        ({"log": log[:1]}, {"optimiser.9999.exp_avg": np.zeros(1)}, "expected the state of this training"),
        ({"log": log[:1]}, {"optimiser.x": np.zeros(1)}, "expected the state of this training"),
        ({"log": log[:1]}, {"learner.more": np.zeros(1)}, "expected the state of this training"),
        ({"log": None}, {}, "its log does not fit"),
        ({"log": [[1.0]]}, {}, r"its log\.0.* does not fit"),
        ({"log": [[float("nan")] * 5]}, {}, r"its log\.0\.0 does not fit"),
        ({"fingerprint": 5}, {}, "its fingerprint does not fit"),
    )
    for changed, other, message in cases:
        write_tensors(path, "amber-id/training-state/2", header | changed, arrays | other)
        with pytest.raises(FileFormatError, match=message):
            train(people, split, whole, tmp_path / "run", resume=True)


def test_the_checkpoint_kept_is_the_best_on_dev(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    run, _ = train(people, split, config(epochs=5), tmp_path / "run")
    folder = run.folds[0]
    rows = list(csv.DictReader(folder.log.read_text().splitlines()))
    best = min(rows, key=lambda row: (float(row["dev_eer"]), -float(row["dev_auc"]), int(row["epoch"])))
    header, attacker = load_attacker(folder.checkpoint)
    assert header.epoch == int(best["epoch"])
    dev = load_windows(partition_of(people, split, "dev", 0), LIPS)
    assert measure_dev(attacker, dev) == header.dev


def test_reselect_agrees_and_never_opens_test(
    people: RecordingSet, split: Split, tmp_path: Path, opened: list[str]
) -> None:
    run, _ = train(people, split, config(epochs=3), tmp_path / "run")
    opened.clear()
    (choice,) = reselect(run, people, split)
    assert choice.of == 3
    assert run.folds[0].best.read_bytes() == run.folds[0].checkpoint.read_bytes()
    assert not set(opened) & set(split.subjects("test", 0))


def test_reselect_takes_the_lowest_dev_eer(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    """The checkpoint that was kept is deleted; the best of the others is found."""
    run, _ = train(people, split, config(epochs=5), tmp_path / "run")
    folder = run.folds[0]
    folder.epoch(load_checkpoint(folder.checkpoint)[0].epoch).unlink()
    left = [load_checkpoint(path)[0] for path in folder.epochs()]
    best = min(left, key=lambda header: (header.dev.eer, -header.dev.auc, header.epoch))
    (choice,) = reselect(run, people, split)
    assert (choice.epoch, choice.of) == (best.epoch, 4)


def test_reselect_refuses_dev_people_that_were_trained_on(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    run, _ = train(people, split, config("moments"), tmp_path / "run")
    swapped = {"train": "dev", "dev": "train", "test": "test"}
    other = Split(tuple({s: swapped[p] for s, p in fold.items()} for fold in split.folds))
    with pytest.raises(SplitError, match="trained on people of dev: id"):
        reselect(run, people, other)


def test_folds_are_trained_each_in_its_folder(people: RecordingSet, tmp_path: Path) -> None:
    split = make_split(source_of_subjects(people), SplitConfig(folds=3))
    run, _ = train(people, split, config("moments"), tmp_path / "run")
    assert [folder.path.name for folder in Run.open(tmp_path / "run").folds] == ["fold0", "fold1", "fold2"]
    for header in run.headers():
        assert not set(header.train_subjects + header.dev_subjects) & set(split.subjects("test", header.fold))


def test_a_loss_that_is_not_a_number_stops_the_training(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    wild = config(loop=LoopConfig(epochs=3, learning_rate=1e30))
    with pytest.raises(TrainingError, match=r"diverged .* lower the learning rate"):
        train(people, split, wild, tmp_path / "run")


def test_a_clip_that_is_too_short_is_named_and_the_rest_go_on(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    demanding = FeatureConfig(regions=("lips",), shortest_s=3.95)
    _, failures = train(people, split, config("moments", features=demanding), tmp_path / "run")
    assert failures == ()
    with pytest.raises(Exception, match="no clip is usable"):
        train(
            people,
            split,
            config("moments", features=FeatureConfig(regions=("lips",), shortest_s=5)),
            tmp_path / "none",
        )


def test_run_folder_refuses_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="amber train"):
        Run.open(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(FileFormatError, match=r"run\.json"):
        Run.open(tmp_path)
    record = RunRecord(config=TrainConfig(), folds=2, recordings_sha256="", split_sha256="", versions={})
    Run.create(tmp_path, record)
    whole = (tmp_path / "run.json").read_text()
    for folds in ("1000000000", "0", "9" * 5000):
        (tmp_path / "run.json").write_text(whole.replace('"folds": 2', f'"folds": {folds}'))
        with pytest.raises(FileFormatError, match=r"run\.json: (its folds does not fit|.*JSON)"):
            Run.open(tmp_path)


def test_a_run_of_too_long_a_name_is_a_line(tmp_path: Path) -> None:
    for read in (Run.open, Run.exists, find_checkpoints):
        with pytest.raises(FileFormatError, match=r"cannot be read \(File name too long\)"):
            read(tmp_path / ("x" * 300))


def test_best_is_preferred_where_there_is_one(tmp_path: Path) -> None:
    folder = FoldFolder(tmp_path, 0)
    assert folder.chosen == folder.checkpoint
    folder.best.write_bytes(b"")
    assert folder.chosen == folder.best


def _small(attacker: str) -> TrainConfig:
    signals = "blendshapes" if attacker == "blendshapes" else "landmarks"
    regions = ("lips",) if signals == "landmarks" else None
    own = {"channels": [8], "dimensions": 12} | ({"parts": 4} if attacker in ("stgcn", "blendshapes") else {})
    return TrainConfig(
        attacker=attacker,
        attacker_config=own,
        features=FeatureConfig(signals=signals, regions=regions),
        loop=LoopConfig(epochs=2),
    )


@pytest.mark.parametrize("attacker", ["stgcn", "thesis", "distances", "blendshapes"])
def test_every_network_of_the_zoo_can_be_trained(
    attacker: str, people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    run, failures = train(people, split, _small(attacker), tmp_path / "run")
    (header,) = run.headers()
    assert (header.attacker, header.epoch in (1, 2), failures) == (attacker, True, ())
    assert set(header.attacker_config) > {"channels", "dropout"}  # all defaults are written out


@pytest.mark.parametrize(
    "loop",
    [
        {"loss": {"name": "arcface"}},
        {"loss": {"name": "supcon"}, "clips_per_subject": 2},
        {"loss": {"shuffled_negatives": True}},
        {"loss": {"name": "supcon", "shuffled_negatives": True}, "clips_per_subject": 2},
        {
            "augment": {
                "mirror": 0.5,
                "rotation_degrees": 3,
                "scale": 0.1,
                "jitter": 0.1,
                "drop": 0.1,
                "speed": 0.1,
            }
        },
        {"precision": "bf16"},
        {"clips_per_subject": 2, "subjects_once": True},
    ],
)
def test_every_way_of_training_ends_and_repeats(
    loop: dict, people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    several = config(loop=LoopConfig.model_validate({"epochs": 2} | loop))
    runs = [train(people, split, several, tmp_path / name)[0] for name in "ab"]
    first, second = (run.folds[0].checkpoint.read_bytes() for run in runs)
    assert first == second


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.compile itself
def test_compiling_on_a_cpu_is_said_to_gain_nothing(
    people: RecordingSet,
    split: Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import torch._dynamo

    monkeypatch.setattr(torch._dynamo.config, "disable", True)  # it would compile for minutes
    for compiled in (False, True):
        one = config(loop=LoopConfig(epochs=1, compiled=compiled))
        train(people, split, one, tmp_path / str(compiled), device="cpu")
    (record,) = caplog.records
    assert record.getMessage().startswith("compiled = true on a CPU: compiling takes minutes")


TWO_PHASES = LoopConfig.model_validate({
    "epochs": 4,
    "schedule": "constant",
    "learning_rate": 1e-3,
    "loss": {"name": "arcface"},
    "first_phase": {"epochs": 2, "learning_rate": 2e-3},
})  # fmt: skip


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_second_phase_has_its_own_loss_and_survives_a_kill(
    after: int, people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    def kill(report: EpochReport) -> None:
        if report.epoch == after:
            raise KeyboardInterrupt

    several = config(loop=TWO_PHASES)
    whole, _ = train(people, split, several, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(people, split, several, tmp_path / "killed", on_epoch=kill)
    resumed, _ = train(people, split, several, tmp_path / "killed", resume=True)
    for name in ("checkpoints/epoch0004.safetensors", "log.csv"):
        assert (resumed.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    rows = list(csv.DictReader((whole.path / "log.csv").read_text().splitlines()))
    assert [float(row["learning_rate"]) for row in rows] == [2e-3, 2e-3, 1e-3, 1e-3]
    # The first phase is the training that has its loss alone.
    alone = LoopConfig(epochs=2, schedule="constant", learning_rate=2e-3)
    first, _ = train(people, split, config(loop=alone), tmp_path / "first")
    assert [row["loss"] for row in csv.DictReader((first.path / "log.csv").read_text().splitlines())] == [
        row["loss"] for row in rows[:2]
    ]
    assert float(rows[2]["loss"]) > float(rows[1]["loss"])  # another loss, and a head that knows nobody


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"subjects_once": True}, "subjects_once needs clips_per_subject"),
        ({"epochs": 3, "first_phase": {"epochs": 3}}, "first_phase must be shorter than the 3 epochs, got 3"),
    ],
)
def test_what_does_not_fit_together_is_refused(options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LoopConfig.model_validate(options)


def test_it_stops_when_dev_has_long_not_improved(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    still = config(loop=LoopConfig(epochs=40, patience=2, learning_rate=1e-12))
    run, _ = train(people, split, still, tmp_path / "run")
    rows = list(csv.DictReader(run.folds[0].log.read_text().splitlines()))
    best = min(rows, key=lambda row: (float(row["dev_eer"]), -float(row["dev_auc"])))
    assert len(rows) == int(best["epoch"]) + 2 < 40
    assert run.folds[0].epoch(len(rows)).exists()  # the last is kept
    before = run.folds[0].state.read_bytes()
    train(people, split, still, tmp_path / "run", resume=True)  # nothing is left to do
    assert run.folds[0].state.read_bytes() == before


def test_a_person_with_one_clip_stops_the_training(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    lonely = split.subjects("train", 0)[0]
    for path in sorted(people.root.glob(f"*_{lonely}/*.safetensors"))[1:]:
        path.unlink()
    for attacker in ("moments", "stgcn"):
        with pytest.raises(TrainingError, match=f"two usable clips, with one only: {lonely};"):
            train(RecordingSet.open(people.root), split, config(attacker), tmp_path / attacker)


def test_a_person_of_whom_one_clip_can_be_read_is_left_out_by_name(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    lonely = split.subjects("train", 0)[0]
    kept, *others = sorted(people.root.glob(f"*_{lonely}/*.safetensors"))
    for path in others:
        path.unlink()
        path.write_bytes(b"nothing")
    run, failures = train(RecordingSet.open(people.root), split, config("moments"), tmp_path / "run")
    assert lonely not in run.headers()[0].train_subjects
    reasons = {failure.clip: failure.reason for failure in failures}
    assert len(reasons) == 4
    assert reasons[f"{kept.parent.name}/{kept.stem}"] == f"the only usable clip of {lonely}"


def test_a_kill_at_any_moment_changes_nothing(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    """The program itself, killed by the system while it writes and computes, and started again."""
    write_split(split, people.root / "split.csv")
    (tmp_path / "small.toml").write_text("[attacker_config]\nchannels = [8]\nparts = 4\nwidth = 16\n")
    flags = ["--regions", "lips", "--epochs", "12", "--config", str(tmp_path / "small.toml"), "--quiet"]
    command = [sys.executable, "-m", "amber_id", "train", str(people.root), *flags, "--out"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    for n in range(2):
        more = ["--resume"] if n else []
        child = subprocess.Popen([*command, str(killed), *more], stderr=subprocess.DEVNULL)
        wanted = killed / "checkpoints" / f"epoch{4 * n + 3:04d}.safetensors"
        while not wanted.exists() and child.poll() is None:
            time.sleep(0.002)
        child.kill()
        assert child.wait() == -signal.SIGKILL
    subprocess.run([*command, str(killed), "--resume"], check=True, capture_output=True)
    for name in ("checkpoint.safetensors", "checkpoints/epoch0012.safetensors", "log.csv"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name


def test_two_processes_train_one_network(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    write_split(split, people.root / "split.csv")
    (tmp_path / "small.toml").write_text("[attacker_config]\nchannels = [8]\nparts = 4\nwidth = 16\n")
    flags = [
        "--regions",
        "lips",
        "--epochs",
        "2",
        "--config",
        str(tmp_path / "small.toml"),
        "--device",
        "cpu",
    ]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [
            *torchrun,
            "-m",
            "amber_id",
            "train",
            str(people.root),
            *flags,
            "--device=cpu",
            f"--out={tmp_path}/run",
        ],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("dev EER") == 1  # only the first process speaks
    rows = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert len(rows) == 3
    assert load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")[0].attacker == "stgcn"
