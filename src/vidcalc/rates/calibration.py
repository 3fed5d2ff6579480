"""Rates measured on a user's own machine, in place of the catalogue's: the calibration file of `vidcalc measure`.

The file is TOML: what the device calls itself, the accelerator of the catalogue it is (if it is one), and rows of
measured rates. Applied to an accelerator it gives one with curves of its own, *measured*, whose source is the file. A
device that the catalogue does not have, such as a CPU, becomes an accelerator made of the file alone.
"""

import os
from statistics import median
from typing import Any

from msgspec.structs import replace

from vidcalc.base import reading
from vidcalc.base.errors import InputError, Unreadable
from vidcalc.base.units import quantity
from vidcalc.catalog import load
from vidcalc.describe.hardware import Accelerator, HostCopy
from vidcalc.describe.model import Caution
from vidcalc.rates.attention_curves import bound
from vidcalc.rates.attention_lengths import DEFAULT_HALF, fit
from vidcalc.rates.convolution_curves import STACKS, WIDTHS
from vidcalc.rates.convolution_shapes import filling, full_tiles
from vidcalc.rates.curves import curves, with_curves
from vidcalc.rates.kernels import SIDES, curve, law_of, level
from vidcalc.rates.machines import accelerator
from vidcalc.rates.own import LARGEST
from vidcalc.rates.traffic import multiprocessors
from vidcalc.rates.transfer import relative, transferred

SCHEMA = "vidcalc.calibration/1"
STEEPEST = 2.0  # times the fastest measured rate: how far a fitted plateau may lie from it
TABLES = ("gemm", "attention", "convolution", "copy", "host_copy")
Row = dict[str, Any]


def written(record: Row, date: str) -> str:
    """The file of what `vidcalc.reference.bench.benchmark` found, as TOML."""
    catalogue_id = recognised(record["device"])
    head = {"schema": SCHEMA, "date": date, "device": record["device"], "memory": record["memory"]}
    if catalogue_id is not None:
        head["accelerator"] = catalogue_id
    head["torch"] = record["torch"]
    lines = [f"{name} = {_toml(value)}" for name, value in head.items()]
    for table in TABLES:
        for row in record.get(table, ()):
            lines += ["", f"[[{table}]]", *(f"{name} = {_toml(value)}" for name, value in row.items())]
    return "\n".join(lines) + "\n"


def recognised(device: str) -> str | None:
    """The id of the accelerator that a device's own name means, or None."""
    try:
        return load.resolve("accelerators", device)
    except InputError:
        return None


def calibrated(path: str, chip: Accelerator | None = None) -> Accelerator:
    """`chip` with the rates of a calibration file; without one, the accelerator that the file is of.

    Raises Unreadable.
    """
    facts = reading.toml(path, "calibration")
    try:
        if facts["schema"] != SCHEMA:
            raise ValueError(facts["schema"])
        _check(facts)
        base = chip or _subject(facts)
        made = replace(
            base,
            id=f"{base.id}+{os.path.basename(path).removesuffix('.toml')}",
            like=base.like or base.id if base.like or base.id in load.names("accelerators") else None,
            host_copies=_host_copies(facts, path) or base.host_copies,
            cautions=(*base.cautions, *_elsewhere(facts, base)),
        )
        return with_curves(made, _curves(facts, base, path))
    except KeyError as absent:
        raise Unreadable(path, "not_calibration", "calibration", field=str(absent.args[0])) from None
    except (ValueError, TypeError, AttributeError, ArithmeticError, StopIteration, InputError) as wrong:
        raise Unreadable(path, "not_calibration", "calibration", field=str(wrong)) from None


def _check(facts: Row) -> None:
    """Rows of a file that nobody checked: sizes are whole, and they and the rates above zero. Raises ValueError."""
    for row in (row for table in TABLES for row in facts.get(table, ())):
        unit = row["rate"].partition(" ")[2][-3:]
        rate = quantity(row["rate"], "B/s" if unit == "B/s" else "FLOP/s")
        sizes = [value for value in row.values() if not isinstance(value, str)]
        if not 0 < rate < LARGEST or not all(isinstance(size, int) and 0 < size < LARGEST for size in sizes):
            raise ValueError(row["rate"])


def _subject(facts: Row) -> Accelerator:
    """The accelerator a file is of: the catalogue's, or one made of its figures alone."""
    if "accelerator" in facts:
        return accelerator(facts["accelerator"])
    memory = int(quantity(facts["memory"], "B"))
    peaks: dict[str, float] = {}
    for row in facts["gemm"]:
        # the best rate that was measured stands for the peak
        peaks[row["precision"]] = max(peaks.get(row["precision"], 0.0), quantity(row["rate"], "FLOP/s"))
    made = Accelerator(
        id="cpu",
        name=facts["device"],
        vendor="",
        kind="soc",
        architecture="",
        release_year=None,
        compute_capability=None,
        memory_marketed=memory,
        memory_driver=memory,
        memory_torch=memory,
        unified_memory=True,
        # the best copy stands for the nominal bandwidth
        bandwidth=max(quantity(row["rate"], "B/s") for row in facts["copy"]),
        tdp=None,
        peaks={**peaks},
        supports={},
        fabric=None,
        fabric_rate=None,
        pcie=None,
        host_copies=(),
        prices=(),
        sources=(facts["device"],),
    )
    donor = accelerator(relative(made))
    return with_curves(made, transferred(curves(donor), donor, made, same=False))


