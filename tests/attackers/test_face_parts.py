"""Face and head as parts: their signals by hand, and that what is shown in all is not weaker for it."""

import numpy as np
import pytest

from amber_id.attackers.face_parts import has_parts, parts_of, signals_of
from amber_id.attackers.moments import MOMENTS, MomentsAttacker, MomentsConfig, fit_to_statistics
from amber_id.attackers.window_statistics import n_statistics, statistics_under, window_statistics
from amber_id.biometrics import compare_all, eer
from amber_id.face_mesh import mean_face
from amber_id.motion import FeatureConfig

FACE_AND_HEAD = FeatureConfig(streams=("joint", "face"))
V = len(FACE_AND_HEAD.points)
# (shift, x, y, z) of either axis of the picture: a larger head, turned and leaning, off centre.
HEAD = np.array([[0.2, 1.4, -0.3, 0.5], [-0.1, 0.3, 1.5, -0.2]])


def _windows(heads: list[np.ndarray], face: np.ndarray, features: FeatureConfig) -> np.ndarray:
    """One window whose frames show the mean face under these heads, and `face` in the head's own frame."""
    points = mean_face()[list(features.points)]
    picture = np.stack([points @ head[:, 1:].T + head[:, 0] for head in heads])
    streams = {"joint": picture, "face": np.broadcast_to(face, picture.shape)}
    return np.concatenate([streams[name].transpose(2, 0, 1) for name in features.streams])[None]


@pytest.mark.parametrize("streams", [("joint", "face"), ("face", "joint")])
def test_the_head_is_what_brings_the_mean_face_to_the_picture(streams: tuple):
    features = FeatureConfig(streams=streams)
    own = np.random.default_rng(0).normal(size=(V, 2))
    face, head = signals_of(_windows([HEAD, 2 * HEAD], own, features), features)
    np.testing.assert_allclose(head.values[0, :, :, 0].T, [HEAD.ravel(), 2 * HEAD.ravel()], atol=1e-9)
    np.testing.assert_array_equal(face.values[0].transpose(1, 2, 0), [own, own])
    assert face.about_mean
    assert head.about_mean


def test_padding_is_no_head():
    values = np.zeros((1, 4, 3, V))
    _, head = signals_of(values, FACE_AND_HEAD)
    np.testing.assert_array_equal(head.values, np.zeros((1, 8, 3, 1)))


def test_statistics_of_parts_are_those_of_their_signals():
    rng = np.random.default_rng(0)
    values, mask = rng.normal(size=(5, 4, 12, V)), np.ones((5, 12), bool)
    together = statistics_under(FACE_AND_HEAD, values, mask)
    level, movement, head = parts_of(FACE_AND_HEAD, together.shape[1])
    assert together.shape[1] == n_statistics(FACE_AND_HEAD) == 22 * (2 * V + 8)
    np.testing.assert_allclose(together[:, level], values[:, 2:].mean(axis=2).reshape(5, -1))
    face = window_statistics(values[:, 2:], mask, rate_hz=25.0)
    median = face.reshape(5, 22, -1)[:, 13] - face[:, : 2 * V]
    np.testing.assert_allclose(together[:, movement].reshape(5, 21, -1)[:, 12], median)
    assert (head.start, head.stop) == (22 * 2 * V + 8, 22 * (2 * V + 8))  # not the mean


@pytest.mark.parametrize(
    "features",
    [
        FeatureConfig(),
        FeatureConfig(view="motion"),
        FeatureConfig(view="pose"),
        FeatureConfig(signals="blendshapes"),
        FeatureConfig(streams=("joint", "face", "face_motion")),
    ],
)
def test_other_features_are_one_part(features: FeatureConfig):
    values = np.random.default_rng(0).normal(size=(2, 4, 9, 7))
    (only,) = signals_of(values, features)
    assert only.values is values
    assert not only.about_mean
    assert not has_parts(features)
    assert parts_of(features, 99) == (slice(0, 99),)


def test_depth_has_three_axes():
    features = FeatureConfig(streams=("joint", "face"), depth=True)
    assert n_statistics(features) == 22 * (3 * V + 12)
    level, movement, head = parts_of(features, n_statistics(features))
    assert [level.stop, movement.stop, head.stop] == [3 * V, 22 * 3 * V, 22 * (3 * V + 12)]


