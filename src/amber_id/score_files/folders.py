"""Who a clip shows, if its name lies in a numbered folder: ``<source>_id<number>/...``."""

import re

_SUBJECT_FOLDER = re.compile(r"[^/]+_id(\d{1,250})/", re.ASCII)  # no folder has a longer name


def subject_of_folder(clip: str) -> str | None:
    """The subject of a clip by its folder, None where that has no number.

    Examples
    --------
    >>> subject_of_folder("ravdess_id001/video007"), subject_of_folder("a1")
    ('id001', None)
    """
    folder = _SUBJECT_FOLDER.match(clip)
    return None if folder is None else f"id{int(folder[1]):03d}"
