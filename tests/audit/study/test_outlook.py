"""What is said of a study before anything is tracked, and what is refused then."""

import shutil
from pathlib import Path

import pytest

from amber_id.audit import StudyConfig, begun_with, look_ahead, splits_not_used
from amber_id.errors import AmberError, CorpusError, SplitError, UsageError
from amber_id.protocols import (
    ByPeople,
    SplitConfig,
    divide_recordings,
    folds_by_people,
    read_split,
    save_division,
)
from amber_id.recordings import RecordingSet


def videos(folder: Path, people: int, clips: int = 3, suffix: str = ".mp4") -> Path:
    """Files that are named as videos; what is in them nobody has looked at yet."""
    for person in range(1, people + 1):
        for clip in range(clips):
            path = folder / f"own_id{person:03d}" / f"clip{clip}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
    return folder


def test_people_and_clips_are_counted_by_name(tmp_path: Path):
    original, anonymised = videos(tmp_path / "o", 8), videos(tmp_path / "a", 8, suffix=".webm")
    (anonymised / "own_id003" / "clip1.webm").unlink()
    (original / "own_id005" / "clip0.mp4").unlink()
    for clip in (0, 1):
        (anonymised / "own_id008" / f"clip{clip}.webm").unlink()  # one pair is left, which is no comparison
    outlook = look_ahead({"original": original, "anonymised": anonymised}, tmp_path / "study")
    assert {person: len(clips) for person, clips in outlook.clips.items()} == {
        "id001": 3, "id002": 3, "id003": 2, "id004": 3, "id005": 2, "id006": 3, "id007": 3,
    }  # fmt: skip
    said = outlook.sentences(outlook.divide(folds_by_people(7)))
    assert said[:4] == (
        "clips without an original clip of the same name: 1 dropped and counted (own_id005/clip0)",
        "clips without an anonymised clip of the same name: 3 dropped and counted (own_id003/clip1, "
        "own_id008/clip0, own_id008/clip1)",
        "people with one clip, with which nothing can be compared: 1 dropped and counted (id008)",
        "7 people are tested, with 3 clips each (median), in 3 folds (2 to 3 learnt from, 2 to 3 tested in "
        "each)",
    )
    assert "5 pairs of people are too few for a TMR at an FMR of 10 % or less" in said[4]


def test_what_a_study_can_show_gets_better_with_people(tmp_path: Path):
    widths = []
    for people in (10, 40):
        outlook = look_ahead({"original": videos(tmp_path / str(people), people)}, tmp_path / "study")
        said = outlook.sentences(outlook.divide(folds_by_people(people)))[-1]
        widths.append(float(said.partition("an interval ")[2].split()[0]))
    assert 0.1 < widths[1] < 0.2 < widths[0] < 0.5
    assert "TMR can be given down to an FMR of 10 %" in said  # 140 pairs


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ("missing", CorpusError, r"a: no such folder; expected a folder with"),
        ("twice", UsageError, r"o: is named twice, for original and for anonymised clips"),
        ("linked", UsageError, r"o: is named twice"),
        ("copied", UsageError, r"a/own_id001/clip0.mp4: is its original, byte for byte, as are all 5 anon"),
        (
            "names",
            CorpusError,
            r"no clip is there under both conditions by the same name: \S*o has own_id001",
        ),
        ("single", CorpusError, r"nobody has two clips under every condition, of 4 people"),
        ("within", UsageError, r"--out \S*o/study: lies in the folder of the original clips"),
        ("itself", UsageError, r"--out \S*a: lies in the folder of the anonymised clips"),
        ("recordings", CorpusError, r"expected one point set, got face_landmarker_478 .*face_mesh_468 .*468"),
    ],
)
def test_what_cannot_be_is_refused_from_names_alone(
    change: str, kind: type[AmberError], message: str, tmp_path: Path, synthetic_people: Path
):
    original, anonymised, out = videos(tmp_path / "o", 4), tmp_path / "a", tmp_path / "study"
    if change != "missing":
        videos(anonymised, 4)
    if change == "twice":
        anonymised = original
    if change == "linked":
        anonymised = tmp_path / "link"
        anonymised.symlink_to(original)
    if change == "copied":
        for path in [*original.rglob("*.mp4"), *anonymised.rglob("*.mp4")]:
            path.write_text(f"{path.parent.name}/{path.name}")
    if change == "names":
        for path in anonymised.rglob("*.mp4"):
            path.rename(path.with_stem(f"{path.stem}_anon"))
    if change == "single":
        for path in anonymised.rglob("clip[12].mp4"):
            path.unlink()
    if change == "within":
        out = original / "study"
    if change == "itself":
        out = anonymised
    if change == "recordings":
        from dataclasses import replace

        from amber_id.recordings import load_recording, save_recording

        one = load_recording(next(synthetic_people.rglob("clip00.safetensors")))
        mesh = replace(one, landmarks=one.landmarks[:, :468], point_set="face_mesh_468")
        shutil.rmtree(anonymised)
        save_recording(mesh, anonymised / "own_id001" / "clip0.safetensors")
    with pytest.raises(kind, match=message) as error:
        look_ahead({"original": original, "anonymised": anonymised}, out)
    assert "\n" not in str(error.value)


