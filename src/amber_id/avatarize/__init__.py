"""From video to avatar: the same clips, shown by a head that moves alike.

Conventions
-----------
A clip's recording drives the avatar (`drive.py`), a file with ARKit's shapes (`glb`). It is posed
on the processor (`rig.py`), drawn off screen (`renderer.py`) and written with the original's times and sound
(`video_file.py`). `default_head` makes the avatar that needs no file. `ravas` has RAVAS draw instead.
`following.py` asks whether an avatar moves as its original.
"""

from amber_id.avatarize.avatar import ARKIT_NAMES, Avatar
from amber_id.avatarize.avatar_clip import AvatarClip, NoFace, read_avatar_clip
from amber_id.avatarize.avatarize import avatarize_corpus, find_clips
from amber_id.avatarize.default_file import default_avatar_file
from amber_id.avatarize.default_head.default_avatar import Palette
from amber_id.avatarize.following import FollowingConfig
from amber_id.avatarize.following_file import CHECKED, FollowingReport, check_following, write_following
from amber_id.avatarize.glb.read import AvatarFile, read_avatar
from amber_id.avatarize.glb.write import merge_avatar, write_avatar
from amber_id.avatarize.job import RECORDING_SUFFIX, AvatarizeConfig, DriveFolders
from amber_id.avatarize.preview import write_preview
from amber_id.avatarize.ravas.run import RavasSetup
from amber_id.avatarize.ravas.setup import find_ravas
from amber_id.avatarize.renderer import Renderer, drawing_driver

__all__ = [
    "ARKIT_NAMES",
    "CHECKED",
    "RECORDING_SUFFIX",
    "Avatar",
    "AvatarClip",
    "AvatarFile",
    "AvatarizeConfig",
    "DriveFolders",
    "FollowingConfig",
    "FollowingReport",
    "NoFace",
    "Palette",
    "RavasSetup",
    "Renderer",
    "avatarize_corpus",
    "check_following",
    "default_avatar_file",
    "drawing_driver",
    "find_clips",
    "find_ravas",
    "merge_avatar",
    "read_avatar",
    "read_avatar_clip",
    "write_avatar",
    "write_following",
    "write_preview",
]
