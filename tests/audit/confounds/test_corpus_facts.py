"""What a corpus file says of utterances and sessions: planted is found, balanced passes, unknown is told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber_id.audit import StudyConfig, run_study
from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.confounds.find import find_confounds, property_confounds
from amber_id.audit.confounds.session import session_confound
from amber_id.audit.confounds.telling import alike, named_values
from amber_id.audit.study.limits import session_limit
from amber_id.biometrics import auc, eer
from amber_id.corpora import CORPUS_FILE
from amber_id.errors import CorpusError
from amber_id.protocols import SplitConfig
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.results.checks import Check
from amber_id.synthetic import SynthConfig, generate
from fixtures.recording_entries import entries

CONFIG = ConfoundConfig(permutations=799)
Said = Callable[[int, int], str | None]  # of a person's clip


def told(of: Iterable[RecordingEntry], said: Said) -> dict[str, str]:
    """What is known of each clip, None being not known."""
    known = {e.clip: said(int(e.subject[2:]), int(e.clip[-2:])) for e in of}
    return {clip: value for clip, value in known.items() if value is not None}


def utterance(of: tuple[RecordingEntry, ...], said: Said) -> Check:
    facts = CorpusFacts({}, told(of, said), files=1)
    found = property_confounds({"original": RecordingSet(Path(), of)}, CONFIG, facts)
    (one,) = (each for each in found if each.name == "utterance")
    return one


def session(of: tuple[RecordingEntry, ...], sat: Said) -> Check:
    return session_confound(CorpusFacts(told(of, sat), {}, files=1), of)


# utterances -----------------------------------------------------------------------------------------


def test_people_who_each_say_their_own_sentence_are_invalid() -> None:
    found = utterance(entries(8, 4), lambda k, _: f"sentence {k}")
    assert found.verdict == "invalid"
    assert (found.figures["share_of_mated"], found.figures["share_of_nonmated"]) == (1, 0)
    assert found.figures["eer"] == 0
    assert found.evidence.startswith("What is said tells people apart: two clips of one person say the same")
    assert "in 100 % of comparisons, of two people in 0 %, EER 0.00" in found.evidence
    assert found.evidence.endswith("a headline could come from this alone.")


def test_people_who_prefer_sentences_are_found() -> None:
    rng = np.random.default_rng(0)
    found = utterance(entries(15, 6), lambda k, _: str(k % 5 if rng.random() < 0.5 else rng.integers(5)))
    assert found.verdict == "warn"
    assert found.figures["p_value_corrected"] <= 0.05
    assert found.figures["eer"] > CONFIG.invalid_eer


def test_an_utterance_as_an_attacker() -> None:
    """Against every pair of clips in a plain loop."""
    rng = np.random.default_rng(1)
    of = entries(6, 5, "ab")
    names = [str(rng.integers(4)) for _ in of]
    for within in (False, True):
        scores: dict[bool, list[float]] = {True: [], False: []}
        for i, one in enumerate(of):
            for j in range(i):
                if one.source == of[j].source or not within:
                    scores[one.subject == of[j].subject].append(float(names[i] == names[j]))
        mated, nonmated = np.array(scores[True]), np.array(scores[False])
        found = alike(named_values(names, of, within_source=within))
        assert found is not None
        assert (found.mated, found.nonmated) == pytest.approx((mated.mean(), nonmated.mean()))
        assert (found.eer, found.auc) == pytest.approx((eer(mated, nonmated), auc(mated, nonmated)))


def test_the_p_value_is_that_of_all_permutations() -> None:
    """Of 4 clips of 2 people, who each say their own: 2 of 6 ways to share out the sentences are as bad."""
    found = utterance(entries(2, 2), lambda k, _: str(k))
    assert found.figures["p_value"] == pytest.approx(1 / 3, abs=0.06)
    assert found.verdict == "pass"


def test_everybody_saying_the_same_sentences_passes() -> None:
    found = utterance(entries(8, 6), lambda _, c: str(c % 3))
    assert found.verdict == "pass"
    assert found.evidence.startswith("Everybody says the same 3 utterances equally often: two clips of one ")
    assert "no more than by chance (p = 1.000)" in found.evidence
    uneven = utterance(entries(8, 6), lambda k, c: str(min(c, 4) if k == 0 else c % 3))
    assert uneven.verdict == "pass"
    assert "Everybody" not in uneven.evidence


def test_one_sentence_for_all_passes() -> None:
    found = utterance(entries(4, 3), lambda _k, _c: "kids are talking by the door")
    assert (found.verdict, found.figures) == ("pass", {"clips": 12, "utterances": 1})
    assert found.evidence == "All 12 clips say the same, so what is said tells nobody apart."


def test_no_sentence_twice_passes() -> None:
    found = utterance(entries(4, 3), lambda k, c: f"{k} {c}")
    assert found.verdict == "pass"
    assert found.evidence == "No two of 12 clips say the same, so no sentence can be recognised."


def test_sentences_of_a_source_do_not_forbid_a_headline_within_sources() -> None:
    found = utterance(entries(12, 6, "ab"), lambda k, c: f"{'ab'[k % 2]} {c % 2}")
    assert found.verdict == "warn"
    assert found.figures["p_value_corrected"] <= 0.05 < found.figures["p_value_corrected_within_source"]
    assert "goes with the source" in found.evidence


def test_what_is_known_of_some_clips_is_used_and_the_others_are_counted() -> None:
    found = utterance(entries(8, 5), lambda k, c: f"sentence {k}" if c < 3 else None)
    assert found.verdict == "invalid"
    assert found.figures["clips"] == 24
    assert found.evidence.endswith(" Of 16 other clips it is not known.")


def test_two_people_with_a_clip_each_say_nothing() -> None:
    found = utterance(entries(6, 1), lambda k, _: str(k % 2))
    assert found.verdict == "not_checked"
    assert "It takes two people" in found.evidence


def test_clean_clips_raise_a_flag_in_one_study_of_twenty_at_most() -> None:
    def flagged(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        return utterance(entries(8, 5), lambda _k, _c: str(rng.integers(4))).verdict != "pass"

    assert sum(map(flagged, range(60))) <= 8  # more than 8 of 60 at 5 %: one time in 300


# sessions -------------------------------------------------------------------------------------------


def test_one_sitting_each_is_a_warning() -> None:
    found = session(entries(6, 3), lambda _k, _c: "1")
    assert found.verdict == "warn"
    assert found.figures == {"people": 6, "people_with_several": 0, "share_of_mated_within": 1}
    assert "Each of 6 people sat once" in found.evidence
    assert "concludes nothing across sessions" in found.evidence


def test_several_sittings_pass_and_are_counted() -> None:
    found = session(entries(6, 4), lambda k, c: str(c % 2) if k < 4 else "0")
    assert found.verdict == "pass"
    # A person who sat twice has 2 comparisons of 6 within a session; one who sat once all 6.
    assert found.figures["share_of_mated_within"] == pytest.approx((4 * 2 + 2 * 6) / 36)
    assert found.evidence == (
        "4 of 6 people have clips of two or more sessions; 56 % of their mated comparisons are within one."
    )


def test_few_people_who_sat_twice_are_a_warning() -> None:
    found = session(entries(6, 4), lambda k, c: str(c % 2) if k == 0 else "0")
    assert found.verdict == "warn"
    assert "1 of 6 people" in found.evidence
    assert "little is known of recognition across sessions" in found.evidence


def test_people_with_one_clip_of_known_session_do_not_count() -> None:
    found = session(entries(6, 4), lambda k, c: "1" if c == 0 or k < 2 else None)
    assert found.figures["people"] == 2
    assert found.evidence.endswith(" Of 12 other clips it is not known.")
    assert session(entries(6, 4), lambda _, c: "1" if c == 0 else None).verdict == "not_checked"


@pytest.mark.parametrize(
    ("sat", "limit"),
    [
        (lambda _k, _c: None, "If each person sat once, this measures recognition within a session"),
        (lambda _k, _c: "1", "Each person sat once: this measures recognition within a session, not across"),
        (lambda _, c: str(c % 2), "33 % of mated comparisons are within a session; they are part of"),
    ],
)
def test_the_limits_of_a_study_say_what_is_known_of_sessions(sat: Said, limit: str) -> None:
    assert limit in session_limit([session(entries(6, 4), sat)])


# the file -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    generate(SynthConfig(people=10, clips=3, duration=1.2), folder)
    return folder


@pytest.fixture
def sets(people: Path, tmp_path: Path) -> Mapping:
    """The same recordings, in folders in which a corpus file can be put."""
    original, avatar = RecordingSet.open(people / "original"), RecordingSet.open(people / "avatar")
    for name in ("original", "avatar"):
        (tmp_path / name).mkdir()
    return {
        "original": replace(original, root=tmp_path / "original"),
        "anonymised": replace(avatar, root=tmp_path / "avatar"),
    }


def write(found: RecordingSet, column: str, said: Said) -> None:
    rows = [f"{clip},{value}\n" for clip, value in told(found.entries, said).items()]
    (found.root / CORPUS_FILE).write_text(f"clip,{column}\n{''.join(rows)}")


def checked(sets: Mapping, name: str) -> Check:
    (one,) = (each for each in find_confounds(sets, CONFIG) if each.name == name)
    return one


@pytest.mark.parametrize("name", ["session", "utterance"])
def test_nothing_known_is_not_checked_and_says_how_it_would_be(sets: Mapping, name: str) -> None:
    assert checked(sets, name).verdict == "not_checked"
    assert (
        f"name it in a column {name} of corpus.csv in the folder of the clips" in checked(sets, name).evidence
    )
    write(sets["original"], f"{name}s", lambda _k, _c: "1")  # misspelt
    assert checked(sets, name).verdict == "not_checked"
    assert "corpus.csv says too little of it" in checked(sets, name).evidence


@pytest.mark.parametrize("condition", ["original", "anonymised"])
def test_the_file_of_either_folder_is_used(sets: Mapping, condition: str) -> None:
    write(sets[condition], "session", lambda _k, _c: "1")
    assert checked(sets, "session").verdict == "warn"
    assert checked(sets, "session").condition is None


def test_files_that_contradict_each_other_are_refused(sets: Mapping) -> None:
    write(sets["original"], "session", lambda _k, _c: "1")
    write(sets["anonymised"], "session", lambda _k, c: "1" if c != 2 else "2")
    with pytest.raises(CorpusError) as caught:
        find_confounds(sets, CONFIG)
    files = {condition: found.root / CORPUS_FILE for condition, found in sets.items()}
    assert str(caught.value).startswith("synth_id001/clip02: its session is ")
    assert all(str(path) in str(caught.value) for path in files.values())


class StoppedError(Exception):
    """Before anything is trained."""


def test_a_file_that_is_added_or_changed_is_seen_on_resume(sets: Mapping, tmp_path: Path) -> None:
    config = StudyConfig(attackers=("moments on blendshapes",), split=SplitConfig(folds=2, dev=0.2))

    def done_before() -> bool:
        stages: dict[str, bool] = {}

        def stop(name: str, before: bool) -> None:
            stages[name] = before
            if name.startswith("training"):
                raise StoppedError

        with pytest.raises(StoppedError):
            run_study(sets, tmp_path / "study", config, on_stage=stop)
        return stages["confounds"]

    assert [done_before(), done_before()] == [False, True]
    write(sets["anonymised"], "session", lambda _k, _c: "1")
    assert [done_before(), done_before()] == [False, True]
    write(sets["anonymised"], "session", lambda _k, c: str(c))
    assert [done_before(), done_before()] == [False, True]
