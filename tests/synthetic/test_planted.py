"""Attributes and groups that are planted: who has them, what they change, what the oracle knows of them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import multivariate_normal, norm

from amber_id.biometrics import eer
from amber_id.synthetic import Oracle, SynthConfig, generate, oracle_comparisons
from amber_id.synthetic.habits import HABITS, RATIO
from amber_id.synthetic.oracle import best_guesses, group_comparisons, true_clips, true_values
from amber_id.synthetic.people import draw_person, kinds, original_traits, variances
from amber_id.synthetic.planted import shift_of, values_of, written_values

PLANTED = {"attribute": {"sex": 0.5}, "group": {"site": 0.5}}


def test_both_values_are_as_frequent_and_do_not_go_with_the_number_of_a_person() -> None:
    config = SynthConfig(people=200, **PLANTED)
    values = np.array([list(values_of(config, k).all.values()) for k in range(200)])
    assert (values.sum(axis=0) == 100).all()
    assert (values[::2] + values[1::2] == 1).all()
    assert 30 < values[::2, 0].sum() < 70
    assert 70 < (values[:, 0] == values[:, 1]).sum() < 130
    other = SynthConfig(people=200, seed=1, **PLANTED)
    assert 30 < sum(values_of(other, k).all["sex"] == values[k, 0] for k in range(0, 200, 2)) < 70


def test_a_shift_is_of_its_size_in_every_habit_and_a_group_differs_less() -> None:
    config = SynthConfig(**PLANTED)
    one = next(k for k in range(9) if values_of(config, k).all == {"sex": 1, "site": 1})
    plain, planted = (
        original_traits(each, draw_person(one, seed=0), 0).habits for each in (SynthConfig(), config)
    )
    own = draw_person(one, seed=0).habits
    assert np.abs(planted - plain + np.sqrt(RATIO) * 0.5 * own) == pytest.approx(0.25 * np.sqrt(RATIO))
    of_kinds = {tuple(each.values.all.values()): each for each in kinds(config, "original")}
    apart = of_kinds[1, 0].mean - of_kinds[0, 0].mean
    assert np.abs(apart[: len(HABITS)]) == pytest.approx(0.5 * np.sqrt(RATIO))
    assert of_kinds[0, 1].variances.between[0] == pytest.approx(of_kinds[0, 0].variances.between[0] / 4)


def test_the_best_score_is_the_likelihood_ratio_of_a_mixture_of_kinds() -> None:
    """Each pair by the densities of all numbers of both clips, written out."""
    config = SynthConfig(people=4, clips=2, shape=0, habit="all=0,head=1", **PLANTED)
    compared = oracle_comparisons(config, "original")
    clips = true_clips(config, "original")
    H = len(HABITS)
    alone, together = np.zeros((4, 8)), np.zeros((4, len(compared.scores)))
    for row, kind in enumerate(kinds(config, "original")):
        between, within = kind.variances.between[:H], kind.variances.within[:H]
        mean, single = kind.mean[:H], np.diag(between + within)
        both = np.block([[single, np.diag(between)], [np.diag(between), single]])
        alone[row] = multivariate_normal(mean, single).pdf(clips.traits[:, :H])
        pairs = np.hstack([clips.traits[compared.enrolment, :H], clips.traits[compared.probe, :H]])
        together[row] = multivariate_normal(np.tile(mean, 2), both).pdf(pairs)
    expected = np.log(together.mean(axis=0))
    expected -= np.log(alone.mean(axis=0))[compared.enrolment] + np.log(alone.mean(axis=0))[compared.probe]
    assert compared.scores == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("condition", ["original", "avatar"])
def test_the_best_guess_is_as_good_as_the_distance_of_the_means_allows(condition: str) -> None:
    config = SynthConfig(people=600, clips=2, shape=0, attribute={"sex": 0.3})
    of = variances(config, condition)
    low, high = (kind.mean for kind in kinds(config, condition))
    expected = norm.cdf(np.sqrt(((high - low) ** 2 / (of.between + of.within)).sum()) / 2)
    clips = true_clips(config, condition)
    right = best_guesses(config, condition, "sex", clips) == true_values(config, "sex", clips)
    assert 0.6 < expected < 0.8
    assert right.mean() == pytest.approx(expected, abs=0.04)


def test_larger_attributes_are_guessed_better_and_weaker_groups_are_harder() -> None:
    accuracies = []
    for size in (0.0, 0.2, 0.6):
        config = SynthConfig(people=60, clips=3, attribute={"sex": size})
        clips = true_clips(config, "avatar")
        accuracies.append(
            (best_guesses(config, "avatar", "sex", clips) == true_values(config, "sex", clips)).mean()
        )
    assert accuracies[0] == 0.5 < accuracies[1] < accuracies[2]
    config = SynthConfig(people=60, clips=4, group={"site": 0.5})
    eers = []
    for value in (0, 1):
        compared = group_comparisons(config, "original", "site", value)
        assert len(np.unique(compared.subjects)) == 30
        eers.append(eer(compared.mated_scores, compared.nonmated_scores))
    assert eers[1] > eers[0] + 0.08


def test_what_is_planted_is_written_and_nothing_else_changes(tmp_path: Path) -> None:
    small = {"people": 4, "clips": 2, "duration": "1.2"}
    oracle = generate(SynthConfig.model_validate(small | {"attribute": "sex=0.5,age=1"}), tmp_path, workers=1)
    with (tmp_path / "avatar" / "corpus.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        written = written_values(oracle.config, int(row["subject"][2:]) - 1)
        assert (row["sex"], row["age"]) == (written["sex"], written["age"])
        assert row["sex"] in ("female", "male")
        assert 18 <= int(row["age"]) <= 29 or 45 <= int(row["age"]) <= 59
    assert Oracle.read(tmp_path / "oracle.json") == oracle
    assert set(oracle.attributes["avatar"]) == {"sex", "age"}
    assert not shift_of(SynthConfig(), values_of(SynthConfig(), 0)).any()
    plain = Oracle.of(SynthConfig.model_validate(small)).text()
    assert not any(f'"{name}"' in plain for name in ("attribute", "group", "attributes", "groups"))


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ({"attribute": "sex"}, "expected NAME=SIZE, such as sex=0.5, got 'sex'"),
        ({"attribute": "sex=9"}, "must be from 0 to 5, got 9 for sex"),
        ({"attribute": "clip=1"}, "a column of corpus.csv that has no other meaning, got 'clip'"),
        ({"group": "a b=1"}, "a column of corpus.csv that has no other meaning, got 'a b'"),
        ({"attribute": ["sex=1", "sex=2"]}, "expected each name once, got sex, sex"),
        ({"attribute": "sex=1", "group": "sex=1"}, "each name once, got sex, sex"),
    ],
)
def test_what_cannot_be_planted_is_refused(planted: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        SynthConfig.model_validate(planted)
    assert message in str(error.value)
