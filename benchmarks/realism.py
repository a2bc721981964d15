"""Do synthetic people move as tracked real ones do?

Measures both sets of recordings alike and prints the results side by side; then trains the attacker
`moments` to distinguish real from synthetic windows, of people it has not seen. 0.5 is guessing.

    python benchmarks/realism.py REAL_RECORDINGS SYNTHETIC_RECORDINGS           # some minutes
    python benchmarks/realism.py REAL SYNTHETIC --figure realism.png            # and draws them
    python benchmarks/realism.py REAL SYNTHETIC --quick                         # fewer repetitions

Make the synthetic clips with the frame rates, lengths and picture shapes of the real ones: the comparison
does not know what is a matter of the camera. Everything is read at 25 Hz, and every person has equal weight.

A blink is a peak of the two eyes' mean eyeBlink that stands out by 0.2, and is 0.2 above the clip's median;
its length is the time spent above half its height. A band's share is its part of a signal's power from 0.4 to
12 Hz, under a Hann taper. Jitter is what the second difference of the aligned landmarks is in half of the
frames, root mean square over a region's points; it counts movement as well where a region moves a lot.
Angles are of the head as the rigid points see it, for the mean face is the zero.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.signal import find_peaks, peak_widths
from scipy.spatial.transform import Rotation

from amber_id.attackers.window_statistics import BANDS_HZ, window_statistics
from amber_id.face_mesh import BLENDSHAPE_NAMES, OUTER_EYE_CORNERS, points_of
from amber_id.motion import FeatureConfig, load_windows
from amber_id.motion.alignment import HeadPlacement, align, isotropic
from amber_id.motion.views import head_pose
from amber_id.recordings import Recording, RecordingSet
from amber_id.recordings.resampling import resample, tracked_segments

RATE_HZ = 25.0
LEAST_FRAMES = 25
AXES = ("pitch", "yaw", "roll")
REGIONS = ("eyes", "eyebrows", "lips", "nose", "face_oval")
COEFFICIENTS = {
    "browInnerUp": ("browInnerUp",),
    "browOuterUp": ("browOuterUpLeft", "browOuterUpRight"),
    "browDown": ("browDownLeft", "browDownRight"),
    "eyeSquint": ("eyeSquintLeft", "eyeSquintRight"),
    "mouthSmile": ("mouthSmileLeft", "mouthSmileRight"),
    "mouthPucker": ("mouthPucker",),
    "gaze across": ("eyeLookOutLeft", "eyeLookInRight"),
    "gaze down": ("eyeLookDownLeft", "eyeLookDownRight"),
}
KINDS = ("mean", "skewness", "spread", "changes", *(f"{low:g}-{high:g} Hz" for low, high in BANDS_HZ))
FEATURES = {
    **{view: FeatureConfig(view=view) for view in ("motion", "pose", "static", "all")},
    "blendshapes, motion": FeatureConfig(signals="blendshapes", view="motion"),
    "blendshapes, all": FeatureConfig(signals="blendshapes", view="all"),
}
REAL_COLOUR, SYNTHETIC_COLOUR = "#0072b2", "#d55e00"
FOLDS = 10

Values = dict[str, list[tuple[str, float]]]


def main() -> None:
    """Print the tables, and draw."""
    parser = argparse.ArgumentParser(description="Real and synthetic movement side by side.")
    parser.add_argument("real", type=Path)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("--figure", type=Path, help="draw the distributions into this file")
    parser.add_argument("--quick", action="store_true", help="2 repetitions of the classifier instead of 10")
    arguments = parser.parse_args()
    real, synthetic = RecordingSet.open(arguments.real), RecordingSet.open(arguments.synthetic)
    rates = [sorted({f"{e.fps:.3g}" for e in recordings.entries}) for recordings in (real, synthetic)]
    if rates[0] != rates[1]:
        print(f"Note: real clips have {', '.join(rates[0])} fps, synthetic ones {', '.join(rates[1])}.\n")
    measured = measure(real), measure(synthetic)
    print_measurements(*measured)
    print_classifier(real, synthetic, repetitions=2 if arguments.quick else 10)
    if arguments.figure:
        draw(*measured, arguments.figure)


def measure(recordings: RecordingSet) -> Values:
    """Every quantity of every clip, with its person."""
    found: Values = {}
    for entry in recordings.entries:
        for name, value in quantities(recordings.load(entry)):
            if np.isfinite(value):
                found.setdefault(name, []).append((entry.subject, value))
    # A few seconds have too few blinks for a rate.
    blinks = found["blinks per minute"]
    people = sorted({subject for subject, _ in blinks})
    found["blinks per minute"] = [(p, float(np.mean([n for who, n in blinks if who == p]))) for p in people]
    return found


def quantities(recording: Recording) -> Iterator[tuple[str, float]]:
    """What is measured in one clip, by its longest tracked stretch."""
    stretches = tracked_segments(recording.timestamps, recording.tracked, longest_gap_s=0.2)
    frames = max(stretches, key=len, default=np.arange(0))
    if len(frames) < 2 or recording.blendshapes is None:
        return
    pixels = isotropic(recording.landmarks[frames], width=recording.width, height=recording.height)
    times = recording.timestamps[frames]
    points = resample(pixels, times, rate_hz=RATE_HZ)
    if len(points) < LEAST_FRAMES:
        return
    coefficients = resample(recording.blendshapes[frames].astype(float), times, rate_hz=RATE_HZ)
    named = {
        name: coefficients[:, [BLENDSHAPE_NAMES.index(part) for part in parts]].mean(axis=1)
        for name, parts in COEFFICIENTS.items()
    }
    faces, placement = align(points)
    # As recorded, for a blink lasts a few frames only.
    lids = recording.blendshapes[frames][
        :, [BLENDSHAPE_NAMES.index(f"eyeBlink{s}") for s in ("Left", "Right")]
    ]
    yield from of_blinks(lids.mean(axis=1), times)
    jaw = coefficients[:, BLENDSHAPE_NAMES.index("jawOpen")]
    yield "jawOpen median", np.median(jaw)
    yield "jawOpen 90th percentile", np.quantile(jaw, 0.9)
    yield "jawOpen spread", jaw.std()
    yield from shares("jawOpen", jaw[:, None], recording.fps)
    yield from of_head(points, placement, recording)
    for region in REGIONS:
        moved = np.diff(faces[:, list(points_of(region)), :2], n=2, axis=0)
        yield f"jitter of {region}, 1000ths", 1000 * np.median(np.sqrt((moved**2).sum(axis=2).mean(axis=1)))
    for name, values in named.items():
        yield f"{name} spread", values.std()
        yield f"{name} median", np.median(values)
    yield "correlation of jawOpen and browInnerUp", correlation(jaw, named["browInnerUp"])
    pitch = head_pose(points, placement)[:, 0, 0]
    yield "correlation of jawOpen and pitch", correlation(jaw, pitch)


def of_blinks(lids: np.ndarray, times: np.ndarray) -> Iterator[tuple[str, float]]:
    """How many a minute, and how long each."""
    peaks, _ = find_peaks(lids, height=float(np.median(lids)) + 0.2, prominence=0.2)
    period = (times[-1] - times[0]) / (len(times) - 1)
    yield "blinks per minute", 60 * len(peaks) / (period * len(times))
    if len(peaks):
        yield "blink length, s", float(np.mean(peak_widths(lids, peaks, rel_height=0.5)[0]) * period)


def of_head(
    points: np.ndarray, placement: HeadPlacement, recording: Recording
) -> Iterator[tuple[str, float]]:
    """Turning, moving, and size in the picture."""
    # A placement brings the head back onto the mean face; the head's own turn is its inverse.
    turn = Rotation.from_matrix(placement.rotation.transpose(0, 2, 1))
    turned, moved = head_pose(points, placement).transpose(1, 0, 2)
    for axis, name in enumerate(AXES):
        yield f"{name} of the clip, degrees", np.degrees(turn.mean().as_rotvec()[axis])
    for axis, name in enumerate(AXES):
        yield f"{name} spread in the clip, degrees", np.degrees(turned[:, axis].std())
    speed = np.degrees((turn[1:] * turn[:-1].inv()).magnitude()) * RATE_HZ
    yield "angular speed, degrees/s", np.sqrt((speed**2).mean())
    yield from shares("rotation", turned, recording.fps)
    for axis, name in enumerate(("x", "y", "log size")):
        yield f"translation {name} spread", moved[:, axis].std()
    yield from shares("translation in the picture", moved[:, :2], recording.fps)
    left, right = points[:, OUTER_EYE_CORNERS[0]], points[:, OUTER_EYE_CORNERS[1]]
    yield "eye distance / picture height", np.median(np.linalg.norm(left - right, axis=1)) / recording.height


def shares(name: str, signals: np.ndarray, fps: float) -> Iterator[tuple[str, float]]:
    """Of the power of all signals together (T, K); a slow camera does not show the fast bands."""
    T = len(signals)
    tapered = (signals - signals.mean(axis=0)) * np.sin(np.pi * (np.arange(T) + 0.5) / T)[:, None] ** 2
    frequencies = np.arange(BANDS_HZ[0][0], BANDS_HZ[-1][1], 0.1)
    waves = np.exp(-2j * np.pi * np.outer(frequencies, np.arange(T)) / RATE_HZ)
    power = (np.abs(waves @ tapered) ** 2).sum(axis=1)
    for low, high in BANDS_HZ:
        inside = (frequencies >= low - 1e-9) & (frequencies < high - 1e-9)
        known = high <= fps / 2 + 1 and power.sum() > 0
        yield f"{name} power {low:g}-{high:g} Hz", power[inside].sum() / power.sum() if known else np.nan


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's, NaN where one does not move."""
    spreads = first.std() * second.std()
    return float(np.mean((first - first.mean()) * (second - second.mean())) / spreads) if spreads else np.nan


