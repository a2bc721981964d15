"""Miniature corpora in the layouts that their publishers ship, with every trap that was met in them.

`content` makes the bytes of a clip from its actor and the number of the take; `traps` adds files that must
not become clips (they need at most 12 takes). What comes back says what a conversion must make of it.
Tests load it with `runpy`, since test files are no package.
"""

import stat
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

Content = Callable[[str, int], bytes]

LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:10dc3fd1f2bc8203657431598bd7dc9312462008f93d08fda786043ae6a8d2f4\n"
    b"size 265922\n"
)
DEMOGRAPHICS = (
    '"ActorID","Age","Sex","Race","Ethnicity"\n'
    '1001,51,"Male","Caucasian","Not Hispanic"\n'
    '1002,21,"Female","Caucasian","Not Hispanic"\n'
    '1003,21,"Female","Caucasian","Not Hispanic"\n'
    '1040,42,"Male","Caucasian","Not Hispanic"\n'
)


class Layout(NamedTuple):
    """A corpus on disk, and what must come of it: paths in the result, and reasons by path in the source."""

    src: Path
    clips: tuple[str, ...]  # ravdess_id001/01-01-01-01-01-01-01.mp4 ..., sorted
    choice: dict[str, str]  # left out on purpose
    unusable: dict[str, str]  # listed, and the exit code is 3


def small_bytes(actor: str, take: int) -> bytes:
    """Bytes that no other clip has."""
    return f"clip {take} of {actor}".encode()


def ravdess_layout(
    src: Path,
    content: Content = small_bytes,
    *,
    actors: Sequence[int] = (1, 2, 3, 4),
    takes: int = 4,
    traps: bool = True,
) -> Layout:
    """The actors in turn as a zip file, an unpacked zip file, and a folder of their own."""
    clips, choice, unusable = [], {}, {}
    for place, actor in enumerate(actors):
        name, zipped = f"Actor_{actor:02d}", f"Video_Speech_Actor_{actor:02d}"
        members = {
            f"{name}/{stem}-{actor:02d}.mp4": content(name, take)
            for take, stem in enumerate(ravdess_stems()[:takes])
        }
        clips += [f"ravdess_id{actor:03d}/{Path(member).name}" for member in members]
        prefix = (f"{zipped}.zip/", f"{zipped}/", "")[place % 3]
        if traps:
            for member in [*members]:
                twin = f"{name}/02{Path(member).name[2:]}"
                members[twin] = members[member]
                choice[prefix + twin] = "modality 02"
        if prefix.endswith(".zip/"):
            write_zip(src / f"{zipped}.zip", members)
        else:
            write_files(src / prefix, members)
    if traps:
        add_ravdess_traps(src, content, choice, unusable)
    return Layout(src, tuple(sorted(clips)), choice, unusable)


