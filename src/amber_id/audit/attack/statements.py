"""What does an evaluation show, and what does it not show?"""

from collections.abc import Callable

from amber_id.audit.attack.strongest_attacker import Scored, Tried
from amber_id.audit.attack.tested import Tested
from amber_id.judging.judge import Judged
from amber_id.judging.limits import interval_limits
from amber_id.motion import VIEWS
from amber_id.notation import percent_and_interval, plural
from amber_id.results import Metrics, Rate, Recognition, known_figures

REIDENTIFICATION = {
    "recognised": "People were re-identified",
    "not_recognised": "People were not measurably re-identified",
    "not_decided": "It is not decided whether people were re-identified",
}


OF_SYNTHETIC_PEOPLE = "These people are synthetic: the figures say nothing about real ones."
OF_DIFFERENT_UTTERANCES = "comparisons of different utterances only"
MATED_ACROSS_SESSIONS = "mated comparisons across sessions only"
ACROSS_SESSIONS = (
    "Mated comparisons are across sessions only, as corpus.csv names them; two clips of one person from one "
    "session, or of unknown session, are in no mated comparison."
)
NO_PROOF = "A stronger attacker may recognise more: a high error rate is no proof of privacy."
SESSIONS_UNKNOWN = (
    "It is not known which clips were filmed in one sitting. If each person sat once, this measures "
    "recognition within a session, not across sessions."
)


def pooled_folds(folds: int) -> str:
    """How the scores of several folds are judged together, in a sentence."""
    return (
        f"Scores of {folds} attackers, one for each fold, are pooled without rescaling; a person is compared "
        "with people of the same fold only."
    )


def headline(scored: Scored, metrics: Metrics, recognition: Recognition) -> str:
    """The finding in a sentence, with interval and counts."""
    tested = scored.members[0]
    header = tested.folds[0].header
    basis = (
        f"EER {percent_and_interval(metrics.eer)}{from_several_clips(metrics, percent_and_interval)}, "
        f"{len(tested.subjects)} people, {len(tested.entries)} clips"
    )
    basis += f", {MATED_ACROSS_SESSIONS}" if tested.across_sessions else ""
    basis += "" if tested.unknown_utterances is None else f", {OF_DIFFERENT_UTTERANCES}"
    if header.control is not None:
        return f"Control with permuted labels: {basis}; 50 % is what must come out"
    if scored.is_fusion:
        return f"{REIDENTIFICATION[recognition.outcome]} by {len(scored.members)} attackers together: {basis}"
    view = VIEWS[header.features.view]
    seen = view.of_landmarks if header.features.signals == "landmarks" else view.of_blendshapes
    return f"{REIDENTIFICATION[recognition.outcome]} by {seen}: {basis}"


def from_several_clips(metrics: Metrics, written: Callable[[Rate], str]) -> str:
    """The EER from as many clips on either side as most people have, for a sentence; empty for one clip."""
    known = known_figures(metrics, "archive")
    if not known:
        return ""
    figure, rate = max(known, key=lambda each: each[0].clips)
    return f", and {written(rate)} from {figure.clips} clips on either side"


def limits(tried: Tried, judged: Judged, failed_clips: int, *, synthetic: bool) -> tuple[str, ...]:
    """What the figures do not show, in whole sentences."""
    tested = tried.mapped.members[0]
    n_clips = len(tested.entries)
    sources = {entry.source for entry in tested.entries}
    sentences = [
        f"{_attackers_tried(tried)} {NO_PROOF}",
        _sessions(tested),
        *unlike_words(tested),
    ]
    if synthetic:
        sentences.insert(0, OF_SYNTHETIC_PEOPLE)
    features = [each.folds[0].header.features for each in tried.strongest.members]
    if any(each.signals == "landmarks" and each.view == "all" for each in features):
        sentences.append(
            "The view `all` shows face shape, head pose and the camera's tilt as well as motion; the "
            "view `motion` shows what motion alone gives away."
        )
    sentences.extend((*tried.limits, *judged.limits, *interval_limits(judged.eer)))
    # People of different folds are not compared.
    if any(len({entry.source for entry in fold.test.entries}) > 1 for fold in tested.folds):
        sentences.append(
            f"People of {len(sources)} sources are pooled. Sources are easily told apart, which makes "
            "non-mated comparisons across them easy, too: consider each source by itself."
        )
    if tested.folds[0].header.folds > 1:
        sentences.append(pooled_folds(len(tested.folds)))
    if failed_clips:
        sentences.append(
            f"{failed_clips} of {n_clips + failed_clips} clips gave no usable recording and are in no figure "
            "(failure to acquire)."
        )
    return tuple(sentences)


def _sessions(tested: Tested) -> str:
    if tested.across_sessions:
        return ACROSS_SESSIONS
    return SESSIONS_UNKNOWN


def unlike_words(tested: Tested) -> tuple[str, ...]:
    """What it means that only different utterances are compared, in a sentence; nothing where all are."""
    if tested.unknown_utterances is None:
        return ()
    lost = tested.unknown_utterances
    left_out = f"; {plural(lost, 'clip', 'clips')} of unknown utterance left out" if lost else ""
    return (
        "Two clips are compared only if they have different utterances, as corpus.csv names them, mated and "
        f"non-mated alike: whoever is recognised is not recognised by repeated words{left_out}.",
    )


def _attackers_tried(tried: Tried) -> str:
    names = [each.attacker.name for each in tried.scored]
    if len(names) == 1:
        return f"One attacker, {names[0]}, was tried."
    return (
        f"{len(names)} attackers were tried ({'; '.join(names)}); the figures are those of "
        f"{tried.strongest.attacker.name}, which had the lowest EER on dev people."
    )
