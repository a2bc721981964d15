"""The readers of this project, each with valid files that it reads, made of synthetic people."""

import gzip
import pickle
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from amber_id.attackers import load_attacker
from amber_id.audit.attack.openings import record_opening
from amber_id.audit.compare.folders import read_studies
from amber_id.audit.study.stages import Stages
from amber_id.avatarize import AvatarClip, read_avatar, read_avatar_clip
from amber_id.avatarize.default_file import default_avatar_file
from amber_id.cli import app
from amber_id.corpora import Clip
from amber_id.corpora.conversion.archives import read_directory, read_start
from amber_id.corpora.conversion.crema_d import read_demographics
from amber_id.corpora.corpus_file import read_corpus_file
from amber_id.motion import FeatureConfig, clip_features, load_windows
from amber_id.protocols.copies import find_copies
from amber_id.protocols.record import protocol_of
from amber_id.protocols.split import read_split
from amber_id.recordings import RecordingSet, load_recording
from amber_id.recordings.landmark_files import (
    ImportConfig,
    StatedOfClip,
    read_landmark_file,
    recording_with_warning,
)
from amber_id.recordings.recording import read_header
from amber_id.recordings.tables import read_failures
from amber_id.results import read_comparison, read_results, read_score_results, read_study_results
from amber_id.results.arrays import read_arrays
from amber_id.score_files import read_embeddings, read_scores, write_scores
from amber_id.synthetic.oracle_file import Oracle
from amber_id.tracking import find_model
from amber_id.tracking.imported import read_stated
from amber_id.training.run_folder import Run
from robustness_mutations import (
    Mutation,
    changed_archive,
    changed_array,
    changed_glb,
    changed_json,
    changed_table,
    changed_tensors,
    damaged,
)

_CLIP = "synth_id001/clip00"


@dataclass(frozen=True)
class Reader:
    """Where its files lie in the folder of specimens, how they are made wrong, and how they are read."""

    files: tuple[str, ...]
    mutations: tuple[Mutation, ...]
    read: Callable[[Path], object]
    share: float = 1.0  # of the inputs that others get: less where reading takes long


def amber(*words: object) -> None:
    """Run a verb in this process."""
    try:
        app([str(word) for word in words], standalone_mode=False)
    except SystemExit as stop:
        if stop.code not in (0, 3):
            raise


def make_specimens(folder: Path) -> None:
    """Valid files of every kind."""
    people, study = folder / "people", folder / "study"
    original = people / "original"
    amber("synth", people, "--people", 12, "--clips", 4, "--duration", "3", "--quiet")
    kinds: dict[str, Any] = {}
    done = Stages.done

    def noted(self: Stages, name: str, kind: Any, compute: Callable[[], Any]) -> Any:
        kinds[name] = kind
        return done(self, name, kind, compute)

    with patch.object(Stages, "done", noted):
        folders = ("--original", original, "--anonymised", people / "avatar")
        amber("audit", *folders, "--out", study, "--epochs", 1, "--quiet")
    names = {
        stage.stem: next(n for n in kinds if _stem(n) == stage.stem) for stage in (study / "stages").iterdir()
    }
    (folder / "kinds.pickle").write_bytes(
        pickle.dumps({stem: (name, kinds[name]) for stem, name in names.items()})
    )
    amber("split", original)
    amber("train", original, "--out", folder / "moments", "--attacker", "moments", "--quiet")
    amber("evaluate", folder / "moments", original, "--out", folder / "evaluation", "--quiet")
    amber("embed", folder / "moments", original, "--out", folder / "embeddings.safetensors", "--quiet")
    amber(
        "metrics",
        study / "scores" / "AAA.parquet",
        "--out",
        folder / "metrics",
        "--quiet",
        "--replicates",
        100,
    )
    other = shutil.copytree(study, folder / "other")
    amber("compare", study, other, "--out", folder / "comparison", "--replicates", 100)
    scores = read_scores(study / "scores" / "AAA.parquet")
    for suffix in ("txt", "txt.gz", "npz", "parquet"):
        write_scores(folder / f"scores.{suffix}", scores)
    lines = (folder / "scores.txt").read_text().replace(" ", ",")
    (folder / "scores.csv").write_text("enrol,probe,label,score\n" + lines)
    clips = sorted(scores.clips)
    subjects = "".join(f"{clip},{clip.split('/')[-2]}\n" for clip in clips)
    (folder / "subjects.csv").write_text("clip,subject\n" + subjects)
    rng = np.random.default_rng(0)
    people_of = np.array([clip.split("/")[-2] for clip in clips])
    np.savez(folder / "embeddings.npz", vectors=rng.normal(size=(len(clips), 8)), subjects=people_of)
    _write_landmarks(folder, original)
    shutil.copy(default_avatar_file(find_model()), folder / "avatar.glb")
    record_opening(folder, split="a" * 64, checkpoints=("b" * 64,), attacker="moments")
    find_copies(RecordingSet.open(original))
    for few in ("few", "three"):
        for person in (1, 2, 3):
            target = folder / few / f"synth_id{person:03}"
            shutil.copytree(original / target.name, target)
    load_windows(RecordingSet.open(folder / "three"), FeatureConfig())
    for stage in (study / "stages").glob("*.json"):
        shutil.copy(stage, stage.with_name(f"{stage.name}.valid"))
    _write_avatar_clip(folder)
    _write_tables(folder)


