"""Where FLOPs come from: video, stages, forwards, ops."""

from collections.abc import Callable

from vidcalc.account import documented
from vidcalc.derivation.case import Case, given, op_row, product
from vidcalc.derivation.step import Step, added
from vidcalc.derivation.term import Term
from vidcalc.ledger.unroll import Phase
from vidcalc.passes import chain, guidance
from vidcalc.tape.trace import Trace

FORMULA = "the documented calculator"


def ops(name: str, trace: Trace, count: object = 1) -> Step:
    """One run of a network as the sum of its ops."""
    rows = tuple(op_row(op, "flops", "FLOP") for op in trace.ops if op.kind != "pointwise")
    return added(name, "FLOP", rows, count=count)


def stage(name: str, quantity: str, case: Case) -> Step:
    """A stage: each network that works in it, as often as it is called."""
    phases = [phase for phase in case.job.phases if phase.id == name]
    return added(quantity, "FLOP", tuple(_called(phase) for phase in phases))


def _called(phase: Phase) -> Step:
    return ops(phase.component.id, phase.trace, phase.calls)


def per_forward(case: Case) -> Step:
    """One forward of the denoiser."""
    return ops("compute.flops_per_forward", case.job.forward)


def forwards(case: Case) -> Step:
    """How many forwards a step takes."""
    source = "plan.guidance_mode " + case.plan.guidance_mode
    return given("compute.forwards_per_step", guidance.forwards(case.plan), source)


def per_step(case: Case) -> Step:
    """Forwards of a step."""
    one, times = per_forward(case), forwards(case)
    rule = Term("flops_per_forward", one.value) * Term("forwards_per_step", times.value)
    return product("compute.flops_per_step", "FLOP", rule, (one, times))


def denoise(case: Case) -> Step:
    """All denoising steps."""
    return stage("denoise", "compute.flops_denoise", case)


def per_video(case: Case) -> Step:
    """All stages of a generation."""
    names = dict.fromkeys(phase.id for phase in case.job.phases)
    return added("compute.flops_per_video", "FLOP", tuple(stage(name, name, case) for name in names))


def executed(case: Case) -> Step:
    """All stages, of each call what the plan leaves of it."""
    rows = tuple(_computed(phase, case) for phase in case.job.phases)
    return added("compute.flops_executed", "FLOP", rows)


def _computed(phase: Phase, case: Case) -> Step:
    rows = tuple(op_row(op, "flops", "FLOP") for op in chain.computed(phase, case.plan) if op.kind != "pointwise")
    return added(phase.component.id, "FLOP", rows, count=phase.calls)


def vae_encode(case: Case) -> Step:
    """The VAE encoding the whole video once, as training does."""
    if case.job.encode is None:
        return given("compute.flops_vae_encode", 0, "vidcalc.ledger.unroll", "FLOP")
    return ops("compute.flops_vae_encode", case.job.encode.trace)


def attention_share(case: Case) -> Step:
    """Attention's score and value products over a forward."""
    whole = case.job.forward
    attention = added(
        "attention", "FLOP", tuple(op_row(op, "flops", "FLOP") for op in whole.ops if op.kind == "attention")
    )
    rule = Term("attention", attention.value) / Term("flops_per_forward", whole.flops)
    return product("compute.attention_share", "", rule, (attention, per_forward(case)))


def formula_step(case: Case) -> Step:
    """The documented formula's FLOPs of a step."""
    return _formula(case, "compute.documented.flops_per_step", 1)


def formula_video(case: Case) -> Step:
    """The documented formula's FLOPs of a video."""
    return _formula(case, "compute.documented.flops_per_video", case.workload.steps)


def _formula(case: Case, name: str, steps: int) -> Step:
    told = case.report.compute.documented
    if told is None:
        return Step(id=name, value=0, unit="FLOP", source=FORMULA, note="no_hidden_dim")
    params, sequence, width = case.report.model.params, told.sequence, told.hidden_dim
    rule = documented.flops_per_step(Term("params", params), Term("seq_len", sequence), Term("hidden_dim", width))
    batch = Term("batch", case.workload.batch)
    rule = rule * batch if steps == 1 else rule * batch * Term("steps", steps)
    parts = (
        given("model.params", params, case.model.name),
        given("compute.documented.sequence", sequence, FORMULA, "token"),
        given("compute.documented.hidden_dim", width, case.model.denoiser.network),
    )
    return product(name, "FLOP", rule, parts, source=FORMULA)


QUANTITIES: dict[str, Callable[[Case], Step]] = {
    "compute.flops_per_forward": per_forward,
    "compute.forwards_per_step": forwards,
    "compute.flops_per_step": per_step,
    "compute.flops_denoise": denoise,
    "compute.flops_text_encode": lambda case: stage("text_encode", "compute.flops_text_encode", case),
    "compute.flops_vae_encode": vae_encode,
    "compute.flops_vae_decode": lambda case: stage("vae_decode", "compute.flops_vae_decode", case),
    "compute.flops_per_video": per_video,
    "compute.flops_executed": executed,
    "compute.attention_share": attention_share,
    "compute.documented.flops_per_step": formula_step,
    "compute.documented.flops_per_video": formula_video,
}
