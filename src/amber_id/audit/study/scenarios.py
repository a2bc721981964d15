"""The threat matrix: what does an attacker know, and what does it meet?

Three letters, train / enrol / probe, each O(riginal), A(nonymised) or B(oth). The attacker learnt from people
of one kind of clips, holds enrolled clips of one kind, and is shown probes of one kind; the people of train,
dev and test never overlap. Whoever has anonymised clips of people whose names are known (A, B) has made them
or holds their originals: pairs, from which an attacker may learn a map. One that learnt from originals alone
has none. Thresholds, fusion and the strongest attacker are chosen on dev people who were enrolled and probed
as in the cell.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from amber_id.attackers.names import named_attacker
from amber_id.audit.attack.tested import EmbeddedClips, Tested
from amber_id.motion import INVERSIONS
from amber_id.motion.pairs import name_of_condition
from amber_id.results import ConditionName

CONDITIONS_OF: Mapping[str, tuple[ConditionName, ...]] = {
    "O": ("original",),
    "A": ("anonymised",),
    "B": ("original", "anonymised"),
}


@dataclass(frozen=True)
class Scenario:
    """One cell; `story` says who would attack so."""

    letters: str
    story: str

    @property
    def train(self) -> str:
        """O, A or B."""
        return self.letters[0]

    @property
    def conditions(self) -> tuple[ConditionName, ConditionName]:
        """How clips are enrolled, and how they are probed."""
        (enrol,), (probe,) = CONDITIONS_OF[self.letters[1]], CONDITIONS_OF[self.letters[2]]
        return enrol, probe


SCENARIOS = (
    Scenario("OOO", "No anonymisation: what motion and shape reveal, the ceiling of all other cells."),
    Scenario("OOA", "The attacker learnt from faces, has the face enrolled, and meets an avatar."),
    Scenario("OAA", "The attacker learnt from faces and links two anonymised clips."),
    Scenario("AAA", "The attacker learnt from anonymised clips and links two of them."),
    Scenario("BOA", "The attacker learnt from both, has the face enrolled, and meets an avatar."),
)


def scenarios_of(conditions: tuple[ConditionName, ...]) -> tuple[Scenario, ...]:
    """Those for which there are clips."""
    return tuple(
        scenario
        for scenario in SCENARIOS
        if all(set(CONDITIONS_OF[letter]) <= set(conditions) for letter in scenario.letters)
    )


def seen_in(scenario: Scenario, tested: Tested) -> Tested:
    """An attacker's clips of both conditions, as the enrolled and the probed ones of a scenario."""
    return seen_as(tested, *scenario.conditions, known=CONDITIONS_OF[scenario.train])


def seen_as(tested: Tested, enrol: str, probe: str, *, known: Collection[str]) -> Tested:
    """An attacker's clips as they are enrolled and probed; it has learnt from the conditions `known`."""
    return Tested(
        tuple(
            replace(
                fold,
                test=_enrolled_and_probed(enrol, probe, fold.test),
                dev=None if fold.dev is None else _enrolled_and_probed(enrol, probe, fold.dev),
                cohort=None if fold.cohort is None else under(known, fold.cohort),
            )
            for fold in tested.folds
        ),
        None
        if tested.left_out is None
        else tuple(clip for clip in tested.left_out if name_of_condition(clip) == probe),
    )


def _enrolled_and_probed(enrol: str, probe: str, clips: EmbeddedClips) -> EmbeddedClips:
    probed = under([probe], clips)
    return probed if enrol == probe else replace(probed, enrolled=under([enrol], clips).vectors)


def under(conditions: Collection[str], clips: EmbeddedClips) -> EmbeddedClips:
    """The clips of these conditions."""
    return clips.only({entry.clip for entry in clips.entries if name_of_condition(entry.clip) in conditions})


def own_cells(conditions: Collection[ConditionName]) -> dict[str, ConditionName]:
    """The cells that know one condition only, and which: OOO, AAA."""
    return {
        letter * 3: of_letter[0]
        for letter, of_letter in CONDITIONS_OF.items()
        if len(of_letter) == 1 and of_letter[0] in conditions
    }


def needs_pairs(name: str) -> bool:
    """Whether an attacker of this name learns from pairs of original and anonymised clips."""
    return INVERSIONS[named_attacker(name).inversion].is_learnt


def has_pairs(letter: str, conditions: Collection[ConditionName]) -> bool:
    """Whether who trains on these clips has pairs: anonymised clips of people of whom originals are there."""
    return "anonymised" in CONDITIONS_OF[letter] and "original" in conditions


def attackers_on(
    letter: str, conditions: Collection[ConditionName], names: Collection[str]
) -> tuple[str, ...]:
    """Those of the attackers that are trained on these clips, in their order."""
    return tuple(name for name in names if has_pairs(letter, conditions) or not needs_pairs(name))


def trained_on(conditions: Collection[ConditionName]) -> dict[str, tuple[ConditionName, ...]]:
    """The kinds of clips that attackers are trained on, by their letters, where there are such clips."""
    return {letter: kinds for letter, kinds in CONDITIONS_OF.items() if set(kinds) <= set(conditions)}
