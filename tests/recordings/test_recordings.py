"""Recordings: what is checked, that a file comes back whole or is refused by name, and sets over a tree."""

import contextlib
import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jaxtyping
import numpy as np
import pytest
from safetensors.numpy import save

from amber_id import __version__
from amber_id.errors import ClipError, CorpusError, FileFormatError
from amber_id.recordings import (
    AvatarMade,
    Failure,
    Recording,
    RecordingSet,
    holds_recordings,
    load_recording,
    read_failures,
    read_header,
    save_recording,
    scan_recordings,
    write_failures,
    write_index,
)
from amber_id.recordings.frame_rates import check_times

ARRAYS = ("landmarks", "timestamps", "tracked", "blendshapes", "pose")


@pytest.fixture
def unchecked_annotations():
    """What a user meets: without the annotations' own checks, which only run under pytest."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


def _recording(clip: str = "talking_id003/a", T: int = 5, V: int = 478, seed: int = 0) -> Recording:
    """A recording of noise whose second frame has no face."""
    rng = np.random.default_rng(seed)
    tracked = np.ones(T, bool)
    tracked[1] = False
    landmarks = rng.random((T, V, 3), np.float32)
    blendshapes = rng.random((T, 52), np.float32)
    pose = rng.random((T, 4, 4), np.float32)
    for array in (landmarks, blendshapes, pose):
        array[1] = np.nan
    return Recording(
        landmarks=landmarks,
        timestamps=np.arange(T) / 25,
        tracked=tracked,
        blendshapes=blendshapes if V == 478 else None,
        pose=pose if V == 478 else None,
        clip=clip,
        subject="id003",
        source="talking",
        width=640,
        height=360,
        fps=25.0,
        tracker="mediapipe FaceLandmarker",
        tracker_version="1.2.2",
        model_sha256="64" * 32,
        point_set="face_landmarker_478" if V == 478 else "face_mesh_468",
        frames_with_several_faces=2,
    )


def _assert_equal(one: Recording, other: Recording) -> None:
    for name in Recording.__dataclass_fields__:
        if name in ARRAYS:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)
        else:
            assert getattr(one, name) == getattr(other, name), name


def _tree(root: Path, *clips: str) -> Path:
    for seed, clip in enumerate(clips):
        save_recording(_recording(clip, seed=seed), root / f"{clip}.safetensors")
    return root


# one recording ------------------------------------------------------------------------------------


def test_duration_and_tracked_share_by_hand():
    recording = _recording(T=5)
    assert recording.duration_s == pytest.approx(5 / 25)
    assert recording.tracked_share == pytest.approx(4 / 5)


def _set(name: str, index: object, value: float) -> Callable[[Recording], object]:
    def change(recording: Recording) -> np.ndarray:
        array = getattr(recording, name).copy()
        array[index] = value
        return array

    return change


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("landmarks", lambda r: r.landmarks[:, :468], r"landmarks must have shape \(5, 478, 3\).*468"),
        ("landmarks", lambda r: r.landmarks.astype(np.float64), "type float32, got .* and float64"),
        ("landmarks", _set("landmarks", (2, 7, 1), np.nan), "landmarks must be finite in tracked frames"),
        ("landmarks", _set("landmarks", 1, 0.0), "landmarks must be NaN in frames that are not tracked"),
        ("blendshapes", _set("blendshapes", 1, 0.0), "blendshapes must be NaN"),
        ("pose", _set("pose", (4, 3, 3), np.inf), "pose must be finite"),
        ("pose", lambda r: r.pose[:4], r"pose must have shape \(5, 4, 4\)"),
        ("timestamps", _set("timestamps", 2, 0.04), "strictly increasing"),
        ("timestamps", _set("timestamps", 4, np.nan), "strictly increasing"),
        ("timestamps", lambda r: r.timestamps[:1], "at least 2 frames, got 1"),
        ("tracked", lambda r: r.tracked[:4], r"tracked must have shape \(5,\)"),
        ("tracked", lambda r: r.tracked.astype(np.uint8), "type bool, got"),
        (
            "landmarks",
            _set("landmarks", (2, 7, 1), 1.7e38),
            r"landmarks must lie in \[-10, 10\], got 1.7e\+38",
        ),
        ("landmarks", _set("landmarks", (4, 0, 2), -11), r"landmarks must lie in \[-10, 10\], got -11"),
        ("blendshapes", _set("blendshapes", (0, 3), 1.5), r"blendshapes must lie in .*, got 1.5"),
        ("pose", _set("pose", (0, 3, 3), 2e5), r"pose must lie in .*, got 200000"),
        ("width", lambda _: 0, "width must be 1 to 100,000 pixels, got 0"),
        ("height", lambda _: -1, "height must be 1 to 100,000 pixels, got -1"),
        ("width", lambda _: 10**30, "width must be 1 to 100,000 pixels, got 1000"),
        ("timestamps", _set("timestamps", 4, 600.2), "at most 600 s apart, got 600.08 s after frame 4"),
        ("timestamps", lambda r: r.timestamps + 1e12, "timestamps must be seconds, at most 1e\\+10, got 1e"),
        ("timestamps", lambda r: r.timestamps * 100, "expected 1 to 1000 frames a second, got 0.25"),
        ("timestamps", lambda r: r.timestamps * 1.1, "the mean rate of the timestamps, 22.7273, got 25"),
        ("fps", lambda _: 0.0, "expected 1 to 1000 frames a second, got 0"),
        ("fps", lambda _: 1001.0, "expected 1 to 1000 frames a second, got 1001"),
        ("fps", lambda _: float("nan"), "expected 1 to 1000 frames a second, got nan"),
        ("point_set", lambda _: "ibug_68", "point_set must be one of face_landmarker_478, face_mesh_468"),
        ("frames_with_several_faces", lambda _: 6, r"must lie in \[0, 5\], got 6"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_what_does_not_fit_is_refused_by_field(name, value, message):
    recording = _recording()
    with pytest.raises(ValueError, match=message):
        replace(recording, **{name: value(recording)})


def test_four_frames_of_eighty_thousand_seconds_are_refused_where_their_file_is_read(tmp_path):
    times = np.array([0.0, 0.04, 0.08, 80_000.0, 80_000.04])
    _with(tmp_path / "a.safetensors", timestamps=times)
    with pytest.raises(FileFormatError, match=r"frames at most 600 s apart, got 79999.9 s after frame 3"):
        load_recording(tmp_path / "a.safetensors")


def test_a_clip_of_more_than_a_day_is_refused():
    with pytest.raises(ValueError, match="expected at most 24 hours, got"):
        check_times(np.arange(0, 25 * 3600 + 1, 500.0), 1.0)


# its file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("V", [478, 468])
def test_a_saved_recording_comes_back_exactly(tmp_path, V):
    recording = _recording(V=V)
    path = tmp_path / "new" / "a.safetensors"
    save_recording(recording, path)
    _assert_equal(load_recording(path), recording)


def test_equal_recordings_are_equal_bytes(tmp_path):
    save_recording(_recording(), tmp_path / "a.safetensors")
    save_recording(_recording(), tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    save_recording(_recording(seed=1), tmp_path / "c.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() != (tmp_path / "c.safetensors").read_bytes()


def test_the_file_can_be_read_without_the_program(tmp_path):
    path = tmp_path / "a.safetensors"
    save_recording(_recording(), path)
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    outer = json.loads(data[8 : 8 + size])
    assert list(outer["__metadata__"]) == ["amber_id"]
    header = json.loads(outer["__metadata__"]["amber_id"])
    assert list(header) == sorted(header)
    assert header == {
        "schema": "amber-id/recording/1",
        "amber_id_version": __version__,
        "clip": "talking_id003/a",
        "subject": "id003",
        "source": "talking",
        "frames": 5,
        "tracked_frames": 4,
        "frames_with_several_faces": 2,
        "fps": 25.0,
        "duration_s": pytest.approx(0.2),
        "width": 640,
        "height": 360,
        "tracker": "mediapipe FaceLandmarker",
        "tracker_version": "1.2.2",
        "model_sha256": "64" * 32,
        "point_set": "face_landmarker_478",
        "arrays_sha256": header["arrays_sha256"],
    }
    assert outer["landmarks"]["shape"] == [5, 478, 3]
    digest = hashlib.sha256()
    for name in sorted(set(outer) - {"__metadata__"}):
        begin, end = outer[name]["data_offsets"]
        kind = {"F32": "<f4", "F64": "<f8", "BOOL": "|b1"}[outer[name]["dtype"]]
        digest.update(f"{json.dumps([name, kind, outer[name]['shape']])}\n".encode())
        digest.update(data[8 + size :][begin:end])
    assert header["arrays_sha256"] == digest.hexdigest()


def test_what_is_known_of_the_video_comes_back_and_is_not_written_where_it_is_not_known(tmp_path):
    known = replace(_recording(), video_sha256="ab" * 32, picture_hash="0f" * 320)
    for name, recording in (("known", known), ("unknown", _recording())):
        save_recording(recording, tmp_path / f"{name}.safetensors")
    assert load_recording(tmp_path / "known.safetensors").picture_hash == "0f" * 320
    assert read_header(tmp_path / "known.safetensors").video_sha256 == "ab" * 32
    assert b"picture_hash" not in (tmp_path / "unknown.safetensors").read_bytes()
    _with(tmp_path / "known.safetensors", header={"picture_hash": "no number"})
    with pytest.raises(FileFormatError, match="picture_hash"):
        read_header(tmp_path / "known.safetensors")


def test_what_made_an_avatar_comes_back_and_is_not_written_where_it_is_not_known(tmp_path):
    made = AvatarMade(
        schema_version="amber-id/avatar-clip/2",
        amber_id_version="1",
        engine="builtin",
        avatar_sha256="ab" * 32,
        missing_shapes=("cheekPuff", "jawOpen"),
        size=256,
        no_face="hold",
        fixed_fps=25.0,
        renderer="llvmpipe",
        versions={"av": "18"},
        tracker="t",
        tracker_version="2",
        model_sha256="cd" * 32,
    )
    for name, recording in (("known", replace(_recording(), avatar=made)), ("unknown", _recording())):
        save_recording(recording, tmp_path / f"{name}.safetensors")
    assert load_recording(tmp_path / "known.safetensors").avatar == made
    assert read_header(tmp_path / "known.safetensors").avatar == made
    assert read_header(tmp_path / "unknown.safetensors").avatar is None
    assert b"avatar" not in (tmp_path / "unknown.safetensors").read_bytes()
    assert str(made) == (
        f"builtin, avatar SHA-256 {'ab' * 32}, lacking 2 of 52 shapes, 256 pixels, 25 frames/s, without a "
        "face hold; llvmpipe, AMBER-ID 1, av 18; driven by t 2, model cdcdcdcdcdcd"
    )


def test_the_header_alone(tmp_path):
    path = tmp_path / "a.safetensors"
    save_recording(_recording(), path)
    header = read_header(path)
    assert (header.clip, header.frames, header.tracked_frames) == ("talking_id003/a", 5, 4)


def _file(header: dict[str, object] | str | None, **tensors: np.ndarray) -> bytes:
    text = header if isinstance(header, str) else json.dumps(header)
    return save(tensors or {"x": np.zeros(1)}, metadata=None if header is None else {"amber_id": text})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected amber-id/recording/1, got a file that is cut off or of another kind"),
        (b"clip,subject\na,b\n" * 9, "got a file that is cut off or of another kind"),
        (_file(None), "expected amber-id/recording/1, got a file with no schema"),
        (_file({"schema": "amber-id/recording/2"}), "got amber-id/recording/2"),
        (_file({"schema": "amber-id/checkpoint/1"}), "got amber-id/checkpoint/1"),
        (_file([1]), "no schema"),
        (_file("{"), "expected JSON in its header"),
        (
            _file({"schema": "amber-id/recording/1"}),
            "it needs `amber_id_version`, got none",
        ),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path, data, message):
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    for read in (read_header, load_recording):
        with pytest.raises(FileFormatError, match=message) as caught:
            read(path)
        assert caught.value.path == path
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
def test_a_cut_off_file_is_refused(tmp_path, share):
    path = tmp_path / "a.safetensors"
    save_recording(_recording(), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    for read in (read_header, load_recording):
        with pytest.raises(FileFormatError, match="cut off"):
            read(path)


def _with(path: Path, *, header: dict[str, object] | None = None, **tensors: np.ndarray | None) -> None:
    """Write a recording's file with some header fields or arrays changed, None to leave one out."""
    recording = _recording()
    save_recording(recording, path)
    fields = {"schema": "amber-id/recording/1", **read_header(path).model_dump(), **(header or {})}
    arrays = {name: getattr(recording, name) for name in ARRAYS} | tensors
    path.write_bytes(_file(fields, **{k: v for k, v in arrays.items() if v is not None}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"tracked": None},
            "expected the arrays of a recording, got blendshapes, landmarks, pose, timestamps",
        ),
        ({"extra": np.zeros(3)}, "expected the arrays of a recording, got .*extra"),
        ({"timestamps": np.zeros(5)}, "is not a valid recording: timestamps must be"),
        ({"landmarks": np.zeros((5, 152, 2), np.float32)}, r"must have shape \(5, 478, 3\)"),
        ({"header": {"width": "wide"}}, "its width does not fit"),
        ({"header": {"mood": "glad"}}, "it has no `mood`"),
        ({"header": {"point_set": "ibug_68"}}, "its point_set does not fit"),
        ({"header": {"tracked_frames": 3}}, "tracked_frames must be 4, got 3"),
        ({"header": {"duration_s": 0.203}}, "duration_s must be 0.2, got 0.203"),
    ],
)
@pytest.mark.usefixtures("unchecked_annotations")
def test_a_recording_whose_parts_do_not_fit_is_refused(tmp_path, change, message):
    path = tmp_path / "a.safetensors"
    _with(path, **change)
    with pytest.raises(FileFormatError, match=message):
        load_recording(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"frames": 0}, "its frames does not fit"),
        (
            {"frames": 6, "duration_s": 0.24},
            r"timestamps of 6 frames, got shape \(5,\)|frames must be 5",
        ),
        ({"tracked_frames": 99}, "tracked_frames must be at most frames, 5, got 99"),
        ({"tracked_frames": -1}, "its tracked_frames does not fit"),
        ({"frames_with_several_faces": 6}, "frames_with_several_faces must be at most frames, 5, got 6"),
        ({"duration_s": float("nan")}, "its duration_s does not fit"),
        ({"duration_s": -0.2}, "its duration_s does not fit"),
        ({"duration_s": 20.0}, "duration_s must be frames / fps, 0.2, got 20"),
        ({"fps": float("inf")}, "its fps does not fit"),
        ({"fps": 1e-5}, "its fps does not fit"),
        ({"width": 10**30}, "its width does not fit"),
        ({"height": 0}, "its height does not fit"),
    ],
)
def test_a_header_that_is_not_of_its_arrays_is_refused_without_reading_them(tmp_path, header, message):
    path = tmp_path / "a.safetensors"
    _with(path, header=header)
    for read in (read_header, load_recording):
        with pytest.raises(FileFormatError, match=message):
            read(path)


