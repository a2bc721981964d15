"""Which comparisons count, where not all do?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amber_id.biometrics.comparisons import Comparisons
from amber_id.biometrics.sessions import across_sessions
from amber_id.biometrics.utterances import of_different_utterances


@dataclass(frozen=True)
class CountedPairs:
    """A rule by which comparisons count: all of them, unless a mapping says of clips what keeps two apart.

    With `utterance_of`, by the name of a clip, comparisons of different utterances count only; with
    `session_of`, mated comparisons of different sessions only.
    """

    utterance_of: Mapping[str, str] | None = None
    session_of: Mapping[str, str] | None = None

    def of(self, comparisons: Comparisons, clips: Sequence[str]) -> Comparisons:
        """Those that count; `clips` names each clip that the comparisons number."""
        if self.utterance_of is not None:
            comparisons = of_different_utterances(comparisons, clips, self.utterance_of)
        if self.session_of is not None:
            comparisons = across_sessions(comparisons, clips, self.session_of)
        return comparisons


ALL_PAIRS = CountedPairs()
"""All comparisons count."""
