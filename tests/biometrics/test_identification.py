import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amber_id.biometrics import Comparisons, compare_across, compare_all
from amber_id.biometrics.galleries import Gallery, gallery_scores, is_directed
from amber_id.biometrics.identification import (
    cmc,
    open_set,
    rank1,
    rank1_by_gallery_size,
    rank1_hits,
    tpir_at_fpir,
)
from amber_id.errors import EvaluationError, UndefinedMetricError

repeatable = settings(derandomize=True, deadline=None, max_examples=60)


def study(clips=(3, 2, 4, 3), seed=0, decimals=1) -> Comparisons:
    """Comparisons of random people with so many clips each, with ties."""
    rng = np.random.default_rng(seed)
    subjects = rng.permutation(np.repeat(np.arange(len(clips)), clips))
    vectors = rng.normal(size=(len(clips), 6))[subjects] + rng.normal(size=(len(subjects), 6))
    comparisons = compare_all(vectors, subjects)
    return replace(comparisons, scores=comparisons.scores.round(decimals))


def by_hand(rows, subjects) -> Gallery:
    return Gallery(np.array(rows, float), clips=np.arange(len(rows)), subjects=np.array(subjects))


@st.composite
def galleries(draw) -> Gallery:
    """Few different scores, so that most have ties, and people missing from some galleries."""
    Q, S = draw(st.integers(1, 5)), draw(st.integers(2, 5))
    subjects = np.array(draw(st.lists(st.integers(0, S - 1), min_size=Q, max_size=Q)))
    scores = np.array(draw(st.lists(st.integers(0, 3), min_size=Q * S, max_size=Q * S)), float)
    missing = np.array(draw(st.lists(st.booleans(), min_size=Q * S, max_size=Q * S))).reshape(Q, S)
    rows = np.arange(Q)
    missing[rows, subjects] = missing[rows, (subjects + 1) % S] = False
    return Gallery(np.where(missing, -np.inf, scores.reshape(Q, S) / 4), rows, subjects)


def loop_ranks(others, own) -> list[int]:
    """The mate's rank under each order in which those of a tie can come out, all equally likely."""
    ranks = []
    for order in permutations([*((score, False) for score in others), (own, True)]):
        # Sorting keeps the order of those that are tied.
        ranking = sorted(order, key=lambda each: -each[0])
        ranks.append(1 + [mate for _, mate in ranking].index(True))
    return ranks


def searches(gallery) -> list[tuple[list[float], float]]:
    """For each probe the scores of the others in its gallery, and that of its mate."""
    return [
        ([s for j, s in enumerate(row) if j != mate and s != -math.inf], row[mate])
        for row, mate in zip(gallery.scores.tolist(), gallery.subjects.tolist(), strict=True)
    ]


def loop_weights(gallery, balanced) -> list[Fraction]:
    subjects = gallery.subjects.tolist()
    if not balanced:
        return [Fraction(1, len(subjects))] * len(subjects)
    return [Fraction(1, len(set(subjects)) * subjects.count(each)) for each in subjects]


# Worked by hand. Rows of one probe each, whose mate is subject 0; chance of each rank 1, 2, 3, 4.
RANKS = {
    "on top": ([0.9, 0.1, 0.2, 0.3], [1, 0, 0, 0]),
    "last": ([0.0, 0.1, 0.2, 0.3], [0, 0, 0, 1]),
    "tied with one below one": ([0.5, 0.5, 0.1, 0.7], [0, 1 / 2, 1 / 2, 0]),
    "tied with two on top": ([0.5, 0.5, 0.5, 0.1], [1 / 3, 1 / 3, 1 / 3, 0]),
    "all tied": ([0.5, 0.5, 0.5, 0.5], [1 / 4, 1 / 4, 1 / 4, 1 / 4]),
    "one missing": ([0.5, -math.inf, 0.5, 0.7], [0, 1 / 2, 1 / 2, 0]),
}


