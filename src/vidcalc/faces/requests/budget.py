"""From flags to a budget: one amount to spend, the run it is spent on, and the laws to ask."""

from typing import Any, NamedTuple

from msgspec.structs import replace

from vidcalc.base.units import HOUR
from vidcalc.catalog.scaling import names
from vidcalc.describe.budget import Budget
from vidcalc.describe.data import Data
from vidcalc.describe.question import Run
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.requests import training as training_request
from vidcalc.faces.words import _
from vidcalc.passes.degrees import world

AMOUNTS = {"hours": "--hours", "gpu_hours": "--gpu-hours", "budget": "--budget"}
SIZE = {"params": 10**9, "resolution": (1280, 720), "frames": 120}  # stand-ins where no model is asked for


class Request(NamedTuple):
    """What is to be spent, on what, by which laws; whether a model was asked for."""

    budget: Budget
    run: Run
    laws: tuple[str, ...]
    has_model: bool


def request(given: dict[str, Any]) -> Request:
    """What the flags ask for. Raises InputError."""
    flags = {name: value for name, value in given.items() if value is not None}
    law, fill = flags.pop("law", names()[0]), flags.pop("fill", False)
    amounts = {name: flags.pop(name) for name in AMOUNTS if name in flags}
    has_model = any(name in flags for name in ("model", "params", "from"))
    for name, value in SIZE.items() if "model" not in flags and "from" not in flags else ():
        if name != "frames" or "seconds" not in flags:
            flags.setdefault(name, value)
    run = training_request.run(flags)
    distinct = run.data.clips if "clips" in flags else 0
    run = run._replace(data=replace(run.data, clips=distinct))
    if fill:
        run = run._replace(data=filled(run, has_model))
    laws = (law, *(name for name in names() if name != law))
    return Request(_amount(amounts, int(world(run.plan.training))), run, laws, has_model)


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


def filled(run: Run, has_model: bool) -> Data:
    """The data with the largest batch of each size that fits. Raises Refused without a model, and where not even one
    sample does."""
    from vidcalc.search.batch import largest

    if not has_model:
        raise Refused("--fill", None, _("only together with --model, --params or --from"), None, ())
    sizes = []
    for size in run.data.buckets:
        most, _bytes = largest(run, size)
        if not most:
            shape = f"{size.width}x{size.height}x{size.frames}"
            expects = _("sizes of which one sample fits; {size} does not", size=shape)
            raise Refused("--fill", None, expects, None, ())
        sizes.append(replace(size, batch=most))
    return replace(run.data, buckets=tuple(sizes))


def enough(steps: int, needed: float, seconds: float, amounts: dict[str, Any]) -> None:
    """Refuses a budget that does not last for one optimizer step, which needs `needed` of `seconds` there are."""
    if steps:
        return
    name = next(name for name in AMOUNTS if amounts.get(name) is not None)
    least = f"{1.005 * amounts[name] * needed / seconds:.3g}"  # never rounded below what it takes
    expects = _("at least {least} (one optimizer step)", least=least)
    raise Refused(AMOUNTS[name], amounts[name], expects, least, (f"{least}..",))
