"""How are some subjects drawn from many, so that every source gives its share?

Subjects are put in random order within their source, one source after the other. Whoever draws every third
of that order draws a third of each source, to within less than one person. The result depends on the
subjects, their sources and the generator alone, not on the order in which they come.
"""

from collections.abc import Mapping, Sequence

import numpy as np


def deal(source_of: Mapping[str, str], n_groups: int, rng: np.random.Generator) -> dict[str, int]:
    """Deal subjects into groups like cards; sizes differ by one at most, of a source as of all."""
    return {subject: i % n_groups for i, subject in enumerate(_shuffled_by_source(source_of, rng))}


def draw(source_of: Mapping[str, str], n: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw n subjects, evenly spaced in the shuffled order, so that each source gives its share."""
    order = _shuffled_by_source(source_of, rng)
    if n == 0 or not order:
        return ()
    # A random offset decides which source gets the odd subject.
    positions = (np.arange(n) * len(order) / n + rng.uniform(0, len(order) / n)).astype(int)
    return tuple(order[i] for i in positions)


def in_proportion(n: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Whole numbers that add up to n, in proportion to the weights by largest remainder.

    Of equal remainders the first wins.

    >>> in_proportion(161, (112, 14, 35)), in_proportion(10, (112, 14, 35))
    ((112, 14, 35), (7, 1, 2))
    """
    whole = [n * weight // sum(weights) for weight in weights]
    left = sorted(range(len(weights)), key=lambda i: (-(n * weights[i] % sum(weights)), i))
    for i in left[: n - sum(whole)]:
        whole[i] += 1
    return tuple(whole)


def _shuffled_by_source(source_of: Mapping[str, str], rng: np.random.Generator) -> list[str]:
    """Subjects in random order within a source, one source after the other."""
    order: list[str] = []
    for source in sorted(set(source_of.values())):
        members = sorted(s for s, of in source_of.items() if of == source)
        order += [members[i] for i in rng.permutation(len(members))]
    return order