def add_ravdess_traps(src: Path, content: Content, choice: dict[str, str], unusable: dict[str, str]) -> None:
    """Songs, sound alone, names of nobody, and archives that would do harm."""
    good = content("Actor_03", 90)
    write_files(
        src,
        {
            "Video_Song_Actor_03/Actor_03/01-02-03-01-01-01-03.mp4": good,
            "Actor_03/03-01-03-01-01-01-03.wav": b"RIFF",
            "Actor_03/._01-01-03-01-01-01-03.mp4": b"what macOS leaves behind",
            "Actor_03/.hidden/01-01-03-01-01-01-03.mp4": good,
            "Actor_03/01-01-08-02-02-02-04.mp4": good,
            "Actor_03/01-01-09-01-01-01-03.mp4": good,
            "Actor_03/01-01-01-02-01-01-03.mp4": good,
            "Actor_03/holiday.mp4": good,
            "Actor_03/01-01-08-02-02-01-03.mp4": b"",
            "Actor_25/01-01-03-01-01-01-25.mp4": good,
            "readme.txt": b"not a video",
        },
    )
    choice["Video_Song_Actor_03/Actor_03/01-02-03-01-01-01-03.mp4"] = "song"
    unusable |= {
        "Actor_03/01-01-08-02-02-02-04.mp4": "folder of another actor",
        "Actor_03/01-01-09-01-01-01-03.mp4": "unknown name",
        "Actor_03/01-01-01-02-01-01-03.mp4": "unknown name",
        "Actor_03/holiday.mp4": "unknown name",
        "Actor_03/01-01-08-02-02-01-03.mp4": "empty",
        "Actor_25/01-01-03-01-01-01-25.mp4": "unknown name",
    }
    harmful = src / "Video_Speech_Actor_24.zip"
    with zipfile.ZipFile(harmful, "w") as file:
        file.writestr("../../Actor_24/01-01-01-01-01-01-24.mp4", good)
        file.writestr("/Actor_24/01-01-01-01-01-02-24.mp4", good)
        link = zipfile.ZipInfo("Actor_24/01-01-01-01-02-01-24.mp4")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
        bomb = zipfile.ZipInfo("Actor_24/01-01-01-01-02-02-24.mp4")
        bomb.compress_type = zipfile.ZIP_DEFLATED
        file.writestr(bomb, bytes(4_000_000))
    locked = src / "Video_Speech_Actor_23.zip"
    with zipfile.ZipFile(locked, "w") as file:
        file.writestr("Actor_23/01-01-01-01-01-01-23.mp4", good)
        file.writestr("Actor_23/01-01-01-01-01-02-23.mp4", good + b" that was damaged")
    _set_encrypted(locked, "Actor_23/01-01-01-01-01-01-23.mp4")
    locked.write_bytes(locked.read_bytes().replace(b" that was damaged", b" THAT was damaged"))
    (src / "Video_Speech_Actor_22.zip").write_bytes(b"PK\x03\x04 cut off")
    unusable |= {
        "Video_Speech_Actor_24.zip/../../Actor_24/01-01-01-01-01-01-24.mp4": "leads outside",
        "Video_Speech_Actor_24.zip//Actor_24/01-01-01-01-01-02-24.mp4": "leads outside",
        "Video_Speech_Actor_24.zip/Actor_24/01-01-01-01-02-01-24.mp4": "a link",
        "Video_Speech_Actor_24.zip/Actor_24/01-01-01-01-02-02-24.mp4": "no video packs",
        "Video_Speech_Actor_23.zip/Actor_23/01-01-01-01-01-01-23.mp4": "encrypted",
        "Video_Speech_Actor_23.zip/Actor_23/01-01-01-01-01-02-23.mp4": "damaged",
        "Video_Speech_Actor_22.zip": "damaged",
    }


def crema_d_layout(
    src: Path,
    content: Content = small_bytes,
    *,
    actors: Sequence[int] = (1001, 1002, 1003),
    takes: int = 4,
    suffix: str = ".flv",
    traps: bool = True,
) -> Layout:
    """The publisher's repository: ``VideoFlash`` and the table of actors."""
    files = {
        f"{actor}_{code}{suffix}": content(str(actor), take)
        for actor in actors
        for take, code in enumerate(crema_d_codes()[:takes])
    }
    write_files(src / "VideoFlash", files)
    (src / "VideoDemographics.csv").write_text(DEMOGRAPHICS)
    clips = [f"cremad_id{int(name[:4]) - 930:03d}/{name}" for name in files]
    choice, unusable = {}, {}
    if traps:
        good = content("1040", 90)
        write_files(
            src / "VideoFlash",
            {
                "1040_ITH_SAD_X.flv": good,
                "1040_ITH_HAP_XX.MP4": content("1040", 91),
                "1040_ITH_ANG_XX.flv": LFS_POINTER,
                "1040_ITH_ANG_XX.mp4": content("1040", 92),
                "1040_IEO_ANG_HI.flv": content("1040", 93),
                "1040_IEO_ANG_HI.mp4": content("1040", 93) + b" made smaller",
                "1003_WSI_SAD_XX.flv": LFS_POINTER,
                "1003_WSI_NEU_XX.flv": b"",
                "1003_XYZ_SAD_XX.flv": good,
                "1092_WSI_SAD_XX.flv": good,
                ".1003_WSI_SAD_XX.flv.swp": good,
            },
        )
        write_files(src / "AudioWAV", {"1001_DFA_ANG_XX.wav": b"RIFF"})
        clips += [
            f"cremad_id110/1040_{name}"
            for name in ("ITH_SAD_X.flv", "ITH_HAP_XX.MP4", "ITH_ANG_XX.mp4", "IEO_ANG_HI.flv")
        ]
        choice |= {
            "VideoFlash/1040_ITH_ANG_XX.flv": "taken instead",
            "VideoFlash/1040_IEO_ANG_HI.mp4": "taken instead",
        }
        unusable |= {
            "VideoFlash/1003_WSI_SAD_XX.flv": "Git-LFS pointer",
            "VideoFlash/1003_WSI_NEU_XX.flv": "empty",
            "VideoFlash/1003_XYZ_SAD_XX.flv": "unknown name",
            "VideoFlash/1092_WSI_SAD_XX.flv": "unknown name",
        }
    return Layout(src, tuple(sorted(clips)), choice, unusable)


