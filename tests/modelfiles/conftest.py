"""Model files made by hand: configurations, and weight files that are a header and a hole for the weights."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vidcalc.catalog.models import model
from vidcalc.describe.model import Component
from vidcalc.faces.cli import run, vidcalc

BYTES = {"F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1}
GGML = {"F32": (0, 1, 4), "BF16": (30, 1, 2), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144)}  # type, block, bytes


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command line in this process, in English."""
    for name in ("VIDCALC_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def asked(*arguments: str) -> Result:
        code = run(vidcalc, "vidcalc", arguments)
        return Result(code, *capsys.readouterr())

    return asked


def product(shape: tuple[int, ...]) -> int:
    found = 1
    for size in shape:
        found *= size
    return found


def write_safetensors(path: Path, tensors: dict[str, tuple[str, tuple[int, ...]]], hole: bool = True) -> int:
    """A safetensors file of these (dtype, shape); returns the bytes of its weights, which are a hole in the file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + product(shape) * BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        if hole:
            file.truncate(8 + len(text) + end)
    return end


def gguf_text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def write_gguf(path: Path, tensors: dict[str, tuple[str, tuple[int, ...]]]) -> int:
    """A GGUF file, version 3, of these (type, shape); returns the bytes of its weights."""
    entries = gguf_text("general.architecture") + struct.pack("<I", 8) + gguf_text("wan")
    entries += gguf_text("some.list") + struct.pack("<IIQ", 9, 4, 3) + struct.pack("<3I", 1, 2, 3)
    body, total = b"", 0
    for name, (kind, shape) in tensors.items():
        number, block, nbytes = GGML[kind]
        body += gguf_text(name) + struct.pack("<I", len(shape))
        body += struct.pack(f"<{len(shape)}Q", *reversed(shape)) + struct.pack("<IQ", number, total)
        total += -(-product(shape) // block) * nbytes
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 2) + entries + body)
    return total


def wan_tensors(
    layers: int, heads: int, ffn: int, text: int = 4096, dtype: str = "BF16"
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Parameters of a Wan 2.1 text-to-video transformer under diffusers' names, written out by hand."""
    d = heads * 128
    found: dict[str, tuple[int, ...]] = {"patch_embedding.weight": (d, 16, 1, 2, 2), "patch_embedding.bias": (d,)}

    def linear(name: str, out: int, into: int) -> None:
        found[name + ".weight"], found[name + ".bias"] = (out, into), (out,)

    linear("condition_embedder.time_embedder.linear_1", d, 256)
    linear("condition_embedder.time_embedder.linear_2", d, d)
    linear("condition_embedder.time_proj", 6 * d, d)
    linear("condition_embedder.text_embedder.linear_1", d, text)
    linear("condition_embedder.text_embedder.linear_2", d, d)
    for layer in range(layers):
        block = f"blocks.{layer}."
        for attention in ("attn1", "attn2"):
            for name in ("to_q", "to_k", "to_v", "to_out.0"):
                linear(f"{block}{attention}.{name}", d, d)
            found[f"{block}{attention}.norm_q.weight"] = found[f"{block}{attention}.norm_k.weight"] = (d,)
        found[block + "norm2.weight"] = found[block + "norm2.bias"] = (d,)
        linear(block + "ffn.net.0.proj", ffn, d)
        linear(block + "ffn.net.2", d, ffn)
        found[block + "scale_shift_table"] = (1, 6, d)
    found["scale_shift_table"] = (1, 2, d)
    linear("proj_out", 64, d)
    return {name: (dtype, shape) for name, shape in found.items()}


def elements(tensors: dict[str, tuple[str, tuple[int, ...]]]) -> int:
    return sum(product(shape) for _, shape in tensors.values())


def write_component(folder: Path, component: Component, library: str, **changes: Any) -> Component:
    """config.json of a component as its library writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {"_class_name": component.class_, "_diffusers_version": "0.42.1"}
    named = named if library == "diffusers" else {"architectures": [component.class_], "model_type": "x"}
    (folder / "config.json").write_text(json.dumps({**named, **component.config, **changes}))
    return component


def write_pipeline(root: Path, name: str, pipeline: str = "WanPipeline", **changes: Any) -> Path:
    """The folder of a catalogue model as diffusers saves it, without weights; `changes` are to the transformer."""
    known = model(name)
    parts = {"transformer": (known.denoiser, "diffusers", changes), "vae": (known.vae, "diffusers", {})}
    if known.denoiser.copies == 2:
        parts["transformer_2"] = parts["transformer"]
    for place, encoder in enumerate(known.text_encoders):
        parts["text_encoder" + ("" if place == 0 else f"_{place + 1}")] = (encoder, "transformers", {})
    for encoder in known.image_encoders:
        parts["image_encoder"] = (encoder, "transformers", {})
    index: dict[str, Any] = {"_class_name": pipeline, "_diffusers_version": "0.42.1"}
    index |= {"scheduler": ["diffusers", "UniPCMultistepScheduler"], "tokenizer": ["transformers", "T5TokenizerFast"]}
    index |= {"safety_checker": [None, None]}
    for folder, (component, library, changed) in parts.items():
        write_component(root / folder, component, library, **changed)
        index[folder] = [library, component.class_]
    (root / "model_index.json").write_text(json.dumps(index))
    return root


class Made(NamedTuple):
    """The makers above, for tests."""

    safetensors: Callable[..., int]
    gguf: Callable[..., int]
    wan: Callable[..., dict[str, tuple[str, tuple[int, ...]]]]
    elements: Callable[..., int]
    component: Callable[..., Component]
    pipeline: Callable[..., Path]


@pytest.fixture
def make() -> Made:
    """Makers of model files."""
    return Made(write_safetensors, write_gguf, wan_tensors, elements, write_component, write_pipeline)
