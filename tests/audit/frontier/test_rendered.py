"""Points through the renderer: drawn, tracked, not drawn twice, and which clips are lost."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from amber_id.anonymisers import Plan, parsed_defences
from amber_id.audit.frontier.rendered import RenderedPoints, Rendering, rendered_points
from amber_id.audit.study.stages import Stages
from amber_id.motion import FeatureConfig
from amber_id.recordings import RecordingSet, read_header
from amber_id.synthetic import SynthConfig, generate
from amber_id.tracking import find_model

PLANS = {text: Plan(parsed_defences(text), 3) for text in ("redrawn:1", "damp:0.5")}
USED = FeatureConfig(signals="blendshapes")


class Drawing:
    """Points of a clip in a folder, and which stages were done before."""

    def __init__(self, folder: Path, model: Path) -> None:
        config = SynthConfig.model_validate({"people": 2, "clips": 1, "duration": "1.2", "seed": 4})
        generate(config, folder / "people", workers=1)
        people = RecordingSet.open(folder / "people" / "original")
        self.originals = replace(people, entries=people.entries[:1])  # drawing takes seconds
        self.folder = folder / "rendered"
        self._rendering = Rendering.by_default_avatar(find_model(model), workers=1)
        self.stages: list[tuple[str, bool]] = []

    def points(self, *features: FeatureConfig) -> RenderedPoints:
        self.stages.clear()
        stages = Stages(self.folder / "stages", "", lambda *each: self.stages.append(each))
        return rendered_points(self.originals, PLANS, features, self._rendering, self.folder, stages)


@pytest.fixture(scope="module")
def drawing(model_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    return Drawing(tmp_path_factory.mktemp("rendered"), model_bundle)


def test_every_point_is_drawn_tracked_and_not_drawn_twice(drawing: Drawing) -> None:
    points = drawing.points(USED)
    assert drawing.stages == [("rendering redrawn:1", False), ("rendering damp:0.5", False)]
    assert points.lost == ()
    clips = [entry.clip for entry in drawing.originals.entries]
    hashes = {}
    for name, recordings in points.sets.items():
        assert [entry.clip for entry in recordings.entries] == clips
        assert all(entry.tracked_frames > 0.9 * entry.frames for entry in recordings.entries)
        assert all(read_header(entry.path).avatar is not None for entry in recordings.entries)
        hashes[name] = recordings.content_hash()
        place = drawing.folder / name.replace(":", "-")
        assert not (place / "drives").exists()
        assert len(list((place / "avatars").rglob("*.mp4"))) == 1
    assert len(set(hashes.values())) == 2  # what moves less is another video

    again = drawing.points(USED)
    assert [before for _, before in drawing.stages] == [True, True]
    assert {name: each.content_hash() for name, each in again.sets.items()} == hashes

    next((drawing.folder / "damp-0.5" / "recordings").rglob("*.safetensors")).unlink()
    left = drawing.folder / "damp-0.5" / "drives" / "synth_id009"  # by a stopped run of other recordings
    left.mkdir(parents=True)
    shutil.copy(drawing.originals.entries[0].path, left)
    mended = drawing.points(USED)
    anew = [name for name, before in drawing.stages if not before]
    assert anew == ["rendering damp:0.5"]
    assert [entry.clip for entry in mended.sets["damp:0.5"].entries] == clips


def test_what_an_attacker_could_not_use_is_lost_at_every_point_with_the_reason(drawing: Drawing) -> None:
    points = drawing.points(USED, USED.model_copy(update={"shortest_s": 3.0}))
    assert {each.clip for each in points.lost} == {entry.clip for entry in drawing.originals.entries}
    assert all(each.reason.startswith("damp:0.5: ") for each in points.lost)
