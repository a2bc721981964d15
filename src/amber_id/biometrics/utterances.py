"""Which comparisons are of two clips that say different things?

Two clips of one sentence are alike whoever speaks, and two clips of one person in which the person says the
same are more alike than those of a person who is overheard. Figures over different utterances alone show what
is left of a person where the words are others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from amber_id.biometrics.comparisons import Comparisons


def of_different_utterances(
    comparisons: Comparisons, clips: Sequence[str], utterance_of: Mapping[str, str]
) -> Comparisons:
    """Those comparisons, mated and non-mated, of two clips known to have different utterances.

    Parameters
    ----------
    comparisons
        What was compared.
    clips
        The name of each clip that the comparisons number.
    utterance_of
        What is said in each clip, by its name; a clip that is not there has no comparison left.

    Returns
    -------
    Comparisons
        With the utterances, numbered alike whatever the clips, so that folds can be pooled.

    Examples
    --------
    >>> pairs = np.array([0, 0, 1]), np.array([1, 2, 2])
    >>> comparisons = Comparisons(np.array([0.9, 0.2, 0.4]), *pairs, subjects=np.array([0, 0, 1]))
    >>> utterance_of = {"a": "hello", "b": "hello", "c": "thanks"}
    >>> of_different_utterances(comparisons, ("a", "b", "c"), utterance_of).scores
    array([0.2, 0.4])
    """
    names = {name: i for i, name in enumerate(sorted(set(utterance_of.values())))}
    known = [utterance_of.get(clip) for clip in clips]
    utterance = np.array([-1 if each is None else names[each] for each in known], dtype=np.int64)
    enrolled, probed = utterance[comparisons.enrolment], utterance[comparisons.probe]
    counts = (enrolled != probed) & (enrolled >= 0) & (probed >= 0)
    return replace(comparisons.only(counts), utterances=utterance)
