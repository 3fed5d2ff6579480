"""Which table answers a call, and when one is recorded.

A table stands for one network, what is asked of it, and a regime of sizes. A recording takes as long as some tens of
tapes: the first sizes of a question go over the tape, later ones to a table, and arrays of thousands of sizes at once.
Sizes that went over the tape together answer for each of them as long as somebody holds them: a column.
A further regime of a question is recorded only once the tables that it has were worth their recordings.
What cannot be recorded (a network whose published code is run, a choice that no formula can make) stays with the tape.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from weakref import WeakSet

from vidcalc.base.number import is_array
from vidcalc.base.symbolic import Deferred, Formula, Symbolic
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.tape import Tape
from vidcalc.tape.step import Step
from vidcalc.tape.step import stepped as on_tape
from vidcalc.tape.tables import SIZES, built
from vidcalc.tape.trace import Trace, key_of, run

if TYPE_CHECKING:
    from vidcalc.tape.tables.column import Column
    from vidcalc.tape.tables.record import Regime
    from vidcalc.tape.tables.table import Table

Record: TypeAlias = "Callable[[Shape, Regime], str]"
Taped: TypeAlias = Callable[[Shape], Trace]


class Way(NamedTuple):
    """How a recording tells sizes apart, and when it is tried: a recording must not take longer than it saves.

    fixed    sizes that it stands for alone;  assumes  whether for those whose work is cut alike
    worth    the most work, in terms of formulas (100,000 are about half a second)
    after    sizes that go over the tape before, one by one
    """

    fixed: tuple[str, ...]
    assumes: bool
    worth: int
    after: int


WAYS: tuple[Way, ...] = (
    Way((), False, 60_000, 16),
    Way((), True, 80_000, 32),
    Way(("frames",), True, 80_000, 48),
    Way(("frames",), True, 400_000, 96),
)
STEP = "step"  # in the place of a network's function
MOST_QUESTIONS = 256  # that are remembered
PAYS = 40  # answers of a table that are worth its recording: that many tapes
MANY = 2_000  # sizes in an array from which on a recording is worth it: fewer go over the tape together
MOST_REGIMES = 24  # of one question: where sizes fall into more, they stay with the tape
UNTOLD = (TypeError, ValueError, KeyError, AttributeError, IndexError, ZeroDivisionError, AssertionError)

waits = 1  # 0: a table is made for the first size, however long that takes


class Question:
    """What is known of one question: its tables, the sizes asked so far, and those that cannot be recorded.

    key    what it is called on disk; None where its network is like no other
    sizes  that went over the tape since a recording was last tried: the tape remembers each
    told   how many a table answered
    columns  those that somebody holds
    """

    __slots__ = ("columns", "key", "looked", "sizes", "step", "tables", "told", "untold")

    def __init__(self, step: bool, key: bytes | None) -> None:
        self.step, self.key, self.looked = step, key, key is None
        self.told = 0
        self.sizes: set[tuple[Formula, ...]] = set()
        self.tables: list[Table] = []
        self.columns: WeakSet[Column] = WeakSet()
        self.untold: set[tuple[Formula, ...]] = set()
        code = None if key is None else built.read(key)
        if code is not None:
            table = _kind(self)("", code)
            if table.single.get(built.QUESTION) == key:
                self.tables.append(table)

    @property
    def asked(self) -> int:
        """How many different sizes went over the tape since a recording was last tried."""
        return len(self.sizes)


@lru_cache(MOST_QUESTIONS)
def _known(key: tuple[object, ...]) -> Question:
    """The question of that key."""
    return Question(STEP in key, repr(key).encode() if isinstance(key[0], bytes) else None)


def answered(
    component: Component,
    function: str,
    shape: Shape,
    dtype: str,
    tiling: str | Tiling = "none",
    spelled: str = "none",
    fused: bool = False,
    *,
    each: bool = True,
) -> Trace | None:
    """`vidcalc.tape.trace.trace` from a table; None where there is none, or not yet.

    each  every op by its name, in order, and not the work by kind alone
    """
    if spelled == "pairs":
        plainly = answered(component, function, shape, dtype, tiling, "none", fused, each=each)
        if plainly is None or not plainly.paired:
            return plainly
    how = dtype, tiling, spelled, fused

    def taped(sizes: Shape) -> Trace:
        return run(component, function, sizes, tiling, Tape(dtype, spelled=spelled, fused=fused))

    def text(sizes: Shape, regime: "Regime") -> str:
        from vidcalc.tape.tables.record import recorded, written

        return written(*recorded(taped, sizes, regime))

    question = _question(component, function, shape, *how)
    found: Trace | None = _answer(question, shape, text, each, taped)
    return found


def stepped(
    component: Component,
    shape: Shape,
    dtype: str,
    checkpointing: str = "none",
    adapters: Adapters | None = None,
    spelled: str = "none",
    *,
    each: bool = True,
) -> Step | None:
    """`vidcalc.tape.step.stepped` from a table; None where there is none, or not yet."""
    how = dtype, checkpointing, str(adapters), spelled

    def taped(sizes: Shape) -> Step:
        return on_tape(component, sizes, dtype, checkpointing, adapters, spelled)

    def text(sizes: Shape, regime: "Regime") -> str:
        from vidcalc.tape.tables.record import recorded, written_step

        return written_step(*recorded(taped, sizes, regime))

    question = _question(component, STEP, shape, *how)
    found: Step | None = _answer(question, shape, text, each)
    return found


def _answer(question: Question | None, shape: Shape, record: Record, each: bool, taped: Taped | None = None) -> Formula:
    """What a table of that question gives at a shape; one is recorded when it is worth it.

    taped  what makes a column of sizes, where it may
    """
    if question is None or any(swept(getattr(shape, name)) for name in SIZES):
        return None
    for column in question.columns:
        if (known := column.told(shape)) is not None:
            return known
    for table in question.tables:
        if table.holds(shape) and (found := table.told(shape, each=each)) is not None:
            question.told += 1
            return found
    sizes = tuple(getattr(shape, name) for name in SIZES)
    if not any(map(is_array, sizes)) and question.asked <= WAYS[-1].after:  # beyond it no more is to be known
        question.sizes.add(sizes)
    several = _several(shape)
    if several is not None and not several:
        return None if taped is None else _column(question, shape, taped)
    return _made(question, shape, record, each, bool(several))


def swept(size: Formula) -> bool:
    """Whether a size is itself a formula, which is being made elsewhere."""
    return isinstance(size, Symbolic | Deferred)


def forget() -> None:
    """Forget every table."""
    _known.cache_clear()


def _question(component: Component, function: str, shape: Shape, *how: Formula) -> Question | None:
    """The question that a call asks; None of sizes in it that cannot be part of a key."""
    try:
        return _known(key_of(component, function, shape, *map(repr, how)))
    except TypeError:
        return None


def _several(shape: Shape) -> bool | None:
    """Whether arrays among a call's sizes are so long that a recording is worth it; None where there are none."""
    arrays = [size for name in SIZES if is_array(size := getattr(shape, name))]
    return any(size.size >= MANY * waits for size in arrays) if arrays else None


