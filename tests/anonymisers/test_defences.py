"""The catalogue of defences: what every row keeps to, and what each does."""

from dataclasses import replace

import numpy as np
import pytest

from amber_id.anonymisers import DEFENCES, LiveDefence, Plan, Pool, defended, parsed_defences
from amber_id.anonymisers.channels import CHANNELS, FACE, HEAD, UNITS, Signals, signals_of
from amber_id.anonymisers.defence import Given
from amber_id.anonymisers.event_shape import KINDS, find_events
from amber_id.anonymisers.lips import opening_of
from amber_id.anonymisers.restyling import RunningStyle, gain, optimal_map, spread_as
from amber_id.anonymisers.styles import LEVELS, Style, mean_style, style_of
from amber_id.errors import ClipError, UsageError
from amber_id.recordings import Recording
from amber_id.recordings.signals import matched
from amber_id.synthetic import SynthConfig, make_clip
from fixtures.learned_defence import untrained_model

CONFIG = SynthConfig.model_validate({"people": 5, "clips": 2, "duration": "4", "lost": "0.05", "seed": 3})
CAUSAL = [name for name, defence in DEFENCES.items() if defence.causal]
MODEL = untrained_model()
LEVELS_OF_STRENGTH = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.fixture(scope="module")
def clips() -> list[Recording]:
    return [make_clip(CONFIG, person, clip) for person in range(5) for clip in range(2)]


@pytest.fixture(scope="module")
def signals(clips: list[Recording]) -> list[Signals]:
    return [signals_of(clip) for clip in clips]


@pytest.fixture(scope="module")
def pool(clips: list[Recording]) -> Pool:
    """Everybody but the first person."""
    names = sorted({clip.subject for clip in clips[2:]})
    styles = {
        name: mean_style([style_of(signals_of(clip)) for clip in clips if clip.subject == name])
        for name in names
    }
    return Pool("people of a test", tuple(styles.items()))


def changed(text: str, recording: Recording, pool: Pool, seed: int = 7) -> Recording:
    return defended(recording, Plan(parsed_defences(text), seed, pool, MODEL))


def applied(name: str, strength: float, recording: Recording, signals: Signals, pool: Pool) -> np.ndarray:
    plan = Plan(parsed_defences(name), 7, pool, MODEL)
    (whose,) = plan.chosen_for(recording.clip, recording.subject)
    given = plan.given_to(0, recording.clip, recording.subject, whose and whose.style)
    return DEFENCES[name].apply(signals, strength, given).values


@pytest.mark.parametrize("name", DEFENCES)
def test_strength_0_changes_no_bit(name: str, clips: list[Recording], pool: Pool) -> None:
    assert changed(f"{name}:0", clips[0], pool) is clips[0]


@pytest.mark.parametrize("name", DEFENCES)
def test_what_is_no_motion_stays(name: str, clips: list[Recording], pool: Pool) -> None:
    before = clips[0].landmarks.copy(), clips[0].blendshapes.copy()
    after = changed(name, clips[0], pool)
    np.testing.assert_array_equal(clips[0].landmarks, before[0])
    np.testing.assert_array_equal(clips[0].blendshapes, before[1])
    np.testing.assert_array_equal(after.tracked, clips[0].tracked)
    np.testing.assert_array_equal(after.timestamps, clips[0].timestamps)
    assert (after.clip, after.subject, after.defence) == (clips[0].clip, clips[0].subject, f"{name}:1")


@pytest.mark.parametrize("name", [name for name in DEFENCES if name != "redrawn"])
def test_more_strength_changes_more(
    name: str, clips: list[Recording], signals: list[Signals], pool: Pool
) -> None:
    distances = [
        np.mean([
            (np.abs(applied(name, strength, *each, pool) - each[1].values) / UNITS).mean()
            for each in zip(clips, signals, strict=True)
        ])
        for strength in LEVELS_OF_STRENGTH
    ]  # fmt: skip
    assert distances[0] == 0
    assert (np.diff(distances) >= 0).all(), distances
    assert distances[-1] > 1.5 * distances[1], distances


