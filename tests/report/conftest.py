"""A whole evaluation of synthetic people, with real figures, for the tests of figures and page."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from amber_id.audit import EvaluationConfig
from amber_id.biometrics import Comparisons, compare_all, error_curve
from amber_id.judging.judge import judge
from amber_id.results import (
    Attacker,
    AttackerResult,
    Bootstrap,
    ComparisonCounts,
    Counts,
    DevFold,
    EvaluationArrays,
    EvaluationResults,
    FailedClip,
    Metrics,
    Provenance,
    SubjectResult,
    Times,
    write_arrays,
    write_results,
)

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
HOSTILE = "synthetic_id013/<script>alert('clip')</script>&\"x\""

Evaluation = tuple[EvaluationResults, EvaluationArrays]


def make_evaluation(
    *,
    people: int = 12,
    folds: int = 2,
    clips: int = 8,
    habit: float = 0.7,
    permuted: bool = False,
    failures: int = 2,
    single_clip_people: int = 1,
    seed: int = 0,
) -> Evaluation:
    """Clips scatter around their person's own direction; `habit` is how far people lie apart."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(people), clips)
    subject = subject[~((subject < single_clip_people) & (np.arange(people * clips) % clips > 0))]
    vectors = habit * rng.normal(size=(people, 32))[subject] + rng.normal(size=(len(subject), 32))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    fold = subject % folds
    if permuted:
        for number in range(folds):
            subject[fold == number] = rng.permutation(subject[fold == number])
    arrays, comparisons = _compare(vectors, subject, fold, people)
    return _results(arrays, comparisons, fold, subject, permuted, failures, rng), arrays


def _compare(
    vectors: np.ndarray, subject: np.ndarray, fold: np.ndarray, people: int
) -> tuple[EvaluationArrays, Comparisons]:
    parts, enrolment, probe, places = [], [], [], np.zeros((len(subject), 2), np.float32)
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        parts.append(compare_all(vectors[rows], subject[rows]))
        first, second = np.triu_indices(len(rows), k=1)
        enrolment.append(rows[first])
        probe.append(rows[second])
        left, sizes, _ = np.linalg.svd(vectors[rows] - vectors[rows].mean(axis=0), full_matrices=False)
        places[rows] = (left * sizes)[:, :2]
    comparisons = Comparisons.pool(parts)
    names = tuple(f"synthetic_id{number + 1:03d}" for number in range(people))
    arrays = EvaluationArrays(
        vectors=vectors,
        tsne=places,
        subject=subject,
        fold=fold,
        scores=comparisons.scores,
        enrolment=np.concatenate(enrolment),
        probe=np.concatenate(probe),
        clips=tuple(f"{names[who]}/clip{number:03d}" for number, who in enumerate(subject)),
        subjects=names,
    )
    return arrays, comparisons


