"""Which part of the face gives people away?

An attacker in the view motion is asked on every set of regions: `moments` is fitted anew to each, a network
was trained with regions hidden at random. The face is normalised as a whole, so that a region alone still
moves as it does in the face. A region that looks harmless alone may matter beside
others, and the other way round: its Shapley value (Shapley, "A value for n-person games", 1953) is what it
adds to 0.5 - EER, averaged over all orders in which the regions can be added. These values add up to
0.5 - EER of the whole face. Their intervals are over people, under the same draws of people for every set of
regions.

Where the motion of one part follows from that of another, as brows follow blinks, each is given a part.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np

from amber_id.biometrics import Comparisons, ErrorCurve, Statistic
from amber_id.biometrics.intervals import Spread, estimate_of
from amber_id.biometrics.resampling import Resampled, resample
from amber_id.face_mesh import Region, RegionGroup, points_of
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates, less
from amber_id.results import RegionResult, Share

PARTS: tuple[Region | RegionGroup, ...] = ("eyes", "lips", "nose", "eyebrows", "face_oval")
SIDES: tuple[Region, ...] = ("left_eye", "right_eye", "left_eyebrow", "right_eyebrow")
_EER = {"eer": Statistic(ErrorCurve.eer)}
_Set = frozenset[str]
_Points = frozenset[int]
Attack = Callable[[Sequence[frozenset[int]]], Sequence[Comparisons]]
"""What an attacker finds on each of several sets of landmarks."""


def regions_of(attack: Attack, config: EvaluationConfig) -> dict[str, RegionResult]:
    """Every part of the face, and of eyes and brows each side, alone and removed; the shares of the parts."""
    sets: dict[_Set, _Points] = {
        frozenset(parts): frozenset(point for part in parts for point in points_of(part))
        for size in range(1, len(PARTS) + 1)
        for parts in combinations(PARTS, size)
    }
    sides: dict[str, _Points] = {side: frozenset(points_of(side)) for side in SIDES}
    everywhere = sets[frozenset(PARTS)]
    point_sets = [*sets.values(), *sides.values(), *(everywhere - points for points in sides.values())]
    compared = dict(zip(point_sets, attack(point_sets), strict=True))
    whole = compared[everywhere]
    shares = _shares({parts: compared[points] for parts, points in sets.items()}, config)
    results: dict[str, RegionResult] = {}
    for name, points in [*((part, sets[frozenset({part})]) for part in PARTS), *sides.items()]:
        alone, rest = compared[points], compared[everywhere - points]
        results[name] = _result(alone, rest, whole, shares.get(name), config)
    return results


def _result(
    alone: Comparisons, rest: Comparisons, whole: Comparisons, share: Share | None, config: EvaluationConfig
) -> RegionResult:
    eer = judged_rates(alone, config, ("eer",))["eer"]
    return RegionResult(alone=eer, removed=less(whole, rest, config)["eer"], share=share)


def _shares(of_parts: Mapping[_Set, Comparisons], config: EvaluationConfig) -> dict[str, Share]:
    resampled = resample(
        list(of_parts.values()),
        _EER,
        replicates=config.replicates,
        rng=np.random.default_rng(config.seed),
    )
    of_set = dict(zip(of_parts, resampled, strict=True))
    shares: dict[str, Share] = {}
    for part in PARTS:
        weights = shapley_weights(part, PARTS)
        mixed = _mixed(of_set, weights)
        estimate = estimate_of(Spread.of(mixed, "eer", config.level), None)
        shares[part] = Share(value=estimate.value, low=estimate.low, high=estimate.high, level=estimate.level)
    return shares


def shapley_weights(part: str, parts: tuple[str, ...]) -> dict[_Set, float]:
    """The weight of the worth of every set of parts in the Shapley value of one of them.

    Examples
    --------
    >>> weights = shapley_weights("a", ("a", "b"))
    >>> [(sorted(parts), weight) for parts, weight in weights.items()]
    [([], -0.5), (['a'], 0.5), (['b'], -0.5), (['a', 'b'], 0.5)]
    """
    others, n = [each for each in parts if each != part], len(parts)
    weights: dict[_Set, float] = {}
    for size in range(n):
        weight = factorial(size) * factorial(n - size - 1) / factorial(n)
        for before in map(frozenset, combinations(others, size)):
            weights[before] = -weight
            weights[before | {part}] = weight
    return weights


def _mixed(of_set: Mapping[_Set, Resampled], weights: Mapping[_Set, float]) -> Resampled:
    """The weighted sum of 0.5 - EER over sets of parts; of no part at all it is 0."""
    some = {parts: weight for parts, weight in weights.items() if parts}
    any_one = next(iter(of_set.values()))

    def mix(of: str) -> np.ndarray:
        worths = [weight * (0.5 - getattr(of_set[parts], of)["eer"]) for parts, weight in some.items()]
        return np.atleast_1d(np.sum(worths, axis=0))

    return Resampled(
        values={"eer": float(mix("values")[0])},
        resampled={"eer": mix("resampled")},
        left_out={"eer": mix("left_out")},
        redrawn=any_one.redrawn,
        n_subjects=any_one.n_subjects,
        n_deciding=any_one.n_deciding,
    )
