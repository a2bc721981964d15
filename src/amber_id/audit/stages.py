"""A study goes on where it was stopped: every stage leaves its result in a file of its own.

A file names what its result depends on; where that has changed, the stage is done again. Trainings are
stages too and have their own record (`amber_id.training`).
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from amber_id.atomic_files import write_text_atomically
from amber_id.file_formats import read_json
from amber_id.results import Frozen

_SCHEMA: Literal["amber-id/stage/1"] = "amber-id/stage/1"


class _Stage(Frozen):
    schema_: Literal["amber-id/stage/1"] = Field(_SCHEMA, alias="schema")
    depends_on: str
    result: Any


@dataclass(frozen=True)
class Stages:
    """The stages of one study; `depends_on` is the hash of all that their results depend on."""

    folder: Path
    depends_on: str
    on_stage: Callable[[str, bool], None]  # its name, and whether it had been done before

    def done(self, name: str, kind: Any, compute: Callable[[], Any]) -> Any:
        """The result of a stage, of the type `kind`: from its file, or computed and kept."""
        path = self.folder / f"{re.sub('[^A-Za-z0-9]+', '-', name)}.json"
        adapter = TypeAdapter(kind)
        if path.exists():
            stage = read_json(_Stage, path)
            if stage.depends_on == self.depends_on:
                self.on_stage(name, True)
                return adapter.validate_python(stage.result)
        self.on_stage(name, False)
        result = compute()
        stage = _Stage(depends_on=self.depends_on, result=adapter.dump_python(result, mode="json"))
        write_text_atomically(path, stage.model_dump_json(by_alias=True) + "\n")
        return result


def hash_of(*parts: Any) -> str:
    """SHA-256, as hexadecimal, of anything that JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
