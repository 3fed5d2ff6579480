"""What a job runs on where the flags say more than a name: facts replaced, files, calibration, price, site."""

import os
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from vidcalc.base.units import HOUR
from vidcalc.describe.hardware import Accelerator, Hardware, Site
from vidcalc.describe.model import Caution
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.terminal.numbers import data
from vidcalc.faces.words import _
from vidcalc.rates import own
from vidcalc.rates.machines import machine

SITE = ("place", "country", "utilisation")


def stated_machine(flags: dict[str, Any], usual: str) -> Hardware:
    """The hardware that the flags ask for; `usual` is the accelerator where they name none. Raises InputError."""
    named = flags.get("gpu")
    if "gpu_file" in flags:
        if named is not None:
            raise Refused("--gpu", None, _("not together with --gpu-file, which settles it"), None, ())
        chip = own.from_file(flags["gpu_file"])
    else:
        chip = own.stated(named or usual)
    if "calibration" in flags:
        from vidcalc.rates.calibration import calibrated

        chip = calibrated(flags["calibration"], chip if named or "gpu_file" in flags else None)
    if "used" in flags:
        chip = lessened(chip, flags["used"])
    if "found" in flags:
        chip = replace(chip, cautions=(*chip.cautions, *flags["found"]))
    if "provider" in flags:
        if "price" in flags:
            raise Refused("--provider", flags["provider"], _("not together with --price, which settles it"), None, ())
        chip = own.of_provider(chip, flags["provider"])
    if "price" in flags:
        chip = own.priced(chip, flags["price"] / HOUR)
    hardware = machine(chip, flags.get("gpus", 1))
    return replace(hardware, site=Site(**{name: flags[name] for name in SITE if name in flags}))


def lessened(chip: Accelerator, used: int) -> Accelerator:
    """The accelerator with what other programs hold taken away [byte]. Raises Refused where nothing is left."""
    if used >= chip.capacity:
        expects = _("less than the GPU has: {size}", size=data(chip.capacity))
        raise Refused("--used", data(used), expects, None, ())
    if not used:
        return chip
    held = Caution(id="memory_in_use", values={"used": data(used), "size": data(chip.capacity)})
    return replace(chip.without(used), like=chip.like or chip.id, cautions=(*chip.cautions, held))


def measured_machine(path: str | None, quick: Callable[[], str]) -> Hardware:
    """This machine by a calibration file, or by the text of one that `quick` makes. Raises Unreadable."""
    from vidcalc.rates.calibration import calibrated

    if path is not None:
        return machine(calibrated(path))
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "measured.toml")
        with open(made, "w", encoding="utf-8") as file:
            file.write(quick())
        return machine(calibrated(made))
