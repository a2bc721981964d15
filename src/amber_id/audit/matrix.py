"""The cells of the threat matrix, and how they differ, from runs that were trained on each kind of clips."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from amber_id.audit.conditions import StudyClips, bare_id
from amber_id.audit.evaluation import Tested, embed_people
from amber_id.audit.judging import EvaluationConfig, bootstrap_of, judged_rates, less
from amber_id.audit.scenarios import Scenario, seen_in
from amber_id.audit.worst_attacker import Tried, attacker_results, measure, score_attackers
from amber_id.biometrics import Comparisons
from amber_id.protocols import Split
from amber_id.results import CellResult, ComparisonCounts, Difference, Rate
from amber_id.score_files import IdentifiedBy, ScoreFile


@dataclass(frozen=True)
class Cell:
    """A cell, and the comparisons of its worst attacker."""

    scenario: Scenario
    result: CellResult
    tried: Tried

    @property
    def comparisons(self) -> Comparisons:
        """All folds; people are numbered alike in every cell."""
        return self.tried.worst.comparisons

    @property
    def score_file(self) -> ScoreFile:
        """The same with the names of clips, which begin with their condition, and people."""
        tested = self.tried.worst.members[0]
        enrol, probe = self.scenario.conditions
        names = []
        for fold in tested.folds:
            clips = [bare_id(entry.clip) for entry in fold.test.entries]
            for condition in dict.fromkeys((enrol, probe)):
                names += [f"{condition}/{clip}" for clip in clips]
        return ScoreFile.named(
            self.comparisons, tuple(names), tested.subjects, identified_by=IdentifiedBy.COLUMNS
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
) -> dict[str, Cell]:
    """Every scenario by its letters; `runs` are those trained on O, A and B, the same attackers of each.

    Raises
    ------
    EvaluationError
        If there is nothing to compare, or too little for an interval.
    """
    tested: dict[str, tuple[Tested, ...]] = {}
    for letter, of_letter in runs.items():
        met = {each for scenario in scenarios if scenario.train == letter for each in scenario.conditions}
        tested[letter] = embed_people(
            tuple(of_letter), clips.under(*met), split, device=device, on_clip=on_clip, with_dev=True
        )
    return {
        scenario.letters: _cell(scenario, tested[scenario.train], clips, config) for scenario in scenarios
    }


def _cell(scenario: Scenario, tested: Sequence[Tested], clips: StudyClips, config: EvaluationConfig) -> Cell:
    tried = score_attackers([seen_in(scenario, each) for each in tested])
    worst = tried.worst
    metrics, judged = measure(worst, config)
    result = CellResult(
        story=scenario.story,
        counts=ComparisonCounts(mated=worst.comparisons.n_mated, nonmated=worst.comparisons.n_nonmated),
        attacker=worst.attacker,
        metrics=metrics,
        within_source=_within_source(tried, clips, config),
        disclosure=judged.disclosure,
        attackers={each.name: each for each in attacker_results(tried, metrics, config)},
        dev=worst.dev,
        bootstrap=bootstrap_of(judged.eer),
        limits=(*tried.limits, *judged.limits),
    )
    return Cell(scenario, result, tried)


def _within_source(tried: Tried, clips: StudyClips, config: EvaluationConfig) -> Rate | None:
    """The EER of comparisons of two clips of one source, where there are several sources."""
    source_of = {entry.subject: entry.source for entry in clips.recordings.entries}
    if len(set(source_of.values())) == 1:
        return None
    comparisons = tried.worst.comparisons
    source = np.array([source_of[subject] for subject in tried.worst.members[0].subjects])
    same = source[comparisons.enrolment_subjects] == source[comparisons.probe_subjects]
    part = Comparisons(
        comparisons.scores[same],
        comparisons.enrolment[same],
        comparisons.probe[same],
        comparisons.subjects,
    )
    return judged_rates(part, config, ("eer",))["eer"]


def differences_of(
    comparisons: Mapping[str, Comparisons], config: EvaluationConfig
) -> dict[str, dict[str, Difference]]:
    """What a cell's figures are less those of another, paired over people; the thesis' ``AAA-OOO`` first."""
    pairs = sorted(combinations(comparisons, 2), key=lambda pair: pair != ("OOO", "AAA"))
    return {
        f"{second}-{first}": less(comparisons[first], comparisons[second], config) for first, second in pairs
    }
