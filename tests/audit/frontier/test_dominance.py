"""Who is dominated, by values and by intervals."""

from itertools import product
from types import SimpleNamespace

import numpy as np

from amber_id.audit.frontier.dominance import dominated_by, is_clearly_dominated


def test_dominance_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    values = {f"{i}": (round(eer, 1), round(kept, 1)) for i, (eer, kept) in enumerate(rng.random((30, 2)))}
    for name in values:
        expected = []
        for other in values:
            no_worse = values[other][0] >= values[name][0] and values[other][1] >= values[name][1]
            better = values[other][0] > values[name][0] or values[other][1] > values[name][1]
            if no_worse and better:
                expected.append(other)
        assert list(dominated_by(name, values)) == expected
    assert {name for name in values if not dominated_by(name, values)}  # somebody is at the front


def test_equals_do_not_dominate_each_other() -> None:
    values = {"one": (0.3, 0.9), "other": (0.3, 0.9), "better": (0.3, 0.95)}
    assert dominated_by("one", values) == ("better",)
    assert dominated_by("better", values) == ()


def test_clearly_means_both_differences_of_one_point_lie_above_zero() -> None:
    def with_lows(*lows: tuple[float, float]) -> bool:
        names = [str(i) for i in range(len(lows))]

        def less(_name: str, other: str) -> tuple[SimpleNamespace, SimpleNamespace]:
            eer, utility = lows[int(other)]
            return SimpleNamespace(low=eer), SimpleNamespace(low=utility)

        return is_clearly_dominated("own", names, less)

    for eer, utility in product((-0.1, 0.1), repeat=2):
        assert with_lows((eer, utility)) == (eer > 0 and utility > 0)
    assert not with_lows((0.1, -0.1), (-0.1, 0.1))  # each is shown better in one thing only
    assert not with_lows()