def _stem(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name).replace("--", "-")


def _write_landmarks(folder: Path, original: Path) -> None:
    recording = load_recording(original / f"{_CLIP}.safetensors")
    points = recording.landmarks[recording.tracked]
    points[:, :, 2] *= 1.25  # synthetic faces are flat for what is expected of real ones
    np.save(folder / "landmarks.npy", points)
    size = {"width": recording.width, "height": recording.height}
    np.savez(folder / "landmarks.npz", landmarks=points[:, :, :2], fps=25.0, **size)


def _write_avatar_clip(folder: Path) -> None:
    said = AvatarClip(
        clip="a_id001/x",
        subject="id001",
        source="a",
        engine="builtin",
        avatar_sha256="0" * 64,
        size=256,
        no_face="hold",
        renderer="x",
        versions={"av": "1"},
        tracker="x",
        tracker_version="1",
        model_sha256="",
        frames=10,
        frames_without_face=0,
        frames_with_several_faces=0,
        fps=25.0,
        source_bytes=10_000,
    )
    (folder / "clip.json").write_text(said.model_dump_json())


def _write_tables(folder: Path) -> None:
    (folder / "stated.csv").write_text(f"clip,fps,width,height\n{_CLIP},25,640,480\nother_id2/a,,,\n")
    (folder / "failures.csv").write_text("clip,subject,stage,reason\na_id001/x,id001,track,no face\n")
    (folder / "corpus").mkdir()
    rows = "".join(f"a_id{i:03}/x,s{i},u1,calm,f\n" for i in range(20))
    (folder / "corpus" / "corpus.csv").write_text("clip,session,utterance,emotion,sex\n" + rows)
    (folder / "VideoDemographics.csv").write_text(
        "ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,Asian,Not Hispanic\n1002,21,Female,Asian,Hispanic\n"
    )
    (folder / "train.toml").write_text(
        '[loop]\nepochs = 3\nlearning_rate = 0.001\nclips_per_subject = 4\nloss = {name = "supcon"}\n'
    )
    (folder / "study.toml").write_text(
        'attackers = ["moments", "stgcn"]\nseed = 2\n[loop]\nepochs = 2\n[split]\n'
        "folds = 3\n[evaluation]\nreplicates = 200\n"
    )
    with gzip.open(folder / "subjects.csv.gz", "wb") as file:
        file.write((folder / "subjects.csv").read_bytes())


def _read_features(path: Path) -> None:
    windows = load_windows(RecordingSet.open(path.parent.parent), FeatureConfig())
    for start in range(0, len(windows.clip), 64):
        values, _ = windows.gather(slice(start, start + 64))
        if not np.isfinite(values).all():
            raise AssertionError("features that are not finite were taken")


def _read_recording(path: Path) -> None:
    recording = load_recording(path)
    features = clip_features(recording, FeatureConfig())
    if not np.isfinite(features.values).all():
        raise AssertionError("features that are not finite were taken")


def _read_stage(path: Path) -> None:
    name, kind = pickle.loads((path.parents[2] / "kinds.pickle").read_bytes())[path.stem]
    state = path.read_bytes()
    depends_on = _DEPENDS_ON.setdefault(path, _depends_on(path))
    Stages(path.parent, depends_on, lambda *_: None).done(name, kind, lambda: None)
    path.write_bytes(state)


_DEPENDS_ON: dict[Path, str] = {}


def _depends_on(path: Path) -> str:
    text = path.with_name(f"{path.name}.valid").read_text()
    return text.split('"depends_on":"')[1].split('"')[0]


def _read_checkpoint(path: Path) -> None:
    _, attacker = load_attacker(path, "cpu")
    windows = load_windows(RecordingSet.open(path.parents[4] / "few"), attacker.features)
    attacker.embed(*windows.gather(slice(0, 2)))


def _read_landmarks(path: Path) -> None:
    clip = Clip("a_id001/x", "id001", "a", path)
    config = ImportConfig(fps=25.0, tracker="x", aspect=(4, 3))
    recording_with_warning(read_landmark_file(path), clip, config, StatedOfClip(), None)


def _read_archive(path: Path) -> None:
    for member in read_directory(path, {".npy"}):
        read_start(path, member, 64)


BYTES_AND_JSON = (damaged, changed_json)
BYTES_AND_TENSORS = (damaged, changed_tensors)
BYTES_AND_CELLS = (damaged, changed_table, changed_table)


