"""The inputs of a calculation as plain data, for the report: main sizes of the denoiser, workload, plan."""

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.describe.model import Component
from vidcalc.describe.runtime import Runtime
from vidcalc.describe.setting import declared, same
from vidcalc.describe.sharing import Sharing, of
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


def architecture(denoiser: Component) -> Facts:
    """The denoiser's main sizes under its class's names, and its width where it has one."""
    config = configuration(denoiser)
    sizes = {name: getattr(config, name) for name in SIZES if getattr(config, name, None) is not None}
    width = getattr(config, "width", None)
    return {"network": denoiser.network, **({"hidden_dim": width} if width is not None else {}), **sizes}


def settings(record: msgspec.Struct) -> Facts:
    """A record as a dictionary, field by field, records within it too. Of a plan: what its job has no use for only
    where it is set, and what both kinds of plan have in common last."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    if isinstance(record, Sharing):
        declarations = declared(type(record))
        used = {each.field for each in of(type(record))}
        hidden = {name for name, each in declarations.items() if name not in used and same(fields[name], each.default)}
        hidden |= {name for name, each in declarations.items() if each.setting.only == "loras" and not fields["loras"]}
        fields = {name: fields[name] for name in dict.fromkeys((*declarations, *fields)) if name not in hidden}
    fields = {name: value for name, value in fields.items() if not isinstance(value, Runtime)}  # the framework's name
    return {name: _plain(value) for name, value in fields.items() if not _empty(value)}


def _empty(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 0


def _plain(value: object) -> object:
    """A field's value without records: dictionaries, or lists of these."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return settings(value) if isinstance(value, msgspec.Struct) else value
