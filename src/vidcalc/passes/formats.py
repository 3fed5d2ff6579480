"""Number formats: the dtype of each network's activations, what its weights take, and how its products run.

A format that the framework makes of weights while it loads them stays with them: see data/precisions.toml.
"""

from msgspec.structs import replace

from vidcalc.base.guest import given
from vidcalc.base.number import Number, largest, unchanged
from vidcalc.catalog.precisions import Precision, precision
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.taping import taped as recorded
from vidcalc.ledger.types import Execution, Ledger, Phase
from vidcalc.ledger.weights import Network, parameters, weights
from vidcalc.ops import Matmul
from vidcalc.passes.guidance import turns_per_step
from vidcalc.passes.phases import rewrite_calls
from vidcalc.rates.unfused import spelled
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import Trace, configuration, network

ENCODERS = ("text_encode", "image_encode")


def formats(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Calls in the dtype of the plan's format for them. Raises InputError for a format nobody knows."""
    dtypes = {name: precision(plan.text_encoder_precision, "text-encoder-precision").compute for name in ENCODERS}
    dtypes["denoise"] = precision(plan.precision).compute
    codec = precision(plan.vae_precision, "vae-precision").compute

    def typed(phase: Phase) -> Phase:
        dtype = dtypes.get(phase.id, codec)
        written = spelled(hardware.accelerator, plan.attention, dtype, plan.runtime.stack)
        fused = plan.compile == "on" and phase.id == "denoise"  # decoders and encoders run eagerly beside it
        return replace(phase, call=replace(phase.call, dtype=dtype, spelled=written, fused=fused))

    networks = {name: replace(each, precision=format_of(each.role, plan)) for name, each in ledger.weights.items()}
    return replace(rewrite_calls(ledger, typed), weights=networks)


def format_of(role: str, plan: Plan) -> str:
    """The number format that the plan gives the networks of a role."""
    if role == "denoiser":
        return plan.precision
    return plan.vae_precision if role == "vae" else plan.text_encoder_precision


def taped(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Calls on the tape, with what their format holds beside them; weights with their bytes in it."""

    ledger = rewrite_calls(ledger, lambda phase: put(phase, ledger, plan))
    traces: dict[str, tuple[Trace, ...]] = {ledger.forward.component.id: (ledger.forward.taped,)}
    for phase in (*ledger.phases, *((ledger.encode,) if ledger.encode else ())):
        name = phase.component.id
        traces[name] = (*traces.get(name, ()), phase.taped)
    networks = {name: _sized(each, traces.get(name, ()), plan) for name, each in ledger.weights.items()}
    return replace(ledger, weights=networks)


def put(phase: Phase, ledger: Ledger, plan: Plan) -> Phase:
    """A phase with its call on the tape, and what its network's format holds beside it."""
    chosen = precision(ledger.weights[phase.component.id].precision)
    phase = recorded(phase)
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
    run = execution(plan, chosen, phase.id)
    return replace(phase, live=live, run=replace(run, attention="math") if phase.call.spelled == "all" else run)


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
    return replace(network, params=params, weights=nbytes, stored=nbytes)


def execution(plan: Plan, chosen: Precision, stage: str = "denoise") -> Execution:
    """How a network in a number format runs under a plan; what is compiled is the denoiser."""
    compiled = plan.compile if stage == "denoise" else "off"
    return Execution(
        attention=plan.attention,
        arithmetic=chosen.arithmetic,
        compile=compiled,
        stack=plan.runtime.stack,
        rounding=0.0 if compiled == "on" else chosen.rounding,
        slower=chosen.slower,
    )


def _beside(trace: Trace, chosen: Precision) -> Number:
    """Bytes that the widest linear layer of this format holds beside its output [byte]."""
    if not chosen.beside:
        return 0
    # [rows, d_out] elements x bytes of each: one layer runs at a time, so the largest counts
    return largest(op.weight * op.rows * op.d_out for op in trace.ops if isinstance(op, Matmul)) * chosen.beside
