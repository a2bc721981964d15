"""The best score there is: what it knows, what it cannot know, and the file that it is kept in."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from amber_id.biometrics import eer
from amber_id.errors import EvaluationError, FileFormatError
from amber_id.synthetic import HABITS, Oracle, SynthConfig, oracle_comparisons
from amber_id.synthetic import people as people_module
from amber_id.synthetic.oracle import oracle_scores, true_clips
from amber_id.synthetic.people import draw_person, origin_of, original_traits, variances

CERTAIN = 1e6
CONDITIONS = ("original", "avatar")


def _eer(condition: str = "original", k: int = 1, **config) -> float:
    found = oracle_comparisons(SynthConfig(**({"people": 40, "clips": 10} | config)), condition, k=k)
    return eer(found.mated_scores, found.nonmated_scores)


def test_the_truth_is_of_every_clip():
    config = SynthConfig(people=3, clips=4, sessions=2, fps="source=25,30", duplicates=0.6, seed=1)
    clips = true_clips(config, "original")
    assert clips.subjects.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert clips.sources.tolist() == [0] * 4 + [1] * 4 + [0] * 4
    origins = [origin_of(config, k, c) for k in range(3) for c in range(4)]
    assert origins != list(range(4)) * 3
    assert (clips.origins - 4 * clips.subjects).tolist() == origins
    assert (clips.sessions - 2 * clips.subjects).tolist() == [origin // 2 for origin in origins]
    for row, origin in enumerate(origins):
        who = draw_person(row // 4, seed=1)
        assert np.array_equal(clips.traits[row], original_traits(config, who, origin).vector)
    some = true_clips(config, "original", [(2, 3), (0, 1)])
    assert np.array_equal(some.traits, clips.traits[[11, 1]])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_more_habit_is_a_lower_error_rate(condition):
    rates = [_eer(condition, habit=h, shape=0) for h in (0.5, 1.0, 2.0)]
    assert rates[0] > rates[1] + 0.05 > rates[2] + 0.1
    assert rates[0] < 0.45


def test_more_shape_is_a_lower_error_rate_of_originals_alone():
    rates = [_eer(habit=0, shape=s) for s in (0.05, 0.1, 0.3)]
    assert rates[0] > rates[1] > rates[2]
    assert _eer("avatar", habit=0, shape=3) == 0.5


@pytest.mark.parametrize("condition", CONDITIONS)
def test_without_differences_there_is_nothing_to_know(condition):
    found = oracle_comparisons(SynthConfig(people=5, clips=4, habit=0, shape=0), condition)
    assert len(np.unique(found.scores)) == 1
    assert _eer(condition, habit=0, shape=0) == 0.5


def test_drift_alone_tells_sessions_and_not_people():
    found = oracle_comparisons(SynthConfig(people=12, clips=6, habit=0, shape=0, session=1), "original")
    clips = true_clips(SynthConfig(people=12, clips=6, habit=0, shape=0, session=1), "original")
    together = clips.sessions[found.enrolment] == clips.sessions[found.probe]
    assert eer(found.scores[together], found.scores[~found.mated]) < 0.35
    assert eer(found.scores[found.mated & ~together], found.scores[~found.mated]) > 0.4


@pytest.mark.parametrize("condition", CONDITIONS)
def test_several_clips_tell_more_than_one(condition):
    config = {"habit": 0.7, "shape": 0.05}
    assert _eer(condition, 5, **config) < _eer(condition, 2, **config) < _eer(condition, 1, **config)


@pytest.mark.parametrize("config", [{}, {"habit": "all=0,lips=2"}, {"shape": 0, "session": 0.5}])
def test_an_avatar_tells_no_more_than_the_original(config):
    assert _eer("avatar", **config) >= _eer("original", **config)


@pytest.mark.parametrize(("condition", "k"), [("original", 1), ("avatar", 1), ("original", 2)])
def test_scores_are_densities_averaged_over_being_of_one_session(condition, k):
    """Every pair by itself, as densities of two vectors; groups are means of clips of one session."""
    config = SynthConfig(people=3, clips=8, habit=0.8, shape=0, session=0.6, sessions=2, seed=2)
    H = len(HABITS)
    clips, of = true_clips(config, condition), variances(config, condition)
    found = oracle_comparisons(config, condition, k=k)
    groups = np.arange(24).reshape(-1, k)
    session = clips.sessions[groups[:, 0]]
    traits = clips.traits[groups].mean(axis=1)[:, :H]
    between, drift, within = of.between[:H], of.session[:H], of.within[:H] / k
    total = np.diag(between + drift + within)

    def density(a: np.ndarray, b: np.ndarray, common: np.ndarray) -> float:
        covariance = np.block([[total, np.diag(common)], [np.diag(common), total]])
        return float(multivariate_normal.logpdf(np.concatenate([a, b]), cov=covariance))

    mated = session[found.enrolment] // 2 == session[found.probe] // 2
    share = (session[found.enrolment] == session[found.probe])[mated].mean()
    assert share == pytest.approx(3 / 7 if k == 1 else 1 / 3)
    assert np.array_equal(mated, found.mated)
    for score, a, b in zip(found.scores, found.enrolment, found.probe, strict=True):
        pair = traits[a], traits[b]
        one = share * np.exp(density(*pair, between + drift)) + (1 - share) * np.exp(density(*pair, between))
        assert score == pytest.approx(np.log(one) - density(*pair, np.zeros(H)), abs=1e-6)


def test_groups_are_of_different_clips_of_one_session():
    config = SynthConfig(people=4, clips=9, sessions=2, duplicates=0.5, seed=3)
    found = oracle_comparisons(config, "original", k=2)
    clips = true_clips(config, "original")
    expected = 0
    for session in np.unique(clips.sessions):
        expected += len(np.unique(clips.origins[clips.sessions == session])) // 2
    assert len(found.subjects) <= expected
    assert found.n_mated > 0
    assert (found.scores < CERTAIN).all()


def test_too_few_clips_for_groups_are_said():
    # Sessions of five and four clips: one group of everybody.
    with pytest.raises(EvaluationError, match="nobody has two groups of 5 clips"):
        oracle_comparisons(SynthConfig(people=3, clips=9), "original", k=5)
    with pytest.raises(EvaluationError):
        oracle_comparisons(SynthConfig(people=3, clips=5), "original", k=5)


@pytest.mark.parametrize("name", ["fps", "duration"])
def test_what_goes_with_the_source_tells_sources_apart(name):
    config = SynthConfig(people=6, clips=3, **{name: "source=20,25"})
    plain = oracle_comparisons(SynthConfig(people=6, clips=3), "original")
    found = oracle_comparisons(config, "original")
    across = found.enrolment_subjects % 2 != found.probe_subjects % 2
    assert (found.scores[across] == -CERTAIN).all()
    assert np.array_equal(found.scores[~across], plain.scores[~across])


@pytest.mark.parametrize("change", [{"content": "own"}, {"fps": "person=20,25"}, {"duration": "person=2,4"}])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_goes_with_the_person_gives_everybody_away(change, condition):
    found = oracle_comparisons(SynthConfig(people=6, clips=3, habit=0, shape=0, **change), condition)
    assert (found.mated_scores == CERTAIN).all()
    assert (found.nonmated_scores == -CERTAIN).all()


@pytest.mark.parametrize("change", [{"content": "same"}, {"fps": "clip=20,25"}, {"lost": 0.2}])
def test_what_goes_with_nobody_tells_nothing(change):
    plain = oracle_comparisons(SynthConfig(people=6, clips=3), "original")
    found = oracle_comparisons(SynthConfig(people=6, clips=3, **change), "original")
    assert np.array_equal(found.scores, plain.scores)


def test_copies_are_certain_and_nothing_else_is():
    config = SynthConfig(people=6, clips=5, duplicates=0.4)
    found = oracle_comparisons(config, "avatar")
    origins = true_clips(config, "avatar").origins
    copies = origins[found.enrolment] == origins[found.probe]
    assert 0 < copies.sum() < found.n_mated
    assert (found.scores[copies] == CERTAIN).all()
    assert (np.abs(found.scores[~copies]) < 1000).all()
    assert found.mated[copies].all()


def test_pairs_of_strangers_alone_can_be_scored():
    config = SynthConfig(people=2, clips=2, session=0.5)
    clips = true_clips(config, "original")
    scores = oracle_scores(config, "original", clips, np.array([0, 1]), np.array([2, 3]))
    assert np.isfinite(scores).all()


CONFIG = SynthConfig(people=12, clips=10, habit="eyes=1,lips=0.5", fps="source=25,30", duplicates=0.1, seed=4)


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle.of(CONFIG)


def test_the_oracle_tells_who_everybody_is_and_how_low_error_rates_are(oracle):
    assert [habit.name for habit in oracle.habits] == [habit.name for habit in HABITS]
    assert asdict(oracle.habits[0]) == {
        name: getattr(HABITS[0], name)
        for name in ("name", "region", "typical", "spread", "signed", "survives", "meaning")
    }
    assert list(oracle.people) == [f"id{k:03d}" for k in range(1, 13)]
    assert oracle.people["id003"] == pytest.approx(draw_person(2, seed=4).habits, abs=1e-6)
    for condition in CONDITIONS:
        for k, rate in oracle.eer[condition].items():
            found = oracle_comparisons(CONFIG, condition, k=k)
            assert rate.value == pytest.approx(eer(found.mated_scores, found.nonmated_scores))
            assert rate.low <= rate.value <= rate.high
            assert rate.chance == 0.5
        assert 1 in oracle.eer[condition]


def test_it_comes_back_from_its_file(oracle, tmp_path):
    path = tmp_path / "oracle.json"
    path.write_text(oracle.text())
    assert Oracle.read(path) == oracle
    assert Oracle.read(path).text() == oracle.text()


def test_error_rates_that_nobody_can_have_are_not_claimed():
    assert Oracle.of(SynthConfig(people=1, clips=4)).eer == {"original": {}, "avatar": {}}
    assert Oracle.of(SynthConfig(people=4, clips=1)).eer == {"original": {}, "avatar": {}}
    assert list(Oracle.of(SynthConfig(people=6, clips=4)).eer["avatar"]) == [1]
    assert list(Oracle.of(SynthConfig(people=6, clips=10)).eer["avatar"]) == [1, 5]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_named_clips_have_the_scores_of_all_pairs(oracle, condition):
    found = oracle_comparisons(CONFIG, condition)
    names = [f"{('syntha', 'synthb')[k % 2]}_id{k + 1:03d}/clip{c:02d}" for k in range(12) for c in range(10)]
    order = np.random.default_rng(0).permutation(120)
    place = np.argsort(order)
    scores = oracle.scores(condition, [names[n] for n in order], place[found.enrolment], place[found.probe])
    assert scores == pytest.approx(found.scores)


@pytest.mark.parametrize(
    "clip", ["syntha_id013/clip00", "syntha_id001/clip10", "syntha_id001/take00", "id001", "", "x_id001/clip"]
)
def test_clips_of_others_are_refused(oracle, clip):
    with pytest.raises(EvaluationError, match="the oracle knows no clip"):
        oracle.scores("original", ["syntha_id001/clip00", clip], np.array([0]), np.array([1]))


def test_a_file_of_other_people_is_refused(oracle, tmp_path, monkeypatch):
    path = tmp_path / "oracle.json"
    path.write_text(oracle.text())
    monkeypatch.setattr(people_module, "RATIO", 0.9)
    with pytest.raises(FileFormatError, match="draws otherwise"):
        Oracle.read(path)


@pytest.mark.parametrize(
    "broken",
    [
        lambda t: t[:-20],
        lambda t: t.replace("oracle/2", "oracle/1"),
        lambda t: t.replace('"meaning":', '"more": 1, "meaning":', 1),
        lambda t: t[:0],
    ],
)
def test_what_is_no_oracle_is_refused(oracle, tmp_path, broken):
    path = Path(tmp_path / "oracle.json")
    path.write_text(broken(oracle.text()))
    with pytest.raises(FileFormatError):
        Oracle.read(path)
    with pytest.raises(FileFormatError):
        Oracle.read(tmp_path / "none.json")


def test_the_picture_s_shape_does_not_reach_avatars():
    for name in ("aspect", "framing"):
        assert _eer("avatar", people=6, clips=4, **{name: "source=1,1.5"}) == _eer(
            "avatar", people=6, clips=4
        )
        assert _eer("avatar", people=6, clips=4, **{name: "person=1,1.5"}) > 0
        assert _eer("original", people=6, clips=4, **{name: "person=1,1.5"}) == 0


def test_a_pair_s_score_does_not_depend_on_which_others_are_asked_for():
    config = SynthConfig(people=4, clips=6, session=1)
    clips = true_clips(config, "original")
    enrolment, probe = np.triu_indices(len(clips.subjects), k=1)
    whole = oracle_scores(config, "original", clips, enrolment, probe)
    some = oracle_scores(config, "original", clips, enrolment[:20], probe[:20])
    assert some == pytest.approx(whole[:20])


@pytest.mark.parametrize("clip", ["ravas_id001/clip00", "synth_id001/clip0", "synth_id001/take00"])
def test_clips_that_are_called_otherwise_are_refused(oracle, clip):
    one = np.array([0])
    with pytest.raises(EvaluationError, match="the oracle knows no clip"):
        oracle.scores("original", [clip, "synth_id002/clip00"], one, one + 1)


@pytest.mark.parametrize("name", ["people", "clips"])
def test_no_more_people_are_drawn_again_than_the_file_tells_of(oracle, tmp_path, name):
    path = tmp_path / "oracle.json"
    values = json.loads(oracle.text())
    for number in (values["config"][name] + 1, 10**9):
        path.write_text(json.dumps(values | {"config": values["config"] | {name: number}}))
        began = time.monotonic()
        with pytest.raises(FileFormatError):
            Oracle.read(path)
        assert time.monotonic() - began < 5
