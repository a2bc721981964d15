"""Several avatars of the same people: each with noise and a constant of its own, which the oracle knows."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from amber_id.corpora import read_corpus_file
from amber_id.recordings import RecordingSet
from amber_id.synthetic import Avatar, Oracle, SynthConfig, generate, make_clip
from amber_id.synthetic.oracle import true_clips
from amber_id.synthetic.people import draw_person, shown_traits, variances, with_cue

USUAL = SynthConfig(people=4, clips=3, duration="1.2")
SEVERAL = USUAL.model_copy(update={"avatar": {"LIVE": Avatar(), "RAVAS": Avatar(keeps=0.5, cue=2.0)}})


def test_a_corpus_without_names_is_what_it_always_was():
    assert USUAL.conditions == ("original", "avatar")
    assert "avatar" not in USUAL.model_dump(mode="json")
    assert SEVERAL.conditions == ("original", "LIVE", "RAVAS")


def test_avatars_show_the_same_clips_with_errors_of_their_own():
    original, live = (make_clip(SEVERAL, 0, 0, name) for name in ("original", "LIVE"))
    np.testing.assert_array_equal(original.landmarks, make_clip(USUAL, 0, 0).landmarks)
    assert live.clip == original.clip
    assert not np.array_equal(live.landmarks, make_clip(USUAL, 0, 0, "avatar").landmarks)
    alone = SEVERAL.model_copy(update={"avatar": {"LIVE": Avatar()}})
    np.testing.assert_array_equal(live.landmarks, make_clip(alone, 0, 0, "LIVE").landmarks)


def test_a_cue_is_the_same_for_everybody_and_in_every_corpus():
    added = []
    for config in (SEVERAL, SEVERAL.model_copy(update={"seed": 5})):
        for k in (0, 1):
            traits = shown_traits(config, draw_person(k, seed=config.seed), 0, "RAVAS")
            added.append(with_cue(config, traits, "RAVAS").vector - traits.vector)
            unchanged = with_cue(config, traits, "LIVE")
            np.testing.assert_array_equal(unchanged.vector, traits.vector)
    assert np.abs(added[0]).mean() > 1
    for each in added[1:]:
        np.testing.assert_allclose(each, added[0], atol=1e-12)


def test_the_oracle_knows_what_an_avatar_keeps_and_takes_its_cue_off():
    without = SEVERAL.model_copy(update={"avatar": {"RAVAS": Avatar(keeps=0.5)}})
    np.testing.assert_array_equal(true_clips(SEVERAL, "RAVAS").traits, true_clips(without, "RAVAS").traits)
    of_usual, of_half = (variances(config, name) for config, name in ((USUAL, "avatar"), (SEVERAL, "RAVAS")))
    np.testing.assert_allclose(of_half.between, 0.25 * of_usual.between)
    total = [each.between[:27] + each.within[:27] for each in (of_usual, of_half)]
    np.testing.assert_allclose(*total, err_msg="what is lost is replaced by error of the same size")
    many = SynthConfig(
        people=60, clips=4, avatar=["FULL", "HALF:keeps=0.5", "NOTHING:keeps=0"], habit=2
    )  # habits that are well seen
    eer = {name: rates[1].value for name, rates in Oracle.of(many).eer.items()}
    assert eer["original"] < eer["FULL"] < eer["HALF"] - 0.05
    assert eer["NOTHING"] == pytest.approx(0.5, abs=0.06)


def test_each_avatar_has_a_folder_whose_corpus_names_it(tmp_path: Path):
    oracle = generate(SEVERAL, tmp_path)
    assert Oracle.read(tmp_path / "oracle.json") == oracle
    for name in ("LIVE", "RAVAS"):
        assert len(RecordingSet.open(tmp_path / name).entries) == 12
        assert {facts.avatar for facts in read_corpus_file(tmp_path / name).values()} == {name}
    assert {facts.avatar for facts in read_corpus_file(tmp_path / "original").values()} == {None}


@pytest.mark.parametrize(
    ("avatars", "expected"),
    [
        (["RAVAS:keeps"], "expected NAME or NAME:keeps=0.5,cue=1"),
        (["A", "A:cue=1"], "expected each name once, got A twice"),
        (["A", "a"], "differ not in case only"),
        (["original"], "other than original and avatar"),
        (["a/b"], "expected a name of up to 32 letters"),
        (["A:cue=6"], "less than or equal to 5"),
        (["A:shine=1"], "shine"),
    ],
)
def test_avatars_that_do_not_fit_are_refused(avatars: list[str], expected: str):
    with pytest.raises(ValidationError, match=expected):
        SynthConfig(avatar=avatars)
