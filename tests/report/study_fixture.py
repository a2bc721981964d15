"""Whole studies of people who never lived, made by hand from random scores, for the tests of their page."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from amber_id.audit import EvaluationConfig
from amber_id.audit.judging import Judged, judge
from amber_id.biometrics import Comparisons, compare_across, compare_all, error_curve
from amber_id.results import (
    AttackerResult,
    Bootstrap,
    CellResult,
    Confound,
    ControlResult,
    CurvePoint,
    CurvesResult,
    Difference,
    DroppedClip,
    Metrics,
    Rate,
    Recognition,
    StudyResults,
    UtilityResult,
)
from amber_id.results.utility import Average

HOSTILE = "synthetic_id013/<script>alert('clip')</script>&\"x\""
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"{{ 7*7 }}"
STORIES = {
    "OOO": "No anonymisation: what motion and shape give away, the ceiling of all other cells.",
    "OOA": "The attacker learnt from faces, has the face enrolled, and meets an avatar.",
    "OAA": "The attacker learnt from faces and links two anonymised clips.",
    "AAA": "The attacker learnt from anonymised clips and links two of them.",
    "BOA": "The attacker learnt from both, has the face enrolled, and meets an avatar.",
}
_HABITS = {"OOO": 0.9, "OOA": 0.35, "OAA": 0.4, "AAA": 0.5, "BOA": 0.45}
_CONFIG = EvaluationConfig(replicates=100, permutations=20)
Study = tuple[StudyResults, dict[str, Comparisons]]


def rate(value: float, wide: float = 0.05, chance: float = 0.5) -> Rate:
    return Rate(value=value, low=value - wide, high=value + wide, level=0.95, chance=chance)


def recognition(outcome: str) -> Recognition:
    return Recognition(
        outcome=outcome, p_value=0.3, permutations=20, excluded=None, words=f"Words: {outcome}."
    )


def difference(value: float, wide: float = 0.05) -> Difference:
    return Difference(value=value, low=value - wide, high=value + wide, level=0.95, detectable=1.4 * wide)


@cache
def scores(letters: str, people: int = 14, clips: int = 6) -> Comparisons:
    """Clips scatter around their person's own direction, the wider the less the cell gives away."""
    rng = np.random.default_rng(list(letters.encode()))
    subject = np.repeat(np.arange(people), clips)
    own = _HABITS[letters] * rng.normal(size=(people, 24))[subject]
    first, second = (own + rng.normal(size=own.shape) for _ in range(2))
    across = letters[1] != letters[2]
    return compare_across(first, second, subject) if across else compare_all(first, subject)


@cache
def judged(letters: str, people: int = 14, clips: int = 6) -> tuple[Judged, float]:
    compared = scores(letters, people, clips)
    threshold = error_curve(compared.mated_scores, compared.nonmated_scores).eer_threshold()
    shifted = replace(compared, scores=compared.scores - threshold)
    return judge(compared, _CONFIG, from_threshold=shifted), threshold