def test_any_flipped_bit_of_the_arrays_is_a_refused_recording(tmp_path):
    path = tmp_path / "a.safetensors"
    save_recording(_recording(), path)
    whole = path.read_bytes()
    begin = 8 + int.from_bytes(whole[:8], "little")
    for place in np.random.default_rng(0).integers(begin, len(whole), 40).tolist():
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(FileFormatError, match="the file is damaged"):
            load_recording(path)


def test_an_older_recording_has_no_checksum_and_is_read(tmp_path):
    _with(tmp_path / "a.safetensors")
    assert b"arrays_sha256" not in (tmp_path / "a.safetensors").read_bytes()
    _assert_equal(load_recording(tmp_path / "a.safetensors"), _recording())


def test_another_point_set_than_asked_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    save_recording(_recording(V=468), path)
    assert load_recording(path, point_set="face_mesh_468").landmarks.shape == (5, 468, 3)
    with pytest.raises(
        FileFormatError, match="expected the point set face_landmarker_478, got face_mesh_468"
    ):
        load_recording(path, point_set="face_landmarker_478")


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match="got nothing"):
        read_header(tmp_path / "a.safetensors")
    with pytest.raises(FileFormatError, match="got a folder"):
        load_recording(tmp_path)


# a set of them ------------------------------------------------------------------------------------

