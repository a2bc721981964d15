"""What, other than motion of the face, tells people apart in these clips? Asked without training.

    aspect, frame_rate, duration,
    lost_frames, several_faces,
    face_switches, resolution          of a clip, by condition          properties.py
    source                             where people come from           source.py
    session, utterance                 as corpus.csv says               session.py, utterance.py
    face_size                          of a clip, by condition          sizes.py
    near_copies                        by condition                     near_copies.py
    pairing                            anonymised against original      pairing.py
    pair_lengths                       anonymised against original      lengths.py
    unchanged                          anonymised against original      unchanged.py
    failed_detections                  anonymised against original      detections.py

A property is a warning when it is significant, with one correction (Holm's) for all tests of a call, so that
clean clips raise a flag in at most `level` of studies. It is invalid when besides its own EER is at most 0.40
among the comparisons that a headline is made of: those within a source. Attackers of avatars are published
with EERs of about 0.1 to 0.35, so at 0.40 or less a headline of that kind could come from the property
alone; above, it may add to a headline but not make it. Two sources of equal size that differ in a property
give 0.33: a pooled headline could come from that, one within sources cannot.

Near-copies let mated comparisons compare a clip with itself. They are invalid from a tenth of the clips on,
since rank-1 recognition is wrong by up to that share; between people always, since then the name of a clip is
wrong or its motion is nobody's. An anonymised clip that moves as another original is a warning by itself, one
that moves as none only where more than 5 % do: a short clip of a still face looks like that. Both are invalid
from a tenth of the clips on, since a tenth of wrong names moves an EER of 0.26 by about 0.05. Where the own
original fits better than fewer than three quarters of the others do, nothing follows anything.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from zlib import crc32

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id.audit.confounds.corpus_facts import NOTHING_KNOWN, CorpusFacts
from amber_id.audit.confounds.detections import DetectionCheck
from amber_id.audit.confounds.lengths import lengths_confound
from amber_id.audit.confounds.near_copies import copies_confound
from amber_id.audit.confounds.pairing import pairing_confound
from amber_id.audit.confounds.properties import PROPERTIES
from amber_id.audit.confounds.property import PropertyCheck
from amber_id.audit.confounds.session import session_confound
from amber_id.audit.confounds.sizes import Read, face_size_of
from amber_id.audit.confounds.source import source_confound
from amber_id.audit.confounds.unchanged import unchanged_confound
from amber_id.audit.confounds.utterance import UtteranceCheck
from amber_id.biometrics.multiple_tests import holm
from amber_id.errors import CorpusError
from amber_id.motion.following import follow
from amber_id.motion.likeness import Signals
from amber_id.motion.near_copies import NEAR_COPY, near_copies
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results import ConditionName
from amber_id.results.checks import Check

# Properties and face size under two conditions, utterances, each among all and within sources; lost faces.
_MOST_TESTS = 2 * (2 * (len(PROPERTIES) + 1) + 1) + 1
NO_SIZES: Mapping[ConditionName, Mapping[str, float]] = MappingProxyType({})


class ConfoundConfig(BaseModel):
    """From where on something is a warning, or forbids a headline."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    level: float = Field(0.05, gt=0, lt=1)  # how often clean clips may raise any flag
    permutations: int = Field(999, ge=1)
    invalid_eer: float = Field(0.40, gt=0, le=0.5)  # of a property by itself
    near_copy: float = Field(NEAR_COPY, gt=0, lt=1)  # concordance of motions, mean of face and head
    invalid_copies: float = Field(0.1, gt=0, le=1)  # share of clips with a near-copy of the same person
    warn_astray: float = Field(0.05, gt=0, le=1)  # share of clips that do not follow their originals
    invalid_astray: float = Field(0.1, gt=0, le=1)
    lost_difference: float = Field(0.02, ge=0, le=1)  # smallest difference of shares of lost frames
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _can_reject(self) -> "ConfoundConfig":
        needed = int(np.ceil(_MOST_TESTS / self.level)) - 1
        if self.permutations < needed:
            raise ValueError(
                f"permutations must be at least {needed} for {_MOST_TESTS} tests at level {self.level:g}, "
                f"got {self.permutations}: with fewer nothing could be found"
            )
        return self


