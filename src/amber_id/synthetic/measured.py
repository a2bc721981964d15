"""What was measured on real faces, and goes into every synthetic one?

All from ``data/blendshape_basis.safetensors``; ``scripts/measure_blendshape_basis.py`` says how it was
measured. The frame and the unit are those of `amber_id.face_mesh.mean_face`.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load

_DATA = files("amber_id").joinpath("data/blendshape_basis.safetensors")


@dataclass(frozen=True)
class MeasuredFaces:
    """Averages over real people; no person's face can be had from them.

    `basis` is the movement of each point as a coefficient goes from 0 to 1; `mean` the coefficients that the
    mean face shows, `rest` those of a face at rest; `shape_std` how much people's faces differ, and
    `residual_std` how much a face moves within a clip beyond what the basis explains, tracker noise included;
    `slow` and `fast` are the movements of the whole face that this is made of, at one standard deviation.
    """

    basis: Float[np.ndarray, "52 478 3"]
    mean: Float[np.ndarray, " 52"]
    rest: Float[np.ndarray, " 52"]
    shape_std: Float[np.ndarray, "478 3"]
    residual_std: Float[np.ndarray, "478 3"]
    slow: Float[np.ndarray, "K 478 3"]
    fast: Float[np.ndarray, "L 478 3"]


@cache
def measured_faces() -> MeasuredFaces:
    """The measurements, read once; their arrays cannot be written to."""
    arrays = {name: array.astype(np.float64) for name, array in load(_DATA.read_bytes()).items()}
    for array in arrays.values():
        array.setflags(write=False)
    return MeasuredFaces(**arrays)


@cache
def measured_sha256() -> str:
    """SHA-256 of the data file, as hexadecimal: the model of a synthetic recording."""
    return hashlib.sha256(_DATA.read_bytes()).hexdigest()
