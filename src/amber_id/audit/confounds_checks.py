"""What do the properties of clips, their sources and lost faces say? Checks, then verdicts in words.

A check holds its p values; a verdict is passed on them after the correction for all tests of a study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from amber_id.audit.confounds_properties import (
    Property,
    Telling,
    Values,
    sign_flip_p_value,
    telling,
    values_of,
)
from amber_id.biometrics import error_curve
from amber_id.recordings import RecordingEntry
from amber_id.results import ConditionName
from amber_id.results.confounds import Confound, Verdict

_MUCH_LOST = 0.1  # a difference of shares that needs no test
_NOT_MEASURABLE = 0.5  # share of frames without a face


@dataclass(frozen=True, eq=False)
class PropertyCheck:
    """A property of the clips of one condition, among all clips and among those of one source."""

    what: Property
    condition: ConditionName
    values: Values
    subjects: tuple[str, ...]  # sorted
    pooled: Telling | None
    within: Telling | None  # None where there is one source

    @classmethod
    def of(
        cls,
        what: Property,
        condition: ConditionName,
        entries: Sequence[RecordingEntry],
        *,
        permutations: int,
        seed: Sequence[int],
    ) -> "PropertyCheck":
        """Take the property for an attacker; no test where all clips are alike."""
        values = values_of(what, entries)
        pooled = within = None
        rng = np.random.default_rng(seed)
        if len(values.steps) > 1:
            pooled = telling(values, permutations=permutations, rng=rng)
            if len({entry.source for entry in entries}) > 1:
                by_source = values_of(what, entries, within_source=True)
                within = telling(by_source, permutations=permutations, rng=rng)
        subjects = tuple(sorted({entry.subject for entry in entries}))
        return cls(what, condition, values, subjects, pooled, within)

    @property
    def p_values(self) -> dict[str, float]:
        """The p values of its tests, by a name that is unique in a study."""
        tests = {"pooled": self.pooled, "within": self.within}
        return {
            f"{self.condition} {self.what.name} {scope}": found.p_value
            for scope, found in tests.items()
            if found is not None and found.p_value is not None
        }

    def judged(self, corrected: Mapping[str, float], *, level: float, invalid_eer: float) -> Confound:
        """The verdict, given the corrected p values of all tests of the study."""
        p = {name.rpartition(" ")[2]: corrected[name] for name in self.p_values}
        telling = {scope for scope, value in p.items() if value <= level}
        headline = "within" if self.within is not None else "pooled"
        found = getattr(self, headline)
        verdict: Verdict = "warn" if telling else "pass"
        if headline in telling and found.eer <= invalid_eer:
            verdict = "invalid"
        if self.pooled is None and len(self.values.steps) > 1:
            verdict = "not_checked"
        return Confound(
            name=self.what.name,
            verdict=verdict,
            evidence=self._evidence(verdict, p, telling),
            condition=self.condition,
            figures=self._figures(p),
        )

    def _figures(self, p: Mapping[str, float]) -> dict[str, float]:
        figures = {"smallest": float(self.values.steps[0]), "largest": float(self.values.steps[-1])}
        for scope, found in (("pooled", self.pooled), ("within", self.within)):
            if found is None:
                continue
            after = "_within_source" if scope == "within" else ""
            figures |= {f"eer{after}": found.eer, f"auc{after}": found.auc}
            if found.p_value is not None:
                figures |= {f"p_value{after}": found.p_value, f"p_value_corrected{after}": p[scope]}
        return figures

    def _evidence(self, verdict: Verdict, p: Mapping[str, float], telling: set[str]) -> str:
        words, shown, steps = self.what.words, self.what.shown, self.values.steps
        if len(steps) == 1:
            return _percent(f"The {words} is the same in all clips ({shown.format(steps[0])}).")
        between = f"{shown.format(steps[0])} to {shown.format(steps[-1])}"
        if self.pooled is None:
            return _percent(
                f"The {words} differs ({between}), but it takes two people, one of them with two clips, to "
                "say whether it goes with the person."
            )
        if not telling:
            said = f"EER {self.pooled.eer:.2f} by itself, guessing is 0.50"
            return _percent(
                f"The {words} differs between clips ({between}), but not with the person: {said}."
            )
        said = f"The {words} alone tells people apart: EER {self.pooled.eer:.2f}, guessing is 0.50"
        said += f"{_p(p.get('pooled'))}, e.g. {self._extremes()}"
        if self.within is not None:
            said += f"; among people of one source EER {self.within.eer:.2f}{_p(p.get('within'))}"
            if "within" not in telling:
                said += ", so it goes with the source, and a headline within sources does not rest on it"
        if verdict == "invalid":
            said += "; a headline could come from this alone"
        return _percent(f"{said}.")

    def _extremes(self) -> str:
        """The people with the smallest and the largest median."""
        values = self.values.steps[self.values.code]
        medians = [np.median(values[self.values.person == i]) for i in range(len(self.subjects))]
        ends = (int(np.argmin(medians)), int(np.argmax(medians)))
        return " and ".join(f"{self.subjects[i]} {self.what.shown.format(medians[i])}" for i in ends)


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

    def judged(self, corrected: Mapping[str, float], *, level: float, least_difference: float) -> Confound:
        """The verdict, given the corrected p values of all tests of the study."""
        p = corrected.get(self.p_name)
        apart = abs(self.anonymised - self.original)
        significant = p is not None and p <= level and apart >= least_difference
        verdict: Verdict = "warn" if significant or apart >= _MUCH_LOST else "pass"
        said = f"No face was found in {self.original:.1%} of the frames of originals and in "
        said += f"{self.anonymised:.1%} of those of anonymised clips"
        if self.anonymised >= _NOT_MEASURABLE:
            verdict = "invalid"
            said += ": what these clips give away is not measurable by this tool, which is not privacy"
        elif verdict == "warn":
            said += f"{_p(p)}: a face that is lost is not privacy, and hides part of what motion gives away"
        figures = {"lost_original": self.original, "lost_anonymised": self.anonymised}
        if self.p_value is not None and p is not None:
            figures |= {"p_value": self.p_value, "p_value_corrected": p}
        evidence = _percent(f"{said}.")
        return Confound(
            name="failed_detections", verdict=verdict, evidence=evidence, condition=None, figures=figures
        )


def source_confound(entries: Sequence[RecordingEntry]) -> Confound:
    """One source passes; of several only comparisons within one may count."""
    people: dict[str, set[str]] = {}
    for entry in entries:
        people.setdefault(entry.source, set()).add(entry.subject)
    figures = {f"people_of_{name}": float(len(who)) for name, who in sorted(people.items())}
    counts = ", ".join(f"{len(who)} of {name}" for name, who in sorted(people.items()))
    verdict: Verdict = "pass"
    evidence = f"All people come from one source ({counts})."
    if len(people) > 1:
        verdict = "warn"
        evidence = f"People come from {len(people)} sources ({counts}), and the source alone tells them apart"
        figures |= _of_source(entries)
        if "eer" in figures:
            evidence += f" (EER {figures['eer']:.2f}, guessing is 0.50)"
        evidence += ": a headline must compare people of one source only."
    return Confound(name="source", verdict=verdict, evidence=evidence, condition=None, figures=figures)


def _of_source(entries: Sequence[RecordingEntry]) -> dict[str, float]:
    """EER and AUC of whether two clips come from one source; empty without mated comparisons."""

    def pairs(groups: Sequence[str]) -> float:
        counts = np.unique(groups, return_counts=True)[1]
        return float((counts * (counts - 1) / 2).sum())

    mated = pairs([entry.subject for entry in entries])
    same = pairs([entry.source for entry in entries]) - mated
    apart = len(entries) * (len(entries) - 1) / 2 - same - mated
    if not mated:
        return {}
    curve = error_curve(
        np.array([1.0]),
        np.array([1.0, 0.0]),
        mated_weights=np.array([mated]),
        nonmated_weights=np.array([same, apart]),
    )
    return {"eer": float(curve.eer()), "auc": float(curve.auc())}


def _lost_by_person(entries: Sequence[RecordingEntry]) -> Float64[np.ndarray, " P"]:
    """Mean over clips of the share of lost frames, person by person in order."""
    person = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
    return np.bincount(person, weights=[entry.lost_share for entry in entries]) / np.bincount(person)


def _p(p: float | None) -> str:
    return "" if p is None else f" (p = {p:.3f})"


def _percent(text: str) -> str:
    return text.replace("%", " %")
