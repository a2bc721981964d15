"""Which of several attackers, or their fusion, finds out most?

Privacy is only as good as against the strongest attacker: the one with the lowest EER on dev people. It is
chosen there and then reported on the test people, whatever they say; choosing on test would find a worse one
by chance alone. Between equals the one named first wins, and the fusion comes last.

Scores of a fold mean something only beside the threshold of that fold, where FMR and FNMR of its dev people
cross: less that threshold, the dev comparisons of all folds are pooled, and their EER is the dev EER.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

from amber_id.attackers import CheckpointHeader
from amber_id.attackers.names import attacker_names
from amber_id.audit.attack.fusion import FEWEST_PEOPLE, fit_fusion, left_out_llrs
from amber_id.audit.attack.tested import EmbeddedClips, Tested
from amber_id.biometrics import Comparisons, eer, eer_threshold
from amber_id.errors import EvaluationError
from amber_id.figures import figures_in
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.judge import Judged, judge
from amber_id.judging.rates import judged_rates
from amber_id.results import FUSION, Attacker, AttackerResult, DevFold, Metrics
from amber_id.training import remarks_on

_FIGURES = tuple(figure.name for figure in figures_in("attackers"))


@dataclass(frozen=True)
class Scored:
    """The test comparisons of an attacker or of a fusion, and what was chosen for it on dev."""

    attacker: Attacker
    members: tuple[Tested, ...]  # one; of a fusion all
    folds: tuple[Comparisons, ...]
    dev: tuple[DevFold, ...]
    dev_eer: float | None  # None where there is nothing to choose

    @cached_property
    def comparisons(self) -> Comparisons:
        """The test comparisons of all folds, scores as they are."""
        return Comparisons.pool(self.folds)

    @cached_property
    def from_threshold(self) -> Comparisons:
        """These comparisons less the dev threshold of each fold: accepted from zero on."""
        thresholds = np.repeat([row.threshold for row in self.dev], [len(f.scores) for f in self.folds])
        return replace(self.comparisons, scores=self.comparisons.scores - thresholds)

    @property
    def is_fusion(self) -> bool:
        """Whether several attackers are behind the scores."""
        return len(self.members) > 1

    @property
    def rank(self) -> float:
        """The dev EER, of which the strongest attacker has the lowest; 0 where there is nothing to choose."""
        return 0.0 if self.dev_eer is None else self.dev_eer


@dataclass(frozen=True)
class Tried:
    """Every attacker that was tried, the fusion last."""

    scored: tuple[Scored, ...]
    limits: tuple[str, ...]  # what was not tried and why, and who has not learnt, in whole sentences

    @property
    def strongest(self) -> Scored:
        """The one with the lowest dev EER; the first of equals."""
        return min(self.scored, key=lambda each: each.rank)

    @property
    def mapped(self) -> Scored:
        """The strongest of those that have embeddings, which a fusion has not."""
        return min((each for each in self.scored if not each.is_fusion), key=lambda each: each.rank)


def score_attackers(tested: Sequence[Tested]) -> Tried:
    """The comparisons of each attacker and, of several, of their fusion.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison of dev people in a fold.
    """
    tried = _scored(tested)
    alone = [each for each in tried.scored if not each.is_fusion]
    remarks = [sentence for each in alone for sentence in remarks_on(each.attacker.name, *_learnt(each))]
    return replace(tried, limits=(*tried.limits, *remarks))


def _learnt(scored: Scored) -> tuple[list[CheckpointHeader], list[Float[np.ndarray, " _"]]]:
    """Checkpoints of an attacker and its scores, by fold."""
    (tested,) = scored.members
    return [fold.header for fold in tested.folds], [fold.scores for fold in scored.folds]


def _scored(tested: Sequence[Tested]) -> Tried:
    names = attacker_names([each.folds[0].header for each in tested])
    if len(tested) == 1 and tested[0].folds[0].dev is None:
        return Tried((_alone(tested[0], names[0], None),), ())
    compared = [_compared(each) for each in tested]
    dev = [each.dev for each in compared]
    scored = [_alone(*each) for each in zip(tested, names, compared, strict=True)]
    limits = _lost_on_dev(tested)
    if len(tested) == 1:
        return Tried(tuple(scored), limits)
    try:
        scored.append(_fused(scored, dev))
    except EvaluationError as error:
        limits = (*limits, f"The attackers were not fused: {error}.")
    return Tried(tuple(scored), limits)


def measure(scored: Scored, config: EvaluationConfig) -> tuple[Metrics, Judged]:
    """Every figure of an attacker with its interval over subjects.

    Raises
    ------
    EvaluationError
        If there is no mated or no non-mated comparison, or there are too few people for an interval.
    """
    if scored.comparisons.n_mated == 0:
        tested = scored.members[0]
        of = " of two sessions" if tested.across_sessions else ""
        of += " with different utterances" if tested.unknown_utterances is not None else ""
        raise EvaluationError(f"no test subject has two usable clips{of}, so there is no mated comparison")
    judged = judge(scored.comparisons, config, from_threshold=scored.from_threshold)
    undefined = dict.fromkeys(set(Metrics.model_fields) - set(judged.rates))
    return Metrics.model_validate(judged.rates | undefined), judged


def attacker_results(tried: Tried, metrics: Metrics, config: EvaluationConfig) -> tuple[AttackerResult, ...]:
    """A row for each attacker that was tried; `metrics` are those of the strongest."""
    return tuple(
        AttackerResult(
            **each.attacker.model_dump(),
            dev_eer=each.dev_eer,
            **_rates(each, metrics if each is tried.strongest else None, config),
            chosen=each is tried.strongest,
            mapped=each is tried.mapped,
        )
        for each in tried.scored
    )


def _rates(scored: Scored, metrics: Metrics | None, config: EvaluationConfig) -> dict[str, object]:
    if metrics is not None:
        return {name: getattr(metrics, name) for name in _FIGURES}
    return dict.fromkeys(_FIGURES) | judged_rates(scored.comparisons, config, _FIGURES)


@dataclass(frozen=True)
class _Compared:
    """The dev and test comparisons of each fold of an attacker, by one way of scoring."""

    dev: tuple[Comparisons, ...]
    test: tuple[Comparisons, ...]
    normalised: bool = False  # by S-norm; else the cosine

    @cached_property
    def dev_eer(self) -> float:
        """By which the way of scoring is chosen."""
        return _pooled_dev_eer(self.dev)


def _compared(tested: Tested) -> _Compared:
    """By the cosine, or normalised with a cohort of train people where that is better on dev people.

    Where dev people are fewer than a fusion needs, what is better on them is chance: by the cosine.
    """
    plain = _Compared(_dev_comparisons(tested), tested.comparisons)
    cohorts = [fold.cohort for fold in tested.folds if fold.cohort is not None]
    few = min(len(np.unique(each.subjects)) for each in plain.dev) < FEWEST_PEOPLE
    if few or len(cohorts) < len(tested.folds):
        return plain
    dev = [fold.dev for fold in tested.folds if fold.dev is not None]
    test = [fold.test for fold in tested.folds]
    try:
        normalised = _Compared(
            _against(dev, cohorts, plain.dev), _against(test, cohorts, plain.test), normalised=True
        )
    except EvaluationError:
        return plain  # what the attacker makes of the cohort tells nothing
    return min(plain, normalised, key=lambda each: each.dev_eer)


def _against(
    clips: Sequence[EmbeddedClips], cohorts: Sequence[EmbeddedClips], comparisons: Sequence[Comparisons]
) -> tuple[Comparisons, ...]:
    """The comparisons of each fold, normalised with its cohort."""
    return tuple(
        own.against(cohort, of_fold) for own, cohort, of_fold in zip(clips, cohorts, comparisons, strict=True)
    )


def _alone(tested: Tested, name: str, compared: _Compared | None) -> Scored:
    """One attacker; without dev comparisons of its own, with what its checkpoints say of dev people."""
    header = tested.folds[0].header
    dev = None if compared is None else compared.dev
    attacker = Attacker(
        name=name,
        config=header.attacker_config
        | ({"score_normalisation": "s-norm"} if compared is not None and compared.normalised else {}),
        features=header.features.model_dump(mode="json"),
        train_subjects=len(header.train_subjects),
        train_clips=header.train_clips,
    )
    if dev is None:
        figures = [fold.header.dev for fold in tested.folds]
        choices = [(each.subjects, each.eer, each.threshold) for each in figures]
    else:
        choices = [_on_dev(comparisons) for comparisons in dev]
    rows = tuple(
        DevFold(
            fold=fold.header.fold, subjects=subjects, eer=eer, threshold=threshold, epoch=fold.header.epoch
        )
        for fold, (subjects, eer, threshold) in zip(tested.folds, choices, strict=True)
    )
    if compared is None:
        return Scored(attacker, (tested,), tested.comparisons, rows, None)
    return Scored(attacker, (tested,), compared.test, rows, compared.dev_eer)


def _on_dev(comparisons: Comparisons) -> tuple[int, float, float]:
    """How many people, their EER, and the threshold at which FMR and FNMR cross."""
    scores = comparisons.mated_scores, comparisons.nonmated_scores
    return len(np.unique(comparisons.subjects)), eer(*scores), eer_threshold(*scores)


def _fused(scored: list[Scored], dev: list[tuple[Comparisons, ...]]) -> Scored:
    """The fusion of all, fitted anew in each fold.

    Raises
    ------
    EvaluationError
        If a fold has too few dev people to fit to, or no attacker is of any use on them.
    """
    folds, left_out, rows, weights = [], [], [], []
    of_folds = zip(zip(*dev, strict=True), zip(*(each.folds for each in scored), strict=True), strict=True)
    for (on_dev, on_test), own in zip(of_folds, scored[0].dev, strict=True):
        fusion = fit_fusion(_stacked(on_dev), on_dev[0].mated, people=own.subjects)
        if not fusion.weights.any():
            raise EvaluationError(f"on the dev people of fold {own.fold} no attacker is of any use")
        # Fitted to these very people it does too well on them, and would be chosen too often. So for its dev
        # EER and threshold each dev comparison is scored by a fusion fitted without its two people.
        held = replace(on_dev[0], scores=left_out_llrs(_stacked(on_dev), on_dev[0]))
        subjects, dev_eer, threshold = _on_dev(held)
        row = DevFold(fold=own.fold, subjects=subjects, eer=dev_eer, threshold=threshold, epoch=None)
        folds.append(replace(on_test[0], scores=fusion.llrs(_stacked(on_test))))
        left_out.append(held)
        rows.append(row)
        weights.append(fusion.weights)
    attacker = Attacker(
        name=FUSION,
        config={"prior_people": 1}
        | {
            f"weights of {each.attacker.name}": [round(float(fold[i]), 6) for fold in weights]
            for i, each in enumerate(scored)
        },
        features={each.attacker.name: each.attacker.features for each in scored},
        train_subjects=max(each.attacker.train_subjects for each in scored),
        train_clips=max(each.attacker.train_clips for each in scored),  # some lacked features for one of them
    )
    members = tuple(each.members[0] for each in scored)
    return Scored(attacker, members, tuple(folds), tuple(rows), _pooled_dev_eer(left_out))


def _stacked(of_attackers: Sequence[Comparisons]) -> Float[np.ndarray, "P A"]:
    return np.column_stack([each.scores for each in of_attackers])


def _dev_comparisons(tested: Tested) -> tuple[Comparisons, ...]:
    """The dev comparisons of each fold.

    Raises
    ------
    EvaluationError
        If a fold has none of one kind.
    """
    of_folds = []
    for number, dev in ((fold.header.fold, fold.dev) for fold in tested.folds if fold.dev is not None):
        comparisons = dev.compared(dev.subjects)
        if 0 in (comparisons.n_mated, comparisons.n_nonmated):
            raise EvaluationError(
                f"fold {number}: to choose an attacker, dev people need mated and non-mated "
                f"comparisons, got {comparisons.n_mated} and {comparisons.n_nonmated}"
            )
        of_folds.append(comparisons)
    return tuple(of_folds)


def _pooled_dev_eer(folds: Sequence[Comparisons]) -> float:
    shifted = [
        replace(fold, scores=fold.scores - eer_threshold(fold.mated_scores, fold.nonmated_scores))
        for fold in folds
    ]
    mated, nonmated = (
        np.concatenate([getattr(fold, side) for fold in shifted])
        for side in ("mated_scores", "nonmated_scores")
    )
    return eer(mated, nonmated)


def _lost_on_dev(tested: Sequence[Tested]) -> tuple[str, ...]:
    lost = {
        failure.clip
        for each in tested
        for fold in each.folds
        if fold.dev is not None
        for failure in fold.dev.failures
    }
    if not lost:
        return ()
    return (f"{len(lost)} clips of dev people that some attacker could not use had no part in the choice.",)