def weighted(values: list[tuple[str, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Sorted values, and their weights, with which people weigh the same."""
    people = [subject for subject, _ in values]
    numbers = np.array([value for _, value in values])
    weights = np.array([1 / people.count(subject) for subject in people])
    order = np.argsort(numbers)
    return numbers[order], weights[order] / weights.sum()


def quantile(values: list[tuple[str, float]], at: float) -> float:
    """Of clips, with the same weight for every person."""
    numbers, weights = weighted(values)
    return float(np.interp(at, np.cumsum(weights) - weights / 2, numbers))


def larger(first: list[tuple[str, float]], second: list[tuple[str, float]]) -> float:
    """The chance that one of the second is larger than one of the first; a draw counts half."""
    (a, p), (b, q) = weighted(first), weighted(second)
    return float(p @ ((b > a[:, None]) + 0.5 * (b == a[:, None])) @ q)


def print_measurements(real: Values, synthetic: Values) -> None:
    """One row for each quantity."""
    print(
        "Median over clips (10 to 90 %); the last column is the chance that a synthetic clip has more than a"
    )
    print("real one, .5 where they are alike. Blinks per minute are people's, not clips'.\n")
    print("| quantity | real | synthetic | chance |\n|---|---|---|---|")
    for name in real:
        if name in synthetic:
            cells = " | ".join(f"{middle_of(values[name])}" for values in (real, synthetic))
            print(f"| {name} | {cells} | {larger(real[name], synthetic[name]):.2f} |")
    print()


def middle_of(values: list[tuple[str, float]]) -> str:
    """As in the table."""
    low, middle, high = (quantile(values, at) for at in (0.1, 0.5, 0.9))
    return "{:.3g} ({:.3g} to {:.3g})".format(*(round(number, 6) + 0.0 for number in (middle, low, high)))


def print_classifier(real: RecordingSet, synthetic: RecordingSet, *, repetitions: int) -> None:
    """Balanced accuracies, and what separates most."""
    print("Balanced accuracy of `moments`, real against synthetic, cross-validated over people, with a 95 %")
    print(
        f"interval over people; and that of real against real, over {2 * repetitions} splits of the people.\n"
    )
    print("| features | real against synthetic | real against real |\n|---|---|---|", flush=True)
    tables = []
    for name, config in FEATURES.items():
        rng = np.random.default_rng(0)
        parts = [statistics(recordings, config) for recordings in (real, synthetic)]
        rows = np.concatenate([part for part, _ in parts])
        people = np.concatenate([[f"{c} {s}" for s in who] for c, (_, who) in zip("rs", parts, strict=True)])
        label = np.repeat([0, 1], [len(part) for part, _ in parts])
        right = np.mean([tell_apart(rows, label, people, rng) for _ in range(repetitions)], axis=0)
        value, low, high = over_people(right, label, people, rng)
        controls = []
        for _ in range(2 * repetitions):
            chosen = rng.permutation(np.unique(parts[0][1]))[: len(np.unique(parts[0][1])) // 2]
            halves = np.isin(parts[0][1], chosen).astype(int)
            correct = tell_apart(parts[0][0], halves, parts[0][1], rng)
            controls.append(over_people(correct, halves, parts[0][1], rng, resamples=0)[0])
        spread = "{:.2f} to {:.2f}".format(*np.quantile(controls, (0.025, 0.975)))
        control = f"{np.mean(controls):.2f} ({spread})"
        print(f"| {name} | {value:.2f} ({low:.2f} to {high:.2f}) | {control} |", flush=True)
        tables.append((name, config, rows, label, people))
    for each in tables[:4]:
        print_separation(*each)


def statistics(recordings: RecordingSet, config: FeatureConfig) -> tuple[np.ndarray, np.ndarray]:
    """What `moments` sees of every window, and whose it is."""
    windows = load_windows(recordings, config)
    who = np.array([windows.entries[clip].subject for clip in windows.clip])
    return window_statistics(windows.values, windows.mask, rate_hz=config.rate_hz), who


def tell_apart(
    rows: np.ndarray, label: np.ndarray, people: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Of every window, how often it was recognised: by the projection of `moments`, in people not trained on.

    Both classes have as many windows in training; a fold has as many people of both as can be.
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fold = np.zeros(len(label), dtype=int)
    for each in (0, 1):
        for n, person in enumerate(rng.permutation(np.unique(people[label == each]))):
            fold[(people == person) & (label == each)] = n % FOLDS
    right = np.zeros(len(label))
    for n in range(FOLDS):
        training = [rng.permutation(np.flatnonzero((fold != n) & (label == each))) for each in (0, 1)]
        least = min(map(len, training))
        train = np.concatenate([each[:least] for each in training])
        varies = rows[train].std(axis=0) > 1e-6 * np.abs(rows[train].mean(axis=0)) + 1e-9
        components = min(128, len(train) - 2, int(varies.sum()))
        model = make_pipeline(
            StandardScaler(),
            PCA(components, svd_solver="full"),
            LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto"),
        )
        model.fit(rows[train][:, varies], label[train])
        test = fold == n
        right[test] = model.predict(rows[test][:, varies]) == label[test]
    return right


def over_people(
    right: np.ndarray, label: np.ndarray, people: np.ndarray, rng: np.random.Generator, resamples: int = 2000
) -> tuple[float, float, float]:
    """Balanced accuracy, every person having the same weight, and its bootstrap interval over people."""
    shares = [
        np.array([right[(people == p) & (label == each)].mean() for p in np.unique(people[label == each])])
        for each in (0, 1)
    ]
    value = float(np.mean([share.mean() for share in shares]))
    if not resamples:
        return value, value, value
    drawn = [rng.choice(share, (resamples, len(share))).mean(axis=1) for share in shares]
    low, high = np.quantile(np.mean(drawn, axis=0), (0.025, 0.975))
    return value, float(low), float(high)


def print_separation(
    name: str, config: FeatureConfig, rows: np.ndarray, label: np.ndarray, people: np.ndarray
) -> None:
    """How well single statistics tell real from synthetic: mean over a region's points, by kind."""
    weights = np.array(
        [1 / np.sum((people == p) & (label == each)) for p, each in zip(people, label, strict=True)]
    )
    chance = chances(rows, label, weights).reshape(len(KINDS), -1)
    if config.on_face:
        points = np.array(config.points)
        parts = {
            f"{region} {axis}": len(points) * c + np.flatnonzero(np.isin(points, points_of(region)))
            for region in REGIONS
            for c, axis in enumerate("xy")
        }
    else:
        # Channels of the vertices `rotation` and `translation`.
        names = (*AXES, "x", "y", "log size")
        parts = {part: np.array([2 * (n % 3) + n // 3]) for n, part in enumerate(names)}
    kinds = [k for k in range(len(KINDS)) if np.ptp(chance[k]) > 0]
    print(f"\n{name}: the chance that a statistic is larger in a synthetic window, mean over points.\n")
    print("| | " + " | ".join(KINDS[k] for k in kinds) + " |\n|---" + "|---" * len(kinds) + "|")
    for part, columns in parts.items():
        print(
            f"| {part} | " + " | ".join(f"{chance[k, columns].mean():.2f}" for k in kinds) + " |", flush=True
        )


def chances(rows: np.ndarray, label: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of every column, the chance that a synthetic value is larger; people weigh the same."""
    p, q = weights[label == 0], weights[label == 1]
    p, q = p / p.sum(), q / q.sum()
    real, synthetic = rows[label == 0], rows[label == 1]
    found = np.empty(rows.shape[1])
    for column in range(rows.shape[1]):
        order = np.argsort(real[:, column], kind="stable")
        ordered, below = real[order, column], np.concatenate([[0.0], np.cumsum(p[order])])
        left, right = (
            np.searchsorted(ordered, synthetic[:, column], side=side) for side in ("left", "right")
        )
        found[column] = q @ (below[left] + below[right]) / 2
    return found


def draw(real: Values, synthetic: Values, path: Path) -> None:
    """One panel for each quantity: how many clips lie below a value, every person weighing the same."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    plt.rcParams.update({"font.size": 7, "axes.spines.top": False, "axes.spines.right": False})
    bands = [name for name in real if " power " in name]
    single = [name for name in real if name not in bands and name in synthetic]
    signals = list(dict.fromkeys(name.partition(" power ")[0] for name in bands))
    short = {"translation in the picture": "translation"}
    columns = 7
    panels = len(single) + len(signals)
    figure, grid = plt.subplots(-(-panels // columns), columns, figsize=(15, 1.75 * -(-panels // columns)))
    axes = list(grid.ravel())
    for axis, name in zip(axes, single, strict=False):
        values = np.array([v for source in (real, synthetic) for _, v in source[name]])
        for source, colour in ((real, REAL_COLOUR), (synthetic, SYNTHETIC_COLOUR)):
            numbers, weights = weighted(source[name])
            axis.step(numbers, np.cumsum(weights), where="post", color=colour, linewidth=1.3)
        low, high = np.quantile(values, (0.01, 0.99))
        if values.min() > 0 and high > 20 * low:
            axis.set_xscale("log")
            axis.set_xlim(max(low, high / 1e4), high * 1.1)
            axis.xaxis.set_major_locator(LogLocator(numticks=5))
            axis.xaxis.set_minor_formatter(NullFormatter())
        else:
            axis.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
            axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.set_ylim(0, 1.02)
        axis.set_yticks([0, 0.5, 1])
        title = name.replace("correlation of", "corr.").replace(" in the clip", "")
        axis.set_title(title, fontsize=7.5, loc="left", pad=3)
    middles = np.arange(len(BANDS_HZ))
    for axis, signal in zip(axes[len(single) :], signals, strict=False):
        for source, colour, shift in ((real, REAL_COLOUR, -0.12), (synthetic, SYNTHETIC_COLOUR, 0.12)):
            names = [name for name in bands if name.startswith(f"{signal} power")]
            low, middle, high = (np.array([quantile(source[n], at) for n in names]) for at in (0.1, 0.5, 0.9))
            axis.errorbar(middles + shift, middle, [middle - low, high - middle], fmt="o", markersize=3,
                          color=colour, linewidth=1.2)  # fmt: skip
        axis.set_yscale("log")
        axis.set_ylim(1e-5, 1.5)
        axis.set_xticks(middles, [f"{low:g}" for low, _ in BANDS_HZ])
        axis.set_title(f"{short.get(signal, signal)}: share of power", fontsize=7.5, loc="left", pad=3)
        axis.set_xlabel("bands from, Hz", labelpad=1)
    for axis in axes[panels:]:
        axis.set_visible(False)
    for row in grid:
        row[0].set_ylabel("share of clips")
    handles = [plt.Line2D([], [], color=colour) for colour in (REAL_COLOUR, SYNTHETIC_COLOUR)]
    figure.tight_layout(h_pad=0.6, w_pad=0.5, rect=(0, 0, 1, 0.972))
    figure.legend(handles, ["real", "synthetic"], loc="upper left", fontsize=11, frameon=False, ncol=2)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
