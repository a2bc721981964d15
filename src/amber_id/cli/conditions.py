"""The audit of several anonymisers of the same originals, as `amber audit` does where they have names."""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from amber_id.cli.shared import STUDY_LOCK, check_before, tell
from amber_id.cli.study_folders import (
    Means,
    end_of_study,
    outlook_and_attackers,
    playable_faces,
    recordings_of_study,
    say_each,
    write_study,
)
from amber_id.errors import UsageError
from amber_id.quoting import quote

if TYPE_CHECKING:
    from amber_id.audit import StudyConfig
    from amber_id.audit.study.run import Audit
    from amber_id.progress import StageClock
    from amber_id.recordings import RecordingSet
    from amber_id.results import ConditionName

ALONE = ""
"""Stands for the name of the one anonymised condition, where it has none."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
# What the matrix and the folder of the study call something else.
_TAKEN = frozenset(
    ("original", "anonymised", "all", "others", "each", "matrix", "recordings", "figures", "scores", "stages")
)
_NAMELESS = "--anonymised: expected a name for each of {} folders, got {} without one; write NAME=FOLDER"


def named_conditions(values: Sequence[str]) -> dict[str, Path]:
    """The folders of `--anonymised` by name, `ALONE` that of one without; raises UsageError if one is wrong.

    What is there as a folder, or has a slash before its first ``=``, is a folder without a name.
    """
    folders: dict[str, Path] = {}
    for value in values:
        name, equals, folder = value.partition("=")
        if not equals or "/" in name or Path(value).exists():
            name, folder = ALONE, value
        else:
            _check_name(name, folders)
        if name in folders:
            raise UsageError(_NAMELESS.format(len(values), value))
        folders[name] = Path(folder)
    if ALONE in folders and len(folders) > 1:
        raise UsageError(_NAMELESS.format(len(values), folders[ALONE]))
    places: dict[Path, str] = {}
    for name, path in folders.items():
        other = places.setdefault(path.resolve(), name)
        if other != name:
            raise UsageError(f"--anonymised {name}={path}: is the folder of {other}, too; name each once")
    return folders


def _check_name(name: str, before: Collection[str]) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"--anonymised {quote(name)}=...: expected a name of up to 32 letters a to z, digits, - and _, "
            "that begins with a letter or a digit"
        )
    if name.casefold() in _TAKEN:
        raise UsageError(f"--anonymised {name}=...: the name is taken, for {', '.join(sorted(_TAKEN))}")
    if name.casefold() in {each.casefold() for each in before}:
        raise UsageError(f"--anonymised {name}=...: the name comes twice; give each folder one of its own")


def audit_conditions(
    original: Path | None,
    anonymised: Mapping[str, Path],
    out: Path,
    settings: "StudyConfig",
    means: Means,
) -> None:
    """Audit each anonymised condition as if it were alone, then all of them together."""
    from amber_id.audit import conditions_lines, run_conditions
    from amber_id.locks import hold_lock
    from amber_id.progress import ClipBar, epoch_line
    from amber_id.recordings import failed_clips
    from amber_id.report import write_conditions_report
    from amber_id.results import write_results

    folders = {name: _folders(original, folder) for name, folder in anonymised.items()}
    likely = _look_ahead(folders, out, settings, means)
    check_before("audit", out)
    clock = _clock(original, anonymised, likely)
    sets = _recordings(original, anonymised, out, clock, means)
    pages: list[Path] = []

    def write(name: str, audit: "Audit") -> None:
        faces = playable_faces(sets[name], show_originals=means.show_originals)
        pages.append(write_study(audit.results, audit.scores, out / name, faces=faces))

    with ExitStack() as held:
        for folder in (out, *(out / name for name in anonymised)):
            held.enter_context(hold_lock(folder / STUDY_LOCK))
        bar = held.enter_context(ClipBar("audit", None, quiet=means.quiet))
        results = run_conditions(
            next(iter(sets.values())).get("original"),
            {name: each["anonymised"] for name, each in sets.items()},
            out,
            settings,
            device=means.device,
            allow=means.allow,
            reasons={name: failed_clips(each.values()) for name, each in folders.items()},
            on_study=write,
            on_stage=lambda name, before: bar.say(clock.begin(name, before=before)),
            on_epoch=lambda report: bar.say(f"  {epoch_line(report)}"),
        )
        write_results(results, out / "results.json")
        page = write_conditions_report(results, out)
    for line in (*conditions_lines(results), *pages, page):
        tell(line)
    end_of_study(results, "results.json")


def _clock(original: Path | None, anonymised: Mapping[str, Path], likely: "StudyConfig") -> "StageClock":
    """How long everything will take; what is videos is tracked first."""
    from amber_id.audit import stages_of_conditions
    from amber_id.progress import StageClock
    from amber_id.recordings import holds_recordings

    stages = stages_of_conditions(
        list(anonymised),
        likely,
        originals=original is not None,
        tracked=[name for name, folder in anonymised.items() if not holds_recordings(folder)],
        originals_tracked=original is not None and not holds_recordings(original),
    )
    return StageClock(stages)


def _recordings(
    original: Path | None, anonymised: Mapping[str, Path], out: Path, clock: "StageClock", means: Means
) -> "dict[str, dict[ConditionName, RecordingSet]]":
    """The recordings of each study, of originals the same; videos are tracked, each into its study."""
    read = partial(
        recordings_of_study, clock=clock, model=means.model, workers=means.workers, quiet=means.quiet
    )
    originals: dict[ConditionName, RecordingSet] = {}
    if original is not None:
        originals = read({"original": original}, out, avatars=next(iter(anonymised.values())))
    return {
        name: originals | read({"anonymised": folder}, out / name, avatars=folder, before=f"{name}: ")
        for name, folder in anonymised.items()
    }


def _folders(original: Path | None, anonymised: Path) -> "dict[ConditionName, Path]":
    originals: dict[ConditionName, Path] = {} if original is None else {"original": original}
    return originals | {"anonymised": anonymised}


def _look_ahead(
    folders: "Mapping[str, Mapping[ConditionName, Path]]",
    out: Path,
    settings: "StudyConfig",
    means: Means,
) -> "StudyConfig":
    """Say what is known before anything is tracked, what all studies share once; the attackers tried.

    What makes a study impossible is raised here.
    """
    from amber_id.audit import look_ahead_together

    before: set[str] = set()
    for name, of_condition in folders.items():
        likely, lines = outlook_and_attackers(of_condition, out / name, settings, means.device)
        say_each([f"{name}: {line}" for line in lines if line not in before], quiet=means.quiet)
        before |= set(lines)
    together: dict[str, Path] = {}
    for name, of_condition in folders.items():
        for key, folder in of_condition.items():
            together[name if key == "anonymised" else key] = folder
    say_each(look_ahead_together(together, settings), quiet=means.quiet)
    return likely
