"""GLB files: any avatar read, and one mesh written.

Conventions
-----------
`read.py` makes an avatar of a file's arrays, materials, scene and shapes' names; `write.py` writes the form
that RAVAS draws too.
"""
