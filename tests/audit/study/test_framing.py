"""An audit of defended clips reports whether they are taken for the donors that are stated beside them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from amber_id.anonymisers import Plan, defend, parsed_defences, pool_of
from amber_id.anonymisers.defending import Stated, stated_donor
from amber_id.audit import EvaluationConfig, StudyConfig
from amber_id.audit.study import run, training
from amber_id.audit.study.framing import framing_of_study, stated_donors
from amber_id.audit.study.lines import of_framing
from amber_id.audit.study.matrix import Cell, cells_of
from amber_id.audit.study.scenarios import scenarios_of
from amber_id.audit.study.shared import Shared
from amber_id.audit.study.study import Study
from amber_id.errors import FileFormatError
from amber_id.recordings import RecordingSet
from fixtures.frontiers import few_people
from fixtures.study_results import make_study

CONFIG = StudyConfig(
    attackers=("moments on blendshapes",),
    evaluation=EvaluationConfig(replicates=100, permutations=20),
)
Begun = tuple[Study, dict[str, Cell]]


def begun(originals: RecordingSet, anonymised: RecordingSet, out: Path) -> Begun:
    """A study up to the cells that are asked for framing."""
    sets = {"original": originals, "anonymised": anonymised}
    study = run._begun(sets, out, CONFIG, "cpu", {}, lambda _name, _before: None, None, Shared())
    runs = {"O": (training._run(study, "O", ("original",), CONFIG.attackers[0]),)}
    scenarios = [each for each in scenarios_of(study.clips.conditions) if each.letters in ("OOO", "OAA")]
    return study, cells_of(runs, study.clips, study.split, scenarios, CONFIG.evaluation, device="cpu")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    return RecordingSet.open(few_people(tmp_path_factory.mktemp("people"), people=9, clips=2))


@pytest.fixture(scope="module")
def framed(originals: RecordingSet, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """People who have taken on each other's styles."""
    folder = tmp_path_factory.mktemp("framed")
    defend(originals, folder / "defended", Plan(parsed_defences("donor-clip"), 3, pool_of(originals)))
    return begun(originals, RecordingSet.open(folder / "defended"), folder / "out")


def test_clips_in_the_style_of_others_of_the_study_are_taken_for_these(framed: Begun) -> None:
    study, cells = framed
    plan = Plan(parsed_defences("donor-clip"), 3, pool_of(study.sets["original"]))
    stated = stated_donors(study)
    for entry in study.sets["anonymised"].entries:
        (chosen,) = plan.chosen_for(entry.clip, entry.subject)
        assert chosen is not None
        assert stated[entry.clip].donor == chosen.name != entry.subject
    result = framing_of_study(study, cells)
    assert result is not None
    framing = result.framing
    assert framing is not None
    assert (framing.attacker, framing.real, framing.of_this_study) == ("moments", True, True)
    # In each of three folds a third of the people is learnt from: their clips are no donors there.
    assert 0 < framing.clips < len(stated)
    assert framing.rank1 is not None
    assert framing.rank1.value > 2 * framing.rank1.chance
    assert "Donors have names of people of this study" in result.words
    results = make_study()[0].model_copy(update={"framing": result})
    assert list(of_framing(results)) == [f"  {framing.words}"]


def test_names_of_other_donors_are_nobody_of_the_study(framed: Begun, tmp_path: Path) -> None:
    study, cells = framed
    fewer = replace(study.sets["original"], entries=study.sets["original"].entries[:12])
    defend(study.sets["original"], tmp_path, Plan(parsed_defences("donor-clip"), 3, pool_of(fewer)))
    other = replace(study, sets=study.sets | {"anonymised": RecordingSet.open(tmp_path)})
    result = framing_of_study(other, cells)
    assert result is not None
    assert result.framing is None
    assert "the donors are not among the originals as they are here" in result.words


def test_without_an_attacker_that_sees_coefficients_it_is_said(framed: Begun) -> None:
    study, cells = framed
    none = {name: replace(cell, tried=replace(cell.tried, scored=())) for name, cell in cells.items()}
    result = framing_of_study(study, none)
    assert result is not None
    assert "no attacker on blendshapes was tried" in result.words


def test_nothing_is_stated_where_nobody_is_imitated(originals: RecordingSet, tmp_path: Path) -> None:
    assert stated_donor(originals.entries[0]) is None
    few = replace(originals, entries=originals.entries[:2])
    for name, plan in {
        "population": Plan(parsed_defences("population"), 3),
        "chain": Plan(parsed_defences("damp:0.5+synthetic-clip"), 3),
    }.items():
        defend(few, tmp_path / name, plan)
    population, chain = (RecordingSet.open(tmp_path / name).entries[0] for name in ("population", "chain"))
    assert stated_donor(population) is None
    stated = stated_donor(chain)
    assert stated is not None
    assert stated.donor.startswith("synthetic ")
    assert stated == Stated(stated.donor, "48 synthetic people of seed 2025116000")
    chain.path.with_suffix(".json").write_text('{"schema_version": "of another program"}')
    assert stated_donor(chain) is None


def test_a_note_of_another_defence_is_refused(originals: RecordingSet, tmp_path: Path) -> None:
    few = replace(originals, entries=originals.entries[:1])
    defend(few, tmp_path, Plan(parsed_defences("synthetic-clip:0.5"), 3))
    (entry,) = RecordingSet.open(tmp_path).entries
    path = entry.path.with_suffix(".json")
    note = json.loads(path.read_text("utf-8"))
    note["steps"][0]["strength"] = 1.0
    path.write_text(json.dumps(note))
    with pytest.raises(
        FileFormatError, match=r"defence of its recording, synthetic-clip:0\.5, got synthetic-clip:1; defend"
    ):
        stated_donor(entry)
