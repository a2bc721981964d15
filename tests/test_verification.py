"""Two clips compared: by the arithmetic of dev, on real faces, with limits that are told where they hold."""

import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers import CheckpointHeader, load_attacker, load_checkpoint, save_checkpoint
from amber_id.attackers.checkpoint import DevCalibration
from amber_id.biometrics import Comparisons, compare_all
from amber_id.corpora import Clip
from amber_id.embeddings import embed_clips
from amber_id.errors import ClipError, EvaluationError, UsageError
from amber_id.motion import load_windows
from amber_id.recordings import RecordingSet, load_recording, save_recording
from amber_id.tracking import Landmarker, find_model, track_clip
from amber_id.training.dev import calibrate
from amber_id.verification import Verification, verify


@pytest.fixture
def header(moments_checkpoint: Path) -> CheckpointHeader:
    return load_checkpoint(moments_checkpoint)[0]


def with_dev(header: CheckpointHeader, **changes: object) -> CheckpointHeader:
    return header.model_copy(update={"dev": header.dev.model_copy(update=changes)})


CALIBRATION = DevCalibration(slope=4.0, offset=-2.0, lowest=-0.5, highest=0.9)


def test_the_likelihood_ratio_and_the_probability_by_hand(header: CheckpointHeader) -> None:
    calibrated = with_dev(header, calibration=CALIBRATION, threshold=0.5)
    found = Verification(calibrated, 0.75, ())
    assert found.llr == pytest.approx(1.0)  # 4 x 0.75 - 2
    assert found.probability(0.5) == pytest.approx(math.e / (1 + math.e))
    assert found.probability(0.2) == pytest.approx(math.e / (math.e + 4))  # prior odds 1 : 4
    assert Verification(calibrated, 0.5, ()).llr == 0
    assert [Verification(calibrated, score, ()).is_one_person for score in (0.5, 0.499)] == [True, False]
    with pytest.raises(ValueError, match=r"prior must lie in \(0, 1\), got 1.0"):
        found.probability(1.0)


def test_a_higher_score_is_stronger_evidence(header: CheckpointHeader) -> None:
    assert header.dev.calibration is not None
    scores = np.linspace(-1, 1, 9)
    probabilities = [Verification(header, score, ()).probability(0.5) for score in scores]
    assert all(a < b for a, b in pairwise(probabilities))


def test_limits_are_told_where_they_hold(header: CheckpointHeader) -> None:
    calibrated = with_dev(header, calibration=CALIBRATION, eer=0.125, subjects=5)
    inside = list(Verification(calibrated, 0.9, ()).limits())
    assert inside[0].startswith("wrong in 12.5% of comparisons of 5 dev people (EER; guessing: 50 %)")
    assert inside[1].startswith("calibrated on the same 5 people")
    assert "anonymisers" in inside[2]
    assert len(inside) == 3
    outside = list(Verification(calibrated, 0.91, ("id007",)).limits())
    assert "0.910 lies outside the calibrated scores, -0.500 to 0.900" in outside[2]
    assert outside[4].startswith("id007 may have been trained or chosen on")


@pytest.mark.parametrize(("auc", "why"), [(1.0, "do not overlap"), (0.4, r"no higher .* \(AUC 0\.400\)")])
def test_no_probability_without_a_calibration(header: CheckpointHeader, auc: float, why: str) -> None:
    found = Verification(with_dev(header, calibration=None, auc=auc), 0.3, ())
    assert (found.llr, found.probability(0.5)) == (None, None)
    (told,) = [limit for limit in found.limits() if "no probability can be given" in limit]
    assert re.search(why, told)


def dev_scores(mated: list[float], nonmated: list[float]) -> Comparisons:
    n = len(mated)  # mated comparison i: clips 2i and 2i + 1; non-mated: clips 0 and 2j
    enrolment = [2 * i for i in range(n)] + [0] * len(nonmated)
    probe = [2 * i + 1 for i in range(n)] + [2 * (j + 1) for j in range(len(nonmated))]
    return Comparisons(
        scores=np.array(mated + nonmated),
        enrolment=np.array(enrolment),
        probe=np.array(probe),
        subjects=np.repeat(np.arange(n), 2),
    )


