"""How well could anybody tell whether two clips show one person?

All that a clip tells about a person passes through its traits (`people.py`), whose distribution is known. So
the log-likelihood ratio of two clips' true traits, under the two-covariance model, is the best score there
is: whoever sees the traits only through landmarks has no lower error rate, but for chance. That is also true
of what goes with a source or a person, such as the frame rate: the oracle knows it for certain.

Pairs are all pairs of clips. Whether two clips are of one session is unknown: the score averages over
both, as often as they are among a person's pairs. With K clips of each side the traits are averaged, of clips
of one session.

Where attributes or groups are planted, people are of several kinds (`people.kinds`), all as frequent, and
which two clips show is unknown, too: two clips of one person are of one kind, those of two people of any two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Float64, Int64
from scipy.special import logsumexp

from amber_id.biometrics import Comparisons, two_covariance_llr
from amber_id.errors import EvaluationError
from amber_id.synthetic.clips import source_number
from amber_id.synthetic.config import Condition, SynthConfig
from amber_id.synthetic.people import (
    Kind,
    Variances,
    draw_person,
    kinds,
    origin_of,
    session_of,
    shown_traits,
)
from amber_id.synthetic.planted import values_of

# Stands for a certainty, which has no finite ratio; far above all others.
_CERTAIN = 1e6


@dataclass(frozen=True)
class TrueClips:
    """The truth about N clips: traits, and numbers of subject, session, source, and the clip it copies."""

    traits: Float[np.ndarray, "N D"]
    subjects: Int64[np.ndarray, " N"]
    sessions: Int64[np.ndarray, " N"]
    sources: Int64[np.ndarray, " N"]
    origins: Int64[np.ndarray, " N"]


def true_clips(
    config: SynthConfig, condition: Condition, clips: Sequence[tuple[int, int]] | None = None
) -> TrueClips:
    """The truth about clips, named by the numbers of their person and of themselves; of all, if None."""
    if clips is None:
        clips = [(k, c) for k in range(config.people) for c in range(config.clips)]
    people = {k: draw_person(k, seed=config.seed) for k, _ in clips}
    origins = [origin_of(config, k, c) for k, c in clips]
    pairs = list(zip(clips, origins, strict=True))
    return TrueClips(
        traits=np.stack(
            [shown_traits(config, people[k], origin, condition).vector for (k, _), origin in pairs]
        ),
        subjects=np.array([k for k, _ in clips]),
        sessions=np.array([k * config.sessions + session_of(config, origin) for (k, _), origin in pairs]),
        sources=np.array([source_number(config, k) for k, _ in clips]),
        origins=np.array([k * config.clips + origin for (k, _), origin in pairs]),
    )


def oracle_scores(
    config: SynthConfig,
    condition: Condition,
    clips: TrueClips,
    enrolment: Int64[np.ndarray, " P"],
    probe: Int64[np.ndarray, " P"],
    *,
    k: int = 1,
    of: Sequence[Kind] | None = None,
) -> Float64[np.ndarray, " P"]:
    """The best score of each pair of clips, or of groups of `k` clips whose traits were averaged.

    `of` are the kinds that people are known to be of; all that there are, unless given.
    """
    of = kinds(config, condition) if of is None else of
    if len(of) == 1:
        scores = _llr_of_kind(config, of[0], clips, enrolment, probe, k)
    else:
        alone = _log_densities(of, clips, k)
        scores = logsumexp(
            [
                _llr_of_kind(config, each, clips, enrolment, probe, k) + row[enrolment] + row[probe]
                for each, row in zip(of, alone, strict=True)
            ],
            axis=0,
        )
        mean = logsumexp(alone, axis=0)
        scores = scores + np.log(len(of)) - mean[enrolment] - mean[probe]
    if config.told_by("source", condition):
        scores = np.where(clips.sources[enrolment] == clips.sources[probe], scores, -_CERTAIN)
    known = clips.origins[enrolment] == clips.origins[probe]
    if config.content == "own" or config.told_by("person", condition):
        mated = clips.subjects[enrolment] == clips.subjects[probe]
        scores = np.where(mated, _CERTAIN, -_CERTAIN)
    return np.where(known, _CERTAIN, scores)


def _llr_of_kind(
    config: SynthConfig,
    kind: Kind,
    clips: TrueClips,
    enrolment: Int64[np.ndarray, " P"],
    probe: Int64[np.ndarray, " P"],
    k: int,
) -> Float64[np.ndarray, " P"]:
    """The log-likelihood ratio where all people are known to be of one kind."""
    of: Variances = kind.variances
    within = of.within / k
    pairs = (clips.traits - kind.mean, enrolment, probe)
    apart = two_covariance_llr(*pairs, between=of.between, within=of.session + within)
    if not of.session.any():
        return apart
    share = _share_of_one_session(config, k)
    alike = two_covariance_llr(*pairs, between=of.between + of.session, within=within)
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log(share) + alike, np.log1p(-share) + apart)


def _log_densities(of: Sequence[Kind], clips: TrueClips, k: int) -> Float64[np.ndarray, "K N"]:
    """How likely the traits of each clip are under each kind, but for what is the same in all kinds."""
    rows = []
    for kind in of:
        total = kind.variances.between + kind.variances.session + kind.variances.within / k
        rows.append(-((clips.traits - kind.mean) ** 2 / total + np.log(total)).sum(axis=1) / 2)
    return np.stack(rows)


def best_guesses(
    config: SynthConfig, condition: Condition, name: str, clips: TrueClips
) -> Int64[np.ndarray, " N"]:
    """The value, 0 or 1, of an attribute or a group that is guessed best for each single clip."""
    of = kinds(config, condition)
    value = np.array([each.values.all[name] for each in of])
    alone = _log_densities(of, clips, 1)
    likely = np.stack([logsumexp(alone[value == each], axis=0) for each in (0, 1)])
    return likely.argmax(axis=0)


def true_values(config: SynthConfig, name: str, clips: TrueClips) -> Int64[np.ndarray, " N"]:
    """The value, 0 or 1, that the person of each clip has."""
    of = {k: values_of(config, k).all for k in np.unique(clips.subjects).tolist()}
    return np.array([of[k][name] for k in clips.subjects.tolist()])


def group_comparisons(config: SynthConfig, condition: Condition, name: str, value: int) -> Comparisons:
    """All pairs of clips of the people with one value of a group, with the best scores for who knows that.

    Raises
    ------
    EvaluationError
        If they are fewer than two people, or have one clip each.
    """
    clips = true_clips(config, condition)
    own = true_values(config, name, clips) == value
    clips = TrueClips(*(getattr(clips, each.name)[own] for each in fields(TrueClips)))
    if len(np.unique(clips.subjects)) < 2 or np.bincount(clips.subjects).max() < 2:
        raise EvaluationError(f"{name}: fewer than two people of one value, or one clip of each")
    of = [each for each in kinds(config, condition) if each.values.groups[name] == value]
    enrolment, probe = np.triu_indices(len(clips.subjects), k=1)
    scores = oracle_scores(config, condition, clips, enrolment, probe, of=of)
    return Comparisons(scores, enrolment, probe, clips.subjects)


def _share_of_one_session(config: SynthConfig, k: int) -> float:
    """Share of the pairs of a person's clips, or of groups of `k`, that are of one session."""
    sizes = np.bincount([session_of(config, clip) for clip in range(config.clips)]) // k
    pairs = sizes.sum() * (sizes.sum() - 1)
    return float((sizes * (sizes - 1)).sum() / pairs) if pairs else 0.0


