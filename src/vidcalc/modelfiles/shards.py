"""The weights of one component among the files of a folder: one file, or shards with their index."""

from collections.abc import Iterable
from posixpath import basename, dirname, join

from vidcalc.base.errors import Unreadable
from vidcalc.modelfiles.header import Header, joined
from vidcalc.modelfiles.source import WEIGHTS, Source, header

SHARDS = ".safetensors.index.json"
USUAL = ("diffusion_pytorch_model", "model", "pytorch_model")  # names of a component's weights, the plain ones first


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
    if index is not None:
        return sharded(source, index, candidates)
    return _unlisted(source, [path for path in candidates if path.endswith(WEIGHTS)]), None


def sharded(source: Source, index: str, beside: list[str]) -> tuple[Header | None, int | None]:
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


def _unlisted(source: Source, shards: list[str]) -> Header | None:
    """Shards without an index ("x-00001-of-00003.safetensors"), where all of one set are there."""
    first = next((path for path in shards if "-00001-of-" in path), None)
    if first is None:
        return None
    stem, _, rest = first.partition("-00001-of-")
    count = int(rest.partition(".")[0]) if rest.partition(".")[0].isdigit() else 0
    wanted = [f"{stem}-{number:05}-of-{rest}" for number in range(1, min(count, len(shards)) + 1)]
    if len(wanted) != count or not all(path in shards for path in wanted):
        return None
    headers = [header(source, path) for path in wanted]
    whole = [head for head in headers if head is not None]
    return joined(whole) if len(whole) == len(headers) else None


def _plainness(path: str) -> tuple[int, str]:
    """Sorts a component's plain weights before its variants."""
    name = basename(path)
    stem = name.removesuffix(SHARDS).removesuffix(".safetensors")
    return (USUAL.index(stem) if stem in USUAL else len(USUAL), name)
