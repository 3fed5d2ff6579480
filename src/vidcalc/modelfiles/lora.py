"""A file of adapters: which layers of which network they stand beside, and of what rank.

Names as peft and diffusers write them (`transformer.blocks.0.attn1.to_q.lora_A.weight`), as ComfyUI does
(`diffusion_model.…lora_down.weight`), and as kohya's scripts do (`lora_unet_blocks_0_self_attn_q.lora_up.weight`). A is
[rank, d_in] and B is [d_out, rank]; the network is the one of the catalogue that has layers of those names and sizes.
"""

import re

import msgspec

from vidcalc.catalog.families import members, role
from vidcalc.catalog.models import model
from vidcalc.catalog.spellings import in_common
from vidcalc.describe.adapters import TARGETS, Adapters
from vidcalc.modelfiles.header import Header
from vidcalc.modelfiles.identify import models_of, taped_candidates
from vidcalc.modelfiles.layouts import of_class
from vidcalc.modelfiles.weights import PLACES, Parameters, in_layout

DOWN = re.compile(r"\.(?:lora_A|lora_down|lora\.down)(?:\.default)?(?:\.weight)?$")
UP = re.compile(r"\.(?:lora_B|lora_up|lora\.up)(?:\.default)?(?:\.weight)?$")
OTHER = (".alpha", ".dora_scale", ".diff", ".diff_b", ".lokr_w1", ".lokr_w2", ".hada_w1_a", ".lora_magnitude_vector")
PREFIXES = (
    "base_model.model.",
    "diffusion_model.",
    "model.diffusion_model.",
    "transformer.",
    "unet.",
    "lora_unet_",
    "pipe.dit.",
)
NUMBERS = re.compile(r"_\d+(?=_|$)")  # of kohya's names
EXPERT = re.compile(
    r"[-_ ]?(?<![a-z])(high|low)([-_ ]?noise)?(?![a-z])", re.IGNORECASE
)  # of two experts, whose LoRAs come in pairs
RANK = re.compile(
    r"(rank|lora)[-_ ]?([1-9]\d{0,3})(?![\d]|\.\d|[a-z])", re.IGNORECASE
)  # "rank64", "distilled-lora-384"
LEAST = 4  # a smaller number in a name is a version
USUAL = (8, 16, 32, 64, 96, 128, 192, 256, 384, 512)  # ranks: other numbers after "lora" are steps, dates or sizes
ENOUGH = 0.9  # of a file's layers that the network must have


class Adapted(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of adapters is.

    model   of the catalogue that it is for, "" for none that is known;  also: others that have the same layers
    rank    of most layers;  targets: the words of `Adapters` that cover its layers most closely
    layers  with an adapter;  params: its elements;  nbytes: its bytes
    """

    model: str
    also: tuple[str, ...]
    rank: int
    targets: str
    layers: int
    params: int
    nbytes: int


def of_both_experts(name: str) -> str:
    """The name of a file without the word for the expert that it is for: equal of a pair."""
    return EXPERT.sub("", name)


def rank_said(name: str) -> int:
    """The rank that a file's name speaks of; 0 where it says none."""
    found = [(word.casefold(), int(number)) for word, number in RANK.findall(name)]
    return next((rank for word, rank in found if rank >= LEAST and (word == "rank" or rank in USUAL)), 0)


def is_adapters(header: Header) -> bool:
    """Whether most tensors of a file are parts of adapters."""
    parts = sum(bool(DOWN.search(name) or UP.search(name)) or name.endswith(OTHER) for name in header.tensors)
    return parts * 2 > len(header.tensors) > 0


def adapted(header: Header, file: str) -> Adapted:
    """The adapters in a file of that name."""
    down = {DOWN.sub("", name): t for name, t in header.tensors.items() if DOWN.search(name) and t.shape}
    up = {UP.sub("", name): t for name, t in header.tensors.items() if UP.search(name) and t.shape}
    layers = {name: (down[name].shape[0], up[name].shape[0] * _inputs(down[name].shape)) for name in down if name in up}
    ranks = [rank for rank, _ in layers.values()]
    rank = max(set(ranks), key=ranks.count, default=0)
    base, also = _base({_layer(name): size for name, (_, size) in layers.items()}, file)
    return Adapted(
        model=base,
        also=also,
        rank=rank,
        targets=_targets(list(layers)),
        layers=len(layers),
        params=header.elements,
        nbytes=header.nbytes,
    )


def _inputs(shape: tuple[int, ...]) -> int:
    inputs = 1
    for size in shape[1:]:
        inputs *= size
    return inputs


def _layer(name: str) -> str:
    """The layer of an adapter without prefixes and numbers, its words joined alike in every spelling."""
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return _joined(PLACES.sub("", name + ".").rstrip("."))


def _joined(name: str) -> str:
    return NUMBERS.sub("", name.replace(".", "_"))


def _base(layers: dict[str, int], file: str) -> tuple[str, tuple[str, ...]]:
    """(model, others as good) whose network has those layers with those sizes [d_out x d_in]."""
    fitting: list[tuple[float, str]] = []
    for _like, component, ours in taped_candidates():
        if role(component.network) != "denoiser":
            continue
        ways = [ours] + [in_layout(ours, pairs) for each in of_class(component.class_) for pairs in each.ways()]
        share = max(_shared(layers, each) for each in ways)
        if share >= ENOUGH:
            fitting += [(share, name) for name in models_of(component)]
    if not fitting:
        return "", ()
    best = max(share for share, _ in fitting)
    names = [name for share, name in fitting if share == best]
    by_class = members()

    def rank(name: str) -> tuple[int, int, bool, str, str]:
        it = model(name)
        return -in_common(file, name), -len(by_class[it.denoiser.class_]), it.task != "t2v", it.released, name

    chosen, *also = sorted(names, key=rank)
    alike = [name for name in also if in_common(file, name) == in_common(file, chosen)]
    return chosen, tuple(alike)


def _shared(layers: dict[str, int], ours: Parameters) -> float:
    """The share of a file's layers that a network has, with the same size."""
    sizes: dict[str, set[int]] = {}
    for name, (times, elements) in ours.items():
        if name.endswith(".weight"):
            sizes.setdefault(_joined(name.removesuffix(".weight")), set()).add(elements // times)
    found = sum(size in sizes.get(name, ()) for name, size in layers.items())
    return found / len(layers) if layers else 0.0


def _targets(names: list[str]) -> str:
    """The narrowest word that covers the layers."""
    plain = [re.sub(r"_(?=(q|k|v|o|to_q|to_k|to_v|ffn|to_out)(_|$))", ".", name) for name in names]
    for word in TARGETS:
        chosen = Adapters(rank=1, targets=word)
        if all(chosen.on("." + _dotted(name)) for name in plain):
            return word
    return TARGETS[-1]


def _dotted(name: str) -> str:
    """kohya's "ffn_0" and "to_out_0" with the dots that they lost."""
    return re.sub(r"(?<=ffn|out)_(?=\d)", ".", name)
