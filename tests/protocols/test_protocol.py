"""Protocols: the sizes they promise, who is in which partition, and what they refuse or say."""

import csv
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from amber_id.corpora import actors_of, person_folder
from amber_id.errors import FileFormatError, SplitError
from amber_id.protocols import (
    ProtocolName,
    Split,
    SplitConfig,
    divide,
    make_split,
    nvfair_partitions,
    read_split,
    write_split,
)

PARTITIONS = ("train", "dev", "test")
SIZES = {"ravdess": 24, "nvidia": 46, "cremad": 91}


def _folder(source: str, actor: str) -> tuple[str, str]:
    folder = person_folder(source, actor)
    return folder.split("_")[1], source


THESIS = dict(_folder(source, actor) for source in SIZES for actor in actors_of(source))


def _people(**sizes: int) -> dict[str, str]:
    sources = [source for source, size in sizes.items() for _ in range(size)]
    return {f"id{n:03d}": source for n, source in enumerate(sources, start=1)}


def _sizes(split: Split, fold: int = 0) -> tuple[int, ...]:
    return tuple(len(split.subjects(partition, fold)) for partition in PARTITIONS)


def _of(source_of: Mapping[str, str], subjects) -> Counter:
    return Counter(source_of[subject] for subject in subjects)


# the sizes of the thesis ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_the_sizes_of_the_thesis_with_every_source_in_proportion(seed: int):
    assert Counter(THESIS.values()) == SIZES
    division = divide(THESIS, SplitConfig(protocol="thesis-sizes", seed=seed))
    assert division.remarks == ()
    assert _sizes(division.split) == (112, 14, 35)
    for partition, size in zip(PARTITIONS, (112, 14, 35), strict=True):
        of = _of(THESIS, division.split.subjects(partition, 0))
        for source, people in SIZES.items():
            assert abs(of[source] - size * people / 161) < 1, (partition, source)


@pytest.mark.parametrize(("n", "sizes"), [(23, (16, 2, 5)), (40, (28, 3, 9)), (322, (224, 28, 70))])
def test_other_numbers_of_people_keep_the_proportions_and_say_so(n: int, sizes: tuple[int, ...]):
    """By hand: 112 n / 161 and so on, rounded down, and what is left to the largest remainders."""
    division = divide(_people(x=n), SplitConfig(protocol="thesis-sizes"))
    assert _sizes(division.split) == sizes
    train, dev, test = sizes
    assert division.remarks == (
        f"These are {n} people, not the 161 of the thesis; in its proportions (112/14/35) they make "
        f"{train} train, {dev} dev, {test} test.",
    )


# NVFAIR ---------------------------------------------------------------------------------------------


def test_nvfair_is_its_list_person_by_person():
    division = divide(THESIS, SplitConfig(protocol="nvfair"))
    text = files("amber_id").joinpath("data/nvfair_subjects.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len({(row["source"], row["actor"]) for row in rows}) == 161
    for row in rows:
        subject, _ = _folder(row["source"], row["actor"])
        assert division.split.folds[0][subject] == row["partition"], row
    assert _sizes(division.split) == (111, 15, 35)
    assert division.remarks == ()


def test_the_list_by_hand():
    listed = nvfair_partitions()
    # nvidia,id027,train is the first line of the list; id027 is the 27th of the people from id025 on.
    assert listed["nvidia_id051"] == "train"
    assert Counter(listed.values()) == {"train": 111, "dev": 15, "test": 35}


def test_people_whom_nvfair_does_not_list_are_refused_by_name():
    # The number alone is not enough: id001 is an actor of RAVDESS.
    strange = {s: of for s, of in THESIS.items() if s != "id001"} | {"id001": "cremad", "id162": "own"}
    with pytest.raises(
        SplitError, match="does not name cremad_id001, own_id162; its 161 people are"
    ) as error:
        make_split(strange, SplitConfig(protocol="nvfair"))
    assert "\n" not in str(error.value)


def test_listed_people_without_recordings_are_counted():
    lacking = {"id001", "id025", "id071"}
    division = divide({s: of for s, of in THESIS.items() if s not in lacking}, SplitConfig(protocol="nvfair"))
    listed = nvfair_partitions()
    lost = Counter(listed[f"{THESIS[s]}_{s}"] for s in lacking)
    of = ", ".join(f"{lost[p]} {p}" for p in PARTITIONS)
    assert division.remarks == (f"3 of NVFAIR's 161 people have no recording ({of}).",)
    assert sum(_sizes(division.split)) == 158
    with pytest.raises(SplitError, match="1 of the 161 people of NVFAIR have recordings, too few"):
        make_split({"id001": "ravdess"}, SplitConfig(protocol="nvfair"))


# sources --------------------------------------------------------------------------------------------


def test_across_sources_each_source_is_tested_once_and_not_learnt_from():
    split = make_split(THESIS, SplitConfig(protocol="cross-source", seed=2))
    assert len(split.folds) == 3
    for fold, source in enumerate(sorted(SIZES)):
        others = {s for s, of in THESIS.items() if of != source}
        assert set(split.subjects("test", fold)) == THESIS.keys() - others
        assert len(split.subjects("dev", fold)) == round(0.2 * len(others))
        assert set(split.subjects("dev", fold)) | set(split.subjects("train", fold)) == others
        of = _of(THESIS, split.subjects("dev", fold))
        for other in SIZES.keys() - {source}:
            assert abs(of[other] - 0.2 * SIZES[other]) < 1


def test_across_sources_a_source_that_cannot_be_tested_is_named():
    division = divide(_people(a=10, b=10, c=1), SplitConfig(protocol="cross-source"))
    assert len(division.split.folds) == 2
    assert division.split.folds[0]["id021"] in {"train", "dev"}
    assert division.remarks == ("Not tested, since it or the others are too few: c (1 of 21 people).",)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"a": 30}, "needs people of two sources or more, got a; "),
        (
            {"a": 30, "b": 1},
            r"two people or more to test on .* got a \(30 of 31 people\), b \(1 of 31 people\)",
        ),
        ({}, "two sources or more, got none"),
    ],
)
def test_across_sources_too_few_are_refused(sizes: dict[str, int], message: str):
    with pytest.raises(SplitError, match=message):
        make_split(_people(**sizes), SplitConfig(protocol="cross-source"))


