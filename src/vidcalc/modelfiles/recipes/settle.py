"""What each key of a training configuration settles, read from its value: one reader a kind."""

import re
from collections.abc import Callable

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.catalog.spellings import attention
from vidcalc.modelfiles.recipes.recipe import Told

ADAPTERS = ("lora", "lokr", "loha", "dora", "lycoris", "standard")
WHOLE = ("full", "full-finetune", "full_finetune", "none", "sft", "full-rank")
KERNELS = {"sdpa": "sdpa", "flash_attn": "flash2", "flash3": "flash3", "sage_attn": "sage", "xformers": "xformers"}
OFF = ("false", "0", "none", "no", "off")
LARGEST = 1e12  # of a count
FEED_FORWARD = re.compile(r"ff|mlp|fc\d|net\.")


class Found(msgspec.Struct):
    """What has been read so far: settings, sizes in pixels, frames, [width, height, frames], and what is only told."""

    settings: Facts = {}
    sizes: list[tuple[int, int]] = []
    frames: list[int] = []
    buckets: list[tuple[int, int, int]] = []
    told: Told = []


def whole(value: object) -> int | None:
    """A whole number however it is written; None for what is none."""
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return int(number) if abs(number) < LARGEST and number == int(number) else None


def _word(table_: str, value: object) -> str:
    words: dict[str, str] = table("trainer_files")["words"][table_]
    plain = str(value).casefold().partition("|")[0].strip()
    return words.get(plain, words.get(plain.replace("_", ""), ""))


def _set(name: str, value: object) -> Callable[[Found, object], bool]:
    """A reader of a switch: on, it settles that."""

    def reader(run: Found, given: object) -> bool:
        if str(given).casefold() not in OFF:
            run.settings[name] = value
        return True

    return reader


def _optimizer(run: Found, value: object) -> bool:
    known = _word("optimizer", value)
    if known:
        run.settings["optimizer"] = known
    return bool(known)


def _base(run: Found, value: object) -> bool:
    known = _word("base", value)
    if known:
        run.settings["base_precision"] = known
    return bool(known)


def _adapter(run: Found, value: object) -> bool:
    word = str(value).casefold()
    if word in WHOLE:
        run.settings["mode"] = "full"
        return True
    if not any(kind in word for kind in ADAPTERS):
        return False
    run.settings["mode"] = "lora"
    if any(kind in word for kind in ("lokr", "loha", "lycoris")):
        run.told.append(("adapter_as_lora", {"file": str(value)}))
    return True


def _checkpointing(run: Found, value: object) -> bool:
    word = str(value).casefold()
    run.settings["checkpointing"] = {"unsloth": "offload", **dict.fromkeys(OFF, "none")}.get(word, "full")
    return True


def _targets(run: Found, value: object) -> bool:
    run.settings["lora_targets"] = targets(value)
    return True


def targets(layers: object) -> str:
    """Which layers adapters stand beside, by their names."""
    return "attention+ffn" if FEED_FORWARD.search(str(layers)) else "attention"


def _size(run: Found, value: object) -> bool:
    """[width, height], one side of a square of that area, or "WIDTHxHEIGHT"."""
    if isinstance(value, list) and len(value) == 2 and all(whole(each) for each in value):
        run.sizes.append((int(value[0]), int(value[1])))
        return True
    pair = re.fullmatch(r"(\d+)x(\d+)", str(value))
    if pair:
        run.sizes.append((int(pair[1]), int(pair[2])))
        return True
    return _side(run, value)


def _side(run: Found, value: object) -> bool:
    """Sides of squares: samples of other shapes have the same area. A pair of lists is a size each."""
    each = value if isinstance(value, list) else [value]
    for part in each:
        if isinstance(part, list):
            if not _size(run, part):
                return False
            continue
        number = whole(part)
        if number is None or number < 1:
            return False
        run.sizes.append((number, number))
    return True


def _edge(place: int) -> Callable[[Found, object], bool]:
    def reader(run: Found, value: object) -> bool:
        number = whole(value)
        if number is None:
            return False
        first = run.sizes[0] if run.sizes else (number, number)
        run.sizes = [(number, first[1]) if place == 0 else (first[0], number)]
        return True

    return reader


def _frames(run: Found, value: object) -> bool:
    each = value if isinstance(value, list) else [value]
    counts = [count for part in each if (count := whole(part)) is not None]
    run.frames += [count for count in counts if count > 0]
    return len(counts) == len(each)


def _buckets(run: Found, value: object) -> bool:
    """[[frames, height, width], …]"""
    if not isinstance(value, list) or not all(isinstance(each, list) and len(each) == 3 for each in value):
        return False
    run.buckets += [(int(width), int(height), int(frames)) for frames, height, width in value]
    return True


def _clip(run: Found, value: object) -> bool:
    """ "FRAMESxHEIGHTxWIDTH", several with blanks between."""
    stated = [re.fullmatch(r"(\d+)x(\d+)x(\d+)", word) for word in str(value).split()]
    run.buckets += [(int(each[3]), int(each[2]), int(each[1])) for each in stated if each]
    return bool(stated) and all(stated)


def _tell(id_: str, key: str) -> Callable[[Found, object], bool]:
    def reader(run: Found, value: object) -> bool:
        run.told.append((id_, {key: str(value)}))
        return True

    return reader


def _swapped(run: Found, value: object) -> bool:
    count = whole(value)
    if count:
        run.settings["training_offload"] = f"block-swap:{count}"
    return count is not None


def _kernel(run: Found, value: object) -> bool:
    word = str(value)
    known = attention(word)
    if known == word and word not in KERNELS.values():
        return False
    run.settings["attention"] = known
    return True


def _none(_run: Found, _value: object) -> bool:
    return True


READERS: dict[str, Callable[[Found, object], bool]] = {
    "optimizer": _optimizer,
    "base_precision": _base,
    "clip": _clip,
    "adam8bit": _set("optimizer", "adamw-8bit"),
    "fp8": _set("base_precision", "fp8"),
    "fp8_scaled": _set("base_precision", "fp8-scaled"),
    "adapter": _adapter,
    "whole": _set("mode", "full"),
    "distils": _set("networks", "distillation"),
    "checkpointing": _checkpointing,
    "checkpointing_offload": _set("checkpointing", "offload"),
    "compile": _set("compile", "on"),
    "ema": _set("ema", "fp32"),
    "texts": _set("texts", "precomputed"),
    "latents": _set("latents", "precomputed"),
    "precomputed": _set("latents", "precomputed"),
    "targets": _targets,
    "size": _size,
    "side": _side,
    "width": _edge(0),
    "height": _edge(1),
    "frames": _frames,
    "buckets": _buckets,
    "blocks_swapped": _swapped,
    "beside": _tell("models_beside", "names"),
    "attention": _kernel,
    "dataset": _none,
    **{word: _set("attention", attention(kernel)) for word, kernel in KERNELS.items()},
}
