"""Which windows does a network see in a step, and how were they changed?

All frames lie in one tensor on the device; a batch is cut out of it, changed and masked by a few operations
on whole tensors, without a loop over clips. Every epoch shows each clip once, from a random frame on.

A change must not be one by which people differ. Habits may be one-sided, quick, or held at a tilt, so mirror,
speed and rotation are off unless asked for.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from amber_id.face_mesh import REGIONS, mirror_pairs, points_of
from amber_id.motion import FeatureConfig, WindowSet
from amber_id.training.loop_config import AugmentConfig


@dataclass(frozen=True)
class DeviceWindows:
    """A set of windows on the device: frames, and where each segment of each clip is in them."""

    frames: Float[Tensor, "F C V"]
    segment_first: Int[Tensor, " S"]
    segment_length: Int[Tensor, " S"]
    first_segment: Int[Tensor, " _"]  # of clip m; its segments end before that of clip m + 1
    features: FeatureConfig

    @classmethod
    def of(cls, windows: WindowSet, device: torch.device) -> "DeviceWindows":
        """Bring the frames of these windows, and no others, to the device."""
        lengths = windows.segment_length
        first = np.cumsum(lengths) - lengths
        rows = np.repeat(windows.segment_first - first, lengths) + np.arange(lengths.sum())
        return cls(
            frames=torch.from_numpy(windows.frames[rows]).to(device),
            segment_first=torch.from_numpy(first),
            segment_length=torch.from_numpy(lengths),
            first_segment=torch.from_numpy(
                np.searchsorted(windows.segment_clip, np.arange(len(windows.entries) + 1))
            ),
            features=windows.config,
        )

    def crop(
        self, clips: Int[Tensor, " N"], augment: AugmentConfig
    ) -> tuple[Float[Tensor, "N C T V"], Bool[Tensor, "N T"]]:
        """A random stretch of each clip, changed, and which of its frames are real.

        A clip's segments are as likely as they are long. T is a window, or the longest stretch of the batch
        where all are shorter: more would be padding for every clip, and cost as much as frames do.
        """
        window = self.features.window_frames
        segments = self._random_segments(clips)
        length = self.segment_length[segments]
        start = (torch.rand(len(clips), dtype=torch.float64) * (length - window + 1).clamp(min=1)).long()
        T = int((length - start).max().clamp(max=window))
        offset = torch.arange(T).expand(len(clips), T)
        if augment.drop:
            offset = (offset - (torch.rand(offset.shape) < augment.drop).long()).clamp(min=0)
        mask = torch.arange(T) < (length - start)[:, None]
        rows = self.segment_first[segments, None] + (start[:, None] + offset).minimum(length[:, None] - 1)
        device = self.frames.device
        x, mask = self.frames[rows.to(device)].permute(0, 2, 1, 3), mask.to(device)
        return _changed(x, mask, self.features, augment) * mask[:, None, :, None], mask

    def _random_segments(self, clips: Int[Tensor, " N"]) -> Int[Tensor, " N"]:
        ends = self.segment_first + self.segment_length
        begin = self.segment_first[self.first_segment[clips]]
        total = ends[self.first_segment[clips + 1] - 1] - begin
        frame = begin + (torch.rand(len(clips), dtype=torch.float64) * total).long()
        return torch.searchsorted(ends, frame, right=True)


def clip_batches(
    subject: Int[np.ndarray, " M"], size: int, *, per_subject: int, seed: int, subjects_once: bool = False
) -> list[Int[Tensor, " B"]]:
    """An epoch of clips, in batches of nearly equal size.

    Each clip once, in random order; or, where `per_subject` is not zero, about so many clips, that many of
    every subject in a batch. With `subjects_once` the epoch ends when every subject has had its turn.
    """
    n = len(subject)
    if per_subject == 0:
        order = torch.from_numpy(np.random.default_rng(seed).permutation(n))
    else:
        from pytorch_metric_learning.samplers import MPerClassSampler
        from pytorch_metric_learning.utils import common_functions

        # The sampler draws from a generator of its library: it is given one of this epoch.
        common_functions.NUMPY_RANDOM = np.random.RandomState(seed % 2**32)
        length = per_subject * len(np.unique(subject)) if subjects_once else n
        order = torch.tensor(list(MPerClassSampler(subject, per_subject, length_before_new_iter=length)))
    # Of nearly equal size, so that none is too small for a batch norm.
    return list(torch.tensor_split(order, max(1, round(len(order) / size))))


def shuffled(x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"]) -> Float[Tensor, "N C T V"]:
    """Windows with their real frames in random order; each window has an order of its own."""
    key = torch.rand(mask.shape).to(mask.device) + ~mask  # padding stays behind
    order = key.argsort(dim=1)
    return x.gather(2, order[:, None, :, None].expand_as(x))


def _changed(
    x: Float[Tensor, "N C T V"], mask: Bool[Tensor, "N T"], features: FeatureConfig, augment: AugmentConfig
) -> Float[Tensor, "N C T V"]:
    N = len(x)

    def drawn(spread: float) -> Tensor:
        return (spread * torch.randn(N)).to(x.device)

    if augment.speed:
        x = _at_speed(x, mask, drawn(augment.speed).exp(), features)
    if augment.mirror:
        x = torch.where(
            (torch.rand(N) < augment.mirror).to(x.device)[:, None, None, None], _mirrored(x, features), x
        )
    if augment.rotation_degrees:
        x = _rotated(x, torch.deg2rad(drawn(augment.rotation_degrees)), features)
    if augment.scale:
        x = x * drawn(augment.scale).exp()[:, None, None, None]
    if augment.jitter:
        x = x + augment.jitter * x.std(dim=(0, 2), keepdim=True) * torch.randn(x.shape).to(x.device)
    if augment.shuffle:
        mixed = (torch.rand(N) < augment.shuffle).to(x.device)[:, None, None, None]
        x = torch.where(mixed, shuffled(x, mask), x)
    if augment.hide:
        x = x * _visible_vertices(N, features, augment.hide).to(x.device)[:, None, None, :]
    return x


def _visible_vertices(N: int, features: FeatureConfig, hide: float) -> Bool[Tensor, "N V"]:
    """Those of the regions that are not hidden; of each window one region at least is left."""
    points = torch.tensor(features.points)
    member = torch.stack([torch.isin(points, torch.tensor(points_of(region))) for region in REGIONS])
    present = member.any(dim=1)
    drawn = torch.rand(N, len(REGIONS)) * present  # a region that these features lack is never the one
    visible = (drawn > hide) | (drawn == drawn.max(dim=1, keepdim=True).values)
    return (visible.float() @ member.float()) > 0


def _at_speed(
    x: Float[Tensor, "N C T V"],
    mask: Bool[Tensor, "N T"],
    speed: Float[Tensor, " N"],
    features: FeatureConfig,
) -> Float[Tensor, "N C T V"]:
    """Each window read at `speed` from its first frame on; what lies behind its end stands still."""
    last = (mask.sum(dim=1) - 1).clamp(min=0)[:, None]
    at = (torch.arange(x.shape[2], device=x.device) * speed[:, None]).minimum(last.to(speed.dtype))
    low = at.floor().long()
    high = (low + 1).minimum(last)

    def frames(index: Tensor) -> Tensor:
        return x.gather(2, index[:, None, :, None].expand_as(x))

    read = frames(low) + (at - low)[:, None, :, None] * (frames(high) - frames(low))
    per_stream = features.channels_per_stream
    for n, stream in enumerate(features.streams):
        if stream.endswith("_motion"):
            read[:, n * per_stream : (n + 1) * per_stream] *= speed[:, None, None, None]
    return read


def _mirrored(x: Float[Tensor, "N C T V"], features: FeatureConfig) -> Float[Tensor, "N C T V"]:
    place = {point: i for i, point in enumerate(features.points)}
    swapped = x[..., [place[point] for point in mirror_pairs()[list(features.points)]]].clone()
    swapped[:, :: features.channels_per_stream] *= -1
    return swapped


def _rotated(
    x: Float[Tensor, "N C T V"], angle: Float[Tensor, " N"], features: FeatureConfig
) -> Float[Tensor, "N C T V"]:
    per_stream = features.channels_per_stream
    cos, sin = angle.cos()[:, None, None, None], angle.sin()[:, None, None, None]
    turned = x.clone()
    turned[:, ::per_stream] = cos * x[:, ::per_stream] - sin * x[:, 1::per_stream]
    turned[:, 1::per_stream] = sin * x[:, ::per_stream] + cos * x[:, 1::per_stream]
    return turned
