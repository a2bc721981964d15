"""Single values in NumPy's ``.npy`` and ``.npz`` files of other people's."""

from pathlib import Path

import numpy as np

from amber_id.errors import FileFormatError

NUMPY_FILE = "NumPy's .npy or .npz"
"""What messages call such a file."""


def single_number(path: Path, name: str, array: np.ndarray) -> float:
    """The only value of an array, which must be a positive number; raises FileFormatError otherwise."""
    if array.size == 1 and array.dtype.kind in "fiu":
        number = float(array.reshape(()))
        if 0 < number < float("inf"):
            return number
        raise FileFormatError(path, f"expected a positive number in {name}, got {number:g}")
    raise FileFormatError(path, f"expected one number in {name}, got {array.dtype} of shape {array.shape}")
