"""Where is the file of the default avatar, and when is it made anew?

Conventions
-----------
It is generated on first use from the face mesh in the model bundle that tracking needs anyway, and kept
beside that bundle in the cache. Its name tells what it was made from: the bundle, the palette, and the
program's own code, so an older one is never taken for it.
"""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from amber_id.avatarize.default_avatar import Palette, default_avatar
from amber_id.avatarize.glb_write import write_avatar
from amber_id.tracking import ModelBundle
from amber_id.tracking.model_bundle import cached_model_path


def default_avatar_file(model: ModelBundle, palette: Palette = "sand") -> Path:
    """The default avatar as a GLB; the first call for a palette takes some seconds.

    Raises
    ------
    AmberError
        If it cannot be written to the cache.
    MissingDependencyError
        If a library is missing.
    ModelBundleError
        If the bundle holds no face mesh.
    """
    made_from = hashlib.sha256(f"{model.sha256} {palette} {_code_hash()}".encode()).hexdigest()
    path = cached_model_path().parent / f"default_avatar-{palette}-{made_from[:16]}.glb"
    if not path.is_file():
        write_avatar(default_avatar(model.path, palette), path, name=f"AMBER-ID {palette}")
    return path


@cache
def _code_hash() -> str:
    """Of the code that makes avatars: all modules of this package, for none is large."""
    modules = sorted(files("amber_id.avatarize").iterdir(), key=lambda each: each.name)
    texts = [each.read_bytes() for each in modules if each.name.endswith(".py")]
    return hashlib.sha256(b"".join(texts)).hexdigest()
