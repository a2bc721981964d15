"""What is said of figures that rest on fewer clips than others."""

from amber_id.audit.frontier.limits import frontier_limits
from amber_id.results.frontier import FrontierCounts, PointFigures


def said(measured: dict[str, int]) -> list[str]:
    points = {
        name: PointFigures.model_construct(steps=(), framing=None, not_fitted={}, measured_clips=clips)
        for name, clips in measured.items()
    }
    counts = FrontierCounts.model_construct(subjects=40, folds=5)
    sentences = frontier_limits(points, {}, counts, (), ("moments",), synthetic=False, rendered=True)
    return [each for each in sentences if "utility is of" in each]


def test_utility_of_fewer_clips_is_named() -> None:
    assert said({"redrawn:1": 20, "damp:1": 20}) == []
    (sentence,) = said({"redrawn:1": 20, "damp:1": 17})
    assert sentence.startswith("damp:1: utility is of 17 clips, that of other points of up to 20")
