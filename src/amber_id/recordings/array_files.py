"""NumPy's ``.npy`` and ``.npz`` files of other people's, read without pickle and refused in one line."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from amber_id.errors import FileFormatError
from amber_id.score_files.npz import BROKEN

ONLY = ""  # what the array of an .npy file, which has no name, is called


def read_arrays(path: Path, unreadable: Collection[str] = ()) -> dict[str, np.ndarray]:
    """The arrays of an archive by name, or the one array of a ``.npy`` file under `ONLY`.

    Arrays of Python objects, which are pickled, are refused; those named in `unreadable` are left out.

    Raises
    ------
    FileFormatError
        If the file cannot be read, is cut off, of another kind, or holds Python objects.
    """
    name = ONLY
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                return {ONLY: loaded}
            arrays = {}
            for name in loaded.files:
                try:
                    arrays[name] = loaded[name]
                except ValueError as error:
                    if not (name in unreadable and _is_pickle(error)):
                        raise
            return arrays
    except OSError as error:
        raise FileFormatError(path, f"cannot be read ({error.strerror or error})") from error
    except BROKEN as error:
        if _is_pickle(error):
            where = (
                f"Python objects in {name}" if name else "a pickle of Python objects, or no NumPy file at all"
            )
            reason = f"expected plain arrays of numbers, got {where}; objects may run code and are not read"
            raise FileFormatError(path, reason) from error
        what = (str(error).splitlines() or ["no reason given"])[0]
        reason = f"expected NumPy's .npy or .npz, got a file that is cut off or of another kind ({what})"
        raise FileFormatError(path, reason) from error


def single_number(path: Path, name: str, array: np.ndarray) -> float:
    """The only value of an array, which must be a positive number; raises FileFormatError otherwise."""
    if array.size == 1 and array.dtype.kind in "fiu":
        number = float(array.reshape(()))
        if 0 < number < float("inf"):
            return number
        raise FileFormatError(path, f"expected a positive number in {name}, got {number:g}")
    raise FileFormatError(path, f"expected one number in {name}, got {array.dtype} of shape {array.shape}")


def _is_pickle(error: BaseException) -> bool:
    return "pickle" in str(error)
