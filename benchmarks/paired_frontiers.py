"""How do points of two frontiers of the same recordings differ, and what is left of a gain after rendering?

same        EER and utility of one point in OTHER less those in ONE, paired over people: two versions of the
            program, or two models, on the same people, clips and folds
left        The gain of a point over the reference, in EER, in ONE (on drives) and in OTHER (through the
            renderer), and the second less half the first, with intervals over people who are drawn alike
steps       Steps of strength of ONE, paired, and each strength 1 less the undefended clips

    python benchmarks/paired_frontiers.py same ONE OTHER --point learned:1
    python benchmarks/paired_frontiers.py left DRIVES RENDERED --point population-whole:1
    python benchmarks/paired_frontiers.py steps ONE

ONE and OTHER are folders of `amber frontier`; both must have attacked the same people.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from amber_id.audit import EvaluationConfig
from amber_id.audit.utility.measure import UtilityConfig
from amber_id.audit.utility.one_number import counted_parts, utility_difference
from amber_id.biometrics import Comparisons
from amber_id.biometrics.intervals import Spread, difference_of
from amber_id.biometrics.resampling import resample
from amber_id.figures import fixed_statistics
from amber_id.judging.rates import less
from amber_id.notation import signed, with_interval
from amber_id.results import FrontierResults, read_frontier
from amber_id.score_files import read_scores

EVALUATION = EvaluationConfig()


def main() -> None:
    """Print one of the three."""
    parser = argparse.ArgumentParser(description="Frontiers of the same recordings, side by side.")
    parser.add_argument("question", choices=("same", "left", "steps"))
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--point", default="population-whole:1")
    arguments = parser.parse_args()
    read = [read_frontier(folder / "results.json") for folder in arguments.folders]
    for folder, each in zip(arguments.folders, read, strict=True):
        packages = ", ".join(f"{name} {version}" for name, version in each.provenance.packages.items())
        print(
            f"{folder.name}: {each.counts.subjects} people, {each.counts.clips} clips of "
            f"{each.counts.seconds_per_clip:g} s, seed {each.config['seed']}, amber-id "
            f"{each.provenance.amber_id}, {packages}"
        )
    if arguments.question == "steps":
        steps(read[0])
    elif arguments.question == "same":
        same(arguments.folders, read, arguments.point)
    else:
        left(arguments.folders, read, arguments.point)


def compared(folder: Path, point: str) -> Comparisons:
    """The comparisons of a point by its strongest attacker."""
    scores = read_scores(folder / "scores" / f"{point.replace(':', '-')}.parquet")
    assert scores.comparisons is not None
    return scores.comparisons


def told(results: FrontierResults, name: str) -> str:
    """A point in a line."""
    point = results.point(name)
    measured = ", ".join(
        f"{key} {point.utility.measured[key].value:.3f}" for key in ("correlation", "amplitude")
    )
    recall = ", ".join(f"{kind} {share:.2f}" for kind, share in point.utility.recall.items())
    f1 = ", ".join(f"{kind} {share:.2f}" for kind, share in point.utility.f1.items())
    return (
        f"{name}: EER {with_interval(point.eer)} by {point.attacker}, utility "
        f"{with_interval(point.utility.number)}, {measured}, found again {recall}, F1 {f1}"
    )


def same(folders: list[Path], read: list[FrontierResults], point: str) -> None:
    """Print a point in both, and the second less the first."""
    for results in read:
        print(told(results, point))
    eer = less(*(compared(folder, point) for folder in folders), EVALUATION, ("eer",))["eer"]
    kept = [results.point(point).kept for results in read]
    parts = [name for name, reason in counted_parts(kept[0]).items() if not reason]
    utility = utility_difference(kept[0], kept[1], parts, UtilityConfig())
    print(f"second less first: EER {signed(eer)}, utility {signed(utility)}")


def left(folders: list[Path], read: list[FrontierResults], point: str) -> None:
    """Print the gain over the reference in both, and how far the second exceeds half the first."""
    for results in read:
        for name in (results.undefended, results.reference, point):
            print(told(results, name))
    four = [
        compared(folder, name)
        for folder, results in zip(folders, read, strict=True)
        for name in (results.reference, point)
    ]
    drawn = resample(four, fixed_statistics("eer"), replicates=EVALUATION.replicates, rng=EVALUATION.rng())
    spreads = [Spread.of(each, "eer", EVALUATION.level) for each in drawn]
    gains = [spreads[0].moves_to(spreads[1]), spreads[2].moves_to(spreads[3])]
    half = replace(
        gains[0],
        value=gains[0].value / 2,
        resampled=gains[0].resampled / 2,
        left_out=gains[0].left_out / 2,
    )
    for name, each in zip(
        ("drives", "rendered", "rendered less half of drives"), (*gains, half.moves_to(gains[1])), strict=True
    ):
        estimate = difference_of(each)
        print(f"gain, {name}: {estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]")


def steps(results: FrontierResults) -> None:
    """Print every point, every step of strength, and strength 1 less the undefended clips."""
    for point in results.points:
        print(told(results, point.name))
    for step in results.steps:
        print(f"{step.weaker} -> {step.stronger}: EER {signed(step.eer)}, utility {signed(step.utility)}")
    for point in results.points:
        if point.name.endswith(":1") and point.eer_less_undefended is not None:
            print(f"{point.name} less undefended: EER {signed(point.eer_less_undefended)}")


if __name__ == "__main__":
    main()