def make_study(
    *letters: str,
    invalid: bool = False,
    sources: int = 1,
    utility: bool = True,
    people: int = 14,
    clips: int = 6,
    **changes: Any,
) -> Study:
    """A study of these cells, all five without letters; `changes` are parts of the results."""
    letters = letters or tuple(STORIES)
    cells = {name: _cell(name, sources, people, clips) for name in letters}
    own = [name for name in ("OOO", "AAA") if name in cells]
    both = {"OOO", "AAA"} <= set(cells)
    conditions = {"OOO": "original", "AAA": "anonymised"}
    headline = "AAA" if "AAA" in cells else "OOO"
    eer = cells[headline].within_source or cells[headline].metrics.eer
    confounds = _confounds(tuple(conditions[name] for name in own), invalid)
    results = {
        "schema": "amber-id/study/2",
        "headline": {
            "text": f"From 4-second {conditions[headline]} clips of {people} people, the worst of 2 "
            f"attackers (moments) re-identified people: EER {eer.value:.2f} [{eer.low:.2f}, {eer.high:.2f}]; "
            "guessing is 0.50; 2 clips lost.",
            "cell": headline,
            "recognition": cells[headline].recognition,
            "valid": not invalid,
            "reasons": [f"{each.name}: {each.evidence}" for each in confounds if each.verdict == "invalid"],
        },
        "config": {"attackers": ["moments", "stgcn"], "seed": 0, "split": {"folds": 5}},
        "counts": {
            "subjects": people,
            "clips": {conditions[name]: people * clips for name in own},
            "seconds_per_clip": 4.0,
            "subjects_of_source": {f"source{number + 1}": people // sources for number in range(sources)},
            "dropped_clips": 2,
        },
        "cells": cells,
        "differences": {
            f"{b}-{a}": {
                "eer": difference(cells[b].metrics.eer.value - cells[a].metrics.eer.value),
                "auc": difference(cells[b].metrics.auc.value - cells[a].metrics.auc.value),
            }
            for a, b in combinations(cells, 2)
        },
        "views": {name: _views(cells[name].metrics.eer.value) for name in own},
        "curves": {name: _curves(cells[name].metrics.eer.value, 3 if name in own else 0) for name in cells},
        "maps": {name: make_map(name) for name in own},
        "regions": {name: _regions(0.5 - cells[name].metrics.eer.value) for name in own},
        "streams": {name: _streams(cells[name].metrics.eer.value) for name in own},
        "network": {name: _network(cells[name].metrics.eer.value) for name in own},
        "sensitivity": {name: make_sensitivity() for name in own},
        "references": {
            "noise 3 %": {"eer": rate(0.36), "expression": rate(0.62, chance=0.02)},
            "mean face at rest": {"eer": rate(0.31), "expression": rate(0.98, chance=0.02)},
        },
        "controls": [control for name in own for control in _controls(name, cells[name])],
        "confounds": confounds,
        "utility": make_utility() if both and utility else None,
        "dropped": [
            DroppedClip(clip=HOSTILE, condition="original", reason="no face in any of 143 frames"),
            DroppedClip(clip="synthetic_id013/002", condition="original", reason="0.40 s with a face"),
        ],
        "limits": [
            "2 attackers were tried in every cell (moments, stgcn); the figures are those of the one with "
            "the lowest EER on dev people. A stronger one may find more: a high error rate is not a proof of "
            "privacy.",
            "Which clips were filmed in one sitting is not known. If each person sat once, this measures "
            "recognition within a session, not across sessions.",
            f"{people} people are few: the intervals are wide.",
            "2 clips were of no use under one condition and are in no figure of either (failure to acquire).",
        ],
        "provenance": {
            "amber_id": "0.1.0",
            "packages": {"numpy": "2.4.6", "torch": "2.9.0"},
            "python": "3.11.9",
            "machine": "Linux x86_64",
            "recordings": {conditions[name]: f"{conditions[name]}-videos" for name in own},
            "recordings_sha256": {conditions[name]: "a1" * 32 for name in own},
            "split_sha256": "5f" * 32,
            "checkpoints_sha256": {"O-moments": ["0c" * 32], "A-moments": ["1c" * 32]},
            "trackers": ["FaceLandmarker 1.2.2, model 64184e229b26"],
            "synthetic": False,
            "test_opening": 1,
        },
        "times": {"finished": "2026-11-20T10:00:00Z", "wall_s": 642.0},
    }
    return StudyResults.model_validate(results | changes), {
        name: scores(name, people, clips) for name in letters
    }


def changed(results: StudyResults, **changes: Any) -> StudyResults:
    return StudyResults.model_validate(results.model_dump(by_alias=True) | changes)


def _cell(letters: str, sources: int, people: int, clips: int) -> CellResult:
    found, threshold = judged(letters, people, clips)
    compared = scores(letters, people, clips)
    bits = {"min_cllr": rate(0.8, 0.05, 1.0), "min_dcf": rate(0.95, 0.03, 1.0)}
    metrics = Metrics.model_validate(dict.fromkeys(Metrics.model_fields) | bits | found.rates)
    base = {
        "name": "moments",
        "config": {"attacker": "moments"},
        "features": {"view": "all", "rate_hz": 25.0},
        "train_subjects": 20,
        "train_clips": 120,
    }
    shown = {
        name: getattr(metrics, name) for name in AttackerResult.model_fields if name in Metrics.model_fields
    }
    worst = AttackerResult(**base, **shown, dev_eer=0.21, chosen=True, mapped=True)
    other = shown | {"eer": rate(0.44), "auc": rate(0.58)}
    weak = AttackerResult(
        **base | other | {"name": "stgcn", "dev_eer": 0.41, "chosen": False, "mapped": False}
    )
    within = rate(min(0.49, metrics.eer.value + 0.03)) if sources > 1 else None
    return CellResult.model_validate({
        "story": STORIES[letters],
        "counts": {"mated": compared.n_mated, "nonmated": compared.n_nonmated},
        "attacker": base,
        "metrics": metrics,
        "within_source": within,
        "recognition": found.recognition,
        "disclosure": found.disclosure,
        "attackers": {"moments": worst, "stgcn": weak},
        "dev": [{"fold": 0, "subjects": 6, "eer": 0.2, "threshold": threshold, "epoch": 3}],
        "bootstrap": Bootstrap.of(found.eer),
        "limits": [],
    })  # fmt: skip


def make_map(letters: str, people: int = 6, clips: int = 4) -> dict[str, Any]:
    """Clips in groups; their ids are nowhere else in a study."""
    rng = np.random.default_rng(list(letters.encode()))
    centres = rng.normal(scale=9, size=(people, 2))
    return {
        "attacker": "moments",
        "fold": 2,
        "clips_of_fold": people * clips,
        "perplexity": 7.5,
        "points": [
            {
                "clip": f"ravdess_id{700 + who}/take{number:03d}",
                "subject": f"id{700 + who}",
                "x": round(float(centres[who, 0] + rng.normal()), 4),
                "y": round(float(centres[who, 1] + rng.normal()), 4),
            }
            for who in range(people)
            for number in range(clips)
        ],
    }


def _views(eer: float) -> dict[str, Any]:
    less = {"all": 0.0, "motion": 0.06, "pose": 0.12, "static": 0.02}
    return {
        view: {
            "eer": rate(min(0.5, eer + worse)),
            "auc": rate(max(0.5, 1 - eer - worse)),
            "recognition": recognition("recognised"),
            "less": {"eer": difference(worse, 0.03), "auc": difference(-worse, 0.03)},
        }
        for view, worse in less.items()
    }


def _streams(eer: float) -> dict[str, Any]:
    views = _views(eer)
    return {"joint": views["all"], "bone": views["motion"], "joint_motion": views["pose"]}


def _network(eer: float) -> dict[str, Any]:
    return {"name": "stgcn", "views": _views(eer + 0.05), "regions": _regions(0.45 - eer)}


def make_sensitivity(*, found: bool = True) -> dict[str, Any]:
    rates = [rate(0.48), rate(0.4), rate(0.25)] if found else [rate(0.5), rate(0.5), rate(0.49)]
    return {
        "points": [
            {
                "x": x,
                "less": None,
                "eer": each,
                "recognition": recognition("recognised" if found else "not_recognised"),
            }
            for x, each in zip((0.1, 0.2, 0.4), rates, strict=True)
        ],
        "smallest_found": 0.2 if found else None,
        "spread_of_people": 0.31,
        "fit": 0.12,
        "verdict": "pass" if found else "warn",
        "words": "Planted habits are found from a spread of 0.2 on." if found else "Planted: not found.",
    }


def _curves(eer: float, points: int) -> CurvesResult:
    def curve(xs: tuple[float, ...], paired: bool) -> tuple[CurvePoint, ...]:
        rates = [rate(eer + 0.02 * (len(xs) - 1 - i)) for i in range(len(xs))]
        less = [difference(-0.02) if paired and i else None for i in range(len(xs))]
        return tuple(CurvePoint(x=x, eer=r, less=d) for x, r, d in zip(xs, rates, less, strict=True))

    return CurvesResult(
        people=curve((4.0, 6.0, 9.0)[:points], True),
        seconds=curve((2.56, 3.84, 4.0)[:points], True),
        clips=curve((1.0, 2.0, 3.0), False),
    )


def _regions(total: float) -> dict[str, Any]:
    parts = {"eyes": 0.45, "lips": 0.35, "nose": 0.02, "eyebrows": 0.14, "face_oval": 0.04}
    found: dict[str, Any] = {
        part: {
            "alone": rate(0.5 - total * share),
            "removed": difference(total * share, 0.04),
            "share": {
                "value": total * share,
                "low": total * share - 0.03,
                "high": total * share + 0.03,
                "level": 0.95,
            },
        }
        for part, share in parts.items()
    }
    for side in ("left_eye", "right_eye", "left_eyebrow", "right_eyebrow"):
        found[side] = {"alone": rate(0.45), "removed": difference(0.01, 0.04), "share": None}
    return found


def _controls(letters: str, cell: CellResult) -> list[ControlResult]:
    said: Mapping[str, tuple[float, Any, str]] = {
        "permuted labels": (0.49, "pass", "With permuted names nothing is found, as it must be."),
        "shuffled frames": (0.4, "pass", "Order in time matters: without it the EER is 0.120 higher."),
        "static only": (
            0.3,
            "warn" if letters == "AAA" else "pass",
            "The face at rest alone does as well as everything: this cell says little about motion; look at "
            "the view motion.",
        ),
        "duration only": (
            0.49,
            "pass",
            "The duration of a clip tells nobody apart, as far as these people show.",
        ),
    }
    return [
        ControlResult(
            name=name,
            cell=letters,
            eer=rate(eer),
            recognition=recognition("not_recognised" if eer == 0.49 else "recognised"),
            verdict=verdict,
            words=words,
        )
        for name, (eer, verdict, words) in said.items()
    ]


def _confounds(conditions: tuple[Any, ...], invalid: bool) -> list[Confound]:
    found = [
        Confound(
            name=name,
            verdict="pass",
            condition=condition,
            figures={"eer": 0.48, "p_value": 0.4},
            evidence=f"The {name.replace('_', ' ')} of {condition} clips tells nobody apart: as an attacker "
            "it has an EER of 0.48 (p 0.40).",
        )
        for condition in conditions
        for name in ("aspect", "frame_rate", "duration", "lost_frames")
    ]
    found.append(
        Confound(
            name="session",
            verdict="not_checked",
            condition=None,
            figures={},
            evidence="The recordings do not say which clips were filmed in one sitting.",
        )
    )
    found.append(
        Confound(
            name="near_copies",
            verdict="warn",
            condition=conditions[0],
            figures={"pairs": 3.0},
            evidence="3 pairs of clips move nearly the same, e.g. those of synthetic_id001.",
        )
    )
    if invalid:
        found[1] = found[1].model_copy(
            update={
                "verdict": "invalid",
                "condition": conditions[-1],
                "evidence": "The frame rate of clips tells people apart by itself: EER 0.21 (p 0.001).",
            }
        )
    return found


def make_utility(expression: Rate | None = None) -> UtilityResult:
    kept = expression or rate(0.74, 0.04, 0.06)
    average = Average(value=0.8, low=0.7, high=0.9, level=0.95)
    channel = {
        "part": "lips", "unit": "eye distances", "clips": 80, "subjects": 14, "correlation": kept,
        "amplitude": average, "error": average, "offset": average, "not_measured": None,
    }  # fmt: skip
    nothing = dict.fromkeys(("correlation", "amplitude", "error", "offset"))
    return UtilityResult.model_validate({
        "expression": kept,
        "coefficients": None,
        "parts": {"lips": kept, "eyes": rate(0.61, 0.05, 0.04)},
        "follows": rate(0.97, 0.02, 0.5),
        "channels": [
            channel | {"name": "mouth opening"},
            channel | nothing | {"name": "jawOpen", "unit": "coefficient", "not_measured": "no blendshapes"},
        ],
        "events": [
            {"name": "blinks", "tolerance_s": 0.2, "original": 120, "anonymised": 110, "found": 98,
             "per_minute": {"original": 21.4, "anonymised": 19.6}, "precision": rate(0.89, 0.03, 0.1),
             "recall": rate(0.82, 0.03, 0.1), "f1": rate(0.85, 0.03, 0.1), "not_measured": None},
            {"name": "smiles", "tolerance_s": 0.2, "original": 0, "anonymised": 0, "found": 0,
             "per_minute": None, "precision": None, "recall": None, "f1": None,
             "not_measured": "smiles are found in blendshapes, which one side does not have"},
        ],
        "lag": {"median_s": 0.04, "low_s": 0.0, "high_s": 0.08, "clips": 80, "at_limit": 1},
        "frames_lost": dict.fromkeys(
            ("original", "anonymised"), Average(value=0.01, low=0.0, high=0.02, level=0.95)
        ),
        "counts": {"clips": 84, "measured_clips": 83, "subjects": 14, "seconds": 321.0},
        "failures": [{"clip": HOSTILE, "reason": "0.20 s in which both videos show a face"}],
    })  # fmt: skip