def find_confounds(
    conditions: Mapping[ConditionName, RecordingSet], config: ConfoundConfig
) -> tuple[Check, ...]:
    """Check everything that can be checked of originals, anonymised clips, or both.

    Both sets must hold the same clips in the same order. Every recording is read once, and ``corpus.csv`` in
    the folder of each set.

    Raises
    ------
    CorpusError
        If there is no clip, the sets do not hold the same clips in the same order, or corpus files contradict
        each other.
    FileFormatError
        If a recording is damaged, or a corpus file does not fit.
    """
    _check_same(conditions)
    facts = CorpusFacts.read(conditions)
    first = next(iter(conditions.values())).entries
    read = {condition: Read.of(found) for condition, found in conditions.items()}
    sizes = {condition: each.face_sizes for condition, each in read.items()}
    return (
        *property_confounds(conditions, config, facts, sizes),
        source_confound(first),
        session_confound(facts, first),
        *_of_motion(conditions, {name: each.signals for name, each in read.items()}, config),
        *_of_pairs(conditions, config),
    )


def property_confounds(
    conditions: Mapping[ConditionName, RecordingSet],
    config: ConfoundConfig,
    facts: CorpusFacts = NOTHING_KNOWN,
    face_sizes: Mapping[ConditionName, Mapping[str, float]] = NO_SIZES,
) -> tuple[Check, ...]:
    """The checks that rest on a test: properties of clips, what is said, lost faces. No file is read.

    `face_sizes` are pixels from eye to eye by condition and clip; where there are none, they are not checked.
    """
    # Each test has a generator of its own, so that none depends on which others there are.
    properties = [
        PropertyCheck.of(
            what,
            condition,
            conditions[condition].entries,
            permutations=config.permutations,
            seed=(config.seed, crc32(what.name.encode()), int(condition == "original")),
        )
        for condition in conditions
        for what in (*PROPERTIES, *(face_size_of(each) for each in (face_sizes.get(condition),) if each))
    ]
    said = UtteranceCheck.of(
        facts,
        next(iter(conditions.values())).entries,
        permutations=config.permutations,
        seed=(config.seed, crc32(b"utterance")),
    )
    detections = []
    if len(conditions) == 2:
        before, after = conditions["original"].entries, conditions["anonymised"].entries
        seed = (config.seed, crc32(b"failed_detections"))
        detections = [DetectionCheck.of(before, after, permutations=config.permutations, seed=seed)]
    alone: list[PropertyCheck | UtteranceCheck] = [*properties, said]
    p_values = {name: p for check in alone for name, p in check.p_values.items()}
    p_values |= {name: p for check in detections for name, p in check.p_values.items()}
    corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    return (
        *(c.judged(corrected, level=config.level, invalid_eer=config.invalid_eer) for c in alone),
        *(
            c.judged(corrected, level=config.level, least_difference=config.lost_difference)
            for c in detections
        ),
    )


def _of_pairs(conditions: Mapping[ConditionName, RecordingSet], config: ConfoundConfig) -> list[Check]:
    """What is seen of anonymised clips beside their originals without looking at how they move."""
    if len(conditions) < 2:
        return []
    before, after = conditions["original"].entries, conditions["anonymised"].entries
    return [
        lengths_confound(before, after),
        unchanged_confound(before, after, invalid_share=config.invalid_astray),
    ]


def _of_motion(
    conditions: Mapping[ConditionName, RecordingSet],
    signals: Mapping[ConditionName, Signals],
    config: ConfoundConfig,
) -> list[Check]:
    """Near-copies and pairing, from how the clips move."""
    copies = {name: near_copies(found, least=config.near_copy) for name, found in signals.items()}
    found = [
        copies_confound(name, conditions[name].entries, pairs, invalid_share=config.invalid_copies)
        for name, pairs in copies.items()
    ]
    if len(conditions) == 2:
        following = follow(signals["anonymised"], signals["original"], copies=copies["original"])
        found.append(
            pairing_confound(
                conditions["original"].entries,
                following,
                warn_share=config.warn_astray,
                invalid_share=config.invalid_astray,
            )
        )
    return found


def _check_same(conditions: Mapping[ConditionName, RecordingSet]) -> None:
    if not conditions or not all(found.entries for found in conditions.values()):
        raise CorpusError("expected recordings of originals, of anonymised clips, or of both, got none")
    if len(conditions) < 2:
        return
    original, anonymised = conditions["original"].entries, conditions["anonymised"].entries
    for i in range(max(len(original), len(anonymised))):
        pair = [_name(entries, i) for entries in (original, anonymised)]
        if pair[0] != pair[1]:
            raise CorpusError(
                "expected the same clips of the same people under both conditions, got "
                f"{pair[0]} (original) and {pair[1]} (anonymised); leave out what only one has"
            )


def _name(entries: Sequence[RecordingEntry], i: int) -> str:
    return f"{entries[i].clip} of {entries[i].subject}" if i < len(entries) else "nothing"
