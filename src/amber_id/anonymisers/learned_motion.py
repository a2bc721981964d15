"""What does a learned defence remember of the frames so far, and what does it make of the next one?

Every channel is measured in a population's units: its distance from the population's mean, in standard
deviations of a usual clip. The movement about a slow resting value is divided into three bands (quick,
middle, slow), each of which is multiplied and given back. What they are multiplied by follows from how much
and how quickly this face has moved so far, from numbers that are drawn once for each clip, and from a gated
recurrent unit (Cho et al., EMNLP 2014) that sees all channels but the head's place, which a live pipeline
does not have; so do a shift, a change of shape and a little noise. Where the face's own lips are closed, they
are closed again.

The recurrent unit runs in continuous time: what it keeps over a frame of 0.04 s it keeps the n-th power of
over n such frames, so that the rate of a camera does not matter.

The functions take ``xp``, numpy or torch, and work on any leading axes alike: the training, ONNX and what
runs in numpy without torch have them in common.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.channels import CHANNELS, FACE
from amber_id.anonymisers.lips import with_closed_lips

C = len(CHANNELS)
DRAWN = 8 * C
"""How many standard normal numbers a frame takes: two noises, and six that count in the first frame only."""

_LIVE = FACE.stop + 3  # channels that a live pipeline has: not the head's place in the picture
SEEN = 5 * _LIVE
"""How many numbers of a frame the recurrent unit sees."""

UNIT_S = 0.04  # of the recurrent unit's time

# Of a running mean: for how many seconds the first frame counts, and after how many a frame is forgotten.
_MEANS = ((30.0, 30.0), (1.0, 10.0), (3.0, 20.0))
_BANDS_S = (0.06, 0.3)  # what passes slower filters than these is middle, and slow
_NOISES_S = (0.06, 0.4)  # after which a noise is another
_LEAST = 1e-3  # of a variance in its logarithm
_FURTHEST, _STANDARD = 8.0, 4.0  # of what is seen, in units and in own standard deviations
_BAND_GAIN, _GAIN = (-1.2, 1.0), (-1.5, 1.4)  # limits of natural logarithms
_RHYTHM = 3.0  # limit of a difference between two

Weights = Mapping[str, Any]


class Memory(NamedTuple):
    """The frames so far; each of shape (..., 1) or (..., C), in a population's units."""

    begun: Any  # 0 before the first frame, 1 after it
    elapsed: Any  # seconds
    before: Any  # the last frame
    resting: Any  # three running means, the first almost still
    briefly: Any
    slowly: Any
    variance: Any  # about the second and the third of them
    variance_slowly: Any
    speed: Any  # squared, over that of the population
    low: Any  # the frames through two low-passes
    lower: Any


class Outputs(NamedTuple):
    """What the recurrent unit adds, each (..., C)."""

    gain: Any
    quick: Any
    middle: Any
    shift: Any
    noise: Any
    noise_slowly: Any


WIDTHS = Memory._make([1, 1, *[C] * 9])
"""The last axis of each field."""


def shapes(hidden: int, middle: int) -> dict[str, tuple[int, ...]]:
    """The shapes of all weights, by name."""
    return {
        "mean": (C,),  # of the population
        "spread": (C,),
        "speed": (C,),  # squared, in spreads per second
        "resting": (3, C),  # logits of the three running means
        "equalised": (4, C),  # logits: how far variances and rhythm are equalised
        "drawn": (6, C),  # sizes, before softplus, of what is drawn once: four gains, a shift, a shape
        "noise": (2, C),  # the same of the noises
        "input.weight": (3 * hidden, SEEN),
        "input.bias": (3 * hidden,),
        "recurrent.weight": (3 * hidden, hidden),
        "recurrent.bias": (3 * hidden,),
        "middle.weight": (middle, SEEN + hidden),
        "middle.bias": (middle,),
        "output.weight": (len(Outputs._fields) * C, middle),
        "output.bias": (len(Outputs._fields) * C,),
    }


POPULATION = ("mean", "spread", "speed")
"""The weights that are measured, not trained."""

PER_CHANNEL = ("resting", "equalised", "drawn", "noise")
"""The weights of which every channel has its own; the others are of the recurrent unit and its output."""


