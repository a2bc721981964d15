"""How much expression may a defence cost? Limits whose excess is a loss."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from amber_id.anonymisers.channels import CHANNELS, FACE, UNITS

MOVES = 0.02
"""Standard deviation, in `UNITS`, of a channel that counts as moving."""

_BLINKS = [CHANNELS.index("eyeBlinkLeft"), CHANNELS.index("eyeBlinkRight")]
_CLIP_CORRELATION = 0.9  # the mean of each clip
_CHANNEL_CORRELATION = 0.85  # of each channel that moves
_LIDS = 0.95  # correlation of the lids
_LID_AMPLITUDE = 0.15  # logarithm by which lids may move less
_AMPLITUDE, _CHANNEL_AMPLITUDE = (
    0.1,
    0.9,
)  # logarithms of ratios of spread: the clip's mean, and each channel's
_TREMOR = 0.2  # logarithm by which changes of changes may grow more than the movement
_TINY = 1e-10


@dataclass(frozen=True)
class Kept:
    """How alike N clips move before and after, each of shape (N, C)."""

    correlation: Float[Tensor, "N C"]
    amplitude: Float[Tensor, "N C"]  # natural logarithm of the ratio of spreads
    tremor: Float[Tensor, "N C"]  # the same of changes of changes, less that of spreads
    moves: Float[Tensor, "N C"]  # 1 where the original moves, else 0

    def over_moving(self, values: Float[Tensor, "N C"]) -> Float[Tensor, " N"]:
        """The mean over the channels that move, of each clip."""
        return (values * self.moves).sum(dim=1) / self.moves.sum(dim=1).clamp(min=1)

    def of_coefficients(self, values: Float[Tensor, "N C"]) -> Float[Tensor, " N"]:
        """The mean over the coefficients that move, of each clip that has any."""
        moves = self.moves[:, FACE]
        some = moves.sum(dim=1) > 0
        return (values[:, FACE] * moves).sum(dim=1)[some] / moves.sum(dim=1)[some]


def kept(before: Float[Tensor, "N T C"], after: Float[Tensor, "N T C"]) -> Kept:
    """What is kept of the movement of some clips."""
    centred, changed = (each - each.mean(dim=1, keepdim=True) for each in (before, after))
    spread, spread_after = (torch.sqrt((each**2).mean(dim=1) + _TINY) for each in (centred, changed))
    quick, quick_after = (
        torch.sqrt((torch.diff(each, n=2, dim=1) ** 2).mean(dim=1) + _TINY) for each in (before, after)
    )
    amplitude = torch.log(spread_after / spread)
    return Kept(
        correlation=(centred * changed).mean(dim=1) / (spread * spread_after),
        amplitude=amplitude,
        tremor=torch.log(quick_after / quick) - amplitude,
        moves=(spread >= MOVES * torch.tensor(UNITS, dtype=spread.dtype)).to(spread.dtype),
    )


def excess(kept: Kept, correlation: float) -> Tensor:
    """The weighted sum of what exceeds the limits, 0 within all; `correlation` is that of the mean clip."""
    relu = torch.relu
    lids = kept.correlation[:, _BLINKS].mean(dim=1)
    lid_amplitude = kept.amplitude[:, _BLINKS].mean(dim=1)
    of_clips = kept.over_moving(kept.correlation)
    alike = relu(correlation - of_clips.mean()) + relu(_CLIP_CORRELATION - of_clips).mean()
    alike = alike + 0.2 * kept.over_moving(relu(_CHANNEL_CORRELATION - kept.correlation)).mean()
    size = relu(kept.over_moving(kept.amplitude).abs() - _AMPLITUDE).mean()
    size = size + kept.over_moving(relu(kept.amplitude.abs() - _CHANNEL_AMPLITUDE)).mean()
    of_lids = relu(_LIDS - lids).mean() + 0.3 * relu(-lid_amplitude - _LID_AMPLITUDE).mean()
    tremor = kept.over_moving(relu(kept.tremor - _TREMOR)).mean()
    return 30 * alike + 5 * size + 10 * of_lids + 2 * tremor
