import numpy as np

from amber_id.report.drawing.pseudonyms import pseudonyms

SUBJECTS = [f"ravdess_id{number:03d}" for number in range(1, 25)]


def test_every_subject_has_its_own_and_neither_order_nor_copies_of_the_input_matter() -> None:
    names = pseudonyms(SUBJECTS, "a1")
    assert sorted(names.values()) == [f"P{number:02d}" for number in range(1, 25)]
    assert pseudonyms([*reversed(SUBJECTS), *SUBJECTS], "a1") == names


def test_the_numbers_say_nothing_about_those_of_the_corpus() -> None:
    ranks = [int(pseudonyms(SUBJECTS, "a1")[subject][1:]) for subject in SUBJECTS]
    assert abs(np.corrcoef(ranks, np.arange(24))[0, 1]) < 0.5
    assert pseudonyms(SUBJECTS, "b2") != pseudonyms(SUBJECTS, "a1")


def test_a_hundred_people_have_names_of_one_length() -> None:
    assert {len(name) for name in pseudonyms([str(number) for number in range(100)], "").values()} == {4}
