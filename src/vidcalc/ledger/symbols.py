"""Where guests meet the tape: it runs on plain sizes, and what it gives becomes symbols again.

A tape counts live bytes and branches on sizes; its formulas are those of the ops it writes. So a call of guests is
taped at its values, and every number of an op is then a symbol of that op: the op's own formulas spell themselves. See
`vidcalc.base.guest`.
"""

from msgspec.structs import replace

from vidcalc.base.guest import Guest, Label, plain, symbol
from vidcalc.base.number import Number
from vidcalc.describe.shape import Shape
from vidcalc.ops import Op
from vidcalc.tape.step import Step
from vidcalc.tape.trace import Trace

SIZES = ("batch", "frames", "height", "width", "tokens", "image_tokens")
UNITS = {"moved": "byte", "nbytes": "byte"}
CHOICES = ("weight", "crossed")  # fields of 0 or 1 that choose a formula's terms
TAPE = "vidcalc.tape"


def guests(shape: Shape) -> bool:
    """Whether any size of a call is a guest."""
    return (
        isinstance(shape.batch, Guest)
        or isinstance(shape.frames, Guest)
        or isinstance(shape.width, Guest)
        or isinstance(shape.tokens, Guest)
    )


def plain_shape(shape: Shape) -> Shape:
    """The call at the values of its sizes."""
    sizes = {name: plain(getattr(shape, name)) for name in SIZES}
    return replace(shape, **sizes, extra={name: plain(size) for name, size in shape.extra.items()})


def symbolic(trace: Trace, network: str) -> Trace:
    """The trace with symbols for the numbers that the tape found; `network` names what was taped."""
    return Trace(
        ops=tuple(map(of_op, trace.ops)),
        touched=replace(
            trace.touched,
            parameters={
                path: (symbol(path, elements, source=f"vidcalc.networks.{network}"), keep)
                for path, (elements, keep) in trace.parameters.items()
            },
        ),
        peak=alive("activations", trace.peak, trace.peak_at.rstrip(".")),
        peak_at=trace.peak_at,
        workspace=alive("workspace", trace.workspace, trace.peak_at.rstrip("."), "assumed"),
        streamed=(alive("streamed", trace.streamed[0], "module"), alive("streamed", trace.streamed[1], "next module")),
        history=trace.history,
        loras=trace.loras,
    )


def of_step(step: Step, checkpointing: str) -> Step:
    """The same of a training step: its ops and the bytes that the walk over forward and backward found."""
    bytes_ = {name: alive(name, getattr(step, name), checkpointing) for name in ("kept", "peak", "activations", "host")}
    return replace(
        step,
        ops=tuple(map(of_op, step.ops)),
        again=tuple(map(of_op, step.again)),
        trained=symbol("trained", step.trained, source=TAPE),
        **bytes_,
    )


def alive(name: str, nbytes: Number, note: str, provenance: str = "exact") -> Number:
    """Live bytes that the tape found, with where the most of them are."""
    return symbol(name, nbytes, "byte", TAPE, provenance, note)


def of_op(op: Op) -> Op:
    """The op with a symbol in every numeric field that is not at its default: its formulas then spell themselves."""
    unsaid = dict(zip(reversed(op.__struct_fields__), reversed(op.__struct_defaults__), strict=False))
    source, symbols = f"vidcalc.ops.{op.kind}", {}
    for name in op.__struct_fields__:
        value = getattr(op, name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and name not in CHOICES and value != unsaid.get(name):
            label = Label(name, UNITS.get(name, ""), source, note=op.kind, home=op.path, counts=name == "count")
            symbols[name] = Guest(value, "symbol", (), label)
    return replace(op, **symbols)
