"""What a machine lacks, and how to get it."""

import typer

from amber_id.cli.shared import app, models_app, tell
from amber_id.extras import check_needs


@app.command()
def doctor() -> None:
    """Tell what this machine lacks, with the remedy."""
    from amber_id.doctor import examine

    findings = examine()
    for finding in findings:
        tell(f"{'lacks' if finding.remedy else 'ok':6} {finding.what}: {finding.state}")
        if finding.remedy:
            tell(f"{'':6} -> {finding.remedy}")
    raise typer.Exit(any(finding.remedy for finding in findings))


@models_app.command("fetch")
def models_fetch() -> None:
    """Download the face landmarker.

    It is put into the cache, and its SHA-256 is checked.
    """
    from amber_id.tracking import fetch_model

    check_needs("models fetch")
    tell(fetch_model().path)
