"""Accelerators of the user's own: one of the catalogue with facts replaced, or one described in a file.

    stated("h100-sxm,memory=94GiB,peak.bf16=835TFLOP/s")        from_file("my.toml")

What nobody measured on such a chip is the measured share of peak of the accelerator it is made from, or of its nearest
relative, marked *assumed*. Each is a noun like any other; its id only says in reports what it is made of.
"""

import os
import re
from collections.abc import Callable

from msgspec import convert, to_builtins
from msgspec.structs import replace

from vidcalc.base import reading
from vidcalc.base.errors import InputError, Unreadable, nearest
from vidcalc.base.units import quantity
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import from_facts, link, with_class_prices
from vidcalc.describe.hardware import Accelerator, Price
from vidcalc.describe.model import Caution
from vidcalc.rates.attention_curves import runs
from vidcalc.rates.curves import curves, with_curves
from vidcalc.rates.machines import accelerator
from vidcalc.rates.transfer import relative, size, sparse, transferred

STATED = "stated"  # the provider whose price the user gave
EXAMPLES = (
    "memory=94GiB",
    "bandwidth=4.8TB/s",
    "tdp=700W",
    "peak.bf16=989TFLOP/s",
    "price=2.5USD/h",
    "fabric=nvlink4",
    "pcie=pcie5-x16",
)
LARGEST = 1e21  # in base units: beyond any machine
MOST = {"B": 2**50, "B/s": 1e18, "W": 1e6}  # the same, of one device
CLASSES = ("datacenter", "workstation", "consumer", "soc", "asic")
NUMBER = re.compile(r"([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)\s*(\S+)")


def stated(text: str) -> Accelerator:
    """The accelerator NAME, or NAME,FACT=VALUE,… with facts replaced; see EXAMPLES. `memory` is what software sees.

    Raises UnknownName for the name, InputError("gpu", …) for a fact.
    """
    name, *settings = (piece.strip() for piece in text.split(","))
    base = accelerator(name)
    return overridden(base, settings) if settings else base


def overridden(base: Accelerator, settings: list[str]) -> Accelerator:
    """`base` with facts replaced ("memory=94GiB"), its rates in proportion. Raises InputError("gpu", …)."""
    changed, seen = base, set[str]()
    for setting in settings:
        fact, equals, value = (piece.strip() for piece in setting.partition("="))
        kind, _dot, precision = fact.partition(".")
        if not equals or fact in seen or kind not in FACTS or bool(precision) != (kind == "peak"):
            raise _wrong(setting)
        seen.add(fact)
        try:
            changed = FACTS[kind](changed, precision, value)
        except (ValueError, InputError, OverflowError):
            raise _wrong(setting) from None
    changed = replace(changed, id=",".join([base.id, *settings]), like=base.like or base.id, cautions=base.cautions)
    peaks = {name: peak for name, peak in changed.peaks.items() if peak != base.peaks.get(name)}
    return replace(changed, cautions=(*base.cautions, *sparse(peaks, base)))


def from_file(path: str) -> Accelerator:
    """The accelerator a TOML file describes, in the layout of data/accelerators. Raises Unreadable."""
    facts = reading.toml(path, "gpu_file")
    usual = {"name": os.path.basename(path), "vendor": "", "class": "datacenter", "architecture": "", "sources": [path]}
    try:
        facts = {**usual, **facts, "memory": {"unified": False, **facts.get("memory", {})}}
        chip = from_facts(str(facts.get("id") or os.path.basename(path).removesuffix(".toml")), facts)
        _check(chip)
    except KeyError as missing:
        raise Unreadable(path, "fact_missing", "gpu_file", field=str(missing.args[0])) from None
    except (ValueError, TypeError, AttributeError, ArithmeticError, InputError) as wrong:
        raise Unreadable(path, "fact_wrong", "gpu_file", field=str(wrong.args[0] if wrong.args else wrong)) from None
    donor = accelerator(relative(chip))
    chip = replace(
        chip,
        id=f"{chip.id}#2" if chip.id in load.names("accelerators") else chip.id,
        like=donor.id,
        cautions=_cautions(chip, donor),
        per_node=donor.per_node,
        collectives=donor.collectives,
    )
    return with_curves(with_class_prices(chip), transferred(curves(donor), donor, chip, same=False), donor.bandwidth)


