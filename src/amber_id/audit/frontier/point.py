"""What does one defence reach? Defended, attacked by those who know it, and held against undefended clips.

The attackers of a point learnt from its own defended clips of other people. An attacker that knows nothing of
the defence is there for comparison: it learnt from undefended clips. The defended recordings and their
features are deleted as soon as the point is measured; figures and scores are kept.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

from amber_id.anonymisers import Plan, defend
from amber_id.atomic_files import scratch_folder
from amber_id.audit.attack.framing import DonorClips, framing_of
from amber_id.audit.attack.openings import record_opening
from amber_id.audit.attack.strongest_attacker import (
    Scored,
    Tried,
    attacker_results,
    measure,
    score_attackers,
)
from amber_id.audit.attack.tested import EmbeddedClips, Tested, embed_people
from amber_id.audit.frontier.config import UNDEFENDED
from amber_id.audit.frontier.framing import donor_clips, place_of_donor
from amber_id.audit.frontier.ground import Channels, Ground
from amber_id.audit.frontier.plans import state_of
from amber_id.audit.study.scenarios import needs_pairs
from amber_id.audit.utility.measure import agreements
from amber_id.audit.utility.one_number import kept_sums
from amber_id.biometrics import Comparisons
from amber_id.errors import EvaluationError, TrainingError
from amber_id.file_formats import file_hash
from amber_id.judging.rates import judged_rates
from amber_id.judging.several_clips import eer_of_most_clips
from amber_id.motion.feature_pass import stored_features
from amber_id.motion.pairs import bare_id
from amber_id.recordings import RecordingSet
from amber_id.results import ComparisonCounts, ConditionName, Rate
from amber_id.results.framing import Framing
from amber_id.results.frontier import DefenceStep, PointFigures, SeveralClips, Uninformed
from amber_id.score_files import IdentifiedBy, ScoreFile, read_scores, write_scores
from amber_id.training import find_checkpoints, train
from amber_id.training.named import training_of

_DEFENDED: ConditionName = "anonymised"


@dataclass(frozen=True)
class Points:
    """Measures points on one ground; what was measured by an earlier run is not measured again."""

    ground: Ground
    scratch: ExitStack  # for what is needed as long as points are measured
    _donors: dict[bool, DonorClips] = field(default_factory=dict, init=False)

    def figures(self, name: str) -> PointFigures:
        """The figures of a point.

        Raises
        ------
        EvaluationError
            If a clip is lost by the defence, or there is too little for an interval.
        AmberError
            If the disk is full.
        """
        stage = f"point {name}"
        plan = self.ground.plans[name]
        stages = self.ground.stages.depending_on(state_of(plan))
        compute = partial(self._measured, name)
        figures: PointFigures = stages.done(stage, PointFigures, compute)
        path = self._scores(name)
        if not path.exists() or file_hash(path) != figures.scores_sha256:
            stages.forget(stage)
            figures = stages.done(stage, PointFigures, compute)
        return figures

    def comparisons(self, name: str) -> Comparisons:
        """The comparisons of a point by its strongest attacker; people are numbered alike at every point."""
        read = read_scores(self._scores(name)).comparisons
        assert read is not None  # whose scores these are stands in the file
        return read

    @cached_property
    def _undefended_runs(self) -> tuple[Path, ...]:
        """Attackers that learnt from undefended clips; they are kept."""
        # Of other clips or settings, runs are others.
        folder = self.ground.out / "runs" / self.ground.stages.depends_on[:12]
        runs, not_fitted = self._trained(self.ground.undefended, folder, paired=False)
        for reason in not_fitted.values():
            raise EvaluationError(f"an attacker could not learn from undefended clips: {reason}")
        return runs

    @cached_property
    def _undefended_tested(self) -> tuple[Tested, ...]:
        """Undefended clips as the attackers see them that learnt from such."""
        return self._embedded(self._undefended_runs, self.ground.undefended)

    def _scores(self, name: str) -> Path:
        return self.ground.out / "scores" / f"{name.replace(':', '-')}.parquet"

    def _measured(self, name: str) -> PointFigures:
        ground = self.ground
        if name == UNDEFENDED:
            runs, tested = self._undefended_runs, self._undefended_tested
            return self._attacked(name, ground.undefended, runs, tested, {}, ground.channels)
        with scratch_folder(ground.out) as scratch:
            defended = self._defended(name, scratch)
            channels = ground.channels.copy()
            stored_features(defended, ground.features, on_recording=channels.keep)
            runs, not_fitted = self._trained(defended, scratch / "runs", paired=True)
            if not runs:
                reason = next(iter(not_fitted.values()))
                raise EvaluationError(f"no attacker could learn from these clips: {reason}")
            tested = self._embedded(runs, defended)
            return self._attacked(name, defended, runs, tested, not_fitted, channels)

    def _defended(self, name: str, scratch: Path) -> RecordingSet:
        """The defended clips in the order of the others, with the condition before their ids."""
        ground = self.ground
        if ground.means.rendering is not None:
            recordings = ground.rendered[name]
        else:
            failures = defend(
                ground.originals, scratch / "recordings", ground.plans[name], workers=ground.means.workers
            )
            lost = [each for each in failures if each.stage == "defend"]
            if lost:
                raise EvaluationError(
                    f"{name}: {lost[0].clip} could not be defended ({lost[0].reason}), and all points need "
                    "the same clips; leave the clip or the defence out"
                )
            recordings = RecordingSet.open(scratch / "recordings")
        by_clip = {entry.clip: entry for entry in recordings.entries}
        entries = tuple(
            replace(by_clip[entry.clip], clip=f"{_DEFENDED}/{entry.clip}")
            for entry in ground.originals.entries
        )
        return RecordingSet(scratch, entries)

    def _trained(
        self, recordings: RecordingSet, folder: Path, *, paired: bool
    ) -> tuple[tuple[Path, ...], dict[str, str]]:
        """Every attacker fitted to these clips, without pairs those that need none; and why some were not."""
        config, runs, not_fitted = self.ground.config, [], {}
        for name in config.attackers:
            if needs_pairs(name) and not paired:
                continue
            try:
                run, _ = train(
                    recordings,
                    self.ground.split,
                    training_of(name, seed=config.seed, shortest_s=config.shortest_s),
                    folder / name.replace(", ", "-").replace(" ", "-"),
                    device=self.ground.means.device,
                    originals=self.ground.undefended if needs_pairs(name) else None,
                    resume=True,
                    allow=None,
                    for_reselect=False,
                )
            except TrainingError as error:
                not_fitted[name] = str(error)
            else:
                runs.append(run.path)
        return tuple(runs), not_fitted

    def _embedded(self, runs: tuple[Path, ...], recordings: RecordingSet) -> tuple[Tested, ...]:
        return embed_people(
            runs, recordings, self.ground.split, device=self.ground.means.device, with_dev=True
        )

    def _attacked(
        self,
        name: str,
        recordings: RecordingSet,
        runs: Sequence[Path],
        tested: Sequence[Tested],
        not_fitted: dict[str, str],
        channels: Channels,
    ) -> PointFigures:
        ground, evaluation = self.ground, self.ground.config.evaluation
        hashes = tuple(file_hash(path) for run in runs for path in find_checkpoints(run))
        opening = record_opening(
            ground.originals.root,
            split=ground.split.content_hash(),
            checkpoints=hashes,
            attacker=f"frontier at {name}",
        )
        tried = score_attackers(tested)
        strongest = tried.strongest
        met = None if name == UNDEFENDED else self._embedded(self._undefended_runs, recordings)
        metrics, judged = measure(strongest, evaluation)
        people, clips, _ = agreements(
            ground.bare(ground.undefended),
            ground.bare(recordings),
            ground.config.utility,
            channels_of=channels.of,
        )
        several = eer_of_most_clips(strongest.comparisons, evaluation, most=ground.config.several_clips)
        write_scores(self._scores(name), _score_file(strongest))
        return PointFigures(
            name=name,
            steps=steps_of(ground.plans[name]),
            attacker=strongest.attacker.name,
            attackers={each.name: each for each in attacker_results(tried, metrics, evaluation)},
            not_fitted=not_fitted,
            counts=ComparisonCounts(
                mated=strongest.comparisons.n_mated, nonmated=strongest.comparisons.n_nonmated
            ),
            eer=metrics.eer,
            linkability=judged.rates.get("linkability"),
            several_clips=None if several is None else SeveralClips(clips=several[0], eer=several[1]),
            recognition=judged.recognition,
            uninformed=None if met is None else self._uninformed(met),
            framing=None if met is None else self._framing(name, met),
            kept=kept_sums(people, clips),
            measured_clips=len(clips),
            test_opening=opening,
            scores_sha256=file_hash(self._scores(name)),
        )

    def _framing(self, name: str, defended: Sequence[Tested]) -> Framing | None:
        """Whether defended clips are taken for their donors; None where a defence has no donors."""
        plan = self.ground.plans[name]
        place = place_of_donor(plan)
        if place is None:
            return None
        real = plan.chain[place].defence.from_pool
        if self.ground.means.rendering is not None and not real:
            return None  # the synthetic donors are not drawn: `frontier_limits` says so
        if real not in self._donors:
            folder = self.scratch.enter_context(scratch_folder(self.ground.out))
            self._donors[real] = donor_clips(self.ground, folder, real=real)
        mapped = score_attackers(self._undefended_tested).mapped
        (own,) = mapped.members
        number = next(i for i, each in enumerate(self._undefended_tested) if each is own)
        donor_of = {}
        for entry in self.ground.originals.entries:
            chosen = plan.chosen_for(entry.clip, entry.subject)[place]
            assert chosen is not None
            donor_of[entry.clip] = chosen.name
        return framing_of(
            mapped.attacker.name,
            defended[number],
            donor_of,
            self._donors[real],
            self.ground.config.evaluation,
            device=self.ground.means.device,
        )

    def _uninformed(self, defended: Sequence[Tested]) -> Uninformed:
        """What attackers reach that learnt from undefended clips, and meet defended ones."""
        undefended = self._undefended_tested
        linking, originals = (
            self._eer(score_attackers([_met(one, other, enrolled=enrolled) for one, other in pairs]))
            for enrolled in (False, True)
            for pairs in [list(zip(undefended, defended, strict=True))]
        )
        return Uninformed(linking=linking, originals=originals)

    def _eer(self, tried: Tried) -> Rate:
        comparisons = tried.strongest.comparisons
        return judged_rates(comparisons, self.ground.config.evaluation, ("eer",))["eer"]


def _met(undefended: Tested, defended: Tested, *, enrolled: bool) -> Tested:
    """An attacker's defended clips as it probes them: against each other, or `enrolled` undefended.

    Scores are normalised with the clips that it has learnt from.
    """

    def met(own: EmbeddedClips | None, probed: EmbeddedClips | None) -> EmbeddedClips | None:
        if own is None or probed is None or not enrolled:
            return probed
        if [bare_id(e.clip) for e in own.entries] != [bare_id(e.clip) for e in probed.entries]:
            raise EvaluationError("expected the same clips, defended and not, in one order")
        return replace(probed, enrolled=own.vectors)

    folds = []
    for one, other in zip(undefended.folds, defended.folds, strict=True):
        test = met(one.test, other.test)
        assert test is not None
        folds.append(replace(other, test=test, dev=met(one.dev, other.dev), cohort=one.cohort))
    return Tested(tuple(folds))


def _score_file(scored: Scored) -> ScoreFile:
    tested = scored.members[0]
    clips = tuple(bare_id(entry.clip) for entry in tested.entries)
    return ScoreFile.named(scored.comparisons, clips, tested.subjects, identified_by=IdentifiedBy.COLUMNS)


def steps_of(plan: Plan) -> tuple[DefenceStep, ...]:
    """What is applied at a point, one defence after another."""
    steps = []
    for applied in plan.chain:
        defence, pool = applied.defence, plan.pool_of(applied.defence)
        model = plan.model_of(defence)
        steps.append(
            DefenceStep(
                name=defence.name,
                strength=applied.strength,
                summary=defence.summary,
                family=defence.family,
                changes=defence.changes,
                causal=defence.causal,
                delay_frames=defence.delay_frames,
                donor=defence.donor,
                pool=None if pool is None else pool.origin,
                model_sha256=None if model is None else model.sha256,
            )
        )
    return tuple(steps)
