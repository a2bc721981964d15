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
from amber_id.training.dev import calibrate, undecided
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
    with pytest.raises(ValueError, match=r"prior must lie in \(0, 1\), got 1.0"):
        found.probability(1.0)


def decisions(header: CheckpointHeader, scores: list[float]) -> list[bool | None]:
    return [Verification(header, score, ()).is_one_person for score in scores]


def test_between_the_scores_that_dev_leaves_open_there_is_no_evidence(header: CheckpointHeader) -> None:
    # The ratio is 1 at 0.5, and 2 : 1 at 0.5 + ln 2 / 4 = 0.673.
    known = with_dev(header, calibration=CALIBRATION, threshold=0.5, undecided=(0.45, 0.55))
    assert decisions(known, [0.32, 0.33, 0.499, 0.5, 0.51, 0.67, 0.68]) == [
        *[False, None, None],  # below 1 : 2
        *[None, None, None, True],
    ]
    for score, ratio in ((0.5098, 1.04), (0.5122, 1.05)):
        found = Verification(known, score, ())
        assert found.llr is not None
        assert math.exp(found.llr) == pytest.approx(ratio, abs=2e-3)
        assert found.is_one_person is None
    wide = with_dev(header, calibration=CALIBRATION, undecided=(0.1, 0.8))
    assert decisions(wide, [0.0, 0.11, 0.79, 0.81]) == [False, None, None, True]
    # Decided by the ratio, never against it, wherever FMR and FNMR cross.
    assert decisions(with_dev(known, threshold=0.9), [0.68]) == [True]
    older = with_dev(header, calibration=CALIBRATION, undecided=None)
    assert decisions(older, [0.32, 0.5, 0.68]) == [False, None, True]
    assert any("of an older version" in limit for limit in Verification(older, 0.5, ()).limits())


def test_without_a_calibration_only_sides_that_separate_decide(header: CheckpointHeader) -> None:
    apart = with_dev(header, calibration=None, auc=1.0, threshold=0.5, undecided=(0.4, 0.6))
    assert decisions(apart, [0.39, 0.41, 0.59, 0.61]) == [False, None, None, True]
    older = with_dev(header, calibration=None, auc=1.0, threshold=0.5, undecided=None)
    assert decisions(older, [0.49, 0.5]) == [False, True]
    none = with_dev(header, calibration=None, auc=0.4, undecided=None)
    assert decisions(none, [-1.0, 0.0, 1.0]) == [None, None, None]


def test_a_higher_score_is_stronger_evidence(header: CheckpointHeader) -> None:
    assert header.dev.calibration is not None
    scores = np.linspace(-1, 1, 9)
    probabilities = [Verification(header, score, ()).probability(0.5) for score in scores]
    assert all(a < b for a, b in pairwise(probabilities))


def test_limits_are_told_where_they_hold(header: CheckpointHeader) -> None:
    calibrated = with_dev(header, calibration=CALIBRATION, eer=0.125, subjects=5, undecided=(0.4, 0.6))
    inside = list(Verification(calibrated, 0.9, ()).limits())
    assert inside[0].startswith("wrong in 12.5 % of comparisons of 5 dev people (EER; guessing: 50 %)")
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


def test_what_dev_leaves_open() -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(20), 4)
    comparisons = compare_all(rng.normal(size=(20, 8))[who] + rng.normal(size=(80, 8)), who)
    line = calibrate(comparisons)
    assert line is not None
    low, high = undecided(comparisons, line)
    assert low < -line.offset / line.slope < high
    assert high - low < 0.3
    two = dev_scores([0.2, 0.6], [0.1])
    two = replace(two, scores=np.array([0.2, 0.6, 0.4]))
    assert undecided(two, calibrate(two)) == (-1, 1)
    assert undecided(dev_scores([0.6, 0.7, 0.8], [0.1, 0.4]), None) == (0.4, 0.6)
    assert undecided(dev_scores([0.1, 0.3, 0.2], [0.25, 0.9]), None) is None


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
        # As few dev people as here tell little.
        assert found.is_one_person in (None, compared.mated[pair])
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
