"""What the thesis published, what is done otherwise here, and what may not be concluded from either."""

from collections.abc import Sequence

from amber_id.notation import with_interval
from amber_id.results import Fault, PublishedFigure, ThesisCounts, ThesisPart, ThesisProvenance

_WHOSE = (
    "its own 35 test people, an unpublished draw from 161; one split, without an interval; the checkpoint "
    "chosen by the accuracy on its training people or the lowest EER on these test people"
)
PUBLISHED = (
    PublishedFigure(name="refM", condition="original", eer=0.16, about=f"originals, DID-D: {_WHOSE}"),
    PublishedFigure(name="attM", condition="anonymised", eer=0.26, about=f"RAVAS avatars, TAV-D: {_WHOSE}"),
)
FAULTS = (
    Fault(
        thesis="The checkpoint is chosen on the training people, or on the test people themselves.",
        as_in_thesis="Chosen on dev people, on purpose: lowest EER.",
        corrected="Chosen on dev people: lowest EER.",
    ),
    Fault(
        thesis="No interval: the pairs of 35 people are treated as if they were independent.",
        as_in_thesis="Intervals over people.",
        corrected="Intervals over people.",
    ),
    Fault(
        thesis="Who is trained on and who is tested is an unseeded shuffle, whatever the source.",
        as_in_thesis="Seeded and stratified by source.",
        corrected="Seeded and stratified by source.",
    ),
    Fault(
        thesis="x / width and y / height are taken as they are: the picture's aspect ratio changes the face.",
        as_in_thesis="Kept.",
        corrected="Pixels are square before anything is measured.",
    ),
    Fault(
        thesis="Face shape and head pose stay in what is called motion.",
        as_in_thesis="Kept.",
        corrected="The view all has them and is labelled so; the view motion has neither.",
    ),
    Fault(
        thesis="Every clip is brought to 71 frames by the Fourier method: speed reveals a clip's length.",
        as_in_thesis="Kept.",
        corrected="25 frames in every second; windows of fixed seconds.",
    ),
    Fault(
        thesis="Training sees 64 frames in a row, the test 64 of 71 that are spread out.",
        as_in_thesis="Kept.",
        corrected="The same windows in both; a clip is the mean of its windows.",
    ),
    Fault(
        thesis="The network does not distinguish landmarks: shuffled, they give the same embedding.",
        as_in_thesis="Kept.",
        corrected="A graph of the face, and a norm of its own for each landmark.",
    ),
    Fault(
        thesis="A region is placed and scaled by itself, in another frame than it has in the face.",
        as_in_thesis="Kept.",
        corrected="The whole face is placed first; then one region is shown.",
    ),
    Fault(
        thesis="A clip in which no face is found becomes zeros, and is compared.",
        as_in_thesis="A failure to acquire: in no figure, counted.",
        corrected="A failure to acquire: in no figure, counted.",
    ),
    Fault(
        thesis="One tracker runs through all videos, and remembers the one before.",
        as_in_thesis="A tracker of its own for each clip.",
        corrected="A tracker of its own for each clip.",
    ),
    Fault(
        thesis="Clips are paired by their file name alone, which several people may share.",
        as_in_thesis="Paired by person and name; what is missing under one condition is left out of both.",
        corrected="Paired by person and name; what is missing under one condition is left out of both.",
    ),
    Fault(
        thesis="The EER is the FMR of the nearest threshold.",
        as_in_thesis="Interpolated where FMR and FNMR cross.",
        corrected="Interpolated where FMR and FNMR cross.",
    ),
)
DEPARTURES = (
    "The checkpoint is chosen on dev people. What the thesis reports was chosen on people it was trained or "
    "tested on, and is too low by an unknown amount.",
    "Cross-entropy is on cosines times 16; the thesis had a linear layer with a bias on embeddings of any "
    "length.",
    "Gradients longer than 5 are cut, norms and biases do not decay, and a GPU computes in bfloat16, not in "
    "float16.",
    "The network is built anew from its description, of the size and cost of the original. Its blocks have a "
    "ReLU between attention and temporal convolution, which the thesis' have not, and drop out before the "
    "shortcut is added, not after.",
    "Batches are of nearly equal size, so that one person's clips may lie in two; the thesis fills the last "
    "batch up.",
    "Clips without a face, and clips that the corrected pipeline cannot use (less than 1 s of face), are in "
    "no figure of either pipeline.",
)


