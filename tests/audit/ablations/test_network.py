"""The network asked as `moments` is: views, regions, controls, each a run that goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest

from amber_id.audit.ablations.network import NetworkStudy
from amber_id.face_mesh import SELECTED_POINTS, points_of
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.recordings import RecordingSet
from amber_id.training import LoopConfig


@pytest.fixture
def network(people: RecordingSet, tmp_path: Path) -> NetworkStudy:
    split = make_split(source_of_subjects(people), SplitConfig(folds=2))
    loop, folder = LoopConfig(epochs=1), tmp_path / "full"
    return NetworkStudy("stgcn", people, split, loop, seed=0, order_seed=0, folder=folder, device="cpu")


def test_every_question_is_about_the_same_comparisons(network: NetworkStudy):
    asked = [
        network.in_view("pose"),
        network.without_order(),
        *network.on_sets([frozenset(SELECTED_POINTS), frozenset(points_of("lips"))]),
    ]
    first = asked[0]
    for found in asked:
        np.testing.assert_array_equal(found.enrolment, first.enrolment)
        np.testing.assert_array_equal(found.subjects, first.subjects)
    assert not np.allclose(asked[2].scores, asked[3].scores)
    assert {path.name for path in network.folder.iterdir()} == {"pose", "shuffled", "regions"}


def test_hidden_landmarks_are_not_looked_at(network: NetworkStudy, monkeypatch: pytest.MonkeyPatch):
    nothing, lips = network.on_sets([frozenset({0}), frozenset({0, *points_of("lips")})])
    again, _ = network.on_sets([frozenset({0}), frozenset()])
    np.testing.assert_array_equal(nothing.scores, again.scores)  # its run was there already
    assert not np.allclose(nothing.scores, lips.scores)


def test_permuted_names_are_other_people(network: NetworkStudy):
    found = network.without_names()
    assert found.n_mated
    assert not np.array_equal(found.subjects, network.in_view("pose").subjects)
    assert '"permuted-labels"' in (network.folder / "permuted" / "run.json").read_text()
