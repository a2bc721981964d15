"""Before a study: how many people it takes."""

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber_id.cli.shared import Quiet, Seed, Workers, app, check_before, require, require_workers, say, tell
from amber_id.errors import AmberError, UsageError
from amber_id.notation import percent

if TYPE_CHECKING:
    from amber_id.biometrics import SimulatedStudy, StudyPlan, StudyPower

_REPLICATES = 200  # of each bootstrap: a width is known to 5 %, and the median of many studies far better
_TESTED = (
    "people are those who are tested: the share --test of `amber split` (default: 0.3) of all people, or, "
    "with its --folds k, all of them; then give --folds k here too"
)


_People = Annotated[
    str,
    typer.Option(
        help="Numbers of people who are tested: the share --test of `amber split`; with its --folds, all."
    ),
]
_Detect = Annotated[
    float | None,
    typer.Option(
        help="True difference of the EER, e.g. 0.1 between avatars and originals of the same people."
    ),
]
_Folds = Annotated[
    int, typer.Option(help="Folds, as in `amber split`; people of different folds are not compared.")
]
_Unlike = Annotated[
    float,
    typer.Option(help="How much people differ, 0 to 2: sigma of the lognormal size of their noise."),
]
_Correlation = Annotated[
    float,
    typer.Option(help="Correlation of people and clips between both conditions, 0 to below 1."),
]
_Out = Annotated[Path | None, typer.Option(help="Folder for power.json, power.csv, power.png and power.pdf.")]


@app.command()
def power(
    people: _People = "20,40,80,160",
    clips: Annotated[str, typer.Option(help="Numbers of clips of each person.")] = "5,20",
    eer: Annotated[str, typer.Option(help="Expected EERs, e.g. of the originals.")] = "0.1,0.2,0.3",
    detect: _Detect = None,
    folds: _Folds = 1,
    unlike: _Unlike = 0.6,
    correlation: _Correlation = 0.5,
    studies: Annotated[int, typer.Option(help="Simulated studies behind each row; 10 or more.")] = 60,
    out: _Out = None,
    workers: Workers = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Plan a study: how many people does it take?

    Simulates how wide the intervals of a study will be, and which differences it can tell apart. Lists have
    commas; each combination of people, clips and EER is a row. See docs/power.md.
    """
    from amber_id.progress import ClipBar

    require("--studies", studies, "10 or more", studies >= 10)
    require("--seed", seed, "0 or more", seed >= 0)
    require("--detect", detect, "above 0", detect is None or detect > 0)
    require_workers(workers)
    require("--out", out, "a folder", out is None or not out.is_file())
    if out is not None:
        check_before("power --out", out)
    lists = {
        "people": _listed("--people", people, int),
        "clips": _listed("--clips", clips, int),
        "eer": _listed("--eer", eer, float),
    }
    settings = {"detect": detect or 0.0, "folds": folds, "unlike": unlike, "correlation": correlation}
    plans = _plans(lists, settings)
    began = time.perf_counter()
    with ClipBar("studies", studies * len(plans), quiet=quiet) as bar:
        powers = _simulated(plans, studies, seed, workers, bar.advance)
    needed = _needed(powers)
    for line in (*_table(powers), *(_answer(kind, people, powers) for kind, people in needed.items())):
        tell(line)
    say(f"note: {_TESTED}")
    if out is not None:
        from amber_id.report.power.files import write_power

        configuration = lists | settings | {"studies": studies, "replicates": _REPLICATES, "seed": seed}
        took = time.perf_counter() - began
        for path in write_power(powers, out, configuration=configuration, needed=needed, wall_s=took):
            tell(path)


def _listed(flag: str, text: str, number: Callable[[str], Any]) -> list[Any]:
    """The different numbers of a list, ascending."""
    try:
        return sorted({number(part) for part in text.split(",")})
    except ValueError as error:
        expected = "whole numbers, e.g. 20,40" if number is int else "numbers, e.g. 0.1,0.2"
        raise UsageError(f"{flag} must be {expected}, got {text}") from error


def _plans(lists: Mapping[str, Sequence[Any]], settings: Mapping[str, Any]) -> list["StudyPlan"]:
    """Every combination, the one with most people of each kind last; what cannot be is wrong usage."""
    from amber_id.biometrics import StudyPlan

    try:
        return [
            StudyPlan(people=people, clips=clips, eer=eer, **settings)
            for clips in lists["clips"]
            for eer in lists["eer"]
            for people in lists["people"]
        ]
    except ValueError as error:
        raise UsageError(f"--{error}") from error  # its first word is the name of the flag


def _simulated(
    plans: Sequence["StudyPlan"],
    studies: int,
    seed: int,
    workers: int | None,
    on_study: Callable[[], None],
) -> list["StudyPower"]:
    """Every study of every plan, each in any process, summarised."""
    from amber_id.biometrics import SimulatedStudy, StudyPower
    from amber_id.workers import run_in_workers, usable_cores

    simulated: dict[tuple[int, int], SimulatedStudy] = {}
    tasks = [(place, number) for place in range(len(plans)) for number in range(studies)]
    with _one_thread_each():
        for task, study in run_in_workers(tasks, partial(_simulate, plans, seed), workers or usable_cores()):
            if not isinstance(study, SimulatedStudy):
                raise AmberError(f"{study.reason}; lower --workers, --people or --clips")
            simulated[task] = study
            on_study()
    return [
        StudyPower.of(plan, [simulated[place, number] for number in range(studies)])
        for place, plan in enumerate(plans)
    ]


def _simulate(plans: Sequence["StudyPlan"], seed: int, task: tuple[int, int]) -> "SimulatedStudy":
    from amber_id.biometrics import simulate_study

    place, number = task
    return simulate_study(plans[place], number, replicates=_REPLICATES, seed=seed)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that are started meanwhile do arithmetic in one thread: the cores are shared already."""
    names = [f"{library}_NUM_THREADS" for library in ("OPENBLAS", "OMP", "MKL")]
    before = {name: os.environ[name] for name in names if name in os.environ}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]
        os.environ.update(before)


