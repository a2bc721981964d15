"""What limits the interval of an EER?"""

from amber_id.biometrics import Estimate

FEW_SUBJECTS = 30
_FEW_DEGREES = 5  # of freedom


def interval_limits(eer: Estimate) -> tuple[str, ...]:
    """Where an interval is wider than one would like, or less sure than it states; in whole sentences."""
    limits = []
    if eer.n_deciding < FEW_SUBJECTS:
        limits.append(
            f"Only {eer.n_deciding} people decide the figure, so the interval is wide. In simulated studies "
            "of 12 people, intervals at level 0.95 held the truth in 85 to 99 % of them (docs/coverage.md)."
        )
    if eer.degrees_of_freedom < min(_FEW_DEGREES, eer.n_subjects - 1):
        limits.append(
            f"A few people decide the figure: its spread between {eer.n_subjects} people is known no better "
            f"than from {eer.degrees_of_freedom + 1:.0f} people who are alike, so the interval is wide."
        )
    return tuple(limits)