def _curves(facts: Row, chip: Accelerator, path: str) -> Row:
    """The accelerator's curves with those that the file measured in their place."""
    tables, laws, source = curves(chip), load.entry("kernels", "laws"), os.path.basename(path)
    gemm, attention = dict(tables["gemm"]), dict(tables["attention"])
    named = tuple(dict.fromkeys(row["precision"] for row in facts["gemm"]))
    for precision in named:
        law = law_of(precision, laws)
        group = [_strings(row) for row in facts["gemm"] if row["precision"] == precision]
        low, likely, high = level(group, law, float(chip.peak(precision)), laws)
        if precision == "fp16" and "bf16" in named:  # formats of one width share a curve
            continue
        gemm["bf16" if precision == "fp16" else precision] = {
            **curve(low, likely, high, "measured", source),
            **{side: law[side] for side in SIDES},
            "startup": quantity(law["startup"], "s"),
        }
    for kernel in dict.fromkeys(row["kernel"] for row in facts.get("attention", ())):
        rows = [row for row in facts["attention"] if row["kernel"] == kernel]
        # what the machine itself was seen to reach is no error, whatever its stated peak
        limit = laws["peak_tolerance"] * max(bound(chip, kernel, "bf16"), *(_rate(row) for row in rows))
        attention[kernel] = {
            **attention.get(kernel, {}),
            "half": {str(width): _attention(rows, width, limit, laws, source) for width in _widths(rows)},
        }
    rates = [quantity(row["rate"], "B/s") for row in facts["copy"]]
    backward, convolution = tables["backward"], tables["convolution"]
    own = _convolution(facts, gemm, laws, source, convolution["filling"], sum(rates) / len(rates), chip)
    # a kernel that nobody timed backward is as slow there as the slowest
    missing = {kernel: min(backward.values()) for kernel in attention if kernel not in backward}
    return {
        **tables,
        "gemm": gemm,
        "attention": attention,
        "kernels": [*attention],
        "backward": {**backward, **missing},
        "bandwidth": curve(min(rates), sum(rates) / len(rates), max(rates), "measured", source),
        "convolution": {**convolution, **(dict.fromkeys(STACKS, dict.fromkeys(WIDTHS, own)) if own else {})},
    }


def _attention(rows: list[Row], width: int, limit: float, laws: Row, source: str) -> Row:
    """The curve of one kernel and head width."""
    points = [(row["sequence"], _rate(row)) for row in rows if row["head_dim"] == width]
    plateau, half = fit(points)
    fastest, law = max(rate for _, rate in points), laws["attention"]
    if not fastest / STEEPEST <= plateau <= fastest * STEEPEST:  # noise: rates that do not rise towards a plateau
        # rate = plateau / (1 + half / length), solved for half
        plateau, half = fastest, median(length * (fastest / rate - 1) for length, rate in points)
    return {
        **curve(plateau * law["low"], plateau, plateau * law["high"], "measured", source),
        "half": DEFAULT_HALF if half is None else half,
        "limit": limit,
    }


def _convolution(
    facts: Row, gemm: Row, laws: Row, source: str, fills: Row, bandwidth: float, chip: Accelerator
) -> Row | None:
    """The share of the product's rate that convolutions reach; None where none was measured."""
    shares = []
    for row in facts.get("convolution", ()):
        precision = "bf16" if row["precision"] == "fp16" else row["precision"]
        work = 2 * row["positions"] * row["c_in"] * row["c_out"] * row["taps"]
        law, many = law_of(precision, laws), multiprocessors(chip)
        full = full_tiles(row, work / _rate(row), law, bandwidth, many)
        filled = filling(fills, row["c_in"]) * filling(fills, row["c_out"])
        # what full tiles reach / what products do
        shares.append(float(full / filled / gemm[precision]["likely"]))
    if not shares:
        return None
    usual = laws["convolution"]
    # one row alone says nothing of the spread: the law's
    spread = {key: usual[key] for key in ("low", "high")} if len(shares) == 1 else {}
    likely = sum(shares) / len(shares)
    low, high = min(shares) * spread.get("low", 1), max(shares) * spread.get("high", 1)
    return curve(low, likely, high, "measured", source)


def _host_copies(facts: Row, path: str) -> tuple[HostCopy, ...]:
    rates: dict[str, dict[str, float]] = {}
    for row in facts.get("host_copy", ()):
        rates.setdefault(row["kind"], {})[row["way"]] = quantity(row["rate"], "B/s")
    source = os.path.basename(path)
    return tuple(
        HostCopy(kind=kind, to_device=ways.get("h2d"), to_host=ways.get("d2h"), source=source)
        for kind, ways in rates.items()
    )


def _elsewhere(facts: Row, chip: Accelerator) -> tuple[Caution, ...]:
    """A caution where the file is of another device than the one it is applied to."""
    if facts.get("accelerator", chip.id) in (chip.id, chip.like):
        return ()
    return (Caution(id="calibrated_elsewhere", values={"measured": facts["device"], "gpu": chip.name}),)


def _widths(rows: list[Row]) -> list[int]:
    return sorted({int(row["head_dim"]) for row in rows})


def _rate(row: Row) -> float:
    return quantity(row["rate"], "FLOP/s")


def _strings(row: Row) -> dict[str, str]:
    """A row as `vidcalc.rates.kernels` reads those of its tables."""
    return {**{side: str(row[side]) for side in "mnk"}, "tflops": str(_rate(row) / 1e12)}


def _toml(value: object) -> str:
    """A value as TOML."""
    return str(value) if isinstance(value, int) else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
