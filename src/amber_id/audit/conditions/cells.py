"""Which cells does the matrix of several conditions have, and what does each find?

All n x n x n ways to train, enrol and probe are more than anybody reads. Asked are

- two clips of one condition, by every training: what one avatar teaches about another;
- an enrolled original and an anonymised probe, by every training: who is behind this avatar?
- clips of two different anonymised conditions, by an attacker who knows all of them: are they linked?
- two clips of one anonymised condition, whichever it is (`EACH`), pooled.

Pooled are only comparisons of like with like: two clips of different avatars are never among them, so that
what an avatar has whoever drives it cannot stand for a person (`avatar_cue.py` asks how much it would). What
the study of a condition has found already is taken from there. The strongest attacker of a cell, its fusion
and its scores' normalisation are chosen on dev people who were enrolled and probed as in the cell, as in
every study: that gives even those who never saw an avatar its dev clips, so their error is not overstated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from amber_id.audit.attack.strongest_attacker import Tried, score_attackers
from amber_id.audit.attack.tested import Tested, embed_people
from amber_id.audit.conditions.joint import Joint
from amber_id.audit.conditions.pooled import pooled
from amber_id.audit.conditions.trainings import ALL, OTHERS, Training, letter_of, unknown_generator
from amber_id.audit.conditions.wording import EACH, story_of
from amber_id.audit.study.matrix import within_sources
from amber_id.audit.study.run import Audit
from amber_id.audit.study.scenarios import seen_as
from amber_id.biometrics import Comparisons
from amber_id.judging.rates import judged_recognition
from amber_id.judging.recognition import undecided
from amber_id.motion.pairs import ORIGINAL
from amber_id.results import ComparisonCounts
from amber_id.results.conditions import MatrixCell


@dataclass(frozen=True)
class Asked:
    """One cell: who learnt from what, and what is enrolled and probed."""

    training: Training
    enrol: str
    probe: str


@dataclass(frozen=True)
class FilledCell:
    """A cell and its comparisons, those of people of one source where a headline is of these."""

    asked: Asked
    result: MatrixCell
    comparisons: Comparisons


def cells_asked(conditions: tuple[str, ...], trainings: Sequence[Training]) -> Iterator[Asked]:
    """The cells of these conditions by default, by training."""
    anonymised = [name for name in conditions if name != ORIGINAL]
    for training in trainings:
        for probe in conditions:
            if training.name == OTHERS and training is not unknown_generator(probe, tuple(trainings)):
                continue
            yield Asked(training, probe, probe)
            if probe != ORIGINAL and ORIGINAL in conditions:
                yield Asked(training, ORIGINAL, probe)
        if training.name == ALL:
            for enrol, probe in combinations(anonymised, 2):
                yield Asked(training, enrol, probe)
            if len(anonymised) > 1:
                yield Asked(training, EACH, EACH)


def filled(
    joint: Joint, asked: Sequence[Asked], runs: Mapping[str, tuple[Path, ...]], *, device: str
) -> Iterator[FilledCell]:
    """Every cell that is asked for; `runs` are by the label of the training."""
    for training in dict.fromkeys(each.training for each in asked):
        own = [each for each in asked if each.training == training]
        known = {each: cell for each in own if (cell := _of_study(joint, each)) is not None}
        new = [each for each in own if each not in known]
        tested = embedded(joint, runs[training.label], new, device=device) if new else ()
        for each in own:
            yield known[each] if each in known else _computed(joint, each, tested)


def embedded(
    joint: Joint, runs: tuple[Path, ...], asked: Sequence[Asked], *, device: str
) -> tuple[Tested, ...]:
    """The clips of these cells, and of what their attackers learnt from, as these attackers see them."""
    met = {name for each in asked for name in (each.enrol, each.probe, *each.training.learnt_from)}
    met = set(joint.conditions) if EACH in met else met
    return embed_people(
        runs, joint.under(met), joint.split, device=device, with_dev=True, utterance_of=joint.utterance_of
    )


def scored_in(joint: Joint, asked: Asked, tested: Sequence[Tested], *, across: bool = False) -> Tried:
    """Every attacker on a cell; with `across`, non-mated comparisons of two avatars are among the pooled."""
    known = asked.training.learnt_from
    if asked.enrol != EACH:
        return score_attackers([seen_as(each, asked.enrol, asked.probe, known=known) for each in tested])
    return score_attackers([pooled(each, joint.anonymised, known=known, across=across) for each in tested])


def headline_of(tried: Tried) -> tuple[Comparisons, bool]:
    """The comparisons that a headline is of, and whether they are those within sources."""
    within = within_sources(tried)
    return (tried.strongest.comparisons, False) if within is None else (within, True)


def _computed(joint: Joint, asked: Asked, tested: Sequence[Tested]) -> FilledCell:
    tried = scored_in(joint, asked, tested)
    comparisons, within = headline_of(tried)
    eer, recognition = judged_recognition(comparisons, joint.config.evaluation)
    if recognition.outcome == "not_recognised" and not _would_have_shown(joint, asked.probe):
        recognition = undecided(
            recognition,
            "nobody was recognised, but planted habits were not recognised in these clips either, so this "
            "study could not have shown it.",
        )
    attacker, strongest = tried.strongest.attacker, tried.strongest
    result = MatrixCell(
        train=asked.training.name,
        enrol=asked.enrol,
        probe=asked.probe,
        learnt_from=asked.training.learnt_from,
        story=story_of(asked.training.name, asked.training.learnt_from, asked.enrol, asked.probe),
        attacker=attacker.name,
        train_subjects=attacker.train_subjects,
        train_clips=attacker.train_clips,
        counts=ComparisonCounts(
            mated=strongest.comparisons.n_mated,
            nonmated=strongest.comparisons.n_nonmated,
            unknown_utterances=strongest.members[0].unknown_utterances,
        ),
        eer=eer,
        within_source=within,
        recognition=recognition,
    )
    return FilledCell(asked, result, comparisons)


def _would_have_shown(joint: Joint, probe: str) -> bool:
    """Whether planted habits were recognised in the clips of the probed conditions."""
    names = [probe] if probe in joint.audits else joint.anonymised
    cell = "OOO" if probe == ORIGINAL else "AAA"
    planted = [joint.audits[name].results.sensitivity.get(cell) for name in names]
    return all(each is None or each.smallest_recognised is not None for each in planted)


def _of_study(joint: Joint, asked: Asked) -> FilledCell | None:
    """A cell that the study of its condition has; None where it has none, or is of other clips."""
    named = {asked.enrol, asked.probe, *asked.training.learnt_from} - {ORIGINAL}
    name = min(named, default=joint.anonymised[0])
    if len(named) > 1 or name not in joint.audits or not joint.same_clips(name):
        return None
    audit, letter = joint.audits[name], letter_of(asked.training, name)
    enrol, probe = ("O" if each == ORIGINAL else "A" for each in (asked.enrol, asked.probe))
    letters = f"{letter}{enrol}{probe}"
    return _taken(asked, audit, letters) if letter and letters in audit.cells else None


def _taken(asked: Asked, audit: Audit, letters: str) -> FilledCell:
    cell, result = audit.cells[letters], audit.results.cells[letters]
    return FilledCell(
        asked,
        MatrixCell(
            train=asked.training.name,
            enrol=asked.enrol,
            probe=asked.probe,
            learnt_from=asked.training.learnt_from,
            story=story_of(asked.training.name, asked.training.learnt_from, asked.enrol, asked.probe),
            attacker=result.attacker.name,
            train_subjects=result.attacker.train_subjects,
            train_clips=result.attacker.train_clips,
            counts=result.counts,
            eer=result.within_source or result.metrics.eer,
            within_source=result.within_source is not None,
            recognition=result.recognition,
        ),
        cell.of_headline(),
    )
