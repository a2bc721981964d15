"""What does ``oracle.json`` say beside a synthetic corpus?

Conventions
-----------
It holds the whole configuration, the lowest error rates that anybody could reach on all pairs of the corpus,
and everybody's true habits. A clip's true traits follow from the configuration and are drawn again when
they are asked for; the hash tells whether this version still draws the same.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from jaxtyping import Float64, Int64
from pydantic import BaseModel, ConfigDict, Field

from amber_id import __version__
from amber_id.biometrics import Comparisons, ErrorCurve, Statistic, balanced_accuracy, bootstrap
from amber_id.errors import EvaluationError, FileFormatError
from amber_id.file_formats import read_json
from amber_id.results import Rate
from amber_id.synthetic.clips import clip_id
from amber_id.synthetic.config import Condition, SynthConfig
from amber_id.synthetic.habits import HABITS, RATIO, Habit
from amber_id.synthetic.measured import measured_sha256
from amber_id.synthetic.oracle import (
    best_guesses,
    group_comparisons,
    oracle_comparisons,
    oracle_scores,
    true_clips,
    true_values,
)
from amber_id.synthetic.people import draw_person
from amber_id.synthetic.planted import written_pair

# Clips on each side of a comparison, as far as there are enough of everybody.
_CLIPS_PER_SIDE = (1, 5)


def _is_empty(figures: object) -> bool:
    return not figures


class Oracle(BaseModel):
    """The truth about a synthetic corpus.

    `eer` is by condition and number of clips on each side: of the best possible score, over all pairs of
    clips, or of groups of so many, with its interval over people; empty where there are too few. `people` are
    the habits of each subject in the order of `habits`, in standard deviations between people at strength 1.

    `attributes` are, by condition and name, the balanced accuracies of the best guess of the value from one
    clip; `groups` the EER of pairs of clips within either value, for whoever knows the value. Neither is
    written where nothing is planted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_name: Literal["amber-id/oracle/2"] = Field("amber-id/oracle/2", alias="schema")
    amber_id: str
    model_sha256: str
    config: SynthConfig
    ratio: float  # variance of habits between people over that within, at strength 1
    eer: dict[Condition, dict[int, Rate]]
    habits: tuple[Habit, ...]
    people: dict[str, tuple[float, ...]]
    traits_sha256: dict[Condition, str]
    attributes: dict[Condition, dict[str, Rate]] = Field({}, exclude_if=_is_empty)
    groups: dict[Condition, dict[str, dict[str, Rate]]] = Field({}, exclude_if=_is_empty)

    @classmethod
    def of(cls, config: SynthConfig) -> "Oracle":
        """The truth about the corpus of a configuration."""
        people = [draw_person(k, seed=config.seed) for k in range(config.people)]
        return cls(
            amber_id=__version__,
            model_sha256=measured_sha256(),
            config=config,
            ratio=RATIO,
            eer={condition: _lowest_eers(config, condition) for condition in config.conditions},
            habits=HABITS,
            people={person.subject: tuple(np.round(person.habits, 6).tolist()) for person in people},
            traits_sha256={condition: _traits_hash(config, condition) for condition in config.conditions},
            attributes=_of_conditions(config.conditions, config.attribute, partial(_best_accuracy, config)),
            groups=_of_conditions(config.conditions, config.group, partial(_eers_of_values, config)),
        )

    @classmethod
    def read(cls, path: Path) -> "Oracle":
        """Read an ``oracle.json``.

        Raises
        ------
        FileFormatError
            If it cannot be read, or this version would draw other people than those that it describes.
        """
        oracle = read_json(cls, path)
        if len(oracle.people) != oracle.config.people:
            reason = f"expected {oracle.config.people:,} people, got {len(oracle.people):,}"
            raise FileFormatError(path, reason)
        if any(_traits_hash(oracle.config, name) != sha256 for name, sha256 in oracle.traits_sha256.items()):
            raise FileFormatError(
                path,
                f"tells of people whom AMBER-ID {__version__} draws otherwise; run amber synth again",
            )
        return oracle

    def text(self) -> str:
        """The file's content."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"

    def scores(
        self,
        condition: Condition,
        clips: Sequence[str],
        enrolment: Int64[np.ndarray, " P"],
        probe: Int64[np.ndarray, " P"],
    ) -> Float64[np.ndarray, " P"]:
        """The best possible score of each pair of `clips`, which are named as in the recordings.

        Raises
        ------
        EvaluationError
            If a clip is none of this corpus.
        """
        known = true_clips(self.config, condition, [self._numbers(clip) for clip in clips])
        return oracle_scores(self.config, condition, known, enrolment, probe)

    def _numbers(self, clip: str) -> tuple[int, int]:
        person = re.fullmatch(r".+_id(\d+)/clip(\d+)", clip)
        numbers = (int(person[1]) - 1, int(person[2])) if person else (-1, -1)
        inside = 0 <= numbers[0] < self.config.people and 0 <= numbers[1] < self.config.clips
        if not inside or clip_id(self.config, *numbers) != clip:
            raise EvaluationError(
                f"the oracle knows no clip {clip}; give the oracle.json of these recordings"
            )
        return numbers


def _lowest_eers(config: SynthConfig, condition: Condition) -> dict[int, Rate]:
    rates = {}
    for k in _CLIPS_PER_SIDE:
        try:
            rates[k] = _eer(oracle_comparisons(config, condition, k=k))
        except EvaluationError:
            continue  # too few people or clips; what is not there is not claimed
    return rates


_Figure = TypeVar("_Figure")


def _of_conditions(
    conditions: Sequence[Condition],
    names: Collection[str],
    of: Callable[[Condition, str], _Figure | None],
) -> dict[Condition, dict[str, _Figure]]:
    """What is known of each name under each condition; empty without names."""
    if not names:
        return {}
    figures = {condition: {name: of(condition, name) for name in names} for condition in conditions}
    return {
        condition: {name: figure for name, figure in known.items() if figure is not None}
        for condition, known in figures.items()
    }


def _best_accuracy(config: SynthConfig, condition: Condition, name: str) -> Rate | None:
    """The balanced accuracy of the best guesses; None where there are too few people."""
    clips = true_clips(config, condition)
    values = true_values(config, name, clips)
    try:
        estimate = balanced_accuracy(
            best_guesses(config, condition, name, clips) == values,
            values,
            clips.subjects,
            rng=np.random.default_rng(0),
        )
    except EvaluationError:
        return None
    return Rate.of(estimate, chance=0.5)


def _eers_of_values(config: SynthConfig, condition: Condition, name: str) -> dict[str, Rate] | None:
    """The lowest EER within either value of a group; None where there are too few people."""
    try:
        comparisons = [group_comparisons(config, condition, name, value) for value in (0, 1)]
        return {value: _eer(each) for value, each in zip(written_pair(name), comparisons, strict=True)}
    except EvaluationError:
        return None


def _eer(comparisons: Comparisons) -> Rate:
    estimate = bootstrap(comparisons, {"eer": Statistic(ErrorCurve.eer)}, rng=np.random.default_rng(0))
    return Rate.of(estimate["eer"], chance=0.5)


def _traits_hash(config: SynthConfig, condition: Condition) -> str:
    """SHA-256 of the traits of all clips, to four decimals, as hexadecimal."""
    traits = true_clips(config, condition).traits
    return hashlib.sha256(np.round(traits, 4).astype("<f4").tobytes()).hexdigest()
