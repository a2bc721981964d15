"""What a network sees in a step: real frames of the right clips, changed as asked and in no other way."""

from pathlib import Path

import numpy as np
import pytest
import torch

from amber_id.errors import UsageError
from amber_id.face_mesh import REGIONS, mirror_pairs, points_of
from amber_id.motion import FeatureConfig, WindowSet
from amber_id.recordings import RecordingEntry
from amber_id.training import AugmentConfig
from amber_id.training.batches import DeviceWindows, clip_batches, shuffled

STREAMS = ("joint", "joint_motion")
LENGTHS = [[70, 100], [30], [64], [200]]  # of the segments of four clips
T = 64


def _entry(clip: int) -> RecordingEntry:
    return RecordingEntry(
        f"a_id{clip:03d}/c", f"id{clip:03d}", "a", Path(), 9, 9, 25.0, 1.0, 9, 9, "face_landmarker_478"
    )


def _windows(values: np.ndarray | None = None, **options: object) -> WindowSet:
    """Clips of these segments; unless told otherwise every value of a frame is the number of the frame."""
    config = FeatureConfig.model_validate({"streams": STREAMS} | options)
    flat = np.array([n for clip in LENGTHS for n in clip])
    numbers = np.arange(flat.sum(), dtype=np.float32)[:, None, None]
    shape = (flat.sum(), 2 * len(config.streams), len(config.points))
    return WindowSet(
        frames=np.broadcast_to(numbers, shape).copy() if values is None else values.astype(np.float32),
        segment_first=np.cumsum(flat) - flat,
        segment_length=flat,
        segment_clip=np.repeat(np.arange(len(LENGTHS)), [len(clip) for clip in LENGTHS]),
        config=config,
        entries=tuple(_entry(m) for m in range(len(LENGTHS))),
        failures=(),
    )


def _crop(
    windows: WindowSet, clips: list[int], seed: int = 0, **augment: float
) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    there = DeviceWindows.of(windows, torch.device("cpu"))
    return there.crop(torch.tensor(clips), AugmentConfig(**augment))


def test_a_crop_is_a_stretch_of_one_segment_of_the_right_clip():
    x, mask = _crop(_windows(), [3, 0, 1] * 200)
    assert x.shape == (600, 4, T, 152)
    first = np.cumsum([0, 70, 100, 30, 64])
    for n, clip in enumerate([3, 0, 1] * 200):
        numbers = x[n, 0, mask[n], 0].numpy()
        assert (np.diff(numbers) == 1).all()
        at = int(np.searchsorted(first, numbers[0], side="right")) - 1
        assert at == int(np.searchsorted(first, numbers[-1], side="right")) - 1
        assert {0: 0, 1: 0, 2: 1, 3: 2, 4: 3}[at] == clip
    assert mask[2::3].sum(dim=1).tolist() == [30] * 200  # shorter than a window
    assert (x[2::3][:, :, 30:] == 0).all()


def test_a_batch_is_as_long_as_its_longest_stretch_and_no_longer():
    x, mask = _crop(_windows(), [1] * 5)
    assert x.shape == (5, 4, 30, 152)
    assert mask.all()
    x, mask = _crop(_windows(), [1, 2])
    assert x.shape == (2, 4, T, 152)
    assert mask.sum(dim=1).tolist() == [30, T]
    shaken, _ = _crop(_windows(), [1, 1], drop=0.3, speed=0.3, shuffle=1.0)
    assert shaken.shape == (2, 4, 30, 152)


def test_every_start_is_as_likely_and_segments_as_they_are_long():
    x, _ = _crop(_windows(), [0] * 4000)
    starts = x[:, 0, 0, 0].numpy()
    assert set(starts) == {*range(7), *range(70, 107)}
    assert (starts < 70).mean() == pytest.approx(70 / 170, abs=0.03)
    assert np.bincount(starts[starts < 70].astype(int)).min() > 150


