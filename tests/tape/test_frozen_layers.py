"""What a step with adapters keeps beside frozen weights: dropout's masks, what linear layers keep, attention offloaded.

The text wants no gradient: its keys and values are made by layers that keep nothing for one.
"""

import pytest
from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import bucket
from vidcalc.catalog import fill
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.checkpointing import checkpointing
from vidcalc.describe.data import Bucket
from vidcalc.describe.training import TrainingPlan
from vidcalc.ledger.unroll import denoiser_shape
from vidcalc.passes import legal
from vidcalc.passes.backward import adapters
from vidcalc.rates.machines import hardware
from vidcalc.tape.step import stepped

MODEL = fill.model("wan2.1-t2v-1.3b")
SHAPE = denoiser_shape(MODEL, fill.workload(MODEL, width=576, height=384, frames=81))
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


def aside(way):
    return stepped(MODEL.denoiser, SHAPE, "bf16", way, Adapters(rank=16, dtype="bf16", dropout="on"))


def test_offloaded_attention_leaves_what_wants_no_gradient_behind():
    """Masks, and the text as each adapter reads it: leaves of autograd stay in every block, run again or not."""
    leaves = BLOCKS * (6 * ONE + 2 * TEXT * WIDTH * 2)
    near(aside("full+attention-offload").kept - aside("full").kept, leaves)
    assert aside("partial:0.5+attention-offload").kept < aside("partial:0.5").kept


def test_what_attention_keeps_comes_back_op_by_op():
    """A block that runs again and walks back never has all of it on the device."""
    full, away = aside("full"), aside("full+attention-offload")
    assert away.peak - away.kept < full.peak - full.kept - 2 * ONE * 2
    # each op saves a copy of its own: of self-attention q, k, v, what went in and what came out, and further ones
    assert away.host > BLOCKS * 5 * ONE * 2


def test_a_table_turned_anew_in_each_call_is_such_a_leaf():
    """LTX-2 negates its sines in every attention that turns queries and keys."""
    model = fill.model("ltx-2.3")
    shape = denoiser_shape(model, fill.workload(model, width=768, height=512, frames=49))
    full, away = (
        stepped(model.denoiser, shape, "bf16", way, Adapters(rank=16, dtype="bf16")).kept
        for way in ("full", "full+attention-offload")
    )
    n, heard, text = 7 * 16 * 24, 51, 1024
    wide, narrow = 2048, 1024  # half the width of the video's own attention, and of all others
    sines = (2 * n * wide + 2 * n * narrow + 4 * heard * narrow) * 4
    modulated = text * (4096 + 2048) * 2
    near(away - full, 48 * (sines + modulated))


def test_ways_that_do_not_go_with_it_are_refused():
    for way in ("segments:2", "offload", "attention"):
        with pytest.raises(InputError):
            checkpointing(way + "+attention-offload")


def test_adapters_are_in_the_dtype_of_the_recipe():
    def dtype(recipe):
        found = adapters(TrainingPlan(mode="lora", recipe=recipe))
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
    size, machine = Bucket(width=576, height=384, frames=81), hardware("h100-sxm")
    there, away = (
        bucket(MODEL, size, machine, fill.plan(MODEL, training=replace(plan, offload=way))).step
        for way in ("none", "base")
    )
    own = there.trained.held
    assert there.states.weights - away.states.weights == own.blocks == away.states.host
    assert away.states.gathered == 2 * own.module
    assert away.states.optimizer == there.states.optimizer


def test_a_frozen_base_wants_adapters():
    with pytest.raises(InputError) as refused:
        legal.checked_training(MODEL, TrainingPlan(mode="full", offload="base"))
    assert refused.value.flag == "training-offload"
