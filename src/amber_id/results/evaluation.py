"""The schema of the ``results.json`` of an evaluation: every figure, and where it came from.

Two runs of the same study agree in everything but `times`. The JSON schema is published in
``docs/results.schema.json``.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from amber_id.figures import Figure, Place, figures_in
from amber_id.results.figures import (
    Bootstrap,
    ComparisonCounts,
    Disclosure,
    FailedClip,
    Frozen,
    Rate,
    Recognition,
    Times,
    with_figures,
)
from amber_id.results.population import PopulationResult

EVALUATION_SCHEMA: Literal["amber-id/evaluation/5"] = "amber-id/evaluation/5"

FUSION = "fusion"  # the name of what several attackers find together


class Counts(Frozen):
    """What the figures rest on; test partition only, all folds pooled."""

    subjects: int
    clips: int
    windows: int
    comparisons: ComparisonCounts
    subjects_of_source: dict[str, int]
    failed_clips: int  # test clips without usable features, and clips of the corpus that were never tracked


@with_figures("evaluation")
class Metrics(Frozen):
    """1:1 verification by the headline attacker's scores; accept when score >= threshold."""

    eer: Rate
    auc: Rate
    rank1: Rate | None = None
    balanced_accuracy: Rate


def known_figures(metrics: Metrics, place: Place) -> tuple[tuple[Figure, Rate], ...]:
    """The figures that stand in a place and are defined for these comparisons, in the order of the table."""
    rates = ((figure, getattr(metrics, figure.name)) for figure in figures_in(place))
    return tuple((figure, rate) for figure, rate in rates if rate is not None)


class OracleResult(Frozen):
    """What anybody could reach on the same comparisons, which is known of synthetic people."""

    eer: Rate  # of the log-likelihood ratio of the clips' true traits
    way: float | None  # how far the attacker's EER went from 0.5 to it; None where it is 0.5
    oracle_sha256: str


class DevFold(Frozen):
    """What was chosen on the dev people of one fold."""

    fold: int
    subjects: int
    eer: float
    threshold: float  # the score at which FMR and FNMR cross on dev
    epoch: int | None  # None for a fusion


class SubjectResult(Frozen):
    """One test subject's mean scores; None where there is nothing to average."""

    subject: str
    source: str
    fold: int
    clips: int
    mean_mated: float | None
    mean_nonmated: float | None
    eer: float | None  # its own mated scores against the non-mated ones in which it takes part


class Attacker(Frozen):
    """Who attacked, and with what it was given."""

    name: str
    config: dict[str, Any]
    features: dict[str, Any]
    train_subjects: int
    train_clips: int


@with_figures("attackers")
class AttackerResult(Attacker):
    """One of the attackers that were tried, on the same comparisons and draws of people as the others."""

    dev_eer: float | None  # what is chosen by: dev comparisons of all folds; None where there was no choice
    eer: Rate
    auc: Rate
    chosen: bool  # the strongest, of the lowest dev EER: `attacker`, `metrics` and all else are its own
    mapped: bool  # `vectors` and `tsne` beside these results are its own


class Provenance(Frozen):
    """Which program, data and seed made this."""

    amber_id: str
    packages: dict[str, str]
    python: str
    machine: str
    recordings: str  # folder name
    recordings_sha256: str
    split_sha256: str
    protocol: str | None = None  # by which people were divided; None where by hand, or where nobody noted it
    manifest_sha256: str | None = None  # of clips and subjects, whatever tracked them; None if not noted
    checkpoints_sha256: tuple[str, ...]
    trackers: tuple[str, ...]
    avatars: tuple[str, ...] = ()  # what made those that the clips show, where their recordings say
    synthetic: bool  # synthetic people
    train_seed: int | None  # None where fused attackers had different ones
    bootstrap_seed: int
    test_opening: (
        int | None
    )  # ordinal of this attacker among all that were tested on this split, from 1; None for a control
    allowed: tuple[str, ...] = ()  # leaks that were known and meant


class EvaluationResults(Frozen):
    """One attacker, or the strongest of several, tested on people it has never seen."""

    schema_: Literal["amber-id/evaluation/5"] = Field(EVALUATION_SCHEMA, alias="schema")
    headline: str
    control: Literal["permuted-labels"] | None
    attacker: Attacker
    counts: Counts
    metrics: Metrics
    attackers: tuple[AttackerResult, ...]  # all that were tried, the chosen one among them
    recognition: Recognition
    disclosure: Disclosure
    population: tuple[PopulationResult, ...] = ()  # search among more people than were measured
    oracle: OracleResult | None  # None where nobody knows
    dev: tuple[DevFold, ...]
    subjects: tuple[SubjectResult, ...]
    failures: tuple[FailedClip, ...]
    limits: tuple[str, ...]  # what these figures do not show
    bootstrap: Bootstrap
    provenance: Provenance
    times: Times

    @model_validator(mode="after")
    def _one_is_chosen(self) -> "EvaluationResults":
        chosen = sum(each.chosen for each in self.attackers)
        if chosen != 1:
            raise ValueError(f"attackers must have one that is chosen, got {chosen}")
        if len(self.attackers) > 1 and any(each.dev_eer is None for each in self.attackers):
            raise ValueError("attackers must each have a dev_eer where there are several")
        return self
