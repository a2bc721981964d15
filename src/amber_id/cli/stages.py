"""The stages of a study, by hand: track, split, train, reselect, evaluate."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from amber_id.cli.choices import row_of
from amber_id.cli.shared import (
    FOLDS,
    GOES_ON,
    SOME_CLIPS_LOST,
    Allow,
    Device,
    Model,
    Quiet,
    Recordings,
    Seed,
    Shard,
    Workers,
    app,
    check_before,
    check_runs,
    configured,
    end_with,
    name_failures,
    parsed_shard,
    print_figures,
    print_summary,
    read_toml,
    require,
    require_place,
    resumable,
    say,
    tell,
)
from amber_id.cli.training_file import check_attacker, names_in, said_of_training

if TYPE_CHECKING:
    from amber_id.tracking import CorpusSummary


@app.command()
@resumable(GOES_ON)
def track(
    videos: Annotated[Path, typer.Argument(help="Folder with <source>_id<number>/<clip>.mp4 ...")],
    recordings: Annotated[Path, typer.Argument(help="Where the recordings go.")],
    tracker: Annotated[str, row_of("amber_id.tracking:TRACKERS", "What follows the face.")] = "landmarker",
    model: Model = None,
    workers: Workers = None,
    shard: Shard = None,
    quiet: Quiet = False,
) -> None:
    """Track the face in every video. Run again, clips whose video is the same are skipped."""
    summary = track_folder(
        videos,
        recordings,
        tracker=tracker,
        model=model,
        workers=workers,
        shard=parsed_shard(shard),
        quiet=quiet,
    )
    if summary.failures:
        tell(f"failures: {recordings / 'failures.csv'}")
        raise typer.Exit(SOME_CLIPS_LOST)


def track_folder(
    videos: Path,
    recordings: Path,
    *,
    tracker: str = "landmarker",
    model: Path | None,
    workers: int | None,
    shard: tuple[int, int] | None = None,
    quiet: bool,
) -> "CorpusSummary":
    """Track the videos of a folder with a bar, and say what became of them."""
    from amber_id.corpora import find_corpus
    from amber_id.progress import ClipBar
    from amber_id.tracking import (
        TRACKERS,
        ShareConfig,
        check_apart,
        estimate_bytes,
        select_shard,
        track_corpus,
    )

    config = configured(ShareConfig, workers=workers, shard=shard)
    require_place("RECORDINGS", recordings)
    corpus = find_corpus(videos)
    check_apart(corpus, recordings)
    kind = TRACKERS[tracker]
    if not kind.environment:  # which lacks what the others need
        check_before("track", recordings)
    chosen = kind.find(model)
    part = select_shard(corpus, config.shard)
    if not quiet:
        size = estimate_bytes(part) / 1e6
        say(f"{len(part.clips)} clips of {len(part.subjects)} people, about {size:,.0f} MB of recordings")
    with ClipBar("tracking", len(part.clips), quiet=quiet) as bar:
        summary = track_corpus(
            corpus,
            recordings,
            chosen,
            workers=config.workers,
            shard=config.shard,
            on_progress=lambda event: bar.advance(event.frames),
        )
    name_failures(summary.failures)
    lost = sum(failure.stage != "pair" for failure in summary.failures)
    if corpus.beside:
        kinds = Counter(path.suffix.lower() for path, _ in corpus.beside)
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        say(f"no clips by their kind, beside the clips: {counts}; listed in {recordings / 'warnings.csv'}")
    print_summary(summary, recordings, "clips tracked", lost=lost)
    return summary


@app.command()
def split(
    recordings: Recordings,
    protocol: Annotated[
        str,
        row_of(
            "amber_id.protocols:PROTOCOLS",
            "How people are divided; docs/protocols.md says what each answers.",
        ),
    ] = "shares",
    dev: Annotated[
        float | None, typer.Option(help="Share of the people to choose on; 0.2 unless told.")
    ] = None,
    test: Annotated[
        float | None, typer.Option(help="Share of the people to test on, without --folds; 0.3 unless told.")
    ] = None,
    folds: Annotated[int | None, typer.Option(help="k folds, in which everyone is tested once.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same result; 0 unless told.")] = None,
) -> None:
    """Divide the people into train, dev and test; stratified by source."""
    from amber_id.protocols import (
        PROTOCOLS,
        RECORD_FILE,
        SPLIT_FILE,
        SplitConfig,
        divide_recordings,
        save_division,
    )
    from amber_id.recordings import RecordingSet

    require("--folds", folds, FOLDS, folds is None or folds >= 2)
    is_drawn = PROTOCOLS[protocol].is_drawn
    require("--seed", seed, f"left out, since {protocol} is a list", is_drawn or seed is None)
    config = configured(SplitConfig, protocol=protocol, dev=dev, test=test, folds=folds, seed=seed or 0)
    found = RecordingSet.open(recordings)
    division = divide_recordings(found, config)
    save_division(division, found, config, recordings)
    for remark in division.remarks:
        say(remark)
    tell(f"protocol {protocol}" + (f", seed {config.seed}" if is_drawn else ""))
    _print_people(division.split, found)
    if division.split.across_sessions:
        tell("mated comparisons count across sessions only")
    tell(recordings / SPLIT_FILE)
    tell(recordings / RECORD_FILE)
    end_with(found.failures)


def _print_people(division: Any, found: Any) -> None:
    """How many people of which source are in each partition of each fold."""
    from amber_id.protocols import people_of

    sources = found.sources
    by_source = sources if len(sources) > 1 else ()
    rows = [("fold", "partition", "people", *by_source)]
    for k, partitions in enumerate(people_of(division, found)):
        for name, of in partitions.items():
            rows.append((str(k), name, str(sum(of.values())), *(str(of.get(s, 0)) for s in by_source)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first = f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}"
        rest = (f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
        tell("  ".join((first, *rest)))


@app.command()
@resumable("the same command with --resume goes on after the last whole epoch")
def train(
    recordings: Recordings,
    out: Annotated[Path, typer.Option(help="The run: checkpoints, log, configuration.")],
    attacker: Annotated[str, row_of("amber_id.attackers:ATTACKERS", "Who attacks.")] = "stgcn",
    view: Annotated[str, row_of("amber_id.motion:VIEWS", "What of the face it is shown.")] = "all",
    signals: Annotated[
        Literal["landmarks", "blendshapes"] | None,
        typer.Option(help="Landmarks, or blendshapes and head pose; the attacker's own unless told."),
    ] = None,
    regions: Annotated[str | None, typer.Option(help="E.g. lips,nose; the whole face unless told.")] = None,
    streams: Annotated[
        str | None,
        typer.Option(help="Of joint,bone,face,joint_motion,bone_motion,face_motion; else the attacker's."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Of a network, at most; 60 unless told.")] = None,
    loss: Annotated[
        Literal["cross_entropy", "arcface", "supcon"] | None,
        typer.Option(help="What a network learns by; cross_entropy unless told."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="TOML with what else differs from the defaults: [loop] and [attacker_config]."),
    ] = None,
    control: Annotated[
        Literal["permuted-labels"] | None, typer.Option(help="Train and test on shuffled labels.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a stop.")] = False,
    allow: Allow = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train an attacker: on originals the reference model, on avatars the attacker model."""
    from amber_id.attackers import default_signals, default_streams
    from amber_id.motion import FeatureConfig
    from amber_id.progress import ClipBar, epoch_line
    from amber_id.recordings import RecordingSet
    from amber_id.training import TrainConfig, is_first_process, remarks_on
    from amber_id.training import train as train_run

    signals = signals or default_signals(attacker)
    features = configured(
        FeatureConfig,
        view=view,
        signals=signals,
        regions=names_in(regions),
        streams=names_in(streams) or default_streams(attacker, signals, view),
    )
    told = read_toml(config)
    own = said_of_training(told, config, epochs=epochs, loss=loss)
    values = {"attacker": attacker, "features": features, "seed": seed, "control": control}
    settings = configured(TrainConfig, values | own, told=told, file=config)
    check_before("train", out)
    check_attacker(settings, config, device)
    found = RecordingSet.open(recordings)
    division = _split_of(found)
    with ClipBar("features", len(found.entries), quiet=quiet) as bar:
        run, failures = train_run(
            found,
            division,
            settings,
            out,
            device=device,
            resume=resume,
            allow=allow or (),
            on_clip=bar.advance,
            on_epoch=None if quiet else lambda report: bar.say(epoch_line(report)),
        )
    if not is_first_process():
        return  # what there is to say, the first one says
    for row in run.headers():
        tell(f"fold {row.fold}: dev EER {row.dev.eer:.3f}, AUC {row.dev.auc:.3f} (epoch {row.epoch})")
    for remark in remarks_on(attacker, run.headers()):
        say(remark)
    tell(out)
    end_with((*found.failures, *failures))


