"""Which videos need not be tracked, since another command left their recordings elsewhere?

`amber avatarize --check` tracks the originals and the avatars that an audit begins with. Their recordings are
taken over where they are, byte by byte, what tracking would give: of the same video, by the same tracker,
model and version of this program, under the same name. A clip that was not whole is tracked again, so that it
is named again.
"""

from collections.abc import Collection
from pathlib import Path

from amber_id import __version__
from amber_id.atomic_files import write_atomically
from amber_id.corpora import Clip, Corpus
from amber_id.file_formats import file_hash
from amber_id.recordings import RecordingHeader, read_header
from amber_id.tracking.track import is_tracked, recording_path
from amber_id.tracking.tracker import Tracker


def take_over(
    corpus: Corpus, out: Path, tracker: Tracker, known: Path, *, not_whole: Collection[str] = ()
) -> int:
    """Copy the recordings of clips of `corpus` that lie in the folder `known` to `out`; how many there were.

    What `out` has already is left alone, and so are the clips whose ids are in `not_whole`.

    Raises
    ------
    AmberError
        If `out` cannot be written.
    """
    taken = 0
    for clip in corpus.clips:
        there, here = recording_path(known, clip), recording_path(out, clip)
        if clip.id in not_whole or is_tracked(here, tracker) or not is_tracked(there, tracker):
            continue
        if _is_of(read_header(there), clip):
            write_atomically(here, there.read_bytes())
            taken += 1
    return taken


def _is_of(header: RecordingHeader, clip: Clip) -> bool:
    """Whether a recording is what this program makes of a clip's video."""
    named = (header.clip, header.subject, header.source) == (clip.id, clip.subject, clip.source)
    if not named or header.amber_id_version != __version__ or not header.video_sha256:
        return False
    try:
        return header.video_sha256 == file_hash(clip.path)
    except OSError:
        return False  # tracking says why it cannot be read
