"""`amber avatarize` and `amber avatar` as a person types them."""

import json
import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from amber_id.avatarize import NoFace, Palette, read_avatar
from amber_id.avatarize.avatar_clip import Engine
from amber_id.cli import avatarize
from amber_id.recordings import read_header
from amber_id.tracking.video import read_frames
from fixtures.command_line import Done, run_here

PICTURE_SIZE = 96


def amber(*arguments: object, cache: Path) -> Done:
    return run_here(*arguments, environment={"AMBER_CACHE": cache})


@pytest.fixture(scope="module")
def cache(model_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the face landmarker is, as after `amber models fetch`."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "face_landmarker.task").symlink_to(model_bundle)
    return folder


@pytest.fixture(scope="module")
def videos(real_clips: Path, write_video, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people's clips, of a second and a half each."""
    root = tmp_path_factory.mktemp("videos")
    for person in ("talking_id042", "talking_id008"):
        for source in sorted((real_clips / person).glob("*.mp4"))[:2]:
            info, frames = read_frames(source)
            some = [rgb for _, rgb in frames][: round(1.5 * info.fps)]
            write_video(root / person / source.name, some, rate=round(info.fps))
    return root


@pytest.fixture(scope="module")
def avatars(videos: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("avatars")
    done = amber("avatarize", videos, out, "--size", PICTURE_SIZE, "--check", "--workers", 1, cache=cache)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "4 avatars made, 0 were there already, 0 failed" in done.stdout
    assert "4 of 4 avatars move most like their own original" in done.stdout
    return out


def test_choices_are_those_of_the_library() -> None:
    flags = avatarize.__annotations__
    for flag, names in {"engine": Engine, "no_face": NoFace, "palette": Palette}.items():
        assert all(repr(name) in str(flags[flag]) for name in get_args(names)), flag


def test_the_check_says_how_well_avatars_follow(avatars: Path) -> None:
    found = json.loads((avatars / "check" / "following.json").read_text())
    assert found["clips"] == 4
    assert found["face_share"] == 1
    assert found["median"] > 0.6
    assert found["channels"]["eyeBlinkLeft"]["median"] > 0.8
    assert len((avatars / "check" / "following.csv").read_text().splitlines()) == 5
    for recording in sorted((avatars / "check" / "avatar").rglob("*.safetensors")):
        clip = recording.relative_to(avatars / "check" / "avatar").with_suffix(".json")
        made = read_header(recording).avatar
        assert made is not None
        assert made.avatar_sha256 == json.loads((avatars / clip).read_text())["avatar_sha256"]
    for recording in sorted((avatars / "check" / "original").rglob("*.safetensors")):
        assert read_header(recording).avatar is None


def test_a_wrong_input_file_is_caught(videos: Path, avatars: Path, cache: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "avatars"
    shutil.copytree(avatars, wrong)
    clips = sorted((wrong / "talking_id042").glob("*.mp4"))
    other = sorted((wrong / "talking_id008").glob("*.mp4"))[0]
    shutil.copy(other, clips[0])
    shutil.rmtree(wrong / "check" / "avatar")
    done = amber("avatarize", videos, wrong, "--size", PICTURE_SIZE, "--check", "--workers", 1, cache=cache)
    assert done.returncode == 3
    assert "4 were there already" in done.stdout
    assert f"talking_id042/{clips[0].stem}: " in done.stderr
    assert f"follows another (talking_id008/{other.stem})" in done.stderr


def test_nothing_is_made_twice_and_a_single_clip_is_made_again(
    videos: Path, avatars: Path, cache: Path, tmp_path: Path
) -> None:
    again = tmp_path / "avatars"
    shutil.copytree(avatars, again)
    lost = sorted(again.rglob("*.mp4"))[0]
    before = lost.read_bytes()
    lost.unlink()
    done = amber("avatarize", videos, again, "--size", PICTURE_SIZE, cache=cache)
    assert "1 avatars made, 3 were there already" in done.stdout
    assert lost.read_bytes() == before


def test_people_who_never_lived_get_avatars_too(cache: Path, tmp_path: Path) -> None:
    done = amber("synth", tmp_path / "people", "--people", 2, "--clips", 2, "--quiet", cache=cache)
    assert done.returncode == 0
    originals = tmp_path / "people" / "original"
    done = amber("avatarize", originals, tmp_path / "out", "--size", 64, "--quiet", cache=cache)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(list((tmp_path / "out").rglob("*.mp4"))) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--avatar", "nothing.glb"], "nothing.glb"),
        (["--size", "63"], "--size"),
        (["--size", "65"], "--size"),
        (["--fps", "1"], "--fps"),
        (["--engine", "ravas"], "--engine ravas and --ravas, the folder of its checkout, go together"),
        (["--ravas", "nowhere"], "--ravas"),
        (["--ravas-timeout", "3"], "--ravas-python and --ravas-timeout need --ravas"),
        (["--check", "--shard", "1/2"], "run the command again without --shard"),
        (["--avatar", "nothing.glb", "--palette", "rose"], "--palette colours the default avatar"),
        (["--shard", "3/2"], "--shard"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_one_line(
    arguments: list[str], said: str, videos: Path, cache: Path, tmp_path: Path
) -> None:
    done = amber("avatarize", videos, tmp_path / "out", *arguments, "--quiet", cache=cache)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_contact_sheet_and_a_file_for_other_programs(cache: Path, tmp_path: Path) -> None:
    from PIL import Image

    sheet, merged = tmp_path / "sheet.png", tmp_path / "one.glb"
    assert amber("avatar", "preview", "--out", sheet, cache=cache).stdout.strip() == str(sheet)
    with Image.open(sheet) as picture:
        assert np.asarray(picture).std() > 20
    done = amber("avatar", "merge", "--out", merged, "--palette", "umber", cache=cache)
    assert done.returncode == 0, done.stderr
    file = read_avatar(merged)
    assert file.sha256 in done.stdout
    assert file.avatar.missing == ()
    assert amber("avatar", "preview", merged, "--out", tmp_path / "again.png", cache=cache).returncode == 0
    done = amber("avatar", "merge", merged, "--out", merged, cache=cache)
    assert done.returncode == 2
    assert "is the file itself; name another" in done.stderr


def test_a_check_of_nothing_names_the_clips_that_failed(cache: Path, write_video, tmp_path: Path) -> None:
    grey = [np.full((64, 64, 3), 128, np.uint8)] * 5
    write_video(tmp_path / "videos" / "a_id001" / "wall.mp4", grey)
    done = amber("avatarize", tmp_path / "videos", tmp_path / "out", "--check", "--size", 64, cache=cache)
    assert done.returncode == 3
    assert "a_id001/wall: no face in any of 5 frames" in done.stderr
    assert str(tmp_path / "out" / "failures.csv") in done.stdout


def test_no_model_is_asked_for_where_nothing_is_tracked(avatars: Path, cache: Path, tmp_path: Path) -> None:
    merged = tmp_path / "one.glb"
    assert amber("avatar", "merge", "--out", merged, cache=cache).returncode == 0
    drive = avatars / "check" / "original"
    empty = tmp_path / "empty"
    done = amber("avatarize", drive, tmp_path / "out", "--avatar", merged, "--size", 64, cache=empty)
    assert done.returncode == 0, done.stderr
