"""Is a corpus whole? What its folders hold, against what the publishers have."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from amber_id.corpora import PUBLIC_CORPORA, find_corpus, find_subject_folders, person_folder
from amber_id.corpora.conversion.left_out import LeftOut
from amber_id.corpora.conversion.placing import source_of
from amber_id.corpora.conversion.public import PublicConversion, conversion_of
from amber_id.corpora.conversion.source_files import SourceFile, is_video, trouble_with
from amber_id.errors import AmberError

# The publishers' names of people, by folder.
_ACTORS = {
    person_folder(source, actor): actor
    for source, corpus in PUBLIC_CORPORA.items()
    for actor in corpus.actors
}


@dataclass(frozen=True)
class SourceCheck:
    """What a corpus has of one source.

    `clips` and `people` are whole and the publisher's; `expected_clips` is 0 where their number is not
    published, `expected_people` too where the source is nobody's but the user's own. `beyond` are clips that
    the publisher has, but does not count: RAVDESS without sound, or songs. `problems` name what is missing
    or cannot be used.
    """

    source: str
    clips: int
    people: int
    expected_clips: int
    expected_people: int
    beyond: int
    problems: tuple[LeftOut, ...]


def clips_in(dst: Path, sources: Collection[str]) -> Mapping[str, frozenset[str]]:
    """The stems of the videos in the person folders of some sources, by folder.

    Raises
    ------
    AmberError
        If one of the folders cannot be listed: what is in it is not known then.
    """
    stems: dict[str, frozenset[str]] = {}
    for folder in find_subject_folders(dst) if dst.is_dir() else ():
        if folder.source in sources:
            try:
                names = [entry.name for entry in os.scandir(folder.path)]
            except OSError as error:
                raise AmberError(f"{folder.path}: cannot be listed ({error.strerror or error})") from error
            stems[folder.path.name] = frozenset(name.rpartition(".")[0] for name in names if is_video(name))
    return stems


def missing_from(
    expected: Mapping[str, frozenset[str]], present: Mapping[str, frozenset[str]], sources: Collection[str]
) -> Iterable[LeftOut]:
    """What the publisher has and the corpus has not: a row for a person, or for each clip of a person."""
    for folder, stems in expected.items():
        source = source_of(folder)
        if source not in sources:
            continue
        as_published = conversion_of(source).as_published
        here = {as_published(stem) for stem in present.get(folder, frozenset())}
        if not here or (stems and not stems & here):
            detail = f"{_ACTORS[folder]}; expected {len(stems) or 'one or more'} clips"
            yield LeftOut(source, "missing", folder, "no clip of this person", detail)
            continue
        for stem in sorted(stems - here):
            yield LeftOut(
                source, "missing", f"{folder}/{stem}", "the publisher has this clip, the corpus has not"
            )


def check_corpus(root: Path) -> tuple[SourceCheck, ...]:
    """Compare each source of a corpus with what its publisher has, sorted by source.

    Raises
    ------
    CorpusError
        If `root` is no corpus, as `find_corpus` says.
    """
    corpus = find_corpus(root)
    problems: dict[str, list[LeftOut]] = {}
    whole: dict[str, dict[str, set[str]]] = {}
    for clip in corpus.clips:
        folder, stem = clip.path.parent.name, clip.path.stem
        people = whole.setdefault(clip.source, {})
        trouble = _trouble(clip.path, clip.id)
        if trouble is None:
            people.setdefault(folder, set()).add(stem)
        else:
            problems.setdefault(clip.source, []).append(LeftOut(clip.source, "unusable", clip.id, *trouble))
    for problem in corpus.problems:
        name = problem.path.relative_to(root).as_posix()
        source = source_of(name.partition("/")[0])
        problems.setdefault(source, []).append(LeftOut(source, "unusable", name, problem.reason))
    return tuple(
        _check(source, whole.get(source, {}), problems.get(source, []))
        for source in sorted(whole.keys() | problems.keys())
    )


def _check(source: str, people: Mapping[str, set[str]], problems: list[LeftOut]) -> SourceCheck:
    if source not in PUBLIC_CORPORA:
        clips = sum(map(len, people.values()))
        return SourceCheck(source, clips, len(people), 0, 0, 0, tuple(problems))
    conversion = conversion_of(source)
    expected = conversion.clips()
    clips = beyond = 0
    lame = {row.path for row in problems}
    for folder, stems in people.items():
        wanted = expected.get(folder, frozenset())
        for stem in sorted(stems):
            objection = _objection(conversion, folder, stem)
            if objection:
                problems.append(LeftOut(source, "unusable", f"{folder}/{stem}", objection))
            elif not wanted or conversion.as_published(stem) in wanted:
                clips += 1
            else:
                beyond += 1
    present = {folder: frozenset(stems) for folder, stems in people.items()}
    problems += [row for row in missing_from(expected, present, {source}) if row.path not in lame]
    total = sum(map(len, expected.values()))
    known_people = len(people.keys() & expected.keys())
    return SourceCheck(source, clips, known_people, total, len(expected), beyond, tuple(problems))


def _objection(conversion: PublicConversion, folder: str, stem: str) -> str:
    """Why a clip is not the publisher's clip of this person, or nothing."""
    known = conversion.facts(stem)
    if known is None:
        return "the publisher has no such clip"
    return "" if _ACTORS.get(folder) == known[0] else "the clip of another person"


def _trouble(path: Path, clip: str) -> tuple[str, str] | None:
    try:
        size = path.stat().st_size
    except OSError as error:
        if path.is_symlink():
            return "a link that leads nowhere", f"to {path.readlink()}; convert its source again"
        return "cannot be read", error.strerror or str(error)
    if not path.is_file():
        return "a folder, not a file", ""
    return trouble_with(SourceFile(clip, size, str(path)))
