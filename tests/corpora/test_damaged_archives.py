"""A damaged archive costs its own clips, whatever is damaged in it."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from amber_id.corpora.conversion import convert, find_ravdess

GOOD = {f"Actor_02/01-01-0{emotion}-01-01-01-02.mp4": b"good" * 20 for emotion in (1, 2, 3)}


def archive_of(members: dict[str, bytes], how: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", how) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_whatever_is_damaged_in_an_archive_the_others_are_taken(how: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(how)
    src = tmp_path / "src"
    src.mkdir()
    (src / "Video_Speech_Actor_02.zip").write_bytes(archive_of(GOOD, zipfile.ZIP_DEFLATED))
    members = {f"Actor_01/01-01-0{e}-01-01-01-01.mp4": rng.bytes(60) for e in (1, 2)}
    whole = archive_of(members, how)
    for attempt in range(40):
        damaged = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 4)):
            damaged[at] = rng.integers(256)
        (src / "Video_Speech_Actor_01.zip").write_bytes(damaged[: rng.integers(30, 2 * len(damaged))])
        dst = tmp_path / f"dst{attempt}"
        done = convert(find_ravdess(src), dst)
        assert len(list((dst / "ravdess_id002").glob("*.mp4"))) == len(GOOD)
        for path in (dst / "ravdess_id001").glob("*.mp4"):
            assert path.read_bytes() in members.values()
        assert done.put >= len(GOOD)


def test_a_member_may_have_no_name(tmp_path: Path) -> None:
    data = archive_of({"x": b"none", **GOOD}, zipfile.ZIP_STORED)
    at = data.index(b"PK\x01\x02")
    central = data[at : at + 28] + b"\0\0" + data[at + 30 : at + 46] + data[at + 47 :]
    end = central.index(b"PK\x05\x06")
    size = int.from_bytes(central[end + 12 : end + 16], "little") - 1
    central = central[: end + 12] + size.to_bytes(4, "little") + central[end + 16 :]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "Video_Speech_Actor_02.zip").write_bytes(data[:at] + central)
    with zipfile.ZipFile(tmp_path / "src" / "Video_Speech_Actor_02.zip") as file:
        assert file.namelist()[0] == ""
    assert len(find_ravdess(tmp_path / "src").clips) == len(GOOD)
