"""Pillow, imported where pictures are made or read, so that nothing else needs it."""

from types import ModuleType

from amber_id.extras import from_extra


def import_pillow() -> ModuleType:
    """The package ``PIL`` with its parts; raises MissingDependencyError where it is not installed."""
    with from_extra("pillow", "avatar"):
        import PIL.Image
        import PIL.ImageDraw
        import PIL.ImageFilter
    return PIL