def readers(folder: Path) -> dict[str, Reader]:
    """Every reader by what it reads; `folder` has the specimens."""

    def found(pattern: str, count: int = 1) -> tuple[str, ...]:
        paths = sorted(folder.glob(pattern))[:count]
        if not paths:
            sys.exit(f"no specimen {pattern} in {folder}")
        return tuple(path.relative_to(folder).as_posix() for path in paths)

    configured = ("--out", folder / "nothing", "--quiet", "--config")
    none = folder / "nobody"
    return {
        "recording": Reader((f"people/original/{_CLIP}.safetensors",), BYTES_AND_TENSORS, _read_recording),
        "recording's header": Reader((f"people/avatar/{_CLIP}.safetensors",), BYTES_AND_TENSORS, read_header),
        "features": Reader(found("three/.features/*"), BYTES_AND_TENSORS, _read_features),
        "checkpoint, moments": Reader(
            found("study/runs/O-moments/fold*/c*"), BYTES_AND_TENSORS, _read_checkpoint
        ),
        "checkpoint, network": Reader(
            found("study/runs/O-stgcn/fold*/c*"), BYTES_AND_TENSORS, _read_checkpoint
        ),
        "run.json": Reader(
            found("study/runs/*/run.json", 6), BYTES_AND_JSON, lambda p: Run.open(p.parent).headers()
        ),
        "stages": Reader(found("study/stages/*.json", 20), BYTES_AND_JSON, _read_stage),
        "results of a study": Reader(("study/results.json",), BYTES_AND_JSON, read_study_results),
        "study to compare": Reader(
            found("study/scores/AAA*"), (damaged,), lambda p: read_studies((p.parents[1], folder / "other"))
        ),
        "results of an evaluation": Reader(found("evaluation/results.json"), BYTES_AND_JSON, read_results),
        "arrays of an evaluation": Reader(found("evaluation/arrays.*"), BYTES_AND_TENSORS, read_arrays),
        "results of scores": Reader(("metrics/results.json",), BYTES_AND_JSON, read_score_results),
        "comparison": Reader(found("comparison/comparison.json"), BYTES_AND_JSON, read_comparison),
        "scores, text": Reader(("scores.txt",), BYTES_AND_CELLS, read_scores),
        "scores, gzip": Reader(("scores.txt.gz",), (damaged, _repacked), read_scores),
        "scores, CSV": Reader(("scores.csv",), BYTES_AND_CELLS, read_scores),
        "scores, npz": Reader(("scores.npz",), (damaged, changed_archive), read_scores),
        "scores, Parquet": Reader(("scores.parquet",), (damaged,), read_scores),
        "table of subjects": Reader(
            ("subjects.csv",), BYTES_AND_CELLS, lambda p: read_scores(folder / "scores.csv", subjects=p)
        ),
        "embeddings, npz": Reader(("embeddings.npz",), (damaged, changed_archive), read_embeddings),
        "embeddings": Reader(("embeddings.safetensors",), BYTES_AND_TENSORS, read_embeddings),
        "TOML of a training": Reader(
            ("train.toml",), BYTES_AND_CELLS, lambda p: amber("train", none, *configured, p)
        ),
        "TOML of a study": Reader(
            ("study.toml",),
            BYTES_AND_CELLS,
            lambda p: amber("audit", "--original", none, "--anonymised", folder / "no-one", *configured, p),
        ),
        "split.csv": Reader(("people/original/split.csv",), BYTES_AND_CELLS, read_split),
        "split.json": Reader(
            ("people/original/split.json",),
            BYTES_AND_JSON,
            lambda p: protocol_of(p.parent, read_split(p.with_name("split.csv"))),
        ),
        "leaks.json": Reader(
            ("people/original/leaks.json",),
            BYTES_AND_JSON,
            lambda p: find_copies(RecordingSet.open(p.parent)),
        ),
        "corpus.csv": Reader(("corpus/corpus.csv",), BYTES_AND_CELLS, lambda p: read_corpus_file(p.parent)),
        "failures.csv": Reader(("failures.csv",), BYTES_AND_CELLS, lambda p: read_failures(p.parent)),
        "table of imports": Reader(("stated.csv",), BYTES_AND_CELLS, read_stated),
        "CREMA-D's table": Reader(("VideoDemographics.csv",), BYTES_AND_CELLS, read_demographics),
        "openings.csv": Reader(
            found("*openings*"),
            BYTES_AND_CELLS,
            lambda p: record_opening(p.parent, split="a" * 64, checkpoints=("c" * 64,), attacker="moments"),
        ),
        "oracle.json": Reader(("people/oracle.json",), BYTES_AND_JSON, Oracle.read),
        "landmarks, npy": Reader(("landmarks.npy",), (damaged, changed_array), _read_landmarks),
        "landmarks, npz": Reader(("landmarks.npz",), (damaged, changed_archive), _read_landmarks),
        "archive": Reader(("landmarks.npz", "scores.npz"), (damaged,), _read_archive),
        "avatar, GLB": Reader(("avatar.glb",), (damaged, changed_glb, changed_glb), read_avatar, share=0.1),
        "avatar clip's JSON": Reader(("clip.json",), BYTES_AND_JSON, read_avatar_clip),
    }


def _repacked(data: bytes, rng: Any) -> bytes:
    return gzip.compress(changed_table(gzip.decompress(data), rng))
