"""Utility: what is planted is measured, what cannot be says so, and chance is told from agreement."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation

from amber_id.anonymisers.changes import damping, noise
from amber_id.audit.utility.expression import CHANNELS, FaceSignals, find_events
from amber_id.audit.utility.measure import UtilityConfig, _agreement, measure_utility, somebody_else
from amber_id.errors import ClipError, EvaluationError
from amber_id.face_mesh import BLENDSHAPE_NAMES, mean_face
from amber_id.recordings import Recording, RecordingSet, save_recording
from amber_id.recordings.signals import matched
from amber_id.results.utility import ChannelResult, UtilityResult
from amber_id.synthetic import SynthConfig, generate

QUICK = UtilityConfig(replicates=100)
COLUMN = {channel.name: column for column, channel in enumerate(CHANNELS)}
PEOPLE, CLIPS = 5, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Originals and avatars of five synthetic people; to be read only."""
    out = tmp_path_factory.mktemp("utility")
    generate(SynthConfig(people=PEOPLE, clips=CLIPS), out, workers=1)
    return out


@pytest.fixture(scope="module")
def original(folder: Path) -> RecordingSet:
    return RecordingSet.open(folder / "original")


def changed(
    recordings: RecordingSet, out: Path, change: Callable[[Recording], Recording], *, only: str = ""
) -> RecordingSet:
    """The recordings after a change of all clips, or of those whose id begins like this."""
    for entry in recordings.entries:
        recording = recordings.load(entry)
        made = change(recording) if entry.clip.startswith(only) else recording
        save_recording(made, out / f"{entry.clip}.safetensors")
    return RecordingSet.open(out)


def channel(result: UtilityResult, name: str) -> ChannelResult:
    return result.channels[COLUMN[name]]


def lost(recording: Recording, frames: slice) -> Recording:
    """The same without a face in these frames."""
    landmarks, blendshapes, tracked = (
        recording.landmarks.copy(),
        recording.blendshapes.copy(),
        recording.tracked.copy(),
    )
    landmarks[frames], blendshapes[frames], tracked[frames] = np.nan, np.nan, False
    return replace(recording, landmarks=landmarks, blendshapes=blendshapes, tracked=tracked, pose=None)


def test_identical_recordings_agree_in_everything(original: RecordingSet) -> None:
    result = measure_utility(original, original, QUICK)
    assert result.expression.value == result.coefficients.value == pytest.approx(1)
    assert result.expression.chance < 0.3
    assert result.concordance.value == result.coefficients_concordance.value == pytest.approx(1)
    assert result.concordance.chance < result.expression.chance  # others move less or more as well
    assert result.amplitude.value == result.jitter.value == pytest.approx(1)
    assert result.follows.value == 1
    assert result.lag.median_s == 0
    assert result.lag.at_limit == 0
    measured = [each for each in result.channels if each.not_measured is None]
    assert len(measured) > 25
    for each in measured:
        assert each.correlation.value == pytest.approx(1)
        assert each.amplitude.value == pytest.approx(1)
        assert each.error.value == each.offset.value == 0
    blinks, _, closures = result.events
    for each in (blinks, closures):
        assert each.original == each.anonymised == each.matched > 10
        assert each.timing_s.value == 0
    assert blinks.precision.value == blinks.recall.value == blinks.f1.value == 1
    assert result.failures == ()
    assert result.counts.measured_clips == result.counts.clips == PEOPLE * CLIPS
    assert result.counts.subjects == PEOPLE
    assert result.counts.seconds == pytest.approx(PEOPLE * CLIPS * 4, rel=0.02)