@pytest.mark.parametrize(("row", "chances"), RANKS.values(), ids=RANKS)
def test_ranks_worked_by_hand(row, chances) -> None:
    gallery = by_hand([row], [0])
    largest = sum(score != -math.inf for score in row)
    np.testing.assert_allclose(cmc(gallery), np.cumsum(chances)[:largest], rtol=0, atol=1e-15)
    assert rank1_hits(gallery) == rank1(gallery) == pytest.approx(chances[0], abs=1e-15)


# Worked by hand. How likely the mate wins in galleries of 1, 2, 3, 4 of the same rows.
SIZES = {
    "on top": [1, 1, 1, 1],
    "last": [1, 0, 0, 0],
    # Of three others one is worse, one tied, one better. Pairs: 1, 1/2, 0. Of the three triples only the one
    # without the better one leaves a chance, 1/2.
    "tied with one below one": [1, 1 / 2, 1 / 6, 0],
    # Pairs: 1/2, 1/2, 1. Triples: 1/3 with both tied, else 1/2.
    "tied with two on top": [1, 2 / 3, (1 / 3 + 1 / 2 + 1 / 2) / 3, 1 / 3],
    "all tied": [1, 1 / 2, 1 / 3, 1 / 4],
    "one missing": [1, 1 / 4, 0],
}


@pytest.mark.parametrize("name", RANKS)
def test_smaller_galleries_worked_by_hand(name) -> None:
    chances = SIZES[name]
    found = rank1_by_gallery_size(by_hand([RANKS[name][0]], [0]), range(1, len(chances) + 1))
    np.testing.assert_allclose(found, chances, rtol=0, atol=1e-12)


