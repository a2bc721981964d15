"""What did killed runs leave behind in a folder of clips?"""

from pathlib import Path

from amber_id.atomic_files import remove_abandoned
from amber_id.corpora import find_subject_folders


def remove_leftovers(root: Path) -> None:
    """Delete temporary files that killed runs left in `root`, if it is there, and its folders of people."""
    if root.is_dir():
        for folder in (root, *(person.path for person in find_subject_folders(root))):
            remove_abandoned(folder)
