"""Seconds of a list of ops: a roofline per op, with the rates that each kind of work really reaches on the chip.

An op takes the longer of its arithmetic (FLOPs over the achieved rate of its kind, shape and precision) and its
traffic (bytes over the achieved bandwidth). Ops run one after the other. Every result is a band: the low time
uses the high rates.
"""

from vidcalc.base.guest import Guest, named
from vidcalc.base.memo import lately
from vidcalc.base.number import Number, few, maximum, scalar, where
from vidcalc.base.provenance import weakest
from vidcalc.cost import labels
from vidcalc.cost.seconds import Seconds, total
from vidcalc.describe.hardware import Accelerator
from vidcalc.ledger.types import EAGER, Execution
from vidcalc.ops import Attention, Collective, Convolution, Copy, Matmul, Op, Pointwise, frozen
from vidcalc.rates.products import PLAIN, kernels, multiplied, running, stored_bytes, unpacked
from vidcalc.rates.rate import Rate
from vidcalc.rates.traffic import bandwidth, elementwise, launch, stretch
from vidcalc.rates.utilisation import attention, convolution, gemm, vector
from vidcalc.tape import ELEMENT_BYTES

PRODUCTS = ("matmul", "attention", "convolution")


def seconds(ops: tuple[Op, ...], chip: Accelerator, run: Execution = EAGER) -> Seconds:
    """Time of the ops' work on one accelerator; see `by_kind`."""
    return total(by_kind(ops, chip, run))


def by_kind(
    ops: tuple[Op, ...],
    chip: Accelerator,
    run: Execution = EAGER,
    *,
    backward: bool = False,
) -> dict[str, Seconds]:
    """Time by kind of op (matmul, attention, convolution, pointwise).

    run         how the network is executed
    backward    price the gradients instead of the forward: twice the products, 2.5 times the attention, and
                twice the traffic; of frozen weights the input's gradient alone, one product as large as the forward's
    """
    return dict(_by_kind(chip, working(ops), run, backward))


def few_jobs(parts: dict[str, Seconds]) -> bool:
    """Whether this is the time of few jobs, and not a sweep's."""
    return all(few(part.likely) for part in parts.values())


@lately(few_jobs)
def _by_kind(chip: Accelerator, ops: tuple[Op, ...], run: Execution, backward: bool) -> dict[str, Seconds]:
    """The same, kept with the chip: phases and steps of one job, and jobs of one search, have ops in common."""
    spread = bandwidth(chip)
    per_op: dict[tuple[object, ...], tuple[Number, Number, Number, str]] = {}
    times: dict[tuple[object, ...], Number] = {}
    sums: dict[object, tuple[Number, Number, Number, str]] = {}
    for op in ops:
        if op.kind not in PRODUCTS:
            continue
        # ops of equal keys are priced once, times how often they run
        key = (*op.key, frozen(op)) if backward else op.key
        try:
            if key in per_op:
                times[key] = times[key] + op.count
                continue
        except TypeError:  # arrays cannot be keys
            key = (op.kind, id(op))
        row = _priced(op, chip, spread, backward, run)
        per_op[key], times[key] = labels.row(op, row) if isinstance(row[1], Guest) else row, op.count
    for key, (low, likely, high, provenance) in per_op.items():
        count, before = times[key], sums.get(key[0], (0, 0, 0, "measured"))
        sums[key[0]] = (
            before[0] + low * count,
            before[1] + likely * count,
            before[2] + high * count,
            weakest(before[3], provenance),
        )
    moved = named("moved", _moved(ops, chip, run) * (1 + backward), "byte")
    parts = {str(kind): Seconds(*values) for kind, values in sums.items()}
    eager = elementwise(chip, run.compile)
    parts["pointwise"] = Seconds(moved / eager.high, moved / eager.likely, moved / eager.low, eager.provenance)
    return parts


