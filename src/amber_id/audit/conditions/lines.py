"""Which lines does `amber audit` print of several conditions?"""

from collections.abc import Iterator

from amber_id.notation import signed, with_interval
from amber_id.results import VERDICTS
from amber_id.results.conditions import ConditionsResults


def conditions_lines(results: ConditionsResults) -> Iterator[str]:
    """The finding of each study, the cells of the matrix, their differences, and the checks."""
    for name, study in results.studies.items():
        mark = "" if study.headline.valid else "INVALID: "
        yield f"{name}: {mark}{study.headline.text}"
    counts = results.counts
    yield (
        f"matrix of {', '.join(results.conditions)}: {counts.subjects} people, {counts.clips} clips of each, "
        "EER by who learnt / what is enrolled / what is probed"
    )
    width = max(len(cell.name) for cell in results.cells)
    for cell in results.cells:
        yield f"  {cell.name:{width}}  {with_interval(cell.eer)}  {cell.attacker}"
    for probe, train in results.unknown_generator.items():
        unknown = results.cell(train, probe, probe)
        if unknown is not None:
            learnt = ", ".join(unknown.learnt_from)
            yield f"  {probe} by who never saw it (learnt from {learnt}): {with_interval(unknown.eer)}"
    for each in results.differences:
        yield f"  {each.cell} less {each.less}  EER {signed(each.eer)}  {each.question}"
    for check in results.checks:
        yield f"  {VERDICTS[check.verdict]:11} {check.title}: {check.evidence}"
