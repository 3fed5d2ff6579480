"""The tape's bookkeeping, on networks small enough to do by hand.

Sizes are chosen in whole allocation blocks: a tensor [256] in bf16 is one block of 512 bytes, called B here.
"""

from collections.abc import Callable

import numpy as np
import pytest

from vidcalc.describe.checkpointing import checkpointing
from vidcalc.tape import Tape, Tensor
from vidcalc.tape.backward import Backward, backward

B = 512


def chain(tape: Tape) -> Tensor:
    """x[1, 256] -> linear to 512 -> silu -> linear to 256."""
    x = tape.input(1, 256)
    x = tape.linear(x, 512, "up")
    x = tape.act(x, "silu")
    x = tape.linear(x, 256, "down")
    return x  # noqa: RET504  a name of its own, as in a module's forward


# --- live bytes ---------------------------------------------------------------------------------------------


def test_a_chain_holds_two_neighbours_at_a_time() -> None:
    tape = Tape()
    out = chain(tape)
    # x is named until `up` is done: 1 + 2; then 2 + 2 around silu; then 2 + 1
    assert tape.peak == 4 * B
    assert tape.live == B
    del out
    assert tape.live == 0


def test_a_residual_keeps_its_input_alive() -> None:
    tape = Tape()
    x = tape.input(1, 256)
    update = tape.linear(x, 256, "a")
    update = tape.linear(update, 256, "b")
    out = tape.add(x, update)
    # x, the result of a and of b; then x, b's and the sum
    assert tape.peak == 3 * B
    del x, update
    assert tape.live == B
    del out


@pytest.mark.parametrize(("elements", "blocks"), [(1, 1), (256, 1), (257, 2), (512, 2), (513, 3)])
def test_storages_are_whole_blocks(elements: int, blocks: int) -> None:
    tape = Tape("bf16")
    held = tape.input(elements)
    assert tape.live == blocks * B
    assert held.nbytes == 2 * elements  # the tensor itself is as long as it is


LAYERS: dict[str, Callable[[Tape, Tensor], Tensor]] = {  # layers of x[16, 64, 8], each with its bytes of weights alone
    "linear": lambda tape, x: tape.linear(x, 256, "layer"),
    "experts": lambda tape, x: tape.experts(x.view(128, 64), 256, "layer", 4),
    "convolution": lambda tape, x: tape.convolution(x, 256, (3,), "layer"),
    "transposed": lambda tape, x: tape.transposed_convolution(x, 256, (4,), "layer", out=(16,)),
}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_every_layer_with_weights_counts_them_where_weights_stream(layer: Callable[[Tape, Tensor], Tensor]) -> None:
    tape = Tape()
    out = layer(tape, tape.input(16, 64, 8))
    weights = 2 * sum(elements for path, (elements, _) in tape.parameters.items() if not path.endswith("bias"))
    assert tape.streamed[0] >= tape.peak + weights
    del out


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_what_a_layer_reads_has_memory_under_a_compiler(layer: Callable[[Tape, Tensor], Tensor]) -> None:
    tape = Tape(fused=True)
    with tape.repeat("blocks", 2):
        made = tape.act(tape.input(16, 64, 8))
        waiting = made.storage is not None and made.storage.waiting
        out = layer(tape, made)
        assert waiting
        assert made.storage is not None
        assert not made.storage.waiting
        del made, out


def test_a_view_keeps_its_storage_alive() -> None:
    tape = Tape()
    x = tape.input(4, 256)
    half = x.view(2, 256)
    del x
    assert tape.live == 4 * B
    assert half.nbytes == 2 * B
    del half
    assert tape.live == 0


def test_fused_attention_allocates_its_output_alone() -> None:
    tape = Tape()
    q, k, v = (tape.input(1, 1, 4, 64) for _ in range(3))
    before = tape.live
    out = tape.attention(q, k, v)
    assert tape.live == tape.peak == before + out.nbytes


# --- repeats ------------------------------------------------------------------------------------------------


def layers(tape: Tape, times: int) -> Tensor:
    """`times` linear layers of width 256 in a row."""
    x = tape.input(1, 256)
    with tape.repeat("layers", times):
        x = tape.linear(x, 256, "proj")
    return x  # noqa: RET504  the input must be gone when the round ends


def test_a_repeated_layer_has_weights_of_its_own_and_no_more_memory() -> None:
    tape = Tape()
    out = layers(tape, 7)
    assert tape.parameters == {"layers.*.proj.weight": (7 * 256 * 256, ""), "layers.*.proj.bias": (7 * 256, "")}
    assert [op.count for op in tape.ops] == [7]
    assert tape.ops[0].path == "layers.*.proj"
    assert tape.peak == 2 * B
    del out
    assert tape.live == 0


def test_a_repeated_layer_leaves_behind_what_backward_needs_every_time() -> None:
    tape = Tape(training=True)
    out = layers(tape, 7)
    # every layer keeps its input; the network's input needs no gradient but its layer's weight does
    assert tape.live == 7 * B + B
    assert tape.peak == 8 * B
    del out
    assert tape.live == 7 * B


