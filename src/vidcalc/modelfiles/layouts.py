"""How makers name a network that diffusers names otherwise: their tensors, and the keys of their configurations.

A layout is a file of `data/layouts`. Its `tensors` rewrite our names, without the numbers of layers, into the makers':
pairs of (what to find, what stands there instead), tried in order; a dot is a dot, all else as in regular expressions.
Several of our names may become one of theirs (queries, keys and values held as one matrix).
"""

import re
from collections.abc import Collection, Iterator
from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog import load

KIND = "layouts"
Pairs = tuple[tuple[str, str], ...]


class Keys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """How a maker's class names its numbers.

    like    another class of the layout whose keys it has too
    class_  the class we know it as
    heads   (width, heads): their ratio is the size of a head
    usual   numbers of theirs that the class has where the configuration says none
    keys    theirs -> ours;  same: keys that both have;  sum: ours -> theirs, and numbers, added up
    count   ours -> a list of theirs, whose length it is
    beside  keys that decide nothing here, or are read otherwise
    untold  keys that decide how it runs, which is not computed
    """

    like: str = ""
    class_: str = ""
    heads: tuple[str, str] | None = None
    usual: dict[str, int | bool | list[int]] = {}
    keys: dict[str, str] = {}
    same: tuple[str, ...] = ()
    sum: dict[str, tuple[str | int, ...]] = {}
    count: dict[str, str] = {}
    beside: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


class Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a word of a configuration stands for.

    of     classes;  key, is_: where the key is one of these;  sets: numbers of ours
    wide   numbers of ours that are the network's width
    needs  what names of its tensors begin with, where the weights are there
    one    not where the network is one of two experts;  also: models that such a configuration may be of instead
    """

    of: tuple[str, ...]
    key: str
    is_: tuple[str | bool | int, ...] = msgspec.field(name="is")
    sets: dict[str, int | bool | float] = {}
    wide: tuple[str, ...] = ()
    needs: str = ""
    one: bool = False
    also: tuple[str, ...] = ()

    def holds(self, class_: str, config: Facts, weights: Collection[str], experts: bool) -> bool:
        """Whether it speaks of that configuration; `weights`: names of the tensors, none where they are not there."""
        if class_ not in self.of or config.get(self.key) not in self.is_ or (self.one and experts):
            return False
        return not (self.needs and weights) or any(name.startswith(self.needs) for name in weights)


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way of naming.

    classes        classes we know whose weights come so;  architectures: what GGUF files call them
    tensors        our names -> theirs;  fused, apart: pairs of which a file follows one or the other
    theirs         what is rewritten in their names first;  alternatives: spellings of theirs that mean the same
    buffers        last words of names that are no weights
    config, word   the makers' classes
    """

    id: str
    classes: tuple[str, ...]
    sources: tuple[str, ...]
    architectures: tuple[str, ...] = ()
    tensors: Pairs = ()
    fused: Pairs = ()
    apart: Pairs = ()
    theirs: Pairs = ()
    alternatives: Pairs = ()
    buffers: tuple[str, ...] = ()
    config: dict[str, Keys] = {}
    word: tuple[Word, ...] = ()

    def ways(self) -> Iterator[Pairs]:
        """The sets of pairs that a file may follow."""
        for first in (self.fused, self.apart) if self.fused else ((),):
            yield (*first, *self.tensors)

    def name(self, theirs: str) -> str:
        """A name in one of their files, its spellings settled."""
        for find, to in (*self.theirs, *((b, a) for a, b in self.alternatives)):
            theirs = _pattern(find).sub(to, theirs)
        return theirs


@cache
def layouts() -> tuple[Layout, ...]:
    """All of them."""
    return tuple(msgspec.convert(load.entry(KIND, name), Layout) for name in load.names(KIND))


def of_class(class_: str) -> list[Layout]:
    """The layouts in which weights of that class come, beside its own."""
    return [each for each in layouts() if class_ in each.classes]


def rewritten(name: str, pairs: Pairs) -> str:
    """One of our names, without the numbers of layers, as makers write it."""
    for find, to in pairs:
        name = _pattern(find).sub(to, name)
    return name


@cache
def _pattern(find: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!\\)\.", r"\\.", find))


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """A maker's configuration in our words.

    untold   keys that decide how it runs, which is not computed;  unknown: keys that the maker's class has not
    also     models that such a configuration may be of instead
    """

    class_: str
    config: Facts
    untold: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def translated(class_: str, config: Facts, weights: Collection[str] = (), experts: bool = False) -> Translated | None:
    """A maker's configuration in our words; None for a class that no layout names.

    weights  names of its tensors, where they are there;  experts: whether it is one of two
    """
    layout = next((each for each in layouts() if class_ in each.config), None)
    if layout is None:
        return None
    keys = _whole(layout, class_)
    stated, config = config, {**keys.usual, **config}
    ours: Facts = {key: config[key] for key in keys.same if key in config}
    ours |= {ours_key: config[key] for key, ours_key in keys.keys.items() if key in config}
    if keys.heads is not None and all(_number(config.get(key)) for key in keys.heads):
        width, heads = (config[key] for key in keys.heads)
        ours["attention_head_dim"] = width // heads
    for key, parts in keys.sum.items():
        if all(isinstance(part, int) or _number(config.get(part)) for part in parts):
            ours[key] = sum(part if isinstance(part, int) else config[part] for part in parts)
    ours |= {ours_key: len(config[key]) for ours_key, key in keys.count.items() if isinstance(config.get(key), list)}
    also: tuple[str, ...] = ()
    for word in layout.word:
        if word.holds(class_, config, weights, experts):
            ours |= word.sets
            width = keys.heads and config.get(keys.heads[0])
            ours |= {key: width for key in word.wide if width}
            also = () if weights else word.also
    known = {*keys.count.values(), *keys.same, *keys.keys, *keys.beside, *(keys.heads or ()), *keys.untold}
    known |= {part for parts in keys.sum.values() for part in parts if isinstance(part, str)}
    return Translated(
        class_=keys.class_,
        config=ours,
        untold=tuple(key for key in keys.untold if config.get(key) not in (None, -1, 0, False)),
        unknown=tuple(key for key in stated if key not in known and not key.startswith("_")),
        also=also,
    )


def _whole(layout: Layout, class_: str) -> Keys:
    """The keys of a class with those of the class it is like."""
    own = layout.config[class_]
    if not own.like:
        return own
    base = _whole(layout, own.like)
    return Keys(
        class_=own.class_ or base.class_,
        heads=own.heads or base.heads,
        usual={**base.usual, **own.usual},
        keys={**base.keys, **own.keys},
        same=(*base.same, *own.same),
        sum={**base.sum, **own.sum},
        count={**base.count, **own.count},
        beside=(*base.beside, *own.beside),
        untold=(*base.untold, *own.untold),
    )


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
