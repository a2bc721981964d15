"""From originals and anonymised clips of the same people to `StudyResults`, stage by stage.

    clips       the same ones under each condition, of use to every attacker     clips.py
    leaks       copies between partitions, conditions that do not match          leaks.py

Then the rows of `sections.SECTIONS`, one after the other:

    confounds   what else tells people apart                                     confounds/
    training    every attacker on O(riginals), A(nonymised), B(oth)              training.py
    matrix      who is recognised, in every scenario                             matrix.py, scenarios.py
    map         which clips look alike to the attacker                           maps.py
    views       static, pose, motion, all                                        by_moments.py
    sessions    within a session, across two, and by days                        sessions.py
    streams     position, offset, velocity                                       by_moments.py
    regions     eyes, lips, nose, eyebrows, face oval: alone, removed, shares    ablations/regions.py
    curves      would more people, longer clips, more clips reveal more?         ablations/curves.py
    sensitivity would a planted habit be found?                                  controls/planted_habits.py
    controls    whose outcome is known                                           controls/without_motion.py
    utility     how much expression survived                                     utility/measure.py
    groups      whether some groups of people are recognised more than others    attributes/groups.py
    attributes  what else clips tell of people                                   attributes/infer.py
    framing     are clips taken for the donors whose styles they have?               framing.py
    references  what simple anonymisers would reach                              reference_points.py
    network     views, regions, controls by the network, where all is asked      by_network.py

A study that was stopped goes on where it was, to the same results but for times.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from amber_id.audit.attack.utterances import require_utterances
from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.study.by_attribute import require_attributes
from amber_id.audit.study.clips import RecordingsOf, StudyClips, study_clips
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.leaks import find_study_leaks
from amber_id.audit.study.matrix import Cell
from amber_id.audit.study.sections import SECTIONS
from amber_id.audit.study.session_names import named_sessions, under_all_names
from amber_id.audit.study.shared import Shared
from amber_id.audit.study.split import study_split
from amber_id.audit.study.stages import Stages, hash_of
from amber_id.audit.study.study import Study
from amber_id.audit.study.summary import results_of
from amber_id.audit.study.training import Trained
from amber_id.audit.study.tried import with_enough_people, with_their_signals
from amber_id.corpora import CORPUS_FILE
from amber_id.errors import UsageError
from amber_id.motion import FeatureConfig
from amber_id.protocols import Leak
from amber_id.protocols.leaks import refuse
from amber_id.results import StudyResults
from amber_id.score_files import ScoreFile
from amber_id.training import versions
from amber_id.training.named import training_of


@dataclass(frozen=True)
class Audit:
    """A study that was run, for whoever asks more of its clips and of its attackers."""

    study: Study
    trained: Trained
    cells: Mapping[str, Cell]
    results: StudyResults
    allowed: tuple[Leak, ...]  # leaks that were known and meant

    @property
    def scores(self) -> dict[str, ScoreFile]:
        """Those of the strongest attacker of each cell."""
        return {name: cell.score_file for name, cell in self.cells.items()}


# What more is asked changes nothing in what was asked before.
_ASKED_APART = {"full", "references", "attributes", "wanted", "groups"}


def run_study(
    sets: RecordingsOf,
    out: Path,
    config: StudyConfig | None = None,
    *,
    device: str = "auto",
    allow: Collection[str] = (),
    reasons: Mapping[str, str] = MappingProxyType({}),
    on_stage: Callable[[str, bool], None] | None = None,
    on_epoch: Callable[..., None] | None = None,
) -> tuple[StudyResults, dict[str, ScoreFile]]:
    """Audit originals, anonymised clips, or both.

    `on_stage` is called with the name of each stage as it begins, and whether it was done before. The scores
    are those of the strongest attacker of each cell. `allow` names leaks that are known and meant; results
    name them. `reasons` say of clips why they are lost under one condition, where no ``failures.csv`` beside
    the recordings does.

    Raises
    ------
    LeakError
        If clips of different partitions are copies of each other, or an anonymised clip bears a wrong name.
    UsageError
        If there is no set of recordings.
    CorpusError
        If the sets do not fit together, or nobody has two usable clips.
    SplitError
        If there are too few people, or the split in `out` is not of them.
    """
    audit = run_audit(
        sets, out, config, device=device, allow=allow, reasons=reasons, on_stage=on_stage, on_epoch=on_epoch
    )
    return audit.results, audit.scores


def run_audit(
    sets: RecordingsOf,
    out: Path,
    config: StudyConfig | None = None,
    *,
    device: str = "auto",
    allow: Collection[str] = (),
    reasons: Mapping[str, str] = MappingProxyType({}),
    on_stage: Callable[[str, bool], None] | None = None,
    on_epoch: Callable[..., None] | None = None,
    shared: Shared | None = None,
) -> Audit:
    """Audit originals, anonymised clips, or both, as `run_study` does and with what it raises.

    What was computed by other studies of the same originals is taken from `shared`, and is left there;
    `allow` may then name leaks of theirs.
    """
    began = time.perf_counter()
    if not sets:
        raise UsageError("expected originals, anonymised clips, or both; name a folder")
    study = _begun(
        sets,
        out,
        config or StudyConfig(),
        device,
        reasons,
        on_stage or (lambda _name, _before: None),
        on_epoch,
        shared or Shared(),
    )
    leaks = study.stages.done(
        "leaks",
        tuple[Leak, ...],
        partial(find_study_leaks, study.bare(), study.split, readings=study.readings),
    )
    named = allow if shared is None else {leak.key for leak in leaks} & set(allow)
    allowed = refuse(leaks, named, listed_in=str(study.stages.folder / "leaks.json"))
    answers: dict[str, Any] = {}
    for section in SECTIONS:
        answers[section.name] = section.answer(study, answers)
    results = results_of(study, answers, allowed, began)
    return Audit(study, answers["training"], answers["matrix"], results, allowed)


def _begun(
    sets: RecordingsOf,
    out: Path,
    config: StudyConfig,
    device: str,
    reasons: Mapping[str, str],
    on_stage: Callable[[str, bool], None],
    on_epoch: Callable[..., None] | None,
    shared: Shared,
) -> Study:
    """The clips of a study and their division, and whether its stages are of just these."""
    on_stage("clips", False)
    require_attributes([recordings.root for recordings in sets.values()], config)
    attackers, without_signals = with_their_signals(sets, config.attackers)
    features = dict.fromkeys(config.used(training_of(name).features) for name in attackers)
    utterance_of = _utterances(sets, config)
    clips = study_clips(
        sets,
        out,
        features,
        also=_features_of_sections(sets, config),
        beside=shared.folders,
        reasons=reasons,
        on_recording=shared.readings.keep,
    )
    shared.folders.append(out)
    division = config.divided_as(len(clips.recordings.subjects))
    config = config.model_copy(update={"split": division})
    sessions = named_sessions(sets, out, division)
    split = study_split(clips, out, division)
    session_of = sessions if split.across_sessions else None
    attackers, with_few_people = with_enough_people(attackers, split, config)
    settings = config.model_dump(mode="json", exclude=_ASKED_APART)
    depends_on = hash_of(
        *(settings, clips.recordings.content_hash(), split.content_hash(), versions(), utterance_of),
        *(() if session_of is None else (session_of,)),
    )
    stages = Stages(out / "stages", depends_on, on_stage)
    not_tried = (*without_signals, *with_few_people)
    return Study(
        sets,
        clips,
        split,
        config,
        attackers,
        out,
        stages,
        device,
        shared,
        hash_of(
            *(settings, split.content_hash(), versions(), attackers),
            *_of_originals(clips, utterance_of, session_of),
        ),
        on_epoch,
        not_tried,
        utterance_of,
        session_of,
    )


def _features_of_sections(sets: RecordingsOf, config: StudyConfig) -> set[FeatureConfig]:
    """What the sections need of all clips besides what the attackers do."""
    return {
        config.used(each)
        for section in SECTIONS
        if section.features is not None and section.belongs(tuple(sets), config)
        for each in section.features(config)
    }


def _of_originals(clips: StudyClips, *facts: Mapping[str, str] | None) -> tuple[Any, ...]:
    """The originals among the clips of a study, and what is told of them, as far as it matters."""
    originals = clips.under("original")
    of_clips = [[each.get(entry.clip) for entry in originals.entries] for each in facts if each is not None]
    return originals.content_hash(), [known is not None for known in facts], of_clips


def _utterances(sets: RecordingsOf, config: StudyConfig) -> dict[str, str] | None:
    """What is said in each clip, by its id with each condition and without; None where all are compared."""
    if not config.evaluation.different_utterances:
        return None
    known = CorpusFacts.read(sets).utterance
    present = {entry.clip for recordings in sets.values() for entry in recordings.entries} & known.keys()
    roots = " and ".join(str(recordings.root / CORPUS_FILE) for recordings in sets.values())
    require_utterances([known[clip] for clip in present], len(present), roots)
    return under_all_names(known, sets)
