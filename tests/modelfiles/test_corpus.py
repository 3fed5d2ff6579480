"""Headers and configurations, families × makers × formats: class, weights, bytes are right, or the answer says so.

Expected classes and counts come from the code that made the files (`corpus/`), not from this project.
"""

import json
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.describe.model import Model
from vidcalc.modelfiles import from_path
from vidcalc.modelfiles.weights import of_network, total

CORPUS = Path(__file__).parent / "corpus"
BYTES = {"F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1, "U8": 1, "I8": 1, "I32": 4, "F4": 0.5, "F8_E8M0": 1}
MOST_WRONG = 0.03
Tensors = dict[str, tuple[str, tuple[int, ...]]]


class Case(NamedTuple):
    """A header as its file has it: what it is called, what it is, and how many weights it holds."""

    id: str
    file: str
    class_: str
    weights: int
    tensors: Tensors


def product(shape: tuple[int, ...]) -> int:
    found = 1
    for size in shape:
        found *= size
    return found


@cache
def headers() -> dict[str, Case]:
    """The headers of the corpus by id, every layer spread out."""
    found: dict[str, Case] = {}
    for line in (CORPUS / "headers.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            id_, file, class_, weights, _source = line[2:].split(" | ")
            found[id_] = Case(id_, file, class_, int(weights), {})
        elif line and not line.startswith("#"):
            name, size, *runs = line.split(" ")
            shape = tuple(int(side) for side in size.split("x"))
            for number in numbers(runs[0]) if runs else ("",):
                last(found).tensors[name.replace("#", number, 1)] = ("BF16", shape)
    return found


def last(found: dict[str, Case]) -> Case:
    return found[next(reversed(found))]


def numbers(runs: str) -> Iterator[str]:
    for run in runs.split(","):
        first, _, final = run.partition("-")
        yield from (str(number) for number in range(int(first), int(final or first) + 1))


def write(path: Path, tensors: Tensors, metadata: dict[str, str] | None = None) -> int:
    """A safetensors file whose weights are a hole; its bytes of weights."""
    header: dict[str, object] = {"__metadata__": metadata or {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + int(product(shape) * BYTES[dtype])
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    return end


def packed(tensors: Tensors, layer: Callable[[str, int, int], Tensors]) -> Tensors:
    """The tensors with every matrix of the blocks as `layer` writes it: (name, outputs, inputs) -> its parts."""
    made: Tensors = {}
    for name, (dtype, shape) in tensors.items():
        inside = "blocks." in name and name.endswith(".weight") and len(shape) == 2 and not shape[1] % 64
        made |= layer(name.removesuffix(".weight"), *shape) if inside else {name: (dtype, shape)}
    return made


def scaled(name: str, out: int, into: int) -> Tensors:
    return {f"{name}.weight": ("F8_E4M3", (out, into)), f"{name}.scale_weight": ("F32", (1,))}


def scaled_new(name: str, out: int, into: int) -> Tensors:
    parts = {"weight": ("F8_E4M3", (out, into)), "weight_scale": ("F32", ()), "input_scale": ("F32", ())}
    return {f"{name}.{part}": told for part, told in parts.items()} | {f"{name}.comfy_quant": ("U8", (40,))}


def nvfp4(name: str, out: int, into: int) -> Tensors:
    parts = {"weight": ("U8", (out, into // 2)), "weight_scale": ("F8_E4M3", (out, into // 16))}
    return {f"{name}.{part}": told for part, told in parts.items()} | {f"{name}.weight_scale_2": ("F32", ())}


def nvfp4_values(name: str, out: int, into: int) -> Tensors:
    return {f"{name}.weight": ("F4", (out, into)), f"{name}.weight_scale": ("F8_E4M3", (out, into // 16))}


def mxfp8(name: str, out: int, into: int) -> Tensors:
    return {f"{name}.weight": ("F8_E4M3", (out, into)), f"{name}.weight_scale": ("U8", (out, into // 32))}


def mxfp4(name: str, out: int, into: int) -> Tensors:
    return {f"{name}.weight": ("U8", (out, into // 2)), f"{name}.weight_scale": ("F8_E8M0", (out, into // 32))}


def int8_convrot(name: str, out: int, into: int) -> Tensors:
    parts = {"weight": ("I8", (out, into)), "weight_scale": ("F32", (out, 1)), "comfy_quant": ("U8", (70,))}
    return {f"{name}.{part}": told for part, told in parts.items()}


def w4a8(name: str, out: int, into: int) -> Tensors:
    parts = {"weight": ("I8", (out, into // 2)), "weight_codebook": ("F32", (16,))}
    parts |= {"weight_s_rel": ("F8_E4M3", (out, into // 16)), "weight_s_channel": ("F32", (out,))}
    return {f"{name}.{part}": told for part, told in parts.items()}


def bnb_nf4(name: str, out: int, into: int) -> Tensors:
    parts = {"weight": ("U8", (out * into // 2, 1)), "weight.absmax": ("U8", (out * into // 64,))}
    parts |= {"weight.quant_map": ("F32", (16,)), "weight.nested_absmax": ("F32", (max(out * into // 64 // 256, 1),))}
    parts |= {"weight.nested_quant_map": ("F32", (256,)), "weight.quant_state.bitsandbytes__nf4": ("U8", (109,))}
    return {f"{name}.{part}": told for part, told in parts.items()}


def bnb_fp4(name: str, out: int, into: int) -> Tensors:
    parts = {"weight": ("U8", (out * into // 2, 1)), "weight.absmax": ("F32", (out * into // 64,))}
    parts |= {"weight.quant_map": ("F32", (16,)), "weight.quant_state.bitsandbytes__fp4": ("U8", (81,))}
    return {f"{name}.{part}": told for part, told in parts.items()}


def bnb_int8(name: str, out: int, into: int) -> Tensors:
    parts = {"weight": ("I8", (out, into)), "SCB": ("F32", (out,)), "weight_format": ("U8", ())}
    return {f"{name}.{part}": told for part, told in parts.items()}


def svdquant(name: str, out: int, into: int) -> Tensors:
    parts = {
        "qweight": ("I8", (out, into // 2)),
        "wscales": ("BF16", (into // 64, out)),
        "smooth_factor": ("BF16", (into,)),
    }
    parts |= {
        "smooth_factor_orig": ("BF16", (into,)),
        "proj_down": ("BF16", (into, 32)),
        "proj_up": ("BF16", (out, 32)),
    }
    return {f"{name}.{part}": told for part, told in parts.items()}


def svdquant_fp4(name: str, out: int, into: int) -> Tensors:
    parts = {
        "qweight": ("I8", (out, into // 2)),
        "wscales": ("F8_E4M3", (into // 16, out)),
        "wcscales": ("BF16", (out,)),
    }
    parts |= {"wtscale": ("F32", ()), "proj_down": ("BF16", (into, 32)), "proj_up": ("BF16", (out, 32))}
    return {f"{name}.{part}": told for part, told in parts.items()}


def quanto_int8(name: str, out: int, into: int) -> Tensors:
    parts = {"weight._data": ("I8", (out, into)), "weight._scale": ("BF16", (out, 1)), "input_scale": ("BF16", ())}
    return {f"{name}.{part}": told for part, told in parts.items()} | {f"{name}.output_scale": ("BF16", ())}


def quanto_int4(name: str, out: int, into: int) -> Tensors:
    parts = {"weight._data": ("U8", (out // 2, into)), "weight._scale": ("BF16", (out * into // 64, 1))}
    return {f"{name}.{part}": told for part, told in parts.items()} | {
        f"{name}.weight._shift": ("BF16", (out * into // 64, 1))
    }


def torchao_int8(name: str, out: int, into: int) -> Tensors:
    return {f"{name}._weight_qdata": ("I8", (out, into)), f"{name}._weight_scale": ("BF16", (out, 1))}


def torchao_fp8(name: str, out: int, into: int) -> Tensors:
    return {f"{name}._weight_qdata": ("F8_E4M3", (out, into)), f"{name}._weight_scale": ("F32", (out, 1))}


def gptq(name: str, out: int, into: int) -> Tensors:
    parts = {"qweight": ("I32", (into // 8, out)), "qzeros": ("I32", (into // 128 or 1, out // 8))}
    return {f"{name}.{part}": told for part, told in parts.items()} | {
        f"{name}.scales": ("F16", (into // 128 or 1, out))
    }


SCHEMES = {
    "fp8 scaled": (scaled, "fp8-scaled"),
    "fp8 scaled, new names": (scaled_new, "fp8-scaled"),
    "nvfp4": (nvfp4, "nvfp4"),
    "nvfp4, shapes in values": (nvfp4_values, "nvfp4"),
    "mxfp8": (mxfp8, "mxfp8"),
    "mxfp4": (mxfp4, "nvfp4"),
    "int8 convrot": (int8_convrot, "int8-dynamic"),
    "w4a8": (w4a8, "int4"),
    "bitsandbytes nf4": (bnb_nf4, "nf4-double"),
    "bitsandbytes fp4": (bnb_fp4, "nf4"),
    "bitsandbytes int8": (bnb_int8, "bnb-int8"),
    "SVDQuant int4": (svdquant, "svdq-int4"),
    "SVDQuant nvfp4": (svdquant_fp4, "svdq-fp4"),
    "quanto int8": (quanto_int8, "int8"),
    "quanto int4": (quanto_int4, "int4"),
    "torchao int8": (torchao_int8, "int8"),
    "torchao fp8": (torchao_fp8, "fp8-scaled"),
    "GPTQ": (gptq, "int4"),
}
PACKED = ("diffsynth/WanModel/10", "diffsynth/MiniMaxH3DiT/55")  # the bases that every scheme is tried on


def configurations() -> list[dict[str, object]]:
    return list(json.loads((CORPUS / "configs.json").read_text(encoding="utf-8")))


def test_the_corpus_is_large_and_wide() -> None:
    count = len(headers()) + len(configurations()) + len(SCHEMES) * len(PACKED)
    assert count >= 120
    assert len({case.class_ for case in headers().values()}) >= 30


def answered(model: Model, class_: str, weights: int) -> tuple[bool, bool]:
    """(whether class and weights are right, whether a wrong answer says that it may be)."""
    parts = (model.denoiser, model.vae, *model.text_encoders, *model.image_encoders)
    part = next((each for each in parts if each.class_ == class_), None)
    said = bool(model.cautions) or any(each.id == "identified_by_count" for each in model.basis)
    if part is None:
        return False, said
    counted = part.params or total(of_network(part, "denoiser"))
    return counted == weights, said


@pytest.fixture(scope="module")
def wrong() -> Iterator[list[str]]:
    """What was wrong, over all headers; the share is looked at when all are done."""
    found: list[str] = []
    yield found
    assert len(found) <= MOST_WRONG * len(headers()), found


@pytest.mark.parametrize("id_", list(headers()))
def test_a_header_is_what_its_maker_made(id_: str, wrong: list[str], tmp_path: Path) -> None:
    case = headers()[id_]
    nbytes = write(tmp_path / case.file, case.tensors)
    try:
        model = from_path(str(tmp_path / case.file))
    except Unreadable:  # refused, not answered wrongly
        wrong.append(id_)
        return
    right, said = answered(model, case.class_, case.weights)
    if right:
        held = [part.held for part in (model.denoiser, model.vae, *model.text_encoders, *model.image_encoders)]
        assert nbytes in held
    else:
        wrong.append(id_)
        assert said, "answered wrongly in silence"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("base", PACKED)
def test_packed_weights_are_counted_and_weighed(scheme: str, base: str, tmp_path: Path) -> None:
    case, (layer, precision) = headers()[base], SCHEMES[scheme]
    nbytes = write(tmp_path / case.file, packed(case.tensors, layer))
    denoiser = from_path(str(tmp_path / case.file)).denoiser
    assert (denoiser.class_, denoiser.params) == (case.class_, case.weights)
    assert (denoiser.held, denoiser.stored) == (nbytes, precision)


@pytest.mark.parametrize("case", configurations(), ids=lambda case: str(case["id"]))
def test_a_configuration_makes_its_makers_network(case: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(case["config"]))
    model = from_path(str(tmp_path))
    assert model.denoiser.class_ == case["class"]
    assert total(of_network(model.denoiser, "denoiser")) == case["weights"]
    assert "unknown_keys" not in {each.id for each in model.cautions}
