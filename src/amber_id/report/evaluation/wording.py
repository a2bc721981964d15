"""What is said about the figures of an evaluation?

Conventions
-----------
Nothing here calls a weak attacker privacy.
"""

from amber_id.notation import percent, percent_and_interval, short_percent
from amber_id.report.drawing.captions import mapped_attacker
from amber_id.report.drawing.maps import FoldMap
from amber_id.report.drawing.people import STANDING_OUT, SubjectRow
from amber_id.report.drawing.roc import RocPoints
from amber_id.results import FUSION, Disclosure, EvaluationResults, OracleResult, Rate, Recognition


def reading(results: EvaluationResults) -> tuple[str, str]:
    """What the headline means; and ``good``, ``bad`` or nothing for its colour."""
    recognition = results.recognition
    if results.control is None:
        return finding(recognition, results.metrics.eer)
    if recognition.outcome == "recognised":
        return (
            "People appear to be recognised although names were permuted; one study in twenty shows this by "
            f"chance. {recognition.words} Do not use figures of this study before the reason is known: "
            "repeat it with another seed.",
            "bad",
        )
    if recognition.outcome == "not_recognised":
        return f"As expected, nobody is recognised where names are permuted. {recognition.words}", "good"
    return recognition.words, ""


def finding(recognition: Recognition, eer: Rate) -> tuple[str, str]:
    """What a finding means; and ``bad`` or nothing for its colour."""
    if recognition.outcome == "recognised":
        return (
            f"{recognition.words} At the threshold where both kinds of error are equally common, the "
            f"attacker is wrong in {percent(eer.value)} of the cases; a guesser is wrong in "
            f"{short_percent(eer.chance)}.",
            "",
        )
    if eer.low > eer.chance:
        return recognition.words, "bad"
    return f"{recognition.words} This does not prove privacy.", ""


def scoring_note(results: EvaluationResults) -> str:
    """How a comparison got its score."""
    if results.attacker.name != FUSION:
        return "by the cosine similarity of their embeddings,"
    return (
        f"by the cosine similarity of the embeddings of each of {len(results.attackers) - 1} attackers; the "
        "score is the natural log-odds of one person, from a logistic regression on these that was fitted on "
        "dev people,"
    )


def oracle_note(oracle: OracleResult) -> str:
    """How far an attacker came of what is possible with these clips."""
    way = ""
    if oracle.way is not None:
        way = f" This attacker went {short_percent(oracle.way)} of the way from guessing to there."
    return (
        "These people are synthetic, so the leak of their clips is known: except by chance, no attacker "
        f"that sees them can have an EER below {percent_and_interval(oracle.eer)} on these comparisons.{way}"
    )


def disclosure_note(disclosure: Disclosure) -> str:
    """How the measures compare with chance, the strongest comparison, and the easiest people."""
    sentences = [
        f"With names assigned to clips at random, {what} reached this value in {percent(test.p_value)} of "
        f"{test.permutations:,} permutations (p = {test.p_value:.3f})."
        for what, test in (
            ("linkability", disclosure.linkability),
            ("ZEBRA's disclosure", disclosure.zebra_expected),
        )
        if test is not None
    ]
    sentences.append(
        f"Strongest evidence of any score: a factor of {10**disclosure.zebra_worst_case:,.0f} (ZEBRA "
        f"category {disclosure.zebra_category}); it grows with the number of comparisons."
    )
    if disclosure.worst_decile_eer is not None:
        sentences.append(
            f"The most recognisable tenth of {disclosure.people_with_eer} people have an EER of "
            f"{percent(disclosure.worst_decile_eer)} or less; with few clips each, chance makes some low."
        )
    return " ".join(sentences)


def roc_note(roc: RocPoints) -> str:
    """Down to which FMR the curve means something."""
    return (
        f"{roc.subject_pairs:,} pairs of people say nothing about an FMR below {percent(roc.lowest_fmr)} "
        "(3 / pairs)."
    )


def map_note(maps: list[FoldMap], results: EvaluationResults) -> str:
    """Whether the maps are of another attacker, and whether clips were left out; empty if neither."""
    drawn = sum(len(places) for each in maps for places in each.people.values())
    clips = sum(each.clips for each in maps)
    note = f"{drawn:,} of the clips are drawn. " if drawn < clips else ""
    if results.attacker.name == FUSION:
        note += (
            f"A fusion has no embeddings: these are those of {mapped_attacker(results)}, the attacker with "
            "the lowest EER on dev people besides it. "
        )
    return note


def people_note(rows: list[SubjectRow]) -> str:
    """Who stands out, and how many have nothing to stand out by."""
    gaps = [row.name for row in rows if row.gap is not None]
    without = len(rows) - len(gaps)
    note = f"Easiest to recognise: {', '.join(gaps[:STANDING_OUT])}."
    if without:
        people = "1 person has" if without == 1 else f"{without} people have"
        note += f" {people} no mated score, because there is no second clip."
    return note
