"""Small weights beside a network's own, which stay as they are: LoRA and DoRA, trained or loaded to generate."""

from typing import Literal

import msgspec

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.number import Number
from vidcalc.describe.setting import words

Targets = Literal["attention", "attention+ffn", "all"]
Kind = Literal["lora", "dora"]
Dropout = Literal["off", "on"]
Keeps = Literal["nothing", "input", "weights", "scaled"]
LoraMode = Literal["merged", "live", "patched"]

TARGETS, KINDS, DROPOUTS, KEEPS = words(Targets), words(Kind), words(Dropout), words(Keeps)

# Names of linear layers, as they end. Attention: what diffusers' and peft's recipes name, and the same four layers
# under the names of published code that calls them otherwise.
ATTENTION = (
    *("to_q", "to_k", "to_v", "to_out.0", "self_attn.to_out", "to_qkv", "to_query", "to_key", "to_value"),
    *("q_proj", "k_proj", "v_proj", "o_proj", "q_linear", "kv_linear", "qkv", "wq", "wk", "wv", "wkv", "wqkv", "wo"),
    *("q", "k", "v", "o", "attn.proj", "attention.out_layer", "linear_qkv.qx", "linear_qkv.v", "linear_proj"),
)
# linear arithmetic in a class of its own, which is no torch Linear: peft's "all-linear" passes it by
OWN_CLASSES = (".motion_network.",)
FEED_FORWARD = (
    *("net.0.proj", "net.2", "proj_mlp", "feed_forward.in_layer", "feed_forward.out_layer", "fc1", "fc2"),
    *("linear_fc1", "linear_fc2", "w1", "w2", "w3", "gate_proj", "up_proj", "down_proj", "ffn.0", "ffn.2"),
)


class Adapters(msgspec.Struct, frozen=True, kw_only=True):
    """Adapters of one rank on some linear layers.

    rank     inner width of each adapter; positive
    targets  "attention" (queries, keys, values and output of attention layers), "attention+ffn", or "all" linears
    kind     "lora", or "dora": with a learned magnitude of each output beside it
    dtype    what the adapters' weights are in, to which peft casts what they read; "" follows the network's
    autocast the dtype that autocast brings their products to; "" where it is off: they run in that of their weights
    dropout  "on": what an adapter reads has elements dropped first; the rest and the mask wait for backward
    keeps    what a frozen linear layer keeps for backward: "nothing" (its weights are there anyway), "input" (an
             autograd function of its own keeps what it was called with), "weights" (a copy of weights that are stored
             narrower), "scaled" (the steps of scaling its input into float8, which autograd follows)

    Raises InputError for a rank below 1, and for other words.
    """

    rank: Number
    targets: str = "attention"
    kind: str = "lora"
    dtype: str = "fp32"
    autocast: str = ""
    dropout: str = "off"
    keeps: str = "nothing"

    def __post_init__(self) -> None:
        if isinstance(self.rank, int | float) and self.rank < 1:
            raise InputError("lora-rank", self.rank, ("1, 2, 3 …",), "1")
        if self.targets not in TARGETS:
            raise InputError("lora-targets", self.targets, TARGETS, nearest(self.targets, TARGETS))
        for flag, word, choices in (
            ("adapters", self.kind, KINDS),
            ("lora-dropout", self.dropout, DROPOUTS),
            ("base-keeps", self.keeps, KEEPS),
        ):
            if word not in choices:
                raise InputError(flag, word, choices, nearest(word, choices))

    def on(self, path: str) -> bool:
        """Whether the linear layer of that dotted name has an adapter."""
        if self.targets == "all":
            return not any(name in f".{path}" for name in OWN_CLASSES)
        return any(path.endswith("." + name) for name in _ENDINGS[self.targets])

    def weights(self, d_in: Number, d_out: Number) -> Number:
        """Trained elements on one linear layer [elements]."""
        return self.rank * (d_in + d_out) + d_out * (self.kind == "dora")


class Loras(msgspec.Struct, frozen=True, kw_only=True):
    """LoRAs that a network runs with while it generates and that are not merged into its weights.

    each   of them, in the order they are loaded
    mode   "live": each layer's A and B run beside it (peft); "patched": B·A is added to a copy of the layer's weights
           at every use (ComfyUI, where weights cannot be merged into)
    """

    each: tuple[Adapters, ...]
    mode: LoraMode = "live"

    def on(self, path: str) -> tuple[Adapters, ...]:
        """Those beside the linear layer of that dotted name."""
        return tuple(lora for lora in self.each if lora.on(path))


_ENDINGS = {"attention": ATTENTION, "attention+ffn": ATTENTION + FEED_FORWARD}