def test_avatars_keep_what_the_channel_lets_through(folder: Path, original: RecordingSet) -> None:
    result = measure_utility(original, RecordingSet.open(folder / "avatar"), QUICK)
    # What synthetic/channel.py plants, less the tracker's jitter on both sides.
    for name, planted in (
        ("eyeBlinkLeft", 0.95),
        ("browInnerUp", 0.90),
        ("jawOpen", 0.92),
        ("head yaw", 0.97),
    ):
        assert planted - 0.12 < channel(result, name).correlation.value < planted + 0.02
    for name, planted in (("eyeLookDownLeft", 0.5), ("mouthPucker", 0.62)):
        assert planted - 0.15 < channel(result, name).correlation.value < planted + 0.15
    assert result.parts["eyes"].value > result.parts["eyebrows"].value
    assert result.events[0].f1.value > 0.9 > result.events[0].f1.chance + 0.4
    assert result.follows.value == 1


def test_results_say_nothing_of_what_never_moves(original: RecordingSet) -> None:
    puffed = channel(measure_utility(original, original, QUICK), "cheekPuff")
    assert puffed.correlation is puffed.error is puffed.amplitude is puffed.offset is None
    assert puffed.clips == puffed.subjects == 0
    assert puffed.not_measured == "the original moves enough in 0 clips of 0 people; 3 people are needed"


def test_results_survive_their_file_and_come_again(folder: Path, original: RecordingSet) -> None:
    avatar = RecordingSet.open(folder / "avatar")
    result = measure_utility(original, avatar, QUICK)
    assert UtilityResult.model_validate_json(result.model_dump_json()) == result
    assert measure_utility(original, avatar, QUICK) == result


@pytest.mark.parametrize("frames", [-3, 3, 5])
def test_a_delay_is_found_as_the_lag(original: RecordingSet, tmp_path: Path, frames: int) -> None:
    def delayed(recording: Recording) -> Recording:
        rows = np.clip(np.arange(len(recording.timestamps)) - frames, 0, len(recording.timestamps) - 1)
        return replace(
            recording, landmarks=recording.landmarks[rows], blendshapes=recording.blendshapes[rows]
        )

    result = measure_utility(original, changed(original, tmp_path, delayed), QUICK)
    assert result.lag.median_s == pytest.approx(frames / 30, abs=0.011)
    assert result.lag.clips == PEOPLE * CLIPS
    assert result.expression.value > 0.97
    assert result.events[0].f1.value > 0.95


def test_a_longer_delay_than_was_tried_is_told(original: RecordingSet, tmp_path: Path) -> None:
    def delayed(recording: Recording) -> Recording:
        rows = np.clip(np.arange(len(recording.timestamps)) - 7, 0, None)  # 0.233 s
        return replace(
            recording, landmarks=recording.landmarks[rows], blendshapes=recording.blendshapes[rows]
        )

    result = measure_utility(original, changed(original, tmp_path, delayed), QUICK)
    assert result.lag.at_limit > 0.7 * PEOPLE * CLIPS


def test_a_lag_longer_than_the_clip_may_be_asked_for(original: RecordingSet) -> None:
    result = measure_utility(original, original, UtilityConfig(replicates=100, longest_lag_s=9))
    assert result.lag.median_s == result.lag.at_limit == 0


def test_other_people_agree_by_chance_only(original: RecordingSet, tmp_path: Path) -> None:
    names = [entry.clip for entry in original.entries]

    def somebody_elses(recording: Recording) -> Recording:
        other = original.entries[(names.index(recording.clip) + 2 * CLIPS) % len(names)]
        return replace(original.load(other), clip=recording.clip, subject=recording.subject)

    result = measure_utility(original, changed(original, tmp_path, somebody_elses), QUICK)
    assert abs(result.expression.value) < 0.2
    assert result.expression.low < result.expression.chance < result.expression.high
    assert result.follows.low < 0.5 < result.follows.high
    assert result.events[0].f1.value < 0.5


