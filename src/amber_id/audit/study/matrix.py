"""The cells of the threat matrix, and how they differ, from runs that were trained on each kind of clips."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from amber_id.audit.attack.inverted import inversions_of
from amber_id.audit.attack.statements import unlike_words
from amber_id.audit.attack.strongest_attacker import Tried, attacker_results, measure, score_attackers
from amber_id.audit.attack.tested import Tested, embed_people
from amber_id.audit.study.clips import StudyClips
from amber_id.audit.study.scenarios import Scenario, scenarios_of, seen_in
from amber_id.audit.study.study import Study
from amber_id.audit.study.training import Trained
from amber_id.biometrics import Comparisons
from amber_id.biometrics.resampling import has_intervals
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_recognition, less
from amber_id.motion.pairs import bare_id
from amber_id.protocols import Split
from amber_id.results import Bootstrap, CellResult, ComparisonCounts, Difference
from amber_id.score_files import IdentifiedBy, ScoreFile

_UNKNOWN_SESSION = "unknown"


@dataclass(frozen=True)
class Cell:
    """A cell, and the comparisons of its strongest attacker."""

    scenario: Scenario
    result: CellResult
    tried: Tried

    @property
    def comparisons(self) -> Comparisons:
        """All folds; people are numbered alike in every cell."""
        return self.tried.strongest.comparisons

    def of_headline(self) -> Comparisons:
        """Those of two clips of one source, where `result` has a figure of them; else all."""
        within = within_sources(self.tried)
        return self.comparisons if within is None else within

    @property
    def clips(self) -> tuple[str, ...]:
        """The names of the clips that `comparisons` number, which begin with their condition."""
        tested = self.tried.strongest.members[0]
        enrol, probe = self.scenario.conditions
        names = []
        for fold in tested.folds:
            clips = [bare_id(entry.clip) for entry in fold.test.entries]
            for condition in dict.fromkeys((enrol, probe)):
                names += [f"{condition}/{clip}" for clip in clips]
        return tuple(names)

    @property
    def score_file(self) -> ScoreFile:
        """These comparisons with the names of clips and of people."""
        tested, comparisons, sessions = self.tried.strongest.members[0], self.comparisons, None
        session_of = tested.folds[0].test.session_of
        if comparisons.sessions is not None and session_of is not None:
            _, first, numbers = np.unique(comparisons.sessions, return_index=True, return_inverse=True)
            sessions = tuple(session_of.get(self.clips[clip], _UNKNOWN_SESSION) for clip in first)
            comparisons = replace(comparisons, sessions=numbers)
        return ScoreFile.named(
            comparisons,
            self.clips,
            tested.subjects,
            identified_by=IdentifiedBy.COLUMNS,
            sessions=sessions,
        )


def cells_of(
    runs: Mapping[str, Sequence[Path]],
    clips: StudyClips,
    split: Split,
    scenarios: Sequence[Scenario],
    config: EvaluationConfig,
    *,
    device: str,
    on_clip: Callable[[], None] | None = None,
    utterance_of: Mapping[str, str] | None = None,
    known: Callable[[str, Callable[[], Cell]], Cell] = lambda _, compute: compute(),
) -> dict[str, Cell]:
    """Every scenario by its letters; `runs` are those trained on O, A and B.

    `utterance_of` is as `embed_people` has it. `known` gives a cell by its letters where it is known already,
    else what it is given computes.

    Raises
    ------
    EvaluationError
        If there is nothing to compare, or too little for an interval.
    """
    tested: dict[str, tuple[Tested, ...]] = {}
    for letter, of_letter in runs.items():
        met = {each for scenario in scenarios if scenario.train == letter for each in scenario.conditions}
        tested[letter] = embed_people(
            tuple(of_letter),
            clips.under(*met),
            split,
            device=device,
            on_clip=on_clip,
            with_dev=True,
            utterance_of=utterance_of,
        )
    return {
        scenario.letters: known(scenario.letters, partial(_cell, scenario, tested[scenario.train], config))
        for scenario in scenarios
    }


def cells_of_study(study: Study, trained: Trained) -> dict[str, Cell]:
    """Every scenario of a study by its letters."""
    scenarios = scenarios_of(study.clips.conditions)
    return cells_of(
        trained.runs,
        study.clips,
        study.split,
        scenarios,
        study.config.evaluation,
        device=study.device,
        utterance_of=study.utterance_of,
        known=partial(study.of_cell, "matrix"),
    )


def _cell(scenario: Scenario, tested: Sequence[Tested], config: EvaluationConfig) -> Cell:
    tried = score_attackers([seen_in(scenario, each) for each in tested])
    strongest = tried.strongest
    metrics, judged = measure(strongest, config)
    within_source, recognition = None, judged.recognition
    within = within_sources(tried)
    if within is not None:
        within_source, recognition = judged_recognition(within, config)
    result = CellResult(
        story=scenario.story,
        counts=ComparisonCounts(
            mated=strongest.comparisons.n_mated,
            nonmated=strongest.comparisons.n_nonmated,
            unknown_utterances=strongest.members[0].unknown_utterances,
        ),
        attacker=strongest.attacker,
        metrics=metrics,
        within_source=within_source,
        recognition=recognition,
        disclosure=judged.disclosure,
        population=judged.population,
        attackers={each.name: each for each in attacker_results(tried, metrics, config)},
        dev=strongest.dev,
        bootstrap=Bootstrap.of(judged.eer),
        limits=(*unlike_words(strongest.members[0]), *tried.limits, *judged.limits),
        inversions=inversions_of(tried, config) if "anonymised" in scenario.conditions else (),
    )
    return Cell(scenario, result, tried)


def within_sources(tried: Tried) -> Comparisons | None:
    """The comparisons of two clips of one source.

    None where there is one source only, or too few people share one with another for a figure: those who
    name each person's folder after the person have as many sources as people.
    """
    tested, comparisons = tried.strongest.members[0], tried.strongest.comparisons
    source_of = {entry.subject: entry.source for entry in tested.entries}
    if len(set(source_of.values())) == 1:
        return None
    source = np.array([source_of[subject] for subject in tested.subjects])
    same = source[comparisons.enrolment_subjects] == source[comparisons.probe_subjects]
    within = Comparisons(
        comparisons.scores[same],
        comparisons.enrolment[same],
        comparisons.probe[same],
        comparisons.subjects,
        comparisons.sessions,
    )
    return within if has_intervals(within) else None


def differences_of(
    comparisons: Mapping[str, Comparisons], config: EvaluationConfig
) -> dict[str, dict[str, Difference]]:
    """What a cell's figures are less those of another, paired over people; the thesis' ``AAA-OOO`` first."""
    pairs = sorted(combinations(comparisons, 2), key=lambda pair: pair != ("OOO", "AAA"))
    return {
        f"{second}-{first}": less(comparisons[first], comparisons[second], config) for first, second in pairs
    }