def test_only_the_frames_of_the_chosen_people_are_brought():
    chosen = _windows().select({"id001", "id003"})
    there = DeviceWindows.of(chosen, torch.device("cpu"))
    assert there.frames[:, 0, 0].tolist() == [*range(170, 200), *range(264, 464)]
    x, mask = there.crop(torch.tensor([1]), AugmentConfig())
    assert 264 <= float(x[0, 0, 0, 0]) <= 400
    assert mask.all()


def _moving() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(464, 4, 152))


def test_a_mirror_exchanges_left_and_right_of_every_stream():
    windows = _windows(_moving())
    plain, _ = _crop(windows, [2])
    mirrored, _ = _crop(windows, [2], mirror=1.0)
    points = list(windows.config.points)
    partner = [points.index(p) for p in mirror_pairs()[points]]
    expected = plain[..., partner] * torch.tensor([-1.0, 1.0, -1.0, 1.0])[:, None, None]
    torch.testing.assert_close(mirrored, expected)


def test_a_turn_keeps_lengths_and_turns_all_streams_alike():
    windows = _windows(_moving())
    plain, _ = _crop(windows, [2, 2])
    turned, _ = _crop(windows, [2, 2], rotation_degrees=30.0)
    for n in range(2):
        angles = [
            torch.view_as_complex(x[n, c : c + 2].movedim(0, -1).contiguous()).angle()
            for c in (0, 2)
            for x in (turned, plain)
        ]
        turns = [torch.remainder(a - b, 2 * torch.pi) for a, b in (angles[:2], angles[2:])]
        torch.testing.assert_close(turns[0], turns[0].flatten()[0].expand_as(turns[0]), atol=1e-4, rtol=0)
        torch.testing.assert_close(turns[0], turns[1], atol=1e-4, rtol=0)
    assert abs(float(turns[0].flatten()[0])) > 1e-2
    torch.testing.assert_close(turned.flatten(1).norm(dim=1), plain.flatten(1).norm(dim=1))


def test_a_factor_a_jitter_and_a_drop():
    windows = _windows(_moving())
    plain, _ = _crop(windows, [2, 2])
    scaled, _ = _crop(windows, [2, 2], scale=0.2)
    factor = scaled / plain
    torch.testing.assert_close(factor[0], factor[0].flatten()[0].expand_as(factor[0]))
    assert abs(float(factor[0, 0, 0, 0] - factor[1, 0, 0, 0])) > 1e-3
    shaken, _ = _crop(windows, [2, 2], jitter=0.5)
    assert float((shaken - plain).std()) == pytest.approx(0.5, rel=0.05)
    dropped, _ = _crop(_windows(), [2], drop=0.3)
    steps = dropped[0, 0, :, 0].diff()
    assert set(steps.tolist()) <= {0.0, 1.0, 2.0}
    assert 0.1 < float((steps == 0).float().mean()) < 0.4


def test_at_another_speed_the_frames_are_read_between_and_velocities_grow():
    numbers = _windows()
    x, mask = _crop(numbers, [2], speed=0.5)
    steps = x[0, 0].diff(dim=0)[:, 0]
    speed = float(steps[0])
    assert speed != pytest.approx(1, abs=0.05)
    moving = steps.abs() > 0
    torch.testing.assert_close(
        steps[moving][:-1], torch.full_like(steps[moving][:-1], speed), atol=1e-3, rtol=0
    )
    torch.testing.assert_close(x[0, 2], x[0, 0] * speed, atol=0.1, rtol=1e-3)  # the stream of velocities
    assert float(x[0, 0].max()) <= 264  # never beyond the segment
    assert mask.all()


@pytest.mark.parametrize(
    ("options", "augment", "message"),
    [
        ({"regions": ("left_eye",)}, {"mirror": 0.5}, "mirror needs regions of both sides, got left_eye"),
        ({"signals": "blendshapes"}, {"mirror": 0.5}, "need landmarks"),
        ({"view": "pose"}, {"rotation_degrees": 5.0}, "need landmarks"),
    ],
)
def test_changes_that_features_cannot_bear_are_refused(options: dict, augment: dict, message: str):
    with pytest.raises(UsageError, match=message):
        AugmentConfig(**augment).check(FeatureConfig(**options))
    AugmentConfig().check(FeatureConfig(**options))


