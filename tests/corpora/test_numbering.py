"""The numbers of people are the thesis' own, for every actor of the three corpora."""

import pytest

from amber_id.corpora import PublicSource, actors_of, person_folder
from amber_id.errors import CorpusError

# As the scripts of the thesis number them: the last digits of the actor's name, plus 0, 24 or 70.
TABLE: list[tuple[PublicSource, str, str]] = [
    *(("ravdess", f"Actor_{n:02d}", f"ravdess_id{n:03d}") for n in range(1, 25)),
    *(("nvidia", f"id{n:03d}", f"nvidia_id{n + 24:03d}") for n in range(1, 47)),
    *(("cremad", str(1000 + n), f"cremad_id{n + 70:03d}") for n in range(1, 92)),
]  # fmt: skip


def test_every_actor_has_the_number_of_the_thesis() -> None:
    assert [(source, actor, person_folder(source, actor)) for source, actor, _ in TABLE] == TABLE
    assert [int(folder[-3:]) for *_, folder in TABLE] == list(range(1, 162))


def test_actors_are_all_there_in_order() -> None:
    for source in ("ravdess", "nvidia", "cremad"):
        assert list(actors_of(source)) == [actor for of, actor, _ in TABLE if of == source]


@pytest.mark.parametrize(
    ("source", "actor"),
    [("ravdess", "Actor_25"), ("ravdess", "1001"), ("nvidia", "id047"), ("cremad", "1092"), ("cremad", "01")],
)
def test_an_unknown_actor_is_refused(source: PublicSource, actor: str) -> None:
    with pytest.raises(CorpusError, match=f"got {actor}; cremad has 1001 to 1091"):
        person_folder(source, actor)
