"""The scores of any verification system, judged as an evaluation judges those of its attacker.

What is decided is decided on other people's scores, `dev`: the threshold where FMR and FNMR cross there, and
a linear calibration. Two systems are compared on the same people, with the same draws of them on both sides.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from amber_id.biometrics import (
    Comparisons,
    Tally,
    d_sys,
    eer_threshold,
    error_curve,
    fit_linear_calibration,
    per_subject_figures,
    tally,
)
from amber_id.biometrics.comparisons import lowest_rate
from amber_id.biometrics.resampling import FEWEST_MATED, FEWEST_NONMATED
from amber_id.errors import EvaluationError, UsageError
from amber_id.figures import FIGURES, Sample, in_order, statistics_of
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.identities import check_other_people, identity_limits
from amber_id.judging.judge import Judged, judge
from amber_id.judging.limits import interval_limits
from amber_id.judging.made_by import hashed, provenance, times_since
from amber_id.judging.recognition import nothing_known
from amber_id.judging.score_differences import differences
from amber_id.judging.score_input import ScoreInput, read_chosen_on, read_judged
from amber_id.results import (
    METRICS_SCHEMA,
    Bootstrap,
    ComparisonCounts,
    Difference,
    Point,
    Rate,
    Recognition,
    ScoreCounts,
    ScoreResults,
    ScoreSubject,
)
from amber_id.score_files import ScoreFile, read_utterances


def judge_scores(
    scores: Path,
    config: EvaluationConfig | None = None,
    *,
    subjects: Path | None = None,
    dev: Path | None = None,
    against: Path | None = None,
) -> ScoreResults:
    """Every figure that a score file allows.

    Parameters
    ----------
    scores
        What is judged: text, Parquet or ``.npz``, as docs/file-formats.md says.
    config
        Resamples, permutations, level, seed.
    subjects
        A table of clips and subjects, for all of the files.
    dev
        Scores of the same system on other people, to choose a threshold and a calibration on.
    against
        Scores of another system or condition on the same people, to subtract.

    Raises
    ------
    EvaluationError
        If a side is empty, `dev` shares people with `scores`, or `against` is of other people or of too few
        for an interval.
    FileFormatError, UsageError
        If a file cannot be read, or contradicts itself.
    """
    started = time.perf_counter()
    config = config or EvaluationConfig()
    inputs = _read(scores, subjects, dev, against, different_utterances=config.different_utterances)
    read, limits = inputs.judged.scores, list(inputs.limits)
    outcome = _judged(inputs.judged, inputs.dev, config)
    judged = outcome.judged
    limits.extend(outcome.limits)
    changes: dict[str, Difference] = {}
    if inputs.other is not None and against is not None:
        changes, remarks = differences(read, inputs.other, config, against)
        limits.extend(remarks)
    return ScoreResults(
        schema=METRICS_SCHEMA,
        counts=_counts(inputs.judged),
        metrics=in_order(outcome.metrics),
        recognition=outcome.recognition,
        disclosure=None if judged is None else judged.disclosure,
        population=() if judged is None else judged.population,
        differences=changes,
        subjects=() if judged is None else _subjects(inputs.judged, judged),
        limits=tuple(limits),
        bootstrap=None if judged is None else Bootstrap.of(judged.eer),
        provenance=provenance(inputs.files, str(read.identified_by), config.seed),
        times=times_since(started),
    )


@dataclass(frozen=True, eq=False)
class _Inputs:
    """What was read: the scores that are judged, those chosen on, and those that are subtracted."""

    judged: ScoreInput
    dev: ScoreFile | None
    other: ScoreFile | None
    files: dict[str, tuple[str, str]]  # name and SHA-256 of each
    limits: tuple[str, ...]


def _read(
    scores: Path,
    subjects: Path | None,
    dev: Path | None,
    against: Path | None,
    *,
    different_utterances: bool,
) -> _Inputs:
    """All files; `judge_scores` says what it raises."""
    utterance_of = _utterances(subjects) if different_utterances else None
    judged = read_judged(scores, subjects, utterance_of)
    on_dev = None if dev is None else read_chosen_on(dev, subjects, utterance_of)
    other = None if against is None else read_judged(against, subjects, utterance_of)
    files = hashed({"scores": scores, "subjects": subjects, "dev": dev, "against": against})
    limits = [limit for each in (judged, on_dev, other) if each for limit in each.limits]
    limits.extend(identity_limits(judged.scores))
    if judged.unknown_utterances:
        limits.append(f"Clips of unknown utterance, left out: {judged.unknown_utterances:,}.")
    if on_dev is not None and dev is not None:
        same_file = files["scores"][1] == files["dev"][1]
        limits.extend(check_other_people(judged.scores, on_dev.scores, dev, same_file=same_file))
    return _Inputs(
        judged,
        None if on_dev is None else on_dev.scores,
        None if other is None else other.scores,
        files,
        tuple(limits),
    )


def _utterances(subjects: Path | None) -> dict[str, str]:
    """What is said in each clip, as the table of subjects says."""
    if subjects is None:
        raise UsageError(
            "--different-utterances needs to know what is said in each clip; name a table with the columns "
            "clip, subject and utterance, such as corpus.csv (--subjects)"
        )
    return read_utterances(subjects)


@dataclass(frozen=True)
class _Outcome:
    """Figures with intervals where people are known and enough, else without."""

    metrics: Mapping[str, Rate | Point]
    recognition: Recognition
    judged: Judged | None  # None where there are no intervals
    limits: tuple[str, ...]


def _judged(judged_file: ScoreInput, dev: ScoreFile | None, config: EvaluationConfig) -> _Outcome:
    read = judged_file.scores
    few = None if read.comparisons is None else _too_few(tally(read.comparisons))
    if read.comparisons is None or few:
        return _Outcome(_points(read, dev), nothing_known(few), None, (few,) if few else ())
    shifted, llrs, why_not = _decided(judged_file, read.comparisons, dev)
    judged = judge(read.comparisons, config, from_threshold=shifted, llrs=llrs)
    limits = (*why_not, *judged.limits, *interval_limits(judged.eer))
    return _Outcome(judged.rates, judged.recognition, judged, limits)


def _decided(
    judged_file: ScoreInput, comparisons: Comparisons, dev: ScoreFile | None
) -> tuple[Comparisons | None, Comparisons | None, tuple[str, ...]]:
    """The comparisons from the threshold of dev on, and calibrated there; and why one of them cannot be."""
    if dev is None:
        why = (
            "No accuracy, cllr or act_dcf: they need a threshold and a calibration chosen on other people "
            "(--dev)."
        )
        return None, None, (why,)
    threshold = eer_threshold(dev.mated_scores, dev.nonmated_scores)
    shifted = replace(comparisons, scores=comparisons.scores - threshold)
    try:
        calibration = fit_linear_calibration(dev.mated_scores, dev.nonmated_scores)
    except EvaluationError as error:
        return shifted, None, (f"No calibrated costs (cllr, act_dcf): {error}.",)
    llrs = np.where(judged_file.failed, 0.0, calibration.llrs(comparisons.scores))
    return shifted, replace(comparisons, scores=llrs), ()


def _too_few(people: Tally) -> str | None:
    """Why no interval over people can be given; None where it can."""
    if people.n_mated_subjects >= FEWEST_MATED and people.n_nonmated_subjects >= FEWEST_NONMATED:
        return None
    return (
        f"No figure has an interval: {FEWEST_MATED} people with mated comparisons and {FEWEST_NONMATED} with "
        f"non-mated ones are the fewest, got {people.n_mated_subjects} and {people.n_nonmated_subjects}."
    )


def _points(read: ScoreFile, dev: ScoreFile | None) -> dict[str, Point]:
    """Figures without intervals, of scores that belong to nobody or to too few people."""
    mated, nonmated = read.mated_scores, read.nonmated_scores
    sample = Sample(error_curve(mated, nonmated), _floor(read))
    figures = {
        name: float(each.of(sample.curve)) for name, each in statistics_of(sample, "counts", "scores").items()
    }
    figures["linkability"] = d_sys(mated, nonmated)
    if dev is not None:
        threshold = eer_threshold(dev.mated_scores, dev.nonmated_scores)
        shifted = error_curve(mated - threshold, nonmated - threshold)
        at_threshold = statistics_of(Sample(shifted, sample.fmr_floor), "threshold")
        figures |= {name: float(each.of(shifted)) for name, each in at_threshold.items()}
    sides = len(mated), len(nonmated)
    return {
        name: Point(value=value, chance=FIGURES[name].chance_of(*sides)) for name, value in figures.items()
    }


def _floor(read: ScoreFile) -> float:
    if read.comparisons is not None:
        return read.comparisons.fmr_floor
    return lowest_rate(len(read.nonmated_scores))


def _counts(judged: ScoreInput) -> ScoreCounts:
    read = judged.scores
    known = read.comparisons
    return ScoreCounts(
        subjects=None if known is None else known.n_subjects,
        clips=None if known is None else len(known.subjects),
        comparisons=ComparisonCounts(
            mated=len(read.mated_scores),
            nonmated=len(read.nonmated_scores),
            unknown_utterances=judged.unknown_utterances,
        ),
        subject_pairs=None if known is None else known.n_subject_pairs,
        fmr_floor=_floor(read),
    )


def _subjects(judged_file: ScoreInput, judged: Judged) -> tuple[ScoreSubject, ...]:
    succeeded = judged_file.succeeded
    assert succeeded is not None
    # A value that marks a failure has no place in a mean.
    means = per_subject_figures(succeeded) if judged_file.failed.any() else judged.people
    return tuple(
        ScoreSubject(
            subject=judged_file.scores.subjects[each.subject],
            mean_mated=mean.mated_mean,
            mean_nonmated=mean.nonmated_mean,
            eer=each.eer,
        )
        for each, mean in zip(judged.people, means, strict=True)
    )