CLIPS = ("b_id2/x.y", "a_id10/b", "a_id10/a", "b_id003/z")


def test_the_tree_says_who_is_in_which_recording(tmp_path):
    recordings = RecordingSet.open(_tree(tmp_path, *CLIPS))
    assert [(e.clip, e.subject, e.source) for e in recordings.entries] == [
        ("a_id10/a", "id010", "a"),
        ("a_id10/b", "id010", "a"),
        ("b_id003/z", "id003", "b"),
        ("b_id2/x.y", "id002", "b"),
    ]
    entry = recordings.entries[0]
    assert entry.path == tmp_path / "a_id10" / "a.safetensors"
    assert (entry.frames, entry.tracked_frames, entry.fps, entry.width, entry.height) == (
        5,
        4,
        25.0,
        640,
        360,
    )
    assert entry.duration_s == pytest.approx(0.2)
    assert entry.point_set == "face_landmarker_478"
    assert recordings.subjects == ("id002", "id003", "id010")
    assert recordings.sources == ("a", "b")


def test_loading_keeps_the_arrays_and_takes_the_subject_from_the_entry(tmp_path):
    recordings = RecordingSet.open(_tree(tmp_path, *CLIPS))
    loaded = recordings.load(recordings.entries[0])
    wanted = replace(_recording(seed=CLIPS.index("a_id10/a")), clip="a_id10/a", subject="id010", source="a")
    _assert_equal(loaded, wanted)


