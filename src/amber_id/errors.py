"""What can go wrong, for a caller that wants to catch it.

AmberError                     anything below; the command line prints it as one line, exit code 1
├── UsageError                 arguments that cannot work together; exit code 2
├── MissingDependencyError     an extra that is not installed, or a system library that is missing
├── ModelBundleError           the face landmarker bundle is missing, cut off or not the expected one
├── CorpusError                a folder that is not a corpus: no `_id`, one number twice, no clips
├── ClipError                  one clip that could not be acquired, or must be left out; names the clip
├── AvatarError                an avatar that cannot be read, posed or drawn, e.g. without shapes
├── FileFormatError            a recording, checkpoint, split or table that is cut off or of another kind
├── SplitError                 a split that shares people, is empty, or cannot be made
│   └── LeakError              people are apart, but what is trained on comes back in what is tested
├── TrainingError              a training that cannot start or has diverged
└── EvaluationError            a comparison that cannot be made, e.g. no mated pair
    ├── EmbeddingError         an attacker gave a vector that is zero or not a number
    └── UndefinedMetricError   a rate whose denominator is empty

A message says what was expected, what came, which clip or flag, and what to do. It is printed as one line
whatever the names and values in it hold (see `quoting.py`).
Wrong arguments inside the library raise `ValueError`.
"""

from pathlib import Path

from amber_id.quoting import one_line


class AmberError(Exception):
    """Base of every error that a user can act on; its text is one line."""

    exit_code = 1

    def __str__(self) -> str:
        return one_line(super().__str__())


class UsageError(AmberError):
    """Arguments that cannot work together."""

    exit_code = 2


class MissingDependencyError(AmberError):
    """An optional package or a system library is not installed."""

    @classmethod
    def for_extra(cls, package: str, extra: str) -> "MissingDependencyError":
        """The error for a Python package that belongs to an extra."""
        return cls(f"{package} is not installed; run: pip install 'amber-id[{extra}]'")


class ModelBundleError(AmberError):
    """The face landmarker bundle is missing, cut off, or not the expected file."""


class CorpusError(AmberError):
    """A folder that does not follow the `<source>_id<number>/<clip>` layout."""


class ClipError(AmberError):
    """One clip could not be acquired or used.

    `clip` is the clip id, `reason` one clause that says why.
    """

    def __init__(self, clip: str, reason: str) -> None:
        super().__init__(f"{clip}: {reason}")
        self.clip = clip
        self.reason = reason

    def __reduce__(self) -> tuple[type["ClipError"], tuple[str, str]]:
        # Errors cross process borders while tracking; the default would pass one argument only.
        return type(self), (self.clip, self.reason)


class AvatarError(AmberError):
    """An avatar that cannot be read, posed or drawn."""


class FileFormatError(AmberError):
    """A file of ours that is cut off, of another schema, or of another kind."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason

    def __reduce__(self) -> tuple[type["FileFormatError"], tuple[Path, str]]:
        return type(self), (self.path, self.reason)


class SplitError(AmberError):
    """A split that shares people between partitions, is empty, or cannot be made."""


class LeakError(SplitError):
    """Partitions, or conditions, between which something leaks; one line for each kind of leak."""

    def __str__(self) -> str:
        return "\n".join(map(one_line, Exception.__str__(self).splitlines()))


class TrainingError(AmberError):
    """A training that cannot start or whose loss is no longer a number."""


class EvaluationError(AmberError):
    """A comparison that cannot be made."""


class EmbeddingError(EvaluationError):
    """An attacker gave a vector that is zero or not a number, so that it has no cosine."""


class UndefinedMetricError(EvaluationError):
    """A rate whose denominator is empty, so that it has no value."""
