"""What, other than motion of the face, tells people apart in these clips? Asked without training.

    aspect, frame_rate, duration,
    lost_frames, several_faces,
    face_switches, resolution          of a clip, by condition          properties.py
    source                             where people come from           source.py
    session, utterance                 as corpus.csv says               session.py, utterance.py
    avatar                             of anonymised clips, as is said     avatar.py
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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from amber_id.audit.confounds.avatar import avatar_checks
from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.corpus_facts import NOTHING_KNOWN, CorpusFacts
from amber_id.audit.confounds.detections import detection_checks
from amber_id.audit.confounds.lengths import lengths_confound
from amber_id.audit.confounds.near_copies import copies_confounds
from amber_id.audit.confounds.pairing import pairing_confounds
from amber_id.audit.confounds.property import property_checks
from amber_id.audit.confounds.session import session_confound
from amber_id.audit.confounds.sizes import Read
from amber_id.audit.confounds.source import source_confound
from amber_id.audit.confounds.studied import StudiedClips, Tested
from amber_id.audit.confounds.unchanged import unchanged_confound
from amber_id.audit.confounds.utterance import utterance_checks
from amber_id.biometrics.multiple_tests import holm
from amber_id.errors import CorpusError
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results import Check, ConditionName

NO_SIZES: Mapping[ConditionName, Mapping[str, float]] = MappingProxyType({})
TESTED: tuple[Callable[[StudiedClips], Iterable[Tested]], ...] = (
    property_checks,
    utterance_checks,
    avatar_checks,
    detection_checks,
)
"""The checks that rest on tests, which are corrected for their number together."""
COUNTED: tuple[Callable[[StudiedClips], Iterable[Check]], ...] = (
    lambda clips: [source_confound(clips.entries)],
    lambda clips: [session_confound(clips.facts, clips.entries)],
    copies_confounds,
    pairing_confounds,
    lambda clips: [lengths_confound(*pair) for pair in clips.pairs],
    lambda clips: [
        unchanged_confound(*pair, invalid_share=clips.config.invalid_astray) for pair in clips.pairs
    ],
)
"""The others; a further check is a module of its own and a row here."""


def find_confounds(
    conditions: Mapping[ConditionName, RecordingSet],
    config: ConfoundConfig,
    *,
    read: Mapping[ConditionName, Read] | None = None,
) -> tuple[Check, ...]:
    """Check everything that can be checked of originals, anonymised clips, or both.

    Both sets must hold the same clips in the same order. ``corpus.csv`` is read in the folder of each set,
    and every recording once, unless `read` has what is needed of them.

    Raises
    ------
    CorpusError
        If there is no clip, the sets do not hold the same clips in the same order, or corpus files contradict
        each other.
    FileFormatError
        If a recording is damaged, or a corpus file does not fit.
    """
    _check_same(conditions)
    clips = StudiedClips.of(conditions, config, read)
    return (*_judged(clips), *(check for row in COUNTED for check in row(clips)))


def property_confounds(
    conditions: Mapping[ConditionName, RecordingSet],
    config: ConfoundConfig,
    facts: CorpusFacts = NOTHING_KNOWN,
    face_sizes: Mapping[ConditionName, Mapping[str, float]] = NO_SIZES,
) -> tuple[Check, ...]:
    """The checks that rest on a test: properties of clips, what is said, lost faces. No file is read.

    `face_sizes` are pixels from eye to eye by condition and clip; where there are none, they are not checked.
    """
    return tuple(_judged(StudiedClips(conditions, config, facts, face_sizes)))


def _judged(clips: StudiedClips) -> Iterator[Check]:
    """The verdicts of all checks that rest on tests, after one correction."""
    checks = [check for row in TESTED for check in row(clips)]
    p_values = {name: p for check in checks for name, p in check.p_values.items()}
    corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    return (check.judged(corrected, clips.config) for check in checks)


def _check_same(conditions: Mapping[ConditionName, RecordingSet]) -> None:
    if not conditions or not all(recordings.entries for recordings in conditions.values()):
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
