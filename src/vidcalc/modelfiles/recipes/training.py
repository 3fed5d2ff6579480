"""A training configuration as a run: model, sizes, steps, adapters, formats; what is not understood is listed."""

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.catalog.load import table
from vidcalc.catalog.spellings import recognised
from vidcalc.modelfiles.recipes.recipe import Recipe, said_more
from vidcalc.modelfiles.recipes.settle import READERS, Found, whole
from vidcalc.modelfiles.recipes.trainer import Trainer, trainers

NAMES = ("model", "task", "name", "family", "flavour")  # what says which model, the plainest first
COUNTS = ("epochs", "train_steps", "batch_size", "grad_accum", "lora_rank")
ANSWERED = ("checkpointing",)  # switches whose off is an answer where the program has them on
PIECES = 3  # of a path that are looked at
DEGREES = {
    "pipeline": "pipeline_degree",
    "data": "data_degree",
    "shards": "shard_degree",
    "context": "ulysses_degree",
    "tensor": "tensor_degree",
}


def recipe(trainer: str, values: Facts, source: str, dataset: Facts | None = None) -> Recipe:
    """What a configuration of that trainer asks for; `dataset`: the values of the file of samples that it names."""
    program = trainers()[trainer]
    run = _Run(program)
    for key, value in {**(dataset or {}), **values}.items():
        run.take(key, value)
    if "dataset" in run.said and dataset is None:
        run.found.told.append(("dataset_not_here", {"file": str(run.said["dataset"])}))
    model, names = run.model()
    return Recipe(
        source=source,
        maker=program.title,
        model=model,
        names=names,
        settings={"trainer": _profile(trainer, program), **program.usual, **run.settled()},
        beside=tuple(run.found.told),
        unread=tuple(run.unread),
    )


class _Run:
    """What has been read of a configuration so far."""

    def __init__(self, program: Trainer) -> None:
        self.program = program
        self.said: dict[str, object] = {}
        self.names: dict[str, list[str]] = {}
        self.found = Found()
        self.degrees: dict[str, int] = {}
        self.unread: list[str] = []

    def take(self, key: str, value: object) -> None:
        """One key of the file."""
        settles = self.program.settles(key)
        if not settles:
            self.unread.append(key)
        elif settles == "nothing" or value in (None, "") or (value is False and settles not in ANSWERED):
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
            count = whole(value)
            if count and count > 1:
                self.degrees[DEGREES[settles]] = count
            return count is not None
        reader = READERS.get(settles)
        return reader(self.found, value) if reader is not None else False

    def _count(self, settles: str, value: object) -> bool:
        count = whole(value)
        if count is None:
            return False
        if count > 0:
            self.found.settings[settles] = (
                max(count, int(self.found.settings.get(settles, 0))) if settles == "batch_size" else count
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
            match = next((found for piece in pieces(name) if (found := recognised(piece)) is not None), None)
            if match is None:
                continue
            self.found.told += said_more(name, match)
            return match.models[0], tuple(said)
        return "", tuple(said)

    def settled(self) -> Facts:
        """The settings, with the largest size: others are told."""
        settings = dict(self.found.settings)
        if self.degrees:
            settings["training_parallel"] = dict(self.degrees)
        if "lora_rank" in settings and "mode" not in settings:
            settings["mode"] = "lora"
        if settings.get("mode", self.program.usual.get("mode", "full")) not in ("lora", "qlora"):
            for only in ("lora_rank", "base_precision", "lora_targets"):
                settings.pop(only, None)
            swapped = settings.pop("training_offload", None)
            if swapped is not None:
                self.found.told.append(("blocks_swapped_training", {"blocks": int(swapped.partition(":")[2])}))
        if "train_steps" in settings:
            settings.pop("epochs", None)  # the steps settle it
        elif "epochs" in settings:
            self.found.told.append(("epochs_of_unknown", {"epochs": settings.pop("epochs")}))
        if self.found.buckets:
            self.found.sizes += [(width, height) for width, height, _ in self.found.buckets]
            self.found.frames += [frames for *_, frames in self.found.buckets]
        if self.found.sizes:
            settings["resolution"] = max(self.found.sizes, key=lambda size: size[0] * size[1])
        else:
            self.found.told.append(("size_not_stated", {}))
        if self.found.frames:
            settings["frames"] = max(self.found.frames)
        others = sorted({f"{w}x{h}" for w, h in self.found.sizes if (w, h) != settings.get("resolution")})
        others += [f"{count}f" for count in sorted(set(self.found.frames)) if count != settings.get("frames")]
        if others:
            self.found.told.append(("sizes_beside", {"sizes": ", ".join(others)}))
        return settings


def _profile(trainer: str, program: Trainer) -> str:
    """What it does by itself: its own profile, or that of whoever it says it trains like."""
    return load.resolve("trainers", str(program.usual.get("trainer", trainer)))


def pieces(name: str) -> list[str]:
    """The parts of a path, or of "OWNER/NAME:files", that may say which model it is: the last ones first."""
    plain = name.partition(":")[0] if "/" in name.partition(":")[0] else name
    return plain.replace("\\", "/").rstrip("/").split("/")[: -PIECES - 1 : -1]