def test_halved_coefficients_correlate_and_err_by_half(original: RecordingSet, tmp_path: Path) -> None:
    def halved(recording: Recording) -> Recording:
        mean = recording.blendshapes.mean(axis=0)
        shapes = mean + (recording.blendshapes - mean) / 2 + np.float32(0.01)
        return replace(recording, blendshapes=shapes.astype(np.float32))

    result = measure_utility(original, changed(original, tmp_path, halved), QUICK)
    jaw = channel(result, "jawOpen")
    index = BLENDSHAPE_NAMES.index("jawOpen")
    errors = []
    for entry in original.entries:
        signal = original.load(entry).blendshapes[:, index].astype(float)
        if signal.std() >= QUICK.least_coefficient:
            errors.append(np.abs(signal - signal.mean()).mean() / 2)
    assert jaw.correlation.value > 0.9999
    assert jaw.amplitude.value == pytest.approx(0.5, abs=1e-3)
    assert jaw.error.value == pytest.approx(np.mean(errors), rel=0.05)
    assert jaw.offset.value == pytest.approx(0.01, abs=1e-3)
    assert channel(result, "mouth opening").error.value == 0
    # Lin's coefficient of x and x / 2 is 2 (1/2) / (1 + 1/4); correlation does not see the difference.
    assert result.coefficients.value == pytest.approx(1)
    assert result.coefficients_concordance.value == pytest.approx(0.8, abs=1e-4)
    assert result.concordance.value == pytest.approx(1)


def test_concordance_is_lins_coefficient_of_movements_about_their_means(original: RecordingSet) -> None:
    def other(recording: Recording) -> Recording:
        swing = 0.1 * np.sin(2 * np.pi * recording.timestamps)[:, None]
        shapes = np.clip(1.6 * recording.blendshapes + swing, 0, 1)
        return replace(recording, blendshapes=shapes.astype(np.float32))

    entry = original.entries[0]
    jaw = BLENDSHAPE_NAMES.index("jawOpen")
    one, two = original.load(entry), other(original.load(entry))
    agreement = _agreement(FaceSignals.of(one), FaceSignals.of(two), UtilityConfig(rate_hz=30), clip="")
    x, y = (each.blendshapes[:, jaw].astype(float) - each.blendshapes[:, jaw].mean() for each in (one, two))
    lin = 2 * (x * y).mean() / ((x**2).mean() + (y**2).mean())
    assert agreement.lag_s == 0
    assert agreement.concordance[COLUMN["jawOpen"]] == pytest.approx(lin, abs=0.01)  # the grid ends earlier
    assert agreement.concordance[COLUMN["jawOpen"]] < agreement.correlation[COLUMN["jawOpen"]] - 0.04


def test_noise_of_a_frame_is_jitter(original: RecordingSet, tmp_path: Path) -> None:
    noisy = changed(
        original, tmp_path, lambda recording: noise(recording, share=0.01, rng=np.random.default_rng(0))
    )
    result = measure_utility(original, noisy, QUICK)
    assert result.jitter.value > 2
    assert result.jitter.value > 1.5 * result.amplitude.value


def test_a_damped_head_errs_by_degrees(original: RecordingSet, tmp_path: Path) -> None:
    damped = changed(original, tmp_path, lambda recording: damping(recording, factor=0.25))
    yaw = channel(measure_utility(original, damped, QUICK), "head yaw")
    errors = []
    for entry in original.entries:
        signal = FaceSignals.of(original.load(entry)).values[:, COLUMN["head yaw"]]
        if signal.std() >= QUICK.least_degrees:
            errors.append(0.75 * np.abs(signal - signal.mean()).mean())
    assert yaw.clips == len(errors)
    assert yaw.correlation.value > 0.999
    assert yaw.amplitude.value == pytest.approx(0.25, abs=0.01)
    assert yaw.error.value == pytest.approx(np.mean(errors), rel=0.03)
    assert yaw.error.low < yaw.error.value < yaw.error.high
    assert yaw.error.value > 1  # degree


def test_a_face_that_stands_still_counts_as_zero(original: RecordingSet, tmp_path: Path) -> None:
    def frozen(recording: Recording) -> Recording:
        first = np.zeros(len(recording.timestamps), dtype=int)
        return replace(
            recording, landmarks=recording.landmarks[first], blendshapes=recording.blendshapes[first]
        )

    result = measure_utility(original, changed(original, tmp_path, frozen), QUICK)
    assert result.expression.value == result.coefficients.value == 0
    assert channel(result, "head yaw").amplitude.value < 1e-4
    blinks = result.events[0]
    assert blinks.anonymised == blinks.matched == 0
    assert blinks.recall.value == 0
    assert blinks.precision is None
    assert blinks.not_measured.startswith("the anonymised videos have 0 events of 0 people")


