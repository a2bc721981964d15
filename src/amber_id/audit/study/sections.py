"""What does a study ask? One row for each section, in the order in which they are asked.

A row says what the section asks and of which study, what computes the answer, where it is kept, which field
of `StudyResults` it becomes, and which lines of it `amber audit` prints. A further section is a row here, a
field in `results/study.py`, and a part of the page in `report/study`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from amber_id.audit.confounds.corpus_facts import CorpusFacts
from amber_id.audit.confounds.find import find_confounds
from amber_id.audit.study import lines
from amber_id.audit.study.by_attribute import asked_attributes, asked_groups, attributes_of, groups_of
from amber_id.audit.study.by_moments import (
    STREAM_FEATURES,
    VIEW_FEATURES,
    controls_of,
    curves_of,
    regions_of_cells,
    sensitivity_of_cells,
    streams_of,
    views_of,
)
from amber_id.audit.study.by_network import (
    network_controls_of,
    network_controls_stages,
    network_features,
    network_of,
    network_stages,
)
from amber_id.audit.study.config import StudyConfig
from amber_id.audit.study.framing import framing_of_study, stated_donors
from amber_id.audit.study.maps import maps_of_cells
from amber_id.audit.study.matrix import cells_of_study
from amber_id.audit.study.reference_points import reference_stages, references_of
from amber_id.audit.study.sessions import sessions_of
from amber_id.audit.study.study import OF_ORIGINALS, Study, Variants
from amber_id.audit.study.training import trained_attackers, training_stages
from amber_id.audit.utility.measure import measure_utility
from amber_id.motion import FeatureConfig
from amber_id.results import (
    AttributeResult,
    Check,
    ConditionName,
    CurvesResult,
    GroupResult,
    RegionResult,
    SensitivityResult,
    StudyResults,
    UtilityResult,
)
from amber_id.results.framing import FramingOfStudy
from amber_id.results.sessions import SessionsResult

Answers = Mapping[str, Any]
"""The answers so far, by the name of their section."""
Conditions = Collection[ConditionName]


def _always(_conditions: Conditions, _config: StudyConfig) -> bool:
    return True


@dataclass(frozen=True)
class Section:
    """Something that a study asks; `name` is that of its stage."""

    name: str
    question: str
    ask: Callable[[Study, Answers], Any]
    kept_as: Any = None  # type of the answer in the stage's file; None: computed every time, or in own stages
    seconds: float = 0.0  # that the stage usually takes
    # Where `ask` has stages of its own, or they take as long as the configuration says: their seconds by name
    stages: Callable[[Conditions, StudyConfig], Mapping[str, float]] | None = None
    also_depends_on: Callable[[Study], Any] | None = None  # besides clips, split, configuration and versions
    # Which features it needs of all clips: computed beforehand, while each recording is read once
    features: Callable[[StudyConfig], Iterable[FeatureConfig]] | None = None
    belongs: Callable[[Conditions, StudyConfig], bool] = _always  # whether it is asked of such a study
    # Whether the answer kept is by cell: that of originals serves other studies of them
    by_cell: bool = False
    absent: Any = None  # the answer where it is not asked
    field: str | None = None  # of StudyResults, that the answer becomes as it is
    lines: Callable[[StudyResults], Iterable[str]] | None = None  # what the command line prints

    def stages_of(self, conditions: Conditions, config: StudyConfig) -> Mapping[str, float]:
        """The stages of this section, in order, with their usual seconds."""
        return {self.name: self.seconds} if self.stages is None else self.stages(conditions, config)

    def answer(self, study: Study, answers: Answers) -> Any:
        """The answer: from the file of its stage, or computed; `absent` where it is not asked."""
        if not self.belongs(study.clips.conditions, study.config):
            return self.absent
        compute = partial(self.ask, study, answers)
        if self.kept_as is not None:
            more = () if self.also_depends_on is None else (self.also_depends_on(study),)
            answer = study.stages.depending_on(*more).done(self.name, self.kept_as, compute)
            if self.by_cell and OF_ORIGINALS in answer:
                study.keep_of_originals(self.name, answer[OF_ORIGINALS])
            return answer
        if self.stages is None:
            study.stages.on_stage(self.name, False)
        return compute()


def _confounds_of(study: Study) -> tuple[Check, ...]:
    conditions = study.bare()
    read = {name: study.readings.for_confounds(clips) for name, clips in conditions.items()}
    return find_confounds(conditions, study.config.confounds, read=read)


def _sessions_told(study: Study) -> tuple[Mapping[str, str], Mapping[str, str]]:
    facts = CorpusFacts.read(study.sets)
    return facts.session, facts.date


def _utility_of(study: Study) -> UtilityResult:
    clips = study.bare()
    original, anonymised = clips["original"], clips["anonymised"]
    return measure_utility(
        original,
        anonymised,
        study.config.utility,
        following=study.readings.following(original, anonymised),
        channels_of=study.readings.channels,
        emotion_of=CorpusFacts.read(study.sets).emotion,
    )


SECTIONS: tuple[Section, ...] = (
    Section(
        "confounds",
        "Which properties other than the motion of a face distinguish people in these clips?",
        lambda study, _: _confounds_of(study),
        kept_as=tuple[Check, ...],
        seconds=4.0,
        # Whoever adds a corpus.csv need not train again.
        also_depends_on=lambda study: asdict(CorpusFacts.read(study.sets)),
        field="confounds",
    ),
    Section(
        "training",
        "What does each attacker learn from originals, from anonymised clips, and from both?",
        lambda study, _: trained_attackers(study),
        stages=training_stages,
    ),
    Section(
        "matrix",
        "Who is recognised, in every scenario?",
        lambda study, answers: cells_of_study(study, answers["training"]),
        seconds=120.0,
        lines=lines.of_cells,
    ),
    Section(
        "map",
        "Which clips look alike to the attacker?",
        lambda study, answers: maps_of_cells(study, answers["matrix"]),
        seconds=2.0,
    ),
    Section(
        "views",
        "Are people recognised by the face at rest, the head, the motion of the face, or all of these?",
        lambda study, _: views_of(study),
        kept_as=dict[str, Variants],
        seconds=60.0,
        by_cell=True,
        features=lambda _: VIEW_FEATURES.values(),
        lines=lines.of_views,
    ),
    Section(
        "sessions",
        "Are people recognised in another session, and on another day, as well as in the same?",
        lambda study, answers: sessions_of(study, answers["matrix"]),
        kept_as=SessionsResult,
        seconds=20.0,
        also_depends_on=_sessions_told,
        field="sessions",
        lines=lines.of_sessions,
    ),
    Section(
        "streams",
        "Are people recognised by position, the offset from a neighbour, or velocity?",
        lambda study, _: streams_of(study),
        kept_as=dict[str, Variants],
        seconds=30.0,
        by_cell=True,
        features=lambda _: STREAM_FEATURES.values(),
        field="streams",
    ),
    Section(
        "regions",
        "Which part of the face identifies people?",
        lambda study, _: regions_of_cells(study),
        kept_as=dict[str, dict[str, RegionResult]],
        seconds=25.0,
        by_cell=True,
        field="regions",
    ),
    Section(
        "curves",
        "Would more data reveal more?",
        lambda study, answers: curves_of(study, answers["matrix"]),
        kept_as=dict[str, CurvesResult],
        seconds=30.0,
        by_cell=True,
        field="curves",
    ),
    Section(
        "sensitivity",
        "Would a habit have been detected if there were one?",
        lambda study, _: sensitivity_of_cells(study),
        kept_as=dict[str, SensitivityResult],
        seconds=40.0,
        by_cell=True,
        field="sensitivity",
    ),
    Section(
        "controls",
        "Do attackers whose outcome is known come out as they must?",
        lambda study, answers: controls_of(study, answers["matrix"], answers["views"]),
        kept_as=tuple[Check, ...],
        seconds=10.0,
    ),
    Section(
        "utility",
        "How much expression is left?",
        lambda study, _: _utility_of(study),
        kept_as=UtilityResult,
        seconds=15.0,
        also_depends_on=lambda study: CorpusFacts.read(study.sets).emotion,
        belongs=lambda conditions, _: len(conditions) > 1,
        field="utility",
        lines=lines.of_utility,
    ),
    Section(
        "groups",
        "Are some groups of people recognised more than others?",
        lambda study, answers: groups_of(study, answers["matrix"]),
        kept_as=dict[str, dict[str, GroupResult]],
        seconds=5.0,
        also_depends_on=asked_groups,
        belongs=lambda _, config: bool(config.groups),
        absent={},
        field="groups",
        lines=lines.of_groups,
    ),
    Section(
        "attributes",
        "What else than identity do the clips tell?",
        lambda study, _: attributes_of(study),
        kept_as=dict[str, AttributeResult],
        seconds=10.0,
        also_depends_on=asked_attributes,
        field="attributes",
        lines=lines.of_attributes,
    ),
    Section(
        "framing",
        "Are anonymised clips taken for the donors whose styles they have?",
        lambda study, answers: framing_of_study(study, answers["matrix"]),
        kept_as=FramingOfStudy | None,
        seconds=4.0,
        also_depends_on=lambda study: {clip: asdict(each) for clip, each in stated_donors(study).items()},
        belongs=lambda conditions, _: len(conditions) > 1,
        field="framing",
        lines=lines.of_framing,
    ),
    Section(
        "references",
        "What would simple anonymisers of landmarks achieve on the same originals?",
        lambda study, _: references_of(study),
        stages=reference_stages,
        belongs=lambda conditions, _: "original" in conditions,
        absent={},
        field="references",
    ),
    Section(
        "network",
        "What does the network show for views and regions?",
        lambda study, answers: network_of(study, answers["matrix"]),
        stages=network_stages,
        features=network_features,
        belongs=lambda _, config: config.full,
        absent={},
        field="network",
    ),
    Section(
        "network controls",
        "Do controls by the network come out as they must?",
        lambda study, answers: network_controls_of(study, answers["matrix"], answers["network"]),
        kept_as=tuple[Check, ...],
        stages=network_controls_stages,
        belongs=lambda _, config: config.full,
        absent=(),
    ),
)


def study_lines(results: StudyResults) -> Iterator[str]:
    """The finding, what each section prints, and the checks."""
    yield from lines.of_headline(results)
    for section in SECTIONS:
        if section.lines is not None:
            yield from section.lines(results)
    yield from lines.of_checks(results)
