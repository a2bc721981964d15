"""The matrix as a heat map: rows who learnt from what, columns what is compared, colour how recognised."""

from dataclasses import dataclass

from amber_id.results import ConditionsResults
from amber_id.results.conditions import MatrixCell

_MOST = (0x8F, 0x1D, 0x14)  # everybody is recognised
_NONE = (0xF3, 0xF4, 0xF6)  # as by guessing
_DARK, _LIGHT = "#14171b", "#ffffff"


@dataclass(frozen=True)
class Square:
    """A cell with its colours; None where it was not asked for."""

    cell: MatrixCell | None
    ground: str = ""
    ink: str = ""
    unknown: bool = False  # whether the attacker never saw the avatar that it meets


@dataclass(frozen=True)
class HeatMap:
    """One table of squares; `rows` are by who learnt."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]


def heat_maps(results: ConditionsResults) -> list[HeatMap]:
    """Two clips of one condition; an original against each anonymised condition; what is pooled or linked."""
    trainings = tuple(dict.fromkeys(cell.train for cell in results.cells))
    alike = [(name, name) for name in results.conditions]
    enrolled = [("original", name) for name in results.studies] if "original" in results.conditions else []
    asked = dict.fromkeys((cell.enrol, cell.probe) for cell in results.cells)
    others = [pair for pair in asked if pair not in (*alike, *enrolled)]
    titles = (
        ("Two clips of one condition are linked", alike),
        ("The original is enrolled, the anonymised clip is met", enrolled),
        ("Anonymised conditions together", others),
    )
    maps = [_map(results, title, pairs, trainings) for title, pairs in titles if pairs]
    return [each for each in maps if each.rows]


def _map(
    results: ConditionsResults, title: str, pairs: list[tuple[str, str]], trainings: tuple[str, ...]
) -> HeatMap:
    rows = []
    for train in trainings:
        squares = tuple(_square(results, train, enrol, probe) for enrol, probe in pairs)
        if any(square.cell is not None for square in squares):
            rows.append((_label(train), squares))
    return HeatMap(title, tuple(_column(*pair) for pair in pairs), tuple(rows))


def _square(results: ConditionsResults, train: str, enrol: str, probe: str) -> Square:
    cell = results.cell(train, enrol, probe)
    if cell is None:
        return Square(None)
    ground = colour_of(cell.eer.value)
    ink = _LIGHT if luminance(ground) < 0.18 else _DARK
    return Square(cell, ground, ink, results.unknown_generator.get(probe) == train)


def _label(train: str) -> str:
    if train == "all":
        return "all conditions"
    if train == "others":
        return "every avatar but the one met"
    return "originals" if train == "original" else train


def _column(enrol: str, probe: str) -> str:
    if enrol == probe:
        return "each, pooled" if enrol == "each" else enrol
    return probe if enrol == "original" else f"{enrol} with {probe}"


def colour_of(eer: float) -> str:
    """The colour of an error rate: darkest where everybody is recognised, lightest from 0.5 on.

    >>> colour_of(0.0), colour_of(0.5), colour_of(0.7)
    ('#8f1d14', '#f3f4f6', '#f3f4f6')
    """
    share = min(max(eer / 0.5, 0.0), 1.0)
    parts = (round(most + share * (none - most)) for most, none in zip(_MOST, _NONE, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def luminance(colour: str) -> float:
    """Relative luminance, from 0 for black to 1 for white (Web Content Accessibility Guidelines 2.1).

    >>> round(luminance("#ffffff"), 3), round(luminance("#000000"), 3)
    (1.0, 0.0)
    """
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
