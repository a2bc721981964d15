"""The map of a cell: one fold, one attacker that has embeddings, the same numbers each time."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.audit.attack import tested as evaluation
from amber_id.audit.attack.strongest_attacker import Tried, score_attackers
from amber_id.audit.attack.tsne import perplexity_of, tsne
from amber_id.audit.study.maps import embedding_map, embedding_maps
from amber_id.errors import EvaluationError
from fixtures.pretended_attackers import CLIPS, PEOPLE, TRAITS, pretend


def anonymised(tested: evaluation.Tested, *kept: int | None) -> evaluation.Tested:
    """The ids of clips begin with their condition, as in a study; of each fold the first clips are kept."""
    folds = []
    for fold, number in zip(tested.folds, kept or (None, None), strict=True):
        entries = tuple(replace(entry, clip=f"anonymised/{entry.clip}") for entry in fold.test.entries)
        test = replace(fold.test, entries=entries)
        folds.append(replace(fold, test=test.only({entry.clip for entry in entries[:number]})))
    return evaluation.Tested(tuple(folds))


def tried(*kept: int | None, fusion_is_worst: bool = False) -> Tried:
    weaker = anonymised(pretend("stgcn", TRAITS[0], dev_noise=2.0, test_noise=2.0), *kept)
    better = anonymised(pretend("moments", TRAITS[1], dev_noise=1.0, test_noise=1.0, seed=1), *kept)
    found = score_attackers([weaker, better])
    low = 0.0 if fusion_is_worst else 0.9
    return replace(found, scored=(*found.scored[:-1], replace(found.scored[-1], dev_eer=low)))


def test_two_runs_give_the_same_numbers() -> None:
    first, again = (embedding_map(tried(), seed=0) for _ in range(2))
    assert first == again
    assert all(round(point.x, 4) == point.x and round(point.y, 4) == point.y for point in first.points)


def test_people_who_differ_lie_apart() -> None:
    found = embedding_map(tried(), seed=0)
    places = np.array([(point.x, point.y) for point in found.points])
    who = np.array([point.subject for point in found.points])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag(np.full(len(places), np.inf))
    assert np.mean(who[apart.argmin(axis=1)] == who) > 0.3  # by chance 4 of 59


def test_clips_are_named_as_in_their_folder() -> None:
    found = embedding_map(tried(), seed=0)
    assert {point.clip for point in found.points} == {
        f"synth_id{100 + number // CLIPS:03d}/clip{number}" for number in range(PEOPLE * CLIPS)
    }
    assert {point.subject for point in found.points} == {f"id{100 + who:03d}" for who in range(PEOPLE)}


@pytest.mark.parametrize(("kept", "fold"), [((None, None), 0), ((20, 30), 1), ((30, 20), 0)])
def test_it_is_the_fold_with_the_most_clips_the_first_of_equals(
    kept: tuple[int | None, int | None], fold: int
) -> None:
    found = embedding_map(tried(*kept), seed=0)
    assert found.fold == fold
    assert len(found.points) == found.clips_of_fold == (max(each or PEOPLE * CLIPS for each in kept))
    assert found.perplexity == pytest.approx((len(found.points) - 1) / 3)


def test_of_a_fusion_it_is_the_best_member() -> None:
    attackers = tried(fusion_is_worst=True)
    assert attackers.strongest.is_fusion
    best = min(attackers.scored[:-1], key=lambda each: each.dev_eer or 0.0)
    found = embedding_map(attackers, seed=0)
    assert found.attacker == best.attacker.name != attackers.scored[0].attacker.name
    clips = best.members[0].folds[0].test
    names = [entry.clip for entry in clips.entries]
    expected = tsne(clips.vectors, names, seed=0).round(4)
    assert {point.clip: (point.x, point.y) for point in found.points} == {
        name.partition("/")[2]: tuple(place) for name, place in zip(names, expected.tolist(), strict=True)
    }


def test_the_order_of_clips_changes_no_map() -> None:
    rng = np.random.default_rng(3)
    vectors, names = rng.normal(size=(30, 8)), [f"own_id{i // 5:03d}/clip{i % 5}" for i in range(30)]
    order = rng.permutation(30)
    first = tsne(vectors, names, seed=0)
    again = tsne(vectors[order], [names[i] for i in order], seed=0)
    np.testing.assert_array_equal(again, first[order])


@pytest.mark.parametrize("noise", [0.0, 1e-8])
def test_of_an_attacker_that_has_collapsed_there_is_no_map_and_the_reason_is_said(noise: float) -> None:
    rng = np.random.default_rng(0)

    def collapsed(tested: evaluation.Tested) -> evaluation.Tested:
        folds = []
        for fold in tested.folds:
            shape = fold.test.vectors.shape
            vectors = np.full(shape, 0.5) + noise * rng.normal(size=shape)
            folds.append(replace(fold, test=replace(fold.test, vectors=vectors)))
        return evaluation.Tested(tuple(folds))

    found = tried()
    scored = tuple(replace(each, members=tuple(map(collapsed, each.members))) for each in found.scored)
    maps, reasons = embedding_maps({"AAA": replace(found, scored=scored), "OOO": found}, seed=0)
    assert list(maps) == ["OOO"]
    (said,) = reasons
    assert said.startswith("There is no embedding map of AAA: moments has collapsed, the embeddings of all ")


def test_of_too_few_clips_there_is_no_map() -> None:
    with pytest.raises(EvaluationError, match="fold 0 has 4 clips, a map takes 5"):
        embedding_map(_only(tried(), 4), seed=0)
    few = embedding_map(_only(tried(), 5), seed=0)
    assert len(few.points) == 5


def _only(attackers: Tried, clips: int) -> Tried:
    """The same scores, with so many clips to draw."""

    def cut(tested: evaluation.Tested) -> evaluation.Tested:
        folds = [
            replace(fold, test=fold.test.only({entry.clip for entry in fold.test.entries[:clips]}))
            for fold in tested.folds
        ]
        return evaluation.Tested(tuple(folds))

    scored = tuple(replace(each, members=tuple(map(cut, each.members))) for each in attackers.scored)
    return replace(attackers, scored=scored)


def test_too_many_clips_are_thinned_evenly_over_people() -> None:
    found = embedding_map(tried(), seed=0, most=2 * PEOPLE + 3)
    assert found.clips_of_fold == PEOPLE * CLIPS
    of_person = np.unique([point.subject for point in found.points], return_counts=True)[1]
    assert sorted(of_person) == [2] * (PEOPLE - 3) + [3] * 3


def test_perplexity_is_never_more_than_a_third_of_the_others() -> None:
    assert perplexity_of(91) == perplexity_of(1000) == 30
    assert perplexity_of(5) == pytest.approx(4 / 3)