@pytest.mark.parametrize("name", DEFENCES)
def test_only_the_stated_channels_change(
    name: str, clips: list[Recording], signals: list[Signals], pool: Pool
) -> None:
    changes = DEFENCES[name].changes
    away = np.max(
        [
            np.abs(applied(name, 1.0, *each, pool) - each[1].values).max(axis=0)
            for each in zip(clips, signals, strict=True)
        ],
        axis=0,
    )
    assert (away[HEAD].max() > 1e-4) == ("head" in changes)
    assert (away[FACE].max() > 1e-4) == (changes not in {"nothing", "head"})
    if beginning := {"eyes": "eye", "brows": "brow", "head": "head"}.get(changes):
        others = np.array([not each.startswith(beginning) for each in CHANNELS])
        assert away[others].max() == 0


@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_defence_knows_no_later_frame(name: str, clips: list[Recording], pool: Pool) -> None:
    clip, half = clips[0], 60
    assert clip.tracked[:half].any()
    later = replace(clip, blendshapes=clip.blendshapes.copy())
    later.blendshapes[half:] = np.where(clip.tracked[half:, None], 0.5, np.nan)
    one, other = (changed(name, each, pool) for each in (clip, later))
    np.testing.assert_array_equal(one.blendshapes[:half], other.blendshapes[:half])
    assert np.nanmax(np.abs(one.blendshapes[half:] - other.blendshapes[half:])) > 0


@pytest.mark.parametrize("name", [name for name in DEFENCES if name not in CAUSAL])
def test_what_needs_the_whole_clip_is_no_live_defence(name: str, pool: Pool) -> None:
    with pytest.raises(UsageError, match=f"^{name} needs the whole clip; take one .* population-live$"):
        LiveDefence(Plan(parsed_defences(name), 0, pool))


@pytest.mark.parametrize("name", CAUSAL)
def test_a_live_pipeline_and_a_file_agree(name: str, clips: list[Recording], pool: Pool) -> None:
    clip = clips[0]
    plan = Plan(parsed_defences(f"{name}:0.7"), 7, pool, MODEL)
    live = LiveDefence(plan, clip=clip.clip, subject=clip.subject)
    signals = signals_of(clip)
    if name == "noise":  # of the head's place, too, which a live pipeline does not have
        signals = Signals(signals.values * np.where(np.arange(57) < 54, 1, 0), signals.times)
    frames = [
        live.step(values[FACE], values[HEAD][:3], float(time))
        for values, time in zip(signals.values, signals.times, strict=True)
    ]
    file = defended(clip, plan)
    np.testing.assert_allclose(
        np.stack([coefficients for coefficients, _ in frames]), file.blendshapes[file.tracked, 1:], atol=1e-6
    )
    np.testing.assert_allclose(
        np.stack([turn for _, turn in frames]), signals_of(file).values[:, HEAD][:, :3], atol=0.05
    )


def test_a_live_pipeline_refuses_what_is_no_frame(pool: Pool) -> None:
    live = LiveDefence(Plan(parsed_defences("low-pass"), 0, pool))
    live.step(np.zeros(51), np.zeros(3), 1.0)
    with pytest.raises(ValueError, match="a later time"):
        live.step(np.zeros(51), np.zeros(3), 0.5)
    with pytest.raises(ValueError, match="finite"):
        live.step(np.full(51, np.nan), np.zeros(3), 2.0)


def test_noise_is_a_tenth_and_new_in_every_frame() -> None:
    step = DEFENCES["noise"].live(0.5, Given(np.random.default_rng(0)))
    frames = np.stack([step(np.zeros(57), 0.04) for _ in range(4000)])
    np.testing.assert_allclose(frames.std(axis=0), 0.05 * UNITS, rtol=0.06)
    assert np.abs(np.corrcoef(frames[1:, 0], frames[:-1, 0])[0, 1]) < 0.05


