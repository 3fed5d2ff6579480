"""Weights that a file holds packed: one layer's values, scales and marks put together as one tensor.

A quantised layer is several tensors: values (often several to a byte), scales, zero points, a low-rank part. Here
they become one `Stored` with the shape that the layer has, the bytes that all of it takes, and the scheme's name.

    layer.weight U8 [out, in/2] + layer.weight_scale F8_E4M3 [out, in/16] -> layer.weight nvfp4 [out, in]

Bytes are the file's to the last one, whatever is recognised. Sources: data/weight_formats.toml.
"""

from collections.abc import Callable

from vidcalc.base.facts import Facts
from vidcalc.base.number import product
from vidcalc.modelfiles.header import Header, Stored, formats

FLOAT8 = ("F8_E4M3", "F8_E5M2")
BYTES = ("U8", "I8")
NIBBLES = 2  # values to a byte of four bits each
WORD = 8  # values of four bits to a 32-bit word
# what stands behind a layer's name and a dot, for the values of a layer
VALUES = ("weight", "qweight", "weight_packed", "_weight_qdata", "weight:_data", "weight._data", "weight._data._data")
# … and for what belongs to them: never weights of the network
BESIDE = (
    *("weight_scale", "weight_scale_2", "input_scale", "scale_weight", "scale_input", "pre_quant_scale", "comfy_quant"),
    *("weight_scale_inv", "weight_s_rel", "weight_s_channel", "weight_codebook", "weight_scales", "output_scale"),
    *("weight.absmax", "weight.quant_map", "weight.nested_absmax", "weight.nested_quant_map", "weight_format", "SCB"),
    *("weight.quant_state.bitsandbytes__nf4", "weight.quant_state.bitsandbytes__fp4"),
    *("wscales", "wzeros", "wtscale", "wcscales", "smooth", "smooth_factor", "smooth_factor_orig", "smooth_orig"),
    *("proj_down", "proj_up", "lora_down", "lora_up"),
    *("qzeros", "scales", "g_idx", "biases", "weight_shape", "weight_zero_point", "weight_global_scale"),
    *("input_global_scale", "_weight_scale", "_weight_zero_point", "_weight_per_tensor_scale", "weight._scale"),
    *("_weight_act_per_tensor_scale", "weight._shift", "weight._data._scale", "weight._data._shift"),
)
ROOT = ("scaled_fp8", "spiece_model", "tekken_model")  # marks and tokenizers that stand beside the layers
Shape = tuple[int, ...]
Layer = dict[str, Stored]


def unpacked(header: Header, quantization: Facts | None = None) -> Header:
    """The tensors with every packed layer as one; `quantization` is the `quantization_config` beside the file."""
    layers: dict[str, Layer] = {}
    rest: dict[str, Stored] = {}
    for name, tensor in header.tensors.items():
        base, part = _split(name)
        if part:
            layers.setdefault(base, {})[part] = tensor
        else:
            rest[name] = tensor
    whole = dict(rest)
    for base, layer in layers.items():
        whole |= _layer(base, layer, rest.get(f"{base}.bias"), quantization or {})
    return Header({name: whole[name] for name in _order(header, whole)}, header.metadata)


def _split(name: str) -> tuple[str, str]:
    """(layer, part) of a tensor's name; ("", "") for what is no part of a packed layer."""
    if name.rpartition(".")[2] in ROOT:
        return name, name.rpartition(".")[2]
    pieces = name.split(".")
    for count in (3, 2, 1):
        part = ".".join(pieces[-count:])
        if len(pieces) > count and (part in VALUES or part in BESIDE):
            return ".".join(pieces[:-count]), part
    return "", ""


