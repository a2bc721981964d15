"""How much of a planted attribute is inferred, how often is one that shows in nothing, and are gaps found?

Three parts, of which one can be asked for:

sizes   corpora of synthetic people with attributes of 0, 0.25, 0.5 and 1 standard deviations in every habit:
        balanced accuracies of the attack on recordings of originals and avatars beside the best possible ones
        of the same clips. What is measured is kept in WORK, so that a run that was stopped goes on.
null    random values of the people, and of the clips, of these recordings: an attribute of size 0. How many
        of them are called inferred, which should be 5 % at most.
gaps    simulated scores of two groups of 40 people with 6 clips each, whose EERs differ by .10 or not at all:
        in how many studies a gap is found. Recordings would be too slow for so many studies.

    python benchmarks/attributes.py WORK                # 3 corpora of 80 people, 100 draws, 100 studies
    python benchmarks/attributes.py WORK --part gaps
    python benchmarks/attributes.py WORK --quick        # 1 corpus of 30 people, 10 draws, 10 studies
"""

import argparse
import json
import platform
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy

from amber_id import __version__
from amber_id.audit.ablations.clip_statistics import ClipStatistics
from amber_id.audit.attributes.columns import columns_of
from amber_id.audit.attributes.groups import Grouped, corrected_gaps, group_result
from amber_id.audit.attributes.guesses import label_test
from amber_id.audit.attributes.infer import infer_attributes
from amber_id.audit.attributes.vectors import fold_vectors
from amber_id.biometrics import compare_all, eer_threshold
from amber_id.judging.config import EvaluationConfig
from amber_id.motion import load_windows
from amber_id.protocols import ByPeople, Split, divide
from amber_id.recordings import RecordingSet
from amber_id.results import ConditionName
from amber_id.synthetic import Oracle, SynthConfig, generate
from amber_id.training.named import training_of

SIZES = {"none": 0.0, "small": 0.25, "middle": 0.5, "large": 1.0}
FOLDERS: dict[ConditionName, str] = {"original": "original", "anonymised": "avatar"}
FIRST_SEED = 11  # corpora of lower seeds were looked at while the attack was chosen
PERMUTATIONS = 199  # of a draw of `null`


def statistics_of(corpus: Path, condition: ConditionName) -> ClipStatistics:
    """What `moments` sees of the clips of a corpus, named as in a study."""
    recordings = RecordingSet.open(corpus / FOLDERS[condition])
    named = tuple(replace(entry, clip=f"{condition}/{entry.clip}") for entry in recordings.entries)
    return ClipStatistics.of(
        load_windows(replace(recordings, entries=named), training_of("moments").features)
    )


def split_of(statistics: ClipStatistics) -> Split:
    """The division that an audit of these people has."""
    source_of = {entry.subject: entry.source for entry in statistics.windows.entries}
    return divide(source_of, ByPeople().of(len(source_of))).split


def measured(work: Path, seed: int, people: int, draws: int) -> dict[str, dict[str, list[float]]]:
    """The figures of one corpus: of each attribute and of random labels, by condition; kept in a file."""
    path = work / f"people-{people}-seed-{seed}-draws-{draws}.json"
    if path.exists():
        kept: dict[str, dict[str, list[float]]] = json.loads(path.read_text("utf-8"))
        return kept
    corpus = work / f"corpus-{people}-{seed}"
    config = SynthConfig.model_validate(
        {"people": people, "clips": 8, "duration": "3", "attribute": SIZES, "seed": seed}
    )
    oracle = generate(config, corpus, workers=1)
    sets = {condition: statistics_of(corpus, condition) for condition in FOLDERS}
    split = split_of(sets["original"])
    columns = columns_of([corpus / "original"])
    results = infer_attributes(
        {name: columns[name] for name in SIZES},
        (),
        list(FOLDERS),
        sets.__getitem__,
        split,
        EvaluationConfig(),
    )
    figures: dict[str, dict[str, list[float]]] = {}
    for condition in FOLDERS:
        figures[condition] = {
            name: [*_ends(results[name].figures[condition].accuracy), _best(oracle, condition, name)]
            for name in SIZES
        }
        for kind in ("person", "clip"):
            figures[condition][kind] = random_labels(sets[condition], split, kind, draws)
    path.write_text(json.dumps(figures), encoding="utf-8")
    shutil.rmtree(corpus)
    return figures


def _ends(rate: object) -> list[float]:
    return [round(getattr(rate, name), 4) for name in ("value", "low", "high")]


def _best(oracle: Oracle, condition: ConditionName, name: str) -> float:
    best = oracle.attributes["original" if condition == "original" else "avatar"][name]
    return round(best.value, 4)


