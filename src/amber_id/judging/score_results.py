"""The scores of any verification system, judged as an evaluation judges those of its attacker.

What is decided is decided on other people's scores, `dev`: the threshold where FMR and FNMR cross there, and
a linear calibration. Two systems are compared on the same people, with the same draws of them on both sides.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from amber_id.biometrics import (
    Comparisons,
    Tally,
    d_sys,
    eer_threshold,
    error_curve,
    fit_linear_calibration,
    per_subject_figures,
    tally,
    tally_all,
    zebra_expected_of,
)
from amber_id.biometrics.comparisons import lowest_rate
from amber_id.biometrics.resampling import FEWEST_MATED, FEWEST_NONMATED
from amber_id.errors import EvaluationError
from amber_id.file_formats import file_hash
from amber_id.judging.figures import CHANCE, statistics_of
from amber_id.judging.judge import EvaluationConfig, Judged, judge, judge_tally, recognition_in
from amber_id.judging.limits import interval_limits
from amber_id.judging.recognition import nothing_known
from amber_id.judging.score_differences import differences
from amber_id.judging.score_input import ScoreInput, read_chosen_on, read_judged
from amber_id.results import (
    METRICS_SCHEMA,
    Bootstrap,
    ComparisonCounts,
    Difference,
    Metrics,
    Point,
    Rate,
    ScoreCounts,
    ScoreProvenance,
    ScoreResults,
    ScoreSubject,
    Times,
    surroundings,
)
from amber_id.score_files import Embeddings, IdentifiedBy, ScoreFile, read_embeddings

_ORDER = (*Metrics.model_fields, "cllr", "act_dcf")


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
    judged_file = read_judged(scores, subjects)
    chosen_file = None if dev is None else read_chosen_on(dev, subjects)
    other_file = None if against is None else read_judged(against, subjects)
    read = judged_file.scores
    chosen_on = None if chosen_file is None else chosen_file.scores
    other = None if other_file is None else other_file.scores
    files = _hashed({"scores": scores, "subjects": subjects, "dev": dev, "against": against})
    limits = [said for each in (judged_file, chosen_file, other_file) if each for said in each.limits]
    limits.extend(_identity_limits(read))
    if chosen_on is not None:
        same_file = files["scores"][1] == files["dev"][1]
        _refuse_shared(read, chosen_on, dev, same_file=same_file)
        if _unsure(read) or _unsure(chosen_on):
            limits.append(
                "Whether the people of --dev are other people could not be checked; if they are the same, "
                "accuracy and calibrated costs are too good. Subjects (--subjects) would tell."
            )
    judged: Judged | None = None
    metrics: Mapping[str, Rate | Point]
    few = None if read.comparisons is None else _too_few(tally(read.comparisons))
    if read.comparisons is None or few:
        metrics = _points(read, chosen_on)
        limits.extend([few] if few else [])
    else:
        shifted, llrs = _decided(read.comparisons, chosen_on, judged_file.failed, limits)
        judged = judge(read.comparisons, config, from_threshold=shifted, llrs=llrs)
        metrics = judged.rates
        limits.extend((*judged.limits, *interval_limits(judged.eer)))
    changes: Mapping[str, Difference] = {}
    if other is not None and against is not None:
        changes, said = differences(read, other, config, against)
        limits.extend(said)
    return ScoreResults(
        schema=METRICS_SCHEMA,
        counts=_counts(read),
        metrics=_in_order(metrics),
        recognition=nothing_known(few) if judged is None else judged.recognition,
        disclosure=None if judged is None else judged.disclosure,
        differences=dict(changes),
        subjects=() if judged is None else _subjects(judged_file, judged),
        limits=tuple(limits),
        bootstrap=None if judged is None else Bootstrap.of(judged.eer),
        provenance=_provenance(files, str(read.identified_by), config.seed),
        times=_times(started),
    )


def judge_embeddings(
    embeddings: Path,
    config: EvaluationConfig | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> ScoreResults:
    """The figures of all pairs of very many clips, whose scores are counted and not kept.

    Parameters
    ----------
    embeddings
        An ``.npz`` archive of vectors and subjects.
    config
        Resamples, level, seed; nothing is permuted.
    on_progress
        Called with how many comparisons were just made, and how many there are in all.

    Raises
    ------
    EvaluationError
        If a side is empty or people are too few for an interval.
    FileFormatError
        If the file cannot be used.
    """
    started = time.perf_counter()
    config = config or EvaluationConfig()
    read = read_embeddings(embeddings)
    N, S = len(read.subjects), len(read.names)
    total = N * (N - 1) // 2
    counted = tally_all(
        read.vectors,
        read.subjects,
        on_progress=None if on_progress is None else lambda done: on_progress(done, total),
    )
    curve = counted.whole.curve()
    pairs = S * (S - 1) // 2
    floor = lowest_rate(pairs)
    low, high = curve.eer_bounds()
    estimates, rates = judge_tally(counted, statistics_of(curve, floor), config)
    return ScoreResults(
        schema=METRICS_SCHEMA,
        counts=ScoreCounts(
            subjects=S,
            clips=N,
            comparisons=ComparisonCounts(
                mated=int(counted.whole.mated.sum()), nonmated=int(counted.whole.nonmated.sum())
            ),
            subject_pairs=pairs,
            fmr_floor=floor,
        ),
        metrics=_in_order(rates),
        recognition=recognition_in(counted, estimates["eer"], None, config),
        disclosure=None,
        differences={},
        subjects=(),
        limits=(
            f"Scores were counted in bins and not kept: the EER lies between {low:.6f} and {high:.6f}. "
            "Linkability, rank-1 and the figures of single people need scores that are kept.",
            *_same_vectors(read),
            *interval_limits(estimates["eer"]),
        ),
        bootstrap=Bootstrap.of(estimates["eer"]),
        provenance=_provenance(_hashed({"embeddings": embeddings}), str(IdentifiedBy.COLUMNS), config.seed),
        times=_times(started),
    )


def _same_vectors(read: Embeddings) -> Iterator[str]:
    """A vector that clips of several people have is no embedding, or one clip under several names."""
    people: dict[bytes, list[int]] = defaultdict(list)
    for vector, subject in zip(read.vectors, read.subjects.tolist(), strict=True):
        people[vector.tobytes()].append(subject)
    shared = [each for each in people.values() if len(set(each)) > 1]
    if shared:
        names = [read.names[subject] for subject in sorted(set(shared[0]))[:2]]
        yield (
            f"{sum(map(len, shared)):,} clips have the very same vector as a clip of another person, e.g. of "
            f"{names[0]} and {names[1]}: a constant in place of a failed embedding, or one clip under two "
            "names. They count as equal; leave them out or mend them."
        )


def _in_order(metrics: Mapping[str, Rate | Point]) -> dict[str, Rate | Point]:
    return {name: metrics[name] for name in _ORDER if name in metrics}


def _hashed(files: Mapping[str, Path | None]) -> dict[str, tuple[str, str]]:
    """Name and SHA-256 of each file that was given."""
    return {name: (path.name, file_hash(path)) for name, path in files.items() if path is not None}


def _provenance(files: dict[str, tuple[str, str]], identified_by: str, seed: int) -> ScoreProvenance:
    return ScoreProvenance(
        **surroundings(),
        packages={name: version(name) for name in ("numpy", "scipy")},
        files=files,
        identified_by=identified_by,
        seed=seed,
    )


def _times(started: float) -> Times:
    return Times(
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=round(time.perf_counter() - started, 3),
    )


def _decided(
    comparisons: Comparisons, dev: ScoreFile | None, failed: Bool[np.ndarray, " P"], limits: list[str]
) -> tuple[Comparisons | None, Comparisons | None]:
    """The comparisons from the threshold of dev on, and calibrated there, as far as that can be done."""
    if dev is None:
        limits.append(
            "No accuracy, cllr or act_dcf: they need a threshold and a calibration chosen on other people "
            "(--dev)."
        )
        return None, None
    threshold = eer_threshold(dev.mated_scores, dev.nonmated_scores)
    shifted = replace(comparisons, scores=comparisons.scores - threshold)
    try:
        calibration = fit_linear_calibration(dev.mated_scores, dev.nonmated_scores)
    except EvaluationError as error:
        limits.append(f"No calibrated costs (cllr, act_dcf): {error}.")
        return shifted, None
    return shifted, replace(comparisons, scores=np.where(failed, 0.0, calibration.llrs(comparisons.scores)))


def _too_few(people: Tally) -> str | None:
    """Why no interval over people can be given; None where it can."""
    if people.n_mated_subjects >= FEWEST_MATED and people.n_nonmated_subjects >= FEWEST_NONMATED:
        return None
    return (
        f"No figure has an interval: {FEWEST_MATED} people with mated comparisons and {FEWEST_NONMATED} with "
        f"non-mated ones are the fewest, got {people.n_mated_subjects} and {people.n_nonmated_subjects}."
    )


def _points(read: ScoreFile, dev: ScoreFile | None) -> dict[str, Point]:
    """Figures without intervals, of scores that belong to nobody."""
    mated, nonmated = read.mated_scores, read.nonmated_scores
    curve = error_curve(mated, nonmated)
    figures = {name: float(each.of(curve)) for name, each in statistics_of(curve, _floor(read)).items()}
    figures["linkability"] = d_sys(mated, nonmated)
    figures["zebra_expected"] = float(zebra_expected_of(curve))
    points = {name: Point(value=value, chance=CHANCE.get(name, 0.5)) for name, value in figures.items()}
    if dev is not None:
        threshold = eer_threshold(dev.mated_scores, dev.nonmated_scores)
        majority = max(len(mated), len(nonmated)) / (len(mated) + len(nonmated))
        points["accuracy"] = Point(value=float(curve.accuracy_at(threshold)), chance=majority)
        points["balanced_accuracy"] = Point(value=float(curve.balanced_accuracy_at(threshold)), chance=0.5)
    return points


def _unsure(read: ScoreFile) -> bool:
    """Whether two people of a file may be one, or nobody is known."""
    return read.identified_by in (IdentifiedBy.TARGET_TRIALS, IdentifiedBy.NOBODY)


def _refuse_shared(read: ScoreFile, dev: ScoreFile, path: Path | None, *, same_file: bool) -> None:
    shared = sorted((set(read.subjects) & set(dev.subjects)) or (set(read.clips) & set(dev.clips)))
    if same_file:
        shared = shared or ["the very same scores"]
    if shared:
        raise EvaluationError(
            f"{path}: expected other people to choose on, got {len(shared)} that are judged too, e.g. "
            f"{shared[0]}; what is chosen on them makes the figures too good"
        )


def _identity_limits(read: ScoreFile) -> tuple[str, ...]:
    if read.comparisons is None:
        return (
            "Nobody knows whose these scores are, so that no figure has an interval over people: give clips "
            "and subjects, not scores alone.",
        )
    if read.identified_by is IdentifiedBy.TARGET_TRIALS:
        alone = _without_target(read.comparisons)
        many = read.comparisons.n_subjects
        who = f"{alone} of these {many} are single clips without such a trial and may be another again"
        if not alone:
            who = f"two of these {many} whom no such trial links may be one person"
        return (
            f"People are known from target trials only: {who}, which makes intervals too narrow. A table of "
            "subjects (--subjects) mends that.",
        )
    return ()


def _without_target(comparisons: Comparisons) -> int:
    """Subjects of one clip."""
    return int(np.count_nonzero(np.bincount(comparisons.subjects) == 1))


def _floor(read: ScoreFile) -> float:
    if read.comparisons is not None:
        return read.comparisons.fmr_floor
    return lowest_rate(len(read.nonmated_scores))


def _counts(read: ScoreFile) -> ScoreCounts:
    known = read.comparisons
    return ScoreCounts(
        subjects=None if known is None else known.n_subjects,
        clips=None if known is None else len(known.subjects),
        comparisons=ComparisonCounts(mated=len(read.mated_scores), nonmated=len(read.nonmated_scores)),
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
