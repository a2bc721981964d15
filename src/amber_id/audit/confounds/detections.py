"""Does the tracker lose the face more often under one condition, or of some people?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.evidence import p_words, percent_spaced
from amber_id.audit.confounds.studied import StudiedClips
from amber_id.biometrics.multiple_tests import sign_flip_p_value
from amber_id.recordings import RecordingEntry
from amber_id.results.checks import Check, Verdict

_MUCH_LOST = 0.1  # a difference of shares that needs no test
_NOT_MEASURABLE = 0.5  # share of frames without a face


@dataclass(frozen=True, eq=False)
class DetectionCheck:
    """How many frames lost the face in originals and in anonymised clips, means over people."""

    original: float
    anonymised: float
    p_value: float | None  # None where nobody differs

    p_name = "failed_detections"

    @classmethod
    def of(
        cls,
        original: Sequence[RecordingEntry],
        anonymised: Sequence[RecordingEntry],
        *,
        permutations: int,
        seed: Sequence[int],
    ) -> "DetectionCheck":
        """A paired test over people."""
        before, after = _lost_by_person(original), _lost_by_person(anonymised)
        p_value = None
        if (before != after).any():
            p_value = sign_flip_p_value(
                after - before, permutations=permutations, rng=np.random.default_rng(seed)
            )
        return cls(float(before.mean()), float(after.mean()), p_value)

    @property
    def p_values(self) -> dict[str, float]:
        """The p value by its name, if there is one."""
        return {} if self.p_value is None else {self.p_name: self.p_value}

    def judged(self, corrected: Mapping[str, float], config: ConfoundConfig) -> Check:
        """The verdict, given the corrected p values of all tests of the study."""
        p = corrected.get(self.p_name)
        apart = abs(self.anonymised - self.original)
        significant = p is not None and p <= config.level and apart >= config.lost_difference
        verdict: Verdict = "warn" if significant or apart >= _MUCH_LOST else "pass"
        evidence = f"No face was found in {self.original:.1%} of the frames of originals and in "
        evidence += f"{self.anonymised:.1%} of those of anonymised clips"
        if self.anonymised >= _NOT_MEASURABLE:
            verdict = "invalid"
            evidence += ". What these clips give away is not measurable by this tool; that is not privacy"
        elif verdict == "warn":
            evidence += (
                f"{p_words(p)}. A face that is lost is not privacy: it hides part of what motion gives away"
            )
        figures = {"lost_original": self.original, "lost_anonymised": self.anonymised}
        if self.p_value is not None and p is not None:
            figures |= {"p_value": self.p_value, "p_value_corrected": p}
        evidence = percent_spaced(f"{evidence}.")
        return Check(name="failed_detections", verdict=verdict, evidence=evidence, figures=figures)


def detection_checks(clips: StudiedClips) -> list[DetectionCheck]:
    """Lost faces of originals and of anonymised clips, where there are both."""
    seed, permutations = clips.seed(DetectionCheck.p_name), clips.config.permutations
    return [DetectionCheck.of(*pair, permutations=permutations, seed=seed) for pair in clips.pairs]


def _lost_by_person(entries: Sequence[RecordingEntry]) -> Float64[np.ndarray, " P"]:
    """Mean over clips of the share of lost frames, person by person in order."""
    person = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
    return np.bincount(person, weights=[entry.lost_share for entry in entries]) / np.bincount(person)
