"""Avatars: from videos to avatars' videos, and what an avatar's file holds."""

from collections.abc import Iterator
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

if TYPE_CHECKING:
    from amber_id.avatarize import Avatar
    from amber_id.avatarize.following_file import FollowingSummary

Palette = Annotated[
    Literal["sand", "umber", "rose"] | None,
    typer.Option(help="Colours of the default avatar; sand unless told."),
]


@app.command()
@resumable(GOES_ON)
def avatarize(
    videos: Annotated[
        Path, typer.Argument(help="Folder with <source>_id<number>/<clip>.mp4 ..., or recordings.")
    ],
    out: Annotated[Path, typer.Argument(help="Where the avatars' videos go, in the same tree.")],
    avatar: Annotated[
        Path | None, typer.Option(help="A .glb with ARKit's shapes; the default avatar unless told.")
    ] = None,
    palette: Palette = None,
    engine: Annotated[
        Literal["builtin", "ravas"], typer.Option(help="What draws; ravas needs a checkout of RAVAS.")
    ] = "builtin",
    size: Annotated[int, typer.Option(help="Width and height of the pictures, in pixels.")] = 512,
    fps: Annotated[
        float | None, typer.Option(help="Frames in a second of all avatars; each original's own unless told.")
    ] = None,
    no_face: Annotated[
        Literal["hold", "black"], typer.Option(help="What a frame without a face shows: the last, or black.")
    ] = "hold",
    save_drive: Annotated[
        Path | None, typer.Option(help="Keep the originals' recordings here, as amber track would.")
    ] = None,
    from_drive: Annotated[
        Path | None, typer.Option(help="Draw from the recordings here instead of tracking again.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Track the avatars: do they move as their originals?")
    ] = False,
    ravas: Annotated[Path | None, typer.Option(help="RAVAS' checkout, for --engine ravas.")] = None,
    ravas_python: Annotated[Path | None, typer.Option(help="The Python that RAVAS runs with.")] = None,
    ravas_timeout: Annotated[
        float | None, typer.Option(help="Seconds that RAVAS may take for a clip; 600 unless told.")
    ] = None,
    model: Model = None,
    workers: Workers = None,
    shard: Shard = None,
    quiet: Quiet = False,
) -> None:
    """Turn every talking head into an avatar that moves alike. Run again, what is finished is skipped."""
    from amber_id.avatarize import (
        CHECKED,
        RECORDING_SUFFIX,
        AvatarizeConfig,
        DriveFolders,
        avatarize_corpus,
        find_clips,
        find_ravas,
        read_avatar,
    )
    from amber_id.progress import ClipBar
    from amber_id.tracking import ShareConfig, find_model, select_shard

    config = configured(AvatarizeConfig, engine=engine, size=size, fps=fps, no_face=no_face)
    share = configured(ShareConfig, workers=workers, shard=parsed_shard(shard))
    check_needs("avatarize")
    if ravas is None and (ravas_python is not None or ravas_timeout is not None):
        raise UsageError("--ravas-python and --ravas-timeout need --ravas, the folder of its checkout")
    if check and shard is not None:
        raise UsageError("--check looks at the whole corpus: run it once more without --shard")
    require_place("OUT", out)
    corpus = find_clips(videos)
    by_recordings = corpus.clips[0].path.suffix == RECORDING_SUFFIX
    tracks = ravas is None and not by_recordings and from_drive is None
    bundle = find_model(model) if tracks or check else None
    look = _avatar_file(avatar, palette, model)
    timeout_s = 600.0 if ravas_timeout is None else ravas_timeout
    by_ravas = None if ravas is None else find_ravas(ravas, ravas_python, look, timeout_s=timeout_s)
    keep = save_drive or (out / CHECKED["original"] if check and tracks else None)
    part = select_shard(corpus, share.shard)
    if not quiet:
        say(f"{len(part.clips)} clips of {len(part.subjects)} people, avatar {look}")
    _say_what_is_missing(read_avatar(look).avatar, look)
    with ClipBar("avatars", len(part.clips), quiet=quiet) as bar:
        summary = avatarize_corpus(
            corpus,
            out,
            look,
            bundle,
            config,
            drives=DriveFolders(read_from=from_drive, keep_in=keep),
            ravas=by_ravas,
            workers=share.workers,
            shard=share.shard,
            on_progress=lambda event: bar.advance(event.frames),
        )
    name_failures(summary.failures)
    print_summary(summary, out, "avatars made", lost=len(summary.failures))
    if summary.failures:
        tell(f"failures: {out / 'failures.csv'}")
    suspect = False
    if check and summary.done + summary.skipped:
        originals = videos if by_recordings else from_drive or keep or out / CHECKED["original"]
        if by_ravas is not None:
            track_folder(videos, originals, model=model, workers=share.workers, quiet=quiet)
        suspect = _check(originals, out, model, share.workers, quiet, by_ravas=by_ravas is not None)
    if summary.failures or suspect:
        raise typer.Exit(SOME_CLIPS_LOST)


