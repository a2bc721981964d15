"""Would this study have recognised a habit, had there been one?

Names are permuted over the clips, so that nobody is left to be recognised, and every name is given a habit:
it moves each part of the face by a factor of its own, about the face at rest. The natural logarithm of the
factors is drawn from a normal distribution whose standard deviation is the *spread*. `moments`, in the view
motion, is then fitted and tested as everywhere: so many people, so many clips, these very movements. Where
even a strong habit is not recognised, it says nothing that nobody was recognised.

What one name's clips owe to the people they are really of stays in them, as noise: the study would recognise
a habit of real people somewhat more easily.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from amber_id.attackers.moments import variance_components
from amber_id.audit.ablations.clip_statistics import ClipStatistics, attacked, fitting
from amber_id.audit.ablations.regions import PARTS
from amber_id.biometrics import Comparisons
from amber_id.face_mesh import points_of
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_recognition
from amber_id.motion import WindowSet
from amber_id.protocols import Split, labelled
from amber_id.recordings import RecordingSet
from amber_id.results import PlantedHabits, SensitivityResult

SPREADS = (0.1, 0.2, 0.4)  # 0.1: two people of three move within 10 % of the mean
_STILL = 1e-6  # below any movement; keeps the logarithm of one that is none


def sensitivity_of(
    statistics: ClipStatistics,
    recordings: RecordingSet,
    split: Split,
    config: EvaluationConfig,
    *,
    cell: str,
) -> SensitivityResult:
    """EER of planted habits of several strengths; `statistics` are of the recordings in the view motion.

    Raises
    ------
    TrainingError
        If there is too little to fit to.
    """
    windows = statistics.windows
    permuted = labelled(recordings, "permuted-labels", seed=config.seed)
    subject_of = {entry.clip: entry.subject for entry in permuted.entries}
    names = [subject_of[entry.clip] for entry in windows.entries]
    points = []
    for spread in SPREADS:
        changed = with_habits(windows, names, spread=spread, seed=config.seed)
        planted = ClipStatistics.of(changed, counted=statistics.counted)
        comparisons = Comparisons.pool(attacked(planted.labelled(permuted), split))
        eer, recognition = judged_recognition(comparisons, config)
        points.append(PlantedHabits(x=spread, eer=eer, less=None, recognition=recognition))
    smallest, own = _smallest_recognised(points), spread_of_people(windows)
    return SensitivityResult(
        name="planted habits",
        verdict="warn" if smallest is None else "pass",
        evidence=_evidence(smallest, own, points[-1]),
        cell=cell,
        eer=points[-1].eer,
        recognition=points[-1].recognition,
        points=tuple(points),
        smallest_recognised=smallest,
        spread_of_people=own,
        fit=fitting(statistics, split),
    )


def with_habits(windows: WindowSet, names: Sequence[str], *, spread: float, seed: int) -> WindowSet:
    """These clips, each with the habit of its name; habits of one seed differ in size alone."""
    everybody, who = np.unique(names, return_inverse=True)
    drawn = np.random.default_rng([seed, 3]).standard_normal((len(everybody), len(PARTS)))
    factors = np.exp(spread * drawn)[who][:, _part_of_vertex(windows)].astype(np.float32)
    return windows.changed(lambda frames, clip: frames * factors[clip])


def spread_of_people(windows: WindowSet) -> float:
    """By how much these people themselves differ in how far they move each part of the face.

    Standard deviation between people of the logarithm of a clip's movement (root mean square about rest), by
    analysis of variance; its mean over the parts.
    """
    between, _ = variance_components(_log_movement(windows), windows.subject_of_clip)
    return float(np.sqrt(between).mean())


def _log_movement(windows: WindowSet) -> Float[np.ndarray, "M P"]:
    """The logarithm of the movement in each clip, by part of the face."""
    part = _part_of_vertex(windows)
    energy, frames = np.zeros((len(windows.entries), len(PARTS))), np.zeros(len(windows.entries))
    for first, length, clip in zip(
        windows.segment_first, windows.segment_length, windows.segment_clip, strict=True
    ):
        squares = (windows.frames[first : first + length].astype(np.float64) ** 2).sum(axis=(0, 1))
        energy[clip] += np.bincount(part, squares, minlength=len(PARTS))
        frames[clip] += length
    return np.log(energy / frames[:, None] + _STILL**2) / 2


def _part_of_vertex(windows: WindowSet) -> Int[np.ndarray, " V"]:
    points = np.array(windows.config.points)
    return np.argmax([np.isin(points, points_of(part)) for part in PARTS], axis=0)


def _smallest_recognised(points: Sequence[PlantedHabits]) -> float | None:
    """The smallest spread that is recognised, and every larger one too."""
    smallest = None
    for point in reversed(points):
        if point.recognition.outcome != "recognised":
            break
        smallest = point.x
    return smallest


def _evidence(smallest: float | None, own: float, strongest: PlantedHabits) -> str:
    finding = (
        f"Planted habits are recognised from a spread of {smallest:g} on."
        if smallest is not None
        else "Even the strongest planted habits were not recognised, so a null result is uninformative here."
    )
    return (
        f"{finding} With a spread of {strongest.x:g} their EER is {strongest.eer.value:.2f}; the spread of "
        f"these people's own movements is {own:.2f}."
    )