def test_dev_is_calibrated_where_it_can_be() -> None:
    found = calibrate(dev_scores([0.2, 0.6, 0.8], [0.1, 0.4]))
    assert found is not None
    assert (found.lowest, found.highest) == (0.1, 0.8)
    assert found.slope > 0
    assert calibrate(dev_scores([0.6, 0.7, 0.8], [0.1, 0.4])) is None  # separate
    assert calibrate(dev_scores([0.1, 0.3, 0.2], [0.25, 0.9])) is None  # falls with identity
    assert calibrate(dev_scores([0.5, 0.5, 0.5], [0.5, 0.5])) is None


def test_the_score_is_that_of_dev(moments_checkpoint: Path, people: RecordingSet) -> None:
    """The highest mated score is one person, the lowest non-mated is two."""
    header, attacker = load_attacker(moments_checkpoint)
    windows = load_windows(people.select(header.dev_subjects), header.features)
    compared = compare_all(embed_clips(attacker, windows), windows.subject_of_clip)
    assert header.dev.calibration is not None
    assert header.dev.calibration.highest == compared.scores.max()
    for pair in (
        np.where(compared.mated, compared.scores, -2).argmax(),
        np.where(compared.mated, 2, compared.scores).argmin(),
    ):
        clips = [windows.entries[side[pair]] for side in (compared.enrolment, compared.probe)]
        found = verify(moments_checkpoint, *(entry.path for entry in clips))
        assert found.score == pytest.approx(compared.scores[pair], abs=1e-12)
        assert found.is_one_person == compared.mated[pair]
        assert found.seen == tuple(sorted({entry.subject for entry in clips}))


def test_real_clips_of_one_person_and_of_two(
    moments_checkpoint: Path, real_clips: Path, model_bundle: Path, tmp_path: Path
) -> None:
    """A video and what was tracked in it are the same clip; the attacker knows shapes of faces alone."""
    first, again, other = (
        real_clips / name.split("_clip")[0] / f"{name}.mp4"
        for name in ("talking_id042_clip00", "talking_id042_clip01", "talking_id048_clip00")
    )
    tracked = tmp_path / "first.safetensors"
    landmarker = Landmarker(find_model(model_bundle))
    save_recording(track_clip(Clip("first", "id042", "talking", first), landmarker), tracked)
    one = verify(moments_checkpoint, tracked, again, model=model_bundle)
    two = verify(moments_checkpoint, tracked, other, model=model_bundle)
    assert one.score > two.score + 0.1
    assert one.seen == ()


def test_what_cannot_be_compared_is_refused(
    moments_checkpoint: Path, people: RecordingSet, tmp_path: Path
) -> None:
    first, second = (entry.path for entry in people.entries[:2])
    with pytest.raises(UsageError, match=r"expected two clips, got .* twice"):
        verify(moments_checkpoint, first, first)
    header, tensors = load_checkpoint(moments_checkpoint)
    control = tmp_path / "control.safetensors"
    save_checkpoint(control, header.model_copy(update={"control": "permuted-labels"}), tensors)
    with pytest.raises(EvaluationError, match=r"control\.safetensors: trained with .* permuted-labels"):
        verify(control, first, second)
    mesh = tmp_path / "mesh.safetensors"
    changes = {"point_set": "face_mesh_468", "landmarks": load_recording(second).landmarks[:, :468]}
    save_recording(replace(load_recording(second), **changes), mesh)
    told = r"mesh\.safetensors: has the points face_mesh_468, the checkpoint .* face_landmarker_478"
    with pytest.raises(EvaluationError, match=told):
        verify(moments_checkpoint, first, mesh)
    whole, short = load_recording(second), tmp_path / "short.safetensors"
    arrays = ("landmarks", "timestamps", "tracked", "blendshapes", "pose")
    cut = {name: getattr(whole, name)[:20] for name in arrays if getattr(whole, name) is not None}
    save_recording(replace(whole, **cut), short)
    with pytest.raises(ClipError, match=r"short\.safetensors: longest tracked stretch is 0\.67 s"):
        verify(moments_checkpoint, first, short)
