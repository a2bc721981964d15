"""Measure from recordings of real people how a face moves with its blendshapes, and how much faces differ.

    python scripts/measure_blendshape_basis.py RECORDINGS

writes src/amber_id/data/blendshape_basis.safetensors, which the generator of synthetic people reads:

basis (52, 478, 3)      movement of every point in the mean face's frame as a coefficient goes from 0 to 1: a
                        ridge regression (Hoerl & Kennard, Technometrics 12(1), 1970) of aligned landmarks
                        on tracked coefficients, both with their mean over the clip removed; every person
                        has the same weight, and every frame enters a second time as its mirror image
mean, rest (52,)        mean of the coefficients, which the mean face shows, and their median, a face at rest;
                        both with the same weight for every person
shape_std (478, 3)      standard deviation between people of their mean faces, without their mean expression
residual_std (478, 3)   root mean square of what the basis does not explain within a clip, in people
                        left out of the regression: tracker noise, and movement that has no coefficient
slow, fast (K, 478, 3)  movements of the whole face that the basis does not explain, each at one standard
                        deviation, as parts with the spectra `SPECTRA`: the largest modes of the covariance
                        below 2.5 Hz and above 3.5 Hz; in everybody together, each also as its mirror image

All of it is averaged over people: neither a person's face nor a mode of faces is in the file. Printed: the
variance explained in people left out, and the correlations over face and time that `fields.py` states.
"""

import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from scipy.spatial.distance import cdist

from amber_id.face_mesh import BLENDSHAPE_NAMES, REGIONS, mean_face, mirror_pairs, points_of
from amber_id.motion.alignment import align, isotropic
from amber_id.recordings import RecordingSet

TARGET = Path(__file__).parents[1] / "src/amber_id/data/blendshape_basis.safetensors"
RIDGES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
# What the basis does not explain is two movements: time constants of `smooth_in_time`, and shares without
# memory.
SPECTRA = {"slow": (0.16, 0.0), "fast": (0.04, 0.07)}
KEPT_MODES = {"slow": 24, "fast": 40}
BANDS_HZ = {"slow": (0.3, 2.5), "fast": (3.5, 12.0)}
PAIRS, MIRROR_X = mirror_pairs(), np.array([-1.0, 1.0, 1.0])
SIDES = {"Left": "Right", "Right": "Left"}
SWAPPED = [
    BLENDSHAPE_NAMES.index(next((n.removesuffix(a) + b for a, b in SIDES.items() if n.endswith(a)), n))
    for n in BLENDSHAPE_NAMES
]


@dataclass(frozen=True)
class Clip:
    """Aligned landmarks (T, 478, 3), coefficients (T, 52) and frame rate of one clip."""

    faces: np.ndarray
    blendshapes: np.ndarray
    fps: float

    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and landmarks without their means; frames by row."""
        faces = self.faces - self.faces.mean(axis=0)
        return self.blendshapes - self.blendshapes.mean(axis=0), faces.reshape(len(faces), -1)


def read_people(recordings: RecordingSet) -> dict[str, list[Clip]]:
    """The clips of every person, tracked frames only."""
    people = defaultdict(list)
    for entry in recordings.entries:
        r = recordings.load(entry)
        if r.blendshapes is None:
            sys.exit(f"{r.clip}: no blendshapes; track it with the FaceLandmarker")
        faces, _ = align(isotropic(r.landmarks, width=r.width, height=r.height)[r.tracked])
        people[r.subject].append(Clip(faces, r.blendshapes[r.tracked].astype(float), r.fps))
    return people


def mirrored(points: np.ndarray) -> np.ndarray:
    """The mirror image of points (..., 478, 3)."""
    return (points * MIRROR_X)[..., PAIRS, :]


def moments(clips: list[Clip]) -> tuple[np.ndarray, np.ndarray]:
    """One person's covariance of the coefficients, and of them with the landmarks, mirror images included."""
    x, y = (np.concatenate(parts) for parts in zip(*(clip.centred() for clip in clips), strict=True))
    y_mirrored = mirrored(y.reshape(len(y), -1, 3)).reshape(y.shape)
    x_mirrored = x[:, SWAPPED]
    xx, xy = x.T @ x + x_mirrored.T @ x_mirrored, x.T @ y + x_mirrored.T @ y_mirrored
    return xx / (2 * len(x)), xy / (2 * len(x))


def regression(all_moments: list[tuple[np.ndarray, np.ndarray]], ridge: float) -> np.ndarray:
    """The basis (52, 478 * 3) from people's moments, each with the same weight."""
    xx, xy = (np.mean(parts, axis=0) for parts in zip(*all_moments, strict=True))
    return np.linalg.solve(xx + ridge * np.eye(len(xx)), xy)


