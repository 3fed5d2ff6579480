"""Activations that transformers spells out in several kernels."""

from vidcalc.tape import Tape, Tensor


def gelu_new(tape: Tape, x: Tensor) -> Tensor:
    """½·x·(1 + tanh(c·(x + 0.044715·x³))), eight kernels: at its widest three tensors beside x are alive."""
    half = tape.scale(x)
    cube = tape.act(x, "pow")
    scaled = tape.scale(cube)
    del cube
    inner = tape.add(x, scaled)
    del scaled
    argument = tape.scale(inner)
    del inner
    squashed = tape.act(argument, "tanh")
    del argument
    shifted = tape.scale(squashed)
    del squashed
    return tape.mul(half, shifted)


def quick_gelu(tape: Tape, x: Tensor) -> Tensor:
    """x·sigmoid(1.702·x), three kernels."""
    scaled = tape.scale(x)
    gate = tape.act(scaled, "sigmoid")
    del scaled
    return tape.mul(x, gate)
