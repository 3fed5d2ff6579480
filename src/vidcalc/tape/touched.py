"""The weights that a call touched: the same whatever its sizes, so what is worked out from them is kept with them."""

from functools import cached_property

import msgspec

from vidcalc.base.guest import plain
from vidcalc.base.memo import once
from vidcalc.base.number import Number, is_array, maximum
from vidcalc.tape.replay import held_by


class Touched(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Weights by their dotted names.

    parameters  elements, with the dtype each is kept in ("" follows the precision)
    rounds      how many layers each of these names stands for
    homes       the repeated blocks each belongs to, by their full name; "" outside of any
    products    names of weights that a matrix product reads
    """

    parameters: dict[str, tuple[Number, str]] = {}
    rounds: dict[str, Number] = {}
    homes: dict[str, str] = {}
    products: frozenset[str] = frozenset()

    @once
    def segments(self, width: float, segments: str = "fixed") -> float:
        """Bytes of segments over bytes of weights that are loaded one by one, at so many bytes an element.

        segments  "fixed", or "expandable"
        """
        if any(is_array(times) for _, times in self.layers):
            return 1.0
        layers = (([elements * width for elements in layer], int(times)) for layer, times in self.layers)
        return held_by(layers, segments)

    @cached_property
    def layers(self) -> tuple[tuple[tuple[Number, ...], Number], ...]:
        """(elements of each tensor, how often): the weights in the order they are loaded, repeated layers once."""
        layers: dict[tuple[str, Number], list[Number]] = {}
        for path, (elements, _) in self.parameters.items():
            rounds = plain(self.rounds[path])
            home = self.homes[path] or path
            layers.setdefault((home, rounds), []).append(plain(elements) // maximum(rounds, 1))
        return tuple((tuple(sizes), rounds) for (_, rounds), sizes in layers.items())

    @cached_property
    def count(self) -> Number:
        """All weight elements [elements]."""
        return sum(elements for elements, _ in self.parameters.values())
