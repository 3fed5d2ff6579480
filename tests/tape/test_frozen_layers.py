"""What a step with adapters keeps beside frozen weights: dropout's masks, what linear layers keep, attention offloaded.

The text wants no gradient: its keys and values are made by layers that keep nothing for one.
"""

import pytest
from msgspec.structs import replace
from vidcalc.training import ranks
from vidcalc.training.bucket import adapted, micro
from vidcalc.training.states import states

from vidcalc.base.errors import InputError
from vidcalc.catalog import fill
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.checkpointing import checkpointing
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.unroll import denoiser_shape
from vidcalc.tape.step import stepped

MODEL = fill.model("wan2.1-t2v-1.3b")
SHAPE = denoiser_shape(MODEL, fill.workload(MODEL, width=576, height=384, frames=81), 1)
TOKENS, WIDTH, BLOCKS, TEXT, FFN = 18_144, 1536, 30, 512, 8960
ONE = TOKENS * WIDTH  # elements of a hidden state


def kept(way="none", **words):
    return stepped(MODEL.denoiser, SHAPE, "bf16", way, Adapters(rank=16, dtype="bf16", **words)).kept


def near(measured, expected):
    assert measured == pytest.approx(expected, rel=1e-3)


def test_dropout_keeps_masks_and_what_is_left_of_each_input():
    """Each adapter reads a copy of its own then; before, the four inputs were kept. The text is there anyway."""
    masks_and_inputs = 6 * ONE * 3 + 2 * TEXT * WIDTH * 2
    no_longer = 4 * ONE * 2  # of q, k and v, of o, of cross-attention's q and o
    near(kept(dropout="on") - kept(), BLOCKS * (masks_and_inputs - no_longer))


def test_a_frozen_layer_of_its_own_function_keeps_its_input():
    """Beside adapters' inputs only the feed-forward's two are new, and the last layer's."""
    near(kept(keeps="input") - kept(), BLOCKS * (ONE + TOKENS * FFN) * 2 + ONE * 2)


def test_weights_of_a_narrow_format_are_kept_as_copies():
    square, feed = 6 * WIDTH * WIDTH, 2 * WIDTH * FFN
    assert kept(keeps="weights") - kept() == pytest.approx(BLOCKS * (square + feed) * 2, rel=0.05)


def test_scaling_into_float8_keeps_four_copies_of_each_input():
    each = 2 + 4 + 4 + 1  # its size, in float32, over the scale, in float8
    inputs = 3 * ONE + ONE + ONE + ONE + ONE + TOKENS * FFN  # q k v, o; q, o; up; down
    own = (ONE + TOKENS * FFN) * 2  # of the feed-forward, which no adapter keeps
    near(kept(keeps="scaled") - kept(), BLOCKS * (inputs * each + own) + ONE * (each + 2))


def test_offloaded_attention_leaves_masks_behind():
    masks = BLOCKS * 6 * ONE
    full, aside = kept("full", dropout="on"), kept("full+attention-offload", dropout="on")
    near(aside - full, masks)
    half, half_aside = kept("partial:0.5", dropout="on"), kept("partial:0.5+attention-offload", dropout="on")
    assert half_aside < half
    step = stepped(MODEL.denoiser, SHAPE, "bf16", "full+attention-offload", Adapters(rank=16, dropout="on"))
    assert step.host > 0


def test_ways_that_do_not_go_with_it_are_refused():
    for way in ("segments:2", "offload", "attention"):
        with pytest.raises(InputError):
            checkpointing(way + "+attention-offload")


def test_adapters_are_in_the_dtype_of_the_recipe():
    def dtype(recipe):
        found = adapted(TrainingPlan(mode="lora", recipe=recipe))
        return found and found.dtype

    assert [dtype(name) for name in ("fp32", "bf16-autocast", "kahan-bf16", "fp16-mixed")] == [
        "fp32",
        "fp32",
        "bf16",
        "fp16",
    ]


def test_streamed_weights_leave_their_layers_but_two():
    """Only what stands outside the blocks stays, and the two largest layers: the one that runs and the next."""
    plan = TrainingPlan(mode="lora", recipe="kahan-bf16")
    found = micro(MODEL, fill.workload(MODEL, width=576, height=384, frames=81), _with(plan)).found
    there, away = states(found, plan), states(found, replace(plan, offload="base"))
    assert there.weights - away.weights == found.held.blocks == away.host
    assert away.gathered == 2 * found.held.module
    assert away.optimizer == there.optimizer


def test_a_frozen_base_wants_adapters():
    with pytest.raises(InputError) as refused:
        ranks.checked(MODEL, TrainingPlan(mode="full", offload="base"))
    assert refused.value.flag == "training-offload"


def _with(training):
    return replace(fill.plan(MODEL), training=training)
