"""Folders of recordings defended: notes, workers, failures, and what comes after."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.anonymisers import DEFENCES, Plan, defend, parsed_defences, pool_of, synthetic_pool
from amber_id.anonymisers.channels import signals_of
from amber_id.anonymisers.styles import POOL_SEED, style_of
from amber_id.errors import ClipError, UsageError
from amber_id.recordings import RecordingSet, read_failures, save_recording
from amber_id.synthetic import SynthConfig, generate


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> RecordingSet:
    """Three synthetic people, two clips each; to be read only."""
    out = tmp_path_factory.mktemp("people")
    generate(SynthConfig.model_validate({"people": 3, "clips": 2, "duration": "2"}), out, workers=1)
    return RecordingSet.open(out / "original")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_neither_order_nor_workers_matter(
    people: RecordingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(parsed_defences("donor-clip:0.5+p-blend+warp"), 5, pool_of(people))
    defend(people, tmp_path / "one", plan)
    backwards = replace(people, entries=people.entries[::-1])
    monkeypatch.setattr("amber_id.anonymisers.defending.FEWEST_FOR_WORKERS", 1)
    defend(backwards, tmp_path / "two", plan, workers=2)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    other = Plan(plan.chain, 6, plan.donors)
    defend(people, tmp_path / "three", other)
    changed = {name for name, data in bytes_of(tmp_path / "one").items() if name.endswith("safetensors")}
    assert all(bytes_of(tmp_path / "three")[name] != bytes_of(tmp_path / "one")[name] for name in changed)


def test_strength_0_writes_the_same_bytes(people: RecordingSet, tmp_path: Path) -> None:
    defend(people, tmp_path / "out", Plan(parsed_defences("population:0"), 5))
    for entry in people.entries:
        assert (tmp_path / "out" / f"{entry.clip}.safetensors").read_bytes() == entry.path.read_bytes()


def test_a_note_says_what_was_done(people: RecordingSet, tmp_path: Path) -> None:
    plan = Plan(parsed_defences("donor-person:0.5+low-pass"), 5, pool_of(people))
    assert defend(people, tmp_path / "out", plan) == ()
    donors = {}
    for entry in people.entries:
        note = json.loads((tmp_path / "out" / f"{entry.clip}.json").read_text("utf-8"))
        assert (note["clip"], note["subject"], note["seed"]) == (entry.clip, entry.subject, 5)
        assert note["recording_sha256"] == entry.content_hash()
        first, second = note["steps"]
        assert (first["name"], first["strength"], first["causal"]) == ("donor-person", 0.5, False)
        assert (second["name"], second["delay_frames"], second["donor"]) == ("low-pass", 1, None)
        assert first["pool"].startswith("3 people of recordings ")
        assert first["formal"]["epsilon_recording"] == "infinite"
        donors.setdefault(entry.subject, set()).add(first["donor"])
    assert all(len(names) == 1 and subject not in names for subject, names in donors.items())
    assert (tmp_path / "out" / "corpus.csv").read_bytes() == (people.root / "corpus.csv").read_bytes()
    again = RecordingSet.open(tmp_path / "out")
    assert [entry.clip for entry in again.entries] == [entry.clip for entry in people.entries]


def test_what_was_defended_before_says_both(people: RecordingSet, tmp_path: Path) -> None:
    some = people.select([people.subjects[0]])
    defend(some, tmp_path / "one", Plan(parsed_defences("population:0.5"), 5))
    once = RecordingSet.open(tmp_path / "one")
    defend(once, tmp_path / "two", Plan(parsed_defences("quantise"), 5))
    twice = RecordingSet.open(tmp_path / "two")
    assert {twice.load(entry).defence for entry in twice.entries} == {"population:0.5+quantise:1"}


def test_a_note_has_the_formal_guarantee_of_its_clip(people: RecordingSet, tmp_path: Path) -> None:
    some = people.select([people.subjects[0]])
    defend(some, tmp_path / "out", Plan(parsed_defences("noise:0.5"), 5))
    for entry in some.entries:
        note = json.loads((tmp_path / "out" / f"{entry.clip}.json").read_text("utf-8"))
        formal = note["steps"][0]["formal"]
        expected = DEFENCES["noise"].guaranteed(0.5, entry.tracked_frames)
        assert (formal["noise"], formal["delta"], formal["frames"]) == (
            "Gaussian",
            1e-5,
            entry.tracked_frames,
        )
        assert formal["epsilon_coefficient"] == pytest.approx(expected.coefficient)
        assert formal["epsilon_coefficients"] == pytest.approx(expected.coefficients)
        assert formal["epsilon_frame"] == pytest.approx(expected.frame)
        assert formal["epsilon_recording"] == pytest.approx(expected.recording)
        assert formal["worth"] == expected.worth


def test_a_note_knows_whether_donors_are_covered_by_noise(people: RecordingSet, tmp_path: Path) -> None:
    some = people.select([people.subjects[0]])
    for name, donors, expected in (("one", None, False), ("two", pool_of(people), True)):
        defend(some, tmp_path / name, Plan(parsed_defences("noise+population"), 5, donors))
        note = json.loads((tmp_path / name / f"{some.entries[0].clip}.json").read_text("utf-8"))
        assert (note["steps"][0]["formal"]["epsilon_recording"] == "infinite") == expected


def test_a_clip_without_coefficients_is_a_failure_and_the_others_go_on(
    people: RecordingSet, tmp_path: Path
) -> None:
    for entry in people.entries:
        recording = people.load(entry)
        if entry is people.entries[0]:
            recording = replace(recording, blendshapes=None)
        save_recording(recording, tmp_path / "in" / f"{entry.clip}.safetensors")
    some = RecordingSet.open(tmp_path / "in")
    stale = tmp_path / "out" / f"{some.entries[0].clip}.safetensors"
    save_recording(people.load(people.entries[0]), stale)  # of an earlier run
    (failure,) = defend(some, tmp_path / "out", Plan(parsed_defences("noise"), 1))
    assert failure.clip == some.entries[0].clip
    assert failure.reason.startswith("its recording has no blendshapes")
    assert not stale.exists()
    assert read_failures(tmp_path / "out") == (failure,)
    assert len(RecordingSet.open(tmp_path / "out").entries) == 5
    alone = replace(some, entries=some.entries[:1])
    with pytest.raises(ClipError, match="has no blendshapes"):
        defend(alone, tmp_path / "none", Plan(parsed_defences("noise"), 1))


def test_recordings_are_not_overwritten(people: RecordingSet, tmp_path: Path) -> None:
    plan = Plan(parsed_defences("noise"), 1)
    with pytest.raises(UsageError, match="is where the recordings are"):
        defend(people, people.root, plan)
    save_recording(people.load(people.entries[0]), tmp_path / "synth_id009" / "other.safetensors")
    with pytest.raises(UsageError, match=r"holds other recordings, e\.g\. other\.safetensors"):
        defend(people, tmp_path, plan)


def test_a_pool_of_one_person_is_refused(people: RecordingSet) -> None:
    with pytest.raises(UsageError, match="expected clips with blendshapes of 2 people or more, got 1; name"):
        pool_of(people.select([people.subjects[0]]))


def test_a_pool_is_its_people_and_their_mean(people: RecordingSet) -> None:
    pool = pool_of(people)
    assert [name for name, _ in pool.people] == list(people.subjects)
    clips = [style_of(signals_of(people.load(entry))) for entry in people.entries]
    own = [np.mean([clips[2 * k].mean, clips[2 * k + 1].mean], axis=0) for k in range(3)]
    np.testing.assert_allclose(pool.people[1][1].mean, own[1])
    np.testing.assert_allclose(pool.population.mean, np.mean(own, axis=0))
    spreads = [np.mean([clips[2 * k].spread, clips[2 * k + 1].spread], axis=0) for k in range(3)]
    np.testing.assert_allclose(pool.population.spread, np.mean(spreads, axis=0))


def test_synthetic_people_of_a_pool_are_nobody_of_other_seeds() -> None:
    pool = synthetic_pool()
    assert len(pool.people) == 48
    assert str(POOL_SEED) in pool.origin
    rates = [style.events["blinks"].per_s for _, style in pool.people]
    assert 0.2 < np.mean(rates) < 0.8  # 26 a minute is typical
    assert np.std([style.mean for _, style in pool.people], axis=0).max() > 0.05  # they differ
