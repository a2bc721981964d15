"""What of some values does not fit, in a clause that a person can act on?

Pydantic finds what does not fit a model. This module puts it in the words of this program: what is allowed,
what came, and the nearest name where one is misspelt. Only the first problem is reported; where a value may
be one of several models, that of the model which knows most of its names.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from amber_id.quoting import escaped, one_line, quote

Place = tuple[str | int, ...]

_LONGEST_PLACE = 80
_LONGEST_REST = 300
# What is expected where pydantic says only of which type a value is not.
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "set": "a list",
    "dict": "a table of names and values",
    "model": "a table of names and values",
    "dataclass": "a table of names and values",
    "bytes": "text",
    "none": "nothing",
}
_CHOICE = re.compile(r"' is not one of (?=')")  # of Typer, for a flag with choices
_BOUNDS = {
    "greater_than": ("gt", "a number above {}"),
    "greater_than_equal": ("ge", "{} or more"),
    "less_than": ("lt", "a number below {}"),
    "less_than_equal": ("le", "{} or less"),
    "multiple_of": ("multiple_of", "a multiple of {}"),
    "too_short": ("min_length", "{} values or more"),
    "too_long": ("max_length", "{} values or fewer"),
    "string_too_short": ("min_length", "{} letters or more"),
    "string_too_long": ("max_length", "{} letters or fewer"),
    "string_pattern_mismatch": ("pattern", "text of the form {}"),
}


def first_problem(
    error: ValidationError,
    model: type | None = None,
    called: Callable[[Place], str] | None = None,
) -> str:
    """The first thing that does not fit, in one clause.

    `model` is what was validated, so that the names it has are known; `called` says what a place is called,
    unless told by its names with dots between: ``its loop.epochs does not fit``.
    """
    problems = [_Problem.of(each, model) for each in error.errors(include_url=False)]
    # A name that one of several models does not know is no problem where another does.
    first = next((each for each in problems if not each.known_elsewhere), problems[0])
    place = first.place[:-1] if first.lacks else first.place
    where = "" if not place else _dotted(place) if called is None else called(place)
    if first.lacks:
        return f"{f'its {where}' if where and called is None else where or 'it'} {first.message}"
    clause = _clause([each for each in problems if each.place == first.place and not each.lacks])
    if not place:
        return clause
    return f"its {where} does not fit: {clause}" if called is None else f"{where}: {clause}"


@dataclass(frozen=True)
class _Problem:
    """One of pydantic's errors: a sentence, or what was expected, and what came."""

    place: Place
    message: str
    came: str
    expected: str = ""
    allowed: tuple[str, ...] = ()  # where it is one of some words
    lacks: bool = False  # the place is a name that is not known, or missing
    known_elsewhere: bool = False

    @classmethod
    def of(cls, error: Any, model: type | None) -> "_Problem":
        place, names = _walked(model, error["loc"])
        kind, context, value = error["type"], error.get("ctx", {}), error["input"]
        of, _, rest = kind.partition("_")
        if kind == "extra_forbidden":
            name = str(place[-1])
            message = f"has no {quoted(name)}{nearest(name, names) or _all_of(names)}"
            return cls(place, message, "", lacks=True, known_elsewhere=name in names)
        if kind == "missing" and isinstance(place[-1], int):  # of a list of so many values
            return cls(place[:-1], "", "fewer", f"{place[-1] + 1} values or more")
        if kind == "missing":
            return cls(place, f"needs {quoted(str(place[-1]))}, got none", "", lacks=True)
        message = one_line(error["msg"].removeprefix("Value error, "), 4 * _LONGEST_REST)
        came = came_as(value)
        if kind in ("literal_error", "enum") or _CHOICE.search(message):
            words = _CHOICE.split(context.get("expected") or message, 1)[-1].replace(" or ", ", ").split(", ")
            return cls(place, message, came, "one", tuple(word.strip("'.") for word in words))
        if kind in _BOUNDS:
            bound, text = _BOUNDS[kind]
            came = str(context["actual_length"]) if context.get("actual_length") is not None else came
            limit = context[bound]
            return cls(place, message, came, text.format(f"{limit:g}" if isinstance(limit, float) else limit))
        if kind == "string_unicode":
            return cls(place, message, came, "text in Unicode")
        if kind == "finite_number":
            return cls(place, message, came, "a finite number")
        if of in _KINDS and rest in ("type", "parsing", "parsing_size", "from_float", "required"):
            return cls(place, message, came, _KINDS[of])
        return cls(place, message, came)


def _clause(problems: Sequence[_Problem]) -> str:
    """What does not fit of one value, which may be of one of several kinds."""
    first = problems[0]
    expected = [each.expected for each in problems if each.expected and not each.allowed]
    allowed = list(dict.fromkeys(word for each in problems for word in each.allowed))
    if allowed:
        expected.append(" or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1]))))
    if not expected or not first.expected:
        return first.message
    return f"expected {' or '.join(dict.fromkeys(expected))}, got {first.came}{nearest(first.came, allowed)}"


def came_as(value: object) -> str:
    """A value that does not fit, as a message shows what came."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return "a very large number" if 1e300 < abs(value) < math.inf else str(value)
        case dict():
            return "a table"
        case list() | tuple() | set():
            return "a list"
        case BaseModel():
            return f"a {type(value).__name__}"
    return quote(value)


def nearest(name: str, names: Sequence[str]) -> str:
    """The nearest of some names, as a question after a semicolon; nothing where none is near."""
    near = difflib.get_close_matches(name.strip("'")[:_LONGEST_PLACE], names, 1, cutoff=0.5)
    return f"; do you mean {near[0]}?" if near else ""


def _all_of(names: Sequence[str]) -> str:
    return one_line(f"; it has {', '.join(names)}", _LONGEST_REST) if names else ""


def quoted(name: str) -> str:
    """A name of other people's between backticks, on one line."""
    return f"`{escaped(one_line(name, _LONGEST_PLACE))}`"


def _dotted(place: Place) -> str:
    return one_line(".".join(map(str, place)), _LONGEST_PLACE)


def _walked(model: type | None, loc: Place) -> tuple[Place, list[str]]:
    """The place without what pydantic says of unions and keys, and the names that are known beside it."""
    if model is None:
        return loc, []
    place: list[str | int] = []
    kinds: list[Any] = [model]
    names: list[str] = []
    tagged = False
    for part in loc:
        # Of several kinds pydantic says first which it has tried.
        tagged = len(kinds) > 1 and not tagged
        if tagged or part == "[key]":
            continue
        names = [name for kind in kinds for name in _names(kind)]
        place.append(part)
        kinds = [inner for kind in kinds for inner in _inside(kind, part)]
    return tuple(place), list(dict.fromkeys(names))


def _names(kind: Any) -> list[str]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.alias or name for name, field in kind.model_fields.items()]
    return []


def _inside(kind: Any, part: str | int) -> Iterator[Any]:
    """The kinds that stand under a name, or a number, of another."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if part in (name, field.alias):
                yield from _members(field.annotation)
    elif isinstance(part, int) or get_origin(kind) is dict:
        for argument in get_args(kind)[-1:] if get_origin(kind) is dict else get_args(kind):
            yield from _members(argument)


def _members(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _members(each)
    elif annotation not in (None, type(None), ...):
        yield annotation
