"""Avatars: from videos to avatars' videos, and the shapes of an avatar's file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from amber_id.cli.shared import (
    GOES_ON,
    SOME_CLIPS_LOST,
    Model,
    Quiet,
    Shard,
    Workers,
    app,
    avatar_app,
    configured,
    name_failures,
    parsed_shard,
    print_summary,
    require_place,
    resumable,
    say,
    tell,
)
from amber_id.cli.tracking import track_folder
from amber_id.errors import UsageError
from amber_id.extras import check_needs
from amber_id.notation import percent

if TYPE_CHECKING:
    from amber_id.avatarize import Avatar, AvatarizeConfig, DriveFolders
    from amber_id.avatarize.following_file import FollowingSummary
    from amber_id.corpora import Corpus
    from amber_id.tracking import CorpusSummary, ModelBundle, ShareConfig

Palette = Annotated[
    Literal["sand", "umber", "rose"] | None,
    typer.Option(help="Colours of the default avatar; default: sand."),
]
File = Annotated[Path | None, typer.Argument(help="A .glb; default: the default avatar.")]
_Avatar = Annotated[
    Path | None, typer.Option(help="A .glb with ARKit's shapes; default: the default avatar.")
]
_Engine = Annotated[
    Literal["builtin", "ravas"], typer.Option(help="Renderer; ravas needs a checkout of RAVAS.")
]
_Fps = Annotated[
    float | None, typer.Option(help="Frames per second of all avatars; default: those of each original.")
]
_NoFace = Annotated[
    Literal["hold", "black"],
    typer.Option(help="Picture of a frame without a face: hold the last one, or black."),
]
_SaveDrive = Annotated[
    Path | None,
    typer.Option(help="Folder for the recordings of the originals, as `amber track` makes them."),
]
_FromDrive = Annotated[
    Path | None, typer.Option(help="Folder of recordings to draw from, instead of tracking again.")
]
_Check = Annotated[
    bool, typer.Option("--check", help="Also track the avatars and check that they follow their originals.")
]
_Ravas = Annotated[Path | None, typer.Option(help="Folder of a checkout of RAVAS, for --engine ravas.")]
_RavasPython = Annotated[Path | None, typer.Option(help="Python interpreter that runs RAVAS.")]
_RavasTimeout = Annotated[
    float | None, typer.Option(help="Seconds that RAVAS may take for a clip; default: 600.")
]


@app.command()
@resumable(GOES_ON)
def avatarize(
    videos: Annotated[
        Path, typer.Argument(help="Folder with <source>_id<number>/<clip>.mp4 ..., or recordings.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder for the videos of the avatars, in the same tree.")],
    avatar: _Avatar = None,
    palette: Palette = None,
    engine: _Engine = "builtin",
    size: Annotated[int, typer.Option(help="Width and height of the pictures, in pixels.")] = 512,
    fps: _Fps = None,
    no_face: _NoFace = "hold",
    save_drive: _SaveDrive = None,
    from_drive: _FromDrive = None,
    check: _Check = False,
    ravas: _Ravas = None,
    ravas_python: _RavasPython = None,
    ravas_timeout: _RavasTimeout = None,
    model: Model = None,
    workers: Workers = None,
    shard: Shard = None,
    quiet: Quiet = False,
) -> None:
    """Draw every talking head as an avatar.

    The avatar moves as the person does. When run again, clips that are finished are skipped.
    """
    from amber_id.avatarize import AvatarizeConfig, DriveFolders
    from amber_id.tracking import ShareConfig

    config = configured(AvatarizeConfig, engine=engine, size=size, fps=fps, no_face=no_face)
    share = configured(ShareConfig, workers=workers, shard=parsed_shard(shard))
    check_needs("avatarize")
    if ravas is None and (ravas_python is not None or ravas_timeout is not None):
        raise UsageError("--ravas-python and --ravas-timeout need --ravas, the folder of its checkout")
    if check and shard is not None:
        raise UsageError("--check compares the whole corpus: run the command again without --shard")
    require_place("OUT", out)
    job = _job(videos, out, ravas, from_drive, save_drive, model, check=check)
    look = _avatar_file(avatar, palette, model)
    by_ravas = _ravas_in(ravas, ravas_python, ravas_timeout, look)
    drives = DriveFolders(read_from=from_drive, keep_in=job.keep)
    summary = _drawn(job, out, look, config, share, drives, by_ravas, quiet=quiet)
    is_suspect = False
    if check and summary.done + summary.skipped:
        if by_ravas is not None:
            track_folder(videos, job.originals, model=model, workers=share.workers, quiet=quiet)
        is_suspect = _check(job.originals, out, model, share.workers, quiet, by_ravas=by_ravas is not None)
    if summary.failures or is_suspect:
        raise typer.Exit(SOME_CLIPS_LOST)


@dataclass(frozen=True)
class _Job:
    """Which clips are drawn, and where the recordings of their originals lie."""

    corpus: "Corpus"
    bundle: "ModelBundle | None"  # None where nothing is tracked
    keep: Path | None  # where recordings that are made on the way are kept
    originals: Path  # recordings of the originals, for the check


def _job(
    videos: Path,
    out: Path,
    ravas: Path | None,
    from_drive: Path | None,
    save_drive: Path | None,
    model: Path | None,
    *,
    check: bool,
) -> _Job:
    from amber_id.avatarize import CHECKED, RECORDING_SUFFIX, find_clips
    from amber_id.tracking import find_model

    corpus = find_clips(videos)
    by_recordings = corpus.clips[0].path.suffix == RECORDING_SUFFIX
    tracks = ravas is None and not by_recordings and from_drive is None
    keep = save_drive or (out / CHECKED["original"] if check and tracks else None)
    originals = videos if by_recordings else from_drive or keep or out / CHECKED["original"]
    return _Job(corpus, find_model(model) if tracks or check else None, keep, originals)


def _ravas_in(ravas: Path | None, python: Path | None, timeout_s: float | None, look: Path) -> Any:
    """RAVAS in its checkout, None where it is not to draw."""
    from amber_id.avatarize import find_ravas

    timeout_s = 600.0 if timeout_s is None else timeout_s
    return None if ravas is None else find_ravas(ravas, python, look, timeout_s=timeout_s)


def _drawn(
    job: _Job,
    out: Path,
    look: Path,
    config: "AvatarizeConfig",
    share: "ShareConfig",
    drives: "DriveFolders",
    by_ravas: Any,
    *,
    quiet: bool,
) -> "CorpusSummary":
    """Draw the avatars of a job with a bar, and print a summary."""
    from amber_id.avatarize import avatarize_corpus, read_avatar
    from amber_id.progress import ClipBar
    from amber_id.tracking import select_shard

    part = select_shard(job.corpus, share.shard)
    if not quiet:
        say(f"{len(part.clips)} clips of {len(part.subjects)} people, avatar {look}")
    _say_what_is_missing(read_avatar(look).avatar, look)
    with ClipBar("avatars", len(part.clips), quiet=quiet) as bar:
        summary = avatarize_corpus(
            job.corpus,
            out,
            look,
            job.bundle,
            config,
            drives=drives,
            ravas=by_ravas,
            workers=share.workers,
            shard=share.shard,
            on_progress=lambda event: bar.advance(event.frames),
        )
    name_failures(summary.failures)
    print_summary(summary, out, "avatars made")
    if summary.failures:
        tell(f"failures: {out / 'failures.csv'}")
    return summary


@avatar_app.command("preview")
def avatar_preview(
    file: File = None,
    out: Annotated[Path, typer.Option(help="File of the picture, a .png.")] = Path("avatar.png"),
    palette: Palette = None,
    model: Model = None,
) -> None:
    """Draw the 52 shapes of an avatar on a sheet."""
    from amber_id.avatarize import read_avatar, write_preview

    check_needs("avatar preview")
    look = _avatar_file(file, palette, model)
    drawn = read_avatar(look).avatar
    write_preview(drawn, out, source=look)
    _say_what_is_missing(drawn, look)
    tell(out)


@avatar_app.command("merge")
def avatar_merge(
    file: File = None,
    out: Annotated[Path, typer.Option(help="File to be written, a .glb.")] = Path("avatar.glb"),
    palette: Palette = None,
    model: Model = None,
) -> None:
    """Write an avatar as RAVAS needs it: one mesh with one texture."""
    from amber_id.avatarize import merge_avatar

    if file is not None and out.resolve() == file.resolve():
        raise UsageError(f"--out {out}: is the file itself; name another")
    check_needs("avatar merge")
    merged = merge_avatar(_avatar_file(file, palette, model), out)
    tell(f"{out}: {len(merged.avatar.positions)} vertices, SHA-256 {merged.sha256}")


def _avatar_file(named: Path | None, palette: Any, model: Path | None) -> Path:
    """The avatar named, else the default one, made if need be."""
    from amber_id.avatarize import default_avatar_file
    from amber_id.tracking import find_model

    if named is None:
        return default_avatar_file(find_model(model), palette or "sand")
    if palette is not None:
        raise UsageError("--palette colours the default avatar: leave it out, or the .glb")
    return named


def _say_what_is_missing(avatar: "Avatar", file: Path) -> None:
    from amber_id.avatarize.avatar import NEVER_DRIVEN

    if avatar.missing:
        missing = ", ".join(avatar.missing)
        say(f"{file} lacks {len(avatar.missing)} of 52 shapes, which stay still: {missing}")
    if lost := len(set(avatar.missing) - NEVER_DRIVEN):
        say(
            f"no attacker can use the motion of {lost} of these shapes: results on these avatars do not hold "
            "for better ones"
        )


def _check(
    originals: Path, out: Path, model: Path | None, workers: int | None, quiet: bool, *, by_ravas: bool
) -> bool:
    """Track the avatars in `out`, compare them with their originals; whether one is suspect."""
    from amber_id.avatarize import CHECKED, check_following, write_following

    tracked = out / CHECKED["anonymised"]
    track_folder(out, tracked, model=model, workers=workers, quiet=quiet)
    report = check_following(originals, tracked)
    write_following(report, out / "check")
    summary = report.summary()
    table = out / "check" / "following.csv"
    tell(f"{table}: {len(report.clips)} avatars compared with their originals")
    _print_following(summary, by_ravas=by_ravas)
    for clip in (clip for clip in report.clips if clip.flags):
        flags = [f"{flag} ({clip.best_match})" if flag == "follows another" else flag for flag in clip.flags]
        say(f"{clip.clip}: {', '.join(flags)}")
    for failure in report.failures:
        say(f"{failure.clip}: {failure.reason}")
    return bool(report.failures) or any(clip.is_suspect for clip in report.clips)


def _print_following(summary: "FollowingSummary", *, by_ravas: bool) -> None:
    if summary.face_share is not None and summary.median is not None:
        tell(f"  a face in {percent(summary.face_share)} of the frames where the original has one")
        tell(f"  median correlation of the channels that move: {summary.median:.2f}")
    tell(f"  {summary.match_their_own} of {summary.searched} avatars move most like their own original")
    tell(f"  offset and gain of the head: {'; '.join(_angles(summary))}")
    if by_ravas:
        tell(
            "  (RAVAS turns head, neck and chest, in total 1.3 times as far as the person turned; "
            "roll gains of up to 2.4 have been measured)"
        )
    if summary.lost:
        lost = (f"{name} ({summary.channels[name].median:.2f})" for name in summary.lost)
        moving = sum(channel.clips > 0 for channel in summary.channels.values())
        say(
            f"lost in the avatars: {len(summary.lost)} of {moving} channels that move in the originals "
            f"(median r below {summary.config.floor:g}): {', '.join(lost)}; no attacker can use them: "
            "results on these avatars do not hold for better ones"
        )


def _angles(summary: "FollowingSummary") -> Iterator[str]:
    """The head's angles in words."""
    for name, angle in summary.head.items():
        if angle.offset_deg is not None:
            gain = "does not move" if angle.gain is None else f"{angle.gain:.2f}"
            yield f"{name} {angle.offset_deg:+.1f} degrees, {gain}"