def test_without_blendshapes_landmarks_are_left(original: RecordingSet, tmp_path: Path) -> None:
    bare = changed(original, tmp_path, lambda recording: replace(recording, blendshapes=None, pose=None))
    result = measure_utility(original, bare, QUICK)
    assert result.expression.value == pytest.approx(1)
    assert result.coefficients is None
    assert channel(result, "jawOpen").not_measured == "needs blendshapes in both videos"
    blinks, smiles, _ = result.events
    assert blinks.matched == blinks.original > 10  # by the opening of the eyes
    assert smiles.not_measured == "needs blendshapes in both videos"
    assert smiles.per_minute is None


def test_neither_picture_nor_frame_rate_matters(original: RecordingSet, tmp_path: Path) -> None:
    def refilmed(recording: Recording) -> Recording:
        """In a picture of another shape, and without every third frame."""
        kept = np.arange(len(recording.timestamps)) % 3 != 2
        size = np.array([recording.width, recording.height, recording.width], dtype=np.float32)
        return replace(
            recording,
            landmarks=(recording.landmarks * size / np.float32([640, 960, 640]))[kept].astype(np.float32),
            timestamps=recording.timestamps[kept],
            tracked=recording.tracked[kept],
            blendshapes=recording.blendshapes[kept],
            pose=recording.pose[kept],
            width=640,
            height=960,
            fps=20.0,
        )

    result = measure_utility(original, changed(original, tmp_path, refilmed), QUICK)
    assert result.expression.value > 0.95
    assert channel(result, "mouth opening").offset.value < 0.005
    assert channel(result, "head roll").amplitude.value == pytest.approx(1, abs=0.03)


def test_a_clip_without_enough_common_frames_is_a_failure(original: RecordingSet, tmp_path: Path) -> None:
    first, second = (entry.clip for entry in original.entries[:2])
    one = changed(original, tmp_path / "a", lambda r: lost(r, slice(0, 70)), only=first)
    other = changed(original, tmp_path / "b", lambda r: lost(r, slice(50, None)), only=first)
    other = changed(other, tmp_path / "c", lambda r: lost(r, slice(None)), only=second)
    result = measure_utility(one, other, QUICK)
    assert [each.clip for each in result.failures] == [first, second]
    reasons = [each.reason for each in result.failures]
    assert reasons[0] == "0.00 s in which both videos show a face, at least 1 s needed"
    assert reasons[1] == "anonymised: no frame has a face"
    assert result.counts.measured_clips == PEOPLE * CLIPS - 2
    # 70 of 120 frames of one clip, and 70 and 120 of two.
    assert result.frames_lost["original"].value == pytest.approx(70 / 120 / 15)
    assert result.frames_lost["anonymised"].value == pytest.approx((70 + 120) / 120 / 15)


def test_a_frame_with_all_points_in_one_place_is_a_failure(original: RecordingSet, tmp_path: Path) -> None:
    clip = original.entries[0].clip
    flat = changed(
        original, tmp_path, lambda r: replace(r, landmarks=np.full_like(r.landmarks, 0.5)), only=clip
    )
    (failure,) = measure_utility(original, flat, QUICK).failures
    assert failure.clip == clip
    assert failure.reason == "anonymised: the rigid points of a frame must not coincide"


def test_frames_without_a_face_are_left_out(original: RecordingSet, tmp_path: Path) -> None:
    holes = changed(original, tmp_path, lambda recording: lost(recording, slice(40, 60)))
    result = measure_utility(original, holes, QUICK)
    assert result.expression.value == pytest.approx(1, abs=1e-3)
    assert result.counts.seconds == pytest.approx(PEOPLE * CLIPS * (4 - 0.7), rel=0.03)