def priced(chip: Accelerator, per_second: float) -> Accelerator:
    """The chip at a price of the user's own [USD/s]. It is otherwise the same, and keeps its id."""
    mine = Price(provider=STATED, low=per_second, high=per_second, as_of="", source=STATED)
    return replace(chip, prices=(mine, *(price for price in chip.prices if price.provider != STATED)))


def of_provider(chip: Accelerator, provider: str) -> Accelerator:
    """The chip at the prices of one class of provider. Raises InputError("provider", …) where it has none there."""
    offers = tuple(price for price in chip.prices if price.provider == provider)
    if not offers:
        known = tuple(dict.fromkeys(price.provider for price in chip.prices))
        raise InputError("provider", provider, known or ("--price",), known[0] if known else None)
    return replace(chip, prices=offers)


def _check(chip: Accelerator) -> None:
    """Facts of a file that nobody checked: their types, sizes, words. Raises ValueError, KeyError."""
    convert(to_builtins(chip), Accelerator)
    if chip.kind not in CLASSES:
        raise ValueError(chip.kind)
    facts = (chip.memory_marketed, chip.memory_driver, chip.memory_torch, chip.bandwidth, chip.tdp, chip.fabric_rate)
    rates = [rate for copy in chip.host_copies for rate in (copy.to_device, copy.to_host)]
    for value in (*facts, *rates, *chip.peaks.values()):
        if value is not None and not 0 < value < LARGEST:
            raise ValueError(f"{value:g}")
    for price in chip.prices:
        if not 0 <= price.low <= price.high < LARGEST:
            raise ValueError(f"{price.low:g}")
    chip.peak("bf16")
    runs(chip)  # reads the compute capability


def _cautions(chip: Accelerator, donor: Accelerator) -> tuple[Caution, ...]:
    """Peaks that look sparse beside the catalogue's chip of that name, else beside the nearest relative's."""
    try:
        return sparse(chip.peaks, accelerator(chip.name))
    except InputError:
        return sparse(chip.peaks, donor, size(chip, donor))


def _number(text: str, base: str) -> float:
    """A positive quantity with its unit, spaced or not: "94GiB". Raises ValueError."""
    match = NUMBER.fullmatch(text)
    value = quantity(f"{match[1]} {match[2]}", base) if match else 0
    if not 0 < value <= MOST.get(base, LARGEST):
        raise ValueError(text)
    return value


def _memory(chip: Accelerator, _kind: str, text: str) -> Accelerator:
    size = int(_number(text, "B"))
    return replace(chip, memory_marketed=size, memory_driver=size, memory_torch=size)


def _peak(chip: Accelerator, precision: str, text: str) -> Accelerator:
    if precision not in chip.peaks:
        raise ValueError(precision)
    return replace(chip, peaks={**chip.peaks, precision: float(_number(text, "FLOP/s"))})


def _fabric(chip: Accelerator, _kind: str, text: str) -> Accelerator:
    fabric = link(text)
    return replace(chip, fabric=fabric, fabric_rate=fabric.rate)


FACTS: dict[str, Callable[[Accelerator, str, str], Accelerator]] = {
    "memory": _memory,
    "bandwidth": lambda chip, _, text: replace(chip, bandwidth=float(_number(text, "B/s"))),
    "tdp": lambda chip, _, text: replace(chip, tdp=float(_number(text, "W"))),
    "peak": _peak,
    "price": lambda chip, _, text: priced(chip, _number(text, "USD/s")),
    "fabric": _fabric,
    "pcie": lambda chip, _, text: replace(chip, pcie=link(text)),
}


def _wrong(setting: str) -> InputError:
    """The refusal of a fact, with the example most like it."""
    fact = setting.partition("=")[0]
    close = nearest(fact, [example.partition("=")[0] for example in EXAMPLES])
    near = next((example for example in EXAMPLES if close and example.startswith(close + "=")), EXAMPLES[0])
    return InputError("gpu", setting, EXAMPLES, near)
