"""Other autoencoders against published classes: TAEHV's layers built here in torch, the pruned Wan's in diffusers.

TAEHV is in no library: its layers and the order in which frames go through them are written down again from the makers'
code (madebyollin/taehv, parallel=False).
"""

from collections import deque
from typing import Any

import pytest
import torch
from torch import nn

from vidcalc.catalog.autoencoders import autoencoder
from vidcalc.describe.shape import Shape
from vidcalc.reference import measure
from vidcalc.reference.classes import build
from vidcalc.reference.meta import empty
from vidcalc.reference.verify import call_of
from vidcalc.tape.trace import trace

FP16 = torch.float16
TINY = ("taehv", "taew2_1", "taew2_2", "taehv1_5", "taecvx", "taeos1_3", "taeltx_2")
FRAMES, HEIGHT, WIDTH = 5, 12, 20


def conv(c_in: int, c_out: int, **more: Any) -> nn.Conv2d:
    return nn.Conv2d(c_in, c_out, 3, padding=1, **more)


class Block(nn.Module):
    """A frame and the one before it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        relu = nn.ReLU(inplace=True)
        self.conv = nn.Sequential(conv(2 * width, width), relu, conv(width, width), relu, conv(width, width))
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Any, past: Any) -> Any:
        return self.act(self.conv(torch.cat((x, past), 1)) + x)


class Grow(nn.Conv2d):
    """Pointwise, to `times` frames."""

    def __init__(self, width: int, times: int) -> None:
        super().__init__(width, width * times, 1, bias=False)
        self.times = times


class Pool(nn.Conv2d):
    """Pointwise, of `times` frames."""

    def __init__(self, width: int, times: int) -> None:
        super().__init__(width * times, width, 1, bias=False)
        self.times = times


class Soft(nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.tanh(x / 3) * 3


def tiny(latent: int, patch: int, down: tuple[int, ...], up: tuple[int, ...]) -> tuple[nn.Sequential, nn.Sequential]:
    """(encoder, decoder) on the meta device; down, up: frames of each level that become one, and the other way."""
    colours, act = 3 * patch**2, nn.ReLU(inplace=True)
    layers: list[nn.Module] = [conv(colours, 64), act]
    for times in down:
        layers += [Pool(64, times), conv(64, 64, stride=2, bias=False), *(Block(64) for _ in range(3))]
    encoder = nn.Sequential(*layers, conv(64, latent))
    widths = (256, 128, 64, 64)
    layers = [Soft(), conv(latent, widths[0]), act]
    for width, after, times in zip(widths, widths[1:], up, strict=False):
        layers += [*(Block(width) for _ in range(3)), nn.Upsample(scale_factor=2), Grow(width, times)]
        layers += [conv(width, after, bias=False)]
    return encoder, nn.Sequential(*layers, act, conv(64, colours))


def walked(net: nn.Sequential, frames: Any) -> Any:
    """Frames through the layers, each as far as it goes before the next one starts."""
    waiting = deque((frame, 0) for frame in frames.unbind(1))
    del frames
    before: dict[int, Any] = {}
    made = []
    while waiting:
        frame, place = waiting.popleft()
        if place == len(net):
            made.append(frame)
            continue
        layer = net[place]
        if isinstance(layer, Block):
            past = before.get(place)
            result = layer(frame, torch.zeros_like(frame) if past is None else past)
            before[place] = frame
            frame = result
            del result, past
        elif isinstance(layer, Pool):
            before.setdefault(place, []).append(frame)
            if len(before[place]) < layer.times:
                del frame
                continue
            frame = layer(torch.cat(before.pop(place), 1))
        else:
            frame = layer(frame)
        if isinstance(layer, Grow):
            waiting.extendleft((each, place + 1) for each in reversed(frame.chunk(layer.times, 1)))
        else:
            waiting.appendleft((frame, place + 1))
        del frame
    return torch.stack(made, 1)


def networks(name: str) -> tuple[nn.Sequential, nn.Sequential, Any]:
    config = autoencoder(name).vae.config
    patch, latent = config.get("patch_size", 1), config["latent_channels"]
    down = [1 + pools for pools in config.get("encoder_time_downscale", (True, True, False))]
    up = [1 + grows for grows in config.get("decoder_time_upscale", (False, True, True))]
    with torch.device("meta"):
        encoder, decoder = tiny(latent, patch, tuple(down), tuple(up))
    return encoder.to(FP16), decoder.to(FP16), (latent, patch, 2 ** sum(each - 1 for each in down))


def close(found: Any, measured: dict[str, Any]) -> None:
    assert found.flops == measured["flops"]
    assert found.peak == pytest.approx(measured["peak_activation_bytes"], rel=0.02)


@pytest.mark.parametrize("name", TINY)
def test_a_tiny_autoencoder_has_the_layers_of_its_class(name: str) -> None:
    encoder, decoder, (latent, patch, times) = networks(name)
    vae = autoencoder(name).vae
    decoded = trace(vae, "decode", Shape(frames=FRAMES, height=HEIGHT, width=WIDTH), "fp16")
    sides = HEIGHT * vae.spatial_compression, WIDTH * vae.spatial_compression
    encoded = trace(vae, "encode", Shape(frames=1 + times, height=sides[0], width=sides[1]), "fp16")
    for net, ours in ((decoder, decoded), (encoder, encoded)):
        assert ours.parameter_count == sum(each.numel() for each in net.parameters())

    def decode() -> Any:
        video = walked(decoder, empty(1, FRAMES, latent, HEIGHT, WIDTH, dtype=FP16))
        if patch > 1:
            video = nn.functional.pixel_shuffle(video, patch)
        return video.clamp_(0, 1)[:, times - 1 :]

    def encode() -> Any:
        given = empty(1, 1 + times, 3, *sides, dtype=FP16)  # its caller has it too
        video = given if patch == 1 else nn.functional.pixel_unshuffle(given, patch)
        more = video[:, -1:].repeat_interleave(times - 1, dim=1)
        video = torch.cat((video, more), 1)
        return walked(encoder, video)

    close(decoded, measure.measure(decode, decoder))
    close(encoded, measure.measure(encode, encoder))


def test_the_pruned_autoencoder_of_wan_is_that_class_with_a_quarter_of_the_channels() -> None:
    vae = autoencoder("lightvaew2_1").vae
    module: Any = build("AutoencoderKLWan", dict(vae.config), "fp16")
    decoded = trace(vae, "decode", Shape(frames=FRAMES, height=HEIGHT, width=WIDTH), "fp16")
    encoded = trace(vae, "encode", Shape(frames=5, height=8 * HEIGHT, width=8 * WIDTH), "fp16")
    names = {**decoded.parameters, **encoded.parameters}
    assert sum(elements for elements, _ in names.values()) == measure.parameters(module).total
    shape = {"batch": 1, "latent": [FRAMES, HEIGHT, WIDTH]}
    close(decoded, measure.measure(call_of("vae_decode", module, shape), module))
