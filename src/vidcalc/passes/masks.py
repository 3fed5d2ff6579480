"""Which share of the score blocks of self-attention a method of sparse attention computes, by its own rule.

Every function takes plain numbers (`of_each` asks it for each of a sweep). Sources: data/sparse.toml, by method.
"""

from vidcalc.catalog.sparse import Windows
from vidcalc.passes.schedules import TIMES, timesteps


def steps(count: float, density: float, near_noise: float, layers: float, shift: float) -> float:
    """Sparse VideoGen: whole at timesteps above TIMES (1 - near_noise) and in the first share of the layers."""
    times = timesteps(int(count), shift)
    whole = sum(time > TIMES * (1 - near_noise) for time in times) / len(times)
    return whole + (1 - whole) * (layers + (1 - layers) * density)


def radial(count: float, frames: float, tokens: float, decay: float, block: float, dense: float) -> float:
    """Radial attention: two frames see a band of each other, half as wide at twice the distance.

    count  steps, of which `dense` stay whole;  frames  of the latent, of `tokens` each;  block  width of a kernel's
    A band is at least a block wide; where it would be narrower, only some distances are seen at all. Every frame sees
    the first one.
    """
    size, many = int(tokens), int(frames)
    longest = 2 ** size.bit_length()
    seen = 0.0
    for far in range(many):
        pairs = (2 if far else 1) * (many - far)  # ordered pairs of frames at that distance
        narrow = longest / 2 ** far.bit_length()
        width = size if not far else size // 2 if far == 1 else max(narrow * decay, block)
        if narrow < block and far % int(block / narrow):
            width = 0
        to_first = 1 if far else 0  # of these, the pair that looks at the first frame
        seen += (pairs - to_first) * _band(size, width) + to_first
    whole = min(dense / count, 1.0)
    return whole + (1 - whole) * seen / many**2


def _band(size: int, width: float) -> float:
    """Share of a square of `size` that lies within `width` of its diagonal."""
    out = max(size - width, 0) if width else size
    # two triangles with that side stay out
    return 1 - (out / size) ** 2


def tiles(size: tuple[float, float, float], window: tuple[float, float, float]) -> float:
    """Sliding tiles: a window of tokens around each tile, whole at the edges of a small clip.

    size, window  (frames, height, width) in tokens
    """
    share = 1.0
    for whole, part in zip(size, window, strict=True):
        share *= min(part / whole, 1.0)
    return share


def by_layer(windows: Windows) -> float:
    """Windows by layer: the average share over the layers."""
    height, width = windows.base
    layers = sum(count for _, _, count in windows.layers)
    return sum(count * high * wide for high, wide, count in windows.layers) / (height * width * layers)
