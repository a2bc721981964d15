"""How well does `moments` recognise real people, by each view, and across days of recording?

Five folds, in which everybody is tested once by an attacker that is fitted to others; how scores are
normalised is chosen on the dev people of each fold. Sessions are those that ``corpus.csv`` names. Across
sessions, mated comparisons are of two sessions, non-mated ones are all.

    python benchmarks/real_people.py RECORDINGS [--clips 20] [--seed 0] [--shortest 0.5] [--keep FILE.npz]
    python benchmarks/real_people.py RECORDINGS ... --beside FILE.npz

The first stores the scores, so that another version of the product can be held against them by the second:
the same comparisons, differences paired over people. `--cosine` leaves scores as they are.
"""

import argparse
import os
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from amber_id.audit.attack.strongest_attacker import score_attackers
from amber_id.audit.attack.tested import embed_people
from amber_id.biometrics import Comparisons, across_sessions
from amber_id.notation import with_interval
from amber_id.protocols import SplitConfig, make_split, source_of_subjects
from amber_id.protocols.sessions import sessions_of_clips
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.training import train
from amber_id.training.named import training_of
from attackers import difference, eer_of


def main() -> None:
    """Measure every view."""
    arguments = _arguments()
    recordings = some_clips(RecordingSet.open(arguments.recordings), arguments.clips)
    print(f"{len(recordings.subjects)} people, {len(recordings.entries)} clips", flush=True)
    before = None if arguments.beside is None else np.load(arguments.beside)
    kept: dict[str, np.ndarray] = {}
    for view in arguments.views:
        compared = scored(recordings, view, arguments)
        for name, comparisons in compared.items():
            kept[f"{view} {name}"] = comparisons.scores
            print(f"{view:>6}, {name}: {_line(comparisons, before, f'{view} {name}')}", flush=True)
    if arguments.keep is not None:
        np.savez(arguments.keep, **kept)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Real people, by view and across sessions.")
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--clips", type=int, default=20, help="of each person and session, at most")
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    parser.add_argument("--shortest", type=float, default=0.5, help="s, of a clip")
    parser.add_argument("--views", nargs="+", default=["static", "motion", "pose", "all"])
    parser.add_argument("--cosine", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--beside", type=Path)
    return parser.parse_args()


def some_clips(recordings: RecordingSet, most: int) -> RecordingSet:
    """At most so many clips of each person and session, spread evenly over those that there are."""
    session_of = sessions_of_clips(recordings)
    groups: dict[tuple[str, str], list[RecordingEntry]] = defaultdict(list)
    for entry in recordings.entries:
        groups[entry.subject, session_of.get(entry.clip, "")].append(entry)
    used = {
        own[int(place)].clip
        for own in groups.values()
        for place in np.linspace(0, len(own) - 1, min(most, len(own)))
    }
    return replace(recordings, entries=tuple(entry for entry in recordings.entries if entry.clip in used))


def attacked(
    recordings: RecordingSet, view: str, arguments: argparse.Namespace
) -> tuple[tuple[Comparisons, ...], list[list[str]]]:
    """The test comparisons of each fold, and the clips that they number."""
    split = make_split(source_of_subjects(recordings), SplitConfig(folds=5, seed=arguments.seed))
    config = training_of("moments", view=view)
    features = config.features.model_copy(update={"shortest_s": arguments.shortest})
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        run, _ = train(
            recordings, split, config.model_copy(update={"features": features}), Path(folder) / "run"
        )
        (tested,) = embed_people((run.path,), recordings, split, with_dev=True)
    folds = tested.comparisons if arguments.cosine else score_attackers([tested]).scored[0].folds
    return folds, [[entry.clip for entry in fold.test.entries] for fold in tested.folds]


def scored(recordings: RecordingSet, view: str, arguments: argparse.Namespace) -> dict[str, Comparisons]:
    """The test comparisons of all folds, and those that are mated across sessions only."""
    folds, clips = attacked(recordings, view, arguments)
    session_of = sessions_of_clips(recordings)
    across = [across_sessions(own, of_fold, session_of) for own, of_fold in zip(folds, clips, strict=True)]
    return {"all sessions": Comparisons.pool(folds), "across sessions": Comparisons.pool(across)}


def _line(comparisons: Comparisons, before: dict[str, np.ndarray] | None, name: str) -> str:
    if comparisons.n_mated == 0:
        return "no mated comparison"
    line = f"EER {with_interval(eer_of(comparisons))} ({comparisons.n_mated} mated comparisons)"
    if before is None:
        return line
    earlier = replace(comparisons, scores=before[name])
    return (
        f"{line}, before {with_interval(eer_of(earlier))}, "
        f"difference {with_interval(difference(earlier, comparisons))}"
    )


if __name__ == "__main__":
    main()
