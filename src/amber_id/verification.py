"""Do two clips show one person, as far as a trained attacker can tell, and how far is that?

The score is the cosine of the clips' vectors. Calibrated on the dev people it is a likelihood ratio, and with
a prior a probability. It is no evidence either way among the scores that these people leave open: where the
95 % interval of the ratio over people holds 1 (:func:`amber_id.biometrics.undecided_scores`), and where the
ratio lies between 1/2 and 2, below the weakest support on the verbal scale of forensic science (ENFSI
guideline for evaluative reporting, 2015: from 2 on). Dev scores that separate leave the gap between them
open. All of that holds for clips like those of the training alone, so every figure comes with its limits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import gettempdir

import numpy as np
from scipy.special import expit, logit

from amber_id.atomic_files import scratch_folder
from amber_id.attackers import CheckpointHeader, load_attacker
from amber_id.biometrics import LinearCalibration, compare_all
from amber_id.corpora import Clip
from amber_id.embeddings import embed_clips
from amber_id.errors import ClipError, EvaluationError, UsageError
from amber_id.motion import load_windows
from amber_id.notation import percent
from amber_id.recordings import RecordingEntry, RecordingSet, read_header, save_recording
from amber_id.tracking import Landmarker, find_model, track_clip

_RECORDING = ".safetensors"
_WEAKEST = float(np.log(2))  # log-likelihood ratio from which on there is weak support


@dataclass(frozen=True)
class Verification:
    """What an attacker makes of two clips.

    `seen` are people of the clips on whom it was trained or chosen, where that is known.
    """

    header: CheckpointHeader
    score: float
    seen: tuple[str, ...]

    @property
    def undecided(self) -> tuple[float, float] | None:
        """The cosines that are no evidence either way, lowest and highest; None where none is evidence."""
        dev = self.header.dev
        line, known = dev.calibration, dev.undecided
        if line is None:
            # Sides that separated, before the gap was measured: their threshold lies within it.
            return known or ((dev.threshold, dev.threshold) if dev.auc == 1 else None)
        if line.slope == 0:
            return None
        low, high = ((sign * _WEAKEST - line.offset) / line.slope for sign in (-1, 1))
        return (low, high) if known is None else (min(low, known[0]), max(high, known[1]))

    @property
    def is_one_person(self) -> bool | None:
        """Whether the score is evidence for one person (True) or two (False); None if for neither."""
        if self.undecided is None:
            return None
        low, high = self.undecided
        if low <= self.score <= high and low < high:
            return None
        return self.score >= high

    @property
    def llr(self) -> float | None:
        """Natural-log likelihood ratio of one person against two; None where nothing is calibrated."""
        line = self.header.dev.calibration
        if line is None:
            return None
        return float(LinearCalibration(line.slope, line.offset).llrs(np.array([self.score]))[0])

    def probability(self, prior: float) -> float | None:
        """How probable one person is, if it was `prior` before; None where nothing is calibrated.

        Raises
        ------
        ValueError
            If `prior` does not lie in (0, 1).
        """
        if not 0 < prior < 1:
            raise ValueError(f"prior must lie in (0, 1), got {prior}")
        return None if self.llr is None else float(expit(self.llr + logit(prior)))

    def limits(self) -> Iterator[str]:
        """What the figures do not say, one clause each."""
        dev = self.header.dev
        yield (
            f"wrong in {percent(dev.eer)} of comparisons of {dev.subjects} dev people (EER; guessing: 50 %); "
            "of others in more, since the checkpoint was chosen on these"
        )
        yield from self._limits_of_calibration()
        yield "not valid for other cameras, trackers or anonymisers than those of the training"
        if self.seen:
            yield f"{', '.join(self.seen)} may have been trained or chosen on, which makes scores too good"

    def _limits_of_calibration(self) -> Iterator[str]:
        dev = self.header.dev
        if dev.calibration is not None:
            low, high = dev.calibration.lowest, dev.calibration.highest
            yield f"calibrated on the same {dev.subjects} people: optimistic, and rough where they are few"
            if dev.undecided is None:
                yield (
                    "the checkpoint is of an older version, which did not measure how well the likelihood "
                    "ratio is known: only ratios from 1/2 to 2 are taken for no evidence; train again"
                )
            if not low <= self.score <= high:
                yield (
                    f"the cosine {self.score:.3f} lies outside the calibrated scores, {low:.3f} to "
                    f"{high:.3f}: the likelihood ratio is a guess"
                )
        elif dev.auc == 1:
            yield (
                "no probability can be given: the dev scores of one person and of two do not overlap, so "
                "that any ratio would do; choose on more dev people"
            )
        else:
            yield (
                f"no probability can be given: dev scores are no higher for one person than for two (AUC "
                f"{dev.auc:.3f}); train a better attacker"
            )


def verify(
    checkpoint: Path, first: Path, second: Path, *, model: Path | None = None, device: str = "auto"
) -> Verification:
    """Compare two clips, each a video or a recording (``.safetensors``); videos are tracked with `model`.

    Raises
    ------
    ClipError
        If a clip cannot be tracked, or too little of it.
    EvaluationError
        If the checkpoint knows nobody, since its labels were permuted; if the point sets differ; if neither
        clip is usable.
    FileFormatError
        If the checkpoint or a recording is cut off or of another kind.
    UsageError
        If both are the same file.
    """
    if first.resolve() == second.resolve():
        raise UsageError(f"expected two clips, got {first} twice")
    header, attacker = load_attacker(checkpoint, device)
    if header.control is not None:
        raise EvaluationError(
            f"{checkpoint}: trained with the control {header.control}, so it recognises nobody; name a "
            "checkpoint that was trained without --control"
        )
    with scratch_folder(Path(gettempdir())) as folder:
        clips = [_entry(path, folder / f"{n}{_RECORDING}", model) for n, path in enumerate((first, second))]
        for entry in clips:
            header.check_point_set(entry.point_set, entry.clip)
        windows = load_windows(RecordingSet(folder, tuple(clips)), header.features)
        for failure in windows.failures:
            raise ClipError(failure.clip, failure.reason)
        vectors = embed_clips(attacker, windows)
    # By the very arithmetic that made the dev scores; that both are subject 0 changes no score.
    score = float(compare_all(vectors, np.zeros(2, np.int64)).scores[0])
    known = set(header.train_subjects) | set(header.dev_subjects)
    return Verification(header, score, tuple(sorted({entry.subject for entry in clips} & known)))


def _entry(path: Path, tracked: Path, model: Path | None) -> RecordingEntry:
    """The recording of a clip, named as the user named it; that of a video is made at `tracked`."""
    recorded = path
    if path.suffix.lower() != _RECORDING:
        clip = Clip(id=str(path), subject="", source="", path=path)
        save_recording(track_clip(clip, Landmarker(find_model(model))), tracked)
        recorded = tracked
    header = read_header(recorded)
    described = header.model_dump(include={field.name for field in fields(RecordingEntry)} - {"clip"})
    return RecordingEntry(clip=str(path), path=recorded, **described)
