"""Which clips look alike to the attacker? Maps of embeddings whose points play the faces of two clips.

Conventions
-----------
People appear by pseudonym, clips by their number among those of their person on the map; neither a subject's
nor a clip's id is on the page. Faces are those of clips that the caller gives; without, maps are only drawn.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from amber_id.face_mesh import OUTER_EYE_CORNERS, SELECTED_POINTS, edges_by_group
from amber_id.recordings import RecordingSet
from amber_id.report.drawing.maps import FoldMap, draw_map_panels, map_chart
from amber_id.report.drawing.palette import MATED
from amber_id.report.drawing.plotly_chart import Chart, six_digits
from amber_id.report.drawing.pseudonyms import pseudonyms
from amber_id.report.motion_view.face_meshes import RATE_HZ, faces_within
from amber_id.results import FUSION, EmbeddingMap, StudyResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FACES_BYTES = 6_000_000  # of all faces on a page, at most


@dataclass(frozen=True)
class MappedClip:
    """A point of a map as its reader knows it."""

    person: str  # pseudonym
    number: int  # from 1, among the clips of this person on the map
    of: int
    x: float
    y: float
    clip: str  # its id, which the page does not show

    @property
    def name(self) -> str:
        """Such as P03, clip 7 of 20."""
        return f"{self.person}, clip {self.number} of {self.of}"


@dataclass(frozen=True)
class StudyMap:
    """The map of one cell; `faces` by the positions of their clips, None where the page plays none."""

    letters: str
    embedded: EmbeddingMap
    clips: tuple[MappedClip, ...]  # by person, then by number
    faces: Mapping[int, str] | None

    @property
    def people(self) -> int:
        """How many people are on the map."""
        return len({clip.person for clip in self.clips})


def study_maps(results: StudyResults, faces: Mapping[str, RecordingSet]) -> dict[str, StudyMap]:
    """The maps by the letters of their cells, with as many of the faces as a page may hold."""
    names = pseudonyms(
        (point.subject for each in results.maps.values() for point in each.points),
        results.provenance.split_sha256,
    )
    playing = [letters for letters in results.maps if letters in faces]
    maps = {}
    for letters, embedded in results.maps.items():
        clips = _mapped(embedded, names)
        playable = None
        if letters in playing:
            playable = _faces(clips, faces[letters], FACES_BYTES // len(playing))
        maps[letters] = StudyMap(letters, embedded, clips, playable)
    return maps


def _mapped(embedded: EmbeddingMap, names: Mapping[str, str]) -> tuple[MappedClip, ...]:
    clips_of = Counter(point.subject for point in embedded.points)
    numbers: Counter[str] = Counter()
    clips = []
    for point in sorted(embedded.points, key=lambda each: (names[each.subject], each.clip)):
        numbers[point.subject] += 1
        clips.append(
            MappedClip(
                names[point.subject],
                numbers[point.subject],
                clips_of[point.subject],
                point.x,
                point.y,
                point.clip,
            )
        )
    return tuple(clips)


def _faces(clips: Sequence[MappedClip], recordings: RecordingSet, budget: int) -> dict[int, str]:
    """The first clip of everybody, then the second of everybody, and so on, as long as there is room."""
    position = {each.clip: i for i, each in enumerate(clips)}
    evenly = sorted(clips, key=lambda each: (each.number, each.person))
    within = faces_within(recordings, [each.clip for each in evenly], budget)
    return {position[clip]: face for clip, face in within.items()}


def study_map_chart(each: StudyMap) -> Chart:
    """A point for each clip, hollow where its face is not in the page; the last trace is for chosen clips."""
    chart = map_chart(_fold_map(each))
    for trace in chart["data"]:
        of_person = [i for i, clip in enumerate(each.clips) if clip.person == trace["name"]]
        playable = [each.faces is None or i in each.faces for i in of_person]
        symbol = trace["marker"]["symbol"]
        trace["marker"] |= {"size": 9, "symbol": [symbol if it else f"{symbol}-open" for it in playable]}
        trace["customdata"] = of_person
        trace["text"] = [
            each.clips[i].name + ("" if it else "<br>face not in this page")
            for i, it in zip(of_person, playable, strict=True)
        ]
        trace["hovertemplate"] = "%{text}<extra></extra>"
    # Set, so that the map stays where it is while clips are chosen.
    chart["layout"]["xaxis"]["range"] = _with_room([clip.x for clip in each.clips])
    chart["layout"]["yaxis"]["range"] = _with_room([clip.y for clip in each.clips])
    chart["data"].append({
        "type": "scatter", "mode": "markers+text", "name": "chosen", "showlegend": False, "hoverinfo": "skip",
        "x": [], "y": [], "text": ["1", "2"], "textposition": "top center", "textfont": {"size": 15},
        "marker": {"size": 20, "symbol": "circle-open", "color": MATED, "line": {"width": 3}},
    })  # fmt: skip
    return chart


def _with_room(places: Sequence[float]) -> list[float]:
    """Both ends of an axis, with room for a mark and its number at either."""
    low, high = min(places), max(places)
    room = 0.1 * (high - low) or 1.0
    return six_digits([low - room, high + room])


def _fold_map(each: StudyMap) -> FoldMap:
    people = {clip.person for clip in each.clips}
    places = {
        person: np.array([[clip.x, clip.y] for clip in each.clips if clip.person == person])
        for person in sorted(people)
    }
    return FoldMap(each.embedded.fold, each.embedded.clips_of_fold, places)


def played_faces(maps: Mapping[str, StudyMap]) -> dict[str, Any]:
    """What the page's script plays: of each cell its clips, a face being None where the page has none."""
    position = {point: i for i, point in enumerate(SELECTED_POINTS)}
    return {
        "rate_hz": RATE_HZ,
        "points": len(SELECTED_POINTS),
        "eye_corners": [position[point] for point in OUTER_EYE_CORNERS],
        "edges": {
            group: [[position[a], position[b]] for a, b in edges] for group, edges in edges_by_group().items()
        },
        "cells": {
            letters: [
                {
                    "person": clip.person,
                    "name": clip.name,
                    "x": clip.x,
                    "y": clip.y,
                    "face": each.faces.get(i),
                }
                for i, clip in enumerate(each.clips)
            ]
            for letters, each in maps.items()
            if each.faces
        },
    }


