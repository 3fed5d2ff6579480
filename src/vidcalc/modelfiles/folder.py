"""The components of a model, gathered from its files: class, configuration and weight headers of each.

A diffusers folder has `model_index.json` and one folder per component; a component alone is a `config.json`, with or
without its weights; weights alone have a header and nothing else.
"""

from collections.abc import Iterable
from posixpath import basename, dirname, join

import msgspec

from vidcalc.base.errors import Unreadable
from vidcalc.base.facts import Facts
from vidcalc.catalog.families import INNER, families
from vidcalc.modelfiles.header import Header, joined
from vidcalc.modelfiles.source import WEIGHTS, Source, header

PIPELINE = "model_index.json"
CONFIG = "config.json"
SHARDS = ".safetensors.index.json"
USUAL = ("diffusion_pytorch_model", "model", "pytorch_model")  # names of a component's weights, the plain ones first
# parts of a pipeline that hold no weights, by how their classes end
WEIGHTLESS = ("Scheduler", "Tokenizer", "TokenizerFast", "Processor", "ProcessorFast", "FeatureExtractor", "Guider")


class SourcePart(msgspec.Struct, frozen=True, kw_only=True):
    """One component as its files describe it.

    id       its folder ("transformer"), or "" for a component alone
    class_   its class, as the files name it; "" for bare weights
    config   its configuration;  header  its weights, where their files are there
    nbytes   of its weights, where an index gives them and their files are not there [byte]
    here     whether its folder is there at all
    """

    id: str
    class_: str
    config: Facts
    header: Header | None = None
    nbytes: int | None = None
    here: bool = True


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What the files hold: the pipeline's class ("" for a component alone) and the components."""

    pipeline: str
    parts: tuple[SourcePart, ...]


def gather(source: Source) -> Gathered:
    """The components in a source. Raises Unreadable("nothing_here") where none is recognised."""
    if source.focus and basename(source.focus) != PIPELINE:
        return Gathered(pipeline="", parts=(_file(source, source.focus),))
    files = source.files()
    if PIPELINE in files:
        return _pipeline(source, files)
    if CONFIG in files:
        return Gathered(pipeline="", parts=(component(source, files, "", ""),))
    bare, _nbytes = weights(source, [path for path in files if not dirname(path)])
    if bare is not None:
        return Gathered(pipeline="", parts=(SourcePart(id="", class_="", config={}, header=bare),))
    if len(folders := [path for path in files if basename(path) == CONFIG]) == 1:
        return Gathered(pipeline="", parts=(component(source, files, dirname(folders[0]), ""),))
    raise Unreadable(source.name, "nothing_here")


def _pipeline(source: Source, files: list[str]) -> Gathered:
    """The components that a model_index.json names and that hold weights."""
    index = source.json(PIPELINE)
    parts = []
    for name, stated in index.items():
        if not (isinstance(stated, list) and len(stated) == 2 and all(isinstance(word, str) for word in stated)):
            continue
        if stated[1].endswith(WEIGHTLESS):
            continue
        part = component(source, files, name, stated[1]) if join(name, CONFIG) in files else None
        parts.append(part or SourcePart(id=name, class_=stated[1], config={}, here=False))
    if not parts:
        raise Unreadable(source.name, "nothing_here")
    return Gathered(pipeline=str(index.get("_class_name", "")), parts=tuple(parts))


def component(source: Source, files: Iterable[str], folder: str, class_: str) -> SourcePart:
    """The component in a folder below the root ("" for the root itself); `class_` as the pipeline names it."""
    config = source.json(join(folder, CONFIG))
    inside = [path for path in files if dirname(path) == folder]
    head, nbytes = weights(source, inside)
    name = stated_class(config) or class_
    if not name:
        raise Unreadable(join(folder, CONFIG), "no_class")
    return SourcePart(id=folder, class_=name, config=plain(name, config), header=head, nbytes=nbytes)


def _file(source: Source, path: str) -> SourcePart:
    """One file alone: a configuration, an index of shards, or weights."""
    if path.endswith(SHARDS):
        beside = [name for name in source.files() if not dirname(name)]
        head, nbytes = _sharded(source, path, beside)
        if head is None:
            raise Unreadable(path, "no_shards")
        return SourcePart(id="", class_="", config={}, header=head, nbytes=nbytes)
    if path.endswith(".json"):
        config = source.json(path)
        name = stated_class(config)
        if not name:
            raise Unreadable(path, "no_class")
        return SourcePart(id="", class_=name, config=plain(name, config))
    if not path.endswith(WEIGHTS):
        raise Unreadable(path, "unknown_kind")
    head = header(source, path)
    if head is None:
        raise Unreadable(path, "pointer")
    return SourcePart(id="", class_="", config={}, header=head)


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
    return {key: value for key, value in config.items() if not key.startswith("_") and value is not None}


def known_class(class_: str) -> str:
    """The class whose family we have: itself, or the language model inside it; "" where there is none."""
    name = class_ if class_ in families() else INNER.get(class_, "")
    return name if name in families() else ""


def weights(source: Source, paths: Iterable[str]) -> tuple[Header | None, int | None]:
    """(header, bytes) of the weights among the paths of one folder: one file, or shards with their index.

    Where several sets lie there, the plain one ("model.safetensors" before "model.fp16.safetensors").
    """
    candidates = sorted(paths, key=_plainness)
    index = next((path for path in candidates if path.endswith(SHARDS)), None)
    single = next((path for path in candidates if path.endswith(WEIGHTS) and "-of-" not in path), None)
    if single is not None and (index is None or _plainness(single)[0] <= _plainness(index)[0]):
        head = header(source, single)
        if head is not None or index is None:
            return head, None
    return _sharded(source, index, candidates) if index is not None else (None, None)


def _sharded(source: Source, index: str, beside: list[str]) -> tuple[Header | None, int | None]:
    """(header over all shards, bytes): the header is None where a shard is not there."""
    stated = source.json(index)
    try:
        shards = sorted({str(shard) for shard in stated["weight_map"].values()})
        total = stated.get("metadata", {}).get("total_size")
    except (KeyError, AttributeError):
        raise Unreadable(index, "not_json") from None
    paths = [join(dirname(index), shard) for shard in shards]
    if not all(path in beside for path in paths):
        return None, int(total) if isinstance(total, int | float) else None
    headers = [header(source, path) for path in paths]
    whole = [head for head in headers if head is not None]
    if len(whole) < len(headers):
        return None, int(total) if isinstance(total, int | float) else None
    return joined(whole), None


def _plainness(path: str) -> tuple[int, str]:
    """Sorts a component's plain weights before its variants."""
    name = basename(path)
    stem = name.removesuffix(SHARDS).removesuffix(".safetensors")
    return (USUAL.index(stem) if stem in USUAL else len(USUAL), name)