def thesis_headline(parts: Sequence[ThesisPart]) -> str:
    """Both pipelines on the split k0, in one sentence."""
    of_pipelines = []
    for part in parts:
        if part.main and part.split == "k0":
            eers = " and ".join(
                f"{with_interval(each.eer)} on {_CLIPS[condition]}"
                for condition, each in part.conditions.items()
            )
            pipeline = "as in the thesis" if part.pipeline == "thesis" else part.pipeline
            of_pipelines.append(f"{pipeline}: {eers}")
    return "EER " + "; ".join(of_pipelines)


_CLIPS = {"original": "originals", "anonymised": "avatars"}


def thesis_limits(
    parts: Sequence[ThesisPart],
    counts: ThesisCounts,
    provenance: ThesisProvenance,
    changed: Sequence[str] = (),
) -> tuple[str, ...]:
    """What may not be concluded, in whole sentences; the gravest first.

    `changed` names the settings that are not those of the study as it comes.
    """
    limits = []
    if provenance.synthetic:
        limits.append(
            "These people are synthetic: nothing here is about the people of the thesis, or about real ones."
        )
    if changed:
        limits.append(
            f"This is not the study of data/thesis.toml: other settings were chosen for {', '.join(changed)}."
        )
    if counts.subjects != 161:
        limits.append(
            f"These are {counts.subjects} people, not the 161 of the thesis: its method is repeated, not its "
            "figures."
        )
    if not provenance.tracker_of_thesis:
        limits.append(
            f"Not all recordings are by the thesis' tracker, MediaPipe's FaceMesh; their points are "
            f"{provenance.point_set}. Whether that matters is not tested here."
        )
    limits += [
        "A difference from a published figure shows nothing by itself: the published ones are of other test "
        "people, of checkpoints that were chosen otherwise, and have no interval.",
        f"The {counts.k0['test']} test people of k0 are few, and its intervals are wide. The folds test "
        "everyone and show more.",
        "Each setting was trained once; intervals are over people, not over trainings.",
        "This program does not know what made the avatars: only those of RAVAS with the avatar of the thesis "
        "are its TAV-D.",
        f"{_tested(parts)} EERs and differences of originals and avatars are given, folds apart among them, "
        "and none is corrected for their number.",
        "A region alone does not show what it adds to the others; in the pipeline as in the thesis, each is "
        "besides placed and scaled by itself.",
        "In the corpora of the thesis each person was filmed in one session: the figures show that clips of "
        "one session can be linked, not that people are recognised on another day.",
        "A weak attacker is no evidence of privacy: an EER near 0.5 says that this network, so trained, "
        "recognised nobody.",
    ]
    unlearnt = _unlearnt(parts)
    if unlearnt:
        limits.append(
            f"{len(unlearnt)} attackers have hardly learnt (their chosen epoch is the first, or they have "
            f"collapsed; thesis.json says which), so their failure is weak evidence: "
            f"{'; '.join(unlearnt)}."
        )
    return tuple(limits)


def _unlearnt(parts: Sequence[ThesisPart]) -> list[str]:
    return [
        f"{part.name} on {_CLIPS[condition]}"
        for part in parts
        for condition, figures in part.conditions.items()
        if figures.remarks
    ]


def _tested(parts: Sequence[ThesisPart]) -> int:
    folds = sum(len(each.folds) for part in parts for each in part.conditions.values())
    return folds + sum(len(part.conditions) + (part.difference is not None) for part in parts)