def random_labels(statistics: ClipStatistics, split: Split, kind: str, draws: int) -> list[float]:
    """The p values of labels that have nothing to do with the clips: of people, or of clips."""
    entries = statistics.windows.entries
    subjects = np.unique([entry.subject for entry in entries], return_inverse=True)[1]
    folds = fold_vectors(statistics, split, np.arange(len(entries)), of_person=kind == "person")
    p_values = []
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        of_people = rng.permutation(np.arange(subjects.max() + 1) % 2)
        labels = of_people[subjects] if kind == "person" else rng.integers(2, size=len(subjects))
        p_values.append(
            label_test(
                folds,
                labels,
                subjects,
                2,
                of_person=kind == "person",
                permutations=PERMUTATIONS,
                rng=np.random.default_rng(draw),
            ).p_value
        )
    return p_values


def print_sizes(corpora: list[dict[str, dict[str, list[float]]]]) -> None:
    """A line for each size and condition, and whether they are in order and within the oracle's figures."""
    for condition in FOLDERS:
        for name, size in SIZES.items():
            shown = "; ".join(
                "{:.3f} [{:.3f}, {:.3f}] of {:.3f}".format(*each[condition][name]) for each in corpora
            )
            print(f"{condition:10} size {size:4}: {shown}")
        ordered = sum(
            bool(np.all(np.diff([each[condition][name][0] for name in SIZES]) > 0)) for each in corpora
        )
        beyond = sum(
            each[condition][name][1] > each[condition][name][3] for each in corpora for name in SIZES
        )
        print(
            f"{condition:10} in order in {ordered} of {len(corpora)} corpora; whole interval beyond {beyond}"
        )


def print_null(corpora: list[dict[str, dict[str, list[float]]]]) -> None:
    """How many random labels are called inferred."""
    for condition in FOLDERS:
        for kind in ("person", "clip"):
            alarms = [int(np.count_nonzero(np.array(each[condition][kind]) <= 0.05)) for each in corpora]
            draws = len(corpora[0][condition][kind])
            print(f"{condition:10} random values of each {kind}: {alarms} of {draws} called inferred")


GROUP_PEOPLE, GROUP_CLIPS = 40, 6
STRENGTHS = {0.15: 0.965, 0.25: 0.695}  # of habits in 16 dimensions, by the EER that they give


def scores_of_groups(strengths: list[float], seed: int) -> Grouped:
    """Groups of people whose clips scatter about them, the less the greater the strength; all pairs compared.

    The threshold is that of as many other people.
    """
    compared = []
    for number in (0, 1):
        rng = np.random.default_rng([seed, number])
        group_of = np.repeat(np.arange(2), GROUP_PEOPLE)
        subjects = np.repeat(np.arange(2 * GROUP_PEOPLE), GROUP_CLIPS)
        own = np.array(strengths)[group_of][:, None] * rng.normal(size=(2 * GROUP_PEOPLE, 16))
        compared.append(compare_all(own[subjects] + rng.normal(size=(len(subjects), 16)), subjects))
    tested, dev = compared
    threshold = eer_threshold(dev.mated_scores, dev.nonmated_scores)
    return Grouped(tested, replace(tested, scores=tested.scores - threshold), ("a", "b"), group_of)


def print_gaps(studies: int) -> None:
    """In how many studies a gap of .10, and one of 0, is shown, and how often its interval holds it."""
    for rates in ((0.15, 0.25), (0.15, 0.15)):
        strengths = [STRENGTHS[rate] for rate in rates]
        gaps, eers = [], []
        for seed in range(studies):
            grouped = scores_of_groups(strengths, seed)
            result = group_result(grouped, EvaluationConfig(replicates=200))
            gaps.append(corrected_gaps({"group": {"AAA": result}})["group"]["AAA"].gap)
            eers.append([figures.eer.value for figures in result.groups.values()])
        found = sum(gap.is_shown for gap in gaps if gap is not None)
        signs = [1 if gap.groups == ("b", "a") else -1 for gap in gaps if gap is not None]
        held = sum(
            gap.difference.low <= sign * np.diff(np.mean(eers, axis=0))[0] <= gap.difference.high
            for gap, sign in zip(gaps, signs, strict=True)
            if gap is not None
        )
        means = ", ".join(f"{mean:.3f}" for mean in np.mean(eers, axis=0))
        print(
            f"two groups of {GROUP_PEOPLE} people, {GROUP_CLIPS} clips, mean EERs {means}: a gap is shown in "
            f"{found} of {studies} studies; intervals hold the mean difference in {held}"
        )


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--part", choices=("sizes", "null", "gaps"))
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    people, corpora, draws = (30, 1, 10) if asked.quick else (80, 3, 100)
    began = time.process_time()
    print(f"amber-id {__version__}, numpy {np.__version__}, scipy {scipy.__version__}, {platform.machine()}")
    if asked.part in (None, "sizes", "null"):
        seeds = range(FIRST_SEED, FIRST_SEED + corpora)
        figures = [measured(asked.work, seed, people, draws) for seed in seeds]
        print(f"{people} people with 8 clips of 3 s, seeds {list(seeds)}")
        if asked.part != "null":
            print_sizes(figures)
        if asked.part != "sizes":
            print_null(figures)
    if asked.part in (None, "gaps"):
        print_gaps(10 if asked.quick else 100)
    print(f"processor time {time.process_time() - began:.0f} s")


if __name__ == "__main__":
    main()
