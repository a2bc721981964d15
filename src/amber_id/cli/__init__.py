"""The command line: one verb for each stage. Parses, calls the library, prints.

Standard output is the result, standard error the progress. Exit codes: 0 done; 1 failed; 2 wrong usage;
3 done, but some clips could not be used, and each is named; 130 stopped by Ctrl-C. Imports stand inside the
verbs, so that `amber --help` is quick and a verb needs only its own extra.
"""

import logging
import sys
from typing import Annotated

import typer

from amber_id.cli.shared import app
from amber_id.errors import AmberError
from amber_id.no_telemetry import keep_quiet
from amber_id.quoting import one_line

# `amber --help` lists the verbs in the order of these imports.
# isort: split
from amber_id.cli.setup import doctor, models_fetch

# isort: split
from amber_id.cli.corpora import corpus_check, corpus_crema_d, corpus_folders, corpus_nvfair, corpus_ravdess

# isort: split
from amber_id.cli.importing import corpus_landmarks

# isort: split
from amber_id.cli.tracking import track

# isort: split
from amber_id.cli.splitting import split

# isort: split
from amber_id.cli.training import reselect, train

# isort: split
from amber_id.cli.evaluating import evaluate

# isort: split
from amber_id.cli.defending import defend

# isort: split
from amber_id.cli.defences import defences_export, defences_train

# isort: split
from amber_id.cli.avatars import avatar_merge, avatar_preview, avatarize

# isort: split
from amber_id.cli.auditing import audit

# isort: split
from amber_id.cli.frontiers import frontier

# isort: split
from amber_id.cli.comparing import compare

# isort: split
from amber_id.cli.studies import study_thesis

# isort: split
from amber_id.cli.scores import metrics

# isort: split
from amber_id.cli.synthetic import synth

# isort: split
from amber_id.cli.viewing import view

# isort: split
from amber_id.cli.planning import power

# isort: split
from amber_id.cli.sharing import embed, export, verify

__all__ = [
    "app",
    "audit",
    "avatar_merge",
    "avatar_preview",
    "avatarize",
    "compare",
    "corpus_check",
    "corpus_crema_d",
    "corpus_folders",
    "corpus_landmarks",
    "corpus_nvfair",
    "corpus_ravdess",
    "defences_export",
    "defences_train",
    "defend",
    "doctor",
    "embed",
    "evaluate",
    "export",
    "frontier",
    "main",
    "metrics",
    "models_fetch",
    "power",
    "reselect",
    "split",
    "study_thesis",
    "synth",
    "track",
    "train",
    "verify",
    "view",
]


def main() -> None:
    """Run the command line; an error that a user can act on is one line."""
    keep_quiet()
    # Where nobody has set up logging otherwise, this is what prints it.
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_OneLine())
    try:
        app()
    except AmberError as error:
        print(f"amber: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)


class _OneLine(logging.Formatter):
    """What this program logs, on one line whatever the names in it hold."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return one_line(line) if record.name.startswith("amber_id") else line


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from amber_id import __version__

        typer.echo(__version__)
        raise typer.Exit
