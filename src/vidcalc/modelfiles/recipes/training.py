"""A training configuration as a run: model, sizes, steps, adapters, formats; what is not understood is listed."""

import re
from collections.abc import Callable
from typing import Any

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.catalog.spellings import attention, recognised
from vidcalc.modelfiles.recipes.recipe import Recipe
from vidcalc.modelfiles.recipes.trainer import Trainer, trainers

NAMES = ("model", "task", "name", "family", "flavour")  # what says which model, the plainest first
COUNTS = ("epochs", "train_steps", "batch_size", "grad_accum", "lora_rank")
DEGREES = {
    "pipeline": "pipeline_degree",
    "data": "data_degree",
    "shards": "shard_degree",
    "context": "ulysses_degree",
    "tensor": "tensor_degree",
}
ADAPTERS = ("lora", "lokr", "loha", "dora", "lycoris", "standard")
WHOLE = ("full", "full-finetune", "full_finetune", "none", "sft", "full-rank")
KERNELS = {"sdpa": "sdpa", "flash_attn": "flash2", "flash3": "flash3", "sage_attn": "sage", "xformers": "xformers"}
FEED_FORWARD = re.compile(r"ff|mlp|fc\d|net\.")
Told = list[tuple[str, dict[str, Any]]]


def recipe(trainer: str, values: Facts, source: str, dataset: Facts | None = None) -> Recipe:
    """What a configuration of that trainer asks for; `dataset`: the values of the file of samples that it names."""
    program = trainers()[trainer]
    run = _Run(program)
    for key, value in {**(dataset or {}), **values}.items():
        run.take(key, value)
    if "dataset" in run.said and dataset is None:
        run.told.append(("dataset_not_here", {"file": str(run.said["dataset"])}))
    model, names = run.model()
    return Recipe(
        source=source,
        maker=program.title,
        model=model,
        names=names,
        settings={**program.usual, **run.settled()},
        beside=tuple(run.told),
        unread=tuple(run.unread),
    )


class _Run:
    """What has been read of a configuration so far."""

    def __init__(self, program: Trainer) -> None:
        self.program = program
        self.said: dict[str, object] = {}
        self.names: dict[str, list[str]] = {}
        self.settings: Facts = {}
        self.sizes: list[tuple[int, int]] = []
        self.frames: list[int] = []
        self.buckets: list[tuple[int, int, int]] = []
        self.degrees: dict[str, int] = {}
        self.told: Told = []
        self.unread: list[str] = []

    def take(self, key: str, value: object) -> None:
        """One key of the file."""
        settles = self.program.settles(key)
        if not settles:
            self.unread.append(key)
        elif settles == "nothing" or value in (None, "", False):
            return
        elif not self._took(settles, value):
            self.unread.append(f"{key} = {value}"[:80])

    def _took(self, settles: str, value: object) -> bool:
        """Whether a value was understood for what it settles."""
        self.said[settles] = value
        if settles in NAMES:
            self.names.setdefault(settles, []).extend(str(value).split(","))
            return True
        if settles in COUNTS:
            return self._count(settles, value)
        if settles in DEGREES:
            count = _whole(value)
            if count and count > 1:
                self.degrees[DEGREES[settles]] = count
            return count is not None
        reader = READERS.get(settles)
        return reader(self, value) if reader is not None else False

    def _count(self, settles: str, value: object) -> bool:
        count = _whole(value)
        if count is None:
            return False
        if count > 0:
            self.settings[settles] = (
                max(count, int(self.settings.get(settles, 0))) if settles == "batch_size" else count
            )
        return True

    def model(self) -> tuple[str, tuple[str, ...]]:
        """(the model of the catalogue, every name that the file has for it)."""
        said = [name.strip() for kind in ("model", "name") for name in self.names.get(kind, ())]
        family = " ".join(name for kind in ("family", "flavour") for name in self.names.get(kind, ()))
        tasks: dict[str, str] = table("trainer_files")["words"]["task"]
        said += [tasks[task.casefold()] for task in self.names.get("task", ()) if task.casefold() in tasks]
        said += [family] if family else []
        for name in said:
            match = recognised(_place(name))
            if match is None:
                continue
            if match.beside:
                values = {"file": name, "model": match.models[0], "words": ", ".join(match.beside)}
                self.told.append(("name_says_more", values))
            if len(match.models) > 1:
                values = {"model": match.models[0], "others": ", ".join(match.models[1:])}
                self.told.append(("equal_models", values))
            return match.models[0], tuple(said)
        return "", tuple(said)

    def settled(self) -> Facts:
        """The settings, with the largest size: others are told."""
        settings = dict(self.settings)
        if self.degrees:
            settings["training_parallel"] = dict(self.degrees)
        if "lora_rank" in settings and "mode" not in settings:
            settings["mode"] = "lora"
        if settings.get("mode", self.program.usual.get("mode", "full")) not in ("lora", "qlora"):
            for only in ("lora_rank", "base_precision", "lora_targets"):
                settings.pop(only, None)
        if "train_steps" in settings:
            settings.pop("epochs", None)  # the steps settle it
        elif "epochs" in settings:
            self.told.append(("epochs_of_unknown", {"epochs": settings.pop("epochs")}))
        if self.buckets:
            self.sizes += [(width, height) for width, height, _ in self.buckets]
            self.frames += [frames for *_, frames in self.buckets]
        if self.sizes:
            settings["resolution"] = max(self.sizes, key=lambda size: size[0] * size[1])
        else:
            self.told.append(("size_not_stated", {}))
        if self.frames:
            settings["frames"] = max(self.frames)
        others = sorted({f"{w}x{h}" for w, h in self.sizes if (w, h) != settings.get("resolution")})
        others += [f"{count}f" for count in sorted(set(self.frames)) if count != settings.get("frames")]
        if others:
            self.told.append(("sizes_beside", {"sizes": ", ".join(others)}))
        return settings


