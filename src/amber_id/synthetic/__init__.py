"""What are synthetic people like, what does a tracker see of them, and how well could they be distinguished?

A generator at the level of a rig: a person is a face shape and a vector of habits, a clip is blendshapes and
head movement over time, and a tracker's landmarks follow from both, of the person and of an avatar. All that
distinguishes people is known and written down, so that an attacker can be compared with it.

Read in this order: ``settings.py``, ``habits.py``, ``seeds.py``, ``avatars.py``, ``config.py`` (what can be
asked for), ``fields.py`` (random signals that are smooth), ``measured.py`` (what was measured on real faces),
``planted.py`` (attributes and groups), ``people.py`` (what a clip shows of a person), ``speech.py`` and
``rig.py`` (a person's signals in a clip), ``channel.py`` (what arrives at an avatar), ``mesh.py`` and
``camera.py`` (the signals as landmarks in a picture), ``clips.py``, ``generate.py`` (recordings),
``oracle.py`` and ``oracle_file.py``.
"""

from amber_id.synthetic.avatars import Avatar
from amber_id.synthetic.clips import SYNTHETIC_TRACKER, make_clip
from amber_id.synthetic.config import Condition, SynthConfig
from amber_id.synthetic.generate import estimated_bytes, generate
from amber_id.synthetic.habits import HABITS, Habit
from amber_id.synthetic.oracle import oracle_comparisons
from amber_id.synthetic.oracle_file import Oracle
from amber_id.synthetic.settings import Setting

__all__ = [
    "HABITS",
    "SYNTHETIC_TRACKER",
    "Avatar",
    "Condition",
    "Habit",
    "Oracle",
    "Setting",
    "SynthConfig",
    "estimated_bytes",
    "generate",
    "make_clip",
    "oracle_comparisons",
]
