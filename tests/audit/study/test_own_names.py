"""People whose folders bear their own names, ``alice_id001`` and ``ben_id002``, are a source each."""

from pathlib import Path

import pytest

from amber_id.audit import StudyConfig, run_study
from amber_id.errors import SplitError
from amber_id.judging.config import EvaluationConfig
from amber_id.protocols import ProtocolName, SplitConfig, divide_recordings
from amber_id.recordings import RecordingSet
from amber_id.report import write_study_report
from amber_id.results import write_results
from amber_id.synthetic import SynthConfig, generate


@pytest.fixture(scope="module")
def own_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    generate(SynthConfig(people=9, clips=3, duration="1.5"), folder / "videos", workers=1)
    for person in sorted((folder / "videos" / "original").glob("*_id*")):
        person.rename(person.with_name(f"name{person.name[-3:]}_{person.name[-5:]}"))
    return folder / "videos" / "original"


def test_a_study_of_them_is_made_and_says_so(own_names: Path, tmp_path: Path):
    config = StudyConfig(
        attackers=("moments",), references=(), evaluation=EvaluationConfig(replicates=100, permutations=20)
    )
    recordings = RecordingSet.open(own_names)
    assert len(recordings.sources) == 9
    results, scores = run_study({"original": recordings}, tmp_path, config)
    cell = results.cells["OOO"]
    assert cell.within_source is None
    assert cell.counts.nonmated > 0
    assert "within sources" not in results.headline.text
    source = next(each for each in results.confounds if each.name == "source")
    assert "Each of the 9 people is a source of their own" in source.evidence
    assert any("too few of those who are compared share one" in said for said in results.limits)
    assert not [said for said in results.headline.reasons if "source" in said]
    write_results(results, tmp_path / "results.json")
    compared = {name: each.comparisons for name, each in scores.items() if each.comparisons is not None}
    assert "Each of the 9 people" in write_study_report(results, compared, tmp_path).read_text("utf-8")


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("within-source", "no source has enough people"),
        ("cross-source", "needs two people or more to test on in a source"),
        ("nvfair", "the list of NVFAIR does not name name001_id001"),
    ],
)
def test_protocols_by_source_refuse_them_in_a_line(own_names: Path, protocol: ProtocolName, said: str):
    with pytest.raises(SplitError, match=said):
        divide_recordings(RecordingSet.open(own_names), SplitConfig(protocol=protocol))