def nvfair_layout(
    src: Path,
    content: Content = small_bytes,
    *,
    actors: Sequence[int] = (1, 2, 3),
    takes: int = 4,
    traps: bool = True,
) -> Layout:
    """One folder for each person."""
    files = {
        f"id{actor:03d}/{name}-id{actor:03d}.mp4": content(f"id{actor:03d}", take)
        for actor in actors
        for take, name in enumerate(nvfair_names()[:takes])
    }
    write_files(src, files)
    clips = [f"nvidia_id{int(name[2:5]) + 24:03d}/{Path(name).name}" for name in files]
    choice, unusable = {}, {}
    if traps:
        good = content("id003", 90)
        write_files(
            src,
            {
                "facevid2vid-generated/id001/a01-id002--id001.mp4": good,
                "RAVDESS/originals/Actor_01/01-01-01-01-01-01-01.mp4": good,
                "id003/a09-id002.mp4": good,
                "id003/z01-id003.mp4": good,
                "id047/a01-id047.mp4": good,
                "id003/q09-id003.mp4": b"",
            },
        )
        choice |= {
            "facevid2vid-generated/id001/a01-id002--id001.mp4": "made by a generator",
            "RAVDESS/originals/Actor_01/01-01-01-01-01-01-01.mp4": "another corpus",
        }
        unusable |= {
            "id003/a09-id002.mp4": "folder of another actor",
            "id003/z01-id003.mp4": "unknown name",
            "id047/a01-id047.mp4": "unknown name",
            "id003/q09-id003.mp4": "empty",
        }
    return Layout(src, tuple(sorted(clips)), choice, unusable)


def ravdess_stems() -> list[str]:
    """The 60 names of an actor's speech clips with sound, without the actor."""
    return [
        f"01-01-{emotion:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}"
        for repetition in (1, 2)
        for emotion in range(1, 9)
        for intensity in (1, 2)
        for statement in (1, 2)
        if not (emotion == 1 and intensity == 2)  # neutral has no strong form
    ]


def crema_d_codes() -> list[str]:
    """The 82 names of an actor's clips, without the actor: IEO alone is said at three levels."""
    sentences = ["DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI"]
    emotions = ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]
    return [
        f"{sentence}_{emotion}_{level}"
        for sentence in sentences
        for emotion in emotions
        for level in (("LO", "MD", "HI") if sentence == "IEO" and emotion != "NEU" else ("XX",))
    ]


def nvfair_names() -> list[str]:
    """Names as the corpus has them, without the person; how many there are is not published."""
    return [f"{letter}{number:02d}" for number in range(1, 10) for letter in "asq"]


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)


def _set_encrypted(path: Path, member: str) -> None:
    """Set the flag that says that a member is encrypted, in its own header and in the directory."""
    data = bytearray(path.read_bytes())
    for signature, flags, name in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        start = data.find(signature)
        while data[start + name : start + name + len(member)] != member.encode():
            start = data.find(signature, start + 1)
        data[start + flags] |= 1
    path.write_bytes(data)
