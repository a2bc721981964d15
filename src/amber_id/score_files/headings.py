"""What do the columns of a score file mean, as the field heads them?

Our own names go before; where one is missing, a customary word for it is taken, in any case, with blanks,
hyphens and underscores passed over: ``Model ID``, ``test``, ``target``, ``cosine``. Two customary words for
one column are refused, as is a distance in place of a score: a smaller one is more alike.
"""

from collections.abc import Iterable
from pathlib import Path

from amber_id.errors import FileFormatError

_SIDES = (
    (
        "enrol",
        "enroll",
        "enrolment",
        "enrollment",
        "enrolled",
        "model",
        "reference",
        "ref",
        "template",
        "gallery",
    ),
    ("probe", "test", "segment", "query"),
)
_SAMPLES = ("file", "filename", "clip", "utt", "utterance", "wav", "path", "audio", "video", "image", "img")
_PEOPLE = ("subject", "speaker", "spk", "person", "identity")
_ENDS = (("1", "a", "first", "left"), ("2", "b", "second", "right"))


def _side(own: str, names: tuple[str, ...], ends: tuple[str, ...]) -> dict[str, set[str]]:
    """The words for one side of a comparison: its clip, its subject, its session."""
    clips = {
        name + tail for name in names for tail in ("", "id", "clip", "file", "utt", "utterance", "segment")
    }
    clips |= {sample + end for sample in (*_SAMPLES, "sample", "item", "id") for end in ends[:2]}
    clips |= {end + sample for sample in _SAMPLES for end in ends[2:]}
    people = {name + person + tail for name in names for person in _PEOPLE for tail in ("", "id")}
    people |= {person + tail + end for person in _PEOPLE for tail in ("", "id") for end in ends[:2]}
    sessions = {name + "session" for name in names} | {"session" + end for end in ends[:2]}
    return {own: clips, f"{own}_subject": people, f"{own}_session": sessions}


_WORDS = {
    **_side("enrol", _SIDES[0], _ENDS[0]),
    **_side("probe", _SIDES[1], _ENDS[1]),
    "label": {
        *(
            "label",
            "labels",
            "target",
            "targets",
            "istarget",
            "targettype",
            "trialtype",
            "key",
            "type",
            "class",
            "keys",
            "truth",
        ),
        *(
            "mated",
            "ismated",
            "genuine",
            "isgenuine",
            "match",
            "ismatch",
            "same",
            "issame",
            "groundtruth",
            "gt",
        ),
        *("samesubject", "samespeaker", "sameperson", "sameidentity", "y", "ytrue"),
    },
    "score": {
        *(
            "score",
            "scores",
            "similarity",
            "similarityscore",
            "sim",
            "cosine",
            "cosinescore",
            "cosinesimilarity",
        ),
        *("cossim", "matchscore", "llr", "loglikelihoodratio", "plda", "pldascore", "yscore"),
    },
}
_DISTANCES = {"distance", "distances", "dist", "cosinedistance", "cosdist", "euclidean", "euclideandistance"}
_EXACT = {*_WORDS, "mated", "scores"}
_OURS = {"mated": "label", "scores": "score"}


def columns_by_meaning(path: Path, headings: Iterable[str]) -> dict[str, str]:
    """The heading of each of our columns that there is: ``enrol``, ``probe``, ``label``, ``score``, ...

    Raises
    ------
    FileFormatError
        If two headings may mean one column, or there is a distance and no score.

    Examples
    --------
    >>> columns_by_meaning(Path("x.csv"), ["Model ID", "test", "is_target", "Cosine", "note"])
    {'enrol': 'Model ID', 'probe': 'test', 'label': 'is_target', 'score': 'Cosine'}
    """
    headings = list(headings)
    headings_of: dict[str, str] = {}
    for name in _EXACT & {*headings}:
        ours = _OURS.get(name, name)
        if ours in headings_of:
            both = " or ".join(sorted((name, headings_of[ours]), reverse=ours == "label"))
            raise FileFormatError(path, f"expected the column {both}, got both; leave one out")
        headings_of[ours] = name
    plain = {heading: _plain(heading) for heading in headings}
    for ours, words in _WORDS.items():
        customary = [heading for heading in headings if plain[heading] in words]
        if ours in headings_of or not customary:
            continue
        if len(customary) > 1:
            raise FileFormatError(
                path,
                f"expected one column of {ours}, got {' and '.join(customary)}; call the right one {ours}",
            )
        headings_of[ours] = customary[0]
    distances = [heading for heading in headings if plain[heading] in _DISTANCES]
    if "score" not in headings_of and distances:
        raise FileFormatError(
            path,
            f"expected a score, higher for clips that are more alike, got a {distances[0]}; write its "
            "negative as score",
        )
    return {ours: headings_of[ours] for ours in _WORDS if ours in headings_of}


def _plain(heading: str) -> str:
    return "".join(letter for letter in heading.casefold() if letter not in " _-.#'\"")
