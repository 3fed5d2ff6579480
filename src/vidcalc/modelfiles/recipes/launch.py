"""A command that generates, as settings: whose it is, the model, size, frames, steps, GPUs and how they share it."""

from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.catalog.spellings import attention, recognised
from vidcalc.describe.plan import WAYS
from vidcalc.modelfiles.recipes.recipe import Recipe
from vidcalc.modelfiles.recipes.settle import OFF, whole
from vidcalc.modelfiles.recipes.training import pieces

SIDES = ("width", "height")
COUNTS = ("frames", "steps", "gpus", "batch_size")
NUMBERS = ("guidance", "fps")
DEGREES = {"ulysses": "ulysses", "ring": "ring", "tensor": "tp"}  # ways of a plan
SWITCHES: dict[str, Facts] = {
    "model_offload": {"offload": "model"},
    "offload_model": {"offload": "model"},
    "sequential": {"offload": "sequential"},
    "fp8": {"precision": "fp8"},
    "fp8_scaled": {"precision": "fp8-scaled"},
    "compile": {"compile": "on"},
}
SIGNS = ("fsdp", "guided", "guided_apart", "image", "sequence")  # switches that settle something together with others
SETTLED = ("model", "resolution")  # of what a program usually has: only where a command says nothing
FIRST = 6  # words of a command that may say what is run


class Launcher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One program's way of being called: see `data/launchers.toml`."""

    title: str
    scripts: tuple[str, ...]
    marks: tuple[str, ...]
    keys: dict[str, str]
    silent: tuple[str, ...]
    usual: Facts = {}
    frameworks: dict[str, str] = {}
    shared: str = ""


@cache
def launchers() -> dict[str, Launcher]:
    """All of them."""
    rows = table("launchers")
    return {name: msgspec.convert(row, Launcher) for name, row in rows.items() if name != "words"}


def of_command(words: list[str], flags: Facts) -> str:
    """The program that a command runs; "" for none."""
    run = [word for word in words if not word.startswith("-")]
    first = " ".join(run[:FIRST])
    for name, each in launchers().items():
        named = any(script in first if " " in script else _runs(run, script) for script in each.scripts)
        if named and any(mark in flags for mark in each.marks):
            return name
    return ""


def of_values(values: Facts) -> str:
    """The program whose configuration has all of its marks; "" for none."""
    fitting = (name for name, each in launchers().items() if not each.scripts)
    return next((name for name in fitting if all(mark in values for mark in launchers()[name].marks)), "")


def other(values: Facts) -> str:
    """What a configuration is that names no model; "" for one that is not known."""
    kinds: dict[str, list[str]] = table("launchers")["words"]["others"]
    return next((kind for kind, marks in kinds.items() if all(mark in values for mark in marks)), "")


def _runs(words: list[str], script: str) -> bool:
    return any(word.replace("\\", "/").rpartition("/")[2] == script for word in words)


def recipe(name: str, flags: Facts, source: str) -> Recipe:
    """What a command of that program asks for."""
    program = launchers()[name]
    run = _Run(program)
    for key, value in flags.items():
        settles = program.keys.get(key, "")
        silent = settles == "nothing" or any(key.startswith(word) for word in program.silent)
        if settles and settles != "nothing":
            if not run.take(settles, value):
                run.unread.append(f"{key} = {value}"[:80])
        elif not silent:
            run.unread.append(key)
    return run.settled(source)