def map_notes(maps: Mapping[str, StudyMap], results: StudyResults) -> dict[str, str]:
    """What each map is of, in sentences."""
    return {letters: _note(each, results) for letters, each in maps.items()}


def _note(each: StudyMap, results: StudyResults) -> str:
    embedded, n_points = each.embedded, len(each.clips)
    note = (
        f"{n_points:,} clips of {each.people} test people of fold {embedded.fold}, as {embedded.attacker} "
        "sees them."
    )
    if n_points < embedded.clips_of_fold:
        note += f" The fold has {embedded.clips_of_fold:,} clips."
    if results.cells[each.letters].attacker.name == FUSION:
        note += (
            " The strongest attacker, a fusion, has no embeddings: this is the best of those that it fuses."
        )
    if each.faces is not None and len(each.faces) == n_points:
        note += " Every clip's face can be played."
    elif each.faces is not None:
        note += (
            f" The faces of {len(each.faces):,} of {n_points:,} clips can be played; other points are hollow."
        )
    return note


def draw_study_maps(figure: "Figure", maps: Mapping[str, StudyMap], *, mark: str) -> "Figure":
    """A panel for each map, with the legend of its people; `mark` goes before the title."""
    titles = {
        f"{letters}, {each.embedded.attacker}, fold {each.embedded.fold}: {each.people} people, "
        f"{len(each.clips):,} clips": _fold_map(each)
        for letters, each in maps.items()
    }
    title = "Embeddings of test clips\nt-SNE: near means alike; distances between groups mean nothing"
    return draw_map_panels(figure, titles, mark + title)


def map_rows(maps: Mapping[str, StudyMap]) -> list[dict[str, Any]]:
    """A row for each point."""
    return [
        {
            "cell": letters,
            "fold": each.embedded.fold,
            "person": clip.person,
            "clip": clip.number,
            "x": clip.x,
            "y": clip.y,
        }
        for letters, each in maps.items()
        for clip in each.clips
    ]
