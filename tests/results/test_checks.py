"""Checks have one order and one table of verdicts, and say which findings rest on them."""

from typing import get_args

from amber_id.results import VERDICTS, Check, Verdict, most_serious_first


def check(verdict: Verdict = "pass", **about: object) -> Check:
    return Check(name="frame_rate", verdict=verdict, evidence="Evidence.", **about)  # type: ignore[arg-type]


def test_every_verdict_has_a_word_and_a_place():
    assert list(VERDICTS) == list(get_args(Verdict))


def test_the_most_serious_checks_come_first_and_equals_stay_in_order():
    one, other = check("warn", cell="AAA"), check("warn", cell="OOO")
    assert most_serious_first([check(), one, check("invalid"), other, check("not_checked")]) == [
        check("invalid"),
        one,
        other,
        check("not_checked"),
        check(),
    ]


def test_a_finding_rests_on_checks_of_its_cell_its_clips_or_all():
    everything = check()
    assert everything.concerns("AAA", "anonymised")
    assert check(cell="AAA").concerns("AAA", "anonymised")
    assert not check(cell="OOO").concerns("AAA", "anonymised")
    assert check(condition="original").concerns("OOO", "original")
    assert not check(condition="original").concerns("AAA", "anonymised")
    assert (everything.title, everything.about, check(cell="OOO").about) == ("frame rate", "", "OOO")
