"""What do the clips of one run have in common, which of them are done, and how is one made?

Conventions
-----------
A clip is done if its video was made with the same avatar, settings and model, and of the same original and
recording, byte by byte; whether the original is the same is found out as `tracking/video_state.py` says. An
avatar that does not say what its original was stays unless that is newer or of another size, and is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from amber_id.avatarize.avatar_clip import AVATAR_CLIP_SCHEMA, AvatarClip, Engine, NoFace, read_avatar_clip
from amber_id.avatarize.one_avatar import draw_clip
from amber_id.avatarize.ravas.clip import ravas_clip
from amber_id.avatarize.ravas.run import RavasSetup
from amber_id.avatarize.renderer import FEWEST_PIXELS, MOST_PIXELS
from amber_id.corpora import Clip, Corpus
from amber_id.errors import ClipError, FileFormatError, UsageError
from amber_id.file_formats import file_hash
from amber_id.recordings import Failure, Recording, load_recording, read_header, save_recording
from amber_id.tracking import Landmarker, ModelBundle
from amber_id.tracking.clip_runs import ClipOutcome, outcome_if_same
from amber_id.tracking.one_clip import record_clip
from amber_id.tracking.track import recording_path
from amber_id.tracking.video_state import FileState, OneFile

RECORDING_SUFFIX = ".safetensors"
FEWEST_FPS, MOST_FPS = 5.0, 120.0


class AvatarizeConfig(BaseModel):
    """How avatars look; every field changes the pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Engine = "builtin"
    size: int = Field(
        default=512, ge=FEWEST_PIXELS, le=MOST_PIXELS, multiple_of=2
    )  # width and height, pixels
    fps: float | None = Field(default=None, ge=FEWEST_FPS, le=MOST_FPS)  # None: at the original's own times
    no_face: NoFace = "hold"  # what a frame without a face shows: the last expression, or nothing


@dataclass(frozen=True)
class DriveFolders:
    """Where recordings of the originals are read (`read_from`) instead of tracked, or kept (`keep_in`)."""

    read_from: Path | None = None
    keep_in: Path | None = None


