"""The work that a plan leaves out: what was assumed of it, and what its user should know."""

from vidcalc.account.assumed import other
from vidcalc.base.number import Number, is_array
from vidcalc.catalog.caches import read
from vidcalc.catalog.speedups import SPARSE, STEP_CACHE, source
from vidcalc.describe.question import Question
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ops import Attention
from vidcalc.passes import caching, guidance, sparsity
from vidcalc.passes.caching import Left
from vidcalc.report.estimate import Assumption, Warning_


def left_out(question: Question, ledger: Ledger) -> list[Assumption]:
    """The work that a plan leaves out, each with its share and where that is from."""
    plan = question.plan
    phase = ledger.phase("denoise")
    rows: list[Assumption] = []
    if plan.step_cache != "none" and phase:
        left = caching.remaining(ledger, plan, phase)
        name = "step_cache" if left.modules is None else "block_cache"
        if left.modules != {}:
            share = left.share.likely * left.rows
            rows.append(_row(name, share, source(STEP_CACHE, plan.step_cache), "--step-cache"))
    if plan.sparse_attention != "none" and phase:
        share = sparsity.density(ledger, plan, phase)
        rows.append(_row("attention_density", share, source(SPARSE, plan.sparse_attention), "--attention-density"))
    if other(guidance.guided(plan), 1):
        flag = "--guidance-interval"
        rows.append(Assumption(id="guided_share", value=plan.guided_share, source=flag, provenance="assumed"))
    return rows


def chosen_windows(question: Question) -> list[Assumption]:
    """The windows that a user chose in the place of the pipeline's own."""
    rules = question.model.constraints
    if rules.own is None:
        return []
    value = f"{rules.chunk_frames}:{rules.overlap_frames}"
    return [Assumption(id="windows", value=value, source="--window", provenance="assumed")]


def _row(name: str, share: Number, method: str, flag: str) -> Assumption:
    """A share of the work that a method's rule leaves, or that a flag states."""
    return Assumption(id=name, value=share, source=method or flag, provenance="assumed")


def cautions_of(question: Question, ledger: Ledger) -> list[Warning_]:
    """What to know of a cache: that it does nothing here, that the video decides, that it reaches the prompt too."""
    plan, phase = question.plan, ledger.phase("denoise")
    if plan.step_cache in caching.PLAIN or not phase:
        return []
    cache, left = read(plan.step_cache), caching.remaining(ledger, plan, phase)
    method = cache.method.title
    if left.modules == {}:
        return [Warning_(id="cache_idle", values={"method": method, "network": phase.call.component.class_})]
    rows: list[Warning_] = []
    low, high = left.share.low, left.share.high
    if not is_array(low) and not is_array(high) and low < high:
        rows.append(Warning_(id="cache_by_content", values={"method": method, "low": low, "high": high}))
    if cache.parameters.get("spatial") and _reaches_prompt(phase, left):
        rows.append(Warning_(id="cache_reaches_text", values={"method": method}))
    return rows


def _reaches_prompt(phase: Phase, left: Left) -> bool:
    """Whether a module that a cache hooks as self-attention looks at a prompt."""
    attentions = (op for op in phase.taped.ops if isinstance(op, Attention) and caching.module(op, left.modules or {}))
    return any(not is_array(op.crossed) and bool(op.crossed) for op in attentions)
