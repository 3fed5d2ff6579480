"""Building blocks of the Wan causal video VAE: cached causal convolutions, norms, residual blocks, resampling.

In Wan 2.2 each level keeps a copy of its input and adds it, resampled without weights by averaging or duplicating, to
its output; pixels are folded into channels before the encoder and unfolded after the decoder. Mirrors diffusers'
AutoencoderKLWan modules, including which copies eager PyTorch makes.
Source: diffusers 0.42.1 models/autoencoders/autoencoder_kl_wan.py.
"""

from vidcalc.base.number import Number, minimum
from vidcalc.tape import ELEMENT_BYTES, Tape, Tensor


class FeatureCache:
    """The last frames each causal convolution saw, carried from chunk to chunk.

    chunk   "first" (nothing cached yet), "second" or "later"
    chunks  how many chunks there are in all; a cache never holds more frames than have been seen
    """

    def __init__(self, chunks: Number) -> None:
        self.tensors: list[Tensor | None] = []
        self.chunk = "first"
        self.index = 0
        self.frames = minimum(2, chunks)
        self.late_frames = minimum(2, 2 * (chunks - 1))

    def start(self, chunk: str) -> None:
        """Begin the next chunk of frames."""
        self.chunk, self.index = chunk, 0

    def entry(self) -> Tensor | None:
        """What the next convolution cached in the chunk before."""
        if self.index == len(self.tensors):
            self.tensors.append(None)
        return self.tensors[self.index]

    def store(self, tensor: Tensor | None) -> None:
        """Replace it, and move on."""
        self.tensors[self.index] = tensor
        self.index += 1


def causal_conv(
    tape: Tape,
    x: Tensor,
    c_out: Number,
    kernel: tuple[int, int, int],
    name: str,
    cached: Tensor | None = None,
    *,
    time_padding: int | None = None,
    time_stride: int = 1,
) -> Tensor:
    """x[b, c, t, h, w], padded in front in time and around in space (always a copy), then convolved."""
    b, c, t, h, w = x.shape
    kt, kh, kw = kernel
    front = kt - 1 if time_padding is None else time_padding
    joined = x
    if cached is not None and front:
        joined = tape.cat((cached, x), b, c, t + cached.shape[2], h, w)
    padded = tape.copy(joined, b, c, t + front, h + kh - 1, w + kw - 1, name="pad")
    del joined
    frames = (t + front - kt) // time_stride + 1
    return tape.convolution(padded, c_out, kernel, name, out=(frames, h, w))


def cached_conv(tape: Tape, x: Tensor, c_out: Number, name: str, cache: FeatureCache) -> Tensor:
    """A 3×3×3 causal convolution that remembers the last two frames of its input for the next chunk."""
    b, c, t, h, w = x.shape
    past = cache.entry()
    if cache.chunk == "first":
        keep = tape.copy(x, b, c, 1, h, w, name="cache")
    elif t < 2 and past is not None:
        last = tape.copy(x, b, c, 1, h, w, name="cache")
        keep = tape.cat((last, last), b, c, cache.frames, h, w)
        del last
    else:
        keep = tape.copy(x, b, c, cache.frames, h, w, name="cache")
    out = causal_conv(tape, x, c_out, (3, 3, 3), name, past)
    cache.store(keep)
    return out


def channel_norm(tape: Tape, x: Tensor, name: str) -> Tensor:
    """L2 norm over channels in float32, times root of the width, times gamma, plus 0 (WanRMS_norm).

    At its widest a narrow dtype has two float32 copies and the lengths alive, float32 itself three copies.
    """
    tape.parameter(name + ".gamma", x.shape[1])
    own, wide, lengths = x.nbytes, x.elements * ELEMENT_BYTES["fp32"], x.elements // x.shape[1] * ELEMENT_BYTES["fp32"]
    size, single = ELEMENT_BYTES[x.dtype], ELEMENT_BYTES["fp32"]
    if x.dtype == "fp32":
        tape.transient(3 * own)
        tape.traffic(name + ".length", own, 2, way="single", each=size)  # a sum over channels
        tape.traffic(name + ".divide", 4 * own, 2, way="single", each=2 * size)  # by it, and times gamma
    else:
        tape.transient(2 * wide + lengths)
        tape.traffic(name + ".cast", 2 * (own + wide), 2, way="single", each=size + single)  # to float32 and back
        tape.traffic(name + ".divide", 2 * wide, way="single", each=2 * single)
        # times gamma, and the sum over channels, of as many bytes an element
        tape.traffic(name + ".gamma", 2 * own + wide, 3, way="single", each=2 * size)
    tape.traffic(name + ".scale", 4 * own, 2)  # times a number, plus a number
    return tape.empty(x.shape, x.dtype, x.node, x.elements)