def _table(powers: Sequence["StudyPower"]) -> Iterator[str]:
    """One line for each plan, and what the columns mean."""
    studies, plan = powers[0].studies, powers[0].plan
    detected = f"  {'detected':>10}" if plan.detect else ""
    yield f"people  clips    mated    non-mated    EER  width of the interval  detectable  held{detected}"
    for each in powers:
        own, spread = each.plan, f"{each.width:.3f} ({each.width_low:.3f}-{each.width_high:.3f})"
        yield (
            f"{own.people:6d}  {own.clips:5d}  {own.n_mated:7,d}  {own.n_nonmated:11,d}  {own.eer:5.3g}"
            f"  {spread:>21}  {each.detectable:10.3f}  {each.held / studies:4.0%}"
            + (f"  {each.told_apart / studies:10.0%}" if plan.detect else "")
        )
    number = studies * len(powers)
    held, moved = (sum(getattr(each, name) for each in powers) for name in ("held", "held_difference"))
    yield f"  {studies} simulated studies a row: medians; 8 of 10 studies lie within the brackets"
    yield f"  width of the 95 % interval of the EER, which contained the truth in {percent(held / number)}"
    yield (
        "  detectable: smallest true difference of two conditions with an 80 % chance of an interval without "
        f"0, which contained the truth in {percent(moved / number)}"
    )
    if plan.detect:
        yield f"  detected: studies whose interval lay above 0; the true difference was {plan.detect:g}"


def _needed(powers: Sequence["StudyPower"]) -> dict[tuple[int, float], float]:
    """How many people it takes to detect what there is, for each number of clips and EER."""
    from amber_id.biometrics import people_needed

    if not powers[0].plan.detect:
        return {}
    kinds = dict.fromkeys((each.plan.clips, each.plan.eer) for each in powers)
    return {
        kind: people_needed([each for each in powers if (each.plan.clips, each.plan.eer) == kind])
        for kind in kinds
    }


def _answer(kind: tuple[int, float], needed: float, powers: Sequence["StudyPower"]) -> str:
    (clips, eer), people = kind, [each.plan.people for each in powers]
    if math.isinf(needed):
        number = f"more than {max(people)}"
    elif needed <= min(people):
        number = f"{min(people)} or fewer"
    else:
        number = f"about {_rounded_up(needed)}"
    return (
        f"to distinguish an EER of {eer + powers[0].plan.detect:.3g} from one of {eer:.3g} with a power of "
        f"80 %, test {number} people with {clips} clips each"
    )


def _rounded_up(number: float) -> int:
    """To two digits: the simulation knows no more."""
    step = 10 ** max(0, int(math.log10(number)) - 1)
    return math.ceil(number / step) * step
