"""Which value a clip has: bands, what is a person's and what a clip's, and what cannot be asked for."""

import pytest

from amber_id.audit.attributes.values import ClipValues, Needed, NotMeasured, clip_values

PEOPLE = [f"id{number:02}" for number in range(12)]
SUBJECT_OF = {f"{subject}/{clip}": subject for subject in PEOPLE for clip in range(3)}
EVERYBODY = [Needed(frozenset(PEOPLE), 5)]


def of_people(values: list[str]) -> dict[str, str]:
    return {clip: values[PEOPLE.index(subject)] for clip, subject in SUBJECT_OF.items()}


def asked(known: dict[str, str], column: str = "sex", needed: list[Needed] = EVERYBODY) -> ClipValues:
    values = clip_values(column, known, SUBJECT_OF, needed)
    assert isinstance(values, ClipValues), values
    return values


def test_what_is_constant_over_clips_is_a_persons() -> None:
    values = asked(of_people(["f", "m"] * 6))
    assert (values.of_person, values.names, values.people) == (True, ("f", "m"), {"f": 6, "m": 6})
    assert values.remarks == ()
    mistaken = of_people(["f", "m"] * 6) | {"id00/0": "m"}
    values = asked(mistaken)
    assert values.of_person
    assert values.people == {"f": 5, "m": 6}
    assert values.remarks == ("1 person is left out, whose clips differ in sex.",)
    assert not any(clip.startswith("id00") for clip in values.value_of)


def test_what_differs_in_most_people_is_a_clips() -> None:
    values = asked({clip: "ab"[number % 2] for number, clip in enumerate(SUBJECT_OF)}, "emotion")
    assert not values.of_person
    assert values.people == {"a": 12, "b": 12}
    assert len(values.value_of) == 36


@pytest.mark.parametrize(
    ("age", "band"),
    [
        *[("17.9", "under 18"), ("18", "18 to 29"), ("29.5", "18 to 29"), ("30", "30 to 44")],
        *[("45", "45 to 59"), ("60", "60 and over"), ("101", "60 and over")],
    ],
)
def test_years_are_in_bands(age: str, band: str) -> None:
    other = "3" if band != "under 18" else "50"
    values = asked(of_people([age, other] * 6), "age")
    assert values.people[band] == 6
    assert "under 18, 18 to 29, 30 to 44, 45 to 59, 60 and over" in values.remarks[0]


def test_bands_are_in_the_order_of_age_and_words_for_ages_stay() -> None:
    assert asked(of_people(["17", "70"] * 6), "age").names == ("under 18", "60 and over")
    assert asked(of_people(["young", "old"] * 6), "age").names == ("old", "young")


def test_other_numbers_are_halved_if_there_are_many() -> None:
    values = asked(of_people([str(height) for height in range(160, 172)]), "height")
    assert values.names == ("165.5 or more", "below 165.5")
    assert values.people == {"165.5 or more": 6, "below 165.5": 6}
    assert values.remarks == ("Numbers are divided at 165.5, the median over people.",)
    assert asked(of_people(["1", "2"] * 6), "level").names == ("1", "2")


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({}, "sex is known of 0 of 36 clips; half of them are needed."),
        (of_people(["f"] * 12), "1 value of sex shown by 5 tested people or more, by 12 in all; 2 values"),
        (of_people(["f"] * 8 + ["m"] * 4), "1 value of sex shown by 5 tested people or more, by 8 in all"),
        (dict(list(of_people(["f", "m"] * 6).items())[:17]), "sex is known of 17 of 36 clips"),
    ],
)
def test_too_little_gives_a_reason_and_no_values(known: dict[str, str], why: str) -> None:
    values = clip_values("sex", known, SUBJECT_OF, EVERYBODY)
    assert isinstance(values, NotMeasured)
    assert values.why.startswith(why)


def test_a_value_that_few_show_is_left_out_and_counted() -> None:
    values = asked(of_people(["f"] * 5 + ["m"] * 5 + ["x", "y"]))
    assert values.names == ("f", "m")
    assert values.remarks == ("2 values are left out, shown by too few people.",)
    # Nobody to learn it from in one of the folds.
    learnt = Needed(frozenset(PEOPLE[:6]), 2)
    missing = clip_values("sex", of_people(["f"] * 6 + ["m"] * 6), SUBJECT_OF, [*EVERYBODY, learnt])
    assert isinstance(missing, NotMeasured)
