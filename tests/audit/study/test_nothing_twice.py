"""In one study of everything each recording is read at most twice, and nothing is computed twice."""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers.moments import fit_to_statistics
from amber_id.audit import EvaluationConfig, StudyConfig, run_study
from amber_id.audit.utility.expression import FaceSignals
from amber_id.motion.features import clip_segments
from amber_id.motion.likeness import clip_motion, compare
from amber_id.protocols import SplitConfig
from amber_id.recordings import Recording, RecordingSet, load_recording
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import LoopConfig


def hashed(*inputs: object) -> str:
    digest = hashlib.sha256()
    for each in inputs:
        if isinstance(each, np.ndarray):
            digest.update(f"{each.shape} {each.dtype}".encode())
            digest.update(np.ascontiguousarray(each).tobytes())
        else:
            digest.update(repr(each).encode())
    return digest.hexdigest()


def of_recording(recording: Recording) -> str:
    return hashed(recording.landmarks, recording.timestamps)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Counter[object]]:
    def count(function: Callable, key: Callable[..., object]) -> Counter[object]:
        """Count the calls of a function by what it is given, in whichever module it is known."""
        calls: Counter[object] = Counter()

        def counting(*args: object, **named: object) -> object:
            calls[key(*args, **named)] += 1
            return function(*args, **named)

        for name, module in list(sys.modules.items()):
            if name.startswith("amber_id") and vars(module).get(function.__name__) is function:
                monkeypatch.setattr(module, function.__name__, counting)
        return calls

    return count


def test_a_study_of_everything_reads_and_computes_nothing_twice(
    counted: Callable[..., Counter[object]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    generate(SynthConfig(people=14, clips=2, duration="2"), tmp_path)
    sets = {
        "original": RecordingSet.open(tmp_path / "original"),
        "anonymised": RecordingSet.open(tmp_path / "avatar"),
    }
    channels: Counter[object] = Counter()
    of = FaceSignals.of.__func__

    def channels_of(cls: type[FaceSignals], recording: Recording) -> FaceSignals:
        channels[of_recording(recording)] += 1
        return of(cls, recording)

    monkeypatch.setattr(FaceSignals, "of", classmethod(channels_of))
    reads = counted(load_recording, lambda path, **_: path)
    features = counted(clip_segments, lambda recording, config, _=None: (of_recording(recording), config))
    motions = counted(clip_motion, of_recording)
    likeness = counted(
        compare,
        lambda one, other, rows, lag, *, concordance=False: hashed(
            one.values, other.values, rows, lag, concordance
        ),
    )
    fits = counted(
        fit_to_statistics, lambda statistics, subject, config, **_: hashed(statistics, subject, config)
    )
    config = StudyConfig(
        attackers=("moments", "moments on blendshapes", "stgcn"),
        split=SplitConfig(folds=2, dev=0.3),
        loop=LoopConfig(epochs=1),
        evaluation=EvaluationConfig(replicates=100, permutations=20),
        full=True,
    )
    run_study(sets, tmp_path / "study", config, device="cpu")

    studied = [entry.path for each in sets.values() for entry in each.entries]
    assert {reads[path] for path in studied} <= {1, 2}, "once, and originals once more for all references"
    assert {reads[entry.path] for entry in sets["anonymised"].entries} == {1}
    changed = {path for path in reads if path not in set(studied)}
    assert len(changed) == len(config.references) * len(sets["original"].entries)
    assert max(reads[path] for path in changed) <= 2
    for name, calls in (
        ("features", features),
        ("channels of expression", channels),
        ("signals of motion", motions),
        ("likenesses", likeness),
        ("fits", fits),
    ):
        assert calls, name
        assert max(calls.values()) == 1, f"{name}: {sum(calls.values())} for {len(calls)} inputs"
