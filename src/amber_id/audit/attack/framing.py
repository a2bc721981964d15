"""Is somebody framed: are defended clips taken for the person whose style they have taken on?

A defence that gives a clip the style of a donor may make an attacker take the clip for the donor's. Asked is
an attacker that knows nothing of the defence: it learnt from undefended clips, has undefended clips of the
donors enrolled, and is shown a defended clip. Donors are drawn without regard to the clip, so by chance alone
the most alike of G donors is the clip's own in one of G cases.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from amber_id.anonymisers.styles import synthetic_name, synthetic_people
from amber_id.attackers import load_attacker
from amber_id.audit.attack.tested import Tested, TestedFold
from amber_id.biometrics import Comparisons, bootstrap_mean
from amber_id.biometrics.resampling import has_intervals
from amber_id.embeddings import embed_clips
from amber_id.judging.config import EvaluationConfig
from amber_id.judging.rates import judged_rates
from amber_id.motion import load_windows
from amber_id.motion.pairs import bare_id
from amber_id.notation import percent_and_interval, short_percent
from amber_id.recordings import Recording, RecordingSet
from amber_id.results import Rate
from amber_id.results.framing import Framing
from amber_id.synthetic import make_clip

_FEWEST_PEOPLE = 3  # for an interval over people
_FEWEST_DONORS = 2  # besides the clip's own person, whom it could be taken for


@dataclass(frozen=True)
class DonorClips:
    """Undefended clips of donors, whose subjects are called as the pool calls them."""

    recordings: RecordingSet
    real: bool
    of_this_study: bool


@dataclass(frozen=True)
class _Compared:
    """The clips of one fold against donors: scores, -inf against the clip's own person."""

    scores: Float[np.ndarray, "N D"]
    donors: tuple[str, ...]
    own: tuple[str, ...]  # the donor of each clip
    people: tuple[str, ...]  # whom each clip shows


def synthetic_donors() -> Iterator[tuple[str, Recording]]:
    """The recordings of the people of `synthetic_pool`, with their names there."""
    config = synthetic_people()
    for person in range(config.people):
        for clip in range(config.clips):
            yield synthetic_name(person), make_clip(config, person, clip)


def framing_of(
    attacker: str,
    probes: Tested,
    donor_of: Mapping[str, str],
    donors: DonorClips,
    config: EvaluationConfig,
    *,
    device: str,
) -> Framing:
    """Whether defended clips are taken for their donors.

    `probes` are defended clips as an attacker sees them that learnt from undefended ones; `donor_of` says by
    the bare id of a clip whose style it has taken on; a clip that it does not name is not asked for.
    """
    folds = [_compared(fold, donor_of, donors.recordings, device) for fold in probes.folds]
    rank1 = _rank1(folds, config)
    framed = rank1 is not None and rank1.low > rank1.chance
    return Framing(
        attacker=attacker,
        real=donors.real,
        of_this_study=donors.of_this_study,
        donors=len({name for fold in folds for name in fold.donors}),
        clips=sum(len(fold.own) for fold in folds),
        rank1=rank1,
        eer=_eer(folds, config),
        framed=framed,
        words=" ".join(_words(donors, rank1, framed=framed)),
    )


def _compared(fold: TestedFold, donor_of: Mapping[str, str], donors: RecordingSet, device: str) -> _Compared:
    """The clips of a fold whose donor and another are enrolled, against the mean of each donor's clips.

    Of a single donor an attacker has no choice: such a clip would always be taken for it.
    """
    header, attacker = load_attacker(fold.checkpoint, device)
    unknown = tuple(entry for entry in donors.entries if entry.subject not in header.train_subjects)
    if len({entry.subject for entry in unknown}) < _FEWEST_DONORS:
        return _Compared(np.zeros((0, 0)), (), (), ())
    windows = load_windows(replace(donors, entries=unknown), header.features)
    vectors = embed_clips(attacker, windows)
    names = sorted({entry.subject for entry in windows.entries})
    means = np.zeros((len(names), vectors.shape[1]))
    np.add.at(means, [names.index(entry.subject) for entry in windows.entries], vectors)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    rows = [
        i
        for i, entry in enumerate(fold.test.entries)
        if donor_of.get(bare_id(entry.clip)) in names
        and sum(name != entry.subject for name in names) >= _FEWEST_DONORS
    ]
    entries = [fold.test.entries[i] for i in rows]
    scores = fold.test.vectors[rows].astype(np.float64) @ means.T
    for row, entry in enumerate(entries):
        if entry.subject in names:
            scores[row, names.index(entry.subject)] = -np.inf
    return _Compared(
        scores,
        tuple(names),
        tuple(donor_of[bare_id(entry.clip)] for entry in entries),
        tuple(entry.subject for entry in entries),
    )


def _rank1(folds: Sequence[_Compared], config: EvaluationConfig) -> Rate | None:
    """How often the donor is the most alike, with an interval over the people of the clips."""
    people = [person for fold in folds for person in fold.people]
    if len(set(people)) < _FEWEST_PEOPLE:
        return None
    hits = [
        float(fold.donors[int(np.argmax(row))] == own)
        for fold in folds
        for row, own in zip(fold.scores, fold.own, strict=True)
    ]
    chances = [1 / np.isfinite(row).sum() for fold in folds for row in fold.scores]
    subjects = np.unique(people, return_inverse=True)[1]
    estimate = bootstrap_mean(
        np.array(hits), subjects, replicates=config.replicates, level=config.level, rng=config.rng()
    )
    return Rate.of(estimate, float(np.mean(chances)))


def _eer(folds: Sequence[_Compared], config: EvaluationConfig) -> Rate | None:
    """The EER of clips against their own donors and against others; people of the interval are donors."""
    numbers = {name: i for i, name in enumerate(sorted({name for fold in folds for name in fold.donors}))}
    parts = []
    for fold in folds:
        D = fold.scores.shape[1]
        clip, donor = np.nonzero(np.isfinite(fold.scores))
        parts.append(
            Comparisons(
                scores=fold.scores[clip, donor],
                enrolment=donor.astype(np.int64),
                probe=(D + clip).astype(np.int64),
                subjects=np.array([numbers[name] for name in (*fold.donors, *fold.own)], np.int64),
            )
        )
    comparisons = Comparisons.pool(parts)
    if comparisons.n_mated == 0 or comparisons.n_nonmated == 0 or not has_intervals(comparisons):
        return None
    return judged_rates(comparisons, config, ("eer",))["eer"]


def _words(donors: DonorClips, rank1: Rate | None, *, framed: bool) -> Iterator[str]:
    if rank1 is None:
        yield "Too few people for a figure of how often clips are taken for their donors."
    else:
        finding = "Defended clips are" if framed else "It is not shown that defended clips are"
        yield (
            f"{finding} taken for their donor more often than by chance: in {percent_and_interval(rank1)} of "
            f"the clips, by chance in {short_percent(rank1.chance)}."
        )
    if not donors.real:
        yield "The donors are synthetic: nobody real is imitated."
    elif not donors.of_this_study:
        yield "The donors are other people: nobody of this study is imitated."
    else:
        yield "Donors have names of people of this study" + (
            ": these may be held responsible for clips of others." if framed else "."
        )