def oracle_comparisons(config: SynthConfig, condition: Condition, *, k: int = 1) -> Comparisons:
    """All pairs of clips of the corpus, or of groups of `k` clips of one session, with the best scores.

    Raises
    ------
    EvaluationError
        If nobody has two groups of `k` clips.
    """
    clips = true_clips(config, condition)
    if k > 1:
        clips = _grouped(clips, k)
    if np.bincount(clips.subjects, minlength=1).max() < 2:
        raise EvaluationError(
            f"nobody has two groups of {k} clips, each of one session: ask for more clips, or fewer sessions"
        )
    enrolment, probe = np.triu_indices(len(clips.subjects), k=1)
    scores = oracle_scores(config, condition, clips, enrolment, probe, k=k)
    return Comparisons(scores, enrolment, probe, clips.subjects)


def _grouped(clips: TrueClips, k: int) -> TrueClips:
    """Each k different clips of one session, one after the other, as one; those left over are left out."""
    _, first = np.unique(clips.origins, return_index=True)
    order = np.sort(first)
    order = order[np.argsort(clips.sessions[order], kind="stable")]
    _, starts, counts = np.unique(clips.sessions[order], return_index=True, return_counts=True)
    groups = [
        order[start + n * k : start + (n + 1) * k]
        for start, count in zip(starts, counts, strict=True)
        for n in range(count // k)
    ]
    firsts = np.array([group[0] for group in groups], dtype=np.int64)
    return TrueClips(
        traits=np.array([clips.traits[group].mean(axis=0) for group in groups]).reshape(
            len(groups), clips.traits.shape[1]
        ),
        subjects=clips.subjects[firsts],
        sessions=clips.sessions[firsts],
        sources=clips.sources[firsts],
        origins=clips.origins[firsts],
    )