def _layer(base: str, layer: Layer, bias: Stored | None, quantization: Facts) -> dict[str, Stored]:
    """The tensors that a layer's parts are: one where its scheme is known, else as they stand."""
    found = _scheme(layer, bias, quantization)
    values = any(part in VALUES for part in layer)
    plain = {
        f"{base}.{part}": Stored(tensor.format, "", tensor.shape, tensor.nbytes)
        if values and part in BESIDE
        else tensor
        for part, tensor in layer.items()
        if part not in ROOT
    }
    marks = [tensor for part, tensor in layer.items() if part in ROOT]
    if marks:
        return {base: Stored("mark", "", (), sum(tensor.nbytes for tensor in marks))}
    if found is None:
        return plain
    scheme, shape = found
    nbytes = sum(tensor.nbytes for tensor in layer.values())
    return {f"{base}.weight": Stored(scheme, formats("packed")[scheme], shape, nbytes)}  # type: ignore[arg-type]


def _scheme(layer: Layer, bias: Stored | None, quantization: Facts) -> tuple[str, Shape] | None:
    """(scheme, shape of the weight) of a layer; None for one that is not packed."""
    for recognise in RECOGNISERS:
        found = recognise(layer, bias, quantization)
        if found is not None:
            return found
    return None


def _bitsandbytes(layer: Layer, bias: Stored | None, _config: Facts) -> tuple[str, Shape] | None:
    """Linear4bit: bytes in one column, the shape in a tensor that is not read; Linear8bitLt: a scale of each row."""
    weight = layer.get("weight")
    if weight is None:
        return None
    if "SCB" in layer and weight.format in ("I8", "U8"):
        return "bnb-int8", weight.shape
    if "weight.absmax" not in layer:
        return None
    values = weight.elements * NIBBLES
    rows = bias.elements if bias is not None and bias.elements and values % bias.elements == 0 else 0
    shape = (rows, values // rows) if rows else (values,)
    if "weight.quant_state.bitsandbytes__fp4" in layer:
        return "bnb-fp4", shape
    return ("nf4-double" if "weight.nested_absmax" in layer else "nf4"), shape


def _svdquant(layer: Layer, _bias: Stored | None, _config: Facts) -> tuple[str, Shape] | None:
    """nunchaku: four-bit values beside a low-rank part; AWQ's rows are packed four to a 32-bit word."""
    values, scales = layer.get("qweight"), layer.get("wscales")
    if values is None or scales is None:
        return None
    if "wzeros" in layer:
        rows = scales.shape[-1]
        return "awq-int4", (rows, values.elements * WORD // rows)
    rows, *columns = values.shape
    return "svdq-nvfp4" if scales.format in FLOAT8 else "svdq-int4", (rows, int(product(columns)) * NIBBLES)


def _gptq(layer: Layer, _bias: Stored | None, config: Facts) -> tuple[str, Shape] | None:
    """Values of a few bits in 32-bit words: along the inputs (GPTQ), the outputs (AWQ), or compressed-tensors' rows."""
    values = layer.get("qweight", layer.get("weight_packed"))
    if values is None or "wscales" in layer or len(values.shape) != 2:
        return None
    if values.format in BYTES:
        return "nvfp4", (values.shape[0], values.shape[1] * NIBBLES)
    each = 32 // int(config.get("bits") or config.get("w_bit") or 4)
    rows, columns = values.shape
    if "weight_packed" in layer:
        return "gptq-int4", (rows, columns * each)
    along_outputs = "scales" in layer and layer["scales"].shape[-1] == columns * each
    return ("awq-int4", (columns * each, rows)) if along_outputs else ("gptq-int4", (columns, rows * each))


def _quanto(layer: Layer, _bias: Stored | None, config: Facts) -> tuple[str, Shape] | None:
    """optimum-quanto: values under `weight._data`; fewer than eight bits have a shift and are packed into bytes."""
    values = layer.get("weight._data", layer.get("weight._data._data"))
    if values is None:
        return None
    word = str(config.get("weights") or config.get("weights_dtype") or "")
    if values.format in FLOAT8:
        return "quanto-fp8", values.shape
    if not any(part.endswith("_shift") for part in layer):
        return "quanto-int8", values.shape
    two = word.endswith("int2")
    rows, *rest = values.shape
    return "quanto-int2" if two else "quanto-int4", (rows * (4 if two else NIBBLES), *rest)


def _torchao(layer: Layer, _bias: Stored | None, _config: Facts) -> tuple[str, Shape] | None:
    """torchao's tensors, flattened into safetensors: `_weight_qdata` beside `_weight_scale`."""
    values = layer.get("_weight_qdata")
    if values is None:
        return None
    scale = layer.get("_weight_scale")
    if values.format in FLOAT8:
        scaled = scale is not None and scale.format in ("U8", "F8_E8M0")
        return "mxfp8" if scaled else "torchao-fp8", values.shape
    if values.format == "U8" or (scale is not None and scale.format in FLOAT8):
        wide = (*values.shape[:-1], values.shape[-1] * NIBBLES)
        return "nvfp4" if scale is not None and scale.format in FLOAT8 else "torchao-int4", wide
    if values.format == "I32":
        return "torchao-int4", (*values.shape[:-1], values.shape[-1] * WORD)
    return "torchao-int8", values.shape


def _mlx(layer: Layer, _bias: Stored | None, config: Facts) -> tuple[str, Shape] | None:
    """MLX: 32-bit words along the inputs, a scale (and a bias) of each group of them."""
    values, scales = layer.get("weight"), layer.get("scales")
    if values is None or scales is None or values.format not in ("U32", "I32"):
        return None
    group = int(config.get("group_size") or 64)
    return "mlx", (*values.shape[:-1], scales.shape[-1] * group)


def _scaled(layer: Layer, _bias: Stored | None, config: Facts) -> tuple[str, Shape] | None:
    """A weight of eight or four bits with its scales, as ComfyUI, modelopt and most others write it."""
    weight = layer.get("weight")
    if weight is None or len(layer) == 1:
        return None
    halved = (*weight.shape[:-1], weight.shape[-1] * NIBBLES) if weight.shape else ()
    if "weight_codebook" in layer or "weight_s_rel" in layer:
        return "w4a8", halved
    scale = layer.get("weight_scale", layer.get("scale_weight", layer.get("weight_scale_inv")))
    if scale is None:
        scale = layer.get("weight_scales")
    if scale is None:
        return None
    exponents = scale.format in ("U8", "F8_E8M0")
    if weight.format in FLOAT8:
        return "mxfp8" if exponents and scale.elements > 1 else "fp8-scaled", weight.shape
    if weight.format == "F4":  # the format gives shapes in values
        return "mxfp4" if exponents else "nvfp4", weight.shape
    if scale.format in FLOAT8:
        return "nvfp4", halved
    if weight.format == "U8":
        if exponents:
            return "mxfp4", halved
        eight = scale.elements in (1, weight.shape[0] if weight.shape else 1)  # eight-bit floats in plain bytes
        return ("fp8-scaled", weight.shape) if eight else ("int4-convrot", halved)
    if weight.format == "I8":
        return _int8(weight, scale, halved, config)
    return None


def _int8(weight: Stored, scale: Stored, halved: Shape, config: Facts) -> tuple[str, Shape]:
    """int8 with one scale, one of each row, or of each block; groups along a row mean that nibbles are packed."""
    rows = weight.shape[0] if weight.shape else 1
    groups = scale.elements // rows if scale.elements % rows == 0 else 0
    if len(weight.shape) == 2 and groups > 1 and scale.shape[:1] == (rows,):
        return "int4-convrot", halved
    return "int8-convrot" if config.get("convrot") else "int8", weight.shape


Recogniser = Callable[[Layer, Stored | None, Facts], tuple[str, Shape] | None]
RECOGNISERS: tuple[Recogniser, ...] = (_bitsandbytes, _svdquant, _gptq, _quanto, _torchao, _mlx, _scaled)


def _order(header: Header, whole: dict[str, Stored]) -> list[str]:
    """The names in the file's order, then those that the file has only in parts."""
    first = [name for name in header.tensors if name in whole]
    return [*first, *(name for name in whole if name not in header.tensors)]