def test_a_layer_taped_once_equals_the_same_layer_written_out() -> None:
    def written(tape: Tape) -> Tensor:
        x = tape.input(1, 256)
        for index in range(5):
            x = tape.linear(x, 256, f"layers.{index}.proj")
        return x

    for training in (False, True):
        short, long = Tape(training=training), Tape(training=training)
        a, b = layers(short, 5), written(long)
        assert short.peak == long.peak
        assert short.live == long.live
        assert short.parameter_count == long.parameter_count
        assert sum(op.flops * op.count for op in short.ops) == sum(op.flops * op.count for op in long.ops)
        del a, b


@pytest.mark.parametrize("training", [False, True])
def test_again_zero_times_counts_nothing(training: bool) -> None:
    tape = Tape(training=training)
    x = tape.input(1, 256)
    with tape.again(0):
        wide = tape.act(tape.linear(x, 4096, "wide"))
        x = tape.linear(wide, 256, "narrow")
        del wide
    assert tape.peak == B
    assert sum(op.count for op in tape.ops) == 0


def test_again_runs_the_same_weights() -> None:
    tape = Tape()
    x = tape.input(1, 256)
    with tape.again(3):
        x = tape.linear(x, 256, "shared")
    assert tape.parameter_count == 256 * 256 + 256
    assert [op.count for op in tape.ops] == [3]


def test_parameters_count_once_per_name() -> None:
    tape = Tape()
    x = tape.input(1, 256)
    x = tape.linear(x, 256, "tied")
    x = tape.linear(x, 256, "tied")
    assert tape.parameter_count == 256 * 256 + 256
    assert len(tape.ops) == 2


def test_names_follow_the_modules() -> None:
    tape = Tape()
    x = tape.input(1, 256)
    with tape.scope("outer"), tape.repeat("blocks", 2), tape.scope("mlp"):
        x = tape.linear(x, 256, "up", bias=False, keep="fp32")
    assert tape.parameters == {"outer.blocks.*.mlp.up.weight": (2 * 256 * 256, "fp32")}


# --- backward -----------------------------------------------------------------------------------------------


def test_backward_of_a_chain_by_hand() -> None:
    tape = Tape(training=True)
    out = chain(tape)
    walked = backward(tape, out)
    up, down = 2 * 512 * (256 + 1), 2 * 256 * (512 + 1)  # bytes of the weights' gradients
    # kept: x (1) for `up`, silu's input (2), `down`'s input (2), and the output (1)
    assert walked.kept == 6 * B
    assert walked.grads == up + down
    # at `up`, the last to go: output, x, the gradients of both layers, and the gradient of up's output (2)
    assert walked.peak == B + B + up + down + 2 * B
    # most activations and gradients of activations: all that is kept, the output's gradient, `down`'s input's (2);
    # and before that the loss: the output in float32 (2) and its square (2)
    assert walked.activations == 6 * B + 4 * B


def test_weights_gradients_stay_and_everything_kept_goes() -> None:
    tape = Tape(training=True)
    out = layers(tape, 9)
    walked = backward(tape, out)
    del out
    assert tape.live == walked.grads == 9 * 2 * 256 * (256 + 1)


@pytest.mark.parametrize("times", [1, 2, 8])
def test_checkpointing_keeps_only_the_input_of_each_round(times: int) -> None:
    def block(tape: Tape, x: Tensor) -> Tensor:
        return tape.add(x, tape.linear(tape.act(tape.linear(x, 1024, "up")), 256, "down"))

    def run(word: str) -> tuple[int, int]:
        tape = Tape(training=True, checkpointing=checkpointing(word))
        x = tape.linear(tape.input(1, 256), 256, "first")
        with tape.repeat("blocks", times):
            x = block(tape, x)
        walked = backward(tape, x)
        return walked.kept, walked.activations

    # network input; then each round's input, up's output and its activation (4 + 4); the output
    assert run("none")[0] == B + times * (1 + 4 + 4) * B + B
    assert run("full")[0] == B + times * B + B
    assert run("full")[1] <= run("none")[1]


def test_checkpointing_changes_nothing_without_repeats() -> None:
    def run(word: str) -> Backward:
        tape = Tape(training=True, checkpointing=checkpointing(word))
        return backward(tape, chain(tape))

    plain, full = run("none"), run("full")
    assert (plain.kept, plain.peak, plain.grads) == (full.kept, full.peak, full.grads)


# --- arrays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("network", [lambda tape, n: mixed(tape, n), lambda tape, n: layers(tape, n)])
def test_sizes_may_be_arrays(network: Callable[[Tape, object], Tensor], training: bool) -> None:
    counts = [1, 3, 100, 4096]
    whole = Tape(training=training)
    held = network(whole, np.array(counts, dtype=np.float64))
    for index, count in enumerate(counts):
        single = Tape(training=training)
        kept = network(single, count)
        assert whole.peak[index] == single.peak
        assert np.broadcast_to(whole.live, 4)[index] == single.live
        del kept
    del held


def mixed(tape: Tape, n: object) -> Tensor:
    """Norm, attention and a chunked tail over n tokens."""
    x = tape.input(1, n, 128)
    h = tape.rms_norm(tape.layer_norm(x, "norm"), "rms")
    q = h.view(1, 2, n, 64)
    merged = tape.copy(tape.attention(q, q, q)).view(1, n, 128)
    with tape.again(n):
        merged = tape.act(merged)
    return tape.mul(merged, tape.cast(x, "fp32"))
