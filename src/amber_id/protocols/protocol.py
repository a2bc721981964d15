"""By which rule are people divided into train, dev and test?

Every protocol but ``nvfair``, which is a list, draws people at random and stratified by source, so that no
partition is a different mix of corpora; ``cross-source``, whose test people are one source, stratifies the
others. The result depends on the seed and the subjects alone, not on their order. What each protocol
answers, and what it does not show, stands in docs/protocols.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from amber_id.errors import SplitError
from amber_id.protocols.dividing import deal, draw, in_proportion
from amber_id.protocols.nvfair import nvfair_partitions
from amber_id.protocols.split import Partition, Split

Protocol = Literal[
    "shares", "thesis-sizes", "5-fold", "nvfair", "within-source", "cross-source", "cross-session"
]

_DEV, _TEST = 0.2, 0.3
# What a protocol can be told, and what it takes unless told; with several folds, test is 1 / folds instead.
_USUAL: dict[Protocol, dict[str, float]] = {
    "shares": {"dev": _DEV, "test": _TEST, "folds": 1},
    "thesis-sizes": {},
    "5-fold": {"dev": _DEV, "folds": 5},
    "nvfair": {},
    "within-source": {"dev": _DEV, "test": _TEST},
    "cross-source": {"dev": _DEV},
    "cross-session": {"dev": _DEV, "test": _TEST, "folds": 1},
}
_THESIS_SIZES = (112, 14, 35)  # train, dev, test of its 161 people
_FEWEST = 2
_MOST_ASKED = 2000  # more people, among whom a number is looked for that suffices
_SHOWN = 20  # people named in a message


class SplitConfig(BaseModel):
    """How subjects are divided; None where the protocol has no use for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Protocol = "shares"
    dev: float | None = Field(
        None, gt=0, lt=1
    )  # share of those who take part in a fold; see docs/protocols.md
    test: float | None = Field(None, gt=0, lt=1)  # share of the same; with folds, 1 / folds instead
    folds: int | None = Field(None, ge=1)  # 1: a single split
    seed: int = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _write_out_what_is_usual(cls, values: Any) -> Any:
        protocol: Any = values.get("protocol", "shares") if isinstance(values, dict) else None
        if protocol not in get_args(Protocol):
            return values  # what is wrong with it, pydantic says
        usual = _USUAL[protocol]
        full = values | {name: usual[name] for name in usual if values.get(name) is None}
        if full.get("folds") not in (None, 1) and values.get("test") is None:
            full.pop("test", None)
        return full

    @model_validator(mode="after")
    def _refuse_what_is_of_no_use(self) -> "SplitConfig":
        usual = _USUAL[self.protocol]
        for name in ("dev", "test", "folds"):
            value = getattr(self, name)
            if value is not None and name not in usual:
                used = ", ".join((*usual, *(() if self.protocol == "nvfair" else ("seed",)))) or "nothing"
                raise ValueError(
                    f"{name} {value:g}: the protocol {self.protocol} has no use for it, it takes "
                    f"{used}; leave {name} out"
                )
        if self.test is not None and (self.folds or 1) > 1:
            raise ValueError(
                f"test {self.test:g}: with {self.folds} folds each tests its share; leave test out, or take "
                "one fold"
            )
        if self.protocol == "5-fold" and self.folds != usual["folds"]:
            raise ValueError(f"folds {self.folds}: the protocol 5-fold has 5; leave protocol or folds out")
        return self


@dataclass(frozen=True)
class Division:
    """A split, and what must be said of how it came about, in whole sentences."""

    split: Split
    remarks: tuple[str, ...] = ()


def make_split(
    source_of: Mapping[str, str],
    config: SplitConfig,
    *,
    sessions_of: Mapping[str, int] | None = None,
) -> Split:
    """Divide subjects; as `divide`, without its remarks."""
    return divide(source_of, config, sessions_of=sessions_of).split


def divide(
    source_of: Mapping[str, str],
    config: SplitConfig,
    *,
    sessions_of: Mapping[str, int] | None = None,
) -> Division:
    """Divide subjects, given the source of each.

    `sessions_of` is how many sessions each is known to have, which ``cross-session`` alone asks for; whoever
    is not in it has none.

    Raises
    ------
    SplitError
        If there are too few subjects for it, or ``nvfair`` does not know one; the message says what is
        needed.
    """
    match config.protocol:
        case "shares" | "5-fold":
            return Division(_by_shares(source_of, config))
        case "thesis-sizes":
            return _thesis_sizes(source_of, config)
        case "nvfair":
            return _nvfair(source_of)
        case "within-source":
            return _within_source(source_of, config)
        case "cross-source":
            return _cross_source(source_of, config)
        case "cross-session":
            return _cross_session(source_of, config, sessions_of or {})


