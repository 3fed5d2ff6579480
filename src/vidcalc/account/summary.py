"""The inputs of a calculation as plain data, for the report: main sizes of the denoiser, workload, plan."""

from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.describe.model import Component
from vidcalc.describe.runtime import Runtime
from vidcalc.describe.setting import declared, same
from vidcalc.describe.sharing import Sharing, of
from vidcalc.tape.trace import configuration

SCALARS = (int, float, str, bool)
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


def architecture(denoiser: Component) -> Facts:
    """The denoiser's main sizes under its class's names, and its width where it has one."""
    config = configuration(denoiser)
    sizes = {name: getattr(config, name) for name in SIZES if getattr(config, name, None) is not None}
    width = getattr(config, "width", None)
    return {"network": denoiser.network, **({"hidden_dim": width} if width is not None else {}), **sizes}


def settings(record: msgspec.Struct) -> Facts:
    """A record as a dictionary, field by field, records within it too. Of a plan: what its job has no use for only
    where it is set, and what both kinds of plan have in common last."""
    order = _order(type(record)) if isinstance(record, Sharing) else record.__struct_fields__
    fields = {name: getattr(record, name) for name in order}
    if isinstance(record, Sharing):
        unused, of_loras = _hidden(type(record))
        silent = [name for name, default in unused if same(fields[name], default)]
        for name in (*silent, *(() if fields.get("loras") else of_loras)):
            fields.pop(name, None)
    # a Runtime is known by the framework's name
    said = {name: value for name, value in fields.items() if not _empty(value) and not isinstance(value, Runtime)}
    return {name: value if type(value) in SCALARS else _plain(value) for name, value in said.items()}


def _empty(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 0


@cache
def _order(plan: type[Sharing]) -> tuple[str, ...]:
    """The fields of a plan: the declared ones, its own before those in common, then the others."""
    return tuple(dict.fromkeys((*declared(plan), *plan.__struct_fields__)))


@cache
def _hidden(plan: type[Sharing]) -> tuple[tuple[tuple[str, object], ...], tuple[str, ...]]:
    """Fields that a plan's job has no use for, with the default at which they say nothing, and those of LoRAs."""
    used, declarations = {each.field for each in of(plan)}, declared(plan)
    unused = tuple((name, each.default) for name, each in declarations.items() if name not in used)
    return unused, tuple(name for name, each in declarations.items() if each.setting.only == "loras")


def _plain(value: object) -> object:
    """A field's value without records: dictionaries, or lists of these."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return settings(value) if isinstance(value, msgspec.Struct) else value