def residuals(people: dict[str, list[Clip]], ridge: float) -> dict[str, list[np.ndarray]]:
    """What is left of every clip after the regression over all other people."""
    known = {subject: moments(clips) for subject, clips in people.items()}
    left = {}
    for subject, clips in people.items():
        basis = regression([m for other, m in known.items() if other != subject], ridge)
        left[subject] = [(y - x @ basis).reshape(len(y), -1, 3) for x, y in (c.centred() for c in clips)]
    return left


def balanced(per_clip: dict[str, list[np.ndarray]]) -> np.ndarray:
    """Mean over people of the mean over each one's clips."""
    return np.mean([np.mean(values, axis=0) for values in per_clip.values()], axis=0)


def mean_square(per_clip: dict[str, list[np.ndarray]]) -> np.ndarray:
    """Mean square (478, 3) over frames, clips, people."""
    return balanced({s: [(r**2).mean(axis=0) for r in clips] for s, clips in per_clip.items()})


def best_ridge(people: dict[str, list[Clip]]) -> tuple[float, dict[str, list[np.ndarray]]]:
    """The penalty that explains most in people left out, and the residuals it leaves; prints them all."""
    total = mean_square({s: [c.faces - c.faces.mean(axis=0) for c in clips] for s, clips in people.items()})
    tried = {ridge: residuals(people, ridge) for ridge in RIDGES}
    left = {ridge: mean_square(tried[ridge]) for ridge in RIDGES}
    for ridge in RIDGES:
        explained = 1 - left[ridge].sum() / total.sum()
        print(f"ridge {ridge:g}: variance explained in people left out {explained:.3f}")
    best = min(RIDGES, key=lambda ridge: left[ridge].sum())
    print("of x, y, z:", 1 - left[best].sum(axis=0) / total.sum(axis=0))
    for region in REGIONS:
        points = list(points_of(region))
        print(f"of {region}: {1 - left[best][points].sum() / total[points].sum():.2f}")
    return best, tried[best]


def band_covariance(people: dict[str, list[Clip]], basis: np.ndarray, band: str) -> np.ndarray:
    """Mean power per hertz (1434, 1434) of the residuals in a band, the same in the mirror."""
    low, high = BANDS_HZ[band]
    found = defaultdict(list)
    for subject, clips in people.items():
        for clip in clips:
            x, y = clip.centred()
            T, left = len(y), y - x @ basis
            frequencies = np.fft.rfftfreq(T, 1 / clip.fps)
            inside = (frequencies >= low) & (frequencies < high)
            if clip.fps < 2 * 8:  # does not see most of the fast band
                continue
            taper = np.sin(np.pi * (np.arange(T) + 0.5) / T) ** 2
            waves = np.exp(-2j * np.pi * np.outer(frequencies[inside], np.arange(T)) / clip.fps)
            spectrum = waves @ (left * taper[:, None]) / np.sqrt((taper**2).sum() * clip.fps * inside.sum())
            both = np.concatenate([spectrum.real, spectrum.imag])
            other = mirrored(both.reshape(len(both), -1, 3)).reshape(both.shape)
            found[subject].append((both.T @ both + other.T @ other) / 2)
    return balanced(found)


def unit_density(time_constant_s: float, white: float, band: str) -> float:
    """Mean power per hertz in a band of noise of variance 1 with this spectrum, at 28 frames a second."""
    fps = 28.0
    pole = np.exp(-1 / (fps * time_constant_s))
    waves = np.exp(-2j * np.pi * np.linspace(*BANDS_HZ[band], 200) / fps)
    smooth = (1 - pole**2) ** 3 / (1 + pole**2) / np.abs(1 - pole * waves) ** 4
    return float(np.mean((1 - white) * smooth + white) / fps)


def residual_modes(people: dict[str, list[Clip]], basis: np.ndarray) -> dict[str, np.ndarray]:
    """The largest modes (K, 478, 3) of both parts; their squares sum to the whole variance of every point."""
    # Power in two bands is what both parts have there: two equations for two covariances.
    density = np.array([[unit_density(*SPECTRA[part], band) for part in SPECTRA] for band in BANDS_HZ])
    measured = [band_covariance(people, basis, band) for band in BANDS_HZ]
    covariances = np.einsum("pb,bvw->pvw", np.linalg.inv(density), measured)
    modes = {}
    for (part, K), covariance in zip(KEPT_MODES.items(), covariances, strict=True):
        variances, vectors = np.linalg.eigh(covariance)
        kept = (vectors[:, -K:] * np.sqrt(variances[-K:])).T
        print(f"{part}: {K} modes have {variances[-K:].sum() / variances.clip(0).sum():.3f} of the variance")
        whole = (vectors**2 @ variances.clip(0)).clip(0)
        kept *= np.sqrt(whole / (kept**2).sum(axis=0))
        modes[part] = kept[::-1].reshape(K, -1, 3)
    return modes


