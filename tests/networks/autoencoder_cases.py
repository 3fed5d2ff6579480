"""Golden cases of video autoencoders: one call sees half of the weights, so both halves together are counted."""

from typing import Any

from golden_cases import flops, taped


def check_autoencoder(case: dict[str, Any]) -> None:
    """Weights of both halves, and FLOPs and peak of live activations of this call, equal those of the published class."""
    tape = taped(case)
    assert flops(tape) == case["flops"]
    assert tape.peak == case["peak_activation_bytes"]
    assert tape.live == 0
    assert weights(case) == case["params"]


def weights(case: dict[str, Any]) -> int:
    """Weight elements of the decoder and the encoder."""
    one = {"batch": 1, "latent": [2, 8, 8], "pixels": [17, 64, 64]}
    halves = ("vae_decode", "vae_encode")
    both = {
        name: count
        for half in halves
        for name, (count, _) in taped(case | {"component": half, "shape": one}).parameters.items()
    }
    return sum(both.values())
