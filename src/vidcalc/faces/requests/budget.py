"""From flags to a budget: one amount to spend, the run it is spent on, and the laws to ask."""

from typing import Any, NamedTuple

from msgspec.structs import replace

from vidcalc.catalog.scaling import names
from vidcalc.describe.budget import Budget
from vidcalc.describe.data import Data
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests import training as training_request
from vidcalc.faces.requests.training import Run
from vidcalc.faces.words import _
from vidcalc.passes.degrees import world

HOUR = 3600
AMOUNTS = {"hours": "--hours", "gpu_hours": "--gpu-hours", "budget": "--budget"}
SIZE = {"params": 10**9, "resolution": (1280, 720), "frames": 120}  # stand-ins where no model is asked for


class Asked(NamedTuple):
    """What is to be spent, on what, by which laws; whether a model was asked for."""

    budget: Budget
    run: Run
    laws: tuple[str, ...]
    known: bool


def asked(given: dict[str, Any]) -> Asked:
    """What the flags ask for. Raises InputError."""
    flags = {name: value for name, value in given.items() if value is not None}
    law, fill = flags.pop("law", names()[0]), flags.pop("fill", False)
    amounts = {name: flags.pop(name) for name in AMOUNTS if name in flags}
    known = any(name in flags for name in ("model", "params", "from"))
    for name, value in SIZE.items() if "model" not in flags and "from" not in flags else ():
        if name != "frames" or "seconds" not in flags:
            flags.setdefault(name, value)
    found = training_request.run(flags)
    distinct = found.data.clips if "clips" in flags else 0
    found = found._replace(data=replace(found.data, clips=distinct))
    if fill:
        found = found._replace(data=filled(found, known))
    laws = (law, *(name for name in names() if name != law))
    return Asked(_amount(amounts, int(world(found.plan.training))), found, laws, known)


def _amount(amounts: dict[str, Any], gpus: int) -> Budget:
    """The one amount that was given. Raises Refused for none and for several."""
    if not amounts:
        raise Refused("--gpu-hours", None, _("missing; give --gpus and --hours, --gpu-hours, or --budget"), None, ())
    first, *more = amounts
    if more:
        raise Refused(
            AMOUNTS[more[0]], None, _("not together with {flag}, which settles it", flag=AMOUNTS[first]), None, ()
        )
    value = amounts[first]
    if first == "budget":
        return Budget(kind="money", amount=value)
    return Budget(kind="gpu_time", amount=value * HOUR * (gpus if first == "hours" else 1))


def filled(found: Run, known: bool) -> Data:
    """The data with the largest batch of each size that fits. Raises Refused without a model, and where not even one
    sample does."""
    from vidcalc.search.batch import largest

    if not known:
        raise Refused("--fill", None, _("only together with --model, --params or --from"), None, ())
    sizes = []
    for size in found.data.buckets:
        most = largest(found.model, size, found.hardware, found.plan)
        if not most:
            shape = f"{size.width}x{size.height}x{size.frames}"
            expects = _("sizes of which one sample fits; {size} does not", size=shape)
            raise Refused("--fill", None, expects, None, ())
        sizes.append(replace(size, batch=most))
    return replace(found.data, buckets=tuple(sizes))


def enough(steps: int, needed: float, seconds: float, amounts: dict[str, Any]) -> None:
    """Refuses a budget that does not last for one optimizer step, which needs `needed` of `seconds` there are."""
    if steps:
        return
    name = next(name for name in AMOUNTS if amounts.get(name) is not None)
    least = f"{1.005 * amounts[name] * needed / seconds:.3g}"  # never rounded below what it takes
    expects = _("at least {least}, for one optimizer step", least=least)
    raise Refused(AMOUNTS[name], amounts[name], expects, least, (f"{least}..",))