def shapes(people: dict[str, list[Clip]], basis: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Every person's mean face without the mean expression, less the mean over people: (people, 478, 3)."""
    faces = []
    for clips in people.values():
        expression = np.mean([c.blendshapes.mean(axis=0) for c in clips], axis=0) - mean
        faces.append(
            np.mean([c.faces.mean(axis=0) for c in clips], axis=0) - (expression @ basis).reshape(-1, 3)
        )
    return np.array(faces) - np.mean(faces, axis=0)


def median_over_people(people: dict[str, list[Clip]]) -> np.ndarray:
    """The median coefficients (52,), as if every person had as many frames."""
    steps = np.linspace(0, 1, 501)
    frames = [np.concatenate([c.blendshapes for c in clips]) for clips in people.values()]
    return np.median(np.concatenate([np.quantile(f, steps, axis=0) for f in frames]), axis=0)


def symmetrised_std(mean_squares: np.ndarray) -> np.ndarray:
    """Root of mean squares (478, 3), the same on both sides."""
    return np.sqrt((mean_squares + mean_squares[PAIRS]) / 2)


def print_correlations(shape: np.ndarray, left: dict[str, list[np.ndarray]], clips: list[Clip]) -> None:
    """Over the face and over time, for `fields.py` and `mesh.py`."""
    distance, x = cdist(mean_face(), mean_face()), mean_face()[:, 0]
    one_side = (np.outer(x, x) > 0) & np.logical_and.outer(abs(x) > 0.15, abs(x) > 0.15)
    every = [r for clips_left in left.values() for r in clips_left]
    for name, samples in (("shape", [shape]), ("residual", every)):
        for axis, letter in enumerate("xyz"):
            covariance = sum(r[..., axis].T @ r[..., axis] / len(r) for r in samples)
            scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
            for d in (0.05, 0.1, 0.2, 0.4, 0.6):
                at = one_side & (abs(distance - d) < 0.025)
                correlation = covariance[at].sum() / scale[at].sum()
                print(f"{name} {letter}: correlation of points {d} eye distances apart: {correlation:.2f}")
    symmetric = (shape + mirrored(shape)) / 2
    print("symmetric share of shape in x, y, z:", (symmetric**2).sum((0, 1)) / (shape**2).sum((0, 1)))
    for seconds in (1 / 30, 0.1, 1 / 6, 0.3, 0.5):
        lagged = []
        for r, clip in zip(every, clips, strict=True):
            lag = round(seconds * clip.fps)
            if abs(lag - seconds * clip.fps) < 0.1:
                lagged.append((r[:-lag] * r[lag:]).mean() / (r**2).mean())
        print(f"residual: correlation after {seconds:.3f} s: {np.mean(lagged):.2f} ({len(lagged)} clips)")


def main() -> None:
    """Measure and write."""
    recordings = RecordingSet.open(Path(sys.argv[1]))
    people = read_people(recordings)
    ridge, left = best_ridge(people)
    basis = regression([moments(clips) for clips in people.values()], ridge)
    mean = balanced({s: [c.blendshapes.mean(axis=0) for c in clips] for s, clips in people.items()})
    mean = (mean + mean[SWAPPED]) / 2
    rest = median_over_people(people)
    shape = shapes(people, basis, mean)
    print_correlations(shape, left, [c for clips in people.values() for c in clips])
    modes = residual_modes(people, basis)
    basis = basis.reshape(52, -1, 3)
    tensors = {
        "basis": ((basis + mirrored(basis[SWAPPED])) / 2).astype(np.float16),
        "mean": mean.astype(np.float32),
        "rest": ((rest + rest[SWAPPED]) / 2).astype(np.float32),
        "shape_std": symmetrised_std((shape**2).sum(axis=0) / (len(shape) - 1)).astype(np.float16),
        "residual_std": symmetrised_std(mean_square(left)).astype(np.float16),
        # In C order: the file keeps the order of memory.
        **{part: np.ascontiguousarray(movement, np.float16) for part, movement in modes.items()},
    }
    about = {"people": len(people), "clips": len(recordings.entries), "ridge": ridge}
    TARGET.write_bytes(save(tensors, metadata={"amber_id": json.dumps(about, sort_keys=True)}))
    TARGET.chmod(0o644)
    print(f"{about} -> {TARGET.name}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
