"""The thesis' landmark files, made from recordings by the steps of its ``landmarks2.py``."""

from pathlib import Path

import numpy as np
from scipy.signal import resample

from amber_id.face_mesh import SELECTED_POINTS
from amber_id.recordings import Recording

T_MAX = 71


def write_thesis_files(recording: Recording, data: Path, meta: Path, *, fps: float | None) -> None:
    """``<clip>.npy`` under `data` and ``<clip>.npz`` under `meta`, as that program leaves them."""
    boxed, facts = extract_and_normalize(recording.landmarks[:, list(SELECTED_POINTS), :2], fps)
    for folder in (data, meta):
        (folder / recording.clip).parent.mkdir(parents=True, exist_ok=True)
    np.save(data / f"{recording.clip}.npy", boxed)
    np.savez_compressed(meta / f"{recording.clip}.npz", **facts)


def extract_and_normalize(seen: np.ndarray, fps: float | None) -> tuple[np.ndarray, dict]:
    """Its function of this name, from the landmarks on."""
    places = seen.astype(np.float32).copy()
    T, V, _ = places.shape
    for v in range(V):
        for axis in range(2):
            column = places[:, v, axis]
            known = np.isfinite(column)
            places[:, v, axis] = (
                np.interp(np.arange(T), np.flatnonzero(known), column[known]) if known.any() else 0.0
            )
    (x0, x1), (y0, y1) = (np.quantile(places[..., axis], (0.02, 0.98)) for axis in range(2))
    cx, cy = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    scale = max(x1 - x0, y1 - y0, 1e-6)
    normal = (places - np.array([cx, cy])[None, None, :]) / scale
    changes = np.diff(normal, axis=0, prepend=normal[0:1])
    combined = np.concatenate([normal, changes], axis=-1)
    if T != T_MAX:
        combined = resample(combined, T_MAX, axis=0)
    facts = {
        "orig_T": T,
        "fps": fps,
        "bbox_quantiles": [float(x0), float(y0), float(x1), float(y1)],
        "center": [float(cx), float(cy)],
        "scale_used": float(scale),
        "target_scale": 1.0,
    }
    return combined.astype(np.float32), facts