@dataclass(frozen=True)
class Job:
    """What every clip of a run has in common; travels to the workers."""

    out: Path
    avatar: Path
    avatar_sha256: str
    model: ModelBundle | None
    config: AvatarizeConfig
    drives: DriveFolders
    ravas: RavasSetup | None

    def check(self, corpus: Corpus) -> None:
        """Refuse what cannot work together or would spoil the originals; raises UsageError."""
        drives, by_ravas = self.drives, self.config.engine == "ravas"
        by_recordings = any(clip.path.suffix == RECORDING_SUFFIX for clip in corpus.clips)
        if by_ravas != (self.ravas is not None):
            raise UsageError("--engine ravas and --ravas, the folder of its checkout, go together")
        if by_ravas and (drives != DriveFolders() or by_recordings):
            raise UsageError("--engine ravas tracks videos itself: leave out --save-drive and --from-drive")
        if by_ravas and self.config.fps is not None:
            raise UsageError("--engine ravas draws each frame of the original: leave out --fps")
        tracks = not by_ravas and not by_recordings and drives.read_from is None
        if tracks and self.model is None:
            raise UsageError("a face landmarker is needed to track videos; name one, or --from-drive")
        if drives.keep_in is not None and not tracks:
            raise UsageError("--save-drive keeps what is tracked, and nothing is: leave it out")
        self._check_places(corpus)

    def _check_places(self, corpus: Corpus) -> None:
        root, out = corpus.root.resolve(), self.out.resolve()
        if out == root or root in out.parents:
            raise UsageError(f"{self.out}: lies in the folder of the originals; write to one beside it")
        keep = self.drives.keep_in
        if keep is not None and keep.resolve() in (root, out):
            raise UsageError(f"--save-drive {keep}: holds videos; keep recordings in a folder of their own")
        for clip in corpus.clips:
            if self.video_of(clip).resolve() == clip.path.resolve():
                raise UsageError(f"{self.video_of(clip)}: is the original itself; write to another folder")

    def check_others(self, clips: tuple[Clip, ...]) -> None:
        """Refuse a folder that has avatars of another look of these clips; raises UsageError."""
        for clip in clips:
            note = self._note(clip)
            if note is not None and not self._same_look(note):
                raise UsageError(
                    f"{self.video_of(clip)}: was made with another avatar, size, rate, engine or version, "
                    "and a corpus needs one; write to another folder, or make all clips anew"
                )

    def video_of(self, clip: Clip) -> Path:
        """Where the avatar of a clip goes."""
        return self.out / f"{clip.id}.mp4"

    def is_done(self, clip: Clip, states: Mapping[str, FileState], unsure: list[Failure]) -> bool:
        """Whether the clip need not be made again, as far as is known without reading the original.

        `states` are those of the originals, as noted. What will never be known is added to `unsure`.
        """
        note, now = self._fitting(clip), FileState.of(clip.path)
        if note is None:
            return False
        if clip.path.suffix == RECORDING_SUFFIX:
            return True
        if note.source_sha256:
            return now is not None and now == states.get(clip.id)
        made_ns = self._note_path(clip).stat().st_mtime_ns
        if now is not None and (now.size != note.source_bytes or now.modified_ns > made_ns):
            return False
        reason = "its avatar does not say of which video it is"
        unsure.append(Failure(clip.id, clip.subject, "avatarize", reason))
        return True

    def forget(self, clip: Clip) -> None:
        """Delete what other settings made of a clip that failed: it must not pass for these."""
        if self._note(clip) is not None:
            self.video_of(clip).unlink(missing_ok=True)
            self._note_path(clip).unlink(missing_ok=True)
        if self.drives.keep_in is not None:
            recording_path(self.drives.keep_in, clip).unlink(missing_ok=True)

    def make(self, clip: Clip) -> ClipOutcome:
        """Make one clip's avatar, unless it is there; runs in a worker."""
        source = OneFile(clip.path, clip.id)
        note = self._fitting(clip)
        if note is None:
            anew = "" if self._note(clip) is None else "it was made with other settings, or another recording"
        elif not note.source_sha256:
            anew = "its video is newer than its avatar, or of another size"
        elif (earlier := outcome_if_same(source, note.source_sha256)) is not None:
            return earlier
        else:
            anew = "its video is another than the one that its avatar was made of"
        try:
            made = self._made(clip, source)
        except ClipError as error:
            return ClipOutcome(0, failure=error.reason)
        except FileFormatError as error:  # a damaged recording
            return ClipOutcome(0, failure=str(error))
        return ClipOutcome(made.frames, warning=made.warning, anew=anew, state=source.state)

    def _made(self, clip: Clip, source: OneFile) -> AvatarClip:
        size, no_face = self.config.size, self.config.no_face
        if self.ravas is not None:
            return ravas_clip(
                clip, self.ravas, self.avatar_sha256, self.out, size=size, no_face=no_face, source=source
            )
        recording, warning, drive_sha256 = self._recorded(clip, source)
        return draw_clip(
            clip,
            recording,
            self.avatar,
            self.out,
            size=size,
            fps=self.config.fps,
            no_face=no_face,
            warning=warning,
            drive_sha256=drive_sha256,
            source=source,
            avatar_sha256=self.avatar_sha256,
        )

    def _recorded(self, clip: Clip, source: OneFile) -> tuple[Recording, str, str]:
        """The recording that drives a clip, what is not as it should be, and the SHA-256 of its file."""
        path = self._drive_of(clip)
        if path is not None:
            if not path.is_file():
                raise ClipError(clip.id, f"no recording of it at {path}")
            drive = OneFile(path, clip.id)
            recording = load_recording(path)
            drive.check()
            is_another = path != clip.path and recording.video_sha256 not in ("", source.sha256)
            return recording, "its recording is of another video file" if is_another else "", drive.sha256
        assert self.model is not None  # `check` has seen to that
        recording, warning = record_clip(clip, Landmarker(self.model))
        if self.drives.keep_in is not None:
            save_recording(recording, recording_path(self.drives.keep_in, clip))
        return recording, warning, ""

    def _fitting(self, clip: Clip) -> AvatarClip | None:
        """The note of the avatar of a clip, if all but its original fits; None otherwise."""
        note = self._note(clip)
        if note is None or not self.video_of(clip).is_file() or not self._same_look(note):
            return None
        drive = self._drive_of(clip)
        if drive is not None:
            return note if note.drive_sha256 and note.drive_sha256 == _hash_of(drive) else None
        same_model = self.model is None or note.model_sha256 in ("", self.model.sha256)
        return note if note.drive_sha256 == "" and same_model and self._is_kept(clip, note) else None

    def _drive_of(self, clip: Clip) -> Path | None:
        """The recording that drives a clip, None where it is tracked."""
        if clip.path.suffix == RECORDING_SUFFIX:
            return clip.path
        return None if self.drives.read_from is None else recording_path(self.drives.read_from, clip)

    def _note_path(self, clip: Clip) -> Path:
        return self.video_of(clip).with_suffix(".json")

    def _note(self, clip: Clip) -> AvatarClip | None:
        try:
            return read_avatar_clip(self._note_path(clip))
        except FileFormatError:
            return None

    def _same_look(self, note: AvatarClip) -> bool:
        config = self.config
        look = (config.engine, config.size, config.fps, config.no_face)
        same_config = look == (note.engine, note.size, note.fixed_fps, note.no_face)
        same_avatar = note.avatar_sha256 == self.avatar_sha256
        return note.schema_version == AVATAR_CLIP_SCHEMA and same_config and same_avatar

    def _is_kept(self, clip: Clip, note: AvatarClip) -> bool:
        """Whether the recording that is to be kept is there, of this model and of the same original."""
        if self.drives.keep_in is None or self.model is None:
            return True
        try:
            header = read_header(recording_path(self.drives.keep_in, clip))
        except FileFormatError:
            return False
        same_video = note.source_sha256 in ("", header.video_sha256)
        return header.model_sha256 == self.model.sha256 and same_video


def _hash_of(path: Path) -> str:
    """The SHA-256 of a file, "" where it cannot be read."""
    try:
        return file_hash(path)
    except OSError:
        return ""
