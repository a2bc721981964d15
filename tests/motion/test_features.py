"""Recording to features: blind to camera, frame rate and length, and honest about what is lost."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from amber_id.errors import ClipError
from amber_id.face_mesh import BLENDSHAPE_NAMES, SELECTED_POINTS, mean_face, points_of
from amber_id.misfits import first_problem
from amber_id.motion import FeatureConfig, clip_features, vertex_graph
from amber_id.recordings.resampling import resample

VIEWS = ("all", "motion", "static", "pose")
STREAMS = ("joint", "bone", "joint_motion", "bone_motion")  # those of every view of landmarks
# float32 landmarks of a face of 150 pixels in a frame of 1920: about 1e-6 of the eye distance, times the rate
CLOSE = {"atol": 2e-4}


def _values(recording, **options) -> np.ndarray:
    return clip_features(recording, FeatureConfig(**options)).values


def _same(one, other, **options) -> None:
    for view in VIEWS:
        streams = ("joint", "joint_motion") if view == "pose" else STREAMS
        config = FeatureConfig(view=view, streams=streams, depth=True, **options)
        a, b = clip_features(one, config), clip_features(other, config)
        np.testing.assert_array_equal(a.mask, b.mask)
        np.testing.assert_allclose(a.values, b.values, **CLOSE, err_msg=view)


# the camera -----------------------------------------------------------------------------------------


def test_a_face_is_the_same_in_16_9_and_in_4_3(studio):
    one = studio.record(turn=studio.nod, width=1920, height=1080, centre_px=(900, 500))
    other = studio.record(turn=studio.nod, width=640, height=480, centre_px=(300, 250))
    _same(one, other)


def test_frame_size_place_and_zoom_leave_no_trace(studio):
    one = studio.record(turn=studio.nod, size_px=100.0, width=640, height=480, centre_px=(320, 240))
    other = studio.record(turn=studio.nod, size_px=230.0, width=1080, height=1920, centre_px=(420, 1440))
    _same(one, other)


def test_motion_is_blind_to_a_head_that_moves_over_time(studio):
    still = studio.record()
    moving = studio.record(
        turn=studio.nod,
        shift_px=lambda times: 30 * studio.nod(times, seed=6),
        size_px=150 * np.exp(studio.nod(studio.times(25, 4), seed=7)[:, 0]),
    )
    options = {"view": "motion", "depth": True, "streams": ("joint", "bone")}
    # Frames are averaged over 0.04 s before the head is taken out, in which it has turned a little.
    np.testing.assert_allclose(_values(moving, **options), _values(still, **options), atol=1e-3)
    faces = [_values(r, streams=("face",), depth=True) for r in (moving, still)]
    np.testing.assert_allclose(*faces, atol=1e-3)
    assert np.abs(_values(moving) - _values(still)).max() > 0.1  # `all` sees it


def test_only_the_motion_of_other_people_differs_in_motion(studio):
    """Two faces of another shape that move alike are alike in `motion`, and not in `static` and `all`."""
    other_shape = mean_face().copy()
    other_shape[studio.moving] *= [1.1, 0.9, 1.0]
    one, other = studio.record(), studio.record(shape=other_shape)
    np.testing.assert_allclose(_values(other, view="motion"), _values(one, view="motion"), **CLOSE)
    for view in ("all", "static"):
        assert np.abs(_values(other, view=view) - _values(one, view=view)).max() > 0.02


def test_static_has_no_change_in_time(studio):
    recording = studio.record(turn=studio.nod)
    values = _values(recording, view="static", streams=STREAMS)
    assert np.ptp(values, axis=2).max() == 0
    assert (values[:, 4:] == 0).all()  # both velocities
    assert np.abs(values[:, :4]).max() > 0.1


def test_pose_of_a_talking_face_is_nothing_and_of_a_nodding_one_is_its_nod(studio):
    assert np.abs(_values(studio.record(), view="pose")).max() < 1e-4

    def nod_once(times):
        turn = np.zeros((len(times), 3))
        turn[:, 0] = 0.2 * np.sign(times - times.mean())  # equally long up and down
        return turn

    pose = _values(studio.record(turn=nod_once), view="pose")
    assert pose.shape == (3, 3, 64, 2)
    still = np.abs(np.abs(pose[:, 0, :, 0]) - 0.2) < 1e-5
    assert (~still).sum(axis=1).max() <= 2  # the frames on the two sides of the nod
    np.testing.assert_allclose(pose[0, :, 0, 0], [-0.2, 0, 0], atol=1e-5)


def test_468_points_serve_as_well_as_478(studio):
    _same(studio.record(turn=studio.nod, V=468), studio.record(turn=studio.nod, V=478))


# the frame rate and the length ----------------------------------------------------------------------

IRREGULAR = np.concatenate([[0.0], np.random.default_rng(2).uniform(0.01, 0.05, 400).cumsum()])


def _filmed(studio, fps: float | None, **options):
    times = studio.times(fps, 4) if fps else IRREGULAR[IRREGULAR < 4]
    return studio.record(times=times, **options)


@pytest.mark.parametrize("fps", [24.0, 29.97, 30.0, 50.0, 60.0, 120.0, None])
@pytest.mark.parametrize("view", VIEWS)
def test_frame_rates_leave_almost_no_trace(studio, fps: float | None, view: str):
    """Motion up to 2 Hz: positions within 3 % of the largest swing, velocities of the fastest."""
    streams = ("joint", "joint_motion")
    turn = (lambda times: studio.nod(times, amplitude=0.2)) if view in ("all", "pose") else studio.still
    one, other = (
        _values(_filmed(studio, rate, turn=turn), view=view, streams=streams)[0] for rate in (25.0, fps)
    )
    centre = one.mean(axis=1, keepdims=True)
    half = len(one) // 2
    for part in (slice(0, half), slice(half, None)):
        swing = np.abs(one - (centre if part.start == 0 else 0))[part].max()
        allowed = 0.03 * swing if view != "static" else 2e-3
        assert np.abs(one - other)[part].max() <= allowed


def test_a_slow_clip_is_not_a_fast_clip(studio):
    """Half as fast is half the velocity; resampled to a fixed count they would be alike."""

    def ramp(speed: float):
        def expression(times):
            moved = np.zeros((len(times), 478, 3))
            moved[:, 14, 1] = speed * times
            return moved

        return expression

    lip = SELECTED_POINTS.index(14)
    for fps, seconds in ((25, 3), (60, 3), (30, 6), (60, 1)):
        for speed in (0.02, 0.04):
            recording = studio.record(times=studio.times(fps, seconds), expression=ramp(speed))
            features = clip_features(recording, FeatureConfig(view="motion", streams=("joint_motion",)))
            speeds = features.values.transpose(0, 2, 3, 1)[features.mask][:, lip]
            np.testing.assert_allclose(speeds, np.tile([0, speed], (len(speeds), 1)), atol=2e-4)


@pytest.mark.parametrize(
    ("seconds", "windows"), [(1.0, 1), (2.56, 1), (2.6, 2), (3.84, 2), (4.0, 3), (10.24, 7)]
)
def test_windows_are_of_fixed_seconds_whatever_the_length(studio, seconds: float, windows: int):
    features = clip_features(studio.record(times=studio.times(25, seconds)), FeatureConfig())
    assert features.values.shape == (windows, 2, 64, 152)
    assert features.mask.sum() == (25 if seconds == 1 else 64 * windows)
    assert (features.values.transpose(0, 2, 1, 3)[~features.mask] == 0).all()
    assert features.values.dtype == np.float32


def test_a_longer_clip_begins_alike(studio):
    """Only what is taken once per clip may differ: with a motion that repeats, nothing does."""

    def expression(times):
        return np.sin(2 * np.pi * times)[:, None, None] * studio.talk(np.array([0.3]))

    short = _values(studio.record(times=studio.times(25, 4), expression=expression))
    long = _values(studio.record(times=studio.times(25, 8), expression=expression))
    np.testing.assert_allclose(long[:2], short[:2], atol=1e-5)


@pytest.mark.parametrize("fps", [10.0, 15.0, 24.0, 25.0, 29.97, 30.0, 60.0])
def test_one_second_is_enough_at_every_frame_rate(studio, fps: float):
    enough = studio.record(times=studio.times(fps, 1.0))
    assert clip_features(enough, FeatureConfig()).mask.any()
    too_short = studio.record(times=studio.times(fps, 1.0)[:-1])
    with pytest.raises(ClipError):
        clip_features(too_short, FeatureConfig())


# lost faces -----------------------------------------------------------------------------------------


def _lost(n: int, *gaps: slice) -> np.ndarray:
    lost = np.zeros(n, bool)
    for gap in gaps:
        lost[gap] = True
    return lost


def test_a_short_gap_is_interpolated_in_a_straight_line(studio):
    gap = slice(30, 34)  # 0.2 s from frame 29 to frame 34
    holed = clip_features(studio.record(lost=_lost(100, gap)), FeatureConfig(window_s=4, hop_s=4))
    values = _values(studio.record(), window_s=4, hop_s=4)[0]
    assert holed.mask.all()
    bend = np.diff(holed.values[0][:, 30:34], n=2, axis=1)  # frames that are averaged along the line alone
    np.testing.assert_allclose(bend, 0, atol=1e-5)
    assert np.abs(np.diff(values[:, 30:34], n=2, axis=1)).max() > 1e-3
    seen = np.setdiff1d(np.arange(100), np.arange(100)[29:35])  # the last seen frames are averaged with it
    np.testing.assert_allclose(holed.values[0][:, seen], values[:, seen], atol=1e-5)


def test_a_long_gap_splits_the_clip_and_nothing_crosses_it(studio):
    lost = _lost(150, slice(70, 76))
    times = studio.times(25, 6)

    def leap(times):
        """Still before the gap, elsewhere after it: a window or velocity across it would show."""
        moved = np.zeros((len(times), 478, 3))
        moved[times > 72 / 25, 152] = [0.0, 0.5, 0.0]
        return moved

    config = FeatureConfig(view="motion", streams=("joint", "joint_motion"))
    features = clip_features(studio.record(times=times, lost=lost, expression=leap), config)
    assert len(features.values) == 2 + 2  # 70 and 74 frames
    assert features.mask.all()
    chin = features.values[:, 1, :, SELECTED_POINTS.index(152)]
    assert np.ptp(chin, axis=1).max() < 1e-5
    assert np.abs(features.values[:, 2:]).max() < 1e-3
    # the mean is the clip's, not the segment's
    np.testing.assert_allclose(chin[:, 0], 0.5 * np.array([-74, -74, 70, 70]) / 144, atol=1e-5)


def test_too_short_a_stretch_is_left_out_and_the_others_stay(studio):
    lost = _lost(100, slice(20, 40))
    features = clip_features(studio.record(lost=lost), FeatureConfig())
    assert features.mask.sum() == 60
    after = studio.record()
    tail = replace(
        after,
        landmarks=after.landmarks[40:],
        timestamps=after.timestamps[40:],
        tracked=after.tracked[40:],
        blendshapes=None,
        pose=None,
    )
    np.testing.assert_array_equal(features.values, _values(tail))  # what is left out leaves no trace


@pytest.mark.parametrize(
    ("lost", "seconds"),
    [
        (_lost(100, slice(None)), "0.00"),
        (_lost(100, slice(13, None)), "0.52"),
        (_lost(100, slice(0, 99)), "0.04"),
    ],
)
def test_too_little_is_a_failure_that_names_clip_and_seconds(studio, lost: np.ndarray, seconds: str):
    message = f"talking_id001/a: longest tracked stretch is {seconds} s, at least 1 s needed"
    with pytest.raises(ClipError) as error:
        clip_features(studio.record(lost=lost), FeatureConfig())
    assert str(error.value) == message
    assert error.value.clip == "talking_id001/a"


@pytest.mark.parametrize("signals", ["landmarks", "blendshapes"])
@pytest.mark.parametrize("view", VIEWS)
def test_frames_without_a_face_never_reach_the_features(studio, signals: str, view: str):
    lost = np.random.default_rng(0).random(200) < 0.3
    lost[:3] = lost[-3:] = lost[90:100] = True
    recording = studio.record(times=studio.times(25, 8), lost=lost, turn=studio.nod)
    assert np.isnan(recording.landmarks).any()
    features = clip_features(
        recording, FeatureConfig(signals=signals, view=view, streams=("joint", "joint_motion"))
    )
    assert np.isfinite(features.values).all()
    assert features.mask.any(axis=1).all()


def test_points_in_one_place_are_a_failure_of_the_clip(studio):
    recording = studio.record()
    landmarks = recording.landmarks.copy()
    landmarks[7] = 0
    with pytest.raises(ClipError, match=r"talking_id001/a: a frame that counts as tracked has all points"):
        clip_features(replace(recording, landmarks=landmarks), FeatureConfig())


# regions, streams, signals --------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["all", "motion", "static"])
@pytest.mark.parametrize(
    "regions", [("lips",), ("eyes",), ("nose", "left_eyebrow"), ("face_oval", "eyebrows")]
)
def test_regions_are_columns_of_the_whole_face(studio, view: str, regions: tuple[str, ...]):
    recording = studio.record(turn=studio.nod)
    wanted = sorted({point for region in regions for point in points_of(region)})
    columns = [SELECTED_POINTS.index(point) for point in wanted]
    config = FeatureConfig(view=view, regions=regions, streams=("joint", "joint_motion"))
    assert list(config.points) == wanted
    whole = _values(recording, view=view, streams=("joint", "joint_motion"))
    np.testing.assert_array_equal(clip_features(recording, config).values, whole[..., columns])
    assert vertex_graph(config).n_vertices == len(wanted)


def test_bones_of_a_region_alone_do_not_know_points_outside_it(studio):
    def nose_moves_too(times):
        moved = studio.talk(times)
        moved[:, [2, 94, 1, 4]] += 0.3 * np.sin(5 * times)[:, None, None]
        return moved

    one, other = studio.record(), studio.record(expression=nose_moves_too)
    alone = {"regions": ("lips",), "streams": ("bone", "bone_motion")}
    np.testing.assert_allclose(_values(one, **alone), _values(other, **alone), **CLOSE)
    lips = [SELECTED_POINTS.index(point) for point in points_of("lips")]
    whole = [_values(recording, streams=("bone",))[..., lips] for recording in (one, other)]
    assert np.abs(whole[0] - whole[1]).max() > 0.1  # in the whole face the upper lip hangs on the nose


def test_bones_are_offsets_along_the_graph(studio):
    values = _values(studio.record(), streams=("joint", "bone"))
    upper_lip, nose_base = SELECTED_POINTS.index(0), SELECTED_POINTS.index(2)
    offset = values[:, :2, :, upper_lip] - values[:, :2, :, nose_base]
    np.testing.assert_allclose(values[:, 2:, :, upper_lip], offset, atol=1e-5)


def test_depth_adds_a_channel_and_changes_no_other(studio):
    recording = studio.record(turn=studio.nod)
    deep = _values(recording, depth=True)
    assert deep.shape[1] == 3
    np.testing.assert_array_equal(deep[:, :2], _values(recording))
    assert np.abs(deep[:, 2]).max() > 0.1


@pytest.mark.parametrize(("view", "vertices"), [("all", 58), ("motion", 52), ("static", 52), ("pose", 6)])
def test_blendshape_signals(studio, view: str, vertices: int):
    recording = studio.record(turn=studio.nod)
    config = FeatureConfig(signals="blendshapes", view=view, streams=("joint", "joint_motion"))
    values = clip_features(recording, config).values
    assert values.shape == (3, 2, 64, vertices)
    assert vertex_graph(config).n_vertices == vertices
    assert config.points == ()
    read = resample(recording.blendshapes, recording.timestamps, rate_hz=25.0)
    shown = read[:64, : len(BLENDSHAPE_NAMES)]
    if view == "all":
        np.testing.assert_allclose(values[0, 0, :, :52], shown, atol=1e-6)
        pose = _values(recording, view="pose")
        for n in range(6):  # rotation x, y, z, translation x, y, z
            np.testing.assert_allclose(values[:, 0, :, 52 + n], pose[:, n % 3, :, n // 3], atol=1e-6)
    elif view == "motion":
        np.testing.assert_allclose(values[0, 0], shown - read.mean(axis=0), atol=1e-5)
    elif view == "static":
        assert np.ptp(values, axis=2).max() == 0


def test_blendshapes_that_a_tracker_does_not_give_are_a_failure(studio):
    recording = studio.record(blendshapes=False)
    with pytest.raises(ClipError, match=r"talking_id001/a: made by hand gave no blendshapes; use landmarks"):
        clip_features(recording, FeatureConfig(signals="blendshapes"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regions": ()}, "name at least one, each once, got none"),
        ({"regions": ("lips", "lips")}, "each once, got lips, lips"),
        ({"regions": ("mouth",)}, "lips"),
        ({"streams": ()}, "at least one"),
        ({"streams": ("joint", "joint")}, "each once, got joint, joint"),
        ({"view": "pose", "streams": ("joint", "bone")}, "bone streams need landmarks"),
        ({"signals": "blendshapes", "streams": ("bone_motion",)}, "bone streams need landmarks"),
        ({"view": "motion", "streams": ("face_motion",)}, "face streams need landmarks in the view all"),
        ({"signals": "blendshapes", "streams": ("face",)}, "face streams need landmarks in the view all"),
        ({"view": "pose", "regions": ("lips",)}, "regions need landmarks"),
        ({"signals": "blendshapes", "regions": ("lips",)}, "regions need landmarks"),
        ({"rate_hz": 0}, "expected 1 or more"),
        ({"rate_hz": 1e6}, "expected 1000 or less"),
        ({"window_s": 1e306}, "window_s must be at most 10,000 frames long, got 1e+306 s at 25 Hz"),
        ({"hop_s": 1e306}, "expected 10000 or less"),
        ({"rate_hz": float("nan")}, "finite number"),
        ({"window_s": float("inf")}, "finite number"),
        ({"window_s": 0.05}, "window_s must be at least two frames long, got 0.05 s at 25 Hz"),
        ({"hop_s": 3.0}, "hop_s must not exceed window_s, or frames are left out, got 3 s and 2.56 s"),
        ({"longest_gap_s": -0.1}, "expected 0 or more"),
        ({"views": "all"}, "it has no `views`"),
    ],
)
def test_nonsense_is_refused_in_one_line(options: dict, message: str):
    with pytest.raises(ValidationError) as error:
        FeatureConfig(**options)
    line = first_problem(error.value)
    assert message in line
    assert "\n" not in line


def test_a_configuration_comes_back_from_json():
    config = FeatureConfig(regions=("lips", "eyes"), streams=("bone",), view="motion", rate_hz=30)
    assert FeatureConfig.model_validate_json(config.model_dump_json()) == config
    assert (config.window_frames, config.hop_frames) == (77, 38)