class _Run:
    """What has been read of a command so far."""

    def __init__(self, program: Launcher) -> None:
        self.program = program
        self.settings: Facts = {key: value for key, value in program.usual.items() if key not in SETTLED}
        self.sides: dict[str, int] = {}
        self.names: list[str] = []
        self.tasks: list[str] = []
        self.degrees: dict[str, int] = {program.shared: 0} if program.shared else {}
        self.windows: dict[str, int] = {}
        self.ratio = (16, 9)
        self.tier: tuple[int, int] | None = None
        self.image, self.unguided = False, False
        self.unread: list[str] = []

    def take(self, settles: str, value: object) -> bool:
        """Whether a value was understood for what it settles."""
        word = str(value)
        count = whole(word.partition(" ")[0])  # behind the last flag of its own stands what torchrun runs
        if settles in SWITCHES or settles in SIGNS:
            return self._switched(settles, word)
        if settles in (*SIDES, "window", "overlap", *COUNTS, *DEGREES):
            return self._counted(settles, count)
        if settles in NUMBERS:
            return self._number(settles, word)
        if settles in ("size", "height_width", "tier", "ratio"):
            return self._sized(settles, word)
        if settles == "blocks_swapped":
            if count:  # none is none
                self.settings["offload"] = f"block-swap:{count}"
            return count is not None
        if settles == "attention":
            self.settings["attention"] = attention("sdpa" if word == "torch" else word)
            return True
        (self.tasks if settles == "task" else self.names).append(word)
        return True

    def _switched(self, settles: str, word: str) -> bool:
        if word.casefold() in OFF:
            if settles == "guided":
                self.unguided = True
            return True
        if settles in SWITCHES:
            self.settings |= SWITCHES[settles]
        elif settles == "guided_apart":
            self.degrees["cfg"] = 2
        elif settles == "fsdp":
            self.degrees["fsdp"] = 0
        elif settles == "sequence":
            self.degrees["ulysses"] = 0
        elif settles == "image":
            self.image = True
        return True

    def _counted(self, settles: str, count: int | None) -> bool:
        if count is None or count < 1:
            return False
        if settles in SIDES:
            self.sides[settles] = count
        elif settles in ("window", "overlap"):
            self.windows[settles] = count
        elif settles in DEGREES:
            self.degrees |= {DEGREES[settles]: count} if count > 1 else {}
        else:
            self.settings[settles] = count
        return True

    def _number(self, settles: str, word: str) -> bool:
        try:
            self.settings[settles] = float(word)
        except ValueError:
            return False
        return True

    def _sized(self, settles: str, word: str) -> bool:
        """ "1280*720", "720 1280" (height first), "480p", "9:16"."""
        if settles == "tier":
            stated = table("launchers")["words"]["tier"].get(word.casefold())
            self.tier = None if stated is None else (int(stated[0]), int(stated[1]))
            return stated is not None
        parts = [whole(part) for part in word.replace("*", " ").replace("x", " ").replace(":", " ").split()]
        if len(parts) != 2 or not all(part and part > 0 for part in parts):
            return False
        first, second = (int(part or 0) for part in parts)
        if settles == "ratio":
            self.ratio = first, second
        else:
            width, height = (second, first) if settles == "height_width" else (first, second)
            self.sides = {"width": width, "height": height}
        return True

    def settled(self, source: str) -> Recipe:
        """The recipe, with what several flags settle together."""
        if self.tier is not None:
            long, short = self.tier
            self.sides = {"width": long, "height": short} if self.ratio[0] >= self.ratio[1] else {
                "width": short, "height": long,
            }  # fmt: skip
        usual = self.program.usual.get("resolution")
        if len(self.sides) == len(SIDES):
            self.settings["resolution"] = tuple(self.sides[side] for side in SIDES)
        elif usual:
            self.settings["resolution"] = tuple(usual)
        gpus = self.settings.get("gpus", 1)
        self.degrees = {way: degree or gpus for way, degree in self.degrees.items()}  # all of them, where none is said
        if gpus > 1 and self.degrees:
            self.settings["parallel"] = {WAYS[way]: degree for way, degree in self.degrees.items()}
        frames = self.settings.get("frames", 0)
        if frames > self.windows.get("window", frames):
            self.settings["window"] = self.windows["window"], self.windows.get("overlap", 1)
        if self.unguided:
            self.settings["guidance"] = 1.0
        model, names = self._model()
        for begin, name in self.program.frameworks.items():
            if model.startswith(begin):
                self.settings["framework"] = name
        return Recipe(
            source=source,
            maker=self.program.title,
            model=model,
            names=names,
            settings=self.settings,
            unread=tuple(self.unread),
        )

    def _model(self) -> tuple[str, tuple[str, ...]]:
        tasks: dict[str, str] = {**table("trainer_files")["words"]["task"], **table("launchers")["words"]["task"]}
        of_task = [tasks[task.casefold()] for task in self.tasks if task.casefold() in tasks]
        if of_task:
            return of_task[0], tuple(self.tasks)
        for name in self.names:
            match = next((found for piece in pieces(name) if (found := recognised(piece)) is not None), None)
            if match is not None:
                return match.models[0], tuple(self.names)
        usual = "" if self.tasks or self.names else str(self.program.usual.get("model", ""))
        if usual == "hunyuanvideo-t2v" and self.image:
            usual = "hunyuanvideo-i2v"
        return usual, (*self.tasks, *self.names)
