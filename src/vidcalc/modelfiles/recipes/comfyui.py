"""A ComfyUI workflow as a job: model, size, frames, steps, passes, how it is run; what is not understood is listed.

Only what leads to an output counts. Of several samplers in a row those that share one schedule (two experts, a first
and a last part of the steps) are one pass; a sampler behind an upscaler is a further one, which is told and not
calculated.
"""

import os.path
import re

from msgspec.structs import replace

from vidcalc.base.facts import Facts
from vidcalc.catalog import controls
from vidcalc.catalog.autoencoders import chosen, is_known
from vidcalc.catalog.load import table
from vidcalc.catalog.models import model as model_of
from vidcalc.catalog.spellings import Recognised, attention, precision, precision_of, recognised
from vidcalc.modelfiles.lora import of_both_experts, rank_said
from vidcalc.modelfiles.recipes.graph import Link, Node, Nodes
from vidcalc.modelfiles.recipes.recipe import Recipe, Told, said_more
from vidcalc.modelfiles.recipes.sampling import ancestors, sampling
from vidcalc.modelfiles.recipes.size import size
from vidcalc.modelfiles.recipes.values import active, is_partly_known, is_silent, role, switched, value, whole, word

FILES = (
    "unet_name",
    "ckpt_name",
    "model_name",
    "model",
    "model_path",
    "gguf_name",
    "dit",
)  # what a loader calls its file
ATTENTION = ("attention_mode", "sage_attention")
LAYERS = "attention+ffn"  # that LoRAs for ComfyUI are on, as trainers and distillers make them
NUMBERED = re.compile(r"lora_\d+")
WHOLE = 1e-6  # how near to a whole number a rate is one
OFF = ("disabled", "default", "auto", "none", "comfy", "")
REFERENCE = "reference_image"
DISTILLED = "distilled"  # a way of guidance: the scale is an input
PLAIN = ("bf16", "fp16", "fp32")
FORMATS = ("quantization", "weight_dtype", "base_precision", "precision", "dtype")


def recipe(found: Nodes, source: str) -> Recipe:
    """What a workflow asks for."""
    used = active(switched(found))
    settings: Facts = {"framework": "comfyui"}
    told: Told = []
    loaders = [node for node in used.values() if role(node) == "denoiser"]
    names = [name for node in loaders for name in (_file(used, node),) if name]
    motion = [name for node in used.values() if role(node) == "motion" for name in (word(used, node, "model_name"),)]
    model = _model([*filter(None, motion), *dict.fromkeys(names)], told)
    main = [node for node in loaders if _is_of(used, node, model)] or loaders
    settings |= size(used, told)
    settings |= sampling(used, {node.id for node in main}, told)
    if settings.get("guidance") == 1 and model and model_of(model).defaults.guidance_mode == DISTILLED:
        del settings["guidance"]  # the scale is an input of the network, which another node says
    settings |= _formats(used, main)
    settings |= _autoencoder(used, model, told)
    settings |= _running(used, told)
    settings |= _references(used, model)
    settings |= _named(used, model, told)
    unread = sorted({node.type for node in used.values() if not _understood(node)})
    if model and model_of(model).task == "t2i":
        told = [each for each in told if each[0] != "frames_not_stated"]
    return Recipe(
        source=source,
        maker="ComfyUI",
        model=model,
        names=tuple(dict.fromkeys([*names, *filter(None, motion)])),
        settings=settings,
        beside=tuple(told),
        unread=tuple(unread),
    )


def _understood(node: Node) -> bool:
    return (bool(role(node)) and not is_partly_known(node)) or is_silent(node.type)


def _is_of(found: Nodes, node: Node, name: str) -> bool:
    match = recognised(_file(found, node))
    return match is not None and name in match.models


def _file(found: Nodes, node: Node) -> str:
    return word(found, node, *FILES)


