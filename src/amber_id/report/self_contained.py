"""How does a page hold all that it shows, and run nothing but what was written here?

Conventions
-----------
A page is one file that opens from disk: styles, scripts and data are inside, and a content security policy
lets the browser run only these scripts and ask no network for anything. Every text is escaped.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from amber_id import notation
from amber_id.extras import from_extra

_FILTERS: Mapping[str, Callable[..., str]] = {
    "count": notation.count,
    "detectable": notation.detectable,
    "direction": notation.direction,
    "duration": notation.duration,
    "interval": notation.interval,
    "number": notation.number,
    "percent": notation.percent,
    "plain": lambda value: value if isinstance(value, str) else json.dumps(value, sort_keys=True),
    "plural": notation.plural,
    "points": notation.points,
    "short_percent": notation.short_percent,
}
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=%|bit\b)")


def render(
    template: str,
    content: Mapping[str, Any],
    *,
    css: str,
    scripts: Mapping[str, str],
    filters: Mapping[str, Callable[..., str]] | None = None,
) -> str:
    """The page as text, from a template that lies beside this file.

    The template finds `content` and each of `scripts` under its own name, and besides them ``css`` and
    ``policy``; only these last three kinds go in unescaped. Numbers are written by filters that are named as
    the functions of `notation` are; `filters` are further ones. No line ends between a number and its unit.

    Raises
    ------
    MissingDependencyError
        If jinja2 is not installed.
    """
    with from_extra("jinja2", "report"):
        import jinja2
        import markupsafe

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("amber_id", "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_unbroken,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.filters |= {**_FILTERS, **(filters or {})}
    trusted = {
        name: markupsafe.Markup(text)
        for name, text in {**scripts, "css": css, "policy": _policy(*scripts.values())}.items()
    }
    return environment.get_template(template).render(**content, **trusted).lstrip() + "\n"


def render_with_charts(
    template: str,
    content: Mapping[str, Any],
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    filters: Mapping[str, Callable[..., str]] | None = None,
) -> str:
    """A page with charts as text; `styles` and `scripts` are further files of the report, by their paths.

    Raises
    ------
    MissingDependencyError
        If jinja2 or plotly is not installed.
    """
    return render(
        template,
        content,
        css="".join(map(own_file, ("page.css", *styles))),
        scripts={"plotly": plotly_js(), "script": "".join(map(own_file, ("page.js", *scripts)))},
        filters=filters,
    )


def _unbroken(value: Any) -> Any:
    """Text with spaces that do not break before units; what is markup already stays as it is."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", value)
    return value


def fragments(folder: str) -> list[str]:
    """The templates in a folder of the report, in the order of their names, for the loop of a page."""
    entries = files("amber_id.report").joinpath(folder).iterdir()
    return sorted(f"{folder}/{each.name}" for each in entries if each.name.endswith(".html"))


def own_file(name: str) -> str:
    """A style sheet or a script of the report, by its path from this folder."""
    return files("amber_id.report").joinpath(name).read_text(encoding="utf-8")


def plotly_js() -> str:
    """The library that draws the charts, as a script.

    Raises
    ------
    MissingDependencyError
        If plotly is not installed.
    """
    with from_extra("plotly", "report"):
        from plotly.offline import get_plotlyjs
    return str(get_plotlyjs())


def _policy(*scripts: str) -> str:
    """A content security policy: no network at all, and no script but these."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