def test_p_blend_is_one_laplace_offset_per_clip_or_person(clips: list[Recording], pool: Pool) -> None:
    def offsets(name: str, clip: Recording) -> np.ndarray:
        raw = signals_of(clip).values
        away = signals_of(changed(name, clip, pool)).values - raw
        inside = (raw + away > 1e-6) & (raw + away < 1 - 1e-6)
        medians = np.array([np.median(away[inside[:, c], c]) if inside[:, c].any() else 0 for c in range(51)])
        for c in range(51):  # every frame that is not cut off has the same
            np.testing.assert_allclose(away[inside[:, c], c], medians[c], atol=1e-6)
        return medians

    one, other, stranger = clips[0], clips[1], clips[2]
    assert np.abs(offsets("p-blend", one) - offsets("p-blend", other)).max() > 0.01
    mine, again, theirs = (offsets("p-blend-person", each) for each in (one, other, stranger))
    agree = (mine != 0) & (again != 0)
    np.testing.assert_allclose(mine[agree], again[agree], atol=1e-6)
    assert np.abs(mine - theirs).max() > 0.01
    draws = np.concatenate(
        [
            DEFENCES["p-blend"].live(1.0, Given(np.random.default_rng(i)))(np.zeros(57), 0.0)
            for i in range(400)
        ]
    ).reshape(400, 57)[:, FACE]
    assert np.abs(draws).mean() == pytest.approx(0.05, rel=0.05)  # of Laplace, the mean size is the scale
    assert np.abs(draws).std() == pytest.approx(0.05, rel=0.05)


def test_quantised_values_are_whole_steps() -> None:
    step = DEFENCES["quantise"].live(0.4, Given(np.random.default_rng(0)))
    frame = np.random.default_rng(1).uniform(0, 1, 57)
    steps = step(frame, 0.04) / (0.1 * UNITS)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    assert np.abs(step(frame, 0.04) - frame).max() <= 0.05 * UNITS.max() + 1e-9


def test_a_low_pass_is_late_by_one_frame_at_most() -> None:
    step = DEFENCES["low-pass"].live(1.0, Given(np.random.default_rng(0)))
    ramp = np.arange(60.0)[:, None] * np.ones(57)
    shown = np.stack([step(frame, 0.04) for frame in ramp])
    assert shown[-1, 0] == pytest.approx(58.0, abs=1e-6)
    assert DEFENCES["low-pass"].delay_frames == 1
    step = DEFENCES["low-pass"].live(0.5, Given(np.random.default_rng(0)))
    y, expected = None, []
    values = np.random.default_rng(0).normal(size=20)
    for x in values:  # a plain loop
        y = x if y is None else 0.25 * y + 0.75 * x
        expected.append(y)
    np.testing.assert_allclose([step(np.full(57, x), 0.04)[0] for x in values], expected)
    assert step(np.full(57, 9.0), 0.5)[0] == 9.0  # a face that was lost begins anew


def test_smoothing_takes_what_is_quick_and_leaves_what_is_slow() -> None:
    times = np.arange(300) / 30
    swing = np.stack([np.sin(2 * np.pi * hertz * times) for hertz in (0.2, 4.0)], axis=1)
    signals = Signals(np.tile(swing, 29)[:, :57], times)
    after = DEFENCES["smooth"].apply(signals, 1.0, Given(np.random.default_rng(0))).values
    middle = slice(60, 240)
    # The first column is a coefficient, which is cut off below 0; the head's are not.
    assert after[middle, 54].std() == pytest.approx(swing[middle, 0].std(), rel=0.05)
    assert after[middle, 55].std() < 0.02


