"""Which network family mirrors a class: class name in diffusers, transformers or the makers' code -> network module.

A family file names its classes in one line, `CLASSES = ("WanTransformer3DModel",)`; it is read as text, so that asking
for one class never imports forty networks. `members` turns the question round: which catalogue models hold a class.
Both tables are built beside the catalogue (`data/built/index/families.json`) and read from the files where that is
absent or stale.
"""

import re
from functools import cache
from pathlib import Path
from zlib import crc32

from vidcalc.base.facts import Facts
from vidcalc.catalog import load

NETWORKS = Path(__file__).resolve().parent.parent / "networks"
INDEX = "index/families"
STATEMENT = re.compile(r"^CLASSES\s*=\s*\(([^)]*)\)", re.MULTILINE)
NAME = re.compile(r"[\"']([^\"']+)[\"']")
ROLES = {"transformers": "denoiser", "unets": "denoiser", "autoencoders": "vae", "encoders": "text_encoder"}
# a language model inside a class that holds more (a vision tower, a language head): its own class, in transformers
INNER = {
    "Gemma2ForCausalLM": "Gemma2Model",
    "Gemma3ForConditionalGeneration": "Gemma3TextModel",
    "Gemma4UnifiedForConditionalGeneration": "Gemma4UnifiedTextModel",
    "LlamaForCausalLM": "LlamaModel",
    "LlavaForConditionalGeneration": "LlamaModel",
    "Qwen2_5_VLForConditionalGeneration": "Qwen2_5_VLTextModel",
    "Qwen2VLForConditionalGeneration": "Qwen2VLTextModel",
    "Qwen3VLForConditionalGeneration": "Qwen3VLTextModel",
    "T5Gemma2Encoder": "T5Gemma2TextEncoder",
    "T5Gemma2ForConditionalGeneration": "T5Gemma2TextEncoder",
    "T5ForConditionalGeneration": "T5EncoderModel",
    "T5Model": "T5EncoderModel",
    "UMT5ForConditionalGeneration": "UMT5EncoderModel",
    "UMT5Model": "UMT5EncoderModel",
}


def families() -> dict[str, str]:
    """Class name -> module path below `vidcalc.networks`; "WanTransformer3DModel" -> "transformers.wan"."""
    return _index()["classes"]


def members() -> dict[str, list[str]]:
    """Class name -> ids of the catalogue models that have a component of that class, sorted."""
    return _index()["models"]


def role(network: str) -> str:
    """What a network of that module path does in a pipeline: "denoiser", "vae" or "text_encoder"."""
    return ROLES[network.partition(".")[0]]


def make_index() -> dict[str, Facts]:
    """The content of the built index, read from the network files and the catalogue."""
    classes: dict[str, str] = {}
    for path in _files():
        stated = STATEMENT.search(path.read_text(encoding="utf-8"))
        for name in NAME.findall(stated[1]) if stated else ():
            classes.setdefault(name, f"{path.parent.name}.{path.stem}")
    models: dict[str, list[str]] = {}
    for name in load.names("models"):
        facts = load.entry("models", name)
        parts = [facts["denoiser"], facts["vae"], *facts.get("text_encoders", ()), *facts.get("image_encoders", ())]
        for class_ in dict.fromkeys(part.get("class", "") for part in parts):
            models.setdefault(class_, []).append(name)
    return {"classes": classes, "models": models}


def signature() -> int:
    """A checksum of the names and sizes of the files the index is made from."""
    files = [(path.parent.name, path.name, path.stat().st_size) for path in _files()]
    return crc32(repr((files, load.signature("models"))).encode())


def _files() -> list[Path]:
    return sorted(NETWORKS.glob("*/*.py"))


@cache
def _index() -> dict[str, Facts]:
    built = load.read_built(INDEX, signature())
    return built if built is not None else make_index()