def test_a_study_divides_by_number_unless_it_is_told() -> None:
    assert StudyConfig().divided_as(10) == folds_by_people(10) == SplitConfig(folds=3, dev=0.4)
    assert StudyConfig().divided_as(161) == SplitConfig(folds=5)
    assert StudyConfig.model_validate({"split": {"dev": 0.25, "seed": 3}}).divided_as(12) == SplitConfig(
        folds=3, dev=0.25, seed=3
    )
    for told in (SplitConfig(folds=5), SplitConfig(), SplitConfig(protocol="cross-source")):
        assert StudyConfig(split=told).divided_as(10) == told
    assert StudyConfig.model_validate({"split": {"test": 0.4}}).divided_as(10) == SplitConfig(test=0.4)


def test_too_few_people_are_told_how_many_it_takes_and_of_no_flag(tmp_path: Path):
    outlook = look_ahead({"original": videos(tmp_path / "o", 5)}, tmp_path / "study")
    with pytest.raises(SplitError, match=r"expected 6 people or more, .*, got 5") as error:
        ByPeople().of(len(outlook.clips))
    assert "--" not in str(error.value)
    with pytest.raises(
        SplitError, match=r"5 people are too few for 5 folds with dev 0.2: 10 are needed"
    ) as error:
        outlook.divide(SplitConfig(folds=5))
    assert "--" not in str(error.value)


def test_a_study_begun_with_another_division_is_refused_before_it_goes_on(
    people: RecordingSet, tmp_path: Path
):
    assert begun_with(tmp_path, SplitConfig(folds=2)) is None
    config = SplitConfig(folds=2)
    save_division(divide_recordings(people, config), people, config, tmp_path)
    assert begun_with(tmp_path, config) == read_split(tmp_path / "split.csv")
    with pytest.raises(SplitError, match=r"made with folds 2, asked for is folds 3"):
        begun_with(tmp_path, SplitConfig(folds=3))


def test_a_split_beside_the_recordings_that_is_not_used_is_mentioned(people: RecordingSet):
    own = divide_recordings(people, folds_by_people(12)).split
    folders = [people.root]
    assert splits_not_used(folders, own) == ()
    config = SplitConfig(dev=0.3)
    save_division(divide_recordings(people, config), people, config, people.root)
    (said,) = splits_not_used(folders, own)
    assert said.startswith("split.csv beside the recordings in recordings (protocol shares) was not used")
    assert splits_not_used(folders, read_split(people.root / "split.csv")) == ()
    (people.root / "split.csv").write_text("who,what\n")
    (said,) = splits_not_used(folders, own)
    assert "not readable" in said
