"""The one number of utility: by hand, and what lowers it."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.anonymisers import Plan, defended, parsed_defences
from amber_id.audit.utility.expression import CHANNELS, FaceSignals
from amber_id.audit.utility.figures import Agreement, Matches
from amber_id.audit.utility.measure import UtilityConfig, _agreement
from amber_id.audit.utility.one_number import (
    FEWEST_EVENTS,
    counted_parts,
    kept_sums,
    utility_difference,
    utility_number,
)
from amber_id.errors import EvaluationError
from amber_id.synthetic import SynthConfig, make_clip

CONFIG = UtilityConfig(replicates=200)
PEOPLE = ("a", "a", "b", "c")
ALL = ("face", "head", "smoothness", "blinks", "lip closures")


def agreement(
    *, concordance: float = 1, head: float = 1, jitter: float = 0.5, blinks: int = 10, found: int = 10
) -> Agreement:
    """A clip whose channels all agree alike; of its blinks some are found again, of its closures all."""
    C = len(CHANNELS)
    is_head = np.array([each.part == "head" and each.unit == "degrees" for each in CHANNELS])
    mask = np.arange(blinks) < found
    return Agreement(
        lag_s=0.0,
        seconds=4.0,
        correlation=np.full(C, 0.9),
        concordance=np.where(is_head, float(head), float(concordance)),
        amplitude=np.full(C, 0.6),
        jitter=np.full(C, jitter),
        error=np.full(C, 2.0),
        offset=np.full(C, 0.1),
        matches={
            "blinks": Matches(mask, mask[mask], np.zeros(found)),
            "lip closures": Matches(np.ones(10, bool), np.ones(10, bool), np.zeros(10)),
        },
    )


def test_the_number_by_hand() -> None:
    clips = [
        agreement(concordance=0.8, head=0.9, jitter=0.6, found=5),
        agreement(concordance=0.6, head=0.9, jitter=0.6, found=5),
        agreement(concordance=0.9, head=0.9, jitter=0.6, found=5),
        agreement(concordance=0.5, head=0.9, jitter=0.6, found=5),
    ]
    utility = utility_number(kept_sums(PEOPLE, clips), ALL, CONFIG)
    # Blinks: 20 of 40 found, no other: F1 = 2 * 20 / (40 + 20); closures: 1; their mean.
    events = (2 / 3 + 1) / 2
    assert utility.parts == pytest.approx(
        {"face": 0.7, "head": 0.9, "smoothness": 0.4 / 0.6, "events": events}
    )
    assert utility.number.value == pytest.approx((0.7 * 0.9 * (2 / 3) * events) ** 0.25)
    assert utility.number.low < utility.number.value < utility.number.high
    assert utility.recall == {"blinks": 0.5, "lip closures": 1}
    assert utility.f1["blinks"] == pytest.approx(2 / 3)
    assert utility.measured["correlation"].value == pytest.approx(0.9)
    assert utility.measured["amplitude"].value == pytest.approx(1.5)
    assert utility.measured["head error"].value == pytest.approx(2)
    assert utility.measured["resting face"].value == pytest.approx(0.1)


def test_nothing_changed_is_one_and_a_part_that_is_gone_is_zero() -> None:
    whole = utility_number(kept_sums(PEOPLE, [agreement()] * 4), ALL, CONFIG)
    assert (whole.number.value, whole.number.low, whole.number.high) == (1, 1, 1)
    gone = utility_number(kept_sums(PEOPLE, [agreement(concordance=-0.3)] * 4), ALL, CONFIG)
    assert gone.number.value == 0
    assert gone.parts["face"] == 0


@pytest.mark.parametrize(
    "harmed",
    [
        agreement(concordance=0.9),
        agreement(head=0.9),
        agreement(jitter=0.7),
        agreement(jitter=0.3),
        agreement(found=9),
    ],
)
def test_each_harm_alone_is_seen(harmed: Agreement) -> None:
    whole = kept_sums(PEOPLE, [agreement()] * 4)
    difference = utility_difference(whole, kept_sums(PEOPLE, [harmed] * 4), ALL, CONFIG)
    assert difference.value < -0.005
    assert difference.high < 0


def test_an_invented_event_is_harm() -> None:
    original, both = agreement(), np.ones(10, bool)
    invented = Matches(both, np.append(both, [False] * 10), np.zeros(10))
    more = replace(original, matches=original.matches | {"blinks": invented})
    utility = utility_number(kept_sums(PEOPLE, [more] * 4), ("blinks",), CONFIG)
    assert utility.recall["blinks"] == 1
    assert utility.number.value == pytest.approx(2 / 3)


def test_a_clip_in_which_nothing_moves_does_not_count() -> None:
    still = replace(agreement(), concordance=np.full(len(CHANNELS), np.nan))
    kept = kept_sums(PEOPLE, [still, agreement(concordance=0.5), agreement(), agreement()])
    assert kept.sums["face, of"] == (1, 1, 1)
    assert utility_number(kept, ("face",), CONFIG).number.value == pytest.approx(2.5 / 3)


def test_what_originals_show_too_seldom_does_not_count_and_says_so() -> None:
    few = [agreement(blinks=4, found=4)] * 4
    reasons = counted_parts(kept_sums(PEOPLE, few))
    assert reasons["blinks"] == (
        f"Blinks do not count: the originals show 16 of 3 people, needed {FEWEST_EVENTS} of 3."
    )
    assert [reasons[name] for name in ("face", "head", "smoothness", "lip closures")] == [""] * 4
    assert "0 of 0 people" in reasons["smiles"]
    assert counted_parts(kept_sums(PEOPLE, [agreement()] * 4))["blinks"] == ""


def test_other_people_are_no_pair() -> None:
    kept = kept_sums(PEOPLE, [agreement()] * 4)
    with pytest.raises(EvaluationError, match="same people"):
        utility_difference(kept, kept.model_copy(update={"subjects": ("a", "b", "d")}), ALL, CONFIG)


def test_every_simple_harm_lowers_the_number_of_real_clips() -> None:
    config = SynthConfig.model_validate({"people": 3, "clips": 2, "duration": "4", "seed": 2})
    clips = [make_clip(config, person, clip) for person in range(3) for clip in range(2)]
    undefended = [defended(clip, Plan(parsed_defences("redrawn"), 0)) for clip in clips]
    before = [FaceSignals.of(clip) for clip in undefended]

    def number(text: str) -> float:
        plan = Plan(parsed_defences(text), 0)
        after = [FaceSignals.of(defended(clip, plan)) for clip in clips]
        own = [_agreement(one, other, CONFIG, clip="") for one, other in zip(before, after, strict=True)]
        kept = kept_sums([clip.subject for clip in clips], own)
        return utility_number(kept, ("face", "head", "smoothness", "blinks"), CONFIG).number.value

    assert number("redrawn") == pytest.approx(1)
    assert number("damp:1") == 0
    for weak, strong in (("damp:0.2", "damp:0.5"), ("noise:0.1", "noise:0.5"), ("smooth:0.2", "smooth:0.6")):
        assert 1 > number(weak) > number(strong)
