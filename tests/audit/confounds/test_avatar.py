"""Avatars that go with the person are found; those that everybody has, and unknown ones, raise no flag."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from amber_id.audit.confounds.config import ConfoundConfig
from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.confounds.find import property_confounds
from amber_id.corpora import CORPUS_FILE
from amber_id.recordings import RecordingEntry, RecordingSet
from amber_id.recordings.avatar_made import AvatarMade
from amber_id.results.checks import Check
from fixtures.recording_entries import entries

CONFIG = ConfoundConfig(permutations=799)
PEOPLE, CLIPS = 9, 4
Shown = Callable[[int, int], str | None]  # of a person's clip


def checked(of: tuple[RecordingEntry, ...], shown: Shown, condition: str = "anonymised") -> list[Check]:
    known = {e.clip: shown(int(e.subject[2:]), int(e.clip[-2:])) for e in of}
    avatar = {clip: name for clip, name in known.items() if name is not None}
    found = property_confounds(
        {condition: RecordingSet(Path(), of)}, CONFIG, CorpusFacts({}, {}, 1, avatar=avatar)
    )
    return [each for each in found if each.name == "avatar"]


@pytest.mark.parametrize("avatars", [3, PEOPLE])
def test_one_avatar_for_each_person_forbids_a_headline(avatars: int) -> None:
    (found,) = checked(entries(PEOPLE, CLIPS), lambda k, _: f"avatar {k % avatars}")
    assert (found.verdict, found.condition) == ("invalid", "anonymised")
    assert found.figures["share_of_mated"] == 1
    # Of 36 pairs of people, three groups of three people have 9.
    assert found.figures["share_of_nonmated"] == pytest.approx(9 / 36 if avatars == 3 else 0)
    assert "a headline could come from this alone" in found.evidence


def test_everybody_by_each_avatar_passes() -> None:
    (found,) = checked(entries(PEOPLE, CLIPS), lambda _, c: f"avatar {c % 2}")
    assert found.verdict == "pass"
    assert "does not go with the person" in found.evidence


def test_one_avatar_tells_nobody_apart_and_unknown_clips_are_counted() -> None:
    (found,) = checked(entries(PEOPLE, CLIPS), lambda k, _: "rose" if k else None)
    assert (found.verdict, found.figures["avatars"]) == ("pass", 1)
    assert found.evidence.endswith("Of 4 other clips it is not known.")


def test_where_nothing_is_said_and_of_originals_nothing_is_checked() -> None:
    assert checked(entries(PEOPLE, CLIPS), lambda _k, _c: None) == []
    assert checked(entries(PEOPLE, CLIPS), lambda k, _: str(k), condition="original") == []


def test_headers_say_it_where_the_file_is_silent() -> None:
    made = [
        AvatarMade.model_construct(
            schema_version=1, engine="amber", avatar_sha256=sha, size=512, no_face="hold", fixed_fps=None
        )
        for sha in ("a", "b", "c")
    ]
    own = tuple(replace(entry, avatar=made[int(entry.subject[2:]) % 3]) for entry in entries(PEOPLE, CLIPS))
    (found,) = checked(own, lambda _k, _c: None)
    assert (found.verdict, found.figures["avatars"]) == ("invalid", 3)
    (found,) = checked(own, lambda _k, _c: "one")
    assert (found.verdict, found.figures["avatars"]) == ("pass", 1)


def test_the_file_of_anonymised_clips_is_asked(tmp_path: Path) -> None:
    sets = {}
    for condition, name in (("original", "none"), ("anonymised", "rose")):
        (tmp_path / condition).mkdir()
        (tmp_path / condition / CORPUS_FILE).write_text(f"clip,avatar\na_id000/clip00,{name}\n")
        sets[condition] = RecordingSet(tmp_path / condition, entries(PEOPLE, CLIPS))
    assert CorpusFacts.read(sets).avatar == {"a_id000/clip00": "rose"}
    del sets["anonymised"]
    assert CorpusFacts.read(sets).avatar == {}
