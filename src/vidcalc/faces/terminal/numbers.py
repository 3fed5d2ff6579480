"""Numbers as people read them: the one place where SI base units become GiB, PFLOP, minutes and money."""

from typing import Any

from vidcalc.base.units import HOUR
from vidcalc.faces.terminal.currency import written
from vidcalc.faces.words import _

DECIMAL = ("", "K", "M", "B", "T", "Q")  # thousand, million, billion, trillion, quadrillion: counts
SI = ("", "k", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q")
BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")


def significant(value: float, digits: int = 3) -> str:
    """A number with that many significant digits, thousands separated, never in exponents below 1e15."""
    if value == 0:
        return "0"
    size, places = abs(float(f"{value:.{digits - 1}e}")), digits - 1
    while size >= 10 and places > 0:
        size, places = size / 10, places - 1
    while 0 < size < 1 and places < 12:
        size, places = size * 10, places + 1
    return f"{value:,.{places}f}" if abs(value) < 1e15 else f"{value:.{digits - 1}e}"


def scaled(value: float, step: int, names: tuple[str, ...]) -> tuple[str, str]:
    """A number below `step` and the name of its power: scaled(2048, 1024, BINARY) -> ("2.00", "KiB")."""
    place, last = 0, step - 0.5  # from here on three digits would round up to a whole step
    while place + 1 < len(names) and abs(value) >= last:
        value, place = value / step, place + 1
    return significant(value), names[place]


def data(value: Any) -> str:
    """Bytes in powers of 1024: "41.2 GiB". Below one KiB whole bytes."""
    number, unit = scaled(value, 1024, BINARY)
    return f"{number} {unit}" if unit != "B" else f"{int(value)} B"


def flop(value: Any) -> str:
    """FLOPs: "1.32 PFLOP"."""
    number, prefix = scaled(value, 1000, SI)
    return f"{number} {prefix}FLOP"


def rate(value: Any) -> str:
    """Bytes per second in powers of 1000, as links are sold: "25.0 GB/s"."""
    return " ".join(scaled(value, 1000, SI)) + "B/s"


def count(value: Any) -> str:
    """A count of weights: "14.3B"."""
    number, name = scaled(value, 1000, DECIMAL)
    return number + name if name else whole(value)


def whole(value: Any) -> str:
    """A whole number with separated thousands: "75,600"; a fraction keeps up to three places."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.3f}".rstrip("0")
    return f"{int(value):,}"


def duration(seconds: Any) -> str:
    """A time in its two largest units: "14 min 3 s", "2 h 5 min", "3.1 ms"; beyond two days in days."""
    if seconds <= 0:
        return _("{seconds} s", seconds=0)
    if seconds < 1:
        number, prefix = (significant(seconds * 1e3), "ms") if seconds >= 1e-3 else (significant(seconds * 1e6), "µs")
        return f"{number} {prefix}"
    if seconds < 59.95:
        return _("{seconds} s", seconds=significant(seconds))
    if seconds < 3599.5:
        return _("{minutes} min {seconds} s", minutes=round(seconds) // 60, seconds=round(seconds) % 60)
    if seconds < 172_770:
        minutes = round(seconds / 60)
        return _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
    return _("{days} d", days=significant(seconds / 86_400))


def hours(value: Any) -> str:
    """GPU-hours: "12.5"."""
    return significant(value)


def money(value: Any) -> str:
    """US dollars in the currency in use: "$1.23", "₩1,642"; small amounts with three significant digits."""
    return written(value, significant)


def mass(grams: Any) -> str:
    """A mass: "81.3 g", "2.95 kg"."""
    number, prefix = scaled(grams, 1000, SI)
    return f"{number} {prefix}g" if grams < 1e6 else f"{significant(grams / 1e6)} t"


def energy(joule: Any) -> str:
    """Energy: "340 Wh", "1.20 kWh"."""
    number, prefix = scaled(joule / HOUR, 1000, SI)
    return f"{number} {prefix}Wh"


def share(value: Any) -> str:
    """A share of one: "34 %"; small ones with a decimal."""
    return f"{100 * value:.0f} %" if value >= 0.0995 or value == 0 else f"{100 * value:.1f} %"


def times(value: Any) -> str:
    """A ratio: "3.0×"."""
    return f"{significant(value, 2)}×"
