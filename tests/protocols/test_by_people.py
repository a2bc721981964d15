"""How people are divided by their number: enough to compare, to choose on and to learn from."""

import pytest

from amber_id.errors import SplitError
from amber_id.protocols import (
    FEWEST_IN_FOLDS,
    ProtocolName,
    SplitConfig,
    compared_pairs,
    fewest_people,
    folds_by_people,
    make_split,
)

PARTITIONS = ("train", "dev", "test")


def _divided(people: int, config: SplitConfig) -> list[tuple[int, ...]]:
    split = make_split({f"id{n:03d}": "a" for n in range(people)}, config)
    return [tuple(len(split.subjects(p, k)) for p in PARTITIONS) for k in range(len(split.folds))]


@pytest.mark.parametrize(
    ("people", "sizes"),
    [  # by hand: train, dev, test of the first fold and of the last
        (6, [(2, 2, 2), (2, 2, 2)]),
        (9, [(3, 3, 3), (3, 3, 3)]),
        (10, [(2, 4, 4), (3, 4, 3)]),
        (12, [(4, 4, 4), (4, 4, 4)]),
        (15, [(6, 4, 5), (6, 4, 5)]),
        (18, [(9, 4, 5), (10, 4, 4)]),
        (20, [(12, 4, 4), (12, 4, 4)]),
        (25, [(15, 5, 5), (15, 5, 5)]),
    ],
)
def test_folds_and_dev_suit_the_number_of_people(people: int, sizes: list[tuple[int, ...]]):
    found = _divided(people, folds_by_people(people))
    assert [found[0], found[-1]] == sizes


@pytest.mark.parametrize("people", range(FEWEST_IN_FOLDS, 60))
def test_every_number_of_people_can_be_divided_and_compared(people: int):
    config = folds_by_people(people, seed=people)
    found = _divided(people, config)
    assert min(min(sizes) for sizes in found) >= 2
    assert sum(test for _, _, test in found) == people
    if people >= 10:
        assert min(test for _, _, test in found) >= 3  # rank-1 among three at least
        assert min(dev for _, dev, _ in found) >= 4  # whom a fusion needs
    if people >= 15:
        assert compared_pairs(people, config.folds or 1) >= 30  # a TMR at an FMR of 10 %
    if people >= 20:
        assert config == SplitConfig(folds=5, seed=people)
    if people < 18:
        assert compared_pairs(people, 4) < 30


def test_too_few_people_are_told_how_many_it_takes():
    with pytest.raises(SplitError, match=r"expected 6 people or more, .*, got 5; add people"):
        folds_by_people(5)
    assert folds_by_people(12, dev=0.2) == SplitConfig(folds=3, dev=0.2)


@pytest.mark.parametrize(
    ("protocol", "asked", "needed"),
    [
        ("shares", {}, 8),
        ("shares", {"folds": 5}, 10),
        ("shares", {"folds": 2, "dev": 0.3}, 8),
        ("5-fold", {}, 10),
        ("thesis-sizes", {}, 18),
        ("within-source", {}, 8),
        ("shares", {"dev": 0.5, "test": 0.5}, None),
        ("cross-source", {}, None),
        ("nvfair", {}, None),
    ],
)
def test_the_fewest_people_are_those_that_can_be_divided(
    protocol: ProtocolName, asked: dict, needed: int | None
):
    config = SplitConfig(protocol=protocol, **asked)
    assert fewest_people(config) == needed
    if needed is None:
        return
    assert _divided(needed, config)
    for fewer in range(needed):
        with pytest.raises(SplitError, match=rf"{needed} are needed"):
            _divided(fewer, config)
