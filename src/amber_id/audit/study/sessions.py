"""Are people recognised in another session as well as in the same, and how does it change with days?

Sessions and days are those of the corpus files. Each cell of the matrix is asked by its strongest attacker,
and each view of the cells that know one condition by `moments`. Where nobody has clips of two known sessions,
nothing is known of recognition across sessions: the answer says so, and has no figure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from amber_id.audit.ablations.clip_statistics import attacked, tested_clips
from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.study.by_moments import VIEW_FEATURES
from amber_id.audit.study.headline import headline_cell
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.stages import hash_of
from amber_id.audit.study.study import Study
from amber_id.biometrics import Comparisons, Sittings
from amber_id.corpora import CORPUS_FILE
from amber_id.errors import CorpusError
from amber_id.judging.sessions import FEWEST_PEOPLE, session_figures
from amber_id.motion.pairs import bare_id
from amber_id.notation import leaves_out_zero, plural, signed, with_interval
from amber_id.quoting import names_and_more, quote
from amber_id.results.sessions import SessionFigures, SessionsResult

_DAYS_NAMED = 3  # in a message


def sessions_of(study: Study, cells: Mapping[str, Cell]) -> SessionsResult:
    """The figures of every cell, and of views.

    Raises
    ------
    CorpusError
        If a session has two days, or two corpus files contradict each other.
    """
    facts = CorpusFacts.read(study.sets)
    numbers = [len(sessions) for sessions in _sessions_of_people(study, facts).values()]
    several = sum(n > 1 for n in numbers)
    figures: dict[str, SessionFigures] = {}
    views: dict[str, dict[str, SessionFigures]] = {}
    if several:
        figures = {
            name: session_figures(cell.comparisons, _sittings(cell.clips, facts), study.config.evaluation)
            for name, cell in cells.items()
        }
    if any(each.compared is not None for each in figures.values()):
        # Studies of the same originals share this as far as their corpus files agree.
        what = f"sessions of views {hash_of(facts.session, facts.date)}"
        views = study.in_own_cells(what, lambda cell, _: _views(study, cell, facts))
    result = SessionsResult(
        several=several,
        one=numbers.count(1),
        unknown=numbers.count(0),
        fewest_people=FEWEST_PEOPLE,
        cells=figures,
        views=views,
        words="",
    )
    words = session_words(result, headline_cell(cells), across_only=study.split.across_sessions)
    return result.model_copy(update={"words": words})


def session_words(result: SessionsResult, letters: str, *, across_only: bool = False) -> str:
    """What is known of recognition across sessions in the cell `letters`, in whole sentences."""
    if not result.several:
        return f"Recognition across sessions: unknown. {_why_unknown(result)}"
    if across_only:
        return "Mated comparisons of this study are across sessions only: none is within a session."
    figures = result.cells[letters]
    if figures.compared is None:
        return (
            f"Recognition across sessions: unknown. {plural(figures.people, 'person has', 'people have')} "
            f"mated comparisons within a session and across two, {result.fewest_people} are needed."
        )
    compared = figures.compared
    if not leaves_out_zero(compared.less):
        finding = "It is not shown that people are recognised less in another session than in the same"
    else:
        how = "less" if compared.less.value > 0 else "more"
        finding = f"People are recognised {how} in another session than in the same"
    return (
        f"{finding} ({letters}): EER across sessions {with_interval(compared.across, 2)}, within "
        f"{with_interval(compared.within, 2)}, difference {signed(compared.less, 2)}; {figures.people} "
        f"people with both{_without_both(result)}."
    )


def _without_both(result: SessionsResult) -> str:
    """Tested people who have no part, in a clause."""
    one = f", {result.one} with one session" if result.one else ""
    return one + (f", {result.unknown} of unknown sessions" if result.unknown else "")


def _why_unknown(result: SessionsResult) -> str:
    if not result.one:
        return f"{CORPUS_FILE} names no sessions of these people."
    of_others = f", of {result.unknown} others it is not known" if result.unknown else ""
    return f"{plural(result.one, 'person has', 'people have')} clips of one session{of_others}."


def _sittings(clips: Iterable[str], facts: CorpusFacts) -> Sittings:
    return Sittings.of([bare_id(clip) for clip in clips], facts.session, facts.date)


def _views(study: Study, cell: str, facts: CorpusFacts) -> dict[str, SessionFigures]:
    figures = {}
    for view, features in VIEW_FEATURES.items():
        statistics = study.statistics(study.own_cells[cell], features)
        compared = Comparisons.pool(attacked(statistics, study.split))
        sittings = _sittings(tested_clips(statistics, study.split), facts)
        figures[view] = session_figures(compared, sittings, study.config.evaluation, by_days=False)
    return figures


def _sessions_of_people(study: Study, facts: CorpusFacts) -> dict[str, set[str]]:
    """The known sessions of each tested person; raises CorpusError if a session has two days."""
    tested = {s for fold in range(len(study.split.folds)) for s in study.split.subjects("test", fold)}
    sessions: dict[str, set[str]] = {subject: set() for subject in tested}
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in study.clips.under(study.clips.conditions[0]).entries:
        clip = bare_id(entry.clip)
        session, day = facts.session.get(clip), facts.date.get(clip)
        if session is None:
            continue
        if entry.subject in tested:
            sessions[entry.subject].add(session)
        if day is not None:
            days[entry.subject, session].add(day)
    for (subject, session), of_session in days.items():
        if len(of_session) > 1:
            raise CorpusError(
                f"{CORPUS_FILE}: session {quote(session)} of {subject} has {len(of_session)} dates "
                f"({names_and_more(sorted(of_session), _DAYS_NAMED)}), expected one, since a session is one "
                "sitting; name a session for each day"
            )
    return sessions
