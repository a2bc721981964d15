"""The table of sections agrees with what is documented and with the schema of the results."""

from pathlib import Path

from amber_id.audit import StudyConfig, stages_of_study
from amber_id.audit.study.sections import SECTIONS
from amber_id.results import StudyResults

DOCUMENTED = Path(__file__).parents[3] / "docs" / "audit.md"


def test_every_section_is_documented_by_its_question_in_the_order_of_the_table():
    lines = DOCUMENTED.read_text(encoding="utf-8").splitlines()
    first = lines.index("| stage | question |") + 2
    rows = [line.strip("| ").split(" | ") for line in lines[first : first + len(SECTIONS)]]
    assert [(name, question.partition("?")[0] + "?") for name, question in rows] == [
        (section.name, section.question) for section in SECTIONS
    ]


def test_names_are_unique_and_fields_are_those_of_the_results():
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names)
    assert {section.field for section in SECTIONS if section.field} <= set(StudyResults.model_fields)


def test_stages_of_originals_alone_leave_out_what_takes_both_conditions():
    config = StudyConfig(attackers=("moments",))
    alone, both = (stages_of_study(each, config) for each in (["original"], ["original", "anonymised"]))
    assert set(both) - set(alone) == {
        "training moments on anonymised clips",
        "training moments on original and anonymised clips",
        "utility",
        "framing",
    }
    assert set(alone) <= set(both)
    assert (
        set(stages_of_study(["anonymised"], config)) & {f"reference {n}" for n in config.references} == set()
    )


def test_the_network_is_asked_only_where_everything_is():
    config = StudyConfig()
    full = config.model_copy(update={"full": True})
    both = ("original", "anonymised")
    more = list(stages_of_study(both, full))[len(stages_of_study(both, config)) :]
    assert more == ["network OOO", "network AAA", "network controls"]
