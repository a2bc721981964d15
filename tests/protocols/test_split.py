"""Splits: nobody is in two partitions, sources keep their shares, and a damaged table is refused by line."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amber_id.errors import FileFormatError, SplitError
from amber_id.protocols import Split, SplitConfig, make_split, read_split, write_split

PARTITIONS = ("train", "dev", "test")


@st.composite
def people(draw: st.DrawFn) -> dict[str, str]:
    """Twelve people or more, of one to four sources of any size."""
    sizes = draw(st.lists(st.integers(1, 25), min_size=1, max_size=4).filter(lambda s: sum(s) >= 12))
    sources = [f"source{k}" for k, size in enumerate(sizes) for _ in range(size)]
    return {f"id{n:03d}": source for n, source in enumerate(draw(st.permutations(sources)))}


def _people(n: int, source: str = "ravdess", first: int = 0) -> dict[str, str]:
    return {f"id{k:03d}": source for k in range(first, first + n)}


def _of(source_of: dict[str, str], subjects) -> Counter:
    return Counter(source_of[subject] for subject in subjects)


def _assert_shares(drawn: Counter, among: Counter, n: int) -> None:
    """Each source gives its share of the n drawn, to within less than one person."""
    total = sum(among.values())
    for source, size in among.items():
        assert abs(drawn[source] - n * size / total) < 1 + 1e-9


@settings(max_examples=40, deadline=None)
@given(people(), st.integers(0, 1000))
def test_a_single_split_is_disjoint_whole_and_stratified(source_of: dict[str, str], seed: int):
    split = make_split(source_of, SplitConfig(dev=0.2, test=0.3, seed=seed))
    assert len(split.folds) == 1
    parts = {partition: set(split.subjects(partition, 0)) for partition in PARTITIONS}
    assert set.union(*parts.values()) == set(source_of)
    assert sum(map(len, parts.values())) == len(source_of)  # so nobody is in two
    n = len(source_of)
    assert len(parts["test"]) == round(0.3 * n)
    assert len(parts["dev"]) == round(0.2 * n)
    everyone = _of(source_of, source_of)
    rest = _of(source_of, parts["train"] | parts["dev"])
    _assert_shares(_of(source_of, parts["test"]), everyone, len(parts["test"]))
    _assert_shares(_of(source_of, parts["dev"]), rest, len(parts["dev"]))
    _assert_shares(_of(source_of, parts["train"]), rest, len(parts["train"]))


@settings(max_examples=40, deadline=None)
@given(people(), st.integers(2, 6), st.integers(0, 1000))
def test_folds_test_everyone_exactly_once(source_of: dict[str, str], folds: int, seed: int):
    split = make_split(source_of, SplitConfig(folds=folds, seed=seed))
    tests = [split.subjects("test", k) for k in range(folds)]
    assert sorted(subject for test in tests for subject in test) == sorted(source_of)
    sizes = [len(test) for test in tests]
    assert max(sizes) - min(sizes) <= 1
    for source in set(source_of.values()):
        of_source = [_of(source_of, test)[source] for test in tests]
        assert max(of_source) - min(of_source) <= 1
    for k, test in enumerate(tests):
        dev = set(split.subjects("dev", k))
        assert not dev & set(test)
        assert len(dev) == round(0.2 * len(source_of))
        rest = _of(source_of, set(source_of) - set(test))
        _assert_shares(_of(source_of, dev), rest, len(dev))


@settings(max_examples=25, deadline=None)
@given(people(), st.randoms(use_true_random=False), st.sampled_from([1, 3]))
def test_the_order_of_subjects_does_not_matter(source_of: dict[str, str], random, folds: int):
    shuffled = list(source_of.items())
    random.shuffle(shuffled)
    config = SplitConfig(folds=folds, seed=4)
    one, other = make_split(source_of, config), make_split(dict(shuffled), config)
    assert one == other
    assert one.to_csv() == other.to_csv()
    assert one.content_hash() == other.content_hash()


@pytest.mark.parametrize("folds", [1, 4])
def test_the_seed_decides(folds: int):
    source_of = _people(20) | _people(20, "cremad", 20)
    splits = [make_split(source_of, SplitConfig(folds=folds, seed=seed)) for seed in (0, 0, 1, 2)]
    assert splits[0] == splits[1]
    assert len({split.to_csv() for split in splits}) == 3


def test_chance_is_fair():
    """Over 200 seeds everybody is tested about 60 times, and the odd person is not always of one source."""
    source_of = _people(9) | _people(11, "cremad", 9)
    tests = [make_split(source_of, SplitConfig(seed=seed)).subjects("test", 0) for seed in range(200)]
    counts = Counter(subject for test in tests for subject in test)
    for subject in source_of:
        assert abs(counts[subject] - 60) < 5 * 6.5  # binomial standard deviation
    of_first = Counter(_of(source_of, test)["ravdess"] for test in tests)  # its share is 2.7 of 6
    assert set(of_first) == {2, 3}
    assert abs(of_first[3] / 200 - 0.7) < 5 * 0.033


@pytest.mark.parametrize(
    ("n", "options", "message"),
    [
        (0, {}, r"0 people are too few for test 0\.3 with dev 0\.2: 8 are needed"),
        (
            5,
            {},
            r"5 people are too few for test 0\.3 with dev 0\.2: 8 are needed \(fold 0: dev needs .*got 1\)",
        ),
        (
            10,
            {"dev": 0.5, "test": 0.5},
            r"10 people .*: no number is enough .*train needs at least 2 subjects, got 0",
        ),
        (10, {"dev": 0.9, "test": 0.5}, r"train needs at least 2 subjects, got 0"),
        (
            8,
            {"folds": 5},
            r"8 people are too few for 5 folds with dev 0\.2: 10 are needed \(fold 3: test needs",
        ),
    ],
)
def test_too_few_people_are_refused_in_one_line(n: int, options: dict, message: str):
    with pytest.raises(SplitError, match=message) as error:
        make_split(_people(n), SplitConfig(**options))
    assert "\n" not in str(error.value)
    assert "add people, or change folds or shares" in str(error.value)


def test_folds_of_other_people_are_refused():
    fold = dict(make_split(_people(10), SplitConfig()).folds[0])
    other = {("id777" if s == "id000" else s): partition for s, partition in fold.items()}
    with pytest.raises(SplitError, match="fold 1 differs in id000, id777"):
        Split((fold, other))
    with pytest.raises(SplitError, match="at least one fold"):
        Split(())


# the table ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folds", [1, 3])
def test_a_split_comes_back_from_its_table(tmp_path: Path, folds: int):
    split = make_split(_people(9) | _people(4, "crème, brûlée", 9), SplitConfig(folds=folds))
    write_split(split, tmp_path / "deep" / "split.csv")
    assert read_split(tmp_path / "deep" / "split.csv") == split


def test_the_table_by_hand():
    fold = {"id1": "train", "id2": "train", "id3": "dev", "id4": "dev", "id6": "test", "id5": "test"}
    rows = "id1,train,0\nid2,train,0\nid3,dev,0\nid4,dev,0\nid5,test,0\nid6,test,0\n"
    assert Split((fold,)).to_csv() == "subject,partition,fold\n" + rows


GOOD = "subject,partition,fold\na,train,0\nb,train,0\nc,dev,0\nd,dev,0\ne,test,0\nf,test,0\n"


def test_columns_may_change_places_and_spreadsheets_may_mark_the_file(tmp_path: Path):
    rows = [line.split(",") for line in GOOD.splitlines()]
    text = "\r\n".join(f"{fold},{partition},note,{subject}" for subject, partition, fold in rows)
    (tmp_path / "one.csv").write_text(GOOD)
    (tmp_path / "other.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_split(tmp_path / "one.csv") == read_split(tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("c,dev,0", "c,val,0", "line 4: expected subject, partition .* got c, val, 0"),
        ("d,dev,0", "d,dev,", "line 5: "),
        ("d,dev,0", "d,dev,-1", "line 5: "),
        ("d,dev,0", "d,dev", "line 5: .* got d, dev$"),
        ("d,dev,0", "d,dev," + "1" * 5000, "line 5: .* got d, dev, 1{40}$"),
        ("d,dev,0", "d\0\x1b[2J,dev,x", r"line 5: .* got d\\x00\\x1b\[2J, dev, x$"),
        ("d,dev,0", ",dev,0", "line 5: "),
        ("b,train,0\n", "\n\nb,training,0\n", "line 5: .* got b, training, 0"),
        (
            "subject,partition,fold",
            "subject,part,fold",
            "line 1: .* got subject, part, fold; name each column",
        ),
        ("subject,partition,fold", "subject,partition,fold,fold", "line 1: .* name each column once"),
        ("subject,partition,fold\n", "", "line 1: .* got a, train, 0; a heading stands above the rows"),
        ("a,train,0", "a" * 140000 + ",train,0", "line 2: expected a row of a CSV table .*field limit"),
    ],
)
def test_a_damaged_table_is_refused_by_line(tmp_path: Path, old: str, new: str, message: str):
    path = tmp_path / "split.csv"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(FileFormatError, match=message) as error:
        read_split(path)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "a,test,0\n", "a is in train and in test of fold 0"),
        (GOOD.replace(",0", ",1"), re.escape("folds must be numbered 0, 1, ..., got [1]")),
        (GOOD + "a,train,1\n", "fold 1 differs in b, c, d, e, f"),
        (GOOD.replace("f,test,0\n", ""), "fold 0: test needs at least 2 subjects, got 1"),
        ("subject,partition,fold\n", "at least one fold"),
        ("", "at least one fold"),
    ],
)
def test_a_table_that_shares_or_lacks_people_is_refused_by_name(tmp_path: Path, text: str, message: str):
    path = tmp_path / "split.csv"
    path.write_text(text)
    with pytest.raises(SplitError, match=message) as error:
        read_split(path)
    assert str(error.value).startswith(f"{path}: ")


def test_no_table_and_no_text_are_refused(tmp_path: Path):
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_split(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match="line 1: expected text in UTF-8, got other bytes"):
        read_split(tmp_path / "bytes.csv")