def test_sets_that_are_no_pairs_are_refused(original: RecordingSet, tmp_path: Path) -> None:
    fewer = replace(original, entries=original.entries[1:])
    with pytest.raises(EvaluationError, match=f"but {original.entries[0].clip} is in .* only"):
        measure_utility(original, fewer, QUICK)
    with pytest.raises(EvaluationError, match=f"but {original.entries[0].clip} is in .* only"):
        measure_utility(fewer, original, QUICK)
    with pytest.raises(EvaluationError, match="in the same order"):
        measure_utility(original, replace(original, entries=original.entries[::-1]), QUICK)


def test_too_few_people_and_no_common_time_are_told_in_one_line(
    original: RecordingSet, tmp_path: Path
) -> None:
    two = original.select(original.subjects[:2])
    with pytest.raises(EvaluationError, match=r"6 of 6 clips, of 2 people, can be measured$"):
        measure_utility(two, two, QUICK)
    later = changed(original, tmp_path, lambda r: replace(r, timestamps=r.timestamps + 60))
    with pytest.raises(EvaluationError, match=r"0 of 15 clips, of 0 people.*0\.00 s in which both") as caught:
        measure_utility(original, later, QUICK)
    assert "\n" not in str(caught.value)


def test_head_angles_are_degrees(original: RecordingSet) -> None:
    recording = original.load(original.entries[0])
    T = len(recording.timestamps)
    planted = np.array([[20.0, -10.0, 5.0], [-15.0, 8.0, 12.0]])  # yaw, pitch, roll
    turns = Rotation.from_euler("YXZ", np.resize(planted, (T, 3)), degrees=True).as_matrix()
    pixels = 150 * mean_face() @ turns.transpose(0, 2, 1) + [600, 300, 0]
    landmarks = (pixels / [recording.width, recording.height, recording.width]).astype(np.float32)
    signals = FaceSignals.of(replace(recording, landmarks=landmarks))
    found = signals.values[:, [COLUMN["head yaw"], COLUMN["head pitch"], COLUMN["head roll"]]]
    np.testing.assert_allclose(found, np.resize(planted, (T, 3)), atol=1e-3)
    # The face itself does not change with the head.
    assert np.ptp(signals.values[:, : COLUMN["head yaw"]], axis=0).max() < 1e-4


def test_a_grid_holds_a_straight_line_and_a_hole() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.02, 0.05, 100))
    tracked = ~((times > 1.5) & (times < 2.1))
    values = np.repeat(times[:, None], len(CHANNELS), axis=1).astype(np.float32)
    grid = FaceSignals(times, tracked, values).on_grid(0.5, 120, rate_hz=50.0, longest_gap_s=0.2)
    at = 0.5 + np.arange(120) / 50
    known = np.isfinite(grid[:, 0])
    np.testing.assert_allclose(grid[known, 3], at[known], atol=1e-5)
    seen = times[tracked]
    inside = (at >= seen[0]) & (at <= seen[-1]) & ~((at > seen[seen < 1.6][-1]) & (at < seen[seen > 2][0]))
    # The resampling may leave out a grid point within a thousandth of a step of an edge.
    np.testing.assert_array_equal(known, inside)


def events_in(name: str, signal: np.ndarray, columns: tuple[str, str]) -> np.ndarray:
    values = np.zeros((len(signal), len(CHANNELS)))
    values[:, [COLUMN[column] for column in columns]] = signal[:, None]
    return find_events(name, values, rate_hz=50.0, coefficients=True)


def bump(times: np.ndarray, at: float, width_s: float, height: float) -> np.ndarray:
    return height * np.exp(-(((times - at) / width_s) ** 2) * 4 * np.log(2))


def test_blinks_are_short_and_deep() -> None:
    times = np.arange(500) / 50
    signal = 0.1 + bump(times, 2, 0.15, 0.5) + bump(times, 4, 0.15, 0.2) + bump(times, 7, 1.0, 0.5)
    found = events_in("blinks", signal, ("eyeBlinkLeft", "eyeBlinkRight"))
    assert found.tolist() == [2.0]  # neither the shallow nor the long one
    signal[95:105] = np.nan  # the peak was not seen
    assert len(events_in("blinks", signal, ("eyeBlinkLeft", "eyeBlinkRight"))) == 0


