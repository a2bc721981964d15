"""How useful is a changed clip still, in one number that every kind of harm lowers?

The number is the geometric mean of four parts, each 1 where nothing was changed:

face        concordance of the coefficients that move: their correlation, lowered where movement is larger or
            smaller
head        the same of yaw, pitch and roll, where the head moves
smoothness  root mean square acceleration of coefficients and head over that of the original, or its inverse,
            whichever is below 1: tremor and sluggishness alike
events      blinks, smiles and closures of the lips that both clips show at the same time: F1, which falls
            with events that are lost and with such as are invented; the mean of the kinds, since a geometric
            mean would hang on the few events of the rarest kind

A geometric mean lets no part make good what another has lost, and is 0 where a part is gone. Concordance sees
size, so that size is no part of its own. Where a face and a head rest is no movement, and has no part in the
number; it is among the measures that stand beside it.

A kind of event, or the head, counts only if originals show enough of it; that depends on the originals alone,
so that several changes of the same clips have the same parts.
"""

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from jaxtyping import Float

from amber_id.audit.utility.expression import CHANNELS, EVENTS
from amber_id.audit.utility.figures import Agreement
from amber_id.audit.utility.measure import UtilityConfig
from amber_id.biometrics import spreads_of_sums
from amber_id.biometrics.intervals import Spread, difference_of, estimate_of
from amber_id.errors import EvaluationError
from amber_id.results import Difference
from amber_id.results.frontier import KeptSums, UtilityNumber, UtilityPart
from amber_id.results.utility import Average

FEWEST_EVENTS = 20
"""So many events of a kind the originals must show for the kind to count."""

_FACE = [i for i, each in enumerate(CHANNELS) if each.unit == "coefficient"]
_HEAD = [i for i, each in enumerate(CHANNELS) if each.part == "head" and each.unit == "degrees"]
_FEWEST_PEOPLE = 3  # of whom the head moves, or who show an event
_LARGEST_SHARE = 0.999  # of an amplitude: a thousand times as large as the original's
_ALIKE = 1e-9
_PARTS: tuple[UtilityPart, ...] = get_args(UtilityPart)
_MEASURED: Mapping[str, tuple[Sequence[int], str]] = {  # columns of an `Agreement`, and which of its measures
    "correlation": (_FACE, "correlation"),
    "face": (_FACE, "concordance"),
    "amplitude": (_FACE, "amplitude"),
    "resting face": (_FACE, "offset"),
    "head": (_HEAD, "concordance"),
    "head error": (_HEAD, "error"),
    "resting head": (_HEAD, "offset"),
    "smoothness": (_FACE + _HEAD, "jitter"),
}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "correlation": (-1.0, 1.0), "face": (-1.0, 1.0), "head": (-1.0, 1.0),
    "head error": (0.0, 180.0), "resting head": (0.0, 180.0),
}  # fmt: skip

_Sums = Mapping[str, Float[np.ndarray, " R"]]


def kept_sums(people: Sequence[str], clips: Sequence[Agreement]) -> KeptSums:
    """Sums over the clips of each person, of which all figures of utility are made."""
    subjects, place = np.unique(np.asarray(people, dtype=str), return_inverse=True)
    columns: dict[str, Float[np.ndarray, " S"]] = {}

    def add(name: str, values: Float[np.ndarray, " N"], counts: Float[np.ndarray, " N"]) -> None:
        columns[name] = np.bincount(place, weights=values, minlength=len(subjects))
        columns[f"{name}, of"] = np.bincount(place, weights=counts, minlength=len(subjects))

    for name, (channels, measure) in _MEASURED.items():
        means = np.array([_mean(getattr(each, measure)[channels]) for each in clips])
        known = np.isfinite(means)
        add(name, np.where(known, means, 0), known.astype(np.float64))
    for kind in EVENTS:
        one, other = (
            [getattr(each.matches[kind], side) if kind in each.matches else np.zeros(0) for each in clips]
            for side in ("one", "other")
        )
        recalled, of_original = np.array([[mask.sum(), len(mask)] for mask in one], np.float64).T
        precise, of_changed = np.array([[mask.sum(), len(mask)] for mask in other], np.float64).T
        add(f"{kind} recalled", recalled, of_original)
        add(kind, recalled + precise, of_original + of_changed)
    return KeptSums(
        subjects=tuple(subjects.tolist()),
        sums={name: tuple(values.tolist()) for name, values in columns.items()},
    )


def counted_parts(originals: KeptSums) -> dict[str, str]:
    """The parts that count, and "" for each; and why not the others, in whole sentences.

    `originals` are the sums of the undefended clips, held against themselves. Kinds of event are parts here.
    """
    reasons = {}
    for name in ("face", "head", "smoothness"):
        people = sum(count > 0 for count in originals.sums[f"{name}, of"])
        reasons[name] = (
            ""
            if people >= _FEWEST_PEOPLE
            else f"The {name} does not count: it moves enough in clips of {people} people, needed 3."
        )
    for kind in EVENTS:
        counts = originals.sums[f"{kind} recalled, of"]
        number, people = round(sum(counts)), sum(count > 0 for count in counts)
        reasons[kind] = (
            ""
            if number >= FEWEST_EVENTS and people >= _FEWEST_PEOPLE
            else f"{kind.capitalize()} do not count: the originals show {number} of {people} people, needed "
            f"{FEWEST_EVENTS} of 3."
        )
    return reasons