@app.command()
def reselect(
    run: Annotated[Path, typer.Argument(help="What `amber train` left.")],
    recordings: Recordings,
    allow: Allow = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Choose the checkpoint with the lowest dev EER again, over all that were kept. Never sees test."""
    from amber_id.progress import ClipBar
    from amber_id.recordings import RecordingSet
    from amber_id.training import Run
    from amber_id.training import reselect as reselect_run

    check_runs("reselect", run)
    opened = Run.open(run)
    whole = RecordingSet.open(recordings)
    found, division = _split_of_run(run, whole)
    total = sum(len(folder.epochs()) for folder in opened.folds)
    with ClipBar("checkpoints", total, quiet=quiet) as bar:
        chosen = reselect_run(
            opened, found, division, device=device, allow=allow or (), on_checkpoint=bar.advance
        )
    for choice in chosen:
        tell(
            f"fold {choice.fold}: epoch {choice.epoch} of {choice.of} checkpoints, "
            f"dev EER {choice.dev.eer:.3f}, AUC {choice.dev.auc:.3f} -> {choice.path}"
        )
    end_with((*whole.failures, *(failure for choice in chosen for failure in choice.failures)))


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A run, or one checkpoint.")],
    recordings: Recordings,
    out: Annotated[Path, typer.Option(help="Where results, figures and report go.")],
    others: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            help="Another run under the same split; may be repeated. All and their fusion are tried, and the "
            "strongest on dev is reported.",
        ),
    ] = None,
    oracle: Annotated[
        Path | None, typer.Option(help="The oracle.json of `amber synth`: the lowest possible EER beside.")
    ] = None,
    replicates: Annotated[int, typer.Option(help="Of the bootstrap over people.")] = 1000,
    allow: Allow = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Test on the test people: results.json, figures and report.html."""
    from amber_id.audit import EvaluationConfig
    from amber_id.audit import evaluate as evaluate_run
    from amber_id.progress import ClipBar
    from amber_id.recordings import RecordingSet
    from amber_id.report import write_figures, write_report
    from amber_id.results import with_interval, write_arrays, write_results

    config = configured(EvaluationConfig, replicates=replicates, seed=seed)
    check_runs("evaluate", run, *(others or ()), out=out)
    whole = RecordingSet.open(recordings)
    found, division = _split_of_run(run, whole)
    with ClipBar("testing", None, quiet=quiet) as bar:
        results, arrays = evaluate_run(
            run,
            found,
            division,
            config,
            others=others or (),
            oracle=oracle,
            device=device,
            allow=allow or (),
            on_clip=bar.advance,
        )
    write_results(results, out / "results.json")
    write_arrays(arrays, out / "arrays.safetensors")
    write_figures(results, arrays, out / "figures")
    page = write_report(out)
    tell(results.headline)
    tell(f"  {results.recognition.words}")
    print_figures({name: rate for name, rate in results.metrics if rate is not None})
    if results.oracle is not None:
        print_figures({"eer of the oracle": results.oracle.eer})
    if len(results.attackers) > 1:
        tell("  all attackers; the figures are those of the lowest EER on dev people:")
        for each in results.attackers:
            tell(
                f"  {'*' if each.chosen else ' '} {each.name:28} {with_interval(each.eer)}  "
                f"on dev {each.dev_eer:.3f}"
            )
    counts = results.counts.comparisons
    tell(f"  {counts.mated} mated and {counts.nonmated} non-mated comparisons")
    tell(page)
    if results.failures:
        say(f"{len(results.failures)} clips of test people gave no figure; they are in results.json")
    end_with(whole.failures)
    if results.failures:
        raise typer.Exit(SOME_CLIPS_LOST)


def _split_of(found: Any) -> Any:
    """The split beside the recordings; says so if it had to be made."""
    from amber_id.protocols import SPLIT_FILE, changes_since, find_split

    division, made = find_split(found)
    for change in changes_since(found, division):
        say(change)
    if made:
        say(f"{found.root / SPLIT_FILE} was not there: made the default split (amber split makes others)")
    return division


def _split_of_run(run: Path, found: Any) -> tuple[Any, Any]:
    """The recordings and the split of a run; says so if that is not the one beside the recordings."""
    from amber_id.protocols import SPLIT_FILE, changes_since
    from amber_id.training import split_of_run

    chosen = split_of_run(run, found)
    beside = found.root / SPLIT_FILE
    if chosen.path == beside:
        for change in changes_since(found, chosen.split):
            say(change)
    elif chosen.path is None:
        say(f"{beside} is not there, nor a split with the run: people are divided by the default split")
    elif beside.exists():
        say(f"{chosen.path} is the split of the run; {beside} is another and was not used")
    return chosen.recordings, chosen.split
