"""By which rules can people be divided into train, dev and test?

One row of `PROTOCOLS` for each. Every protocol but ``nvfair``, which is a list, draws people at random and
stratified by source, so that no partition is a different mix of corpora; ``cross-source``, whose test people
are one source, stratifies the others. The result depends on the seed and the subjects alone, not on their
order. What each protocol answers, and what it does not show, stands in docs/protocols.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np

from amber_id.errors import SplitError
from amber_id.protocols.dividing import deal, draw, in_proportion
from amber_id.protocols.nvfair import nvfair_partitions
from amber_id.protocols.split import Partition, Split
from amber_id.quoting import names_and_more

_DEV, _TEST = 0.2, 0.3
_THESIS_SIZES = (112, 14, 35)  # train, dev, test of its 161 people
_FEWEST = 2
_MOST_TRIED = 2000  # more people, among whom a number is looked for that suffices
_NAMED_AT_MOST = 20  # people in a message


@runtime_checkable
class Settings(Protocol):
    """What a rule is given; `SplitConfig` is the one that there is."""

    @property
    def protocol(self) -> str:
        """Its name."""

    @property
    def dev(self) -> float | None:
        """Share of the people that is chosen on."""

    @property
    def test(self) -> float | None:
        """Share of the people that is tested on."""

    @property
    def folds(self) -> int | None:
        """How many folds."""

    @property
    def seed(self) -> int:
        """What the draw depends on."""


@dataclass(frozen=True)
class Division:
    """A split, and remarks on how it came about, in whole sentences."""

    split: Split
    remarks: tuple[str, ...] = ()


_Sizes = tuple[int, int, int]  # of train, dev and test


@dataclass(frozen=True, kw_only=True)
class ProtocolKind:
    """One protocol: what it is called, what it takes, and how it divides people."""

    name: str
    summary: str  # for the help of the command line
    # What it can be told, and what it takes unless told; with several folds, test is 1 / folds instead.
    usual: Mapping[str, float]
    # People with their sources, and how many sessions those have who are known to have any.
    divide: Callable[[Mapping[str, str], Settings, Mapping[str, int]], Division]
    # Of each fold of so many people, with most and with fewest test people; None where it is not the number
    # of people that decides.
    sizes: Callable[[int, Settings], list[_Sizes]] | None
    fixed_folds: bool = False  # whether it has its usual number of folds and no other
    is_drawn: bool = True  # whether a seed decides
    across_sessions: bool = False  # whether mated comparisons count across sessions only


Fold = Mapping[str, Partition]


def _by_shares(source_of: Mapping[str, str], config: Settings) -> Division:
    n = len(source_of)
    try:
        return Division(Split(tuple(_shares(source_of, config))))
    except SplitError as error:
        raise SplitError(
            f"{n} people are too few for {_in_words(config)}: {_needed(config, n)} ({error}); add people, or "
            "change folds or shares"
        ) from error


def _needed(config: Settings, above: int = 0) -> str:
    """How many people it takes, more than `above`, in words."""
    enough = fewest_people(config, above=above)
    return "no number is enough" if enough is None else f"{enough} are needed"


def _in_words(config: Settings) -> str:
    """The folds or shares of a configuration in words."""
    n_folds = config.folds or 1
    tested = f"test {config.test:g}" if n_folds == 1 else f"{n_folds} folds"
    return f"{tested} with dev {config.dev:g}"


def _shares(source_of: Mapping[str, str], config: Settings) -> list[Fold]:
    """A single split, or folds in which everybody is tested once."""
    n, n_folds = len(source_of), config.folds or 1
    rng = np.random.default_rng([config.seed, 0])
    if n_folds == 1:
        return [_fold(source_of, draw(source_of, round((config.test or 0) * n), rng), config)]
    if n_folds > n:
        raise SplitError(
            f"{n_folds} folds of {n} people"
        )  # before any is made: they may be a thousand million
    groups = deal(source_of, n_folds, rng)
    tests = [[s for s, g in groups.items() if g == k] for k in range(n_folds)]
    return [_fold(source_of, test, config, k=k) for k, test in enumerate(tests)]


def _fold(
    source_of: Mapping[str, str],
    test: Iterable[str],
    config: Settings,
    *,
    k: int = 0,
    n_dev: int | None = None,
) -> Fold:
    """One fold with these test people; of the others `n_dev`, or the share of all, are dev people."""
    tested = set(test)
    rest = {s: source for s, source in source_of.items() if s not in tested}
    n_dev = round((config.dev or 0) * len(source_of)) if n_dev is None else n_dev
    dev = set(draw(rest, n_dev, np.random.default_rng([config.seed, 1, k])))
    return {s: "test" if s in tested else "dev" if s in dev else "train" for s in source_of}


def _thesis_sizes(source_of: Mapping[str, str], config: Settings) -> Division:
    n, thesis = len(source_of), sum(_THESIS_SIZES)
    n_train, n_dev, n_test = in_proportion(n, _THESIS_SIZES)
    test = draw(source_of, n_test, np.random.default_rng([config.seed, 0]))
    sizes = f"{n_train} train, {n_dev} dev, {n_test} test"
    try:
        split = Split((_fold(source_of, test, config, n_dev=n_dev),))
    except SplitError as error:
        raise SplitError(
            f"{n} people are too few for the proportions of the thesis, which make {sizes}: "
            f"{_needed(config, n)} ({error}); add people or use another protocol"
        ) from error
    if n == thesis:
        return Division(split)
    remark = (
        f"These are {n} people, not the {thesis} of the thesis; in its proportions (112/14/35) they make "
    )
    return Division(split, (f"{remark}{sizes}.",))


def _nvfair(source_of: Mapping[str, str]) -> Division:
    listed = nvfair_partitions()
    folder_of = {subject: f"{source}_{subject}" for subject, source in source_of.items()}
    strange = sorted(folder for folder in folder_of.values() if folder not in listed)
    if strange:
        raise SplitError(
            f"the list of NVFAIR does not name {_named(strange)}; its {len(listed)} people are ravdess_id001 "
            "to id024, nvidia_id025 to id070 and cremad_id071 to id161: leave the others out, or use another "
            "protocol"
        )
    try:
        split = Split(({subject: listed[folder] for subject, folder in folder_of.items()},))
    except SplitError as error:
        raise SplitError(
            f"{len(source_of)} of the {len(listed)} people of NVFAIR have recordings, too few ({error}); add "
            "people or use another protocol"
        ) from error
    missing = [listed[folder] for folder in listed.keys() - set(folder_of.values())]
    if not missing:
        return Division(split)
    of = ", ".join(f"{missing.count(p)} {p}" for p in ("train", "dev", "test"))
    return Division(split, (f"{len(missing)} of NVFAIR's {len(listed)} people have no recording ({of}).",))


def _within_source(source_of: Mapping[str, str], config: Settings) -> Division:
    folds: list[Fold] = []
    small = []
    for source, members in _members(source_of).items():
        (fold,) = _shares(members, config)
        if not _is_whole(fold):
            small.append(f"{source} ({len(members)})")
            continue
        folds.append({s: fold.get(s, "unused") for s in source_of})
    shares = _in_words(config)
    refusal = (
        f"no source has enough people for {shares} ({_needed(config)} of one source): "
        f"{_named(small) or 'there is none'}; add people or change the shares"
    )
    return _in_folds(folds, refusal, f"Too few people to be divided by {shares}, so in no fold", small)


def _cross_source(source_of: Mapping[str, str], config: Settings) -> Division:
    sources = _members(source_of)
    if len(sources) < 2:
        raise SplitError(
            f"the protocol cross-source needs people of two sources or more, got "
            f"{_named(list(sources)) or 'none'}; add a source or use another protocol"
        )
    folds: list[Fold] = []
    left_out = []
    for source, members in sources.items():
        others = len(source_of) - len(members)
        n_dev = round((config.dev or 0) * others)
        fold = _fold(source_of, members, config, k=len(folds), n_dev=n_dev)
        if _is_whole(fold):
            folds.append(fold)
        else:
            left_out.append(f"{source} ({len(members)} of {len(source_of)} people)")
    refusal = (
        f"the protocol cross-source needs two people or more to test on in a source, and enough others for "
        f"train and dev {config.dev:g}, got {_named(left_out)}; add people or change the share"
    )
    return _in_folds(folds, refusal, "Not tested, since it or the others are too few", left_out)


def _in_folds(folds: list[Fold], refusal: str, remark: str, left_out: list[str]) -> Division:
    """A division into folds, with a remark on what was left out; raises SplitError where there is no fold."""
    if not folds:
        raise SplitError(refusal)
    return Division(Split(tuple(folds)), (f"{remark}: {_named(left_out)}.",) if left_out else ())


def _cross_session(
    source_of: Mapping[str, str], config: Settings, sessions_of: Mapping[str, int]
) -> Division:
    several = {s: source for s, source in source_of.items() if sessions_of.get(s, 0) > 1}
    single = sorted(source_of.keys() - several.keys())
    try:
        # Whoever cannot be tested is learnt from.
        folds = [
            {s: fold[s] if s in several else "train" for s in source_of} for fold in _shares(several, config)
        ]
        split = Split(tuple(folds), across_sessions=True)
    except SplitError as error:
        raise SplitError(
            f"{len(several)} of {len(source_of)} people are known to have two sessions or more, too few for "
            f"{_in_words(config)}: {_needed(config, len(several))} ({error}); name sessions in a column "
            "session of corpus.csv beside the recordings, or use another protocol"
        ) from error
    remark = f"{len(single)} people without two known sessions are in train only: {_named(single)}."
    return Division(split, (remark,) if single else ())


def fewest_people(config: Settings, *, above: int = 0) -> int | None:
    """The fewest people, but more than `above`, whom `config` can divide, were they all of one source.

    For ``within-source`` these are of each source, for ``cross-session`` people of several sessions. None
    where no number suffices, or it is not the number that decides: ``nvfair``, ``cross-source``.

    Examples
    --------
    >>> from amber_id.protocols import SplitConfig
    >>> fewest_people(SplitConfig(folds=5)), fewest_people(SplitConfig(protocol="thesis-sizes"))
    (10, 18)
    """
    sizes_of = PROTOCOLS[config.protocol].sizes
    if sizes_of is None:
        return None
    numbers = range(above + 1, above + _MOST_TRIED)
    return next((n for n in numbers if all(min(sizes) >= _FEWEST for sizes in sizes_of(n, config))), None)


def _sizes_of_shares(n: int, config: Settings) -> list[_Sizes]:
    n_folds = config.folds or 1
    tested = [round((config.test or 0) * n)] if n_folds == 1 else [n // n_folds, -(-n // n_folds)]
    n_dev = round((config.dev or 0) * n)
    return [(n - n_test - n_dev, n_dev, n_test) for n_test in tested]


def _sizes_of_thesis(n: int, config: Settings) -> list[_Sizes]:
    del config  # its proportions are its own
    n_train, n_dev, n_test = in_proportion(n, _THESIS_SIZES)
    return [(n_train, n_dev, n_test)]


def _members(source_of: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The subjects of each source, sources sorted."""
    return {
        source: {s: of for s, of in source_of.items() if of == source}
        for source in sorted(set(source_of.values()))
    }


