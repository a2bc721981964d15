"""What must be said wherever an attacker is handed on or tells people apart; see RESPONSIBLE_USE.md."""

NOT_FOR = (
    "do not use it to find out who is behind an avatar or an anonymised video, to watch, authenticate or "
    "sort people, or to decide anything about a single person: a single score proves nothing about two clips"
)
PERSONAL_DATA = "recordings, checkpoints, embeddings and scores made from real people are personal data"