def test_selection_and_other_labels(tmp_path):
    recordings = RecordingSet.open(_tree(tmp_path, *CLIPS))
    assert [e.clip for e in recordings.select(["id002", "id003"]).entries] == ["b_id003/z", "b_id2/x.y"]
    with pytest.raises(CorpusError, match="no recording of id004, id999"):
        recordings.select({"id002", "id999", "id004"})
    swapped = recordings.with_subjects(
        {"a_id10/a": "id002", "a_id10/b": "id003", "b_id003/z": "id002", "b_id2/x.y": "id010"}
    )
    assert [e.subject for e in swapped.entries] == ["id002", "id003", "id002", "id010"]
    assert swapped.load(swapped.entries[0]).subject == "id002"
    with pytest.raises(ValueError, match="none for a_id10/b"):
        recordings.with_subjects({"a_id10/a": "id002"})


def test_the_content_hash_by_hand_and_what_moves_it(tmp_path):
    recordings = RecordingSet.open(_tree(tmp_path, *CLIPS))
    digest = hashlib.sha256()
    for entry in recordings.entries:
        content = hashlib.sha256(entry.path.read_bytes()).hexdigest()
        digest.update(f'["{entry.clip}", "{entry.subject}", "{content}"]\n'.encode())
    first = recordings.content_hash()
    assert first == digest.hexdigest()
    assert RecordingSet.open(tmp_path).content_hash() == first
    labels = {e.clip: "id001" for e in recordings.entries}
    assert recordings.with_subjects(labels).content_hash() != first
    save_recording(_recording(seed=99), recordings.entries[0].path)
    assert recordings.content_hash() != first