# what is learnt of parts ----------------------------------------------------------------------------


def _statistics(people: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Six windows each: faces differ in 40 ways, by person; movement in 60, rather by window."""
    rng = np.random.default_rng([seed, 1])
    who = np.repeat(np.arange(people), 6)
    level, movement, head = parts_of(FACE_AND_HEAD, n_statistics(FACE_AND_HEAD))
    statistics = rng.normal(size=(len(who), head.stop))
    for part, ways, own, noise in ((level, 40, 1.0, 0.7), (movement, 60, 0.3, 1.0)):
        shapes = np.random.default_rng(ways).normal(size=(ways, part.stop - part.start))
        drawn = own * rng.normal(size=(people, ways))[who] + noise * rng.normal(size=(len(who), ways))
        statistics[:, part] += drawn @ shapes
    return statistics, who


def _fitted(statistics: np.ndarray, who: np.ndarray) -> MomentsAttacker:
    return fit_to_statistics(statistics, who, MomentsConfig(), features=FACE_AND_HEAD)


def _eer(attacker: MomentsAttacker, statistics: np.ndarray, who: np.ndarray) -> float:
    comparisons = compare_all(attacker.project(statistics), who)
    return eer(comparisons.mated_scores, comparisons.nonmated_scores)


def test_each_part_is_projected_as_if_it_were_alone():
    statistics, who = _statistics(12, 0)
    attacker = _fitted(statistics, who)
    begin = 0
    for part in parts_of(FACE_AND_HEAD, statistics.shape[1]):
        alone = fit_to_statistics(
            statistics[:, part], who, MomentsConfig(), features=FeatureConfig(view="static")
        )
        own = slice(begin, begin + alone.projection.shape[1])
        begin = own.stop
        np.testing.assert_allclose(np.abs(attacker.projection[part, own]), np.abs(alone.projection))
        elsewhere = np.delete(attacker.projection[:, own], np.r_[part], axis=0)
        assert not elsewhere.any()
    assert begin == attacker.projection.shape[1]
    assert not attacker.projection[22 * 2 * V : 22 * 2 * V + 8].any()  # the mean of the head


def test_faces_are_not_lost_among_statistics_that_vary_more(monkeypatch: pytest.MonkeyPatch):
    learnt, others = _statistics(16, 0), _statistics(24, 1)
    in_parts = _eer(_fitted(*learnt), *others)
    static = parts_of(FACE_AND_HEAD, n_statistics(FACE_AND_HEAD))[0]
    alone = fit_to_statistics(
        learnt[0][:, static], learnt[1], MomentsConfig(), features=FeatureConfig(view="static")
    )
    of_faces = _eer(alone, others[0][:, static], others[1])
    monkeypatch.setattr("amber_id.attackers.moments.parts_of", lambda _, n: (slice(0, n),))
    as_one = _eer(_fitted(*learnt), *others)
    assert in_parts < of_faces + 0.02
    assert as_one > in_parts + 0.03


def test_a_part_in_which_nothing_varies_is_left_out():
    statistics, who = _statistics(12, 0)
    level, movement, _ = parts_of(FACE_AND_HEAD, statistics.shape[1])
    everything = _fitted(statistics, who).projection.shape[1]
    still = statistics.copy()
    still[:, movement] = 0.25
    attacker = _fitted(still, who)
    assert attacker.projection.shape[1] < everything
    assert not attacker.projection[movement].any()
    assert attacker.projection[level].any()
    assert np.isfinite(attacker.project(still)).all()


def test_a_checkpoint_of_statistics_of_the_picture_is_refused():
    """Versions before face and head were parts took 22 statistics of every signal."""

    tensors = {
        "mean": np.zeros(22 * 4 * V),
        "scale": np.ones(22 * 4 * V),
        "projection": np.ones((22 * 4 * V, 3)),
    }
    with pytest.raises(ValueError, match=f"expected {22 * (2 * V + 8)} statistics, as its features have"):
        MOMENTS.loader(tensors, FACE_AND_HEAD)