def test_shuffled_frames_are_the_same_frames_and_padding_stays_behind():
    x, mask = _crop(_windows(), [1, 3])
    mixed = shuffled(x, mask)
    for n in range(2):
        assert sorted(mixed[n, 0, mask[n], 5].tolist()) == x[n, 0, mask[n], 5].tolist()
        assert mixed[n, 0, mask[n], 5].tolist() != x[n, 0, mask[n], 5].tolist()
    assert (mixed[0, :, 30:] == 0).all()
    torch.testing.assert_close(mixed[:, 0, :, 0], mixed[:, 3, :, 151])  # a frame moves as a whole


def test_an_epoch_has_every_clip_once_in_batches_of_equal_size():
    subject = np.repeat(np.arange(7), 10)
    batches = clip_batches(subject, 16, per_subject=0, seed=3)
    assert sorted(torch.cat(batches).tolist()) == list(range(70))
    assert [len(b) for b in batches] == [18, 18, 17, 17]
    again, other = (clip_batches(subject, 16, per_subject=0, seed=s) for s in (3, 4))
    assert torch.cat(again).tolist() == torch.cat(batches).tolist() != torch.cat(other).tolist()


def test_batches_hold_several_clips_of_each_of_their_people():
    subject = np.repeat(np.arange(12), 9)
    batches = clip_batches(subject, 16, per_subject=4, seed=0)
    for batch in batches:
        _, count = np.unique(subject[batch.numpy()], return_counts=True)
        assert (count % 4 == 0).sum() >= len(count) - 2  # but where a batch begins and ends
    assert len(batches[0]) <= 20
    again = clip_batches(subject, 16, per_subject=4, seed=0)
    assert [b.tolist() for b in again] == [b.tolist() for b in batches]
    assert clip_batches(subject, 16, per_subject=4, seed=1)[0].tolist() != batches[0].tolist()


def test_an_epoch_may_end_when_all_people_had_their_turn():
    subject = np.repeat(np.arange(12), 9)
    batches = clip_batches(subject, 16, per_subject=4, seed=0, subjects_once=True)
    assert [len(batch) for batch in batches] == [16, 16, 16]
    for batch in batches:
        assert np.unique(subject[batch.numpy()], return_counts=True)[1].tolist() == [4, 4, 4, 4]
    assert np.bincount(subject[torch.cat(batches).numpy()]).tolist() == [4] * 12


def test_regions_are_hidden_whole_and_never_all_of_them():
    x, mask = _crop(_windows(np.ones((464, 4, 152))), [3] * 400, hide=0.5)
    points = np.array(FeatureConfig().points)
    shown = x[:, 0, 0] > 0
    assert mask.all()
    assert ((x == 0) | (x == 1)).all()
    assert (x.amin(dim=(1, 2)) == x.amax(dim=(1, 2))).all()  # a vertex in all frames and channels, or in none
    assert shown.any(dim=1).all()
    own = {region: np.isin(points, points_of(region)) for region in REGIONS}
    for region, vertices in own.items():
        alone = vertices & ~np.any([other for name, other in own.items() if name != region], axis=0)
        seen = shown[:, torch.from_numpy(alone)]
        assert (seen.all(dim=1) == seen.any(dim=1)).all()
        assert 0.4 < seen[:, 0].float().mean() < 0.6
    lips, _ = _crop(_windows(np.ones((464, 4, 40)), regions=("lips",)), [3] * 50, hide=0.9)
    assert (lips == 1).all()  # the only region there is


def test_frames_are_shuffled_in_the_share_of_windows_that_is_asked_for():
    x, mask = _crop(_windows(), [3] * 300, shuffle=0.5)
    ordered = [bool((np.diff(x[n, 0, mask[n], 0].numpy()) == 1).all()) for n in range(len(x))]
    assert 0.4 < np.mean(ordered) < 0.6


def test_hiding_needs_landmarks():
    with pytest.raises(UsageError, match="no regions"):
        AugmentConfig(hide=0.5).check(FeatureConfig(signals="blendshapes"))
