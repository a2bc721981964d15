"""Reference anonymisers: each takes away what it says, keeps the rest, and comes out alike in any order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.anonymisers.apply import apply_reference
from amber_id.anonymisers.catalogue import REFERENCES, Reference
from amber_id.anonymisers.changes import damping, mean_removal, noise, smoothing, swapped_rest
from amber_id.audit.utility.measure import UtilityConfig, measure_utility
from amber_id.errors import ClipError, EvaluationError, UsageError
from amber_id.face_mesh import mean_face
from amber_id.motion.alignment import align, isotropic
from amber_id.motion.views import head_pose, landmark_view
from amber_id.recordings import Failure, Recording, RecordingSet, read_failures, write_failures
from amber_id.synthetic import SynthConfig, generate

NAMED = {reference.name: reference for reference in REFERENCES}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    """Four synthetic people, two clips each, with lost frames and unlike faces; to be read only."""
    out = tmp_path_factory.mktemp("references")
    config = {"people": 4, "clips": 2, "shape": 2, "lost": "0.1", "aspect": "1.778", "duration": "3"}
    generate(SynthConfig.model_validate(config), out, workers=1)
    return RecordingSet.open(out / "original")


@pytest.fixture(scope="module")
def somebody(people: RecordingSet) -> Recording:
    return next(r for r in map(people.load, people.entries) if 0 < r.tracked.mean() < 1)


@pytest.fixture(scope="module")
def somebody_else(people: RecordingSet) -> Recording:
    return people.load(people.entries[-1])


def pixels(recording: Recording) -> np.ndarray:
    return isotropic(recording.landmarks[recording.tracked], width=recording.width, height=recording.height)


def rest(recording: Recording) -> np.ndarray:
    return align(pixels(recording))[0].mean(axis=0)


def applied(reference: Reference, recording: Recording, donor: Recording) -> Recording:
    extra = {"rng": {"rng": np.random.default_rng(0)}, "donor": {"donor": donor}, None: {}}
    return reference.change(recording, **extra[reference.needs])


@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_the_face_stays(name: str, somebody: Recording, somebody_else: Recording) -> None:
    before = somebody.landmarks.copy()
    changed = applied(NAMED[name], somebody, somebody_else)
    np.testing.assert_array_equal(somebody.landmarks, before)
    np.testing.assert_array_equal(changed.tracked, somebody.tracked)
    np.testing.assert_array_equal(changed.timestamps, somebody.timestamps)
    assert (changed.width, changed.height, changed.clip, changed.subject) == (
        somebody.width,
        somebody.height,
        somebody.clip,
        somebody.subject,
    )
    assert changed.pose is None
    assert (changed.blendshapes is None) == ("at rest" in name)
    if changed.blendshapes is not None:
        seen = changed.blendshapes[changed.tracked]
        assert 0 <= seen.min() <= seen.max() <= 1
        assert np.abs(seen - somebody.blendshapes[somebody.tracked]).max() > 0.001
    assert np.abs(pixels(changed) - pixels(somebody)).max() > 0.5


@pytest.mark.parametrize("name", NAMED)
def test_a_clip_without_a_face_stays_one(name: str, somebody: Recording, somebody_else: Recording) -> None:
    nobody = replace(
        somebody,
        landmarks=np.full_like(somebody.landmarks, np.nan),
        blendshapes=np.full_like(somebody.blendshapes, np.nan),
        tracked=np.zeros_like(somebody.tracked),
        pose=None,
    )
    assert not applied(NAMED[name], nobody, somebody_else).tracked.any()


def test_noise_is_a_share_of_the_eyes_distance_in_every_direction(somebody: Recording) -> None:
    assert somebody.width != somebody.height
    added = pixels(noise(somebody, share=0.05, rng=np.random.default_rng(0))) - pixels(somebody)
    eyes = np.median(np.linalg.norm(pixels(somebody)[:, 33] - pixels(somebody)[:, 263], axis=1))
    np.testing.assert_allclose(added.std(axis=(0, 1)), 0.05 * eyes, rtol=0.02)
    np.testing.assert_allclose(added.mean(axis=(0, 1)), 0, atol=0.001 * eyes)
    steps = added[1:] - added[:-1]
    assert steps.std() == pytest.approx(np.sqrt(2) * added.std(), rel=0.02)  # each frame its own


def swinging(recording: Recording, times: np.ndarray, *hertz: float) -> Recording:
    """A face of which every point swings across by 5 pixels at each of these frequencies."""
    swing = 5 * np.sin(2 * np.pi * times[:, None] * np.array(hertz)).sum(axis=1)
    points = 150 * mean_face() + [600, 300, 0] + swing[:, None, None] * [1, 0, 0]
    shapes = 0.5 + 0.02 * swing[:, None] * np.ones(52)
    return replace(
        recording,
        landmarks=(points / [recording.width, recording.height, recording.width]).astype(np.float32),
        timestamps=times,
        tracked=np.ones(len(times), dtype=bool),
        blendshapes=shapes.astype(np.float32),
        pose=None,
    )


def test_smoothing_takes_no_more_samples_than_its_frames_allow(somebody: Recording) -> None:
    pairs = np.arange(120) / 15
    times = np.sort(np.concatenate([pairs, pairs + 1e-9, pairs + 2e-9]))
    fps = (len(times) - 1) / (times[-1] - times[0])
    crowded = replace(swinging(somebody, np.arange(360) / 30, 1.0), timestamps=times, fps=fps)
    assert np.isfinite(smoothing(crowded, seconds=0.4).landmarks).all()


@pytest.mark.parametrize("regular", [True, False], ids=["regular", "irregular"])
def test_smoothing_keeps_slow_swings_and_takes_fast_ones(somebody: Recording, regular: bool) -> None:
    times = np.arange(240) / 30
    if not regular:
        times = times + np.random.default_rng(0).uniform(-0.008, 0.008, 240)
    both = swinging(somebody, times, 1.0, 6.0)
    slow = swinging(somebody, times, 1.0)
    smooth = smoothing(both, seconds=0.4)  # cut off at 2.5 Hz
    inner = slice(30, -30)
    left = pixels(smooth)[inner, 7, 0] - pixels(slow)[inner, 7, 0]
    assert np.abs(left).max() < (0.05 if regular else 0.4)  # of 5 pixels each; nothing is delayed
    shapes = smooth.blendshapes[inner, 3] - slow.blendshapes[inner, 3]
    assert np.abs(shapes).max() < (0.001 if regular else 0.008)


def test_smoothing_halves_a_swing_at_the_cut_off(somebody: Recording) -> None:
    times = np.arange(240) / 30
    swing = pixels(smoothing(swinging(somebody, times, 2.0), seconds=0.5))[60:-60, 7, 0]
    assert np.ptp(swing) == pytest.approx(5, rel=0.02)  # it was 10 from side to side


def test_smoothing_begins_anew_after_a_long_loss(somebody: Recording) -> None:
    """Before and after the loss the face is in two places: a filter across it would blend them."""
    times = np.arange(120) / 30
    recording = swinging(somebody, times)
    landmarks, blendshapes = recording.landmarks.copy(), recording.blendshapes.copy()
    landmarks[60:, :, 0] += 0.2
    tracked = np.ones(120, dtype=bool)
    tracked[50:60] = False
    landmarks[~tracked], blendshapes[~tracked] = np.nan, np.nan
    jumped = replace(recording, landmarks=landmarks, blendshapes=blendshapes, tracked=tracked)
    np.testing.assert_allclose(pixels(smoothing(jumped, seconds=1.0)), pixels(jumped), atol=0.01)


def test_nothing_is_faster_than_the_frames(somebody: Recording) -> None:
    np.testing.assert_allclose(pixels(smoothing(somebody, seconds=0.05)), pixels(somebody), atol=1e-3)


@pytest.mark.parametrize("head", [True, False])
def test_damping_halves_amplitudes(somebody: Recording, head: bool) -> None:
    halved = damping(somebody, factor=0.5, head=head)
    before, after = (landmark_view(pixels(each), "motion").std(axis=0) for each in (somebody, halved))
    moving = before > 0.01
    assert moving.sum() > 100
    np.testing.assert_allclose(after[moving] / before[moving], 0.5, atol=0.05)
    poses = [head_pose(pixels(each), align(pixels(each))[1]).std(axis=0) for each in (somebody, halved)]
    np.testing.assert_allclose(poses[1] / poses[0], 0.5 if head else 1.0, rtol=0.05)
    np.testing.assert_allclose(rest(halved), rest(somebody), atol=0.005)
    shapes = [each.blendshapes[each.tracked].std(axis=0) for each in (somebody, halved)]
    np.testing.assert_allclose(shapes[1], shapes[0] / 2, atol=1e-5)


def test_mean_removal_gives_all_one_face_and_keeps_motion(
    somebody: Recording, somebody_else: Recording
) -> None:
    assert np.abs(rest(somebody) - rest(somebody_else)).max() > 0.05  # they differ
    for each in (somebody, somebody_else):
        removed = mean_removal(each)
        np.testing.assert_allclose(rest(removed), mean_face(), atol=0.003)
        before, after = (landmark_view(pixels(r), "motion") for r in (each, removed))
        moving = before.std(axis=0) > 0.01
        ratio = (before * after).mean(axis=0)[moving] / (before**2).mean(axis=0)[moving]
        np.testing.assert_allclose(ratio, 1, atol=0.1)
        turned = [head_pose(pixels(r), align(pixels(r))[1]) for r in (each, removed)]
        np.testing.assert_allclose(turned[1], turned[0], atol=0.03)


def test_a_swapped_rest_is_the_donors(somebody: Recording, somebody_else: Recording) -> None:
    swapped = swapped_rest(somebody, donor=somebody_else)
    np.testing.assert_allclose(rest(swapped), rest(somebody_else), atol=0.005)
    assert np.abs(rest(swapped) - rest(somebody)).max() > 0.05
    before, after = (landmark_view(pixels(r), "motion") for r in (somebody, swapped))
    assert np.abs(after - before).mean() < 0.1 * np.abs(before).mean()


def test_older_trackers_points_do_too(somebody: Recording, somebody_else: Recording) -> None:
    old, donor = (
        replace(r, landmarks=r.landmarks[:, :468], point_set="face_mesh_468", blendshapes=None, pose=None)
        for r in (somebody, somebody_else)
    )
    for reference in REFERENCES:
        assert applied(reference, old, donor).landmarks.shape == old.landmarks.shape
    with pytest.raises(ClipError, match="expected a donor with face_mesh_468, got face_landmarker_478"):
        swapped_rest(old, donor=somebody_else)


def test_a_set_is_changed_alike_in_any_order_and_number_of_processes(
    people: RecordingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bytes_of(found: RecordingSet) -> dict[str, bytes]:
        return {entry.clip: entry.path.read_bytes() for entry in found.entries}

    for reference in (NAMED["noise 3 %"], NAMED["another's face at rest"]):
        folder = tmp_path / reference.name
        alone = apply_reference(people, reference, folder / "a", seed=1)
        backwards = apply_reference(
            replace(people, entries=people.entries[::-1]), reference, folder / "b", seed=1
        )
        assert [e.clip for e in backwards.entries] == [e.clip for e in people.entries[::-1]]
        monkeypatch.setattr("amber_id.anonymisers.apply.FEWEST_FOR_WORKERS", 1)
        together = apply_reference(people, reference, folder / "c", seed=1, workers=2)
        monkeypatch.undo()
        assert bytes_of(alone) == bytes_of(backwards) == bytes_of(together)
        assert bytes_of(alone) != bytes_of(apply_reference(people, reference, folder / "d", seed=2))


def test_a_set_keeps_clips_subjects_and_failures(people: RecordingSet, tmp_path: Path) -> None:
    failure = Failure("synth_id009/x", "id009", "track", "no face in it")
    write_failures(people.root, [failure])
    subjects = {entry.clip: f"id{i:03d}" for i, entry in enumerate(people.entries)}
    labelled = people.with_subjects(subjects)
    found = apply_reference(labelled, NAMED["smoothing 0.5 s"], tmp_path)
    (people.root / "failures.csv").unlink()
    assert {entry.clip: entry.subject for entry in found.entries} == subjects
    assert read_failures(tmp_path) == (failure,)
    assert (tmp_path / "recordings.csv").is_file()


def test_utility_sees_what_references_take(people: RecordingSet, tmp_path: Path) -> None:
    def expression(name: str) -> float:
        found = apply_reference(people, NAMED[name], tmp_path / name)
        return measure_utility(people, found, UtilityConfig(replicates=100)).expression.value

    noisy = [expression(f"noise {share} %") for share in (1, 3, 10)]
    assert 0.95 > noisy[0] > noisy[1] + 0.1 > noisy[2] + 0.2
    assert expression("mean face at rest") > 0.95


def test_places_that_hold_other_recordings_are_refused(people: RecordingSet, tmp_path: Path) -> None:
    reference = NAMED["smoothing 0.5 s"]
    with pytest.raises(UsageError, match="would be overwritten"):
        apply_reference(people, reference, people.root)
    apply_reference(people, reference, tmp_path)
    apply_reference(people, reference, tmp_path)  # the same again may be done
    with pytest.raises(UsageError, match="holds other recordings"):
        apply_reference(replace(people, entries=people.entries[1:]), reference, tmp_path)


def test_nobody_to_swap_with_is_told(people: RecordingSet, tmp_path: Path) -> None:
    alone = people.select(people.subjects[:1])
    with pytest.raises(EvaluationError, match="no clip of another person"):
        apply_reference(alone, NAMED["another's face at rest"], tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: smoothing(r, seconds=0.0),
        lambda r: damping(r, factor=1.5),
        lambda r: noise(r, share=-1.0, rng=np.random.default_rng(0)),
    ],
)
def test_strengths_out_of_range_are_refused(somebody: Recording, change) -> None:
    with pytest.raises(ValueError, match="must"):
        change(somebody)


def test_points_in_one_place_are_told(somebody: Recording) -> None:
    flat = somebody.landmarks * 0 + np.float32(0.5)
    with pytest.raises(ClipError, match=rf"{somebody.clip}: the rigid points of a frame must not coincide"):
        damping(replace(somebody, landmarks=flat), factor=0.5)
