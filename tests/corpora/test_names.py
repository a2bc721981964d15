"""What the names of the three corpora mean, from their publishers' tables, and how many clips there are."""

import pytest

from amber_id.corpora import ClipFacts, actors_of, person_folder
from amber_id.corpora.conversion import (
    crema_d_clips,
    crema_d_facts,
    nvfair_clips,
    nvfair_facts,
    ravdess_clips,
    ravdess_facts,
)
from fixtures.corpora_layouts import crema_d_codes, ravdess_stems

KIDS, DOGS = "Kids are talking by the door", "Dogs are sitting by the door"


@pytest.mark.parametrize(
    ("stem", "actor", "facts"),
    [
        ("01-01-01-01-01-01-01", "Actor_01", ClipFacts(None, KIDS, "neutral", "normal", "male")),
        ("01-01-02-02-02-02-24", "Actor_24", ClipFacts(None, DOGS, "calm", "strong", "female")),
        ("02-01-06-01-02-01-12", "Actor_12", ClipFacts(None, DOGS, "fearful", "normal", "female")),
        ("01-01-03-01-01-01-03", "Actor_03", ClipFacts(None, KIDS, "happy", "normal", "male")),
        ("01-01-04-01-01-01-03", "Actor_03", ClipFacts(None, KIDS, "sad", "normal", "male")),
        ("01-02-05-01-01-01-03", "Actor_03", ClipFacts(None, KIDS, "angry", "normal", "male")),
        ("01-01-07-01-01-01-03", "Actor_03", ClipFacts(None, KIDS, "disgust", "normal", "male")),
        ("01-01-08-01-01-01-03", "Actor_03", ClipFacts(None, KIDS, "surprised", "normal", "male")),
    ],
)
def test_a_name_of_ravdess_says(stem: str, actor: str, facts: ClipFacts) -> None:
    assert ravdess_facts(stem) == (actor, facts)


@pytest.mark.parametrize(
    "stem",
    [
        "01-01-01-02-01-01-01",  # neutral has no strong form
        "01-01-09-01-01-01-01",
        "01-01-03-03-01-01-01",
        "01-01-03-01-03-01-01",
        "01-01-03-01-01-03-01",
        "01-01-03-01-01-01-25",
        "01-01-03-01-01-01-00",
        "03-01-03-01-01-01-01",  # sound alone
        "01-01-03-01-01-01",
        "01-01-03-01-01-01-01-01",
        "٠١-01-03-01-01-01-01",
        "",
    ],
)
def test_a_name_that_ravdess_does_not_have_is_unknown(stem: str) -> None:
    assert ravdess_facts(stem) is None


@pytest.mark.parametrize(
    ("stem", "actor", "facts"),
    [
        ("1001_DFA_ANG_XX", "1001", ClipFacts(None, "Don't forget a jacket", "angry")),
        ("1091_IEO_DIS_LO", "1091", ClipFacts(None, "It's eleven o'clock", "disgust", "low")),
        ("1002_IEO_FEA_MD", "1002", ClipFacts(None, "It's eleven o'clock", "fearful", "medium")),
        ("1002_IEO_HAP_HI", "1002", ClipFacts(None, "It's eleven o'clock", "happy", "high")),
        ("1040_ITH_SAD_X", "1040", ClipFacts(None, "I think I have a doctor's appointment", "sad")),
        ("1003_IOM_NEU_XX", "1003", ClipFacts(None, "I'm on my way to the meeting", "neutral")),
        ("1003_TIE_NEU_XX", "1003", ClipFacts(None, "That is exactly what happened", "neutral")),
        ("1003_IWW_NEU_XX", "1003", ClipFacts(None, "I wonder what this is about", "neutral")),
        ("1003_TAI_NEU_XX", "1003", ClipFacts(None, "The airplane is almost full", "neutral")),
        ("1003_MTI_NEU_XX", "1003", ClipFacts(None, "Maybe tomorrow it will be cold", "neutral")),
        ("1003_IWL_NEU_XX", "1003", ClipFacts(None, "I would like a new alarm clock", "neutral")),
        ("1003_ITS_NEU_XX", "1003", ClipFacts(None, "I think I've seen this before", "neutral")),
        ("1003_TSI_NEU_XX", "1003", ClipFacts(None, "The surface is slick", "neutral")),
        ("1003_WSI_NEU_XX", "1003", ClipFacts(None, "We'll stop in a couple of minutes", "neutral")),
    ],
)
def test_a_name_of_crema_d_says(stem: str, actor: str, facts: ClipFacts) -> None:
    assert crema_d_facts(stem) == (actor, facts)


@pytest.mark.parametrize(
    "stem",
    [
        "1000_DFA_ANG_XX",
        "1092_DFA_ANG_XX",
        "1001_XYZ_ANG_XX",
        "1001_DFA_CAL_XX",
        "1001_DFA_ANG_X",
        "1001_DFA",
    ],
)
def test_a_name_that_crema_d_does_not_have_is_unknown(stem: str) -> None:
    assert crema_d_facts(stem) is None


@pytest.mark.parametrize(
    ("stem", "actor"),
    [("a01-id001", "id001"), ("s03-id014", "id014"), ("q03-id046", "id046")],
)
def test_a_name_of_nvfair_says_who_and_no_more(stem: str, actor: str) -> None:
    assert nvfair_facts(stem) == (actor, ClipFacts())


@pytest.mark.parametrize(
    "stem", ["z01-id001", "a1-id001", "a01-id047", "a01-id000", "a01-id002--id001", "a01"]
)
def test_a_name_that_nvfair_does_not_have_is_unknown(stem: str) -> None:
    assert nvfair_facts(stem) is None


def test_ravdess_has_sixty_clips_of_each_actor() -> None:
    clips = ravdess_clips()
    assert sum(map(len, clips.values())) == 24 * 60 == 1440
    for number in range(1, 25):
        wanted = {f"{stem}-{number:02d}" for stem in ravdess_stems()}
        assert clips[f"ravdess_id{number:03d}"] == wanted


def test_crema_d_has_7442_clips() -> None:
    """The counts of the publisher's SentenceFilenames.csv: 82 for each actor but five."""
    clips = crema_d_clips()
    assert sum(map(len, clips.values())) == 7442
    assert len(clips) == 91
    fewer = {"1002": 81, "1008": 76, "1009": 76, "1019": 76, "1076": 81}
    for actor in actors_of("cremad"):
        assert len(clips[person_folder("cremad", actor)]) == fewer.get(actor, 82)
    codes = {f"1001_{code}" for code in crema_d_codes()}
    assert clips["cremad_id071"] == codes


def test_every_expected_name_is_known() -> None:
    for clips, facts in ((ravdess_clips(), ravdess_facts), (crema_d_clips(), crema_d_facts)):
        for stems in clips.values():
            assert all(facts(stem) is not None for stem in stems)
    assert len(nvfair_clips()) == 46
