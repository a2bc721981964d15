"""A study goes on where it was stopped: every stage leaves its result in a file of its own.

A file names what its result depends on; where that has changed, the stage is done again, and so it is, with a
note, where the file is damaged or was edited: the hash of its result stands in it. Trainings are stages too
and have their own record (`amber_id.training`).
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from amber_id.atomic_files import write_text_atomically
from amber_id.errors import FileFormatError
from amber_id.file_formats import read_json
from amber_id.reading import reading
from amber_id.results import Frozen

_SCHEMA: Literal["amber-id/stage/2"] = "amber-id/stage/2"
_logger = logging.getLogger("amber_id")


class _Stage(Frozen):
    schema_: Literal["amber-id/stage/2"] = Field(_SCHEMA, alias="schema")
    depends_on: str
    result: Any
    result_sha256: str


@dataclass(frozen=True)
class Stages:
    """The stages of one study; `depends_on` is the hash of all that their results depend on."""

    folder: Path
    depends_on: str
    on_stage: Callable[[str, bool], None]  # its name, and whether it had been done before

    def depending_on(self, *more: Any) -> "Stages":
        """These stages, for results that depend on more than the others do."""
        return replace(self, depends_on=hash_of(self.depends_on, *more)) if more else self

    def forget(self, name: str) -> None:
        """Have a stage done again, whose result rests on what is no longer there."""
        self._path(name).unlink(missing_ok=True)

    def done(self, name: str, kind: Any, compute: Callable[[], Any]) -> Any:
        """The result of a stage, of the type `kind`: from its file, or computed and kept."""
        path = self._path(name)
        adapter = TypeAdapter(kind)
        if path.exists():
            try:
                done, result = self._read(path, adapter)
            except FileFormatError as error:
                _logger.warning("%s; the stage is computed again", error)
                done = False
            if done:
                self.on_stage(name, True)
                return result
        self.on_stage(name, False)
        result = compute()
        written = adapter.dump_python(result, mode="json")
        stage = _Stage(depends_on=self.depends_on, result=written, result_sha256=hash_of(written))
        write_text_atomically(path, stage.model_dump_json(by_alias=True) + "\n")
        return result

    def _path(self, name: str) -> Path:
        return self.folder / f"{re.sub('[^A-Za-z0-9]+', '-', name)}.json"

    def _read(self, path: Path, adapter: Any) -> tuple[bool, Any]:
        """Whether the result is of what it must depend on, and the result; raises FileFormatError."""
        stage = read_json(_Stage, path)
        if stage.depends_on != self.depends_on:
            return False, None
        with reading(path, "the result of a stage"):
            if hash_of(stage.result) != stage.result_sha256:
                raise FileFormatError(path, "its result is not the one that was written")
            return True, adapter.validate_python(stage.result)


def hash_of(*parts: Any) -> str:
    """SHA-256, as hexadecimal, of anything that JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