def test_no_recordings_says_what_to_run(tmp_path):
    for folder in (tmp_path, _with_empty_person(tmp_path)):
        with pytest.raises(CorpusError, match="no recording in it; run: amber track VIDEOS"):
            RecordingSet.open(folder)
    with pytest.raises(CorpusError, match="no such folder"):
        RecordingSet.open(tmp_path / "gone")


def _with_empty_person(root: Path) -> Path:
    (root / "a_id1").mkdir()
    (root / "a_id1" / ".amber-1.tmp").touch()
    return root


def test_mixed_point_sets_and_twin_numbers_are_refused(tmp_path):
    _tree(tmp_path, "a_id1/a", "b_id2/b")
    path = tmp_path / "b_id2" / "b.safetensors"
    save_recording(_recording(V=468), path)
    with pytest.raises(CorpusError, match=r"face_landmarker_478 \(a_id1/a\) and face_mesh_468 \(b_id2/b\)"):
        RecordingSet.open(tmp_path)
    path.unlink()
    _tree(tmp_path, "c_id001/c")
    with pytest.raises(CorpusError, match="a_id1 and c_id001 have the same number"):
        RecordingSet.open(tmp_path)


def test_one_damaged_recording_is_a_failure_and_the_others_are_there(tmp_path):
    _tree(tmp_path, *CLIPS)
    cut_off, flipped = (tmp_path / f"{clip}.safetensors" for clip in ("a_id10/a", "b_id2/x.y"))
    cut_off.write_bytes(cut_off.read_bytes()[:-1])
    data = bytearray(flipped.read_bytes())
    data[-1] ^= 0x40
    flipped.write_bytes(data)
    (tmp_path / "b_id2" / "folder.safetensors").mkdir()
    recordings = RecordingSet.open(tmp_path)
    assert [entry.clip for entry in recordings.entries] == ["a_id10/b", "b_id003/z", "b_id2/x.y"]
    assert [(each.clip, each.subject, each.stage) for each in recordings.failures] == [
        ("a_id10/a", "id010", "read"),
        ("b_id2/folder", "id002", "read"),
    ]
    assert recordings.failures[0].reason.startswith(
        "its recording: expected amber-id/recording/1, got a file"
    )
    assert recordings.select(["id002"]).failures == recordings.failures[1:]
    with pytest.raises(ClipError, match=r"b_id2/x\.y: its recording: its arrays are not those that were"):
        recordings.load(recordings.entries[2])
    assert len(scan_recordings(tmp_path).rows) == 3
    for entry in recordings.entries:
        entry.path.write_bytes(b"nothing")
    with pytest.raises(
        CorpusError, match=r"no recording in it can be read, e\.g\. a_id10/a: its recording: e"
    ):
        RecordingSet.open(tmp_path)


