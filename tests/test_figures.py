"""Tests of amber_id.figures and of the models that take their fields from it."""

import numpy as np
import pytest

from amber_id.biometrics import ErrorCurve, Statistic, error_curve
from amber_id.figures import (
    FIGURES,
    Sample,
    figures_in,
    fixed_statistics,
    in_order,
    measures_under_permutation,
    statistics_of,
)
from amber_id.results import AttackerResult, ComparedCell, ConditionFigures, Metrics

MODELS = {
    "evaluation": Metrics,
    "attackers": AttackerResult,
    "comparison": ComparedCell,
    "thesis": ConditionFigures,
}


def test_models_have_the_figures_of_their_place_in_the_order_of_the_table() -> None:
    for place, model in MODELS.items():
        names = [figure.name for figure in figures_in(place)]
        assert [name for name in model.model_fields if name in FIGURES] == names, place
        for name in names:
            assert model.model_fields[name].description == FIGURES[name].description


def test_a_figure_that_may_be_undefined_may_be_missing_from_an_older_file() -> None:
    rate = {"value": 0.3, "low": 0.2, "high": 0.4, "level": 0.95, "chance": 0.5}
    whole = dict.fromkeys(Metrics.model_fields, rate)
    older = {name: each for name, each in whole.items() if not name.startswith("tmr_")}
    metrics = Metrics.model_validate(older)
    assert metrics.tmr_at_fmr_1_percent is None
    with pytest.raises(ValueError, match="min_cllr"):
        Metrics.model_validate({name: each for name, each in whole.items() if name != "min_cllr"})
    with pytest.raises(ValueError, match="tmr_at_fmr_2_percent"):
        Metrics.model_validate(whole | {"tmr_at_fmr_2_percent": rate})


def test_a_tmr_is_given_from_the_fmr_on_that_the_people_support() -> None:
    curve = error_curve(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.5, 1.5]))
    names = [name for name in statistics_of(Sample(curve, 0.05), "counts") if name.startswith("tmr")]
    assert names == ["tmr_at_fmr_10_percent"]
    figure = FIGURES["tmr_at_fmr_0_1_percent"]
    assert (figure.title, figure.chance) == ("TMR at FMR 0.1 %", 0.001)
    assert "one in 1,000 non-mated" in figure.meaning


def test_the_commoner_kind_is_what_guessing_names() -> None:
    assert FIGURES["accuracy"].chance_of(30, 70) == 0.7
    assert FIGURES["balanced_accuracy"].chance_of(30, 70) == 0.5
    with pytest.raises(ValueError, match="gallery"):
        FIGURES["rank1"].chance_of(30, 70)


def test_the_best_threshold_is_fixed_in_resamples_and_chosen_anew_in_permutations() -> None:
    name = "balanced_accuracy_optimistic"
    one = error_curve(np.array([2.0, 3.0]), np.array([0.0, 1.0]))
    shifted = error_curve(np.array([0.2, 0.3]), np.array([0.0, 0.1]))
    sample = Sample(one, 0.0)
    assert float(statistics_of(sample, "counts")[name].of(shifted)) == 0.5
    assert float(measures_under_permutation(sample, "counts")[name](shifted)) == 1.0


def test_differences_are_of_figures_that_need_no_sample() -> None:
    assert fixed_statistics("eer")["eer"].of is ErrorCurve.eer
    assert all(isinstance(figure.statistic, Statistic) for figure in figures_in("differences"))
    with pytest.raises(ValueError, match="linkability"):
        fixed_statistics("linkability")


def test_figures_come_in_the_order_of_the_table() -> None:
    assert list(in_order({"cllr": 1, "auc": 2, "eer": 3, "other": 4})) == ["eer", "auc", "cllr"]
