"""How much of what there is did an attacker find, where people are synthetic and the truth is known?"""

from dataclasses import replace
from pathlib import Path

from amber_id.audit.attack.strongest_attacker import Scored
from amber_id.errors import EvaluationError
from amber_id.file_formats import file_hash
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates
from amber_id.recordings import RecordingSet
from amber_id.results import Metrics, OracleResult
from amber_id.synthetic import Oracle


def oracle_result(
    path: Path, scored: Scored, recordings: RecordingSet, metrics: Metrics, config: EvaluationConfig
) -> OracleResult:
    """The lowest possible EER of the comparisons that were tested, with the attacker's beside it.

    Raises
    ------
    EvaluationError
        If the labels were permuted, the recordings lie in no folder ``original`` or ``avatar``, or the oracle
        does not know one of the clips.
    FileFormatError
        If the file is no oracle of this version.
    """
    oracle = Oracle.read(path)
    tested = scored.members[0]
    if tested.folds[0].header.control is not None:
        raise EvaluationError("an oracle knows who people are; a run with permuted labels has no use for it")
    condition = recordings.root.resolve().name
    if condition not in oracle.config.conditions:
        raise EvaluationError(
            f"{recordings.root}: expected a folder named {' or '.join(oracle.config.conditions)}, as amber "
            f"synth leaves them beside {path.name}"
        )
    clips = [entry.clip for entry in tested.entries]
    comparisons = scored.comparisons
    scores = oracle.scores(condition, clips, comparisons.enrolment, comparisons.probe)
    best = judged_rates(replace(comparisons, scores=scores), config, ("eer",))["eer"]
    return OracleResult(
        eer=best,
        way=(0.5 - metrics.eer.value) / (0.5 - best.value) if best.value < 0.5 else None,
        oracle_sha256=file_hash(path),
    )
