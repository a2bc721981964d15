"""What is known of a study before anything is tracked? Whether it can be made, and what it could show.

Tracking takes hours, and what makes a study impossible is mostly seen from the names of its files: folders
that are not there or are one, clips that do not pair, too few people, a study written into its own clips. All
that is looked at here, in seconds, before anything is begun.

What it could show is simulated with as many people, clips and folds (`amber_id.biometrics.power`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from amber_id.biometrics import StudyPlan, study_power
from amber_id.corpora import ClipFacts, find_corpus, read_corpus_file
from amber_id.errors import CorpusError, UsageError
from amber_id.file_formats import file_hash
from amber_id.protocols import Division, SplitConfig, divide, refuse_too_few_tested
from amber_id.quoting import names_and_more
from amber_id.recordings import POINT_SETS, PointSet, RecordingSet, holds_recordings
from amber_id.results import ConditionName

_TRACKED: PointSet = "face_landmarker_478"  # what videos become
_LOOKED_AT = 5  # pairs, of which it is asked whether they are one file
_NAMED_AT_MOST = 3  # clips in a sentence
_EER = 0.2  # of the study that is simulated
_MOST_PEOPLE, _MOST_CLIPS = 100, 5  # simulated; more clips hardly count
_STUDIES, _REPLICATES = 20, 100


@dataclass(frozen=True)
class Outlook:
    """Whom a study could be about, as far as the names of its clips say it.

    `clips` are those that are there under every condition, by person, of people with two or more; `single`
    are the people with one; `alone` are the clips that one condition lacks, by that condition.
    """

    clips: Mapping[str, tuple[str, ...]]
    single: tuple[str, ...]
    source_of: Mapping[str, str]
    alone: Mapping[ConditionName, tuple[str, ...]]
    sessions_of: Mapping[str, int]  # how many are known, of people of whom one is

    def divide(self, config: SplitConfig) -> Division:
        """How these people would be divided; raises SplitError if they, or those tested, are too few."""
        division = divide(self.source_of, config, sessions_of=self.sessions_of)
        refuse_too_few_tested(division.split, self.source_of)
        return division

    def sentences(self, division: Division) -> tuple[str, ...]:
        """What is lost already, and what a study of these people under this division could show."""
        return (*self._lost(), *_could_show(division, median_low(map(len, self.clips.values()))))

    def _lost(self) -> tuple[str, ...]:
        lost = [
            (f"clips without an {lacking} clip of the same name", clips)
            for lacking, clips in self.alone.items()
        ]
        lost.append(("people with one clip, with which nothing can be compared", self.single))
        return tuple(
            f"{what}: {len(those)} dropped and counted ({names_and_more(those, _NAMED_AT_MOST)})"
            for what, those in lost
            if those
        )


def look_ahead(folders: Mapping[ConditionName, Path], out: Path) -> Outlook:
    """Look at the folders of a study, of videos or of recordings, before anything is tracked.

    Raises
    ------
    CorpusError
        If a folder is not there or holds no clips, no clip is there under both conditions, nobody has two
        clips, or recordings have other points than those that the videos will get.
    FileFormatError
        If a ``corpus.csv`` does not fit.
    UsageError
        If there is no folder, one is named twice or was copied, or `out` is or lies in one of them.
    """
    _check_places(folders, out)
    looked_at = {name: clips_of(folder) for name, folder in folders.items()}
    _check_points({name: each.points for name, each in looked_at.items()})
    facts = [read_corpus_file(folder) for folder in folders.values()]
    shared = set.intersection(*(set(each.person_of) for each in looked_at.values()))
    if not shared:
        examples = ", ".join(f"{folders[name]} has {min(each.person_of)}" for name, each in looked_at.items())
        raise CorpusError(
            f"no clip is there under both conditions by the same name: {examples}; give every "
            "anonymised clip the name of its original"
        )
    in_order = sorted(shared)
    _refuse_copies({name: [each.path_of[clip] for clip in in_order] for name, each in looked_at.items()})
    person_of = {clip: person for each in looked_at.values() for clip, person in each.person_of.items()}
    of_person = Counter(person_of[clip][0] for clip in shared)
    clips = {
        subject: tuple(sorted(clip for clip in shared if person_of[clip][0] == subject))
        for subject in sorted(of_person)
        if of_person[subject] >= 2
    }
    if not clips:
        raise CorpusError(
            f"nobody has two clips under every condition, of {len(of_person)} people: there is no mated "
            "comparison; add clips"
        )
    alone = {name: tuple(sorted(set(person_of) - set(each.person_of))) for name, each in looked_at.items()}
    single = tuple(sorted(subject for subject, n in of_person.items() if n == 1))
    sources = {subject: person_of[own[0]][1] for subject, own in clips.items()}
    return Outlook(clips, single, sources, alone, _sessions_of(clips, facts))


def _sessions_of(
    clips: Mapping[str, tuple[str, ...]], facts: Sequence[Mapping[str, ClipFacts]]
) -> dict[str, int]:
    """How many sessions each person is known to have, by any of the corpus files."""
    sitting = {
        clip: known.sitting
        for of_file in facts
        for clip, known in of_file.items()
        if known.sitting is not None
    }
    sessions = {
        subject: len({sitting[clip] for clip in own if clip in sitting}) for subject, own in clips.items()
    }
    return {subject: n for subject, n in sessions.items() if n}


@dataclass(frozen=True)
class FolderClips:
    """The clips of a folder: the person and the source of each, its file, and the points of recordings."""

    person_of: Mapping[str, tuple[str, str]]
    path_of: Mapping[str, Path]
    points: PointSet


def clips_of(folder: Path) -> FolderClips:
    """The clips of a folder of recordings or of videos, by names of files; raises as `look_ahead` does."""
    if holds_recordings(folder):
        recordings = RecordingSet.open(folder).entries
        person_of = {each.clip: (each.subject, each.source) for each in recordings}
        return FolderClips(person_of, {each.clip: each.path for each in recordings}, recordings[0].point_set)
    clips = find_corpus(folder).clips
    person_of = {each.id: (each.subject, each.source) for each in clips}
    return FolderClips(person_of, {each.id: each.path for each in clips}, _TRACKED)


def _check_places(folders: Mapping[ConditionName, Path], out: Path) -> None:
    places = {name: folder.resolve() for name, folder in folders.items()}
    if len(set(places.values())) < len(places):
        raise UsageError(
            f"{next(iter(folders.values()))}: is named twice, for {' and for '.join(folders)} clips; name "
            "what the anonymiser wrote, or one of the two alone"
        )
    study = out.resolve()
    for name, place in places.items():
        if study == place or place in study.parents:
            raise UsageError(
                f"--out {out}: lies in the folder of the {name} clips ({folders[name]}); write the study "
                "beside it"
            )


def are_copies(one: Sequence[Path], other: Sequence[Path]) -> bool:
    """Whether a few of these files that are looked at are, byte for byte, their partners."""
    return all(_same_bytes(*pair) for pair in _looked_at(one, other))


def _looked_at(one: Sequence[Path], other: Sequence[Path]) -> list[tuple[Path, Path]]:
    pairs = list(zip(one, other, strict=True))
    return pairs[:: max(1, len(pairs) // _LOOKED_AT)][:_LOOKED_AT]


def _refuse_copies(files: Mapping[ConditionName, Sequence[Path]]) -> None:
    """Look at a few clips: where all are their originals, byte for byte, the folder was copied."""
    if len(files) > 1 and are_copies(*files.values()):
        looked_at = _looked_at(*files.values())
        raise UsageError(
            f"{looked_at[0][1]}: is its original, byte for byte, as are all {len(looked_at)} anonymised "
            "clips that were looked at; name what the anonymiser wrote"
        )


def _same_bytes(one: Path, other: Path) -> bool:
    try:
        sizes = one.stat().st_size, other.stat().st_size
        return sizes[0] == sizes[1] > 0 and file_hash(one) == file_hash(other)
    except OSError:
        return False  # tracking says why it cannot be read


def _check_points(points: Mapping[ConditionName, PointSet]) -> None:
    if len(set(points.values())) > 1:
        point_sets = ", ".join(
            f"{each} of {name} clips ({POINT_SETS[each]} points)" for name, each in points.items()
        )
        raise CorpusError(
            f"expected one point set, got {point_sets}; track both folders with the same tracker"
        )


def _could_show(division: Division, clips: int) -> tuple[str, ...]:
    split = division.split
    tested = [len(split.subjects("test", k)) for k in range(len(split.folds))]
    learnt = [len(split.subjects("train", k)) for k in range(len(split.folds))]
    people, folds = sum(tested), len(tested)
    pairs = sum(n * (n - 1) // 2 for n in tested)
    sizes = f"{_range(learnt)} learnt from, {_range(tested)} tested"
    who = f"{people} people are tested, with {clips} clips each (median), in {folds} "
    who += f"{'fold' if folds == 1 else 'folds'} ({sizes} in each)"
    plan = StudyPlan(
        people=max(3, min(people, _MOST_PEOPLE)),
        clips=min(clips, _MOST_CLIPS),
        eer=_EER,
        folds=max(1, min(folds, people // 2, _MOST_PEOPLE // 2)),
    )
    power = study_power(plan, studies=_STUDIES, replicates=_REPLICATES)
    most = " at most" if people > _MOST_PEOPLE else ""
    shows = (
        f"such a study would give an EER of {_EER:g} an interval {power.width:.2f} wide{most}, and could "
        f"distinguish two conditions that differ by {power.detectable:.2f} in EER or more"
    )
    return (*division.remarks, who, f"{shows}; {_lowest(pairs)} (docs/power.md)")


def _lowest(pairs: int) -> str:
    """The lowest FMR of which so many pairs of people say anything: 3 over their number."""
    if pairs < 30:
        return f"{pairs} pairs of people are too few for a TMR at an FMR of 10 % or less"
    lowest = min(rate for rate in (0.1, 0.01, 0.001) if rate * pairs >= 3)
    return f"TMR can be given down to an FMR of {100 * lowest:g} %"


def _range(numbers: Iterable[int]) -> str:
    low, high = min(numbers := list(numbers)), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"
