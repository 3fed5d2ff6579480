"""FLOPs of a generation by stage and kind, with the documented formula's beside them."""

from vidcalc.account import documented
from vidcalc.account.model import denoiser_params
from vidcalc.base.guest import given, named
from vidcalc.base.number import Number
from vidcalc.describe.model import Model
from vidcalc.describe.workload import Workload
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ledger.windows import made_at_once, rolls
from vidcalc.passes.legal import depth
from vidcalc.report.compute import Compute, Documented
from vidcalc.tape.trace import configuration

STAGES = ("text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode")
KINDS = ("matmul", "attention", "convolution")


def compute(model: Model, workload: Workload, ledger: Ledger) -> Compute:
    """FLOPs by stage and kind: of the calls as they are, and of what the plan leaves of them."""
    phases = {name: [each for each in ledger.phases if each.id == name and each.trace] for name in STAGES}
    whole = {name: sum(_of_call(each, each.taped.flops) * each.calls for each in some) for name, some in phases.items()}
    done = sum(_executed(each) * each.calls for each in phases["denoise"])
    forward, forwards = ledger.forward.taped, ledger.forwards
    flops = forward.flops
    total = sum(whole.values())
    return Compute(
        flops_per_forward=flops,
        forwards_per_step=forwards,
        flops_per_step=flops * forwards,
        chunks=ledger.windows,
        window_frames=made_at_once(model, workload),
        overlap_frames=model.constraints.overlap_frames if rolls(model) else 0,
        denoiser_calls=sum(each.calls for each in phases["denoise"] if each.own),
        flops_denoise=whole["denoise"],
        flops_vae_decode=whole["vae_decode"],
        flops_vae_encode=ledger.encode.taped.flops if ledger.encode else 0,
        flops_text_encode=whole["text_encode"],
        flops_per_video=total,
        flops_executed=total - whole["denoise"] + done,
        attention_share=named("attention", forward.attention_flops, "FLOP") / flops,
        parts={name: {kind: _of_kind(some, kind) for kind in KINDS} for name, some in phases.items() if some},
        documented=documented_formula(model, workload, ledger),
    )


def _of_call(phase: Phase, flops: Number) -> Number:
    """FLOPs of one call, called by what is run."""
    return named(phase.component.id, flops, "FLOP")


def _executed(phase: Phase) -> Number:
    """FLOPs of one call as the plan leaves it."""
    if phase.executed is phase.taped.ops:
        return _of_call(phase, phase.taped.flops)
    return _of_call(phase, sum(op.flops * op.count for op in phase.executed))


def _of_kind(phases: list[Phase], kind: str) -> Number:
    """FLOPs of one kind of op over the calls of some phases."""
    return sum(_of_call(each, each.taped.flops_by_kind.get(kind, 0)) * each.calls for each in phases)


def documented_formula(model: Model, workload: Workload, ledger: Ledger) -> Documented | None:
    """The documented formula at this width and size; None for a network without one hidden width."""
    width = getattr(configuration(ledger.forward.component), "width", None)
    if width is None:
        return None
    length = documented.sequence_length(workload.width, workload.height, workload.frames, model.denoiser.patch[1])
    width = given("hidden_dim", width, workload.batch, ledger.forward.component.network)
    length = named("seq_len", length, "token")
    params = named("params", denoiser_params(ledger))
    flops = named("step", documented.flops_per_step(params, length, width) * workload.batch, "FLOP")
    return Documented(
        sequence=length,
        flops_per_step=flops,
        flops_per_video=flops * workload.steps,
        hidden_dim=width,
        layers=depth(model),
        ratio=named("forward", ledger.forward.taped.flops, "FLOP") / flops,
    )