def utility_number(kept: KeptSums, parts: Sequence[str], config: UtilityConfig) -> UtilityNumber:
    """The number with its interval over people, its parts, and the measures beside it.

    `parts` are those that count, as `counted_parts` names them.

    Raises
    ------
    EvaluationError
        If there are fewer than 3 people.
    """
    columns = _columns(kept)
    whole = {name: values.sum(keepdims=True) for name, values in columns.items()}
    (spread,) = _spreads([kept], parts, config)
    of_parts = _parts(whole, parts)
    measured = {}
    for name in _MEASURED:
        if whole[f"{name}, of"][0] > 0:
            measured[name] = _measured(columns, name, config)
    recall = {kind: _ratio(whole, f"{kind} recalled")[0] for kind in EVENTS if kind in parts}
    return UtilityNumber(
        number=_average(spread, (0.0, 1.0)),
        parts={name: float(of_parts[name][0]) for name in _PARTS if name in of_parts},
        measured=measured,
        recall={kind: float(value) for kind, value in recall.items()},
        f1={kind: float(_ratio(whole, kind)[0]) for kind in recall},
    )


def utility_difference(
    one: KeptSums, other: KeptSums, parts: Sequence[str], config: UtilityConfig
) -> Difference:
    """The number of `other` less that of `one`, of the same people, paired over them.

    Raises EvaluationError if they are not of the same people.
    """
    if one.subjects != other.subjects:
        raise EvaluationError("a difference of utility needs the same people on both sides")
    first, second = _spreads([one, other], parts, config)
    return Difference.of(difference_of(first.moves_to(second)))


def _spreads(sides: Sequence[KeptSums], parts: Sequence[str], config: UtilityConfig) -> list[Spread]:
    names = list(sides[0].sums)

    def number(rows: Float[np.ndarray, "R K"]) -> Float[np.ndarray, " R"]:
        return _number(_parts(dict(zip(names, rows.T, strict=True)), parts))

    return spreads_of_sums(
        [np.array([side.sums[name] for name in names]).T for side in sides],
        number,
        replicates=config.replicates,
        level=config.level,
        rng=np.random.default_rng(config.seed),
    )


def _parts(sums: _Sums, counted: Sequence[str]) -> dict[str, Float[np.ndarray, " R"]]:
    """The parts of the number, each in [0, 1], in rows of sums."""
    parts = {name: np.clip(_ratio(sums, name), 0, 1) for name in ("face", "head") if name in counted}
    if "smoothness" in counted:
        share = _ratio(sums, "smoothness")
        parts["smoothness"] = np.minimum(share, 1 - share) / np.maximum(share, 1 - share)
    kinds = [_ratio(sums, kind) for kind in EVENTS if kind in counted]
    if kinds:
        parts["events"] = np.mean(kinds, axis=0)
    return parts


def _number(parts: Mapping[str, Float[np.ndarray, " R"]]) -> Float[np.ndarray, " R"]:
    return _geometric_mean(list(parts.values()))


def _geometric_mean(values: Sequence[Float[np.ndarray, " R"]]) -> Float[np.ndarray, " R"]:
    """The product to the power of 1 over their number; 0 if one is 0, NaN if one is NaN."""
    mean: Float[np.ndarray, " R"] = np.prod(values, axis=0) ** (1 / len(values))
    return mean


def _ratio(sums: _Sums, name: str) -> Float[np.ndarray, " R"]:
    """A sum over its count; NaN where nothing was counted."""
    counts = sums[f"{name}, of"]
    return np.divide(sums[name], counts, out=np.full(len(counts), np.nan), where=counts > 0)


def _measured(columns: _Sums, name: str, config: UtilityConfig) -> Average:
    """A measure beside the number, with its interval over people; of amplitudes, as a ratio."""
    sums = np.array([columns[name], columns[f"{name}, of"]]).T
    rows = sums[sums[:, 1] > 0]
    value = float(rows[:, 0].sum() / rows[:, 1].sum())
    low, high = value, value
    if len(rows) >= _FEWEST_PEOPLE:
        (spread,) = spreads_of_sums(
            [rows],
            lambda each: each[:, 0] / each[:, 1],
            replicates=config.replicates,
            level=config.level,
            rng=np.random.default_rng(config.seed),
        )
        average = _average(spread, _BOUNDS.get(name, (0.0, 1.0)))
        value, low, high = average.value, average.low, average.high
    if _MEASURED[name][1] in ("amplitude", "jitter"):
        value, low, high = (min(share, _LARGEST_SHARE) for share in (value, low, high))
        value, low, high = (share / (1 - share) for share in (value, low, high))
    return Average(value=value, low=low, high=high, level=config.level)


def _average(spread: Spread, bounds: tuple[float, float]) -> Average:
    """A figure with its interval; where all people are alike, the exact binomial end is not meant."""
    if np.ptp(spread.resampled) < _ALIKE:
        return Average(value=spread.value, low=spread.value, high=spread.value, level=spread.level)
    return Average.of(estimate_of(spread, bounds))


def _columns(kept: KeptSums) -> dict[str, Float[np.ndarray, " S"]]:
    return {name: np.array(values) for name, values in kept.sums.items()}


def _mean(values: Float[np.ndarray, " C"]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
