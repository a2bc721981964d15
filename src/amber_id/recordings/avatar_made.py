"""What made the avatar that a recorded video shows?

Conventions
-----------
`amber avatarize` writes a JSON beside each video (docs/file-formats.md). What tells one look from another,
and with what it was made, goes from there into the header of the video's recording; and no more of it, for
the rest is about the original.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from amber_id.errors import FileFormatError
from amber_id.quoting import one_line
from amber_id.reading import parsed_json, read_bytes

_SCHEMA = "amber-id/avatar-clip/"
_LONGEST_SHOWN = 40


class AvatarMade(BaseModel):
    """The look of an avatar's video, and the programs that made it; fields as in the JSON beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    schema_version: str
    amber_id_version: str
    engine: str
    avatar_sha256: str
    missing_shapes: tuple[str, ...] = ()
    size: int
    no_face: str
    fixed_fps: float | None = None
    renderer: str
    versions: dict[str, str]
    tracker: str
    tracker_version: str
    model_sha256: str

    @property
    def look(self) -> tuple[object, ...]:
        """What all clips of one condition should have in common."""
        return (self.schema_version, self.engine, self.avatar_sha256, self.size, self.no_face, self.fixed_fps)

    def __hash__(self) -> int:
        return hash(self.look)  # pydantic's own would need the libraries' table to be hashable

    def __str__(self) -> str:
        """One line for people."""
        rate = "" if self.fixed_fps is None else f", {self.fixed_fps:g} frames/s"
        lacking = f", lacking {len(self.missing_shapes)} of 52 shapes" if self.missing_shapes else ""
        libraries = "".join(f", {name} {number}" for name, number in sorted(self.versions.items()))
        model = f", model {self.model_sha256[:12]}" if self.model_sha256 else ""
        return (
            f"{self.engine}, avatar SHA-256 {self.avatar_sha256}{lacking}, {self.size} pixels{rate}, without "
            f"a face {self.no_face}; {self.renderer}, AMBER-ID {self.amber_id_version}{libraries}; driven by "
            f"{self.tracker} {self.tracker_version}{model}"
        )


def avatar_beside(video: Path, frames: int) -> tuple[AvatarMade | None, str]:
    """What made the avatar in a video of so many frames, and what is wrong with the JSON that should say so.

    None, with nothing wrong, where there is no such JSON.
    """
    path = video.with_suffix(".json")
    try:
        note = parsed_json(read_bytes(path, "JSON"), path)
    except FileFormatError:
        return None, ""
    if not isinstance(note, dict) or not str(note.get("schema_version")).startswith(_SCHEMA):
        return None, ""  # somebody else's
    if note.get("frames") != frames:
        frames_stated = one_line(str(note.get("frames")), _LONGEST_SHOWN)
        return None, f"{path.name} is of another video: it says {frames_stated} frames, not {frames}"
    try:
        made = AvatarMade.model_validate(
            {name: note[name] for name in AvatarMade.model_fields if name in note}
        )
    except ValidationError:
        return None, f"{path.name} does not say what made the avatar; make it again"
    return made, ""