def _model(names: list[str], told: Told) -> str:
    """The model of the catalogue that the loaders' files are of, one of videos first; what else they say is told."""
    known = [(name, match) for name in names if (match := recognised(name)) is not None]
    known = known or [(name, match) for name in names if (match := _by_folder(name)) is not None]
    known.sort(key=lambda pair: model_of(pair[1].models[0]).task == "t2i")
    if not known:
        return ""
    name, match = known[0]
    told += said_more(name, match)
    others = [
        other for other in names if other != name and ((m := recognised(other)) is None or m.models != match.models)
    ]
    if others:
        told.append(("models_beside", {"names": ", ".join(others)}))
    return match.models[0]


def _by_folder(file: str) -> Recognised | None:
    """The model that the folder of a file with a name of its own speaks of: its name is told."""
    *folders, name = file.replace("\\", "/").split("/")
    match = next((found for each in reversed(folders) if (found := recognised(each)) is not None), None)
    return replace(match, beside=(*match.beside, os.path.splitext(name)[0])) if match else None


def _formats(found: Nodes, loaders: list[Node]) -> Facts:
    """Number formats of denoiser, text encoder and VAE, by what their loaders and files' names say."""
    settings: Facts = {}
    for node in loaders[:1]:
        settings |= _format(found, node, _file(found, node), "precision")
        stated = [word(found, node, key) for key in ATTENTION]
        kernel = next((each for each in stated if each.casefold() not in OFF), "")
        if kernel:
            settings["attention"] = attention(kernel)
    for kind, flag in (("text", "text_encoder_precision"), ("vae", "vae_precision")):
        for node in found.values():
            if role(node) == kind and flag not in settings:
                name = word(
                    found, node, "clip_name", "clip_name1", "text_encoder", "model_name", "vae_name", "llm_model"
                )
                settings |= _format(found, node, name, flag)
    return settings


def _format(found: Nodes, node: Node, name: str, flag: str) -> Facts:
    """What a loader makes of a file. A denoiser that is stored packed stays so where nothing says otherwise, whatever
    it is calculated in (kijai/ComfyUI-WanVideoWrapper nodes_model_loading.py: "disabled" looks into the file)."""
    known = table("precisions")
    said = precision_of(name)
    packed = flag == "precision" and said in known and said not in PLAIN
    for key in FORMATS:
        stated = word(found, node, key)
        if stated.casefold() in OFF or precision(stated) not in known or (packed and precision(stated) in PLAIN):
            continue
        scaled = precision(stated) == "fp8" and said == "fp8-scaled"
        return {flag: said if scaled else precision(stated)}
    return {flag: said} if said in known else {}


def _autoencoder(found: Nodes, name: str, told: Told) -> Facts:
    """Another autoencoder than the model's own, where a loader names one; told where it is not for its latents."""
    readers = [node for node in found.values() if role(node) in ("decode", "tiled")]
    read = {each for reader in readers for each in ancestors(found, reader, ("vae",))}
    loaders = [node for node in found.values() if not read or node.id in read]  # one for previews decodes no video
    for node in loaders if name else ():
        file = word(found, node, "vae_name", "model_name") if role(node) == "vae" else ""
        if file and is_known(file):
            if chosen(model_of(name), file):
                return {"vae": chosen(model_of(name), file)}
            told.append(("autoencoder_unfit", {"file": file, "model": name}))
    return {}


