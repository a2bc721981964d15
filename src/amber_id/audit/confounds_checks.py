"""What do the properties of clips, their sources and lost faces say? Checks, then verdicts in words.

A check holds its p values; a verdict is passed on them after the correction for all tests of a study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from amber_id.audit.confounds_properties import (
    Property,
    Values,
    alike,
    named_values,
    sign_flip_p_value,
    telling,
    values_of,
)
from amber_id.audit.confounds_scopes import Judged, Scopes, p_words, percent_spaced
from amber_id.recordings import RecordingEntry
from amber_id.results import ConditionName
from amber_id.results.confounds import Confound, Verdict

_SHOWN = 3  # sources named in a sentence
_MUCH_LOST = 0.1  # a difference of shares that needs no test
_NOT_MEASURABLE = 0.5  # share of frames without a face


@dataclass(frozen=True, eq=False)
class PropertyCheck:
    """A property of the clips of one condition, among all clips and among those of one source."""

    what: Property
    condition: ConditionName
    values: Values
    subjects: tuple[str, ...]  # sorted
    scopes: Scopes

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
        scopes = Scopes(f"{condition} {what.name}", None, None)
        rng = np.random.default_rng(seed)
        if len(values.steps) > 1:
            scopes = Scopes.asked(
                scopes.name,
                lambda within: telling(
                    values_of(what, entries, within_source=within), permutations=permutations, rng=rng
                ),
                entries,
            )
        subjects = tuple(sorted({entry.subject for entry in entries}))
        return cls(what, condition, values, subjects, scopes)

    @property
    def p_values(self) -> dict[str, float]:
        """The p values of its tests, by a name that is unique in a study."""
        return self.scopes.p_values

    def judged(self, corrected: Mapping[str, float], *, level: float, invalid_eer: float) -> Confound:
        """The verdict, given the corrected p values of all tests of the study."""
        judged = self.scopes.judged(corrected, level=level, invalid_eer=invalid_eer)
        verdict = judged.verdict
        if self.scopes.pooled is None and len(self.values.steps) > 1:
            verdict = "not_checked"
        figures = {"smallest": float(self.values.steps[0]), "largest": float(self.values.steps[-1])}
        return Confound(
            name=self.what.name,
            verdict=verdict,
            evidence=percent_spaced(self._evidence(judged)),
            condition=self.condition,
            figures=figures | judged.figures,
        )

    def _evidence(self, judged: Judged) -> str:
        words, shown, steps = self.what.words, self.what.shown, self.values.steps
        if len(steps) == 1:
            return f"The {words} is the same in all clips ({shown.format(steps[0])})."
        between = f"{shown.format(steps[0])} to {shown.format(steps[-1])}"
        if self.scopes.pooled is None:
            return (
                f"The {words} differs ({between}), but it takes two people, one of them with two clips, to "
                "say whether it goes with the person."
            )
        if not judged.telling:
            said = f"EER {self.scopes.pooled.eer:.2f} by itself, guessing is 0.50"
            return f"The {words} differs between clips ({between}), but not with the person: {said}."
        said = f"The {words} alone tells people apart: {judged.by_itself}, e.g. {self._extremes()}"
        return f"{said}{judged.consequence}."

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
            said += (
                f"{p_words(p)}: a face that is lost is not privacy, and hides part of what motion gives away"
            )
        figures = {"lost_original": self.original, "lost_anonymised": self.anonymised}
        if self.p_value is not None and p is not None:
            figures |= {"p_value": self.p_value, "p_value_corrected": p}
        evidence = percent_spaced(f"{said}.")
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
        found = alike(named_values([entry.source for entry in entries], entries, within_source=False))
        if found is not None:
            figures |= {"eer": found.eer, "auc": found.auc}
            evidence += f" (EER {found.eer:.2f}, guessing is 0.50)"
        evidence += ": a headline must compare people of one source only."
        if max(map(len, people.values())) == 1:
            evidence = (
                f"Each of the {len(people)} people is a source of their own ({_few(sorted(people))}), so "
                "nobody can be compared within a source, and what goes with it may stand for the person. If "
                "all were filmed alike, give them one source: own_id001, own_id002 and so on."
            )
    return Confound(name="source", verdict=verdict, evidence=evidence, condition=None, figures=figures)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _lost_by_person(entries: Sequence[RecordingEntry]) -> Float64[np.ndarray, " P"]:
    """Mean over clips of the share of lost frames, person by person in order."""
    person = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
    return np.bincount(person, weights=[entry.lost_share for entry in entries]) / np.bincount(person)
