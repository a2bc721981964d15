"""Who are people that never lived, and what does a tracker see of them?

A generator at the level of a rig: a person is a face shape and a vector of habits, a clip is blendshapes and
head movement over time, and a tracker's landmarks follow from both. All that tells people apart is known and
written down, so that an attacker can be held against it.

Read in this order: ``seeds.py``, ``fields.py`` (random signals that are smooth), ``measured.py`` (what was
measured on real faces), ``people.py``, ``rig.py`` (a person's signals in a clip), ``mesh.py`` (the signals as
landmarks in a picture), ``generate.py`` (recordings).
"""

from amber_id.synthetic.generate import SYNTHETIC_TRACKER, SynthConfig, estimated_bytes, generate, make_clip
from amber_id.synthetic.people import HABITS, Person, draw_person

__all__ = [
    "HABITS",
    "SYNTHETIC_TRACKER",
    "Person",
    "SynthConfig",
    "draw_person",
    "estimated_bytes",
    "generate",
    "make_clip",
]
