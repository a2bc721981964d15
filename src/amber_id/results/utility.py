"""What is left of the expression after anonymisation: the schema of the utility part of a study.

Every figure compares an anonymised clip with its own original. A mean is over clips, its interval over
subjects; `chance` is what the same measure gives where an original is held against the anonymised clip of
somebody else. What could not be measured is None and says why, never 0.
"""

from typing import Literal

from amber_id.biometrics import Estimate
from amber_id.results.figures import ConditionName, Difference, FailedClip, Frozen, Rate

Part = Literal["eyes", "eyebrows", "lips", "cheeks", "head"]
EventName = Literal["blinks", "smiles", "lip closures"]
Unit = Literal["coefficient", "degrees", "eye distances"]
"""Units of channels; an eye distance is that between the outer corners of the eyes of the mean face."""


class Average(Frozen):
    """A mean over clips and its interval over subjects; guessing says nothing about it."""

    value: float
    low: float
    high: float
    level: float

    @classmethod
    def of(cls, estimate: Estimate) -> "Average":
        """An estimate, as it is written."""
        return cls.model_validate(estimate, from_attributes=True)


class ChannelResult(Frozen):
    """One way in which faces move, over the clips in which the original moves in it.

    Movement is that about the clip's mean, so that the face at rest has no part in it.
    """

    name: str
    part: Part
    unit: Unit
    clips: int
    subjects: int
    correlation: Rate | None  # Pearson's, at the clip's best lag; 0 where the anonymised face stands still
    amplitude: Average | None  # standard deviation of the anonymised movement over that of the original
    error: Average | None  # mean absolute difference of the movements, in the channel's unit
    offset: Average | None  # absolute difference of the means of the two clips, in the channel's unit
    not_measured: str | None  # why the figures are None


class EventResult(Frozen):
    """Events of one kind, and whether both videos show them at the same time.

    An event of one video is matched if the other has one, its own, at most `tolerance_s` away.
    """

    name: EventName
    tolerance_s: float
    original: int
    anonymised: int
    matched: int  # pairs of events
    per_minute: dict[ConditionName, float] | None  # None where no clip could be searched
    precision: Rate | None  # share of the anonymised events that the original has
    recall: Rate | None  # share of the original events that the anonymised video has
    f1: Rate | None
    timing_s: Average | None = None  # time between the two of a pair; at most `tolerance_s`
    not_measured: str | None  # why one of the three is None


class EmotionResult(Frozen):
    """How well emotions, named in ``corpus.csv``, are read by what learnt from originals of other people.

    Rates are balanced accuracies: the mean over emotions of the share of their clips that are read right.
    """

    emotions: tuple[str, ...]  # those that enough people show
    clips: int  # that show one of them
    subjects: int
    original: Rate | None = None  # chance: one over the number of emotions
    anonymised: Rate | None = None
    lost: Difference | None = None  # of originals less that of anonymised clips
    # How often it is as high where the emotions of each person's clips are permuted
    p_values: dict[ConditionName, float] | None = None
    not_measured: str | None  # why these are None


class LagResult(Frozen):
    """How much later the anonymised movement comes, in seconds: median and quartiles over clips."""

    median_s: float
    low_s: float
    high_s: float
    clips: int
    at_limit: int  # clips with the longest lag that was tried, so that the true one may be longer


class UtilityCounts(Frozen):
    """What the figures rest on."""

    clips: int
    measured_clips: int  # the others are failures
    subjects: int  # that have a measured clip
    seconds: float  # in which both videos of a measured clip show a face


class UtilityResult(Frozen):
    """How much expression survived.

    `expression` is the one number to set against privacy: in each clip, the mean correlation over the
    channels that are measured on landmarks and move in it; then the mean over clips. Every tracker and every
    anonymiser has these channels, so the numbers of several can be compared; `coefficients` is the same over
    blendshapes, for which that is not so. Correlation does not see how large a movement is; `concordance`
    does: Lin's coefficient ("A concordance correlation coefficient to evaluate reproducibility", Biometrics
    45, 1989) of movements about the clip's mean, 2 r a / (1 + a^2) for correlation r and amplitude a. What
    an earlier version did not measure is None, too.
    """

    expression: Rate | None  # None where the originals do not move
    concordance: Rate | None = None  # as `expression`, and each clip's movement as large as the original's
    coefficients_concordance: Rate | None = None
    amplitude: Average | None = None  # as that of a channel, over the channels of `expression`
    jitter: Average | None = None  # the same of accelerations, which tremor and noise enlarge
    coefficients: Rate | None  # None where one side has no blendshapes, or they do not move
    parts: dict[Part, Rate]  # as `expression`, over the channels of one part of the face
    follows: Rate | None  # mean share of other originals that a clip's own one fits better than
    channels: tuple[ChannelResult, ...]
    events: tuple[EventResult, ...]
    emotion: EmotionResult | None = None  # None where nobody asked
    lag: LagResult | None
    frames_lost: dict[ConditionName, Average]  # share of a clip's frames without a face
    counts: UtilityCounts
    failures: tuple[FailedClip, ...]
