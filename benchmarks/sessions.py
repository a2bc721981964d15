"""Are people of one session told from people whom a session changes, and how much is left on other days?

studies    100 studies of 40 synthetic people, 8 clips in 2 sessions, without (`--session 0`) and with drift
           of habits between sessions (1): how often does the interval of the EER across less within hold 0,
           and how often is across shown to be worse? `moments` is fitted in five folds and compares clips,
           but to be quick it is given each clip's true traits in place of the statistics of its recording.
drift      100 studies of simulated scores of 16 people with 4 days each, whose mated scores change by a
           stated slope for ten times the days: how often does the interval of the drift hold the truth, and
           leave out 0?
real       Recordings of people of several days: EER within a session, across sessions and by days, by view.

    python benchmarks/sessions.py studies|drift [--studies 100] [--condition original]
    python benchmarks/sessions.py real RECORDINGS [--clips 20] [--shortest 0.5] [--views static motion all]
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from amber_id import __version__
from amber_id.attackers.moments import MomentsConfig, fit_to_statistics
from amber_id.biometrics import Comparisons, Sittings, compare_all
from amber_id.corpora import read_corpus_file
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.sessions import session_figures
from amber_id.motion import FeatureConfig
from amber_id.notation import leaves_out_zero, signed, with_interval
from amber_id.recordings import RecordingSet
from amber_id.synthetic import SynthConfig
from amber_id.synthetic.oracle import true_clips
from amber_id.synthetic.people import dates_of
from real_people import attacked, some_clips

PEOPLE, CLIPS, FOLDS = 40, 8, 5
SESSIONS = (0.0, 1.0)  # strengths of drift between sessions
SLOPES = (0.0, -0.3)
CONFIG = EvaluationConfig(replicates=500)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["studies", "drift", "real"])
    parser.add_argument("recordings", nargs="?", type=Path)
    parser.add_argument("--studies", type=int, default=100, help="of each strength; seeds from 0 on")
    parser.add_argument("--condition", default="original", choices=["original", "avatar"])
    parser.add_argument("--clips", type=int, default=20, help="of each person and session, at most")
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    parser.add_argument("--shortest", type=float, default=0.5, help="s, of a clip")
    parser.add_argument("--views", nargs="+", default=["static", "motion", "pose", "all"])
    parser.add_argument("--cosine", action="store_true")
    arguments = parser.parse_args()
    print(f"AMBER-ID {__version__}, NumPy {np.__version__}", flush=True)
    WHAT[arguments.what](arguments)


def studies(arguments: argparse.Namespace) -> None:
    """Count intervals that hold 0, and those above it, at each strength of drift."""
    for session in SESSIONS:
        less = []
        for seed in range(arguments.studies):
            comparisons, sittings = study(session, seed, arguments.condition)
            compared = session_figures(comparisons, sittings, CONFIG, by_days=False).compared
            assert compared is not None  # everybody has two sessions
            less.append(compared.less)
        holds = sum(not leaves_out_zero(each) for each in less)
        worse = sum(each.low > 0 for each in less)
        values = [each.value for each in less]
        print(
            f"{arguments.condition}, session {session:g}: across less within {np.mean(values):+.3f} "
            f"(standard deviation {np.std(values):.3f}); holds 0 in {holds}, across worse in {worse} of "
            f"{len(less)}",
            flush=True,
        )


def study(session: float, seed: int, condition: str) -> tuple[Comparisons, Sittings]:
    """The comparisons of a study in five folds, and the sessions and days of its clips."""
    config = SynthConfig(people=PEOPLE, clips=CLIPS, session=session, seed=seed)
    clips = true_clips(config, "original" if condition == "original" else "avatar")
    fold_of = np.random.default_rng(seed).permutation(np.arange(PEOPLE) % FOLDS)[clips.subjects]
    parts, order = [], []
    for fold in range(FOLDS):
        train, test = fold_of != fold, np.flatnonzero(fold_of == fold)
        fitted = fit_to_statistics(
            clips.traits[train].astype(np.float32),
            clips.subjects[train],
            MomentsConfig(),
            features=FeatureConfig(),
            co_movement=False,
        )
        vectors = fitted.project(clips.traits[test].astype(np.float32))
        parts.append(compare_all(vectors, clips.subjects[test]))
        order.append(test)
    days = np.array([[day.toordinal() for day in dates_of(config, k)] for k in range(PEOPLE)])
    tested = np.concatenate(order)
    sessions = clips.sessions[tested]
    return Comparisons.pool(parts), Sittings(sessions, days.ravel()[sessions])


def drift(arguments: argparse.Namespace) -> None:
    """Count intervals of the drift that hold the truth, and those that leave out 0."""
    for slope in SLOPES:
        found = []
        for seed in range(arguments.studies):
            estimate = session_figures(*drifting(slope, seed), CONFIG).drift
            assert estimate is not None  # everybody has several gaps
            found.append(estimate)
        holds = sum(each.low <= slope <= each.high for each in found)
        shown = sum(leaves_out_zero(each) for each in found)
        mean = np.mean([each.value for each in found])
        print(f"slope {slope:+.1f}: mean {mean:+.3f}, holds it in {holds}, not 0 in {shown} of {len(found)}")


def drifting(slope: float, seed: int) -> tuple[Comparisons, Sittings]:
    """Sixteen people of four days, two clips each, whose mated scores change with the days between clips."""
    rng = np.random.default_rng(seed)
    people, sessions, clips = 16, 4, 2
    who = np.repeat(np.arange(people), sessions * clips)
    sat = np.tile(np.repeat(np.arange(sessions), clips), people)
    days = np.cumsum(np.round(10 ** rng.uniform(0, 2.5, size=(people, sessions))), axis=1).astype(np.int64)
    vectors = rng.normal(size=(people, 12))[who] + 0.5 * rng.normal(size=(people, sessions, 12))[who, sat]
    compared = compare_all(vectors + 0.8 * rng.normal(size=(len(who), 12)), who)
    sittings = Sittings(sat, days[who, sat])
    apart = np.maximum(sittings.days_between(compared), 1)
    shift = np.where(compared.mated, slope * np.log10(apart) * compared.nonmated_scores.std(), 0.0)
    return Comparisons(
        compared.scores + shift, compared.enrolment, compared.probe, compared.subjects
    ), sittings


def real(arguments: argparse.Namespace) -> None:
    """Print the figures of every view."""
    recordings = some_clips(RecordingSet.open(arguments.recordings), arguments.clips)
    facts = read_corpus_file(recordings.root)
    session_of = {clip: each.sitting for clip, each in facts.items() if each.sitting is not None}
    date_of = {clip: each.date for clip, each in facts.items() if each.date is not None}
    print(f"{len(recordings.subjects)} people, {len(recordings.entries)} clips", flush=True)
    for view in arguments.views:
        folds, clips = attacked(recordings, view, arguments)
        names = [clip for of_fold in clips for clip in of_fold]
        sittings = Sittings.of(names, session_of, date_of)
        figures = session_figures(Comparisons.pool(folds), sittings, EvaluationConfig())
        if figures.compared is None:
            print(f"{view:>6}: unknown, {figures.people} people")
            continue
        compared = figures.compared
        print(
            f"{view:>6}: {figures.people} people, within {with_interval(compared.within)}, across "
            f"{with_interval(compared.across)}, difference {signed(compared.less)}",
            flush=True,
        )
        for each in figures.days:
            eer = "unknown" if each.eer is None else with_interval(each.eer)
            print(f"        {each.words} days: {each.people} people, {eer}")
        change = "unknown" if figures.drift is None else signed(figures.drift)
        print(f"        drift: {figures.people_drifting} people, {change}", flush=True)


WHAT: dict[str, Callable[[argparse.Namespace], None]] = {"studies": studies, "drift": drift, "real": real}


if __name__ == "__main__":
    main()
