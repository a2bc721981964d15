"""What limits the interval of an EER, and how is a rate written with its interval in a sentence?"""

from amber_id.biometrics import Estimate
from amber_id.results import Rate

FEW_SUBJECTS = 30
_FEW_DEGREES = 5  # of freedom


def as_percent(rate: Rate) -> str:
    """A rate with its interval, for a sentence: ``22.1 % [12.8, 31.5]``."""
    return f"{rate.value:.1%} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]".replace("%", " %")


def interval_limits(eer: Estimate) -> tuple[str, ...]:
    """Where an interval is wider than one would like, or less sure than it says."""
    said = []
    if eer.n_deciding < FEW_SUBJECTS:
        said.append(
            f"{eer.n_deciding} people are few: the interval is wide. In simulated studies of 12 people, "
            "intervals at level 0.95 held the truth in 85 to 99 % of studies (docs/coverage.md)."
        )
    if eer.degrees_of_freedom < min(_FEW_DEGREES, eer.n_subjects - 1):
        said.append(
            f"A few people decide the figure: how far it spreads between {eer.n_subjects} people is known no "
            f"better than from {eer.degrees_of_freedom + 1:.0f} alike, so that the interval is wide."
        )
    return tuple(said)
