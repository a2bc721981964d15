"""Does an attacker that knows the defence see through it, and does trying so much not fool the choice?

The defence changes blendshapes alone: mean and standard deviation of each over a clip become those of a
clip of another person, drawn by a seed from all others, clipped to [0, 1]. Attackers on blendshapes are
trained and chosen on defended clips, in folds of people of whom each is tested once: first the attacker that
takes clips as they are, then with those that undo something, as a study tries them. Permuted labels, on the
avatar's clips of synthetic people, say whether the choice among them, with what is learnt from pairs, is
fooled: nobody can be recognised then.

    python benchmarks/informed.py donor RECORDINGS [--seeds 5]       real people, tracked with blendshapes
    python benchmarks/informed.py donor --people 40 --clips 12 --seed 11 [--seeds 5]    synthetic ones
    python benchmarks/informed.py rendered RECORDINGS --keep FOLDER [--seeds 5]    drawn by the default avatar
    python benchmarks/informed.py plain --people 40 --clips 20 [--seeds 3]      undefended, without network
    python benchmarks/informed.py permuted --people 40 --clips 12 [--seeds 20]

Each line is one draw; the last is the mean over them. Where defended clips are drawn and tracked again, what
is made is kept, and a benchmark that was stopped goes on there; the attackers see landmarks, too.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from amber_id.audit import StudyConfig
from amber_id.audit.attack.strongest_attacker import Scored, score_attackers
from amber_id.audit.attack.tested import embed_people
from amber_id.audit.study.clips import study_clips
from amber_id.audit.study.scenarios import needs_pairs
from amber_id.avatarize import AvatarizeConfig, avatarize_corpus, default_avatar_file, find_clips
from amber_id.corpora import find_corpus
from amber_id.notation import with_interval
from amber_id.protocols import folds_by_people, make_split, source_of_subjects
from amber_id.recordings import Recording, RecordingSet, save_recording
from amber_id.results import ConditionName
from amber_id.synthetic import SynthConfig, generate
from amber_id.tracking import Landmarker, find_model, track_corpus
from amber_id.training import LoopConfig, train
from amber_id.training.named import training_of
from attackers import eer_of

PLAIN = ("moments on blendshapes",)
WITHOUT_NETWORK = tuple(
    name for name in StudyConfig().attackers if name.startswith("moments") and not needs_pairs(name)
)
WITH_PAIRS = tuple(name for name in StudyConfig().attackers if name.startswith("moments"))
ON_BLENDSHAPES = tuple(name for name in WITHOUT_NETWORK if "blendshapes" in name)
BEFORE = ("moments", "moments on blendshapes")


def main() -> None:
    """Measure one of the three."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        lines = list(_measured(arguments, Path(folder)))
    before, now = (np.mean([line[i] for line in lines]) for i in range(2))
    held = sum(line[2] for line in lines)
    print(f"mean over {len(lines)}: before {before:.3f}, now {now:.3f}; the interval holds .5 in {held}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Attackers that know the defence, and the choice among them."
    )
    parser.add_argument("question", choices=("donor", "rendered", "plain", "permuted"))
    parser.add_argument("recordings", type=Path, nargs="?")
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--seed", type=int, default=11, help="of the first synthetic people")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="where avatars and their recordings are kept")
    parser.add_argument("--size", type=int, default=256, help="of avatars, in pixels")
    arguments = parser.parse_args()
    if arguments.question == "rendered" and (arguments.recordings is None or arguments.keep is None):
        parser.error("rendered: name a folder of recordings, and --keep")
    return arguments


def _measured(arguments: argparse.Namespace, folder: Path) -> Iterator[tuple[float, float, bool]]:
    before, now = {
        "donor": (PLAIN, ON_BLENDSHAPES),
        "permuted": (BEFORE, WITH_PAIRS),
    }.get(arguments.question, (BEFORE, WITHOUT_NETWORK))
    sets = {"before": before, "now": now}
    for seed in range(arguments.seeds):
        scratch = folder / str(seed)
        originals = None
        if arguments.question == "permuted":
            recordings, originals = _pairs(arguments, scratch, seed)
        else:
            recordings = _people(arguments, scratch / "people", seed)
        if arguments.question == "donor":
            recordings = defended(recordings, scratch / "defended", seed)
        elif arguments.question == "rendered":
            recordings = rendered(recordings, arguments.keep / str(seed), seed, arguments.size)
        before, now = (
            _strongest(recordings, names, scratch / kind, seed, permuted_with=originals)
            for kind, names in sets.items()
        )
        figures = [eer_of(each.comparisons) for each in (before, now)]
        written = [with_interval(figure) for figure in figures]
        print(
            f"seed {seed}: before {written[0]}; now {written[1]} by {now.attacker.name}",
            flush=True,
        )
        yield figures[0].value, figures[1].value, figures[1].low <= 0.5 <= figures[1].high