def _column(question: Question, shape: Shape, taped: Taped) -> Trace:
    """Those sizes over the tape together, to be known as long as somebody holds them, where each can be cut out."""
    from vidcalc.tape.tables.column import column

    whole = taped(shape)
    made = column(whole, shape)
    if made is None:
        return whole
    question.columns.add(made)
    return made


def _made(question: Question, shape: Shape, record: Record, each: bool, several: bool) -> Formula:
    """What a table tells of a size for which there was none: one that is kept on disk, or is recorded now; or None.

    several  whether the sizes are so many that a recording is worth it by them alone
    """
    if question.key is not None and not question.looked and (several or question.asked > WAYS[0].after * waits):
        question.looked = True
        from vidcalc.tape.tables.store import read

        question.tables += map(_kind(question), read(question.key))
        for kept in question.tables:
            if kept.holds(shape) and (found := kept.told(shape, each=each)) is not None:
                return found
    unpaid = question.told < PAYS * waits * len(question.tables)
    for way in WAYS:
        if (unpaid or question.asked <= way.after * waits) and not several:
            return None
        regime = _regime(shape, way._replace(worth=WAYS[-1].worth) if several else way)  # for thousands of rows
        if regime is None or len(question.tables) >= MOST_REGIMES:
            return None
        known = (way, *regime.axes().items())
        if known in question.untold or (way, *regime.sizes.items()) in question.untold:
            continue
        question.sizes.clear()
        try:
            table = _kind(question)(record(shape, regime))
        except (*UNTOLD, _too_long()):
            question.untold.add(known)
            continue
        if table.holds(shape) and (found := table.told(shape, each=each)) is not None:
            question.tables.append(table)
            if question.key is not None:
                from vidcalc.tape.tables.store import write

                write(question.key, [kept.text for kept in question.tables if kept.text])
            return found
        question.untold.add((way, *regime.sizes.items()))
    return None


def _kind(question: Question) -> "type[Table]":
    """What its tables are of. Recordings and tables are imported late: most processes ask for a few sizes."""
    from vidcalc.tape.tables.table import CallTable, StepTable

    return StepTable if question.step else CallTable


def _too_long() -> type[Exception]:
    """What a recording raises that takes more than it is worth."""
    from vidcalc.tape.tables.domain import TooLong

    return TooLong


def _regime(shape: Shape, way: Way) -> "Regime | None":
    """The regime of a call's sizes; None of an array whose sizes are not alike."""
    from vidcalc.tape.tables.record import Regime

    least: dict[str, int] = {}
    for name in SIZES:
        size = getattr(shape, name)
        if is_array(size):
            if name in way.fixed and size.min() != size.max():
                return None
            size = size.min()
        if size != int(size):
            return None
        least[name] = int(size)
    return Regime(least, way.fixed, assumes=way.assumes, worth=way.worth)
