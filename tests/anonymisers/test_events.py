"""Blinks, brow raises and nods: found, given a population's shape, left out and added."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.anonymisers import DEFENCES, synthetic_pool
from amber_id.anonymisers.channels import CHANNELS, HEAD, Signals
from amber_id.anonymisers.defence import Given
from amber_id.anonymisers.event_shape import KINDS, EventName, Events, events_of, find_events, mean_events
from amber_id.motion.events import blinks_in, brow_raises_in, nods_in

FPS = 30
# A rise that counts, half a length that counts, and the defences of shape and number.
USED: dict[EventName, tuple[float, float, str, str]] = {
    "blinks": (0.6, 0.1, "blink-shape", "blinks"),
    "brow raises": (0.3, 0.3, "brow-shape", "brow-raises"),
    "nods": (0.1, 0.2, "nod-shape", "nods"),
}
INSTANTS = (1.0, 3.5, 6.0)


def column(name: str) -> int:
    return CHANNELS.index(name)


def showing(name: EventName, instants: tuple[float, ...], *, right: float = 0.8) -> Signals:
    """A still face in 8 s, but for events of one kind, weaker on the right side of the face."""
    rise, half_s, _, _ = USED[name]
    times = np.arange(8 * FPS) / FPS
    values = np.full((len(times), 57), 0.1)
    for instant in instants:
        bump = (1 + np.cos(np.pi * np.clip(np.abs(times - instant) / half_s, 0, 1))) / 2
        for channel in KINDS[name].found_in:
            values[:, column(channel)] += rise * bump * (right if channel.endswith("Right") else 1.0)
        for channel in ("head down", "head size") if name == "nods" else ():
            values[:, column(channel)] += 0.5 * rise * bump
    return Signals(values, times)


def population(name: EventName, *, per_s: float, larger: float = 0.75, longer: float = 1.5) -> Given:
    """A population which shows events of another shape."""
    rise, half_s, _, _ = USED[name]
    style = synthetic_pool().population
    events = {**style.events, name: Events(per_s, larger * rise, longer * half_s)}
    return Given(np.random.default_rng(0), replace(style, events=events))


@pytest.mark.parametrize("name", USED)
def test_events_are_found_where_they_are(name: EventName) -> None:
    places = find_events(showing(name, INSTANTS, right=1.0), KINDS[name])
    np.testing.assert_allclose(places.frames / FPS, INSTANTS, atol=0.04)
    np.testing.assert_allclose(places.rise, USED[name][0], rtol=0.08)
    np.testing.assert_allclose(places.half_length_s, USED[name][1], atol=0.03)
    others = {other: events.per_s for other, events in events_of(showing(name, INSTANTS)).items()}
    length_s = 8 - 1 / FPS
    assert others == pytest.approx({other: 3 / length_s if other == name else 0.0 for other in KINDS})


@pytest.mark.parametrize(
    ("find", "rise", "longest_s"), [(blinks_in, 0.3, 0.4), (brow_raises_in, 0.15, 1.0), (nods_in, 0.05, 0.6)]
)
def test_what_is_small_or_slow_is_no_event(find, rise: float, longest_s: float) -> None:
    times = np.arange(8 * FPS) / FPS

    def frames(size: float, half_s: float) -> list[int]:
        # A triangle is above half its height for as long as it rises.
        return find(size * np.clip(1 - np.abs(times - 4) / half_s, 0, None), float(FPS))[0].tolist()

    assert frames(1.05 * rise, 0.8 * longest_s) == [4 * FPS]
    assert frames(0.95 * rise, 0.8 * longest_s) == []
    assert frames(1.05 * rise, 1.2 * longest_s) == []


@pytest.mark.parametrize("name", USED)
def test_events_take_the_shape_of_the_population_at_their_own_times(name: EventName) -> None:
    rise, half_s, shape, _ = USED[name]
    before = showing(name, INSTANTS)
    after = DEFENCES[shape].apply(before, 1.0, population(name, per_s=0.5))
    places = find_events(after, KINDS[name])
    np.testing.assert_allclose(places.frames / FPS, INSTANTS, atol=0.04)
    np.testing.assert_allclose(places.rise, 0.75 * rise, rtol=0.05)
    np.testing.assert_allclose(places.half_length_s, 1.5 * half_s, atol=0.02)
    for left in (channel for channel in KINDS[name].moves if channel.endswith("Left")):
        right = left.removesuffix("Left") + "Right"  # both sides alike
        np.testing.assert_allclose(after.values[:, column(left)], after.values[:, column(right)], atol=1e-9)
    for channel, share in KINDS[name].moves.items():  # and what goes along says nothing more
        moved = after.values[:, column(channel)] - 0.1
        assert moved.max() == pytest.approx(0.75 * rise * share, rel=0.02)
    far = np.abs(before.times[:, None] - INSTANTS).min(axis=1) > 2 * half_s
    np.testing.assert_array_equal(after.values[far], before.values[far])


@pytest.mark.parametrize("name", USED)
@pytest.mark.parametrize("per_s", [0.0, 2.0])
def test_events_are_left_out_and_added(name: EventName, per_s: float) -> None:
    _, half_s, _, count = USED[name]
    before, given = showing(name, INSTANTS), population(name, per_s=per_s, longer=1.0)
    wanted = np.random.default_rng(0).poisson(per_s * before.times[-1])
    after = DEFENCES[count].apply(before, 1.0, given)
    places = find_events(after, KINDS[name])
    if per_s == 0:
        assert len(places.frames) == wanted == 0
        np.testing.assert_allclose(after.values, 0.1, atol=1e-9)  # straight lines, as between events
    else:
        assert 4 < len(places.frames) <= wanted  # as many as have room
        assert np.diff(places.frames).min() / FPS > 3.7 * half_s
        assert np.median(places.rise) == pytest.approx(0.75 * USED[name][0], rel=0.05)


@pytest.mark.parametrize("name", USED)
def test_half_the_strength_leaves_out_half_of_what_is_too_much(name: EventName) -> None:
    instants = (1.0, 2.4, 3.8, 5.2, 6.6)
    given = population(name, per_s=0.0, larger=1.0, longer=1.0)
    after = DEFENCES[USED[name][3]].apply(showing(name, instants, right=1.0), 0.4, given)
    assert len(find_events(after, KINDS[name]).frames) == 3  # 2 of 5 are gone


def test_a_nod_takes_the_place_of_the_head_along() -> None:
    """The head's place in the picture would otherwise still show how far it nodded."""
    before = showing("nods", INSTANTS)
    given = population("nods", per_s=0.5)
    after = DEFENCES["nod-shape"].apply(before, 1.0, given).values[:, HEAD] - 0.1
    pitch, down, size = (
        after[:, column(name) - HEAD.start] for name in ("head pitch", "head down", "head size")
    )
    np.testing.assert_allclose(down, 0.6 * pitch, atol=1e-9)
    np.testing.assert_allclose(size, 0.05 * pitch, atol=1e-9)


def test_a_clip_full_of_events_keeps_none_of_them() -> None:
    before = showing("nods", tuple(np.arange(0.15, 8, 0.45)))
    given = population("nods", per_s=0.0)
    after = DEFENCES["nods"].apply(before, 1.0, given).values
    pitch = after[:, column("head pitch")]
    assert pitch.std() < 0.1 * before.values[:, column("head pitch")].std()


def test_a_population_has_the_mean_events_and_shapes_of_those_who_show_them() -> None:
    one = {**events_of(showing("nods", ())), "nods": Events(0.5, 0.1, 0.2)}
    other = {**one, "nods": Events(0.25, 0.2, 0.4)}
    never = {**one, "nods": KINDS["nods"].usual}
    mean = mean_events([one, other, never])["nods"]
    assert (mean.per_s, mean.rise, mean.half_length_s) == pytest.approx((0.25, 0.15, 0.3))
    assert mean_events([never])["nods"] == KINDS["nods"].usual
