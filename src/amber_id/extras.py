"""Which packages belong to which extra, and which extras does a verb need?

The core does without most packages; `pip install 'amber-id[train,report]'` adds what networks and pages take.
What a verb will import in the end is looked for before it begins, so that nobody waits hours for that error.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from amber_id.errors import MissingDependencyError

EXTRAS: Mapping[str, Mapping[str, str]] = {
    "video": {"av": "av", "mediapipe": "mediapipe", "pooch": "pooch"},
    "avatar": {"moderngl": "moderngl", "PIL": "pillow", "pygltflib": "pygltflib"},
    "train": {
        "lightning_fabric": "lightning-fabric",
        "pytorch_metric_learning": "pytorch-metric-learning",
        "sklearn": "scikit-learn",
        "threadpoolctl": "threadpoolctl",
        "torch": "torch",
    },
    "report": {"jinja2": "jinja2", "matplotlib": "matplotlib", "openTSNE": "openTSNE", "plotly": "plotly"},
    "onnx": {"onnx": "onnx", "onnxruntime": "onnxruntime", "onnxscript": "onnxscript"},
    "hub": {"huggingface_hub": "huggingface_hub"},
}
"""For each extra, what is imported and what pip calls it."""

_INCLUDED = {"avatar": ("video",), "onnx": ("train",)}  # as in pyproject.toml

NEEDS: Mapping[str, tuple[str, ...]] = {
    "audit": ("train", "report"),
    "avatar merge": ("avatar",),
    "avatar preview": ("avatar",),
    "avatarize": ("avatar",),
    "compare": ("report",),
    "defences export": ("onnx",),
    "defences train": ("train",),
    "evaluate": ("report",),
    "frontier": ("train", "report"),
    "export": ("onnx",),
    "models fetch": ("video",),
    "of a network": ("train",),  # what moments learnt is used without
    "of videos": ("video",),
    "power --out": ("report",),
    "reselect": (),
    "study thesis": ("train", "report"),
    "track": ("video",),
    "train": ("train",),
    "verify": (),
    "view": ("report",),
}
"""What a verb takes beyond the core, or whatever is done with a network or with videos; others, nothing."""


def check_needs(verb: str, *of: str) -> None:
    """Look for all that a verb of `NEEDS` will import, `of` what it is given, without importing it.

    Raises
    ------
    MissingDependencyError
        If something is not installed: one line names it and the extras to install.
    """
    lacking: dict[str, list[str]] = {}
    for each in (verb, *of):
        for extra in NEEDS.get(each, ()):
            if missing := missing_of(extra):
                lacking[extra] = missing
    if lacking:
        named = list(dict.fromkeys(package for missing in lacking.values() for package in missing))
        raise MissingDependencyError(
            f"amber {verb} needs {', '.join(named)}, which {'are' if named[1:] else 'is'} not installed; "
            f"run: pip install 'amber-id[{','.join(lacking)}]'"
        )


@contextmanager
def from_extra(package: str, extra: str) -> Iterator[None]:
    """Imports of `package`, as pip calls it, which `extra` installs.

    Raises
    ------
    MissingDependencyError
        If an import inside the block fails.

    Examples
    --------
    >>> with from_extra("pymouth", "video"):
    ...     import pymouth
    Traceback (most recent call last):
    amber_id.errors.MissingDependencyError: pymouth is not installed; run: pip install 'amber-id[video]'
    """
    try:
        yield
    except ImportError as error:
        raise MissingDependencyError.for_extra(package, extra) from error


def missing_of(extra: str) -> list[str]:
    """What of an extra is not installed, as pip calls it."""
    parts = (*_INCLUDED.get(extra, ()), extra)
    return [name for part in parts for module, name in EXTRAS[part].items() if find_spec(module) is None]


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """The versions of packages, as pip calls them; raises MissingDependencyError for one not installed."""
    from importlib.metadata import PackageNotFoundError, version  # a tenth of what `amber --help` takes

    versions = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError as error:
            extra = next(name for name, inside in EXTRAS.items() if package in inside.values())
            raise MissingDependencyError.for_extra(package, extra) from error
    return versions