def test_damping_shrinks_about_the_mean(clips: list[Recording]) -> None:
    signals = signals_of(clips[0])
    after = DEFENCES["damp"].apply(signals, 0.75, Given(np.random.default_rng(0))).values
    np.testing.assert_allclose(after.mean(axis=0), signals.values.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(after.std(axis=0), 0.25 * signals.values.std(axis=0), atol=1e-12)


def test_a_distorted_time_keeps_order_ends_and_its_limits() -> None:
    times = np.arange(0, 8, 1 / 30)
    ramp = Signals(np.repeat(times[:, None], 57, axis=1), times)
    for seed in range(20):
        given = Given(np.random.default_rng(seed))
        at = DEFENCES["warp"].whole(ramp, 1.0, given)[:, 0]  # whose value is its own time
        pace = np.diff(at) / np.diff(times)
        assert at[[0, -1]] == pytest.approx(times[[0, -1]], abs=1e-6)
        assert 0.49 < pace.min() < pace.max() < 1.51
        assert np.abs(at - times).max() <= 0.25 + 1e-6
        assert max(np.abs(pace - 1).max() / 0.5, np.abs(at - times).max() / 0.25) > 0.9


def test_a_population_style_has_its_means_and_spreads(clips: list[Recording], pool: Pool) -> None:
    target = pool.population
    for clip in clips[:3]:
        signals = signals_of(clip)
        after = spread_as(signals, target)
        np.testing.assert_allclose(after.mean(axis=0), target.mean, atol=1e-9)
        limited = target.spread > 4 * signals.values.std(axis=0)
        np.testing.assert_allclose(after.std(axis=0)[~limited], target.spread[~limited], rtol=1e-6)
        own = signals.values.std(axis=0)
        np.testing.assert_allclose(after.std(axis=0)[limited], 4 * own[limited], rtol=1e-6)


def test_gain_is_a_ratio_up_to_a_limit() -> None:
    spread, target = np.array([0.1, 0.2, 0.01, 0.0]), np.array([0.2, 0.1, 0.2, 0.1])
    np.testing.assert_allclose(gain(spread, target), [2, 0.5, 4, 4])


def test_rest_moves_means_alone(clips: list[Recording], pool: Pool) -> None:
    signals = signals_of(clips[0])
    plan = Plan(parsed_defences("rest"), 0, pool)
    (whose,) = plan.chosen_for("x", "y")
    after = DEFENCES["rest"].whole(signals, 1.0, Given(np.random.default_rng(0), whose.style))
    np.testing.assert_allclose(after.mean(axis=0), pool.population.mean, atol=1e-9)
    np.testing.assert_allclose(np.diff(after, axis=0), np.diff(signals.values, axis=0), atol=1e-9)


def test_the_optimal_map_carries_one_covariance_into_the_other() -> None:
    rng = np.random.default_rng(0)
    own, target = (np.cov(rng.normal(size=(4, 30))) for _ in range(2))
    mapping = optimal_map(own, target)
    np.testing.assert_allclose(mapping @ own @ mapping, target, atol=1e-9)
    np.testing.assert_allclose(mapping, mapping.T, atol=1e-9)
    np.testing.assert_allclose(optimal_map(own, own), np.eye(4), atol=1e-9)


def test_covariance_brings_correlations_nearer_at_equal_spread(clips: list[Recording], pool: Pool) -> None:
    target = pool.people[0][1]
    given = Given(np.random.default_rng(0), target)
    moves = target.spread > 0.02

    def away(name: str) -> float:
        signals = signals_of(clips[0])
        after = style_of(Signals(DEFENCES[name].whole(signals, 1.0, given), signals.times))
        return float(np.abs(after.correlation - target.correlation)[np.ix_(moves, moves)].mean())

    assert away("population-covariance") < 0.6 * away("population")


def test_distribution_gives_every_channel_its_quantiles(clips: list[Recording], pool: Pool) -> None:
    signals, target = signals_of(clips[0]), pool.population
    given = Given(np.random.default_rng(0), target)
    after = DEFENCES["population-distribution"].whole(signals, 1.0, given)
    # Equal values stay equal, so that a channel that often rests at 0 has other quantiles.
    differ = np.array([len(np.unique(column)) == len(column) for column in signals.values.T])
    usual = np.flatnonzero((target.spread <= 4 * signals.values.std(axis=0)) & differ)
    assert len(usual) > 20
    levels = np.quantile(after, LEVELS, axis=0)
    np.testing.assert_allclose(levels[:, usual], target.quantiles[:, usual], atol=0.02)
    for channel in usual:  # what was more before is not less now
        order = np.argsort(signals.values[:, channel], kind="stable")
        assert (np.diff(after[order, channel]) >= -1e-12).all()


def test_a_running_style_reaches_its_target() -> None:
    rng = np.random.default_rng(0)
    frames = 0.3 + 0.02 * rng.normal(size=(1200, 57))
    still = np.zeros(57)
    target = Style(still + 0.5, still + 0.04, np.eye(57), np.zeros((len(LEVELS), 57)), {})
    running = RunningStyle(target, strength=1.0)
    shown = np.stack([running.step(frame, 1 / 30) for frame in frames])
    np.testing.assert_allclose(shown[0], 0.5)  # from the first frame on
    np.testing.assert_allclose(shown[600:].mean(axis=0), 0.5, atol=0.01)
    np.testing.assert_allclose(shown[600:].std(axis=0), 0.04, rtol=0.15)


def test_donors_are_others_and_go_with_clips_or_people(clips: list[Recording], pool: Pool) -> None:
    def donors(name: str) -> dict[str, list[str]]:
        plan = Plan(parsed_defences(name), 1, pool)
        return {
            subject: [
                whose.name
                for clip in range(30)
                for whose in plan.chosen_for(f"{subject}/{clip}", subject)
                if whose
            ]
            for subject in ("id002", "id003", "nobody of the pool")
        }

    by_clip, by_person = donors("donor-clip"), donors("donor-person")
    names = {name for name, _ in pool.people}
    for subject, drawn in by_clip.items():
        assert set(drawn) == names - {subject}
    assert all(len(set(drawn)) == 1 for drawn in by_person.values())
    assert "id002" not in by_person["id002"]
    with pytest.raises(ClipError, match="holds nobody but its own person"):
        Plan(parsed_defences("donor-clip"), 1, Pool("one", pool.people[:1])).chosen_for("x", "id002")


def test_a_chain_is_its_parts_in_order(clips: list[Recording], pool: Pool) -> None:
    both = changed("damp:0.5+quantise:1", clips[0], pool)
    assert both.defence == "damp:0.5+quantise:1"
    values = both.blendshapes[both.tracked, 1:] / 0.25
    np.testing.assert_allclose(values, np.round(values), atol=1e-5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("popluation", "no defence is called 'popluation'; do you mean population?"),
        ("xyz", "no defence is called 'xyz'; `amber defend --list` names them"),
        ("noise:2", r"--with noise: expected a strength from 0 \(nothing changes\) to 1, got '2'"),
        ("noise:-0.1", "got '-0.1'"),
        ("noise:nan", "got 'nan'"),
        ("noise:much", "got 'much'"),
        ("noise+", "no defence is called ''"),
    ],
)
def test_what_is_no_defence_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parsed_defences(text)


