"""What a study says of the avatars that its clips show."""

from dataclasses import replace
from pathlib import Path

import pytest

from amber_id.audit import EvaluationConfig, evaluate
from amber_id.audit.attack.avatars import avatar_remarks, avatars_of
from amber_id.motion import FeatureConfig
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import AvatarMade, RecordingEntry, RecordingSet, load_recording, save_recording
from amber_id.training import TrainConfig, train

MADE = AvatarMade(
    schema_version="amber-id/avatar-clip/2",
    amber_id_version="1",
    engine="builtin",
    avatar_sha256="ab" * 32,
    size=256,
    no_face="hold",
    renderer="llvmpipe",
    versions={"av": "18"},
    tracker="t",
    tracker_version="2",
    model_sha256="cd" * 32,
)


def entries(*made: AvatarMade | None) -> list[RecordingEntry]:
    return [
        RecordingEntry(
            f"a_id001/{i}", "001", "a", Path(f"{i}"), 50, 50, 25.0, 2.0, 64, 64, "face_mesh_468", avatar=each
        )
        for i, each in enumerate(made)
    ]


def changed(**fields: object) -> AvatarMade:
    return MADE.model_copy(update=fields)


def test_clips_of_one_look_leave_nothing_to_say() -> None:
    same = entries(
        MADE, changed(renderer="another driver"), changed(missing_shapes=("tongueOut", "cheekPuff"))
    )
    assert list(avatar_remarks(same)) == []
    assert len(avatars_of(same)) == 3
    assert list(avatar_remarks(entries(None, None))) == []
    assert avatars_of(entries(None, None)) == ()


@pytest.mark.parametrize(
    ("field", "value"), [("avatar_sha256", "0" * 64), ("size", 512), ("fixed_fps", 25.0), ("engine", "ravas")]
)
def test_two_looks_may_tell_people_apart(field: str, value: object) -> None:
    (said,) = avatar_remarks(entries(MADE, changed(**{field: value})))
    assert said.startswith("The clips show 2 looks of avatars")


def test_a_poor_avatar_and_clips_that_do_not_say_are_named() -> None:
    poor = changed(missing_shapes=("jawOpen", "mouthSmileLeft", "cheekPuff"))
    unknown, lost = avatar_remarks(entries(poor, None))
    assert unknown.startswith("1 of 2 clips do not say which avatar they show")
    assert lost.startswith("The avatar lacks 2 of the shapes that faces move (jawOpen, mouthSmileLeft)")


def test_an_evaluation_keeps_what_made_the_avatars(people: RecordingSet, tmp_path: Path) -> None:
    poor = changed(missing_shapes=("jawOpen",))
    for entry in people.entries:
        recording = load_recording(entry.path)
        entry.path.unlink()  # a link to what all tests read
        save_recording(replace(recording, avatar=poor), entry.path)
    people = RecordingSet.open(people.root)
    split = make_split(source_of_subjects(people), SplitConfig(folds=2))
    config = TrainConfig(attacker="moments", features=FeatureConfig(view="static"))
    run, _ = train(people, split, config, tmp_path / "run")
    results, _ = evaluate(run.path, people, split, EvaluationConfig(replicates=200))
    assert results.provenance.avatars == (str(poor),)
    assert any("The avatar lacks 1 of the shapes" in said for said in results.limits)