def residual_block(tape: Tape, x: Tensor, c_out: Number, name: str, cache: FeatureCache) -> Tensor:
    """norm, SiLU, causal convolution, twice; a 1×1×1 shortcut where the width changes."""
    with tape.scope(name):
        shortcut = x if x.shape[1] == c_out else causal_conv(tape, x, c_out, (1, 1, 1), "conv_shortcut")
        hidden = channel_norm(tape, x, "norm1")
        hidden = tape.act(hidden)
        hidden = cached_conv(tape, hidden, c_out, "conv1", cache)
        hidden = channel_norm(tape, hidden, "norm2")
        hidden = tape.act(hidden)
        hidden = cached_conv(tape, hidden, c_out, "conv2", cache)
        return tape.add(hidden, shortcut)


def attention_block(tape: Tape, x: Tensor, name: str) -> Tensor:
    """Single-head attention over the places of each frame."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        flat = x.view(b * t, c, h, w)
        normed = channel_norm(tape, flat, "norm")
        qkv = tape.convolution(normed, 3 * c, (1, 1), "to_qkv")
        del normed
        qkv = tape.copy(qkv)
        q = qkv.view(b * t, 1, h * w, c)
        out = tape.attention(q, q, q)
        out = tape.convolution(out.view(b * t, c, h, w), c, (1, 1), "proj")
        return tape.add(out.view(b, c, t, h, w), x)


def mid_block(tape: Tape, x: Tensor, name: str, cache: FeatureCache) -> Tensor:
    """Residual block, attention, residual block."""
    width = x.shape[1]
    with tape.scope(name):
        hidden = residual_block(tape, x, width, "resnets.0", cache)
        hidden = attention_block(tape, hidden, "attentions.0")
        return residual_block(tape, hidden, width, "resnets.1", cache)


def frames_first(tape: Tape, x: Tensor) -> tuple[Tensor, Tensor]:
    """[b, c, t, h, w] -> [b·t, c, h, w], and the copy this takes where both b and t are above one (else empty)."""
    b, c, t, h, w = x.shape
    extra = tape.empty((b * t * minimum((b - 1) * (t - 1), 1), c, h, w), x.dtype)
    return x.view(b * t, c, h, w), extra


def upsample(tape: Tape, x: Tensor, mode: str, c_out: Number, name: str, cache: FeatureCache) -> Tensor:
    """Twice the height and width, and with mode "upsample3d" twice the frames of all but the first chunk."""
    with tape.scope(name):
        hidden = upsample_time(tape, x, cache) if mode == "upsample3d" else x
        b, c, t, h, w = hidden.shape
        flat, extra = frames_first(tape, hidden)
        if mode == "upsample3d":
            del extra  # the stacked frames go when the copy is made, so only one of them stays
        wide = tape.cast(flat, "fp32")
        enlarged = tape.pointwise("upsample", (wide,), (b * t, c, 2 * h, 2 * w))
        del wide
        enlarged = tape.cast(enlarged, x.dtype)
        out = tape.convolution(enlarged, c_out, (3, 3), "resample.1")
        return out.view(b, c_out, t, 2 * h, 2 * w)


def upsample_time(tape: Tape, x: Tensor, cache: FeatureCache) -> Tensor:
    """Two frames from one by a causal convolution over time; the first chunk passes through."""
    b, c, t, h, w = x.shape
    tape.parameter("time_conv.weight", 2 * c * c * 3)
    tape.parameter("time_conv.bias", 2 * c)
    past = cache.entry()
    if cache.chunk == "first":
        cache.store(None)
        return x
    if t < 2:
        last = tape.copy(x, b, c, 1, h, w, name="cache")
        keep = tape.cat((last, last), b, c, cache.late_frames, h, w)
        del last
    else:
        keep = tape.copy(x, b, c, cache.late_frames, h, w, name="cache")
    doubled = causal_conv(tape, x, 2 * c, (3, 1, 1), "time_conv", past)
    cache.store(keep)
    del past
    return tape.copy(doubled, name="stack").view(b, c, 2 * t, h, w)


def downsample(tape: Tape, x: Tensor, mode: str, name: str, cache: FeatureCache) -> Tensor:
    """Half the height and width, and with mode "downsample3d" half the frames of all but the first chunk."""
    b, c, t, h, w = x.shape
    with tape.scope(name):
        flat, extra = frames_first(tape, x)
        padded = tape.copy(flat, b * t, c, h + 1, w + 1, name="pad")
        out = tape.convolution(padded, c, (3, 3), "resample.1", out=(h // 2, w // 2))
        del padded, flat, extra
        hidden = out.view(b, c, t, h // 2, w // 2)
        del out
        return downsample_time(tape, hidden, cache) if mode == "downsample3d" else hidden


def downsample_time(tape: Tape, x: Tensor, cache: FeatureCache) -> Tensor:
    """One frame from two by a strided convolution over time; the first chunk passes through."""
    b, c, t, h, w = x.shape
    tape.parameter("time_conv.weight", c * c * 3)
    tape.parameter("time_conv.bias", c)
    past = cache.entry()
    keep = tape.copy(x, b, c, 1, h, w, name="cache")
    if past is None:
        cache.store(keep)
        return x
    joined = tape.cat((past, x), b, c, t + 1, h, w)
    out = causal_conv(tape, joined, c, (3, 1, 1), "time_conv", time_padding=0, time_stride=2)
    cache.store(keep)
    return out


def residual_up(
    tape: Tape, x: Tensor, c_out: Number, blocks: int, *, up: bool, temporal: bool, cache: FeatureCache
) -> Tensor:
    """Residual blocks, then (with `up`) twice the height and width, and with `temporal` twice the frames."""
    shortcut = tape.copy(x, name="clone")
    hidden = x
    for i in range(blocks):
        hidden = residual_block(tape, hidden, c_out, f"resnets.{i}", cache)
    if up:
        mode = "upsample3d" if temporal else "upsample2d"
        hidden = upsample(tape, hidden, mode, c_out, "upsampler", cache)
        hidden = tape.add(hidden, duplicate(tape, shortcut, c_out, temporal, cache.chunk))
    return hidden


def residual_down(
    tape: Tape, x: Tensor, c_out: Number, blocks: int, *, down: bool, temporal: bool, cache: FeatureCache
) -> Tensor:
    """Residual blocks, then (with `down`) half the height and width, and with `temporal` half the frames."""
    shortcut = tape.copy(x, name="clone")
    hidden = x
    for i in range(blocks):
        hidden = residual_block(tape, hidden, c_out, f"resnets.{i}", cache)
    if down:
        mode = "downsample3d" if temporal else "downsample2d"
        hidden = downsample(tape, hidden, mode, "downsampler", cache)
    return tape.add(hidden, average(tape, shortcut, c_out, down, temporal))


def duplicate(tape: Tape, x: Tensor, c_out: Number, temporal: bool, chunk: str) -> Tensor:
    """x[b, c, t, h, w] with each channel repeated and spread over the new places; the first chunk stays one frame."""
    b, _, t, h, w = x.shape
    frames = 2 if temporal else 1
    repeated = tape.copy(x, b, c_out * frames * 4, t, h, w, name="repeat_interleave")
    out = tape.copy(repeated, b, c_out, frames * t, 2 * h, 2 * w, name="spread")
    kept = {True: frames * (t - 1) + 1, False: frames * t}[chunk == "first"]
    return out.view(b, c_out, kept, 2 * h, 2 * w)


def average(tape: Tape, x: Tensor, c_out: Number, down: bool, temporal: bool) -> Tensor:
    """x[b, c, t, h, w] folded into channels (time padded in front to an even length), then averaged to c_out."""
    b, c, t, h, w = x.shape
    frames, side = (2 if temporal else 1), (2 if down else 1)
    t_out = -(-t // frames)
    padded = tape.copy(x, b, c, t_out * frames, h, w, name="pad")
    folded = tape.copy(padded, name="fold")
    del padded
    return tape.pointwise("mean", (folded,), (b, c_out, t_out, h // side, w // side))


def patchify(tape: Tape, x: Tensor, patch: Number) -> Tensor:
    """Squares of `patch` pixels into channels."""
    b, c, t, h, w = x.shape
    return tape.copy(x, b, c * patch * patch, t, h // patch, w // patch, name="patchify")


def unpatchify(tape: Tape, x: Tensor, patch: Number) -> Tensor:
    """Channels back into squares of `patch` pixels."""
    b, c, t, h, w = x.shape
    return tape.copy(x, b, c // (patch * patch), t, h * patch, w * patch, name="unpatchify")