def test_donors_of_the_users_own_must_be_named() -> None:
    with pytest.raises(UsageError, match="people of --donors: name a folder of recordings, or take"):
        Plan(parsed_defences("donor-person"), 0)
    with pytest.raises(ValueError, match=r"expected a strength from 0 to 1, got 1\.5"):
        DEFENCES["damp"].apply(
            Signals(np.zeros((2, 57)), np.arange(2.0)), 1.5, Given(np.random.default_rng())
        )


def test_whole_keeps_every_blink_and_is_the_distribution_elsewhere(pool: Pool) -> None:
    config = CONFIG.model_copy(update={"people": 12, "seed": 4})
    blinks, kept, number, kept_before = KINDS["blinks"], 0, 0, 0
    aways: list[float] = []
    target = pool.population
    given = Given(np.random.default_rng(0), target)
    for person in range(config.people):
        signals = signals_of(make_clip(config, person, 0))
        whole, alone = (
            Signals(DEFENCES[name].whole(signals, 1.0, given), signals.times)
            for name in ("population-whole", "population-distribution")
        )
        places = find_events(signals, blinks)
        own, shown, before = (
            each.times[find_events(each, blinks).frames] for each in (signals, whole, alone)
        )
        number += len(own)
        kept += int(matched(own, shown, tolerance_s=0.1)[0].sum())
        kept_before += int(matched(own, before, tolerance_s=0.1)[0].sum())
        near = (np.abs(signals.times[:, None] - own) <= 1.6 * places.half_length_s + 1e-9).any(axis=1)
        free = ~near & (opening_of(signals.values) >= 0.06)
        np.testing.assert_array_equal(whole.values[:, HEAD], alone.values[:, HEAD])
        away = np.abs(whole.values - np.clip(alone.values, 0, 1))
        away[:, [CHANNELS.index(f"mouthSmile{side}") for side in ("Left", "Right")]] = 0
        aways += away[free][:, FACE].max(axis=1).tolist()
    assert number > 20
    assert kept / number > 0.95
    assert kept > kept_before
    assert np.median(aways) < 1e-9  # not all: a population's blink may be longer than what it stands for
