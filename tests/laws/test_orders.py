"""Which of two answers is the larger: what more videos, tiles, adapters, cards and newer cards may do, and the
mechanism wherever one does the opposite. A sample of models here; all of them under the mark `whole`.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from vidcalc.account.call import alone
from vidcalc.calculate import train
from vidcalc.catalog import fill, models
from vidcalc.cost.call import single_rank
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.model import Model
from vidcalc.describe.question import Question
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.types import Ledger, Phase
from vidcalc.ledger.unroll import unroll
from vidcalc.ops import Attention, Op
from vidcalc.passes import generation
from vidcalc.rates.machines import hardware
from vidcalc.search.scale import doubling, scaling
from vidcalc.tape.trace import tiles, trace

EVERY = models.names()
SAMPLE = ("wan2.1-t2v-1.3b", "hunyuanvideo-t2v", "ltx-2", "animatediff-sd15-v2", "mochi-1-preview", "minimax-h3")
SAMPLE += ("sora", "magi-1-4.5b", "pyramid-flow-sd3", "lavie-vsr", "cosmos3-nano")
TRAINED = ("wan2.1-t2v-1.3b", "animatediff-sd15-v2", "pyramid-flow-sd3")
ROUNDING = 1e-9


def each(sample: tuple[str, ...] = SAMPLE) -> list[Any]:
    """The models of a law: those of the sample, and all others where the whole is asked for."""
    assert set(sample) <= set(EVERY)
    return [pytest.param(name, marks=() if name in sample else pytest.mark.whole) for name in EVERY]


# --- a batch --------------------------------------------------------------------------------------------------------

# what a call has once for all its samples: the embedding of a timestep that they share and the modulation made of it
# (MiniMax-H3 looks its vectors up by timestep), tables of positions, the condition of a run
SHARED = ("time_embedder", "time_proj", "adaln_proj", "norm_out.linear", "rope", "rotary_emb", "ofs_embedding")
SHARED += ("audio_proj",)
EXPERTS = ".moe_mlp."  # of few tokens some experts get none: their rows are filled up, and a batch fills them first


def flops(ops: tuple[Op, ...]) -> dict[str, int]:
    """FLOPs by path; what stands at one path more than once is one (Mochi's attention runs once a sample)."""
    found: dict[str, int] = {}
    for op in ops:
        if op.flops:
            found[op.path] = found.get(op.path, 0) + op.flops * op.count
    return found


@pytest.mark.parametrize("name", each())
def test_two_videos_are_twice_the_work_but_for_what_they_share(name: str) -> None:
    model = fill.model(name)
    call = unroll(model, fill.workload(model, width=256, height=256, frames=17, steps=2)).forward.call
    one, two = (
        flops(trace(model.denoiser, "forward", replace(call.shape, batch=call.shape.batch * many), "bf16").ops)
        for many in (1, 2)
    )
    assert set(one) == set(two)
    for path, spent in one.items():
        if EXPERTS in path:
            assert spent < two[path] <= 2 * spent, path
        elif two[path] != 2 * spent:
            assert spent <= two[path] < 2 * spent, path  # Helios embeds the time of its past once, its own for each
            assert any(part in path for part in SHARED), path


# --- the VAE in tiles -------------------------------------------------------------------------------------------------

COPIES = 5  # of the decoded video: tiles that overlap (16/9 of it), the rows made of them, their sum and its clamp
GROWS = 0.5  # share of attention in a decode from which its quadratic cost outweighs what tiles decode twice


def decode(model: Model, tiling: str) -> tuple[Ledger, Phase, float]:
    """The ledger, its decode and the seconds of it, on one H100."""
    machine = hardware("h100-sxm")
    ledger, _ = generation(model, fill.workload(model), machine, fill.plan(model, vae_tiling=tiling))
    phase = ledger.phase("vae_decode")
    assert phase is not None
    return ledger, phase, float(alone(ledger, "vae_decode", machine).seconds.likely)


def share_of_attention(phase: Phase) -> float:
    """Its share of a call's FLOPs."""
    spent = [(op.flops * op.count, isinstance(op, Attention)) for op in phase.ops]
    return sum(own for own, attends in spent if attends) / sum(own for own, _ in spent)


@pytest.mark.parametrize("name", each())
def test_tiles_take_longer_and_hold_less(name: str) -> None:
    """Longer, as neighbours overlap: but where most of the decode is attention over all tokens (MAGI, LaVie's
    upscaler). Less, but for the tiles themselves, which wait for each other: Sora's minute of video is larger than what
    its decode holds in one pass.
    """
    model = fill.model(name)
    if not (model.vae.network and tiles(model.vae)) and name != "sora":
        pytest.skip("no tiles")
    whole, cut = decode(model, "none"), decode(model, "default")
    if cut[1].call.tiling == "none":
        return
    if cut[2] < whole[2]:
        assert share_of_attention(whole[1]) > GROWS > share_of_attention(cut[1])
    video = 2 * cut[0].pixels  # in bf16
    assert cut[1].activations <= max(whole[1].activations, COPIES * video)


# --- adapters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gpu", ["h100-sxm", "mi355x"])
@pytest.mark.parametrize("name", each(TRAINED))
def test_a_lora_step_is_longer_only_by_its_adapters_and_by_starting_them(name: str, gpu: str) -> None:
    """What a LoRA adds to the forward are two more products a layer, small ones; backward is at most twice that longer,
    and each is a kernel that the host must start: small clips on fast cards wait for that.
    """
    model = fill.model(name)
    usual = model.defaults
    data = Data(buckets=(Bucket(width=usual.width, height=usual.height, frames=usual.frames),), samples=100, clips=100)
    full, lora = (
        train(model, data, hardware(gpu), fill.plan(model, training=TrainingPlan(mode=mode))).time
        for mode in ("full", "lora")
    )
    longer = {part: lora.parts[part] - full.parts[part] for part in lora.parts}
    adapters = max(longer["forward"], 0) + ROUNDING
    assert sum(longer[part] for part in ("backward", "recompute", "optimizer")) <= 2 * adapters
    assert lora.per_step - full.per_step <= 3 * adapters + max(longer["launch"], 0)


# --- more cards, newer cards ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", each(("pyramid-flow-sd3",)))
def test_more_cards_that_take_longer_are_not_advised(name: str) -> None:
    """Exchanges and kernels to start do not shrink with the share of the work (Pyramid Flow: 30 calls of 20 stages)."""
    model = fill.model(name)
    asked = Question(model, fill.workload(model), hardware("h200"), fill.plan(model))
    found = scaling(asked, doubling(8))
    fastest = min((row for row in found.rows if row.fits != "too_big"), key=lambda row: row.seconds, default=None)
    assert found.best_time == (fastest.count if fastest else None)
    held = 0.0
    for row in found.rows:
        if row.step and held and row.fits != "too_big" and row.seconds >= held:
            assert row.step.verdict == "not_worth_it", row.count
        if row.fits != "too_big":
            held = min(held or row.seconds, row.seconds)


NEWER = (("rtx-3090", "rtx-4090"), ("rtx-4090", "rtx-5090"), ("a100-sxm-80gb", "h100-sxm"), ("h100-sxm", "h200"))
NOISE = 0.02  # by which two measurements of the same products differ
BEHIND = {("rtx-4090", "rtx-5090")}  # of attention with a mask, as measured: 106 and 94 TFLOP/s
ONE_CHIP = {("h100-sxm", "h200")}  # with another memory
BORROWED = 0.06  # by which shares of peak differ that nobody measured on either card: those of convolutions


@pytest.mark.parametrize(("older", "newer"), NEWER)
@pytest.mark.parametrize("name", each(("wan2.1-t2v-1.3b", "hunyuanvideo-t2v", "pyramid-flow-sd3", "svd")))
def test_a_newer_card_is_slower_at_nothing(name: str, older: str, newer: str) -> None:
    """But for attention with a mask on consumer Blackwell, whose kernel was measured to be slower than Ada's: that is
    why HunyuanVideo is no faster there.
    """
    model = fill.model(name)
    took: list[dict[str, float]] = []
    masked = False
    for gpu in (older, newer):
        machine = hardware(gpu)
        ledger, _ = generation(model, fill.workload(model), machine, fill.plan(model))
        phase = ledger.phase("denoise")
        assert phase is not None
        masked = any(isinstance(op, Attention) and op.masked != "none" for op in phase.ops)
        took.append({kind: float(spent.likely) for kind, spent in single_rank(phase, machine.accelerator).items()})
    for kind, seconds in took[1].items():
        # what the host has yet to start grows as the work shrinks; of one chip rates differ by who measured what
        if kind == "launch" or (older, newer) in ONE_CHIP:
            continue
        leeway = BORROWED if kind == "convolution" and (older, newer) in BEHIND else NOISE
        if seconds > took[0].get(kind, 0) * (1 + leeway) + ROUNDING:
            assert kind == "attention" and masked and (older, newer) in BEHIND
    if not (masked and (older, newer) in BEHIND):
        assert sum(took[1].values()) <= sum(took[0].values()) * (1 + NOISE)
