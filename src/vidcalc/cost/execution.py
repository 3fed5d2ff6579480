"""How the ops of one network are executed, as far as it decides their rates."""

import msgspec

from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.precisions import precision
from vidcalc.describe.plan import Plan


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What the rates depend on beside shape and chip. The defaults are eager PyTorch in the activations' format.

    arithmetic  format the products of linear layers run in, where it is not their activations' dtype
    compile     which elementwise kernels are fused, see `Plan`
    stack       "early" or "late": torch before and from 2.11
    rounding    bytes per output element of a linear layer that its format's own kernels move [byte]
    slower      times slower a format's products run than plain ones
    """

    arithmetic: str = ""
    compile: str = "off"
    stack: str = "late"
    rounding: float = 0.0
    slower: float = 1.0


EAGER = Execution()


def execution(plan: Plan, format_: str) -> Execution:
    """How a network in a number format runs under a plan."""
    found = precision(format_)
    return Execution(
        arithmetic=found.arithmetic,
        compile=plan.compile,
        stack=framework(plan.framework).stack,
        rounding=0.0 if plan.compile == "on" else found.rounding,
        slower=found.slower,
    )


def plain(plan: Plan) -> Execution:
    """How a network in its activations' own format runs under a plan: one that is trained."""
    return Execution(compile=plan.compile, stack=framework(plan.framework).stack)
