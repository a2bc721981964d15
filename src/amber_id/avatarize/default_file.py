"""Where is the file of the default avatar, and when is it made anew?

Conventions
-----------
It is generated on first use from the face mesh in the model bundle that tracking needs anyway, and kept
beside that bundle in the cache. Its name tells what it was made from: the bundle, the palette, and the code
that makes and writes it, so an older one is never taken for it.
"""

import hashlib
import re
from importlib.resources import files
from pathlib import Path

from amber_id.avatarize.default_head.default_avatar import Palette, default_avatar
from amber_id.avatarize.glb.write import write_avatar
from amber_id.tracking import ModelBundle
from amber_id.tracking.model_bundle import cached_model_path

_MAKERS = ("default_head.default_avatar", "glb.write")
_IMPORT = re.compile(r"^\s*from amber_id\.avatarize\.([\w.]+) import ", re.MULTILINE)


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


def _code_hash() -> str:
    """Hash of the modules of this package that make and write the default avatar, and of their imports."""
    package, texts, waiting = files("amber_id.avatarize"), dict[str, str](), list(_MAKERS)
    while waiting:
        name = waiting.pop()
        if name not in texts:
            texts[name] = package.joinpath(f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")
            waiting += _IMPORT.findall(texts[name])
    return hashlib.sha256("".join(texts[name] for name in sorted(texts)).encode()).hexdigest()
