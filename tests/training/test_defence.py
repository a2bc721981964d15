"""A defence is trained on train people, chosen on dev people, and written as a file."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from amber_id.anonymisers import load_learned
from amber_id.anonymisers.channels import CHANNELS, UNITS
from amber_id.anonymisers.learned import name_hash
from amber_id.anonymisers.learned_motion import DRAWN, initial_weights, state_size, stepped
from amber_id.attackers.window_statistics import window_statistics as window_statistics_in_numpy
from amber_id.errors import TrainingError
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig, generate
from amber_id.training.defence.adversary import fitted, separation, share_between
from amber_id.training.defence.clips import FRAMES, RATE_HZ, Stretches, stretches_of, synthetic_stretches
from amber_id.training.defence.config import DefenceTrainConfig
from amber_id.training.defence.file import Source, train_to_file
from amber_id.training.defence.limits import excess, kept
from amber_id.training.defence.network import DefenceNetwork
from amber_id.training.defence.statistics import co_movement, statistics_of_view, window_statistics
from amber_id.training.defence.train import EpochDone, train_defence
from fixtures.learned_defence import random_weights

TINY = DefenceTrainConfig(hidden=4, middle=6, synthetic=0, epochs=2, steps=2, people=3, clips=2, seed=5)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    """Nine synthetic people, two clips each."""
    out = tmp_path_factory.mktemp("people")
    generate(SynthConfig(people=9, clips=2, seed=8), out, workers=1)
    return RecordingSet.open(out / "original")


@pytest.fixture(scope="module")
def split(people: RecordingSet) -> Split:
    places = ["train"] * 5 + ["dev"] * 2 + ["test"] * 2
    return Split((dict(zip(people.subjects, places, strict=True)),))


@pytest.fixture(scope="module")
def stretches(people: RecordingSet) -> Stretches:
    return stretches_of(people, people.subjects, 2)[0]


def test_statistics_are_those_of_the_attacker(stretches: Stretches) -> None:
    window = 1e4 * stretches.values[:3, :64]  # the skewness of what hardly moves is drawn towards 0
    mine = window_statistics(torch.tensor(window), rate_hz=RATE_HZ).numpy()
    values = window.transpose(0, 1, 2)[:, None]
    theirs = window_statistics_in_numpy(values, np.ones((3, 64), bool), rate_hz=RATE_HZ)
    assert mine.shape == theirs.shape
    np.testing.assert_allclose(mine, theirs, atol=1e-4, rtol=1e-4)


def test_standardised_clips_have_lost_mean_and_spread(stretches: Stretches) -> None:
    values = torch.tensor(stretches.values[:3])
    other = 0.3 + values * torch.linspace(0.5, 2, values.shape[2])
    one, two = (statistics_of_view(each, "standardised", rate_hz=RATE_HZ) for each in (values, other))
    assert one.shape[:2] == (3, 2)
    np.testing.assert_allclose(one, two, atol=1e-6)
    assert (statistics_of_view(other, "none", rate_hz=RATE_HZ) - one).abs().max() > 0.1


def test_co_movement_is_correlation(stretches: Stretches) -> None:
    window = stretches.values[0, :64]
    moves = window.std(axis=0) > 1e-3
    expected = [np.corrcoef(each[:, moves].T) for each in (window, np.diff(window, axis=0))]
    pairs = list(itertools.combinations(range(57), 2))
    both_move = np.array([moves[i] and moves[j] for i, j in pairs])
    found = co_movement(torch.tensor(window[None]))[0].numpy().reshape(2, -1)[:, both_move]
    upper = np.triu_indices(moves.sum(), 1)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs[upper], atol=1e-2)


def test_whole_stretches_are_one_frame_after_another(stretches: Stretches) -> None:
    weights = random_weights()
    values = stretches.values[:2]
    network = DefenceNetwork(weights)
    whole = network.whole(
        torch.tensor(values, dtype=torch.float32), rate_hz=RATE_HZ, generator=torch.Generator().manual_seed(3)
    ).detach()
    generator, state = torch.Generator().manual_seed(3), np.zeros((2, state_size(6)))
    for t in range(FRAMES):
        numbers = torch.randn(2, DRAWN, generator=generator).numpy()
        frame, state = stepped(np, weights, values[:, t], np.full((2, 1), 1 / RATE_HZ), numbers, state)
        np.testing.assert_allclose(whole[:, t], frame, atol=1e-5)


def test_nothing_exceeds_the_limits_where_nothing_changes(stretches: Stretches) -> None:
    before = torch.tensor(stretches.values)
    same = kept(before, before)
    assert float(excess(same, 0.99)) == 0.0
    assert same.moves.mean() > 0.2
    noise = torch.randn(before.shape, generator=torch.Generator().manual_seed(0)) * torch.tensor(UNITS) * 0.1
    assert float(excess(kept(before, before + noise), 0.9)) > 1
    mouth = torch.tensor([0.2 if name.startswith("mouth") else 1.0 for name in CHANNELS])
    assert float(excess(kept(before, mouth * before), 0.9)) > 1  # too small, and as correlated as can be
    half = kept(before, before / 2)
    np.testing.assert_allclose(half.over_moving(half.amplitude), np.log(0.5), atol=1e-4)
    np.testing.assert_allclose(half.of_coefficients(half.correlation), 1, atol=1e-4)


def test_the_share_between_people_is_what_analysis_of_variance_finds() -> None:
    rng = np.random.default_rng(0)
    people = rng.normal(0, 1.0, (4000, 1, 3)) * np.array([0.0, 1.0, 3.0])
    values = torch.tensor(people + rng.normal(0, 1.0, (4000, 4, 3)))
    shares = [float(share_between(values[:, :, [k]])[0]) for k in range(3)]
    np.testing.assert_allclose(shares, [0, 0.5, 0.9], atol=0.02)


def test_an_attacker_separates_people_that_differ() -> None:
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(12), 6)
    habits = rng.normal(size=(12, 20))
    statistics = torch.tensor(
        habits[owner][:, None] + 0.5 * rng.normal(size=(72, 2, 20)), dtype=torch.float32
    )
    train, test = owner < 8, owner >= 8
    adversary = fitted(statistics[train], owner[train])
    assert float(separation(adversary.embed(statistics[test]), owner[test])) > 2
    mixed = rng.permutation(owner[test])
    assert abs(float(separation(adversary.embed(statistics[test]), mixed))) < 0.5


def test_training_is_repeatable_and_moves_all_that_is_trained(
    people: RecordingSet, split: Split, tmp_path: Path
) -> None:
    told: list[EpochDone] = []
    source = Source(people, split)
    for name in ("a", "b"):
        train_to_file(source, TINY, tmp_path / f"{name}.safetensors", on_epoch=told.append)
    other = TINY.model_copy(update={"seed": 6, "epochs": 1, "steps": 1})
    train_to_file(source, other, tmp_path / "c.safetensors")
    a, b, c = (tmp_path / f"{name}.safetensors" for name in "abc")
    assert a.read_bytes() == b.read_bytes() != c.read_bytes()
    model = load_learned(a)
    assert [done.epoch for done in told] == [1, 2, 1, 2]
    chosen = told[model.header.epoch - 1]
    assert chosen.dev == model.header.dev
    assert chosen.is_best
    rng = np.random.default_rng([TINY.seed, 1])
    population = {name: model.weights[name] for name in ("mean", "spread", "speed")}
    before = initial_weights(rng, hidden=4, middle=6, population=population)
    moved = {name for name, array in before.items() if np.abs(array - model.weights[name]).max() > 1e-5}
    assert moved >= {"resting", "equalised", "drawn", "noise", "output.weight", "output.bias"}


def test_only_train_people_are_in_it(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    written = train_to_file(
        Source(people, split),
        TINY.model_copy(update={"epochs": 1, "steps": 1, "synthetic": 2}),
        tmp_path / "x.safetensors",
    )
    header = written.header
    train, dev = split.subjects("train", 0), split.subjects("dev", 0)
    assert header.trained_on == tuple(sorted(name_hash(header.salt, name) for name in train))
    assert header.chosen_on == tuple(sorted(name_hash(header.salt, name) for name in dev))
    assert (header.dev.people, header.stretches, header.synthetic_people) == (len(dev), 10, 2)
    assert header.recordings_sha256 == people.content_hash()
    mean = load_learned(tmp_path / "x.safetensors").weights["mean"]
    of_people = stretches_of(people, train, 2)[0].joined(synthetic_stretches(2, TINY.seed))
    np.testing.assert_allclose(
        mean,
        np.mean([of_people.values[of_people.owner == n].mean(axis=(0, 1)) for n in range(7)], axis=0),
        atol=1e-6,
    )


def test_too_few_people_are_refused(people: RecordingSet, split: Split, tmp_path: Path) -> None:
    (partitions,) = split.folds
    few = Split((partitions | dict.fromkeys(people.subjects[:3], "unused"),))
    with pytest.raises(TrainingError, match=r"2 people have clips enough with blendshapes, at least 4 are"):
        train_to_file(Source(people, few), TINY, tmp_path / "x.safetensors")
    no_dev = replace(people, entries=people.entries[:10])
    with pytest.raises(TrainingError, match=r"dev people choose the epoch, and 0 of them"):
        train_to_file(Source(no_dev, split), TINY, tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())
    several = stretches_of(people, people.subjects, 2)[0]
    with pytest.raises(TrainingError, match="2 people or more need 9 stretches of their clips each"):
        train_defence(several, several, TINY.model_copy(update={"clips": 9}))


def test_short_clips_are_failures_and_others_are_cut(tmp_path: Path) -> None:
    for duration, seed in (("2", 1), ("3", 3), ("9", 2)):
        folder = tmp_path / duration
        config = SynthConfig.model_validate({"people": 2, "clips": 1, "duration": duration, "seed": seed})
        generate(config, folder, workers=1)
    stretches, names, failures = stretches_of(
        RecordingSet.open(tmp_path / "9" / "original"), ("id001", "id002"), 1
    )
    assert (names, failures, stretches.values.shape) == (("id001", "id002"), (), (4, FRAMES, 57))
    nothing, names, failures = stretches_of(
        RecordingSet.open(tmp_path / "2" / "original"), ("id001", "id002"), 1
    )
    assert (nothing.people, names, len(failures)) == (0, (), 2)
    assert failures[0].reason == "no 2.6 s in which the face is never lost, which training needs"
    short = stretches_of(RecordingSet.open(tmp_path / "3" / "original"), ("id001",), 1)[0].values[0]
    assert short.shape == (FRAMES, 57)
    n = 75  # frames of 3 s at 25 Hz
    np.testing.assert_array_equal(short[n:], short[n - 2 : 2 * n - FRAMES - 2 : -1])
    assert np.abs(np.diff(short[: n - 1], axis=0)).max() > 0.01


def test_synthetic_people_go_on_where_others_end() -> None:
    both, last = synthetic_stretches(3, 1), synthetic_stretches(1, 1, beyond=2)
    np.testing.assert_array_equal(both.values[both.owner == 2], last.values)
    assert np.abs(both.values[:4] - synthetic_stretches(1, 2).values).max() > 0.05