def initial_weights(
    rng: np.random.Generator,
    *,
    hidden: int,
    middle: int,
    population: Mapping[str, Float[np.ndarray, " C"]],
) -> dict[str, Float[np.ndarray, "..."]]:
    """Weights before any training, with which only a population's style and random numbers are given."""
    weights: dict[str, np.ndarray] = {}
    for name, shape in shapes(hidden, middle).items():
        if name in POPULATION:
            weights[name] = np.asarray(population[name], dtype=np.float64)
        elif name.startswith(("input", "recurrent", "middle")):
            width = SEEN if name.startswith("input") else hidden
            width += SEEN if name.startswith("middle") else 0
            weights[name] = rng.uniform(-1, 1, shape) / np.sqrt(width)
        else:
            weights[name] = np.zeros(shape)
    weights["resting"][0] = 2.0
    weights["equalised"][:] = np.array([0.0, 0.0, -1.0, -2.0])[:, None]
    sizes = np.array([0.4, 0.15, 0.2, 0.2, 0.7, 0.08])
    weights["drawn"][:] = np.log(np.expm1(sizes))[:, None]
    weights["noise"][:] = -4.0
    return weights


def remembered(xp: Any, memory: Memory, frame: Any, since_s: Any, population_speed: Any) -> Memory:
    """The memory after a frame, (..., C) in a population's units, `since_s` (..., 1) after the last one."""
    first = memory.begun == 0
    since_s = xp.where(first, 0.0, since_s)
    elapsed = xp.where(first, 0.0, memory.elapsed) + since_s
    before = xp.where(first, frame, memory.before)
    means, aways, shares = [], [], []
    for (at_first, longest), mean in zip(
        _MEANS, (memory.resting, memory.briefly, memory.slowly), strict=True
    ):
        start = xp.where(first, frame, mean)
        share = since_s / xp.clip(at_first + elapsed, 0.0, longest)
        aways.append(frame - start)
        shares.append(share)
        means.append(start + share * aways[-1])
    variances = [
        (1 - share) * (xp.where(first, 1.0, variance) + share * away**2)
        for share, away, variance in zip(
            shares[1:], aways[1:], (memory.variance, memory.variance_slowly), strict=True
        )
    ]
    squared = ((frame - before) / xp.clip(since_s, 1e-3, None)) ** 2 / population_speed
    speed = xp.where(first, 1.0, memory.speed)
    speed = speed + since_s / xp.clip(1.0 + elapsed, 0.0, 10.0) * (squared - speed)
    lows = []
    for seconds, low in zip(_BANDS_S, (memory.low, memory.lower), strict=True):
        start = xp.where(first, frame, low)
        lows.append(start + (1 - xp.exp(-since_s / seconds)) * (frame - start))
    begun = xp.where(first, 1.0, memory.begun)
    return Memory._make([begun, elapsed, frame, *means, *variances, speed, *lows])


def drawn(xp: Any, memory: Memory, before: Any, numbers: Any, since_s: Any) -> Any:
    """The random numbers of a frame, (..., 8 C), from those of the frame before it and from new ones.

    `memory` is that before the frame. Two noises go on; what is drawn once for each clip stays.
    """
    first = memory.begun == 0
    parts = []
    for part, seconds in enumerate(_NOISES_S):
        keep = xp.exp(-since_s / seconds)
        there = slice(part * C, (part + 1) * C)
        parts.append(keep * before[..., there] + xp.sqrt(1 - keep**2) * numbers[..., there])
    parts.append(before[..., 2 * C :])
    return xp.where(first, numbers, xp.concatenate(parts, -1))


def seen(xp: Any, memory: Memory) -> Any:
    """What the recurrent unit sees of a frame, (..., `SEEN`), each number of the size of 1."""
    variance = xp.log(memory.variance + _LEAST)
    parts = (
        xp.clip(memory.before, -_FURTHEST, _FURTHEST),
        _standard(xp, memory, variance),
        variance,
        xp.log(memory.variance_slowly + _LEAST),
        xp.log(memory.speed + _LEAST),
    )
    return xp.concatenate([part[..., :_LIVE] / 2 for part in parts], -1)


def linear(name: str, weights: Weights, values: Any) -> Any:
    """One of the weights' linear maps, of the last axis."""
    return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def next_hidden(xp: Any, weights: Weights, from_input: Any, hidden: Any, since_s: Any) -> Any:
    """The recurrent unit after a frame, of which `from_input` is what the map "input" makes."""
    H = hidden.shape[-1]
    recurrent = linear("recurrent", weights, hidden)
    forget = _softplus(xp, from_input[..., :H] + recurrent[..., :H])
    reset = _sigmoid(xp, from_input[..., H : 2 * H] + recurrent[..., H : 2 * H])
    new = xp.tanh(from_input[..., 2 * H :] + reset * recurrent[..., 2 * H :])
    keep = xp.exp(-forget * (since_s / UNIT_S))
    return keep * hidden + (1 - keep) * new


