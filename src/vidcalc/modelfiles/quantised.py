"""What a `quantization_config` asks for, as a number format of the catalogue."""

from vidcalc.base.facts import Facts
from vidcalc.catalog.spellings import precision

WORDS = ("weight_dtype", "weights", "weights_dtype", "dtype", "format", "quant_algo", "quant_type", "precision")
BITS = {4: "int4", 8: "int8", 2: "int4", 3: "int4"}


def configured(config: Facts) -> str:
    """The format; "" where there is no such configuration, or one that names none."""
    method = str(config.get("quant_method") or config.get("quantization_method") or "").casefold()
    if not config:
        return ""
    if method in ("bitsandbytes", "bitsandbytes_4bit", "bitsandbytes_8bit", "bnb") or "load_in_4bit" in config:
        if config.get("load_in_8bit") or config.get("_load_in_8bit"):
            return "bnb-int8"
        double = bool(config.get("bnb_4bit_use_double_quant"))
        return "nf4-double" if double else "nf4"
    if method in ("svdquant", "nunchaku"):
        weight = config.get("weight")
        stated = weight.get("dtype") if isinstance(weight, dict) else config.get("precision")
        return "nvfp4" if "fp4" in str(stated) else "int4"
    for key in WORDS:
        word = config.get(key)
        if isinstance(word, dict):  # torchao: {"default": {"_type": "Int8WeightOnlyConfig", …}}
            inner = word.get("default")
            word = inner.get("_type") if isinstance(inner, dict) else inner
        if isinstance(word, str) and (found := _format(word)):
            return found
    bits = config.get("bits", config.get("w_bit"))
    if isinstance(bits, int):
        return BITS.get(bits, "")
    return "fp8-scaled" if method in ("fp8", "fbgemm_fp8") else ""


def _format(word: str) -> str:
    """The format that a word names, whatever stands around it ("Float8DynamicActivationFloat8WeightConfig")."""
    plain = word.casefold().replace("-", "_")
    spelled = precision(plain)
    if spelled != plain:
        return spelled
    dynamic = "dynamicactivation" in plain or plain.endswith("dq")
    for part, found in (
        ("nvfp4", "nvfp4"), ("mxfp8", "mxfp8"), ("mxfp4", "nvfp4"),
        ("float8", "fp8-scaled" if dynamic else "fp8"), ("fp8", "fp8-scaled"), ("f8", "fp8"),
        ("int8dynamicactivationint4", "int4-dynamic"), ("int4", "int4"), ("uint4", "int4"), ("int2", "int4"),
        ("int8", "int8-dynamic" if dynamic else "int8"),
    ):  # fmt: skip
        if part in plain:
            return found
    return ""
