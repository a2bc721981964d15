"""What is known of several conditions before anything is tracked? Whom they share, and what it takes."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from amber_id.audit.conditions.cells import cells_asked
from amber_id.audit.conditions.trainings import letter_of, stage_of, trainings_of
from amber_id.audit.conditions.wording import listed
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.outlook import Outlook, are_copies, clips_of
from amber_id.audit.study.scenarios import needs_pairs
from amber_id.audit.study.stage_list import stages_of_study
from amber_id.audit.study.training import seconds_of_training
from amber_id.errors import CorpusError, UsageError
from amber_id.motion.pairs import ORIGINAL
from amber_id.protocols import PROTOCOLS, ByPeople, SplitConfig
from amber_id.results import ConditionName

# A further condition's share of what the first takes of a stage: what rests on originals is there already.
_ANEW = 0.45
_TOGETHER = "clips of all conditions"
_MATRIX = "matrix of all conditions"
_OF_CLIPS, _OF_CELL = 5.0, 3.0  # seconds of a condition, and of a cell


def look_ahead_together(folders: Mapping[str, Path], config: StudyConfig) -> tuple[str, ...]:
    """Whom all of these conditions share, which cells the matrix has, and what all takes, in sentences.

    Raises
    ------
    CorpusError
        If nobody has two clips that all conditions have.
    SplitError
        If those who have are too few.
    UsageError
        If two conditions are the same files, or mated comparisons are to count across sessions only.
    """
    looked_at = {name: clips_of(folder) for name, folder in folders.items()}
    shared = sorted(set.intersection(*(set(each.person_of) for each in looked_at.values())))
    person_of = next(iter(looked_at.values())).person_of
    of_person = Counter(person_of[clip][0] for clip in shared)
    clips = {
        subject: tuple(clip for clip in shared if person_of[clip][0] == subject)
        for subject, n in sorted(of_person.items())
        if n >= 2
    }
    if not clips:
        examples = ", ".join(f"{name} has {min(each.person_of)}" for name, each in looked_at.items())
        raise CorpusError(
            f"expected people with two clips that every condition has, got none: {examples}; give every "
            "condition the same clips of the same people"
        )
    for one, other in combinations(looked_at, 2):
        if one != ORIGINAL and are_copies(*([looked_at[n].path_of[c] for c in shared] for n in (one, other))):
            raise UsageError(
                f"--anonymised {other}={folders[other]}: has the very files of {one}; name what another "
                "anonymiser wrote"
            )
    sources = {subject: person_of[own[0]][1] for subject, own in clips.items()}
    division = config.divided_as(len(clips))
    check_protocol(division)
    Outlook(clips, (), sources, {}, {}).divide(division)
    names = tuple(folders)
    cells = sum(1 for _ in cells_asked(names, trainings_of(names)))
    anonymised = [name for name in names if name != ORIGINAL]
    alone = sum(stages_of_study(_kinds(ORIGINAL in names), config).values())
    every = sum(stages_of_conditions(anonymised, config, originals=ORIGINAL in names).values())
    return (
        f"matrix of {listed(names)}: all have {sum(map(len, clips.values()))} clips of {len(clips)} people; "
        f"{cells} cells: two clips of each condition, and originals against each, by who learnt from each, "
        f"from all, and from all avatars but the one met; about {every / alone:.1f} times the time of one "
        "anonymised condition alone, without tracking",
    )


def check_protocol(division: SplitConfig | ByPeople) -> None:
    """Refuse a protocol by which the matrix does not compare clips.

    Raises
    ------
    UsageError
        If mated comparisons across sessions alone are asked for.
    """
    if isinstance(division, SplitConfig) and PROTOCOLS[division.protocol].across_sessions:
        raise UsageError(
            f"protocol {division.protocol}: the matrix of several conditions counts all mated comparisons; "
            "audit each condition by itself, without a name"
        )


def stages_of_conditions(
    anonymised: Sequence[str],
    config: StudyConfig,
    *,
    originals: bool,
    tracked: Collection[str] = (),
    originals_tracked: bool = False,
) -> dict[str, float]:
    """Every stage by its name, in order, with its usual seconds; `tracked` are the conditions of videos."""
    kinds = _kinds(originals)
    tracking = stages_of_study(kinds, config, kinds)
    stages = {name: tracking[name] for name in ["tracking original clips"] if originals and originals_tracked}
    stages |= {
        f"{name}: tracking anonymised clips": tracking["tracking anonymised clips"] for name in tracked
    }
    for number, name in enumerate(anonymised):
        share = _ANEW if number and originals else 1.0
        own = stages_of_study(kinds, config)
        stages |= {f"{name}: {stage}": seconds * share for stage, seconds in own.items()}
    names = (ORIGINAL, *anonymised) if originals else tuple(anonymised)
    trainings = trainings_of(names)
    stages[_TOGETHER] = _OF_CLIPS * len(names)
    stages |= {
        stage_of(training, name): seconds_of_training(name, config) * len(training.learnt_from)
        for training in trainings
        if len(training.learnt_from) > 1 and not any(letter_of(training, name) for name in anonymised)
        for name in config.attackers
        if originals or not needs_pairs(name)
    }
    return stages | {_MATRIX: _OF_CELL * sum(1 for _ in cells_asked(names, trainings))}


def _kinds(originals: bool) -> tuple[ConditionName, ...]:
    """The conditions of the study of one anonymised condition."""
    return ("original", "anonymised") if originals else ("anonymised",)
