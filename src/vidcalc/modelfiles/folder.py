"""The components of a model, gathered from its files: class, configuration and weight headers of each.

A diffusers folder has `model_index.json` (a modular pipeline's has three parts to an entry, and may be called
`modular_model_index.json`) and one folder per component; a component alone is a `config.json`, with or without its
weights; weights alone have a header and nothing else. Makers' folders have the configuration at the root, or one folder
for each of two experts.
"""

from collections.abc import Iterable
from importlib import import_module
from posixpath import basename, dirname, join

import msgspec

from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.catalog.families import INNER, families
from vidcalc.modelfiles.checkpoint import split
from vidcalc.modelfiles.header import Header
from vidcalc.modelfiles.layouts import layouts, translated
from vidcalc.modelfiles.packed import unpacked
from vidcalc.modelfiles.shards import SHARDS, sharded, weights
from vidcalc.modelfiles.source import WEIGHTS, Source, header

PIPELINES = ("model_index.json", "modular_model_index.json")
CONFIG = "config.json"
EXPERTS = (
    "high_noise_model",
    "low_noise_model",
)  # folders of a denoiser that is one network for each half of the steps
FOLDERS = ("transformer", "transformer_2", "unet", "dit", "vae", "text_encoder", "text_encoder_2", "image_encoder")
# parts of a pipeline that hold no weights, by how their classes end
WEIGHTLESS = ("Scheduler", "Tokenizer", "TokenizerFast", "Processor", "ProcessorFast", "FeatureExtractor", "Guider",
              "Guidance")  # fmt: skip


class SourcePart(msgspec.Struct, frozen=True, kw_only=True):
    """One component as its files describe it.

    id            its folder ("transformer"), or "" for a component alone
    class_        its class; "" for bare weights
    config        its configuration, in our words;  header: its weights, where their files are there
    nbytes        of its weights, where an index gives them and their files are not there [byte]
    elements      of its weights, where they were recognised: buffers beside them left out
    here          whether its folder is there at all
    repo          where an index says that it is, where its folder is not here
    file          name of its weights, where nothing else says what they are
    quantization  `quantization_config` beside it
    unknown       keys that its class has not;  untold: keys that decide how it runs, which is not computed
    also          models of the catalogue that it may be of instead
    """

    id: str
    class_: str
    config: Facts
    header: Header | None = None
    nbytes: int | None = None
    elements: int | None = None
    here: bool = True
    repo: str = ""
    file: str = ""
    quantization: Facts = {}
    unknown: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What the files hold: the pipeline's class ("" for a component alone) and the components."""

    pipeline: str
    parts: tuple[SourcePart, ...]


def gather(source: Source) -> Gathered:
    """The components in a source. Raises Unreadable("nothing_here") where none is recognised."""
    if source.focus and basename(source.focus) not in PIPELINES:
        return Gathered(pipeline="", parts=_file(source, source.focus))
    files = source.files()
    for index in PIPELINES:
        if index in files:
            return _pipeline(source, files, index)
    if CONFIG in files:
        return Gathered(pipeline="", parts=(component(source, files, "", ""),))
    experts = [folder for folder in EXPERTS if join(folder, CONFIG) in files]
    if experts:
        return Gathered(pipeline="", parts=tuple(component(source, files, each, "", experts=True) for each in experts))
    bare, _nbytes = weights(source, [path for path in files if not dirname(path)])
    if bare is not None:
        return Gathered(pipeline="", parts=bare_parts(bare, source.name))
    folders = [dirname(path) for path in files if basename(path) == CONFIG]
    named = [folder for folder in folders if folder in FOLDERS]
    if named or len(folders) == 1:
        return Gathered(pipeline="", parts=tuple(component(source, files, each, "") for each in named or folders))
    raise Unreadable(source.name, "nothing_here")


def _pipeline(source: Source, files: list[str], path: str) -> Gathered:
    """The components that an index names and that hold weights."""
    index = source.json(path)
    parts = []
    for name, stated in index.items():
        class_, folder, repo = _entry(name, stated)
        if not class_ or class_.endswith(WEIGHTLESS):
            continue
        part = component(source, files, folder, class_) if join(folder, CONFIG) in files else None
        part = part and msgspec.structs.replace(part, id=name)
        parts.append(part or SourcePart(id=name, class_=class_, config={}, here=False, repo=repo))
    if not parts:
        raise Unreadable(source.name, "nothing_here")
    return Gathered(pipeline=str(index.get("_class_name", "")), parts=tuple(parts))