@avatar_app.command("preview")
def avatar_preview(
    file: Annotated[Path | None, typer.Argument(help="A .glb; the default avatar unless told.")] = None,
    out: Annotated[Path, typer.Option(help="The picture, a .png.")] = Path("avatar.png"),
    palette: Palette = None,
    model: Model = None,
) -> None:
    """Draw the 52 shapes of an avatar on one contact sheet."""
    from amber_id.avatarize import read_avatar, write_preview

    check_needs("avatar preview")
    look = _avatar_file(file, palette, model)
    drawn = read_avatar(look).avatar
    write_preview(drawn, out, source=look)
    _say_what_is_missing(drawn, look)
    tell(out)


@avatar_app.command("merge")
def avatar_merge(
    file: Annotated[Path | None, typer.Argument(help="A .glb; the default avatar unless told.")] = None,
    out: Annotated[Path, typer.Option(help="The .glb to be written.")] = Path("avatar.glb"),
    palette: Palette = None,
    model: Model = None,
) -> None:
    """Write an avatar as the one mesh with one texture that RAVAS needs."""
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
            f"no attack can use what {lost} of these would show: results on these avatars do not hold for "
            "better ones"
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
    found = report.summary()
    table = out / "check" / "following.csv"
    tell(f"{table}: {len(report.clips)} avatars compared with their originals")
    if found.face_share is not None and found.median is not None:
        tell(f"  a face in {found.face_share:.1%} of the frames where the original has one")
        tell(f"  median correlation of what moves: {found.median:.2f}")
    tell(f"  {found.match_their_own} of {found.searched} move most like their own original")
    tell(f"  the head, offset and gain: {'; '.join(_angles(found))}")
    if by_ravas:
        tell(
            "  (RAVAS itself turns head, neck and chest, in all 1.3 times as far as the person turned; "
            "roll gains up to 2.4 were seen)"
        )
    if found.lost:
        lost = (f"{name} ({found.channels[name].median:.2f})" for name in found.lost)
        moving = sum(channel.clips > 0 for channel in found.channels.values())
        say(
            f"lost in the avatars: {len(found.lost)} of {moving} channels that move in the originals "
            f"(median r below {found.config.floor:g}): {', '.join(lost)}; no attack can use them: "
            "results on these avatars do not hold for better ones"
        )
    for clip in (clip for clip in report.clips if clip.flags):
        said = [f"{flag} ({clip.best_match})" if flag == "follows another" else flag for flag in clip.flags]
        say(f"{clip.clip}: {', '.join(said)}")
    for failure in report.failures:
        say(f"{failure.clip}: {failure.reason}")
    return bool(report.failures) or any(clip.is_suspect for clip in report.clips)


def _angles(found: "FollowingSummary") -> Iterator[str]:
    """The head's angles in words."""
    for name, angle in found.head.items():
        if angle.offset_deg is not None:
            gain = "does not move" if angle.gain is None else f"{angle.gain:.2f}"
            yield f"{name} {angle.offset_deg:+.1f} degrees, {gain}"
