"""Figures within and across sessions: planted differences come out, and few people give none."""

from collections.abc import Callable

import numpy as np
import pytest

from amber_id.biometrics import Comparisons, Sittings, compare_all, eer, within_and_across
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.sessions import FEWEST_PEOPLE, session_figures

QUICK = EvaluationConfig(replicates=200)
Clips = tuple[Comparisons, Sittings]


def filmed(
    people: int, *, session: float = 0.0, slope: float = 0.0, sessions: int = 3, clips: int = 2, seed: int = 0
) -> Clips:
    """People with vectors of their own, to which a session adds its own; days count by powers of ten."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), sessions * clips)
    sat = np.tile(np.repeat(np.arange(sessions), clips), people)
    of_person = rng.normal(size=(people, 12))[who]
    of_session = rng.normal(size=(people, sessions, 12))[who, sat]
    vectors = of_person + session * of_session + 0.8 * rng.normal(size=(len(who), 12))
    days = np.array([0, 3, 100, 2000])[sat] + 10_000
    comparisons = compare_all(vectors, who)
    sittings = Sittings(sat, days)
    apart = sittings.days_between(comparisons)
    shift = slope * np.log10(np.maximum(apart, 1)) * comparisons.nonmated_scores.std()
    scores = comparisons.scores + np.where(comparisons.mated, shift, 0.0)
    return Comparisons(scores, comparisons.enrolment, comparisons.probe, comparisons.subjects), sittings


def test_a_session_that_shows_is_found_and_its_figures_are_those_of_the_scores() -> None:
    found = session_figures(*filmed(16, session=1.0), QUICK, by_days=False)
    assert found.people == 16
    assert found.compared is not None
    assert found.compared.less.low > 0
    # All people have equally many clips, so that all weigh alike anyhow.
    for side, rate in zip(
        within_and_across(*filmed(16, session=1.0)),
        (found.compared.within, found.compared.across),
        strict=True,
    ):
        assert rate.value == pytest.approx(eer(side.mated_scores, side.nonmated_scores), abs=1e-3)
    assert found.compared.less.value == pytest.approx(
        found.compared.across.value - found.compared.within.value, abs=1e-6
    )
    assert found.days == ()


def test_people_weigh_alike_however_long_their_sessions_are() -> None:
    comparisons, sittings = filmed(10, session=1.0, clips=4)
    # Person 0 lies with nobody within a session: of one person in ten the mated scores are the lowest.
    scores = comparisons.scores - 9.0 * (comparisons.mated & (comparisons.enrolment_subjects == 0))
    rows = np.ones(len(scores), dtype=bool)
    # Of nine people one clip of each session is left out of the comparisons, so that they have fewer.
    kept = (np.arange(len(comparisons.subjects)) % 4 < 2) | (comparisons.subjects == 0)
    rows &= kept[comparisons.enrolment] & kept[comparisons.probe]
    fewer = Comparisons(
        scores[rows], comparisons.enrolment[rows], comparisons.probe[rows], comparisons.subjects
    )
    found = session_figures(fewer, sittings, QUICK, by_days=False)
    assert found.compared is not None
    within, _ = within_and_across(fewer, sittings)
    assert np.mean(within.enrolment_subjects[within.mated] == 0) == pytest.approx(2 / 5)
    assert found.compared.within.value < 0.2  # a tenth of the people, and not two fifths


@pytest.mark.parametrize("people", [7, 8])
def test_too_few_people_give_no_figure_and_are_counted(people: int) -> None:
    found = session_figures(*filmed(people, session=1.0), QUICK)
    assert found.people == found.people_drifting == people
    known = people >= FEWEST_PEOPLE == 8  # as docs/audit.md has it
    assert (found.compared is not None) == known
    assert (found.drift is not None) == known
    # Days 0, 3, 97 and 100 apart, in bins of which two have nobody.
    assert [(each.words, each.people) for each in found.days] == [
        ("0", people),
        ("1 to 7", people),
        ("8 to 30", 0),
        ("31 to 180", people),
        ("181 to 365", 0),
        ("366 or more", 0),
    ]
    assert [each.eer is not None for each in found.days] == [known, known, False, known, False, False]


def test_people_of_one_session_have_no_part() -> None:
    comparisons, sittings = filmed(12)
    sat = np.where(comparisons.subjects < 2, 0, sittings.sessions)
    found = session_figures(comparisons, Sittings(sat, sittings.days), QUICK)
    assert found.people == 10
    nobody = session_figures(comparisons, Sittings(np.zeros_like(sat), sittings.days), QUICK)
    assert (nobody.people, nobody.compared) == (0, None)


@pytest.mark.parametrize(
    ("slope", "is_so"),
    [
        (-0.5, lambda drift: drift.high < 0),
        (0.0, lambda drift: drift.low < 0 < drift.high),
    ],
)
def test_scores_that_fall_with_days_are_drift(slope: float, is_so: Callable[..., bool]) -> None:
    found = session_figures(*filmed(16, slope=slope, session=0.5), QUICK)
    assert found.drift is not None
    assert is_so(found.drift)
    assert found.drift.value == pytest.approx(slope, abs=0.3)


def test_people_who_are_harder_to_recognise_are_no_drift() -> None:
    """Each person has two gaps; those with long ones have lower scores, whatever the gap."""
    comparisons, sittings = filmed(16)
    late = np.where(comparisons.subjects % 2 == 0, 1, 10)
    days = (sittings.days - 10_000) * late + 10_000
    low = comparisons.mated & (comparisons.enrolment_subjects % 2 == 1)
    harder = Comparisons(
        comparisons.scores - 0.5 * low, comparisons.enrolment, comparisons.probe, comparisons.subjects
    )
    late_sittings = Sittings(sittings.sessions, days)
    apart = late_sittings.days_between(harder)
    counts = harder.mated & (apart > 0)
    over_all = np.polyfit(np.log10(apart[counts]), harder.scores[counts] / harder.nonmated_scores.std(), 1)
    assert over_all[0] < -0.3
    found = session_figures(harder, late_sittings, QUICK)
    assert found.drift is not None
    assert abs(found.drift.value) < 0.2