def _people(arguments: argparse.Namespace, folder: Path, seed: int) -> RecordingSet:
    """Recordings to be attacked: of the folder, or synthetic; other people for each seed but of donors."""
    if arguments.recordings is not None:
        return RecordingSet.open(arguments.recordings)
    drawn = arguments.seed + (0 if arguments.question == "donor" else seed)
    generate(SynthConfig(people=arguments.people, clips=arguments.clips, seed=drawn), folder)
    return RecordingSet.open(folder / "original")


def _pairs(arguments: argparse.Namespace, folder: Path, seed: int) -> tuple[RecordingSet, RecordingSet]:
    """Anonymised clips of synthetic people, and their originals; other people for each seed."""
    config = SynthConfig(people=arguments.people, clips=arguments.clips, seed=arguments.seed + seed)
    generate(config, folder / "people")
    sets: dict[ConditionName, RecordingSet] = {
        "original": RecordingSet.open(folder / "people" / "original"),
        "anonymised": RecordingSet.open(folder / "people" / "avatar"),
    }
    clips = study_clips(sets, folder, [training_of(name).features for name in WITH_PAIRS])
    return clips.under("anonymised"), clips.under("original")


def defended(recordings: RecordingSet, folder: Path, seed: int) -> RecordingSet:
    """Copies with mean and spread of every blendshape from a clip of another person."""
    rng = np.random.default_rng(seed)
    loaded = [recordings.load(entry) for entry in recordings.entries]
    for recording in loaded:
        donors = [other for other in loaded if other.subject != recording.subject]
        changed = restyled(recording, donors[rng.integers(len(donors))])
        save_recording(changed, folder / f"{recording.clip}.safetensors")
    return RecordingSet.open(folder)


def restyled(recording: Recording, donor: Recording) -> Recording:
    """A recording with the donor's mean and standard deviation of every blendshape, clipped to [0, 1]."""
    assert recording.blendshapes is not None
    assert donor.blendshapes is not None
    own = recording.blendshapes[recording.tracked].astype(np.float64)
    style = donor.blendshapes[donor.tracked].astype(np.float64)
    spread = np.where(own.std(axis=0) > 1e-9, own.std(axis=0), 1.0)
    blendshapes = recording.blendshapes.copy()
    blendshapes[recording.tracked] = np.clip(
        (own - own.mean(axis=0)) / spread * style.std(axis=0) + style.mean(axis=0), 0, 1
    )
    return replace(recording, blendshapes=blendshapes)


def rendered(recordings: RecordingSet, folder: Path, seed: int, size: int) -> RecordingSet:
    """Defended clips as the default avatar shows them, tracked; what is there already is not made again."""
    clips, videos, tracked = (folder / name for name in ("defended", "videos", "tracked"))
    model = find_model(None)
    defended(recordings, clips, seed)
    config = AvatarizeConfig(size=size)
    avatarize_corpus(find_clips(clips), videos, default_avatar_file(model), model, config, workers=1)
    track_corpus(find_corpus(videos), tracked, Landmarker(model), workers=1)
    return RecordingSet.open(tracked)


def _strongest(
    recordings: RecordingSet,
    names: Sequence[str],
    folder: Path,
    seed: int,
    *,
    permuted_with: RecordingSet | None,
) -> Scored:
    """The strongest of these attackers, trained and chosen on these clips.

    With the originals of the clips, their labels are permuted, and maps are learnt from pairs.
    """
    split = make_split(source_of_subjects(recordings), folds_by_people(len(recordings.subjects)))
    runs = []
    for name in names:
        config = training_of(name, loop=LoopConfig(), seed=seed)
        if permuted_with is not None:
            config = config.model_copy(update={"control": "permuted-labels"})
        run, _ = train(
            recordings,
            split,
            config,
            folder / name.replace(" ", "_"),
            originals=permuted_with if needs_pairs(name) else None,
            allow=None,
        )
        runs.append(run.path)
    return score_attackers(embed_people(tuple(runs), recordings, split, with_dev=True)).strongest


if __name__ == "__main__":
    main()