Fold = Mapping[str, Partition]


def _by_shares(source_of: Mapping[str, str], config: SplitConfig) -> Split:
    n = len(source_of)
    try:
        return Split(tuple(_shares(source_of, config)))
    except SplitError as error:
        raise SplitError(
            f"{n} people are too few for {_asked(config)}: {_needed(config, n)} ({error}); add people, or "
            "change folds or shares"
        ) from error


def _needed(config: SplitConfig, above: int = 0) -> str:
    """How many people it takes, more than `above`, in words."""
    enough = fewest_people(config, above=above)
    return "no number is enough" if enough is None else f"{enough} are needed"


def _asked(config: SplitConfig) -> str:
    """The folds or shares of a configuration in words."""
    n_folds = config.folds or 1
    tested = f"test {config.test:g}" if n_folds == 1 else f"{n_folds} folds"
    return f"{tested} with dev {config.dev:g}"


def _shares(source_of: Mapping[str, str], config: SplitConfig) -> list[Fold]:
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
    config: SplitConfig,
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


def _thesis_sizes(source_of: Mapping[str, str], config: SplitConfig) -> Division:
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
    said = f"These are {n} people, not the {thesis} of the thesis; in its proportions (112/14/35) they make "
    return Division(split, (f"{said}{sizes}.",))


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


def _within_source(source_of: Mapping[str, str], config: SplitConfig) -> Division:
    folds: list[Fold] = []
    small = []
    for source, members in _members(source_of).items():
        (fold,) = _shares(members, config)
        if not _is_whole(fold):
            small.append(f"{source} ({len(members)})")
            continue
        folds.append({s: fold.get(s, "unused") for s in source_of})
    shares = _asked(config)
    if not folds:
        raise SplitError(
            f"no source has enough people for {shares} ({_needed(config)} of one source): "
            f"{_named(small) or 'there is none'}; add people or change the shares"
        )
    said = f"Too few people to be divided by {shares}, so in no fold: {_named(small)}."
    return Division(Split(tuple(folds)), (said,) if small else ())


def _cross_source(source_of: Mapping[str, str], config: SplitConfig) -> Division:
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
    if not folds:
        raise SplitError(
            f"the protocol cross-source needs two people or more to test on in a source, and enough others "
            f"for train and dev {config.dev:g}, got {_named(left_out)}; add people or change the share"
        )
    said = f"Not tested, since it or the others are too few: {_named(left_out)}."
    return Division(Split(tuple(folds)), (said,) if left_out else ())


def _cross_session(
    source_of: Mapping[str, str], config: SplitConfig, sessions_of: Mapping[str, int]
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
            f"{_asked(config)}: {_needed(config, len(several))} ({error}); name sessions in a column session "
            "of corpus.csv beside the recordings, or use another protocol"
        ) from error
    said = f"{len(single)} people without two known sessions are in train only: {_named(single)}."
    return Division(split, (said,) if single else ())


def fewest_people(config: SplitConfig, *, above: int = 0) -> int | None:
    """The fewest people, but more than `above`, whom `config` can divide, were they all of one source.

    For ``within-source`` these are of each source, for ``cross-session`` people of several sessions. None
    where no number suffices, or it is not the number that decides: ``nvfair``, ``cross-source``.

    Examples
    --------
    >>> fewest_people(SplitConfig(folds=5)), fewest_people(SplitConfig(protocol="thesis-sizes"))
    (10, 18)
    """
    if config.protocol in ("nvfair", "cross-source"):
        return None
    numbers = range(above + 1, above + _MOST_ASKED)
    return next((n for n in numbers if all(min(sizes) >= _FEWEST for sizes in _sizes(n, config))), None)


def _sizes(n: int, config: SplitConfig) -> list[tuple[int, int, int]]:
    """Train, dev and test of so many people in the folds of `config` with most and fewest test people."""
    if config.protocol == "thesis-sizes":
        n_train, n_dev, n_test = in_proportion(n, _THESIS_SIZES)
        return [(n_train, n_dev, n_test)]
    n_folds = config.folds or 1
    tested = [round((config.test or 0) * n)] if n_folds == 1 else [n // n_folds, -(-n // n_folds)]
    n_dev = round((config.dev or 0) * n)
    return [(n - n_test - n_dev, n_dev, n_test) for n_test in tested]


def _members(source_of: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The subjects of each source, sources sorted."""
    return {
        source: {s: of for s, of in source_of.items() if of == source}
        for source in sorted(set(source_of.values()))
    }


def _is_whole(fold: Fold) -> bool:
    found = list(fold.values())
    return all(found.count(partition) >= _FEWEST for partition in ("train", "dev", "test"))


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
