"""Are defended clips taken for their donors? Held against a plain loop over clips and donors."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.anonymisers import Plan, defended, parsed_defences, pool_of
from amber_id.attackers import load_attacker
from amber_id.audit import run_frontier
from amber_id.audit.attack.framing import DonorClips, framing_of
from amber_id.audit.attack.tested import embed_people
from amber_id.audit.frontier.framing import place_of_donor
from amber_id.embeddings import embed_clips
from amber_id.motion import load_windows
from amber_id.protocols import read_split
from amber_id.recordings import RecordingSet, save_recording
from amber_id.results import FrontierResults
from amber_id.synthetic import SynthConfig, generate
from amber_id.training import find_checkpoints
from fixtures.frontiers import few_people, small_config, undefended_run

Framed = tuple[FrontierResults, RecordingSet, RecordingSet, Path]
SEED = small_config().seed


def renamed(recordings: RecordingSet, folder: Path) -> RecordingSet:
    """The same recordings of people with other names."""
    for entry in recordings.entries:
        clip = entry.clip.replace("synth_id0", "donor_id9")
        save_recording(replace(recordings.load(entry), clip=clip), folder / f"{clip}.safetensors")
    return RecordingSet.open(folder)


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory) -> Framed:
    """People whose clips have taken on the styles of others, who are not among them."""
    folder = tmp_path_factory.mktemp("framed")
    originals = RecordingSet.open(few_people(folder / "people"))
    config = SynthConfig.model_validate({"people": 5, "clips": 3, "duration": "2", "seed": 8})
    generate(config, folder / "others", workers=1)
    donors = renamed(RecordingSet.open(folder / "others" / "original"), folder / "donors")
    config_of_run = small_config("donor-clip:1").model_copy(update={"against": "donor-clip:1"})
    results = run_frontier(originals, folder / "out", config_of_run, donors=donors, device="cpu")
    return results, originals, donors, folder / "out"


def undefended(recordings: RecordingSet, folder: Path) -> RecordingSet:
    plan = Plan(parsed_defences("redrawn"), 0)
    for entry in recordings.entries:
        save_recording(defended(recordings.load(entry), plan), folder / f"{entry.clip}.safetensors")
    return RecordingSet.open(folder)


def probes(framed: Framed, folder: Path, plan: Plan) -> RecordingSet:
    """The clips of the run, defended again, with the condition in their ids."""
    _, originals, _, _ = framed
    for entry in originals.entries:
        save_recording(defended(originals.load(entry), plan), folder / f"{entry.clip}.safetensors")
    read = RecordingSet.open(folder)
    return replace(read, entries=tuple(replace(e, clip=f"anonymised/{e.clip}") for e in read.entries))


def test_how_often_a_clip_is_taken_for_its_donor_by_a_plain_loop(framed: Framed, tmp_path: Path) -> None:
    results, originals, donors, out = framed
    plan = Plan(parsed_defences("donor-clip:1"), SEED, pool_of(donors))
    clips, enrolled = probes(framed, tmp_path / "probes", plan), undefended(donors, tmp_path / "donors")
    hits = []
    for fold, path in enumerate(find_checkpoints(undefended_run(out))):
        header, attacker = load_attacker(path, "cpu")
        tested = read_split(out / "split.csv").subjects("test", fold)
        for entry in clips.entries:
            if entry.subject in tested:
                probe = embed_clips(
                    attacker, load_windows(replace(clips, entries=(entry,)), header.features)
                )[0]
                alike = {}
                for donor in donors.subjects:
                    own = tuple(each for each in enrolled.entries if each.subject == donor)
                    windows = load_windows(replace(enrolled, entries=own), header.features)
                    mean = embed_clips(attacker, windows).mean(axis=0)
                    alike[donor] = float(probe @ mean / np.linalg.norm(mean))
                (chosen,) = plan.chosen_for(entry.clip.partition("/")[2], entry.subject)
                assert chosen is not None
                hits.append(max(alike, key=lambda name: alike[name]) == chosen.name)
    framing = results.point("donor-clip:1").framing
    assert framing is not None
    assert framing.rank1 is not None
    assert framing.clips == len(hits) == len(originals.entries)
    assert framing.rank1.value == pytest.approx(np.mean(hits))
    assert framing.rank1.chance == pytest.approx(1 / 5)
    assert framing.donors == 5
    # With the same style at full strength a clip is taken for its donor.
    assert framing.framed
    assert framing.words.startswith("Defended clips are taken for their donor more often than by chance")
    assert framing.words.endswith("The donors are other people: nobody of this study is imitated.")
    assert framing.eer is not None
    assert framing.eer.value < 0.4


def test_donors_at_random_are_not_framed_and_those_of_the_study_are_named(
    framed: Framed, tmp_path: Path
) -> None:
    _, originals, _, out = framed
    plan = Plan(parsed_defences("redrawn"), 0)  # nobody's style is taken on
    clips = probes(framed, tmp_path / "probes", plan)
    (tested,) = embed_people((undefended_run(out),), clips, read_split(out / "split.csv"))
    rng = np.random.default_rng(0)
    donor_of = {}
    for entry in originals.entries:
        others = [name for name in originals.subjects if name != entry.subject]
        donor_of[entry.clip] = others[rng.integers(len(others))]
    own = DonorClips(undefended(originals, tmp_path / "own"), real=True, of_this_study=True)
    framing = framing_of("moments", tested, donor_of, own, small_config().evaluation, device="cpu")
    assert not framing.framed
    assert framing.words.startswith("It is not shown")
    assert framing.words.endswith("Donors have names of people of this study.")
    # Of six people, two or three are learnt from in a fold: their clips are no donors there.
    assert framing.clips < len(originals.entries)
    assert framing.rank1 is not None
    assert framing.rank1.chance > 1 / 5


def test_where_nobody_is_imitated_there_is_no_such_figure(framed: Framed) -> None:
    assert framed[0].point("redrawn:1").framing is None
    own = pool_of(framed[2])
    for text, place in (
        ("population:1", None), ("p-blend", None), ("synthetic-clip", 0), ("rest+synthetic-person+noise", 1),
        ("synthetic-clip+donor-person", 1),
    ):  # fmt: skip
        assert place_of_donor(Plan(parsed_defences(text), 0, own)) == place


def test_other_donors_are_another_point(framed: Framed, tmp_path: Path) -> None:
    results, originals, donors, out = framed
    fewer = replace(donors, entries=tuple(e for e in donors.entries if e.subject != donors.subjects[0]))
    stages: list[tuple[str, bool]] = []
    config = small_config("donor-clip:1").model_copy(update={"against": "donor-clip:1"})
    again = run_frontier(
        originals, out, config, donors=fewer, device="cpu", on_stage=lambda *each: stages.append(each)
    )
    assert [name for name, before in stages if not before] == ["clips", "point donor-clip:1"]
    assert again.point("donor-clip:1").eer != results.point("donor-clip:1").eer
    assert again.provenance.donors != results.provenance.donors


def test_where_a_single_donor_is_left_or_none_clips_say_nothing(framed: Framed, tmp_path: Path) -> None:
    _, originals, donors, out = framed
    split = read_split(out / "split.csv")
    clips = probes(framed, tmp_path / "probes", Plan(parsed_defences("redrawn"), 0))
    (tested,) = embed_people((undefended_run(out),), clips, split)
    learnt = split.subjects("train", 0)[0]
    enrolled = undefended(donors, tmp_path / "own")
    (one, two), config = donors.subjects[:2], small_config().evaluation
    for names in ((one, learnt), (learnt, learnt)):
        # In fold 0 the attacker has learnt from `learnt`, who is no donor there.
        called = dict(zip((one, two), names, strict=True))
        few = tuple(
            replace(each, subject=called[each.subject]) for each in enrolled.entries if each.subject in called
        )
        those = DonorClips(replace(enrolled, entries=few), real=True, of_this_study=True)
        donor_of = {entry.clip: names[0] for entry in originals.entries}
        framing = framing_of(
            "moments", replace(tested, folds=tested.folds[:1]), donor_of, those, config, device="cpu"
        )
        assert (framing.clips, framing.donors, framing.rank1, framing.eer) == (0, 0, None, None)
        assert framing.words.startswith("Too few people")
