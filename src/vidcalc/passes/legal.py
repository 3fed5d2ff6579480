"""Which degrees go together with a model: they divide the heads, layers and predictions that they share."""

from vidcalc.base.errors import InputError
from vidcalc.describe.model import Model
from vidcalc.describe.plan import WAYS, Plan
from vidcalc.passes import guidance
from vidcalc.tape.trace import configuration

SPLITTING = ("tp", "ulysses", "ring", "pipefusion")  # the ways that cut one forward


def checked(model: Model, plan: Plan) -> None:
    """Refuses degrees that do not divide what they share: heads, layers, predictions of a step.

    Raises InputError("parallel", …) with the legal ones. A U-Net is not split: its levels differ in tokens and heads. A
    denoiser whose configuration counts no layers has no PipeFusion.
    """
    if model.kind == "unet":
        for way in SPLITTING:
            _divides(plan, way, 1)
    heads = model.denoiser.heads
    _divides(plan, "ulysses", heads)
    _divides(plan, "tp", heads // plan.ulysses_degree)
    _divides(plan, "pipefusion", depth(model) or 1)
    _divides(plan, "cfg", guidance.possible(plan))


def _divides(plan: Plan, way: str, whole: int) -> None:
    """Raises InputError where the plan's degree of a way does not divide `whole`."""
    divides(way, getattr(plan, WAYS[way]), whole)


def divides(way: str, degree: int, whole: int) -> None:
    """Raises InputError("parallel", …) where a degree does not divide `whole`; 0 is divided by all."""
    if whole and whole % degree:
        legal = [number for number in range(1, whole + 1) if whole % number == 0]
        near = max(number for number in legal if number <= degree)
        raise InputError("parallel", f"{way}={degree}", [f"{way}={number}" for number in legal], f"{way}={near}")


def depth(model: Model) -> int:
    """Layers of the denoiser, two-stream and single-stream ones together; 0 where its configuration counts none."""
    config = configuration(model.denoiser)
    counts = (getattr(config, name, None) for name in ("num_layers", "num_single_layers"))
    return sum(count for count in counts if isinstance(count, int))