def _place(name: str) -> str:
    """The part of a path or of "OWNER/NAME:files" that says which model it is."""
    plain = name.partition(":")[0] if "/" in name.partition(":")[0] else name
    last = plain.rstrip("/").rpartition("/")[2]
    generic = last.startswith(("mp_rank", "diffusion_pytorch_model", "model", "transformer"))
    return plain.rstrip("/").rpartition("/")[0] if generic and "/" in plain else last


def _whole(value: object) -> int | None:
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return int(number) if number == int(number) and abs(number) < 1e12 else None


def _word(table_: str, value: object) -> str:
    words: dict[str, str] = table("trainer_files")["words"][table_]
    plain = str(value).casefold().partition("|")[0].strip()
    return words.get(plain, words.get(plain.replace("_", ""), ""))


def _set(name: str, value: object) -> Callable[[_Run, object], bool]:
    """A reader of a switch: on, it settles that."""

    def reader(run: _Run, given: object) -> bool:
        if str(given).casefold() not in ("false", "0", "none"):
            run.settings[name] = value
        return True

    return reader


def _optimizer(run: _Run, value: object) -> bool:
    known = _word("optimizer", value)
    if known:
        run.settings["optimizer"] = known
    return bool(known)


def _base(run: _Run, value: object) -> bool:
    known = _word("base", value)
    if known:
        run.settings["base_precision"] = known
    return bool(known)


def _adapter(run: _Run, value: object) -> bool:
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


def _checkpointing(run: _Run, value: object) -> bool:
    word = str(value).casefold()
    run.settings["checkpointing"] = "offload" if word == "unsloth" else "full"
    return True


def _targets(run: _Run, value: object) -> bool:
    word = str(value)
    run.settings["lora_targets"] = "attention+ffn" if FEED_FORWARD.search(word) else "attention"
    return True


def _size(run: _Run, value: object) -> bool:
    """[width, height], one side of a square of that area, or "WIDTHxHEIGHT"."""
    if isinstance(value, list) and len(value) == 2 and all(_whole(each) for each in value):
        run.sizes.append((int(value[0]), int(value[1])))
        return True
    pair = re.fullmatch(r"(\d+)x(\d+)", str(value))
    if pair:
        run.sizes.append((int(pair[1]), int(pair[2])))
        return True
    return _side(run, value)


def _side(run: _Run, value: object) -> bool:
    """Sides of squares: samples of other shapes have the same area. A pair of lists is a size each."""
    each = value if isinstance(value, list) else [value]
    for part in each:
        if isinstance(part, list):
            if not _size(run, part):
                return False
            continue
        number = _whole(part)
        if number is None or number < 1:
            return False
        run.sizes.append((number, number))
    return True


def _edge(place: int) -> Callable[[_Run, object], bool]:
    def reader(run: _Run, value: object) -> bool:
        number = _whole(value)
        if number is None:
            return False
        first = run.sizes[0] if run.sizes else (number, number)
        run.sizes = [(number, first[1]) if place == 0 else (first[0], number)]
        return True

    return reader


def _frames(run: _Run, value: object) -> bool:
    each = value if isinstance(value, list) else [value]
    counts = [count for part in each if (count := _whole(part)) is not None]
    run.frames += [count for count in counts if count > 0]
    return len(counts) == len(each)


def _buckets(run: _Run, value: object) -> bool:
    """[[frames, height, width], …]"""
    if not isinstance(value, list) or not all(isinstance(each, list) and len(each) == 3 for each in value):
        return False
    run.buckets += [(int(width), int(height), int(frames)) for frames, height, width in value]
    return True


def _tell(id_: str, key: str) -> Callable[[_Run, object], bool]:
    def reader(run: _Run, value: object) -> bool:
        run.told.append((id_, {key: str(value)}))
        return True

    return reader


def _swapped(run: _Run, value: object) -> bool:
    count = _whole(value)
    if count:
        run.told.append(("blocks_swapped_training", {"blocks": count}))
    return count is not None


def _kernel(run: _Run, value: object) -> bool:
    word = str(value)
    known = attention(word)
    if known == word and word not in KERNELS.values():
        return False
    run.settings["attention"] = known
    return True


def _none(_run: _Run, _value: object) -> bool:
    return True


READERS: dict[str, Callable[[_Run, object], bool]] = {
    "optimizer": _optimizer,
    "base_precision": _base,
    "fp8": _set("base_precision", "fp8"),
    "fp8_scaled": _set("base_precision", "fp8-scaled"),
    "adapter": _adapter,
    "whole": _set("mode", "full"),
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
