"""What stands in the title of a figure, beside its axes, and in which ink?"""

from amber_id.results import FUSION, CellResult, EvaluationResults, StudyResults

INK = "#22262c"


def title_of(results: EvaluationResults, title: str) -> str:
    """`title`, marked if this is a control."""
    return title if results.control is None else f"CONTROL ({results.control}): {title}"


def mark_cell(results: StudyResults) -> str:
    """What stands before the titles of a study whose headline is not valid."""
    return "" if results.headline.valid else "INVALID: "


def score_kind(results: EvaluationResults | CellResult) -> str:
    """What a score is."""
    return "log-odds of the fusion" if results.attacker.name == FUSION else "cosine similarity"


def mapped_attacker(results: EvaluationResults) -> str:
    """Whose embeddings the maps show."""
    return next(each.name for each in results.attackers if each.mapped)
