"""The curves of an accelerator: those it carries, at the peaks and the bandwidth that it has now.

Those of the catalogue are built ahead where the built ones are current, else derived from the raw rows now.
"""

from zlib import crc32

from msgspec.structs import replace

from vidcalc.base.facts import Facts
from vidcalc.base.memo import once
from vidcalc.base.number import Number
from vidcalc.catalog import load
from vidcalc.describe.hardware import Accelerator, Curves

FILES = ("gemm.csv", "attention.csv", "convolution.csv", "convolution_shapes.csv", "laws.toml")


@once
def curves(chip: Accelerator) -> Facts:
    """What the accelerator carries, in proportion where its peaks or its bandwidth are others than it was made for.

    Raises ValueError for one without curves: see `vidcalc.rates.machines`.
    """
    made = chip.curves
    if made is None:
        raise ValueError(f"{chip.id} has no curves: take it from vidcalc.rates.machines")
    if chip.peaks is made.peaks and chip.bandwidth is made.bandwidth:
        return made.tables
    from vidcalc.rates.transfer import transferred  # late: most chips are as they were made

    before = replace(chip, id=made.of, peaks=made.peaks, bandwidth=made.bandwidth)
    return transferred(made.tables, before, chip, same=True)


def with_curves(chip: Accelerator, tables: Facts, bandwidth: Number | None = None) -> Accelerator:
    """The accelerator with curves that were made for its own peaks and bandwidth.

    bandwidth  what stands in for its own where nobody knows one [byte/s]
    """
    rate = bandwidth if chip.bandwidth is None else chip.bandwidth
    return replace(chip, curves=Curves(of=chip.id, tables=tables, peaks=chip.peaks, bandwidth=rate))


def catalogue_tables(name: str) -> Facts:
    """The tables of an accelerator of the catalogue, as `vidcalc.rates.kernels.derive` makes them."""
    return load.read_built(f"curves/{name}", checksum(name)) or _derived(name)


def checksum(name: str) -> int:
    """A checksum of the measurements, the laws and the accelerator's own facts."""
    total = crc32(load.contents("accelerators", f"{name}.toml"))
    for file in FILES:
        total = crc32(load.contents("kernels", file), total)
    return total


def _derived(name: str) -> Facts:
    from vidcalc.rates.kernels import derive  # late: reads every accelerator and every row

    return derive()[name]
