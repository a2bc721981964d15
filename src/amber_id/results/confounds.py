"""What a confound check found, as it stands in a results file.

A confound is something other than motion of the face that tells people apart in the clips of a study.
"""

from typing import Literal

from amber_id.results.figures import ConditionName, Frozen

Verdict = Literal["pass", "warn", "invalid", "not_checked"]


class Confound(Frozen):
    """One check and what came of it.

    `pass`: nothing was found. `warn`: there is something, which figures must be read with. `invalid`: a
    headline could come from it alone. `not_checked`: these clips do not say.
    """

    name: str  # of the check, e.g. "frame_rate"; the same in every study
    verdict: Verdict
    evidence: str  # one sentence for people, with its numbers
    condition: ConditionName | None  # the clips it is about; None for all
    figures: dict[str, float]  # what the verdict rests on; rates and shares are fractions
