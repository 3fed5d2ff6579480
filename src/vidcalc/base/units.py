"""Quantities with their units, as written in data files ("3.35 TB/s"), read into SI base units.

Inside the project a number is bytes, FLOP, seconds, joule, watt or USD; units are read here, at the door, and
nowhere else. A unit is a prefix and a symbol, or a quotient of two: "GB/s", "TFLOP/s", "MiB", "W", "USD/h".
"""

from functools import lru_cache

HOUR = 3600  # seconds
DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
SMALL = {"m": 1e-3, "u": 1e-6, "µ": 1e-6, "n": 1e-9}
# symbol: (how many base units one is, base unit)
SYMBOLS: dict[str, tuple[int, str]] = {
    "B": (1, "B"),
    "FLOP": (1, "FLOP"),
    "s": (1, "s"),
    "h": (HOUR, "s"),
    "J": (1, "J"),
    "Wh": (HOUR, "J"),
    "W": (1, "W"),
    "Hz": (1, "Hz"),
    "USD": (1, "USD"),
    "g": (1, "g"),
}


@lru_cache(maxsize=256)
def scale(unit: str) -> tuple[int | float, str]:
    """How many base units one `unit` is, and that base unit: "TB/s" -> (10**12, "B/s"). Raises ValueError."""
    top, slash, bottom = unit.partition("/")
    factor, base = _simple(top)
    if not slash:
        return factor, base
    divisor, per = _simple(bottom)
    return (factor if divisor == 1 else factor / divisor), f"{base}/{per}"


def quantity(text: str, base: str) -> int | float:
    """The value of `text` in the base unit it must have: quantity("80 GB", "B") -> 80000000000.

    An int where the number is whole. Raises ValueError for an unknown unit or one of another dimension.
    """
    number, _, unit = text.partition(" ")
    factor, dimension = scale(unit)
    if dimension != base:
        raise ValueError(text, base)
    value = float(number) * factor
    return int(value) if value == int(value) else value


def maybe(text: str | None, base: str) -> int | float | None:
    """`quantity`, with None for an absent fact."""
    return None if text is None else quantity(text, base)


def _simple(unit: str) -> tuple[int | float, str]:
    for symbol in sorted(SYMBOLS, key=len, reverse=True):
        if unit.endswith(symbol):
            prefix = unit[: -len(symbol)]
            size, base = SYMBOLS[symbol]
            factor = DECIMAL.get(prefix) or BINARY.get(prefix) or SMALL.get(prefix)
            if factor is not None:
                return factor * size, base
    raise ValueError(unit)