def test_an_open_set_worked_by_hand() -> None:
    # Best of the others: 0.5, 0.7, 0.5, 0.6. Own: 0.9 on top, 0.4 not, 0.5 tied with one, 0.8 on top.
    rows = [[0.9, 0.5, 0.1], [0.4, 0.7, 0.1], [0.5, 0.5, 0.2], [0.6, 0.3, 0.8]]
    gallery = by_hand(rows, [0, 0, 1, 2])
    curve = open_set(gallery)
    np.testing.assert_array_equal(curve.thresholds, [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, math.inf])
    np.testing.assert_array_equal(curve.fpir, [1, 1, 0.5, 0.25, 0, 0, 0])
    np.testing.assert_array_equal(curve.tpir, [2.5 / 4, 2.5 / 4, 0.5, 0.5, 0.5, 0.25, 0])
    # The first two probes show one person: they weigh 1/6 each, the others 1/3.
    curve = open_set(gallery, balanced=True)
    np.testing.assert_allclose(curve.fpir, [1, 1, 1 / 2, 1 / 6, 0, 0, 0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(curve.tpir, [4 / 6, 4 / 6, 1 / 2, 1 / 2, 1 / 2, 1 / 6, 0], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("fpir", "tpir"), [(1.0, 2.5 / 4), (0.99, 0.5), (0.5, 0.5), (0.25, 0.5), (0.2, 0.5), (0.0, 0.5)]
)
def test_a_requested_fpir_is_never_exceeded(fpir, tpir) -> None:
    rows = [[0.9, 0.5, 0.1], [0.4, 0.7, 0.1], [0.5, 0.5, 0.2], [0.6, 0.3, 0.8]]
    assert tpir_at_fpir(by_hand(rows, [0, 0, 1, 2]), fpir, floor=0.0) == tpir


def test_people_weigh_alike_when_balanced() -> None:
    # Subject 0: three probes, all hit; subject 1: one probe, missed at rank 1.
    gallery = by_hand([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], [0, 0, 0, 1])
    assert rank1(gallery) == 0.75
    assert rank1(gallery, balanced=True) == pytest.approx(0.5)
    assert cmc(gallery, balanced=True) == pytest.approx([0.5, 1])
    assert rank1_by_gallery_size(gallery, [2], balanced=True) == pytest.approx([0.5])


@repeatable
@given(galleries(), st.booleans())
def test_the_closed_set_follows_a_plain_loop_over_all_ways_to_break_ties(gallery, balanced) -> None:
    weights = loop_weights(gallery, balanced)
    rates = [Fraction(0)] * int(gallery.sizes.max())
    for (others, own), weight in zip(searches(gallery), weights, strict=True):
        ranks = loop_ranks(others, own)
        for r in range(len(rates)):
            rates[r] += weight * Fraction(sum(rank <= r + 1 for rank in ranks), len(ranks))
    np.testing.assert_allclose(cmc(gallery, balanced=balanced), np.array(rates, float), rtol=0, atol=1e-12)
    assert rank1(gallery, balanced=balanced) == pytest.approx(float(rates[0]), abs=1e-12)


@repeatable
@given(galleries(), st.booleans())
def test_smaller_galleries_follow_a_plain_loop_over_all_choices_of_the_others(gallery, balanced) -> None:
    sizes = range(1, int(gallery.sizes.min()) + 1)
    expected = []
    for size in sizes:
        rate = Fraction(0)
        for (others, own), weight in zip(searches(gallery), loop_weights(gallery, balanced), strict=True):
            chosen = [loop_ranks(some, own) for some in combinations(others, size - 1)]
            hits = [Fraction(ranks.count(1), len(ranks)) for ranks in chosen]
            rate += weight * sum(hits) / len(hits)
        expected.append(float(rate))
    found = rank1_by_gallery_size(gallery, list(sizes), balanced=balanced)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@repeatable
@given(galleries(), st.booleans())
def test_the_open_set_follows_a_plain_loop(gallery, balanced) -> None:
    probes = list(zip(searches(gallery), loop_weights(gallery, balanced), strict=True))
    curve = open_set(gallery, balanced=balanced)
    values = {own for (_, own), _ in probes} | {max(others) for (others, _), _ in probes}
    assert curve.thresholds.tolist() == [*sorted(values), math.inf]
    for threshold, fpir, tpir in zip(*curve, strict=True):
        positives = sum(w for (others, _), w in probes if max(others) >= threshold)
        found = Fraction(0)
        for (others, own), weight in probes:
            ranks = loop_ranks(others, own)
            found += weight * Fraction(ranks.count(1), len(ranks)) * (own >= threshold)
        assert fpir == pytest.approx(float(positives), abs=1e-12)
        assert tpir == pytest.approx(float(found), abs=1e-12)
        # Just this FPIR may be asked for, and the lowest threshold that has it is taken.
        first = next(t for f, t in zip(curve.fpir, curve.tpir, strict=True) if f <= fpir + 1e-12)
        assert tpir_at_fpir(gallery, min(fpir, 1.0), floor=0.0, balanced=balanced) == first


def test_rounding_of_shares_does_not_move_a_threshold() -> None:
    # At 0.5 the 15 probes of persons 0 to 2 are false positives, but not the two of person 3. Each weighs a
    # fifth of a person, and the sum of these fifths comes out a little above 3 of 4 people.
    subjects = np.repeat([0, 1, 2, 3], [5, 5, 5, 2])
    rows = np.where((subjects < 3)[:, None], np.full((17, 4), 0.5), 0.1)
    rows[np.arange(17), subjects] = np.where(subjects < 3, 0.6, 0.5)
    gallery = by_hand(rows, subjects)
    assert open_set(gallery, balanced=True).fpir.tolist() != [1.0, 0.75, 0.0, 0.0]
    assert tpir_at_fpir(gallery, 0.75, floor=0.0, balanced=True) == pytest.approx(1)


def loop_gallery(comparisons, directed=False):
    """(probe clip, subject): mean score, one comparison at a time."""
    found = {}
    for score, i, j in zip(comparisons.scores, comparisons.enrolment, comparisons.probe, strict=True):
        found.setdefault((j, comparisons.subjects[i]), []).append(score)
        if not directed:
            found.setdefault((i, comparisons.subjects[j]), []).append(score)
    return {key: math.fsum(values) / len(values) for key, values in found.items()}


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_gallery_scores_follow_a_plain_loop(directed, share) -> None:
    comparisons = study(clips=(3, 1, 4, 2, 1), seed=1, decimals=4)
    rng = np.random.default_rng(1)
    kept = rng.random(len(comparisons.scores)) < share
    kept |= comparisons.mated  # or a clip may have no mate
    comparisons = Comparisons(
        comparisons.scores[kept], comparisons.enrolment[kept], comparisons.probe[kept], comparisons.subjects
    )
    expected = loop_gallery(comparisons, directed)
    gallery = gallery_scores(comparisons, directed=directed)
    clips = sorted({clip for clip, subject in expected if subject == comparisons.subjects[clip]})
    assert gallery.clips.tolist() == clips
    assert gallery.n_without_mate == len({clip for clip, _ in expected}) - len(clips)
    np.testing.assert_array_equal(gallery.subjects, comparisons.subjects[clips])
    for row, clip in enumerate(clips):
        for subject in range(5):
            score = expected.get((clip, subject), -math.inf)
            assert gallery.scores[row, subject] == pytest.approx(score, abs=1e-11)
            assert gallery.in_gallery[row, subject] == ((clip, subject) in expected)


def test_clips_of_one_clip_people_are_no_probes_but_stay_in_galleries() -> None:
    comparisons = study(clips=(3, 1, 2, 1))
    gallery = gallery_scores(comparisons)
    assert gallery.n_without_mate == 2
    assert sorted(gallery.subjects.tolist()) == [0, 0, 0, 2, 2]
    np.testing.assert_array_equal(gallery.sizes, 4)


def test_avatars_are_searched_for_among_originals_only() -> None:
    # Clips 0 and 1 are originals of two people, 2 and 3 their avatars.
    comparisons = Comparisons(
        scores=np.array([0.9, 0.4, 0.3, 0.2]),
        enrolment=np.array([0, 0, 1, 1]),
        probe=np.array([2, 3, 2, 3]),
        subjects=np.array([0, 1, 0, 1]),
    )
    gallery = gallery_scores(comparisons, directed=True)
    assert gallery.clips.tolist() == [2, 3]
    np.testing.assert_array_equal(gallery.scores, [[0.9, 0.3], [0.4, 0.2]])
    assert gallery.n_without_mate == 0


def test_a_direction_is_told_from_who_met_whom() -> None:
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(6), 4)
    vectors, avatars = rng.normal(size=(2, 24, 5))
    for order in (np.arange(24), np.arange(24).reshape(6, 4).T.ravel(), rng.permutation(24)):
        every = compare_all(vectors[order], subjects[order])
        assert not is_directed(every)
        # In both directions each clip is a probe among all others: either reading is the same.
        both = replace(
            every,
            scores=np.tile(every.scores, 2),
            enrolment=np.concatenate([every.enrolment, every.probe]),
            probe=np.concatenate([every.probe, every.enrolment]),
        )
        assert is_directed(both)
        assert rank1(gallery_scores(both, directed=True)) == rank1(gallery_scores(every))
    across = compare_across(vectors, avatars, subjects)
    assert is_directed(across)
    assert is_directed(Comparisons.pool([across, across]))
    assert not is_directed(Comparisons.pool([across, every]))
    # The first clip of each is enrolled, and every clip searched for, these too.
    whole = compare_across(vectors, vectors, subjects)
    models = np.isin(whole.enrolment, np.arange(0, 24, 4))
    listed = Comparisons(
        whole.scores[models], whole.enrolment[models], whole.probe[models] - 24, subjects=subjects
    )
    assert is_directed(listed)
    assert gallery_scores(listed, directed=True).clips.tolist() == [n for n in range(24) if n % 4]


def test_clips_compared_twice_count_once() -> None:
    comparisons = study(clips=(3, 4, 2, 3), decimals=4)
    again = np.random.default_rng(0).random(len(comparisons.scores)) < 0.3
    twice = Comparisons(
        np.concatenate([comparisons.scores + 0.25 * again, comparisons.scores[again] - 0.25]),
        np.concatenate([comparisons.enrolment, comparisons.probe[again]]),
        np.concatenate([comparisons.probe, comparisons.enrolment[again]]),
        comparisons.subjects,
    )
    np.testing.assert_allclose(gallery_scores(twice).scores, gallery_scores(comparisons).scores, atol=1e-11)


def test_a_directed_list_is_searched_by_its_probes_alone() -> None:
    # Rank-1 of probes is a plain argmax; counted as searches, the enrolled would hit more often.
    rng = np.random.default_rng(3)
    models = rng.normal(size=(20, 6))
    probes = np.repeat(models, 2, axis=0) + 1.5 * rng.normal(size=(40, 6))
    scores = probes @ models.T
    expected = np.mean(scores.argmax(axis=1) == np.arange(40) // 2)
    probe, enrolment = np.divmod(np.arange(800), 20)
    comparisons = Comparisons(
        scores.ravel(), enrolment, probe + 20, np.concatenate([np.arange(20), np.arange(40) // 2])
    )
    assert is_directed(comparisons)
    assert rank1(gallery_scores(comparisons, directed=True)) == pytest.approx(expected, abs=1e-12)
    assert rank1(gallery_scores(comparisons)) != pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("factor", [1e-300, 1e-6, 1e6, 1e280, 2.0**40])
def test_the_unit_of_the_scores_does_not_matter(factor) -> None:
    comparisons = study(clips=(3, 8, 4, 6, 1), decimals=3)
    one = gallery_scores(comparisons)
    other = gallery_scores(replace(comparisons, scores=comparisons.scores * factor))
    np.testing.assert_array_equal(rank1_hits(one), rank1_hits(other))
    np.testing.assert_array_equal(cmc(one), cmc(other))


@pytest.mark.parametrize("far", [-1000.0, -1e30, -np.finfo(float).max])
def test_values_far_from_the_others_tie_nobody_else(far) -> None:
    comparisons = study(clips=(4, 4, 4, 4, 4), decimals=6)
    expected = loop_gallery(comparisons)
    failed = (comparisons.enrolment == 3) | (comparisons.probe == 3)
    gallery = gallery_scores(replace(comparisons, scores=np.where(failed, far, comparisons.scores)))
    # The clip that failed is a guess; every other search is decided by what is left of its scores.
    assert rank1_hits(gallery)[3] == pytest.approx(1 / 5)
    whose = comparisons.subjects[3]
    for clip in range(20):
        if comparisons.subjects[clip] != whose:
            kept = [subject for subject in range(5) if subject != whose]
            best = max(kept, key=lambda subject: expected[clip, subject])
            assert gallery.scores[clip].argmax() == best


@pytest.mark.parametrize("score", [0.1, -0.7, 1e-30, 1e30, 0.0, -999.9, -np.finfo(float).max])
def test_constant_scores_are_guesses(score) -> None:
    # Means of different counts of 0.1 differ in their last digit, which must not break a tie.
    comparisons = study(clips=(3, 8, 4, 6, 1))
    constant = replace(comparisons, scores=np.full_like(comparisons.scores, score))
    gallery = gallery_scores(constant)
    for balanced in (False, True):
        assert rank1(gallery, balanced=balanced) == pytest.approx(1 / 5, abs=1e-15)
        np.testing.assert_allclose(cmc(gallery, balanced=balanced), np.arange(1, 6) / 5, rtol=0, atol=1e-15)
        sizes = np.arange(1, 6)
        found = rank1_by_gallery_size(gallery, sizes.tolist(), balanced=balanced)
        np.testing.assert_allclose(found, 1 / sizes, rtol=0, atol=1e-12)
        curve = open_set(gallery, balanced=balanced)
        assert (len(curve.thresholds), curve.fpir[0], curve.fpir[1]) == (2, pytest.approx(1), 0)
        assert (curve.tpir[0], curve.tpir[1]) == (pytest.approx(1 / 5, abs=1e-15), 0)


def test_a_guesser_in_an_open_set_is_where_the_docstring_says() -> None:
    rng = np.random.default_rng(0)
    Q, G, fpir = 100_000, 5, 0.1
    gallery = Gallery(rng.normal(size=(Q, G)), np.arange(Q), rng.integers(G, size=Q))
    found = tpir_at_fpir(gallery, fpir, floor=0.0)
    exact = (1 - (1 - fpir) ** (G / (G - 1))) / G
    assert found == pytest.approx(exact, abs=5 * math.sqrt(exact / Q))
    assert fpir / (G - 1) == pytest.approx(exact, rel=0.02)
    assert tpir_at_fpir(gallery, 1.0) == pytest.approx(1 / G, abs=5 * math.sqrt(1 / G / Q))


@pytest.mark.parametrize("seed", range(4))
def test_order_and_direction_of_the_comparisons_do_not_matter(seed) -> None:
    comparisons = study(clips=(3, 8, 4, 6), seed=seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(comparisons.scores))
    turn = rng.random(len(order)) < 0.5
    enrolment, probe = comparisons.enrolment[order], comparisons.probe[order]
    turned = Comparisons(
        comparisons.scores[order],
        np.where(turn, probe, enrolment),
        np.where(turn, enrolment, probe),
        comparisons.subjects,
    )
    one, other = gallery_scores(comparisons), gallery_scores(turned)
    np.testing.assert_array_equal(one.scores, other.scores)
    assert one.clips.tolist() == other.clips.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_of_clips_and_people_do_not_matter(seed) -> None:
    comparisons = study(clips=(3, 8, 4, 6), seed=seed)
    rng = np.random.default_rng(seed)
    N = len(comparisons.subjects)
    clip_number, subject_number = rng.permutation(N), np.array([7, 2, 9, 4])
    subjects = np.empty(N, dtype=np.int64)
    subjects[clip_number] = subject_number[comparisons.subjects]
    renumbered = Comparisons(
        comparisons.scores, clip_number[comparisons.enrolment], clip_number[comparisons.probe], subjects
    )
    one, other = gallery_scores(comparisons), gallery_scores(renumbered)
    for balanced in (False, True):
        for figure in (cmc, lambda gallery, **how: rank1_by_gallery_size(gallery, [2, 3, 4], **how)):
            found, expected = figure(other, balanced=balanced), figure(one, balanced=balanced)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    for one_rates, other_rates in zip(open_set(one), open_set(other), strict=True):
        np.testing.assert_allclose(one_rates, other_rates, rtol=0, atol=1e-12)


def test_a_gallery_holds_the_people_of_its_own_fold() -> None:
    first = study(clips=(3, 2, 4), seed=0)
    second = study(clips=(2, 2), seed=1)
    second = replace(second, subjects=second.subjects + 3)
    parts = gallery_scores(first), gallery_scores(second)
    pooled = gallery_scores(Comparisons.pool([first, second]))
    assert pooled.sizes.tolist() == [3] * 9 + [2] * 4
    np.testing.assert_array_equal(rank1_hits(pooled), np.concatenate([rank1_hits(part) for part in parts]))
    weighted = (9 * rank1(parts[0]) + 4 * rank1(parts[1])) / 13
    assert rank1(pooled) == pytest.approx(weighted, abs=1e-12)
    # At rank 2 all of the second fold are found.
    assert cmc(pooled) == pytest.approx([weighted, (9 * cmc(parts[0])[1] + 4) / 13, 1], abs=1e-12)
    with pytest.raises(
        ValueError, match=r"^sizes must lie in 1\.\.2, the smallest gallery of a probe, got 3"
    ):
        rank1_by_gallery_size(pooled, [2, 3])


def test_the_expectation_over_galleries_is_stable_for_many_people() -> None:
    n, better, tied = 3000, 3, 40
    row = np.array([0.5] + [0.9] * better + [0.5] * tied + [0.1] * (n - 1 - better - tied))
    sizes = [1, 2, 10, 500, 2990, n]
    worse = n - 1 - better - tied
    exact = [
        float(
            sum(
                Fraction(math.comb(tied, j) * math.comb(worse, size - 1 - j), j + 1)
                for j in range(min(tied, size - 1) + 1)
            )
            / math.comb(n - 1, size - 1)
        )
        for size in sizes
    ]
    found = rank1_by_gallery_size(by_hand([row], [0]), sizes)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-8)
    on_top = rank1_by_gallery_size(by_hand([np.arange(n, 0, -1)], [0]), range(1, n + 1))
    np.testing.assert_allclose(on_top, 1, rtol=0, atol=1e-8)
    assert on_top.max() <= 1


def test_the_full_gallery_is_the_rank1_rate_and_rates_fall_with_its_size() -> None:
    gallery = gallery_scores(study(clips=(3,) * 8, seed=2))
    found = rank1_by_gallery_size(gallery, range(1, 9))
    assert found[-1] == pytest.approx(rank1(gallery), abs=1e-12)
    assert found[0] == pytest.approx(1, abs=1e-12)
    assert (np.diff(found) < 0).all()


def test_the_floor_counts_people_not_clips() -> None:
    gallery = gallery_scores(study(clips=(3, 8, 4, 6, 5, 1)))
    assert gallery.fpir_floor == 3 / 5
    assert tpir_at_fpir(gallery, 0.6) == tpir_at_fpir(gallery, 0.6, floor=0.0)
    with pytest.raises(UndefinedMetricError, match=r"at least 0\.6, the floor of this study, got 0\.59"):
        tpir_at_fpir(gallery, 0.59)
    assert by_hand([[0.9, 0.1]], [0]).fpir_floor == 1


@pytest.mark.parametrize("fpir", [-0.1, 1.1, math.nan])
def test_an_fpir_that_is_no_rate_is_refused(fpir) -> None:
    with pytest.raises(ValueError, match=r"fpir must lie in \[0, 1\]"):
        tpir_at_fpir(by_hand([[0.9, 0.1]], [0]), fpir, floor=0.0)


@pytest.mark.parametrize("size", [0, 5, -1])
def test_galleries_that_cannot_be_made_are_refused(size) -> None:
    with pytest.raises(ValueError, match=rf"sizes must lie in 1\.\.4, .* got {size}"):
        rank1_by_gallery_size(gallery_scores(study()), [1, size])


def test_nobody_with_a_mate_cannot_be_identified() -> None:
    with pytest.raises(EvaluationError, match="a subject with two clips, got 4 compared clips"):
        gallery_scores(study(clips=(1, 1, 1, 1)))


def test_one_person_cannot_be_told_from_others() -> None:
    with pytest.raises(EvaluationError, match=r"two people in a gallery, got clip 0 .* own subject 0 only"):
        gallery_scores(study(clips=(4,)))


@pytest.mark.parametrize(
    ("rows", "subjects", "error", "message"),
    [
        (np.empty((0, 3)), np.empty(0, int), EvaluationError, "got no probe"),
        ([[0.9, math.nan]], [0], ValueError, "got NaN or"),
        ([[0.9, math.inf]], [0], ValueError, "got NaN or"),
        (
            [[0.9, 0.1, 0.2], [-math.inf, 0.1, 0.2]],
            [1, 0],
            ValueError,
            "a score of its mate, got none for clip 1",
        ),
        ([[0.9, -math.inf]], [0], EvaluationError, "two people in a gallery, got clip 0"),
        (
            [[0.9, 0.1], [0.9, 0.1]],
            [0],
            ValueError,
            "one row of scores, clip and subject per probe, got 2, 2 and 1",
        ),
    ],
)
def test_a_gallery_that_is_none_is_refused(rows, subjects, error, message, without_shape_checks) -> None:
    with pytest.raises(error, match=message):
        by_hand(rows, subjects)