def test_within_sources_each_fold_is_that_source_divided_by_itself():
    config = SplitConfig(protocol="within-source", test=0.25, seed=4)
    split = make_split(THESIS, config)
    assert len(split.folds) == 3
    for fold, source in enumerate(sorted(SIZES)):
        members = {s: of for s, of in THESIS.items() if of == source}
        assert set(split.subjects("unused", fold)) == THESIS.keys() - members.keys()
        alone = make_split(members, SplitConfig(test=0.25, seed=4))
        assert {s: split.folds[fold][s] for s in members} == alone.folds[0]


def test_within_sources_small_ones_are_in_no_fold_and_named():
    division = divide(_people(a=10, b=5), SplitConfig(protocol="within-source"))
    assert len(division.split.folds) == 1
    assert {division.split.folds[0][f"id{n:03d}"] for n in range(11, 16)} == {"unused"}
    assert division.remarks == (
        "Too few people to be divided by test 0.3 with dev 0.2, so in no fold: b (5).",
    )
    with pytest.raises(
        SplitError, match=r"no source has enough people .*8 are needed.*: a \(3\), b \(2\); add people"
    ):
        make_split(_people(a=3, b=2), SplitConfig(protocol="within-source"))


def test_people_who_take_no_part_come_back_from_the_table(tmp_path: Path):
    split = make_split(_people(a=10, b=12), SplitConfig(protocol="within-source"))
    write_split(split, tmp_path / "split.csv")
    assert read_split(tmp_path / "split.csv") == split
    assert ",unused,1\n" in (tmp_path / "split.csv").read_text()


# folds and sessions ---------------------------------------------------------------------------------


def test_five_folds_are_the_shares_with_five_folds():
    assert make_split(THESIS, SplitConfig(protocol="5-fold", seed=3)) == make_split(
        THESIS, SplitConfig(folds=5, seed=3)
    )


def test_more_folds_than_people_are_refused_before_they_are_made():
    with pytest.raises(SplitError, match=r"12 people are too few for 1000000000 folds .*no number is enough"):
        divide(_people(a=12), SplitConfig(folds=10**9))


@pytest.mark.parametrize("folds", [None, 3])
def test_across_sessions_people_of_one_session_are_learnt_from_alone(folds: int | None):
    source_of = _people(a=20, b=10)
    single = {"id001", "id002", "id021"}
    sessions = {s: 1 if s == "id001" else 2 for s in source_of if s not in {"id002", "id021"}}
    config = SplitConfig(protocol="cross-session", folds=folds)
    division = divide(source_of, config, sessions_of=sessions)
    assert division.split.across_sessions
    assert division.remarks == (
        "3 people without two known sessions are in train only: id001, id002, id021.",
    )
    several = {s: of for s, of in source_of.items() if s not in single}
    alone = make_split(several, SplitConfig(folds=folds))
    for fold, theirs in zip(division.split.folds, alone.folds, strict=True):
        assert fold == theirs | dict.fromkeys(single, "train")


