"""What is said in the clips of a test, where figures are of different utterances only?"""

from collections.abc import Collection, Mapping

from amber_id.corpora import CORPUS_FILE, read_corpus_file
from amber_id.errors import CorpusError
from amber_id.recordings import RecordingSet

FEWEST_UTTERANCES = 2


def utterances_beside(recordings: RecordingSet) -> Mapping[str, str]:
    """What is said in each clip of which the corpus file beside the recordings says so.

    Raises
    ------
    CorpusError
        As `require_utterances` does.
    FileFormatError
        If the corpus file does not fit.
    """
    facts = read_corpus_file(recordings.root)
    known = {entry.clip: facts[entry.clip].utterance for entry in recordings.entries if entry.clip in facts}
    utterance_of = {clip: utterance for clip, utterance in known.items() if utterance is not None}
    require_utterances(utterance_of.values(), len(recordings.entries), f"{recordings.root / CORPUS_FILE}")
    return utterance_of


def require_utterances(utterances: Collection[str], clips: int, where: str) -> None:
    """Refuse a test of different utterances where no two are known; raises CorpusError."""
    n = len(set(utterances))
    if n < FEWEST_UTTERANCES:
        raise CorpusError(
            f"{where}: expected two utterances or more, since comparisons of different utterances are asked "
            f"for, got {n} for {clips} clips; name what is said in its column utterance, or ask for all "
            "comparisons"
        )
