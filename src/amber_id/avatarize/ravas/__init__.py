"""RAVAS, an outside program, as the engine that draws.

Conventions
-----------
`setup.py` finds it, `run.py` runs it on one video, `process.py` watches it, `launcher.py` is what its own
Python runs, `picture.py` cuts its pictures, `clip.py` makes the avatar of a clip of them.
"""
