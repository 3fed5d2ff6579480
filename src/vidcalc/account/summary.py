"""The inputs of a calculation as plain data, for the report: main sizes of the denoiser, workload, plan."""

from typing import Any

import msgspec

from vidcalc.base.guest import plain
from vidcalc.describe.model import Component
from vidcalc.describe.runtime import Runtime
from vidcalc.tape.trace import configuration

SIZES = (
    "num_attention_heads",
    "attention_head_dim",
    "num_layers",
    "num_single_layers",
    "ffn_dim",
    "patch_size",
    "block_out_channels",
    "in_channels",
    "text_dim",
)


def architecture(denoiser: Component) -> dict[str, Any]:
    """The denoiser's main sizes under its class's names, and its width where it has one."""
    config = configuration(denoiser)
    found = {name: getattr(config, name) for name in SIZES if getattr(config, name, None) is not None}
    width = getattr(config, "width", None)
    return {"network": denoiser.network, **({"hidden_dim": width} if width is not None else {}), **found}


def settings(record: msgspec.Struct) -> dict[str, Any]:
    """A record as a dictionary, field by field, records within it too; what its job has no use for only where set."""
    unused: tuple[str, ...] = getattr(record, "unused", ())
    neutral = type(record)() if unused else record
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    hidden = [name for name in unused if _same(fields[name], getattr(neutral, name))]
    hidden += [name for name, value in fields.items() if isinstance(value, Runtime)]  # the framework's name says it
    shown = {name: value for name, value in fields.items() if name not in hidden}
    return {name: settings(value) if isinstance(value, msgspec.Struct) else value for name, value in shown.items()}


def _same(value: Any, neutral: int | str) -> bool:
    """Whether a setting is the one thing that says nothing; a sweep never is."""
    return isinstance(plain(value), int | float | str) and bool(value == neutral)
