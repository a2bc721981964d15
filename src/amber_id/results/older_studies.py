"""How is a ``results.json`` of a study read that an earlier version wrote?"""

from typing import Any

_FORMER = "amber-id/study/2"


def study_3_of(data: Any, schema: str) -> Any:
    """A study of schema 2 as one of `schema`, 3; everything else as it is.

    Controls and planted habits had `words` for `evidence`, events `found` for `matched`; planted habits had
    no name, cell, EER and recognition of their own, which are those of the strongest habits.
    """
    if not isinstance(data, dict) or data.get("schema") != _FORMER:
        return data
    controls, sensitivity = data.get("controls"), data.get("sensitivity")
    changed: dict[str, Any] = {"schema": schema}
    if isinstance(controls, list):
        changed["controls"] = [_renamed(each, words="evidence") for each in controls]
    if isinstance(sensitivity, dict):
        changed["sensitivity"] = {cell: _planted(each, cell) for cell, each in sensitivity.items()}
    utility = data.get("utility")
    if isinstance(utility, dict) and isinstance(utility.get("events"), list):
        events = [_renamed(each, found="matched") for each in utility["events"]]
        changed["utility"] = utility | {"events": events}
    return data | changed


def _planted(data: Any, cell: str) -> Any:
    renamed = _renamed(data, words="evidence", smallest_found="smallest_recognised")
    points = renamed.get("points") if isinstance(renamed, dict) else None
    if not isinstance(points, list) or not points or not isinstance(points[-1], dict):
        return renamed  # which says what is missing
    strongest = {key: points[-1].get(key) for key in ("eer", "recognition")}
    return {"name": "planted habits", "cell": cell} | strongest | renamed


def _renamed(data: Any, **names: str) -> Any:
    if not isinstance(data, dict):
        return data
    return {names.get(key, key): value for key, value in data.items()}