def _running(found: Nodes, told: Told) -> Facts:
    """Tiles, block swap, compilation, kernels and frame rate."""
    settings: Facts = {}
    for node in found.values():
        kind = role(node)
        tiled = kind == "tiled" or value(found, node, "enable_vae_tiling") is True
        if tiled:
            settings["vae_tiling"] = "default"
        elif kind == "swap":
            counts = [whole(found, node, key) for key in ("blocks_to_swap", "block_to_swap", "double_blocks_to_swap")]
            counts += [whole(found, node, "single_blocks_to_swap")]
            blocks = sum(count for count in counts if count)
            if blocks:
                settings["offload"] = f"block-swap:{blocks}"
        elif kind == "compile":
            settings["compile"] = "on"
        elif kind == "attention":
            kernel = word(found, node, "sage_attention")
            if kernel.casefold() not in OFF:
                settings["attention"] = attention("sage" if kernel.startswith("sage") else kernel)
        elif kind == "fps":
            rate = value(found, node, "fps" if "fps" in node.inputs else "frame_rate")
            if isinstance(rate, int | float) and not isinstance(rate, bool) and rate > 0:
                settings.setdefault("fps", round(rate) if abs(rate - round(rate)) < WHOLE else rate)
        elif kind == "cache":
            told.append(("cache_not_priced", {"file": node.type}))
        elif kind == "windows":
            length = whole(found, node, "context_frames", "context_length")
            shared = whole(found, node, "context_overlap") or 0
            if length and shared < length:
                settings["window"] = (length, shared)
            else:
                told.append(("windows_unstated", {"file": node.type}))
    return settings


def _references(found: Nodes, name: str) -> Facts:
    """A picture of a subject that the model reads, where one is linked."""
    if not name or model_of(name).references is None:
        return {}
    links = [node.inputs.get(REFERENCE) for node in found.values() if role(node) == "size"]
    return {"references": 1} if any(isinstance(link, Link) and link.node in found for link in links) else {}


def _named(found: Nodes, name: str, told: Told) -> Facts:
    """LoRAs, upscalers and other networks that a workflow loads, by their names.

    LoRAs whose names say a rank and networks that steer the model are set; the others are told.
    """
    loras: list[str] = []
    others: list[str] = []
    steering: list[str] = []
    upscalers: list[str] = []
    settings: Facts = {}
    for node in found.values():
        kind = role(node)
        if kind == "lora" and 0 in (value(found, node, "strength_model"), value(found, node, "strength")):
            continue
        if kind == "lora":
            loras += _loras(found, node)
            if value(found, node, "merge_loras") is False:
                settings["lora_mode"] = "patched"
        elif kind == "beside":
            files = [v for v in (value(found, node, key) for key in node.inputs) if isinstance(v, str) and "." in v]
            fit = [_steering(name, file) for file in files]
            steering += filter(None, fit)
            others += [file for file, control in zip(files, fit, strict=True) if not control]
        elif kind == "upscale":
            upscalers.append(node.type)
    ranks = {of_both_experts(lora): rank_said(lora) for lora in loras}
    if known := tuple(f"{rank}:{LAYERS}" for rank in ranks.values() if rank):
        settings["lora"] = known
    else:
        settings.pop("lora_mode", None)
    if steering:
        settings["control"] = tuple(dict.fromkeys(steering))
    loras = [lora for lora in loras if not ranks[of_both_experts(lora)]]
    for id_, names in (("loras_beside", loras), ("networks_beside_workflow", others), ("upscalers_beside", upscalers)):
        if names:
            told.append((id_, {"names": ", ".join(dict.fromkeys(names))}))
    return settings


def _steering(name: str, file: str) -> str:
    """The control of the catalogue that a file is of, if it was made for the model; "" for any other."""
    return controls.chosen(model_of(name), os.path.splitext(file)[0]) if name else ""


def _loras(found: Nodes, node: Node) -> list[str]:
    numbered = [key.removeprefix("lora") for key in node.inputs if NUMBERED.fullmatch(key)]
    live = [each for each in numbered if value(found, node, f"strength{each}") != 0]
    names = [word(found, node, "lora_name", "lora"), *(word(found, node, f"lora{each}") for each in live)]
    dicts = [each for each in node.inputs.values() if isinstance(each, dict) and each.get("on", True)]
    names += [each["lora"] for each in dicts if isinstance(each.get("lora"), str)]
    return [name for name in names if name and name.casefold() != "none"]