def test_one_closed_eye_is_half_a_blink() -> None:
    times = np.arange(500) / 50
    values = np.zeros((500, len(CHANNELS)))
    values[:, COLUMN["eyeBlinkLeft"]] = bump(times, 5, 0.2, 0.5)
    assert len(find_events("blinks", values, rate_hz=50.0, coefficients=True)) == 0


def test_smiles_last_and_need_not_end() -> None:
    times = np.arange(500) / 50
    rises = np.clip((times - 2) / 0.4, 0, 1) * 0.4  # half-way at 2.2 s, stays
    assert events_in("smiles", rises, ("mouthSmileLeft", "mouthSmileRight")) == pytest.approx([2.2], abs=0.02)
    falls = np.clip((4 - times) / 0.4, 0, 1) * 0.4  # began before the clip
    assert len(events_in("smiles", falls, ("mouthSmileLeft", "mouthSmileRight"))) == 0
    twitch = bump(times, 5, 0.1, 0.4)
    assert len(events_in("smiles", twitch, ("mouthSmileLeft", "mouthSmileRight"))) == 0


def test_lips_close_when_they_meet_after_they_were_open() -> None:
    times = np.arange(500) / 50
    opening = (
        0.1 - bump(times, 2, 0.2, 0.095) - bump(times, 4, 0.2, 0.06)
    )  # to 0.005, and to 0.04: not closed
    opening[300:] = 0.01  # closed from now on: no dip
    opening[400:] += bump(times, 9, 0.2, 0.02)[400:]  # hardly open
    assert events_in("lip closures", opening, ("mouth opening",)).tolist() == [2.0]


def test_a_mouth_that_stays_ajar_closes_no_lips(original: RecordingSet, tmp_path: Path) -> None:
    lower = [14, 87, 317]

    def ajar(recording: Recording) -> Recording:
        landmarks = recording.landmarks.copy()
        landmarks[:, lower, 1] += np.float32(0.03)
        return replace(recording, landmarks=landmarks)

    result = measure_utility(original, changed(original, tmp_path, ajar), QUICK)
    assert result.parts["lips"].value > 0.99  # correlation does not see it
    closures = result.events[2]
    assert closures.original > 10
    assert closures.recall.value == 0
    assert closures.timing_s is None


def test_timing_is_the_time_between_the_events_of_a_pair() -> None:
    times = np.arange(500) / 50
    columns = [COLUMN["eyeBlinkLeft"], COLUMN["eyeBlinkRight"]]
    sides = []
    for later in (0.0, 0.1):
        values = np.zeros((500, len(CHANNELS)), dtype=np.float32)
        for at in (2.0, 5.0, 8.0):
            values[:, columns] += bump(times, at + later * (at > 4), 0.15, 0.5)[:, None]
        sides.append(FaceSignals(times, np.ones(500, dtype=bool), values))
    matches = _agreement(*sides, UtilityConfig(longest_lag_s=0), clip="").matches["blinks"]
    assert matches.apart_s == pytest.approx([0, 0.1, 0.1])


def test_events_are_matched_in_as_many_pairs_as_can_be() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        one, other = (np.sort(rng.uniform(0, 4, rng.integers(0, 12))) for _ in range(2))
        near = np.abs(one[:, None] - other) <= 0.2
        most = near[linear_sum_assignment(near, maximize=True)].sum()
        found, taken = matched(one, other, tolerance_s=0.2)
        assert found.sum() == taken.sum() == most


def test_somebody_else_is_another_person() -> None:
    for subjects in ([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 1, 2], [2, 0, 1, 0, 2, 0]):
        partners = somebody_else(np.array(subjects))
        assert all(subjects[i] != subjects[j] for i, j in enumerate(partners))


def test_no_face_names_the_clip(original: RecordingSet) -> None:
    recording = lost(original.load(original.entries[0]), slice(None))
    with pytest.raises(ClipError, match="synth_id001/clip00: no frame has a face"):
        FaceSignals.of(recording)
