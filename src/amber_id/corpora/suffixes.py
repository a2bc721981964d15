"""Is a file a video, by its name, and if not, why?

Conventions
-----------
A suffix says it, in any case. Those of videos are what FFmpeg reads, and so PyAV. Other files that lie beside
videos, such as sound and text, are no videos; a file of any other kind may be one that nobody here can read.
"""

from pathlib import Path

from amber_id.corpora.other_files import ARCHIVE_SUFFIXES, OTHER_SUFFIXES, what_it_is

VIDEO_SUFFIXES = frozenset(
    {".264", ".265", ".3g2", ".3gp", ".amv", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gif", ".h264"}
    | {".h265", ".hevc", ".ivf", ".m1v", ".m2p", ".m2t", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mk3d"}
    | {
        ".mkv",
        ".mod",
        ".mov",
        ".mp4",
        ".mpe",
        ".mpeg",
        ".mpg",
        ".mpv",
        ".mts",
        ".mxf",
        ".nut",
        ".ogm",
        ".ogv",
    }
    | {".qt", ".rm", ".rmvb", ".tod", ".trp", ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m"}
)

_SOUND = {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma"}
_PICTURES = {".bmp", ".heic", ".jpeg", ".jpg", ".png", ".svg", ".thm", ".tif", ".tiff", ".webp"}
_TEXT = {".ass", ".eaf", ".htm", ".html", ".json", ".jsonl", ".lab", ".log", ".md", ".md5", ".pdf", ".rtf"}
_TEXT |= {".sha256", ".srt", ".sub", ".textgrid", ".toml", ".vtt", ".xml", ".yaml", ".yml"}
_DATA = {".db", ".docx", ".h5", ".hdf5", ".ini", ".mat", ".npy", ".npz", ".parquet", ".safetensors", ".xlsx"}
_BESIDE = (_SOUND | _PICTURES | _TEXT | _DATA | OTHER_SUFFIXES) - ARCHIVE_SUFFIXES


def may_be_video(path: Path) -> bool:
    """Whether a file that is not taken may be a video, or hold some."""
    return path.suffix.lower() not in _BESIDE


def why_no_video(path: Path) -> str:
    """Why a file without the suffix of a video is not taken, in a clause."""
    suffix = path.suffix.lower()
    if suffix in _BESIDE:
        return what_it_is(path) or f"no video, by its suffix {suffix}"
    known = what_it_is(path)
    if known:
        return known
    named = f"its suffix {path.suffix} is no video's" if suffix else "it has no suffix"
    return f"{named}; convert it, or rename it if it is a video, e.g. to .mp4"
