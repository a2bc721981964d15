"""From a folder of landmarks that another program wrote to a folder of recordings.

Conventions
-----------
The tree is that of a corpus, with ``.npy`` or ``.npz`` in place of videos; what a file must hold is said in
`amber_id.recordings.landmark_files`. Every run reads all files anew. A file that cannot be used is named with
its reason in ``failures.csv`` (stage ``import``), and the others go on. A table may state what the files do
not say of themselves: CSV with the columns ``clip,fps,width,height``, in which cells may be empty. Files of
faces that other programs wrote, and that hold no landmarks of MediaPipe's, are named as problems with what
they are and what takes them, see `amber_id.corpora.other_files`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from amber_id.corpora import (
    OTHER_SUFFIXES,
    Clip,
    ClipFacts,
    Corpus,
    CorpusProblem,
    copy_corpus_file,
    find_corpus,
    find_subject_folders,
    read_corpus_file,
    what_it_is,
)
from amber_id.corpora.corpus_file import merge_corpus_file
from amber_id.corpora.leftovers import remove_leftovers
from amber_id.errors import ClipError, FileFormatError
from amber_id.locks import hold_lock
from amber_id.recordings import (
    ImportConfig,
    Recording,
    StatedOfClip,
    read_landmark_file,
    read_thesis_meta,
    recording_with_warning,
    save_recording,
    write_index,
)
from amber_id.recordings.frame_folders import read_frame_folder
from amber_id.recordings.resampling import LONGEST_LOSS_S, stretch_s, too_short, tracked_segments
from amber_id.tracking.clip_runs import (
    ClipEvent,
    ClipOutcome,
    CorpusSummary,
    check_numbers,
    failures_of,
    not_clips,
    summary_of,
    warnings_of,
    work_on_clips,
    write_clip_tables,
)
from amber_id.tracking.stated import names_of, stated_of
from amber_id.tracking.track import recording_path, single_clips

LANDMARK_SUFFIXES = frozenset({".npy", ".npz"})

_STAGE = "import"
_FACTS = ("session", "utterance")  # that an import may know


def find_landmark_files(root: Path) -> Corpus:
    """Find the landmark files in the person folders of `root`; other programs' files of faces are problems.

    Raises
    ------
    CorpusError
        If `root` is no corpus, as `find_corpus` says; what else lies in it is said where it is known.
    """
    corpus = find_corpus(root, LANDMARK_SUFFIXES, what="landmark file (.npy or .npz)")
    others = [
        CorpusProblem(path, known)
        for folder in find_subject_folders(root)
        for path in folder.path.rglob("[!.]*")
        if path.suffix.lower() in OTHER_SUFFIXES and (known := what_it_is(path))
    ]
    return replace(corpus, problems=tuple(sorted([*corpus.problems, *others], key=lambda row: row.path)))


def import_landmarks(
    corpus: Corpus,
    out: Path,
    config: ImportConfig,
    *,
    stated: Mapping[str, StatedOfClip] | None = None,
    meta: Path | None = None,
    facts: Mapping[str, ClipFacts] | None = None,
    workers: int | None = None,
    on_progress: Callable[[ClipEvent], None] | None = None,
) -> CorpusSummary:
    """Make a recording in `out` of every landmark file of `corpus`, as `find_landmark_files` gives it.

    Writes a recording per clip, ``recordings.csv``, ``failures.csv`` and, where something was mended or looks
    wrong or is shorter than attackers need, ``warnings.csv``; copies ``corpus.csv`` where `corpus` has one,
    and adds `facts`, by the id of the clip. `stated` is by the names of clips, folders and people, as
    `read_stated` gives it. `meta` is the folder of the thesis' meta files,
    ``<source>_id<number>/<clip>.npz``, for its own files alone. `on_progress` is called once per clip.

    Raises
    ------
    AmberError
        If `out` cannot be written; what is done so far stays.
    CorpusError
        If `out` holds recordings of another folder with the number of one in `corpus`.
    FileFormatError
        If the ``corpus.csv`` of `corpus` does not fit; nothing is imported then.
    """
    began = time.monotonic()
    check_numbers(corpus, out)
    remove_leftovers(out)
    copy_corpus_file(corpus.root, out)
    read_corpus_file(out)  # which must be found out before all the work
    outcomes = work_on_clips(
        corpus.clips,
        lambda _clip: False,
        partial(_import, out=out, config=config, stated=stated or {}, meta=meta),
        workers=workers,
        on_progress=on_progress,
    )
    for clip, outcome in outcomes.items():
        if outcome.failure:  # what an earlier run made of it must not pass for this one's
            recording_path(out, clip).unlink(missing_ok=True)
    failures = [*failures_of(outcomes, _STAGE), *not_clips(corpus), *single_clips(corpus, out)]
    warnings = warnings_of(outcomes, _STAGE)
    with hold_lock(out / ".amber-tables.lock"):
        write_index(out)
        if facts:
            merge_corpus_file(out, ("clip", *_FACTS), {clip: _cells(clip, facts[clip]) for clip in facts})
        acquired = {clip.id for clip, outcome in outcomes.items() if not outcome.failure}
        write_clip_tables(out, _STAGE, failures, warnings, untouched=set(), acquired=acquired)
    wall_s = time.monotonic() - began
    return summary_of(corpus.clips, outcomes, failures, warnings, wall_s, stage=_STAGE)


def _import(
    clip: Clip, out: Path, config: ImportConfig, stated: Mapping[str, StatedOfClip], meta: Path | None
) -> ClipOutcome:
    """Read one landmark file and write its recording; runs in a worker."""
    try:
        file = read_frame_folder(clip.path) if clip.path.is_dir() else read_landmark_file(clip.path)
        thesis = None
        if meta is not None and file.is_thesis:
            thesis = read_thesis_meta(_meta_of(clip, meta))
        recording, warning = recording_with_warning(
            file, clip, config, stated_of(stated, names_of(clip)), thesis
        )
    except ClipError as error:
        return ClipOutcome(0, failure=error.reason)
    except FileFormatError as error:
        where = "" if error.path == clip.path else f"its meta file {error.path}: "
        return ClipOutcome(0, failure=f"{where}{error.reason}")
    save_recording(recording, recording_path(out, clip))
    warning = "; ".join(part for part in (warning, _shortness(recording, config.shortest_s)) if part)
    return ClipOutcome(len(recording.timestamps), warning=warning)


def _shortness(recording: Recording, shortest_s: float) -> str:
    """Why no attacker can use a clip as it is, in a clause; nothing where one can."""
    longest_s = max(
        stretch_s(recording.timestamps[frames], recording.fps)
        for frames in tracked_segments(recording.timestamps, recording.tracked, longest_gap_s=LONGEST_LOSS_S)
    )
    reason = too_short(longest_s, shortest_s)
    return f"its {reason}: attackers leave it out (amber train, amber audit: --shortest-s)" if reason else ""


def _cells(clip: str, facts: ClipFacts) -> dict[str, str]:
    return {"clip": clip, **{name: getattr(facts, name) or "" for name in _FACTS}}


def _meta_of(clip: Clip, meta: Path) -> Path:
    """The meta file of a clip, its name as the tree of the clips or as `amber_id.names` writes it."""
    as_there = meta / clip.path.parent.name / f"{clip.path.stem}.npz"
    return as_there if as_there.exists() else meta / f"{clip.id}.npz"
