"""Which properties of clips tell people apart? A check, then a verdict in words.

A check holds its p values; the verdict is passed after the correction for all tests of a study.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.evidence import percent_spaced
from amber_id.audit.confounds.properties import PROPERTIES, Property
from amber_id.audit.confounds.scopes import Judged, Scopes
from amber_id.audit.confounds.sizes import face_size_of
from amber_id.audit.confounds.studied import StudiedClips
from amber_id.audit.confounds.telling import Values, telling, values_of
from amber_id.recordings import RecordingEntry
from amber_id.results import ConditionName
from amber_id.results.checks import Check


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

    def judged(self, corrected: Mapping[str, float], config: ConfoundConfig) -> Check:
        """The verdict, given the corrected p values of all tests of the study."""
        judged = self.scopes.judged(corrected, level=config.level, invalid_eer=config.invalid_eer)
        verdict = judged.verdict
        if self.scopes.pooled is None and len(self.values.steps) > 1:
            verdict = "not_checked"
        figures = {"smallest": float(self.values.steps[0]), "largest": float(self.values.steps[-1])}
        return Check(
            name=self.what.name,
            verdict=verdict,
            evidence=percent_spaced(self._evidence(judged)),
            condition=self.condition,
            figures=figures | judged.figures,
        )

    def _evidence(self, judged: Judged) -> str:
        words, number, steps = self.what.words, self.what.number_format, self.values.steps
        if len(steps) == 1:
            return f"The {words} is the same in all clips ({number.format(steps[0])})."
        between = f"{number.format(steps[0])} to {number.format(steps[-1])}"
        if self.scopes.pooled is None:
            return (
                f"The {words} differs ({between}). Whether it goes with the person cannot be tested: that "
                "takes two people, one of them with two clips."
            )
        if not judged.telling:
            return (
                f"The {words} differs between clips ({between}), but not with the person: alone it has an "
                f"EER of {self.scopes.pooled.eer:.2f}; guessing has 0.50."
            )
        alone = f"The {words} alone tells people apart: {judged.by_itself}, e.g. {self._extremes()}"
        return f"{alone}{judged.consequence}."

    def _extremes(self) -> str:
        """The people with the smallest and the largest median."""
        values = self.values.steps[self.values.code]
        medians = [np.median(values[self.values.person == i]) for i in range(len(self.subjects))]
        ends = (int(np.argmin(medians)), int(np.argmax(medians)))
        return " and ".join(f"{self.subjects[i]} {self.what.number_format.format(medians[i])}" for i in ends)


def property_checks(clips: StudiedClips) -> Iterator[PropertyCheck]:
    """Every property of the clips of each condition, the size of the face last where it is known."""
    for condition, recordings in clips.conditions.items():
        sizes = clips.face_sizes.get(condition)
        for what in (*PROPERTIES, *([face_size_of(sizes)] if sizes else [])):
            yield PropertyCheck.of(
                what,
                condition,
                recordings.entries,
                permutations=clips.config.permutations,
                seed=clips.seed(what.name, int(condition == "original")),
            )
