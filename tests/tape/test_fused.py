"""Results inside a chain of fused kernels have no memory; what another kernel reads, and what a block hands on, has."""

from vidcalc.tape import Tape, Tensor

B = 512  # bytes of [256] in bf16


def feed_forward(tape: Tape, x: Tensor) -> Tensor:
    wide = tape.act(tape.linear(tape.scale(tape.act(x)), 1024, "up"), "gelu")
    return tape.add(x, tape.scale(tape.linear(wide, 256, "down")))


def run(fused: bool, times: int = 3) -> Tape:
    tape = Tape(fused=fused)
    hidden = tape.input(1, 256)
    with tape.repeat("blocks", times, hidden):
        hidden = feed_forward(tape, hidden)
    del hidden
    return tape


def test_eager_holds_every_result() -> None:
    # x, and 4 + 4 around the activation
    assert run(fused=False).peak == 9 * B


def test_a_fused_activation_is_written_over_its_input() -> None:
    # x, the wide result, and what `down` makes of it: the activation has no bytes of its own
    assert run(fused=True).peak == 6 * B
    assert run(fused=True).live == 0


def test_outside_of_blocks_nothing_is_fused() -> None:
    tape = Tape(fused=True)
    x = tape.input(1, 256)
    y = tape.act(tape.scale(x))
    assert tape.peak == 3 * B
    del x, y
    assert tape.live == 0


def test_work_and_weights_are_the_same() -> None:
    eager, fused = run(fused=False), run(fused=True)
    assert [(op.kind, op.count) for op in eager.ops] == [(op.kind, op.count) for op in fused.ops]
    assert eager.parameters == fused.parameters