def _results(
    arrays: EvaluationArrays,
    comparisons: Comparisons,
    fold: np.ndarray,
    subject: np.ndarray,
    permuted: bool,
    failures: int,
    rng: np.random.Generator,
) -> EvaluationResults:
    curve = error_curve(comparisons.mated_scores, comparisons.nonmated_scores)
    threshold = curve.eer_threshold() + 0.02  # a dev threshold is near the test one, not at it
    judged = judge(
        comparisons,
        EvaluationConfig(replicates=200, permutations=20, seed=int(rng.integers(99))),
        from_threshold=replace(comparisons, scores=comparisons.scores - threshold),
    )
    eer = judged.rates["eer"]
    who = f"{len(arrays.subjects)} people it has never seen"
    attacker = Attacker(
        name="stgcn",
        config={"attacker": "stgcn", "channels": [64, 128, 256], "embedding": 256, "epochs": 60},
        features={"view": "motion", "fps": 25.0, "window_s": 2.56, "regions": None},
        train_subjects=80,
        train_clips=3200,
    )
    shown = {
        name: judged.rates.get(name) for name in AttackerResult.model_fields if name in Metrics.model_fields
    }
    return EvaluationResults(
        schema="amber-id/evaluation/5",
        headline=f"stgcn tells apart {who}: EER {100 * eer.value:.1f} % "
        f"[{100 * eer.low:.1f}, {100 * eer.high:.1f}], guessing 50 %",
        control="permuted-labels" if permuted else None,
        attacker=attacker,
        attackers=(AttackerResult(**dict(attacker), **shown, dev_eer=None, chosen=True, mapped=True),),
        counts=Counts(
            subjects=len(arrays.subjects),
            clips=len(arrays.clips),
            windows=3 * len(arrays.clips),
            comparisons=ComparisonCounts(mated=comparisons.n_mated, nonmated=comparisons.n_nonmated),
            subjects_of_source={"synthetic": len(arrays.subjects)},
            failed_clips=failures,
        ),
        metrics=Metrics.model_validate(dict.fromkeys(Metrics.model_fields) | judged.rates),
        recognition=judged.recognition,
        disclosure=judged.disclosure,
        oracle=None,
        dev=tuple(
            DevFold(
                fold=int(number),
                subjects=6,
                eer=0.2,
                threshold=threshold + 0.03 * number,
                epoch=40 + int(number),
            )
            for number in np.unique(fold)
        ),
        subjects=tuple(
            SubjectResult(
                subject=arrays.subjects[each.subject],
                source="synthetic",
                fold=int(fold[subject == each.subject][0]),
                clips=int(np.count_nonzero(subject == each.subject)),
                mean_mated=each.mated_mean,
                mean_nonmated=each.nonmated_mean,
                eer=each.eer,
            )
            for each in judged.people
        ),
        failures=tuple(
            FailedClip(
                clip=HOSTILE if number == 0 else f"synthetic_id013/clip{number:03d}",
                reason="no face in any of 143 frames",
            )
            for number in range(failures)
        ),
        limits=(
            "One session per person: linkability across days was not tested.",
            "A stronger attacker may succeed where this one failed.",
            "People, sources and clip lengths other than these were not tested.",
        ),
        bootstrap=Bootstrap.of(judged.eer),
        provenance=Provenance(
            amber_id="0.1.0",
            packages={"numpy": "2.4.6", "torch": "2.9.0"},
            python="3.11.9",
            machine="x86_64 Linux",
            recordings="avatar",
            recordings_sha256="a1" * 32,
            split_sha256="5f" * 32,
            checkpoints_sha256=tuple(f"{int(number)}c" * 32 for number in np.unique(fold)),
            trackers=("FaceLandmarker 1.2.2",),
            synthetic=False,
            train_seed=7,
            bootstrap_seed=3,
            test_opening=None if permuted else 1,
        ),
        times=Times(finished="2026-11-20T10:00:00Z", wall_s=42.0),
    )


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    """12 people in 2 folds, one with a single clip; two failed clips, one with a hostile name."""
    return make_evaluation()


@pytest.fixture
def make() -> Callable[..., Evaluation]:
    """Make another one."""
    return make_evaluation


@pytest.fixture
def write() -> Callable[[Evaluation, Path], Path]:
    """Write the two files that a report is made from."""

    def _write(evaluation: Evaluation, folder: Path) -> Path:
        write_results(evaluation[0], folder / "results.json")
        write_arrays(evaluation[1], folder / "arrays.safetensors")
        return folder

    return _write


def _chromium() -> Path:
    if not CHROMIUM.exists():
        reason = f"needs {CHROMIUM}: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return CHROMIUM


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = _chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Callable[..., tuple[Page, list[str]]]]:
    """Open a page; complaints are what the browser says, and every request that leaves the file."""
    contexts = []

    def _open(
        address: str,
        width: int = 1280,
        color_scheme: Any = "light",
        height: int = 900,
        reduced_motion: Any = None,
    ) -> tuple[Page, list[str]]:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            offline=True,
            color_scheme=color_scheme,
            reduced_motion=reduced_motion,
        )
        contexts.append(context)
        page, complaints = context.new_page(), []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url == address or complaints.append(request.url[:100]))
        page.goto(address)
        page.wait_for_selector("html[data-drawn]", state="attached", timeout=25_000)
        return page, complaints

    yield _open
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def wider_than_the_screen() -> Callable[[Page], list[str]]:
    """What of a page goes beyond the right end of the screen, by class or tag."""
    return lambda page: page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll("main *, footer *")]
            .filter(node => !node.closest("svg"))
            .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
            .map(node => node.className || node.tagName)
            .concat(document.documentElement.scrollWidth > innerWidth ? ["page"] : [])"""
    )
