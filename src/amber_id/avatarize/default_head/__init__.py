"""The avatar that needs no file: a head made from MediaPipe's canonical face mesh.

Conventions
-----------
`canonical_face.py` reads the mesh from the model bundle, `expression_shapes.py` moves it, `head_parts.py`
adds what is not skin, `skin_texture.py` paints it, and `default_avatar.py` puts all together.
"""
