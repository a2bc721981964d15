"""Pillow, imported where pictures are made or read, so that nothing else needs it."""

from types import ModuleType

from amber_id.errors import MissingDependencyError


def import_pillow() -> ModuleType:
    """The package ``PIL`` with its ``Image``, ``ImageDraw`` and ``ImageFilter``.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import PIL.Image
        import PIL.ImageDraw
        import PIL.ImageFilter
    except ImportError as error:
        raise MissingDependencyError.for_extra("pillow", "avatar") from error
    return PIL