@pytest.mark.parametrize("sessions", [None, {}, {"id001": 2, "id002": 2}])
def test_across_sessions_nobody_known_is_refused(sessions: dict[str, int] | None):
    n = len(sessions or {})
    with pytest.raises(SplitError, match=f"{n} of 12 people are known .* column session of corpus.csv"):
        make_split(_people(a=12), SplitConfig(protocol="cross-session"), sessions_of=sessions)


def test_the_rule_of_sessions_comes_back_from_the_table(tmp_path: Path):
    source_of = _people(a=12)
    split = make_split(
        source_of, SplitConfig(protocol="cross-session"), sessions_of=dict.fromkeys(source_of, 2)
    )
    path = tmp_path / "split.csv"
    write_split(split, path)
    assert path.read_text().splitlines()[:1] == ["subject,partition,fold,mated"]
    assert read_split(path) == split
    assert split.content_hash() != Split(split.folds).content_hash()
    text = path.read_text()
    path.write_text(text.replace("0,across-sessions\n", "0,\n", 1))
    with pytest.raises(SplitError, match="column mated: expected the same in every row"):
        read_split(path)
    path.write_text(text.replace("across-sessions", "within"))
    with pytest.raises(
        FileFormatError, match="column mated: expected across-sessions or nothing, got 'within'"
    ):
        read_split(path)


# configuration --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"protocol": "cross-source", "test": 0.3},
            "test 0.3: the protocol cross-source has no use for it, it takes dev, seed; leave test out",
        ),
        ({"protocol": "thesis-sizes", "folds": 2}, "folds 2: .* it takes seed; leave folds out"),
        ({"protocol": "nvfair", "dev": 0.1}, "it takes nothing; leave dev out"),
        ({"protocol": "within-source", "folds": 1}, "folds 1: .* leave folds out"),
        ({"protocol": "5-fold", "folds": 3}, "folds 3: the protocol 5-fold has 5"),
        ({"protocol": "5-fold", "test": 0.3}, "test 0.3: the protocol 5-fold has no use for it"),
        ({"folds": 5, "test": 0.3}, "test 0.3: with 5 folds each tests its share"),
        ({"protocol": "leave-one-out"}, "shares"),
    ],
)
def test_what_a_protocol_does_not_use_is_refused(asked: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        SplitConfig(**asked)


@pytest.mark.parametrize("protocol", get_args(ProtocolName))
def test_a_resolved_configuration_is_the_same_configuration(protocol: ProtocolName):
    config = SplitConfig(protocol=protocol, seed=7)
    assert SplitConfig.model_validate(config.model_dump()) == config
    assert SplitConfig.model_validate_json(config.model_dump_json()) == config


def test_what_is_usual_is_written_out():
    assert SplitConfig().model_dump() == {
        "protocol": "shares",
        "dev": 0.2,
        "test": 0.3,
        "folds": 1,
        "seed": 0,
    }
    assert SplitConfig(folds=5).test is None


# all of them ----------------------------------------------------------------------------------------


@st.composite
def corpora(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, int]]:
    """People of the thesis' corpora, some of them, and how many sessions each has."""
    chosen = draw(st.lists(st.sampled_from(sorted(THESIS)), min_size=12, max_size=60, unique=True))
    sessions = {s: draw(st.integers(0, 3)) for s in chosen}
    return {s: THESIS[s] for s in chosen}, sessions


@settings(max_examples=60, deadline=None)
@given(
    corpora(), st.sampled_from(get_args(ProtocolName)), st.integers(0, 99), st.randoms(use_true_random=False)
)
def test_nobody_is_in_two_partitions_and_the_order_does_not_matter(corpus, protocol, seed: int, random):
    source_of, sessions = corpus
    config = SplitConfig(protocol=protocol, seed=seed)
    try:
        division = divide(source_of, config, sessions_of=sessions)
    except SplitError:
        return  # too few people, which other tests look at
    split = division.split
    for fold in range(len(split.folds)):
        parts = [set(split.subjects(partition, fold)) for partition in (*PARTITIONS, "unused")]
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(source_of)
        assert set.union(*parts) == source_of.keys()
    tested = Counter(s for fold in range(len(split.folds)) for s in split.subjects("test", fold))
    assert set(tested.values()) == {1}  # nobody is tested in two folds
    shuffled = list(source_of.items())
    random.shuffle(shuffled)
    again = divide(dict(shuffled), config, sessions_of=dict(reversed(sessions.items())))
    assert again == division
    assert again.split.to_csv() == split.to_csv()


@pytest.mark.parametrize("protocol", [p for p in get_args(ProtocolName) if p != "nvfair"])
def test_the_seed_decides(protocol: ProtocolName):
    sessions = dict.fromkeys(THESIS, 2)
    made = [
        make_split(THESIS, SplitConfig(protocol=protocol, seed=seed), sessions_of=sessions).to_csv()
        for seed in (0, 0, 1, 2)
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 3
