"""Number formats: the dtype of each network's activations, what its weights take, and how its products run.

A format that the framework makes of weights while it loads them stays with them: see data/precisions.toml.
"""

from msgspec.structs import replace

from vidcalc.base.guest import given
from vidcalc.base.number import Number, largest, unchanged
from vidcalc.catalog.precisions import Precision, precision
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.question import Question
from vidcalc.ledger.taping import taped as recorded
from vidcalc.ledger.types import Execution, Ledger, Phase
from vidcalc.ledger.weights import Network, parameters, weights
from vidcalc.ops import Matmul
from vidcalc.passes.degrees import cut
from vidcalc.passes.guidance import turns_per_step
from vidcalc.passes.loras import laden, running
from vidcalc.passes.phases import rewrite_calls
from vidcalc.rates.unfused import instead, slice_room, spelled
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import Trace, configuration, network

BF16 = "bf16"
ENCODERS = ("text_encode", "image_encode")
WHOLE = ("none", "model")  # ways of offloading that know no layers
WRITTEN = ("all", "split")  # attention in matrix products


def formats(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Calls in the dtype of the plan's format for them. Raises InputError for a format nobody knows."""
    dtypes = {name: precision(plan.text_encoder_precision, "text-encoder-precision").compute for name in ENCODERS}
    dtypes["denoise"] = precision(plan.precision).compute
    codec = precision(plan.vae_precision, "vae-precision").compute

    def typed(phase: Phase) -> Phase:
        dtype = dtypes.get(phase.id, codec)
        written = spelled(hardware.accelerator, plan.attention, dtype, plan.runtime.stack)
        written = instead(written, plan.runtime.unfused, hardware.accelerator, plan.attention)
        if written == "split":
            role, params = ledger.weights[phase.component.id].role, phase.component.params or 0
            room = slice_room(hardware.accelerator, params * precision(format_of(role, plan)).stored)
            phase = replace(phase, call=replace(phase.call, room=room))
        own = phase.id == "denoise" and phase.own
        fused = plan.compile == "on" and own  # decoders, encoders and control networks run eagerly beside it
        loras = running(plan.loras, plan.lora_mode) if own else None
        return replace(phase, call=replace(phase.call, dtype=dtype, spelled=written, fused=fused, loras=loras))

    networks = {name: replace(each, precision=format_of(each.role, plan)) for name, each in ledger.weights.items()}
    return replace(rewrite_calls(ledger, typed), weights=networks)


def settled(plan: Plan, model: Model, chip: Accelerator) -> Plan:
    """The plan with what its framework takes on that chip: its attention kernel, where it leaves it open, and its
    formats where the chip has no bf16 (`Runtime.without_bf16`)."""
    plan, rule = by_card(plan, chip), plan.runtime.without_bf16
    if not rule or chip.supports.get("bf16", True):
        return plan
    instead = {
        "precision": rule.get(model.denoiser.network, rule.get("denoiser", BF16)),
        "vae_precision": rule.get(model.vae.network, BF16),
    }
    changed = {field: name for field, name in instead.items() if getattr(plan, field) == BF16 != name}
    return replace(plan, **changed) if changed else plan


def of_a_chip(question: Question) -> Question:
    """A question with its plan settled."""
    return question._replace(plan=settled(question.plan, question.model, question.hardware.accelerator))


def by_card(plan: Plan, chip: Accelerator) -> Plan:
    """The plan with the attention kernel that its framework takes on that chip, where it leaves it open."""
    if plan.attention != "by-card":
        return plan
    capability = float(chip.compute_capability or 0) if chip.vendor == "NVIDIA" else 0.0
    return replace(plan, attention=next((word for least, word in plan.runtime.kernels if capability >= least), "sdpa"))


def format_of(role: str, plan: Plan) -> str:
    """The number format that the plan gives the networks of a role."""
    if role == "denoiser":
        return plan.precision
    if role == "control":  # loaded in the format of the arithmetic, whatever the denoiser's weights are stored in
        return precision(plan.precision).compute
    return plan.vae_precision if role == "vae" else plan.text_encoder_precision


def taped(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Calls on the tape, with what their format holds beside them; weights with their bytes in it."""

    ledger = rewrite_calls(ledger, lambda phase: put(phase, ledger, plan))
    traces: dict[str, tuple[Trace, ...]] = {ledger.forward.component.id: (ledger.forward.taped,)}
    for phase in (*ledger.phases, *((ledger.encode,) if ledger.encode else ())):
        name = phase.component.id
        traces[name] = (*traces.get(name, ()), phase.taped)
    networks = {name: _sized(each, traces.get(name, ()), plan) for name, each in ledger.weights.items()}
    return hinted(replace(ledger, weights=networks))


def hinted(ledger: Ledger) -> Ledger:
    """What control networks hand to the denoiser waits on the device while it runs, and while the others of them do."""
    waiting = {each.component.id: _hints(each) for each in ledger.phases if not each.own}
    if not waiting:
        return ledger

    def beside(phase: Phase) -> Phase:
        if phase.id != "denoise":
            return phase
        held = sum(nbytes for name, nbytes in waiting.items() if name != phase.component.id)
        return replace(phase, live={**phase.live, "hints": held})

    return replace(ledger, phases=tuple(map(beside, ledger.phases)))


def _hints(phase: Phase) -> Number:
    """Bytes that a call of a control network leaves for the denoiser [byte]."""
    component, shape = phase.component, phase.call.shape
    count: Number = network(component).hints(configuration(component), shape)
    return count * ELEMENT_BYTES[phase.call.dtype]


def put(phase: Phase, ledger: Ledger, plan: Plan) -> Phase:
    """A phase with its call on the tape, and what its network's format holds beside it."""
    name = ledger.weights[phase.component.id].precision
    chosen = precision(name)
    phase = recorded(phase, each=by_name(plan))
    scale = plan.runtime.activation_scale.get(phase.component.network, 1)
    held = kv_cache(phase)
    live = {"network": (phase.taped.peak - held) * scale, "format": _beside(phase.taped, chosen)}
    if not unchanged(held, 0):
        # each prediction of a step that is a call of its own has a cache of its own, of what depends on it
        one = getattr(network(phase.component), "ONE_CACHE", False)
        live["kv_cache"] = held * (1 if one else turns_per_step(plan))
    if not unchanged(phase.waits, 0):
        # pictures of earlier windows [colours, frames, height, width] x bytes of a value
        live["videos"] = phase.waits * ledger.pixels * ledger.batch * ELEMENT_BYTES[phase.call.dtype]
    run = execution(plan, name, phase.id)
    return replace(phase, live=live, run=replace(run, attention="math") if phase.call.spelled in WRITTEN else run)


def by_name(plan: Plan) -> bool:
    """Whether the plan asks for every op by its name, in order: work that is alike in one place is then not joined.

    Step caches hook modules, ranks cut and sum up layers, weights come layer by layer.
    """
    return cut(plan) or plan.step_cache != "none" or plan.offload not in WHOLE


def kv_cache(phase: Phase) -> Number:
    """Bytes of the keys and values that a causal denoiser keeps from call to call; 0 of other networks [byte]."""
    call = phase.call
    count = getattr(network(call.component), "cache", None) if call.function == "forward" else None
    if count is None:
        return 0
    # elements of keys and values of all layers x bytes of each
    held: Number = count(configuration(call.component), call.shape) * ELEMENT_BYTES[call.dtype]
    return held


def _sized(network: Network, traces: tuple[Trace, ...], plan: Plan) -> Network:
    """A network with the bytes of its weights, which are worked out once."""
    if network.params:
        return replace(network, stored=network.weights)
    own = network.component
    params = given("params", parameters(own, traces), plan.shard_degree, own.source or "model", note=own.id)
    nbytes = weights(network.component, params, traces, network.precision, plan.fused_projections, plan.runtime.casting)
    return laden(replace(network, params=params, weights=nbytes, stored=nbytes), traces, plan.runtime)


def execution(plan: Plan, name: str, stage: str = "denoise") -> Execution:
    """How a network in a number format of that name runs under a plan; what is compiled is the denoiser."""
    chosen = precision(name)
    compiled = plan.compile if stage == "denoise" else "off"
    return Execution(
        attention=plan.attention,
        arithmetic=chosen.arithmetic,
        compile=compiled,
        stack=plan.runtime.stack,
        rounding=0.0 if compiled == "on" else chosen.rounding,
        product=plan.runtime.products.get(name, chosen.product),
        stored=chosen.stored,
    )


def _beside(trace: Trace, chosen: Precision) -> Number:
    """Bytes that the widest linear layer of this format holds beside its output [byte]."""
    if not chosen.beside:
        return 0
    # [rows, d_out] elements x bytes of each: one layer runs at a time, so the largest counts
    return largest(op.quantised * op.rows * op.d_out for op in trace.ops if isinstance(op, Matmul)) * chosen.beside