def outputs(xp: Any, weights: Weights, inputs: Any, hidden: Any) -> Outputs:
    """What is added to a frame, from what is seen of it and from the recurrent unit after it."""
    middle = xp.clip(linear("middle", weights, xp.concatenate([inputs, hidden], -1)), 0.0, None)
    values = linear("output", weights, middle)
    return Outputs(*(xp.tanh(values[..., k * C : (k + 1) * C]) for k in range(len(Outputs._fields))))


def changed(xp: Any, weights: Weights, memory: Memory, numbers: Any, added: Outputs) -> Any:
    """The frame that is shown, in channels, (..., C); `numbers` are those of `drawn`."""
    noise, noise_slowly, *once = (numbers[..., k * C : (k + 1) * C] for k in range(8))
    sizes = _softplus(xp, weights["drawn"])
    gain, quick, middle, slow, shift, shape = (sizes[k] * value for k, value in enumerate(once))
    equal = _sigmoid(xp, weights["equalised"])
    variance = xp.log(memory.variance + _LEAST)
    rhythm = xp.clip(xp.log(memory.speed + _LEAST) - variance, -_RHYTHM, _RHYTHM) / 2
    shares = xp.exp(weights["resting"])
    shares = shares / shares.sum(0)
    rest = shares[0] * memory.resting + shares[1] * memory.briefly + shares[2] * memory.slowly

    def band(value: Any, log_gain: Any) -> Any:
        return value * xp.exp(xp.clip(log_gain, *_BAND_GAIN))

    moved = (
        band(memory.before - memory.low, quick - equal[2] * rhythm + added.quick * _LARGEST.quick)
        + band(memory.low - memory.lower, middle - equal[3] * rhythm + added.middle * _LARGEST.middle)
        + band(memory.lower - rest, slow)
    )
    standard = _standard(xp, memory, variance)
    moved = moved + shape * xp.clip(standard**2 - 1, -1.0, 5.0) * xp.exp(variance / 2)
    log_variance = equal[0] * variance + equal[1] * xp.log(memory.variance_slowly + _LEAST)
    log_gain = gain - log_variance / 2 + added.gain * _LARGEST.gain
    size = _softplus(xp, weights["noise"][0] + added.noise * _LARGEST.noise)
    size_slowly = _softplus(xp, weights["noise"][1] + added.noise_slowly * _LARGEST.noise_slowly)
    moved = moved * xp.exp(xp.clip(log_gain, *_GAIN)) + added.shift * _LARGEST.shift + shift
    moved = moved + size * noise + size_slowly * noise_slowly
    values = weights["mean"] + weights["spread"] * moved
    values = xp.concatenate([xp.clip(values[..., FACE], 0.0, 1.0), values[..., FACE.stop :]], -1)
    return with_closed_lips(values, weights["mean"] + weights["spread"] * memory.before, xp)


_LARGEST = Outputs(gain=0.8, quick=0.8, middle=0.8, shift=0.8, noise=2.0, noise_slowly=2.0)


def state_size(hidden: int) -> int:
    """How many numbers are carried from one frame to the next; all are 0 before the first."""
    return sum(WIDTHS) + DRAWN + hidden


def stepped(xp: Any, weights: Weights, frame: Any, since_s: Any, numbers: Any, state: Any) -> tuple[Any, Any]:
    """One frame: channels (..., C), seconds since the last (..., 1), random numbers (..., 8 C), the state.

    Returns the changed channels and the state after the frame, (..., `state_size`).
    """
    ends = np.cumsum([*WIDTHS, DRAWN]).tolist()
    memory = Memory(*(state[..., b:e] for b, e in zip([0, *ends[:-2]], ends[:-1], strict=True)))
    units = (frame - weights["mean"]) / weights["spread"]
    after = remembered(xp, memory, units, since_s, weights["speed"])
    random = drawn(xp, memory, state[..., ends[-2] : ends[-1]], numbers, since_s)
    inputs = seen(xp, after)
    hidden = next_hidden(xp, weights, linear("input", weights, inputs), state[..., ends[-1] :], since_s)
    frame_after = changed(xp, weights, after, random, outputs(xp, weights, inputs, hidden))
    return frame_after, xp.concatenate([*after, random, hidden], -1)


def _standard(xp: Any, memory: Memory, variance: Any) -> Any:
    """The frame about the running mean, in standard deviations so far."""
    return xp.clip((memory.before - memory.briefly) * xp.exp(-variance / 2), -_STANDARD, _STANDARD)


def _softplus(xp: Any, values: Any) -> Any:
    return xp.clip(values, 0.0, None) + xp.log(1 + xp.exp(-xp.abs(values)))


def _sigmoid(xp: Any, values: Any) -> Any:
    return (1 + xp.tanh(values / 2)) / 2