def _entry(name: str, stated: object) -> tuple[str, str, str]:
    """(class, folder, repository) of an entry of an index: [library, class], or with a third part that says where it
    is."""
    if not isinstance(stated, list) or len(stated) not in (2, 3):
        return "", name, ""
    place = stated[2] if len(stated) == 3 and isinstance(stated[2], dict) else {}
    hint = place.get("type_hint")
    class_ = stated[1] or (hint[1] if isinstance(hint, list) and len(hint) == 2 else "")
    folder = place.get("subfolder") or name
    repo = place.get("pretrained_model_name_or_path") or place.get("repo")
    texts = (class_, ""), (folder, name), (repo, "")
    said, inside, where = (value if isinstance(value, str) else other for value, other in texts)
    return said, inside, where


def component(source: Source, files: Iterable[str], folder: str, class_: str, experts: bool = False) -> SourcePart:
    """The component in a folder below the root ("" for the root itself); `class_` as the pipeline names it."""
    config = source.json(join(folder, CONFIG))
    inside = [path for path in files if dirname(path) == folder]
    head, nbytes = weights(source, inside)
    name = stated_class(config) or class_
    if not name:
        raise Unreadable(join(folder, CONFIG), "no_class")
    return described(folder, name, config, head, nbytes, experts)


def described(
    id: str, name: str, config: Facts, head: Header | None = None, nbytes: int | None = None, experts: bool = False
) -> SourcePart:
    """A component by its configuration, its weights unpacked, its keys in our words."""
    quantization = config.get("quantization_config") or config.get("quantization") or {}
    quantization = quantization if isinstance(quantization, dict) else {}
    head = head and unpacked(head, quantization)
    ours = translated(name, plain(name, config), head.tensors if head else (), experts)
    part = SourcePart(
        id=id, class_=name, config=plain(name, config), header=head, nbytes=nbytes, quantization=quantization
    )
    if ours is None:
        return part
    return msgspec.structs.replace(
        part, class_=ours.class_, config=ours.config, unknown=ours.unknown, untold=ours.untold, also=ours.also
    )


def bare_parts(head: Header, file: str) -> tuple[SourcePart, ...]:
    """The networks in a file of weights alone."""
    found = split(unpacked(head))
    return tuple(SourcePart(id=part, class_="", config={}, header=held, file=file) for part, held in found)


def _file(source: Source, path: str) -> tuple[SourcePart, ...]:
    """One file alone: a configuration, an index of shards, or weights."""
    if path.endswith(SHARDS):
        beside = [name for name in source.files() if not dirname(name)]
        head, _nbytes = sharded(source, path, beside)
        if head is None:
            raise Unreadable(path, "no_shards")
        return bare_parts(head, basename(path))
    if path.endswith(".json"):
        config = source.json(path)
        name = stated_class(config)
        if not name:
            raise Unreadable(path, "no_class")
        return (described("", name, config),)
    if not path.endswith(WEIGHTS):
        raise Unreadable(path, "unknown_kind")
    head = header(source, path)
    if head is None:
        raise Unreadable(path, "pointer")
    return bare_parts(head, basename(path))


def stated_class(config: Facts) -> str:
    """The class a configuration names: diffusers' `_class_name`, or the first of transformers' `architectures`."""
    listed = config.get("architectures")
    first = listed[0] if isinstance(listed, list) and listed else ""
    named = config.get("_class_name") or first
    return named if isinstance(named, str) else ""


def plain(class_: str, config: Facts) -> Facts:
    """The numbers of a configuration: without private keys and nulls, and of a language model inside a class that
    holds more, its own.
    """
    inner = config.get("text_config")
    if class_ in INNER and isinstance(inner, dict):
        config = config | inner
    left_out = ("quantization_config", "quantization")
    stated = {key: value for key, value in config.items() if not key.startswith("_") and key not in left_out}
    return {key: value for key, value in stated.items() if value is not None} | _nothing(class_, stated)


def _nothing(class_: str, config: Facts) -> Facts:
    """What a null says where the class has a word or a switch otherwise: that there is none."""
    if class_ not in families():
        return {}
    usual = msgspec.structs.fields(import_module("vidcalc.networks." + families()[class_]).Config)
    plain = {str: "", bool: False}
    return {
        each.name: plain[type(each.default)]
        for each in usual
        if each.name in config and config[each.name] is None and type(each.default) in plain
    }


def known_class(class_: str) -> str:
    """The class whose family we have: itself, or the language model inside it; "" where there is none."""
    name = class_ if class_ in families() else INNER.get(class_, "")
    return name if name in families() else ""


def maker_class(class_: str) -> bool:
    """Whether a layout names the class as its maker's."""
    return any(class_ in each.config for each in layouts())
