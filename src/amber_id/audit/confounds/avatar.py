"""Could people be told apart by the avatar that shows them?

An avatar has a face and a manner of its own. If two anonymised clips of one person show the same avatar more
often than two clips of two people do, whoever recognises avatars seems to recognise people. Which avatar a
clip shows is said by the column ``avatar`` of ``corpus.csv`` or, where that is silent, by the header of its
recording. It is tested as other properties are, with scores of 1 and 0; where nothing says it, nothing is
checked, and a study is as it was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.corpus_facts import of_unknown_clips
from amber_id.audit.confounds.evidence import percent_spaced
from amber_id.audit.confounds.scopes import Judged, Scopes, asked_of_names
from amber_id.audit.confounds.studied import StudiedClips
from amber_id.audit.confounds.telling import Alike
from amber_id.results.checks import Check


@dataclass(frozen=True, eq=False)
class AvatarCheck:
    """Whether the avatar goes with the person, among the anonymised clips of which it is known."""

    avatars: tuple[str, ...]  # of each of these clips
    unknown: int  # number of other clips
    scopes: Scopes
    likeness: Alike | None

    @property
    def p_values(self) -> dict[str, float]:
        """The p values of its tests, by a name that is unique in a study."""
        return self.scopes.p_values

    def judged(self, corrected: Mapping[str, float], config: ConfoundConfig) -> Check:
        """The verdict, given the corrected p values of all tests of the study."""
        judged = self.scopes.judged(corrected, level=config.level, invalid_eer=config.invalid_eer)
        different = len(set(self.avatars))
        figures = {"clips": float(len(self.avatars)), "avatars": float(different)}
        if self.likeness is not None:
            figures |= {"share_of_mated": self.likeness.mated, "share_of_nonmated": self.likeness.nonmated}
        untested = self.likeness is None and different > 1
        return Check(
            name="avatar",
            verdict="not_checked" if untested else judged.verdict,
            evidence=percent_spaced(self._evidence(judged) + of_unknown_clips(self.unknown)),
            condition="anonymised",
            figures=figures | judged.figures,
        )

    def _evidence(self, judged: Judged) -> str:
        if len(set(self.avatars)) == 1:
            return f"All {len(self.avatars)} clips show one avatar, so it tells nobody apart."
        if self.likeness is None:
            return (
                "The clips show several avatars. Whether the avatar goes with the person cannot be tested: "
                "that takes two people, one of them with two clips."
            )
        shares = (
            f"two clips of one person show the same avatar in {self.likeness.mated:.0%} of comparisons, of "
            f"two people in {self.likeness.nonmated:.0%}"
        )
        if not judged.telling:
            return f"The avatar does not go with the person: {shares}, which is no more than by chance."
        return (
            f"The avatar tells people apart: {shares}, {judged.by_itself}{judged.consequence}. Show "
            "everybody by the same avatars, or audit each avatar as a condition of its own."
        )


def avatar_checks(clips: StudiedClips) -> Iterator[AvatarCheck]:
    """The avatars of anonymised clips, where anything says which they are."""
    anonymised = clips.conditions.get("anonymised")
    if anonymised is None:
        return
    look_of = {
        entry.clip: clips.facts.avatar.get(entry.clip) or (entry.avatar.look if entry.avatar else None)
        for entry in anonymised.entries
    }
    known = tuple(entry for entry in anonymised.entries if look_of[entry.clip] is not None)
    if not known:
        return
    avatars = tuple(str(look_of[entry.clip]) for entry in known)
    scopes, likeness = asked_of_names(
        "avatar", avatars, known, permutations=clips.config.permutations, seed=clips.seed("avatar")
    )
    yield AvatarCheck(avatars, len(anonymised.entries) - len(known), scopes, likeness)