def working(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    """The ops without the copies and exchanges at their end, where passes put them: they are no work of the chip."""
    last = len(ops)
    while last and isinstance(ops[last - 1], Copy | Collective):
        last -= 1
    return ops[:last]


def copies_and_exchanges(ops: tuple[Op, ...]) -> tuple[Op, ...]:
    """The copies and exchanges at the end of the ops."""
    return ops[len(working(ops)) :]


def _moved(ops: tuple[Op, ...], chip: Accelerator, run: Execution) -> Number:
    """Bytes of long rows that take as long as all elementwise work, and what a format's own kernels move."""
    moved: Number = 0
    alike: dict[tuple[Number, str, Number, Number], Number] = {}
    for op in ops:
        if not isinstance(op, Pointwise):
            continue
        key = op.row, op.way, op.each, op.blocks
        try:
            alike[key] = alike.get(key, 0) + op.moved * op.count
        except TypeError:  # arrays cannot be keys
            moved = moved + travelled(op, chip, run) * op.count
    for (row, way, each, blocks), nbytes in alike.items():
        if isinstance(nbytes, Guest):
            nbytes = named(labels.kernels(row, way), nbytes, "byte")
        moved = moved + nbytes * stretch(chip, run.compile, row, way, each, blocks)
    kernel = running(chip, run.product, run.arithmetic)
    if run.rounding and (run.product == PLAIN or kernel.rounds or not kernel.whole):
        moved = moved + sum(rounded(op, run) * op.count for op in ops)
    return moved


def travelled(op: Op, chip: Accelerator, run: Execution = EAGER) -> Number:
    """Bytes of long rows that take as long as an elementwise op's own, whose kernels may be slower."""
    if not isinstance(op, Pointwise):
        return op.activation_bytes
    return op.moved * stretch(chip, run.compile, op.row, op.way, op.each, op.blocks)


def in_format(op: Op, run: Execution) -> bool:
    """Whether an op multiplies by weights in a number format of its own."""
    return run.product != PLAIN and isinstance(op, Matmul) and op.quantised


def rounded(op: Op, run: Execution) -> Number:
    """Bytes that eager kernels move to bring a linear layer's operands and result in and out of its format."""
    if isinstance(op, Matmul) and op.quantised:
        # bytes for each element of [batch x rows, d_out]
        return run.rounding * op.batch * op.rows * op.d_out
    return 0


@lately(few)
def launched(chip: Accelerator, ops: tuple[Op, ...]) -> Number:
    """`launches` of a call, kept with the chip."""
    return launches(ops)


def launches(ops: tuple[Op, ...]) -> Number:
    """Kernels of one call: one for each product, convolution and attention, and those of the elementwise work."""
    return sum(op.launches * op.count for op in ops)


def waiting(ops: tuple[Op, ...], chip: Accelerator, work: Seconds, run: Execution = EAGER) -> Seconds:
    """What a call takes beyond its work because the host cannot start its kernels any faster."""
    started = launched(chip, working(ops))
    each = kernels(chip, run.product, run.arithmetic)
    if each:  # those that make weights whole
        layers = sum(op.count for op in working(ops) if in_format(op, run))
        started = started + named("unpacking", each * layers, note=run.product)
    count, pace = named("launches", started), launch(chip, run.compile)
    return Seconds(
        # kernels / (kernels/s)
        maximum(count / pace.high - work.low, 0),
        maximum(count / pace.likely - work.likely, 0),
        maximum(count / pace.low - work.high, 0),
        work.provenance,
    )


def _priced(
    op: Op, chip: Accelerator, spread: Rate, backward: bool, run: Execution
) -> tuple[Number, Number, Number, str]:
    """(low, likely, high) seconds of one execution, and what they rest on."""
    achieved = rate(op, chip, backward, run)
    element: float = ELEMENT_BYTES[op.precision]
    # weights made whole before the product: kernels of their own, one after the other with it
    whole: tuple[Number, Number, Number] = (0, 0, 0)
    if in_format(op, run):
        whole = unpacked(chip, run.product, run.arithmetic, run.stored, element, op.weights, run.compile == "on")
        element = stored_bytes(chip, run.product, run.arithmetic, run.stored, element)
    # activations once, and weights once, as the product reads them
    moved = op.activation_bytes + op.weights * element
    work = op.flops
    if backward and not frozen(op):
        work = op.recomputed_backward_flops if isinstance(op, Attention) else op.backward_flops
        # two products, each with operands and a result of forward's sizes
        moved = 2 * moved
    if isinstance(work, Guest):
        (work, moved), achieved = labels.op_of(op, work, moved), labels.rate(achieved)
    # copies around the op, one after the other with it
    turned: Number = op.turned_bytes * (1 + backward) if isinstance(op, Convolution) else 0
    return (
        # a roofline: arithmetic and traffic overlap, the longer one counts
        maximum(work / achieved.high, moved / spread.high) + turned / spread.high + whole[0],
        maximum(work / achieved.likely, moved / spread.likely) + turned / spread.likely + whole[1],
        maximum(work / achieved.low, moved / spread.low) + turned / spread.low + whole[2],
        achieved.provenance,
    )


def rate(op: Op, chip: Accelerator, backward: bool = False, run: Execution = EAGER) -> Rate:
    """The rate an op's arithmetic reaches on the chip [FLOP/s]."""
    if isinstance(op, Attention):
        direction = "backward" if backward else "forward"
        width = scalar(max(op.d_head, op.d_value))
        return attention(chip, run.attention, op.precision, width, op.queries, op.keys, direction, op.masked, run.stack)
    if isinstance(op, Convolution):
        rows = named("rows", op.batch * op.positions)
        # as a product: [batch x positions, c_in / groups x taps] x [c_in / groups x taps, c_out / groups]
        sides = named("c_in", op.c_in // op.groups), named("c_out", op.c_out // op.groups)
        product = convolution(chip, op.precision, rows, *sides, op.kernel, run.stack)
        alone = vector(chip)
        # a depthwise one has no sum over channels: the matrix units have nothing to do
        low, likely, high = (
            where(op.depthwise, getattr(alone, key), getattr(product, key)) for key in ("low", "likely", "high")
        )
        return Rate(low, likely, high, product.provenance, product.source)
    if isinstance(op, Matmul):
        rows = op.batch * op.rows
        if not op.quantised:  # scores and values, and the matrices of a LoRA, are in no format
            return gemm(chip, op.precision, rows, op.d_in, op.d_out)
        return multiplied(chip, run.product, run.arithmetic, op.precision, rows, op.d_in, op.d_out)
    raise TypeError(op.kind)
