"""Which attackers have hardly learnt anything, so that what they do not find says nothing?

Two signs. The chosen epoch of a network is its first: nothing that came after did better on dev people. Or
all scores lie above 0.998: the embeddings are alike for everybody, the network has collapsed. Such an
attacker that recognises nobody is no evidence of privacy.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from amber_id.attackers import NETWORKS, CheckpointHeader

_ALIKE = 0.998  # cosine
_WEAK = "that it does not recognise people says little about privacy"


def remarks_on(
    name: str,
    headers: Sequence[CheckpointHeader],
    scores: Sequence[Float[np.ndarray, " _"]] = (),
) -> tuple[str, ...]:
    """What must be said of an attacker, in whole sentences; nothing where it has learnt.

    `headers` are those of the checkpoint of each fold, `scores` the cosines of the test comparisons of each,
    if they are known; else the lowest score of the dev people stands for them.
    """
    if headers[0].attacker not in NETWORKS or headers[0].control is not None:
        return ()  # without epochs it cannot collapse; a control shall learn nothing
    first = [header.fold for header in headers if header.epoch == 1]
    lowest = [float(each.min()) if len(each) else 0.0 for each in scores] or [
        header.dev.calibration.lowest if header.dev.calibration else 0.0 for header in headers
    ]
    alike = [header.fold for header, low in zip(headers, lowest, strict=True) if low > _ALIKE]
    remarks = []
    if first:
        remarks.append(
            f"{name}: the chosen epoch is the first{_where(first, headers)}, so nothing learnt later "
            f"did better on dev people; {_WEAK}. Look at log.csv of the run, and try a lower learning rate."
        )
    if alike:
        remarks.append(
            f"{name}: all scores lie above {_ALIKE}{_where(alike, headers)}: its embeddings are alike for "
            f"everybody, it has collapsed; {_WEAK}. Train it with a lower learning rate or more people."
        )
    return tuple(remarks)


def _where(folds: Sequence[int], headers: Sequence[CheckpointHeader]) -> str:
    if len(headers) == 1:
        return ""
    if len(folds) == len(headers):
        return " in every fold"
    return f" in fold {', '.join(map(str, folds))}"
