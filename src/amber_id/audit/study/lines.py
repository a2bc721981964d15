"""Which lines does `amber audit` print of a study?"""

from collections.abc import Iterator

from amber_id.notation import signed, with_interval
from amber_id.results import VERDICTS, StudyResults, known_figures, most_serious_first


def of_headline(results: StudyResults) -> Iterator[str]:
    """The finding, and what forbids it."""
    headline = results.headline
    yield headline.text if headline.valid else f"INVALID: {headline.text}"
    yield f"  {headline.recognition.words}"
    for reason in headline.reasons:
        yield f"  The finding is invalid: {reason}"


def of_cells(results: StudyResults) -> Iterator[str]:
    """The EER of every cell, what a search among more people would find, and how the cells differ."""
    for letters, cell in results.cells.items():
        archive = [
            f"{figure.clips} clips on either side {rate.value:.3f}"
            for figure, rate in known_figures(cell.metrics, "archive")
        ]
        eers = "; ".join([with_interval(cell.metrics.eer), *archive])
        yield f"  {letters}  EER {eers}  {cell.attacker.name}"
    for letters, cell in results.cells.items():
        yield from (f"  {letters}  {search.words}" for search in cell.population)
    for letters, differences in results.differences.items():
        yield f"  {letters.replace('-', ' less ')}  EER {signed(differences['eer'])}"


def of_views(results: StudyResults) -> Iterator[str]:
    """The EER of every view, in one line for each cell."""
    for letters, views in results.views.items():
        eers = ", ".join(f"{name} {view.eer.value:.3f}" for name, view in views.items())
        yield f"  {letters}, EER of moments in each view: {eers}"


def of_sessions(results: StudyResults) -> Iterator[str]:
    """What is left of recognition in another session, of every cell, and how it changes with days."""
    sessions = results.sessions
    if sessions is None:
        return
    yield f"  {sessions.words}"
    for letters, cell in sessions.cells.items():
        if cell.compared is not None:
            across, within = with_interval(cell.compared.across), with_interval(cell.compared.within)
            yield f"  {letters}  EER across sessions {across}, within {within}, {signed(cell.compared.less)}"
    for letters, cell in sessions.cells.items():
        known = [f"{each.words} {each.eer.value:.3f}" for each in cell.days if each.eer is not None]
        if known:
            yield f"  {letters}, EER by days between two clips: {', '.join(known)}"
        if cell.drift is not None:
            yield f"  {letters}, change of a person's score for ten times the days: {signed(cell.drift, 2)}"


def of_utility(results: StudyResults) -> Iterator[str]:
    """How much of the expression is left."""
    expression = None if results.utility is None else results.utility.expression
    if expression is not None:
        yield f"  share of the expression that is left: {with_interval(expression, 2)}"
    emotion = None if results.utility is None else results.utility.emotion
    if emotion is not None and emotion.original is not None and emotion.anonymised is not None:
        yield (
            f"  emotions read, balanced accuracy: originals {with_interval(emotion.original, 2)}, anonymised "
            f"{with_interval(emotion.anonymised, 2)}, chance {emotion.original.chance:.2f}"
        )


def of_attributes(results: StudyResults) -> Iterator[str]:
    """How well each attribute is inferred, or why it was not measured."""
    for name, each in results.attributes.items():
        if each.not_measured is not None:
            yield f"  {name} was not measured: {each.not_measured}"
            continue
        accuracies = ", ".join(
            f"{condition} {with_interval(figures.accuracy, 2)}, p {figures.corrected:.3f}"
            for condition, figures in each.figures.items()
        )
        wanted = " (wanted)" if each.wanted else ""
        yield f"  {name}{wanted} inferred, balanced accuracy: {accuracies}; chance {1 / len(each.values):.2f}"


def of_groups(results: StudyResults) -> Iterator[str]:
    """The EER of every group, and whether the largest gap is shown."""
    for name, cells in results.groups.items():
        for letters, each in cells.items():
            if each.not_measured is not None:
                yield f"  {letters}  groups by {name} were not measured: {each.not_measured}"
                continue
            eers = "; ".join(f"{group} {with_interval(of.eer)}" for group, of in each.groups.items())
            gap = each.gap
            yield f"  {letters}  EER by {name}: {eers or 'too few people'}"
            if gap is not None:
                words = "shown" if gap.is_shown else "not shown"
                yield f"  {letters}  EER of {' less '.join(gap.groups)} {signed(gap.difference)}, {words}"


def of_framing(results: StudyResults) -> Iterator[str]:
    """Whether anonymised clips are taken for their donors, where they state these."""
    if results.framing is not None:
        yield f"  {results.framing.words}"


def of_checks(results: StudyResults) -> Iterator[str]:
    """Controls and planted habits, and the confounds that have not passed, the most serious first."""
    spoken = (check for check in results.checks if check.cell is not None or check.verdict != "pass")
    for check in most_serious_first(spoken):
        about = f" ({check.about})" if check.about else ""
        yield f"  {VERDICTS[check.verdict]:11} {check.title}{about}: {check.evidence}"
