"""Confounds that were planted are found and named; clean clips raise no flag."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.find import find_confounds, property_confounds
from amber_id.audit.confounds.properties import PROPERTIES
from amber_id.audit.confounds.source import source_confound
from amber_id.audit.confounds.telling import in_steps, telling, values_of
from amber_id.biometrics import auc, eer
from amber_id.errors import CorpusError
from amber_id.motion.likeness import Signals, compare
from amber_id.motion.movements import Movements
from amber_id.recordings import RecordingEntry, RecordingSet, save_recording
from amber_id.results import ConditionName
from amber_id.results.checks import Check
from amber_id.synthetic import SynthConfig, generate
from amber_id.synthetic.clips import make_clip
from amber_id.synthetic.people import origin_of

CONFIG = ConfoundConfig(permutations=799)
Sets = dict[ConditionName, RecordingSet]
Make = Callable[..., Sets]


def opened(config: SynthConfig, folder: Path) -> Sets:
    generate(config, folder, workers=1)
    return {
        "original": RecordingSet.open(folder / "original"),
        "anonymised": RecordingSet.open(folder / "avatar"),
    }


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Sets:
    """Ten people, five clips of two seconds each, which differ by chance alone."""
    config = SynthConfig(people=10, clips=5, duration="clip=1.8,2.5", fps="clip=25,30")
    return opened(config, tmp_path_factory.mktemp("clean"))


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Make]:
    def make(**settings: object) -> Sets:
        return opened(
            SynthConfig.model_validate({"people": 10, "clips": 4, "duration": 1.2} | settings), tmp_path
        )

    return make


def named(found: Sequence[Check], name: str, condition: str | None = None) -> Check:
    (one,) = (each for each in found if each.name == name and each.condition == condition)
    return one


def flagged(found: Sequence[Check]) -> set[tuple[str, str | None]]:
    return {(each.name, each.condition) for each in found if each.verdict in {"warn", "invalid"}}


def entry(person: int, clip: int, **differs: object) -> RecordingEntry:
    source = str(differs.pop("source", "synth"))
    subject = f"id{person:03d}"
    common = {
        "frames": 100,
        "tracked_frames": 100,
        "fps": 25.0,
        "duration_s": 4.0,
        "width": 640,
        "height": 480,
    }
    return RecordingEntry(
        f"{source}_{subject}/clip{clip:02d}",
        subject,
        source,
        Path(),
        point_set="face_landmarker_478",
        **(common | differs),  # type: ignore[arg-type]
    )


def table(people: int, clips: int, of: Callable[[int], dict[str, object]]) -> RecordingSet:
    """Recordings that are not there, with the properties that `of` gives each clip of a person."""
    entries = [entry(person, clip, **of(person)) for person in range(people) for clip in range(clips)]
    return RecordingSet(Path(), tuple(entries))


def moved_as(found: RecordingSet, moves: dict[int, int]) -> RecordingSet:
    """The set, in which some clips show what others do."""
    paths = [each.path for each in found.entries]
    entries = [replace(each, path=paths[moves.get(i, i)]) for i, each in enumerate(found.entries)]
    return replace(found, entries=tuple(entries))


def test_clean_clips_pass(clean: Sets) -> None:
    found = find_confounds(clean, CONFIG)
    assert flagged(found) == set()
    assert {each.name for each in found if each.verdict == "not_checked"} == set()
    assert len({(each.name, each.condition) for each in found}) == len(found) == 2 * len(PROPERTIES) + 11
    assert named(found, "pairing").figures["clips"] == 50


def test_one_condition_alone(clean: Sets) -> None:
    found = find_confounds({"anonymised": clean["anonymised"]}, CONFIG)
    assert {each.condition for each in found} == {"anonymised", None}
    assert not {"pairing", "pair_lengths", "unchanged", "failed_detections"} & {each.name for each in found}


@pytest.mark.parametrize(
    ("name", "settings", "shown"),
    [
        ("aspect", {"aspect": "source=4:3,16:9"}, ("1.33", "1.78")),
        ("frame_rate", {"fps": "source=25,30"}, ("25 fps", "30 fps")),
        ("duration", {"duration": "source=2,4"}, ("2.0 s", "4.0 s")),
    ],
)
def test_what_goes_with_the_source(planted: Make, name: str, settings: dict, shown: tuple[str, ...]) -> None:
    found = find_confounds(planted(**settings), CONFIG)
    conditions = ["original"] if name == "aspect" else ["original", "anonymised"]
    assert flagged(found) == {("source", None), *((name, condition) for condition in conditions)}
    for condition in conditions:
        confound = named(found, name, condition)
        assert confound.verdict == "warn"
        assert confound.figures["eer"] == pytest.approx(4 / 13)  # accept equals: 4 of 9 others
        assert confound.figures["eer_within_source"] == 0.5
        assert "goes with the source" in confound.evidence
        assert all(words in confound.evidence for words in shown)
    assert "one source only" in named(found, "source").evidence


def test_what_goes_with_the_person(planted: Make) -> None:
    found = find_confounds(planted(aspect="person=4:3,16:9"), CONFIG)
    aspect = named(found, "aspect", "original")
    assert flagged(found) == {("aspect", "original")}
    assert aspect.verdict == "invalid"
    assert aspect.figures["eer"] < 0.1
    assert "could come from this alone" in aspect.evidence


def test_people_who_are_never_alone_are_told_apart_by_that() -> None:
    entries = [
        entry(p, c, frames_with_several_faces=40 if p < 5 else 0, face_switches=3 if p in (2, 7) else 0)
        for p in range(10)
        for c in range(4)
    ]
    found = property_confounds({"original": RecordingSet(Path(), tuple(entries))}, CONFIG)
    several, switches = named(found, "several_faces", "original"), named(found, "face_switches", "original")
    assert several.verdict == "invalid"
    assert several.figures["eer"] < 0.4
    assert "share of frames with several faces alone tells people apart" in several.evidence
    assert "40.0 %" in several.evidence
    assert switches.verdict in {"warn", "invalid"}
    assert switches.figures["largest"] == 3
    alone = property_confounds(
        {"original": RecordingSet(Path(), tuple(entry(p, c) for p in range(10) for c in range(4)))}, CONFIG
    )
    assert flagged(alone) == set()
    assert named(alone, "several_faces", "original").evidence.endswith("the same in all clips (0.0 %).")


def test_five_percent_lost_frames_of_one_source(planted: Make) -> None:
    found = find_confounds(planted(lost="source=0,0.05", people=14, clips=7, duration=2.5), CONFIG)
    assert ("lost_frames", "original") in flagged(found)
    assert "failed_detections" not in {name for name, _ in flagged(found)}  # lost under both conditions


def test_near_copies_of_a_person_are_found_and_named(planted: Make) -> None:
    sets = planted(duplicates=0.25, duration=3, clips=5)
    found = find_confounds(sets, CONFIG)
    copies = named(found, "near_copies", "original")
    config = SynthConfig(people=10, clips=5, duplicates=0.25)
    origin = np.array([[10 * k + origin_of(config, k, c) for c in range(5)] for k in range(10)]).ravel()
    pairs = int(np.triu(origin[:, None] == origin, k=1).sum())
    assert 5 < pairs == copies.figures["pairs_of_one_person"]
    assert copies.verdict == "invalid"
    assert copies.figures["share_of_mated_comparisons"] == pairs / 100
    assert "synth_id" in copies.evidence
    assert named(found, "near_copies", "anonymised").verdict == "invalid"


def test_few_copies_are_a_warning_and_copies_of_two_people_are_not(clean: Sets) -> None:
    original = clean["original"]
    few = find_confounds({"original": moved_as(original, {1: 0})}, CONFIG)
    assert named(few, "near_copies", "original").verdict == "warn"
    shared = named(
        find_confounds({"original": moved_as(original, {7: 0})}, CONFIG), "near_copies", "original"
    )
    assert shared.verdict == "invalid"
    assert f"{original.entries[0].clip} and {original.entries[7].clip}" in shared.evidence


def test_a_copy_is_one_at_another_size_frame_rate_and_beginning(tmp_path: Path) -> None:
    base = SynthConfig(people=2, clips=2, duration=3)
    one = make_clip(base, 0, 0)
    other = make_clip(base.model_copy(update={"fps": SynthConfig(fps=60).fps}), 0, 0)
    later = slice(6, None)  # of 60 frames per second: a tenth of a second
    cut = {
        name: getattr(other, name)[later]
        for name in ("landmarks", "timestamps", "tracked", "blendshapes", "pose")
    }
    smaller = replace(other, **cut, width=640, height=640 * other.height // other.width)
    people = {"synth_id001/a": one, "synth_id001/b": smaller, "synth_id001/c": make_clip(base, 0, 1)}
    for name, recording in people.items():
        save_recording(recording, tmp_path / f"{name}.safetensors")
    movements = Movements.read(RecordingSet.open(tmp_path))
    assert movements.near_copies(least=CONFIG.near_copy).tolist() == [[0, 1]]


def test_the_original_of_a_copy_is_no_other_original(clean: Sets) -> None:
    copied = {name: moved_as(found, dict.fromkeys(range(10), 0)) for name, found in clean.items()}
    found = find_confounds(copied, CONFIG)
    assert named(found, "near_copies", "original").verdict == "invalid"
    assert named(found, "pairing").verdict == "pass"


def test_exchanged_clips_are_named(clean: Sets) -> None:
    anonymised = moved_as(clean["anonymised"], {3: 30, 30: 3})
    pairing = named(find_confounds(clean | {"anonymised": anonymised}, CONFIG), "pairing")
    first, second = (clean["original"].entries[i].clip for i in (3, 30))
    assert pairing.verdict == "warn"
    assert f"{first} (moves as {second})" in pairing.evidence
    assert pairing.figures["clips_of_another_original"] == 2


def test_many_exchanged_clips_are_invalid(clean: Sets) -> None:
    anonymised = moved_as(clean["anonymised"], {i: (i + 17) % 50 for i in range(8)})
    pairing = named(find_confounds(clean | {"anonymised": anonymised}, CONFIG), "pairing")
    assert pairing.verdict == "invalid"
    assert pairing.figures["share_astray"] == pytest.approx(8 / 50)


def test_one_video_rendered_for_all_is_not_measurable(clean: Sets) -> None:
    anonymised = moved_as(clean["anonymised"], dict.fromkeys(range(50), 0))
    found = find_confounds(clean | {"anonymised": anonymised}, CONFIG)
    assert "not measurable by this tool" in named(found, "pairing").evidence
    assert named(found, "pairing").verdict == "invalid"
    assert named(found, "near_copies", "anonymised").verdict == "invalid"


def test_faces_lost_under_one_condition(clean: Sets) -> None:
    def with_lost(share: float) -> Check:
        entries = [
            replace(e, tracked_frames=round((1 - share) * e.frames)) for e in clean["anonymised"].entries
        ]
        sets = clean | {"anonymised": replace(clean["anonymised"], entries=tuple(entries))}
        return named(property_confounds(sets, CONFIG), "failed_detections")

    assert with_lost(0.01).verdict == "pass"
    assert with_lost(0.05).verdict == "warn"
    assert "lost is not privacy" in with_lost(0.05).evidence
    assert with_lost(0.6).verdict == "invalid"
    assert "not measurable" in with_lost(0.6).evidence


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (29.97, 30.0, False),
        (23.976, 24.0, False),
        (29.94, 30.02, False),
        (24.0, 25.0, True),
        (12.5, 15, True),
    ],
)
def test_frame_rates_that_people_call_the_same(one: float, other: float, differ: bool) -> None:
    recordings = table(8, 4, lambda person: {"fps": float((one, other)[person % 2])})
    found = named(property_confounds({"original": recordings}, CONFIG), "frame_rate", "original")
    assert found.verdict == ("invalid" if differ else "pass")
    assert ("same in all clips" in found.evidence) is not differ


def test_resolution_is_told_apart_from_aspect() -> None:
    def flags(sizes: Sequence[tuple[int, int]]) -> set[str]:
        recordings = table(8, 4, lambda k: dict(zip(("width", "height"), sizes[k % 2], strict=True)))
        return {name for name, _ in flagged(property_confounds({"original": recordings}, CONFIG))}

    assert flags([(1280, 720), (640, 360)]) == {"resolution"}
    assert flags([(1280, 720), (720, 1280)]) == flags([(1280, 720), (960, 720)]) == {"aspect"}
    assert flags([(854, 480), (856, 482)]) == set()


def test_a_stray_rate_does_not_part_29_97_from_30() -> None:
    recordings = [entry(0, clip, fps=fps) for clip, fps in enumerate((29.85, 29.97, 30.0))]
    code = values_of(PROPERTIES[1], recordings).code
    assert code[1] == code[2]


def test_steps_do_not_chain() -> None:
    steps, code = in_steps(np.linspace(4, 5, 101), 0.05, relative=False)
    assert len(steps) == 17
    assert np.bincount(code).max() == 6


@pytest.mark.parametrize("within_source", [False, True])
def test_a_property_as_an_attacker(within_source: bool) -> None:
    """Against every pair of clips in a plain loop."""
    rng = np.random.default_rng(4)
    recordings = table(
        6,
        5,
        lambda person: {
            "duration_s": 2 + 0.5 * rng.integers(5) + person % 3,
            "source": "ab"[person % 2],
        },
    ).entries
    mated, nonmated = [], []
    for i, one in enumerate(recordings):
        for other in recordings[:i]:
            score = -abs(one.duration_s - other.duration_s)
            if one.subject == other.subject:
                mated.append(score)
            elif one.source == other.source or not within_source:
                nonmated.append(score)
    found = telling(
        values_of(PROPERTIES[2], recordings, within_source=within_source),
        permutations=99,
        rng=np.random.default_rng(0),
    )
    assert found is not None
    assert found.eer == pytest.approx(eer(np.array(mated), np.array(nonmated)))
    assert found.auc == pytest.approx(auc(np.array(mated), np.array(nonmated)))


def test_spread_tells_people_apart_too() -> None:
    """Nobody's clips are longer than another's on average; half the people are exact and half are not."""
    rng = np.random.default_rng(0)
    recordings = table(12, 10, lambda person: {"duration_s": 6 + person % 2 * rng.uniform(-3, 3)})
    assert ("duration", "original") in flagged(property_confounds({"original": recordings}, CONFIG))


def test_people_who_differ_within_both_sources_are_invalid() -> None:
    recordings = table(
        12, 5, lambda person: {"fps": (25.0, 50.0)[person // 2 % 2], "source": "ab"[person % 2]}
    )
    found = named(property_confounds({"original": recordings}, CONFIG), "frame_rate", "original")
    assert found.verdict == "invalid"
    assert found.figures["p_value_corrected_within_source"] <= 0.05


def test_clean_properties_rarely_raise_a_flag() -> None:
    def study(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        sets: Sets = {
            condition: table(
                8,
                5,
                lambda _: {
                    "fps": float(rng.choice([25, 30])),
                    "duration_s": rng.uniform(2, 6),
                    "width": int(rng.choice([640, 854])),
                    "tracked_frames": int(rng.integers(80, 101)),
                },
            )
            for condition in ("original", "anonymised")
        }
        return bool(flagged(property_confounds(sets, CONFIG)))

    assert sum(study(seed) for seed in range(80)) <= 10  # more than 10 of 80 at 5 %: one time in 300


def test_sources_are_counted_and_compared() -> None:
    recordings = table(6, 2, lambda person: {"source": "a" if person < 4 else "b"}).entries
    found = source_confound(recordings)
    same = np.equal.outer(*[np.array([e.source for e in recordings])] * 2)
    mated = np.equal.outer(*[np.array([e.subject for e in recordings])] * 2)
    pairs = np.triu(np.ones_like(same), k=1)
    scores = same.astype(float)
    assert found.verdict == "warn"
    assert found.figures["eer"] == pytest.approx(eer(scores[pairs & mated], scores[pairs & ~mated]))
    assert found.figures["people_of_a"] == 4
    assert "4 of a, 2 of b" in found.evidence


def test_people_who_are_a_source_each_are_told_so() -> None:
    recordings = table(6, 2, lambda person: {"source": f"name{person}"}).entries
    found = source_confound(recordings)
    assert found.verdict == "warn"
    assert (
        "Each of the 6 people is a source of their own (name0, name1, name2 and 3 more), so nobody"
        in found.evidence
    )
    checked = named(
        property_confounds(
            {"original": table(6, 3, lambda person: {"source": f"name{person}", "duration_s": 2.0 + person})},
            CONFIG,
        ),
        "duration",
        "original",
    )
    assert "eer_within_source" not in checked.figures


def test_without_two_clips_of_anybody_nothing_is_said() -> None:
    recordings = table(6, 1, lambda person: {"duration_s": 2.0 + person})
    found = named(property_confounds({"original": recordings}, CONFIG), "duration", "original")
    assert found.verdict == "not_checked"


@pytest.mark.parametrize("concordance", [False, True])
@pytest.mark.parametrize("lag", [-2, 0, 3])
def test_alike_as_the_formula_says(lag: int, concordance: bool) -> None:
    rng = np.random.default_rng(1)
    seen = (rng.random((5, 40)) < 0.9).astype(np.float32)
    values = rng.normal(size=(5, 40, 9)).cumsum(axis=1).astype(np.float32) * seen[:, :, None]
    clips = Signals(values, seen)
    found = compare(clips, clips, slice(1, 4), lag, concordance=concordance)
    for i in range(1, 4):
        for j in range(5):
            common = [t for t in range(40) if 0 <= t + lag < 40 and seen[i, t] and seen[j, t + lag]]
            x = np.array([values[i, t, 6:] for t in common], dtype=np.float64)
            y = np.array([values[j, t + lag, 6:] for t in common], dtype=np.float64)
            x, y = x - x.mean(axis=0), y - y.mean(axis=0)
            size = ((x**2).sum() + (y**2).sum()) / 2 if concordance else np.sqrt((x**2).sum() * (y**2).sum())
            assert found.head[i - 1, j] == pytest.approx((x * y).sum() / size, abs=1e-4)
            assert found.frames[i - 1, j] == len(common)


def test_a_clip_without_a_usable_face_is_like_no_other(clean: Sets, tmp_path: Path) -> None:
    for i, each in enumerate(clean["original"].entries[:3]):
        recording = clean["original"].load(each)
        if i == 1:  # a single frame with a face
            lost = recording.tracked & (np.arange(len(recording.tracked)) < 1)
            arrays = {
                name: np.where(
                    lost.reshape(-1, *[1] * (getattr(recording, name).ndim - 1)),
                    getattr(recording, name),
                    np.nan,
                ).astype(np.float32)
                for name in ("landmarks", "blendshapes", "pose")
            }
            recording = replace(recording, tracked=lost, **arrays)
        save_recording(recording, tmp_path / f"{each.clip}.safetensors")
    recordings = RecordingSet.open(tmp_path)
    pairing = named(find_confounds({"original": recordings, "anonymised": recordings}, CONFIG), "pairing")
    assert pairing.figures["clips"] == 2
    assert "1 are too short to say" in pairing.evidence


def test_sets_that_do_not_fit_are_refused(clean: Sets) -> None:
    fewer = replace(clean["anonymised"], entries=clean["anonymised"].entries[:-1])
    with pytest.raises(
        CorpusError, match=r"synth_id010/clip04 of id010 \(original\) and nothing \(anonymised\)"
    ):
        find_confounds(clean | {"anonymised": fewer}, CONFIG)
    with pytest.raises(CorpusError, match="got none"):
        find_confounds({}, CONFIG)


def test_too_few_permutations_to_find_anything_are_refused() -> None:
    with pytest.raises(ValueError, match=r"permutations must be at least \d+ for \d+ tests at level 0\.05"):
        ConfoundConfig(permutations=99)


def test_the_same_seed_gives_the_same_verdicts(clean: Sets) -> None:
    assert property_confounds(clean, CONFIG) == property_confounds(clean, CONFIG)