def _is_whole(fold: Fold) -> bool:
    partitions = list(fold.values())
    return all(partitions.count(partition) >= _FEWEST for partition in ("train", "dev", "test"))


def _named(names: list[str]) -> str:
    return names_and_more(names, _NAMED_AT_MOST)


_PROTOCOLS = (
    ProtocolKind(
        name="shares",
        summary="one division, or with --folds everybody tested once",
        usual={"dev": _DEV, "test": _TEST, "folds": 1},
        divide=lambda source_of, config, _: _by_shares(source_of, config),
        sizes=_sizes_of_shares,
    ),
    ProtocolKind(
        name="thesis-sizes",
        summary="the proportions of the thesis",
        usual={},
        divide=lambda source_of, config, _: _thesis_sizes(source_of, config),
        sizes=_sizes_of_thesis,
    ),
    ProtocolKind(
        name="5-fold",
        summary="five folds, in which everybody is tested once",
        usual={"dev": _DEV, "folds": 5},
        divide=lambda source_of, config, _: _by_shares(source_of, config),
        sizes=_sizes_of_shares,
        fixed_folds=True,
    ),
    ProtocolKind(
        name="nvfair",
        summary="the published list of NVFAIR",
        usual={},
        divide=lambda source_of, _config, _: _nvfair(source_of),
        sizes=None,
        is_drawn=False,
    ),
    ProtocolKind(
        name="within-source",
        summary="a fold for each source, of its people alone",
        usual={"dev": _DEV, "test": _TEST},
        divide=lambda source_of, config, _: _within_source(source_of, config),
        sizes=_sizes_of_shares,
    ),
    ProtocolKind(
        name="cross-source",
        summary="a fold for each source, tested by an attacker who knows the others",
        usual={"dev": _DEV},
        divide=lambda source_of, config, _: _cross_source(source_of, config),
        sizes=None,
    ),
    ProtocolKind(
        name="cross-session",
        summary="mated comparisons across sessions only",
        usual={"dev": _DEV, "test": _TEST, "folds": 1},
        divide=_cross_session,
        sizes=_sizes_of_shares,
        across_sessions=True,
    ),
)
PROTOCOLS: dict[str, ProtocolKind] = {protocol.name: protocol for protocol in _PROTOCOLS}

if TYPE_CHECKING:
    ProtocolName = str
else:
    ProtocolName = Literal[tuple(PROTOCOLS)]  # one of the names, for whatever checks types at run time
