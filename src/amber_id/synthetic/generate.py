"""How do synthetic people become recordings on disk?

::

    OUT/oracle.json                                   the truth: configuration, habits, lowest error rates;
                                                      written first
    OUT/original/synth_id001/clip00.safetensors ...   as a tracker would give them
    OUT/avatar/synth_id001/clip00.safetensors ...     the same clips, of avatars: a folder each
    OUT/original/recordings.csv, OUT/avatar/recordings.csv
    OUT/original/corpus.csv, OUT/avatar/corpus.csv    session, day and utterance of each clip, what is planted

Person k's clip c is the same, byte for byte, however many people and workers there are (same machine type,
same versions, same thread count). A recording's model is the data file that the generator reads.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path

from amber_id.atomic_files import write_text_atomically
from amber_id.errors import AmberError, UsageError
from amber_id.file_formats import write_table
from amber_id.recordings import save_recording, write_index
from amber_id.synthetic.clips import clip_id, make_clip, source_name
from amber_id.synthetic.config import Condition, SynthConfig
from amber_id.synthetic.oracle_file import Oracle
from amber_id.synthetic.people import dates_of, origin_of, session_of, subject_of
from amber_id.synthetic.planted import written_values
from amber_id.workers import Died, run_in_workers, usable_cores

_FRAME_BYTES = 4 * (478 * 3 + 52 + 16) + 8 + 1
_HEADER_BYTES = 1200
# Below this many clips starting processes takes longer than it saves.
_FEWEST_FOR_WORKERS = 64

_Clip = tuple[int, int]


def generate(
    config: SynthConfig,
    out: Path,
    *,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Oracle:
    """Write the recordings of all people and their avatars, their index and the oracle under `out`.

    `workers` is the number of processes, one per core unless told. `on_progress` is called after every clip,
    which is a recording of the original and one of the avatar, with how many are done and will be.

    Raises
    ------
    UsageError
        If there are recordings already, and the oracle beside them is not that of this configuration.
    AmberError
        If the disk is full or the place cannot be written.
    """
    oracle = Oracle.of(config)
    text = oracle.text()
    _refuse_strangers(config, out, text)
    write_text_atomically(out / "oracle.json", text)
    for condition in config.conditions:
        _write_corpus(config, condition, out / condition / "corpus.csv")
    clips = list(product(range(config.people), range(config.clips)))
    for done, _ in enumerate(_made(config, out, clips, workers or usable_cores()), start=1):
        if on_progress is not None:
            on_progress(done, len(clips))
    for condition in config.conditions:
        write_index(out / condition)
    return oracle


def estimated_bytes(config: SynthConfig) -> int:
    """About how many bytes `generate` will write."""
    frames = config.duration.mean * config.fps.mean
    recordings = len(config.conditions) * config.people * config.clips
    return round(recordings * (frames * _FRAME_BYTES + _HEADER_BYTES))


def write_clip(config: SynthConfig, out: Path, clip: _Clip) -> None:
    """Write a clip's recording of the original and of the avatar; named by the numbers of person and clip."""
    for condition in config.conditions:
        recording = make_clip(config, *clip, condition)
        save_recording(recording, out / condition / f"{recording.clip}.safetensors")


def _made(config: SynthConfig, out: Path, clips: list[_Clip], workers: int) -> Iterator[_Clip]:
    make = partial(write_clip, config, out)
    if workers == 1 or len(clips) < _FEWEST_FOR_WORKERS:
        for clip in clips:
            make(clip)
            yield clip
        return
    for clip, result in run_in_workers(clips, make, workers):
        if isinstance(result, Died):
            raise AmberError(f"clip {clip[1]} of person {clip[0] + 1} could not be made: {result.reason}")
        yield clip


def _write_corpus(config: SynthConfig, condition: Condition, path: Path) -> None:
    avatar = {"avatar": condition} if condition in config.avatar else {}
    rows = []
    days = [dates_of(config, k) for k in range(config.people)]
    for k, c in product(range(config.people), range(config.clips)):
        origin = origin_of(config, k, c)
        spoken_text = {"free": f"{k + 1}-{origin + 1}", "same": "1", "own": f"{k + 1}"}[config.content]
        session = session_of(config, origin)
        rows.append(
            [
                *(clip_id(config, k, c), subject_of(k), source_name(config, k)),
                *(session + 1, days[k][session].isoformat(), spoken_text),
                *written_values(config, k).values(),
                *avatar.values(),
            ]
        )
    names = [*config.attribute, *config.group, *avatar]
    write_table(path, ["clip", "subject", "source", "session", "date", "utterance", *names], rows)


def _refuse_strangers(config: SynthConfig, out: Path, oracle: str) -> None:
    """Refuse recordings of another run; this run itself may be repeated or completed."""
    path = out / "oracle.json"
    same = path.is_file() and path.read_bytes() == oracle.encode()
    if not same and any(any((out / condition).rglob("*.safetensors")) for condition in config.conditions):
        raise UsageError(
            f"{out}: holds recordings of another run; choose an empty folder, or delete this one"
        )
