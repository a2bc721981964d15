"""``python -m amber_id`` is ``amber``."""

from amber_id.cli import main

main()
