"""Which of the attackers that are asked for are tried, and why not the others?

Some need signals that recordings lack. A network needs people to learn from: with few it finds less than
`moments` does, adds nothing measurable to a fusion, and takes most of the time of a study.
"""

import contextlib
from collections.abc import Mapping

from amber_id.attackers import ATTACKERS
from amber_id.attackers.names import named_attacker
from amber_id.audit.study.config import StudyConfig
from amber_id.errors import FileFormatError, UsageError
from amber_id.protocols import Split
from amber_id.recordings import RecordingSet, has_blendshapes
from amber_id.results import ConditionName
from amber_id.training.named import training_of


def with_their_signals(
    sets: Mapping[ConditionName, RecordingSet], attackers: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attackers that these recordings allow, and why not the others, in whole sentences.

    Raises UsageError if they allow none.
    """
    lacking = [name for name, recordings in sets.items() if not _has_blendshapes(recordings)]
    on_blendshapes = {name for name in attackers if training_of(name).features.signals == "blendshapes"}
    if not (lacking and on_blendshapes):
        return attackers, ()
    usable = tuple(name for name in attackers if name not in on_blendshapes)
    if not usable:
        raise UsageError(
            f"the recordings of {lacking[0]} clips have no blendshapes; name an attacker on landmarks"
        )
    reason = (
        f"{'; '.join(sorted(on_blendshapes))} could not be tried, since the recordings of "
        f"{' and '.join(lacking)} clips have no blendshapes."
    )
    return usable, (reason,)


def with_enough_people(
    attackers: tuple[str, ...], split: Split, config: StudyConfig
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attackers for which every fold has enough train people, and why not the others, in whole sentences.

    Raises UsageError if there are none.
    """
    people = min(len(split.subjects("train", fold)) for fold in range(len(split.folds)))
    networks = [name for name in attackers if ATTACKERS[named_attacker(name).attacker].is_network]
    if people >= config.network_from_people or not networks:
        return attackers, ()
    usable = tuple(name for name in attackers if name not in networks)
    if not usable:
        raise UsageError(
            f"network_from_people: no attacker is left, since there are {people} people to learn from, and "
            f"networks are tried from {config.network_from_people} on; name moments too, or lower the number"
        )
    reason = (
        f"Network not tried ({'; '.join(networks)}): {people} people to learn from, needed "
        f"{config.network_from_people}. With 20 to 26 it added nothing measurable to moments on synthetic "
        "people, which does not prove that it would find no more here; network_from_people = 0 in the "
        "configuration of the study tries it."
    )
    return usable, (reason,)


def _has_blendshapes(recordings: RecordingSet) -> bool:
    """Whether the first recording whose header can be read has them."""
    for entry in recordings.entries:
        with contextlib.suppress(FileFormatError):
            return has_blendshapes(entry.path)
    return False