@contextlib.contextmanager
def _without_the_rights_of_root():
    """For root every folder can be listed."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_without_read_rights_is_a_failure_and_no_empty_one():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # where anybody may look
        root = _tree(Path(folder), "a_id1/a", "b_id2/b", "b_id2/more/c")
        root.chmod(0o755)
        people, closed = (root / "a_id1", root / "b_id2"), root / "b_id2" / "more"
        closed.chmod(0)
        with _without_the_rights_of_root():
            recordings = RecordingSet.open(root)
        for person in people:
            person.chmod(0)
        with _without_the_rights_of_root():
            with pytest.raises(CorpusError, match=r"a_id1: cannot be listed \(Permission denied\)"):
                holds_recordings(root)
            with pytest.raises(CorpusError, match=r"no recording in it can be read, e\.g\. a_id1: the f"):
                RecordingSet.open(root)
        for place in (*people, closed):
            place.chmod(0o755)
    assert [entry.clip for entry in recordings.entries] == ["a_id1/a", "b_id2/b"]
    (failure,) = recordings.failures
    assert (failure.clip, failure.subject) == ("b_id2/more", "id002")
    assert failure.reason == "the folder cannot be listed (Permission denied)"


# the tables beside them ---------------------------------------------------------------------------


def test_the_index_is_a_table_of_the_tree(tmp_path):
    path = write_index(_tree(tmp_path, *CLIPS))
    assert path == tmp_path / "recordings.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert ",".join(rows[0]) == (
        "clip,subject,source,path,frames,tracked_frames,fps,duration_s,width,height,tracker,model_sha256"
    )
    assert [row["path"] for row in rows] == [
        "a_id10/a.safetensors",
        "a_id10/b.safetensors",
        "b_id003/z.safetensors",
        "b_id2/x.y.safetensors",
    ]
    assert rows[0]["subject"] == "id010"
    assert rows[0]["tracked_frames"] == "4"
    assert rows[0]["model_sha256"] == "64" * 32


def test_the_index_of_nothing_is_its_heading(tmp_path):
    assert write_index(tmp_path).read_text().count("\n") == 1


def test_failures_come_back_sorted_whatever_is_in_the_reason(tmp_path):
    late = Failure("b_id2/b", "id002", "track", 'it said "no", twice\nand left')
    early = Failure("a_id1/a", "id001", "track", "zero bytes")
    assert write_failures(tmp_path, [late, early]) == tmp_path / "failures.csv"
    assert read_failures(tmp_path) == (early, late)
    assert (tmp_path / "failures.csv").read_text().startswith("clip,subject,stage,reason\na_id1/a,")
    write_failures(tmp_path, [])
    assert read_failures(tmp_path) == ()


def test_no_table_is_no_failures(tmp_path):
    assert read_failures(tmp_path) == ()


@pytest.mark.parametrize(
    "data",
    [b"", b"clip,why\n", b"clip,subject,stage,reason\na,b\n", b"\xff\xfe"],
    ids=["empty", "other columns", "cut off", "not UTF-8"],
)
def test_another_table_is_refused(tmp_path, data):
    (tmp_path / "failures.csv").write_bytes(data)
    with pytest.raises(FileFormatError, match=r"failures\.csv: .*expected"):
        read_failures(tmp_path)
