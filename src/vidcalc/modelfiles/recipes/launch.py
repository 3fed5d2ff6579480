"""A command that generates, as settings: whose it is, the model, size, frames, steps, GPUs and how they share it."""

from math import prod

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.catalog.spellings import attention, precision, recognised
from vidcalc.describe.plan import WAYS, WORK
from vidcalc.modelfiles.recipes.areas import sides
from vidcalc.modelfiles.recipes.launcher import Launcher, Named, launchers
from vidcalc.modelfiles.recipes.recipe import Recipe, Told, said_more
from vidcalc.modelfiles.recipes.settle import OFF, whole
from vidcalc.modelfiles.recipes.training import pieces

SIDES = ("width", "height")
COUNTS = ("frames", "steps", "gpus", "batch_size")
NUMBERS = ("guidance", "fps")
# ways of a plan
DEGREES = {
    "ulysses": "ulysses",
    "ring": "ring",
    "tensor": "tp",
    "pipefusion": "pipefusion",
    "shards": "fsdp",
    "guidance_ranks": "cfg",
}
SWITCHES: dict[str, Facts] = {
    "model_offload": {"offload": "model"},
    "offload_model": {"offload": "model"},
    "sequential": {"offload": "sequential"},
    "groups": {"offload": "group"},
    "offloaded": {},  # a program's own way
    "fp8": {"precision": "fp8"},
    "fp8_scaled": {"precision": "fp8-scaled"},
    "compile": {"compile": "on"},
}
NEVER = ("model_offload", "offload_model", "sequential", "offloaded")  # switches that leave all on the GPU when off
# switches that settle something together with others
SIGNS = ("fsdp", "guided", "guided_apart", "decoders", "image", "sequence", "beside")
PLACES = ("residency", "granularity")  # words for where weights are
SETTLED = ("model", "resolution")  # of what a program usually has: only where a command says nothing
FIRST = 6  # words of a command that may say what is run


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
        if key in program.switches:
            run.beneath |= {} if _off(value) else program.switches[key]
        if settles and settles != "nothing":
            if not run.take(settles, value):
                run.unread.append(f"{key} = {value}"[:80])
        elif not (silent or key in program.switches) or (key in program.partly and not _off(value)):
            run.unread.append(key)
    return run.settled(source)


def _off(value: object) -> bool:
    return str(value).partition(" ")[0].casefold() in OFF  # behind the last flag stands what torchrun runs


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
        self.beneath: Facts = {}  # settings that stated ones go before
        self.checkpoints: list[str] = []
        self.nodes = 1
        self.kind = "ulysses"  # of sharing the tokens, where one degree stands for either
        self.ratio = (16, 9)
        self.tier = ""
        self.image, self.unguided, self.beside = False, False, bool(program.beside)
        self.unread: list[str] = []
        self.told: Told = []

    def take(self, settles: str, value: object) -> bool:
        """Whether a value was understood for what it settles."""
        word = str(value)
        count = whole(word.partition(" ")[0])  # behind the last flag of its own stands what torchrun runs
        if settles in SWITCHES or settles in SIGNS:
            return self._switched(settles, word)
        if settles == "nodes":
            self.nodes = 1 if count is None else count
            return count is not None
        if settles == "single":
            return count == 1
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
        if settles in PLACES:
            place = table("launchers")["words"][settles].get(word)
            self.settings |= {"offload": place} if place else {}
            return place is not None
        if settles == "sequence_kind":
            self.kind = word
            return word in ("ulysses", "ring")
        if settles == "precision":
            self.settings["precision"] = precision(word.partition(" ")[0])
            return True
        if settles == "attention":
            self.settings["attention"] = attention("sdpa" if word == "torch" else word)
            return True
        {"task": self.tasks, "checkpoint": self.checkpoints}.get(settles, self.names).append(word)
        return True

    def _switched(self, settles: str, word: str) -> bool:
        if _off(word):
            if settles == "guided":
                self.unguided = True
            elif settles == "beside":
                self.beside = False
            elif settles in NEVER:
                self.settings["offload"] = "none"
            return True
        if settles in SWITCHES:
            self.settings |= SWITCHES[settles]
        elif settles == "guided_apart":
            self.degrees["cfg"] = 2
        elif settles == "fsdp":
            self.degrees["fsdp"] = 0
        elif settles == "decoders":
            self.degrees["vae"] = 0
        elif settles == "sequence":
            self.degrees["ulysses"] = 0
        elif settles == "image":
            self.image = True
        return True

    def _counted(self, settles: str, count: int | None) -> bool:
        if count is None or (count < 1 and settles in DEGREES):  # which many programs write for "as many as there are"
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
            self.tier = word.casefold()
            return self.tier in (self.program.areas or table("launchers")["words"]["tier"])
        parts = [whole(part) for part in word.replace("*", " ").replace("x", " ").replace(":", " ").split()]
        if len(parts) != 2 or None in parts:
            return False
        first, second = (int(part or 0) for part in parts)
        if settles == "ratio":
            if min(first, second) < 1:
                return False
            self.ratio = first, second
        else:
            width, height = (second, first) if settles == "height_width" else (first, second)
            self.sides = {"width": width, "height": height}
        return True

    def settled(self, source: str) -> Recipe:
        """The recipe, with what several flags settle together."""
        named = self._named()
        self.settings = {**self.beneath, **named.settings, **self.settings}
        self._size()
        usual = self.program.usual.get("resolution")
        if len(self.sides) == len(SIDES):
            self.settings["resolution"] = tuple(self.sides[side] for side in SIDES)
        elif usual:
            self.settings["resolution"] = tuple(usual)
        self._shared()
        frames = self.settings.get("frames", 0)
        if frames > self.windows.get("window", frames):
            self.settings["window"] = self.windows["window"], self.windows.get("overlap", 1)
        if self.unguided:
            self.settings["guidance"] = 1.0
        model, called = self._model()
        model = named.model or model
        beside = ", ".join(filter(None, (named.beside, self.program.beside if self.beside else "")))
        for begin, name in self.program.frameworks.items():
            if model.startswith(begin):
                self.settings["framework"] = name
        return Recipe(
            source=source,
            maker=self.program.title,
            model=model,
            names=called,
            beside=(*self.told, *((("models_beside", {"names": beside}),) if beside else ())),
            settings=self.settings,
            unread=tuple(self.unread),
        )

    def _named(self) -> Named:
        """What follows from the words of all names."""
        names = " ".join((*self.names, *self.tasks, *self.checkpoints)).casefold()
        fitting = (each for each in self.program.named if all(word in names for word in each.words))
        return next(fitting, Named(words=()))

    def _size(self) -> None:
        """The sides of what is named by its rows, or by its area and ratio; a picture decides where one is given."""
        tier = self.tier
        if self.program.pictured:
            tier = (tier or self.program.pictured["tier"]) if self.image else ""
        if tier in self.program.areas:
            area = self.program.areas[tier]
            pair = sides(area, self.program.stride, self.ratio, self.program.squarer)
        elif tier in table("launchers")["words"]["tier"] and not self.program.areas:
            long, short = table("launchers")["words"]["tier"][tier]
            pair = (long, short) if self.ratio[0] >= self.ratio[1] else (short, long)
        else:
            return
        self.sides = dict(zip(SIDES, pair, strict=True))

    def _shared(self) -> None:
        """How all GPUs share a video: a way of no stated degree takes those that the others leave."""
        if self.nodes < 1:  # no size of any flag: refused where it is read
            self.settings["nodes"] = self.nodes
        if self.nodes > 1:
            self.settings |= {"gpus": self.nodes * self.settings.get("gpus", 1), "nodes": self.nodes}
        if self.kind != "ulysses" and "ulysses" in self.degrees:
            self.degrees[self.kind] = self.degrees.pop("ulysses")
        if not self.program.scripts and self.degrees:  # a configuration says nothing of processes
            self.settings.setdefault("gpus", prod(self.degrees.values()))
        gpus = self.settings.get("gpus", 1)
        self.degrees = {way: degree or gpus for way, degree in self.degrees.items()}
        stated = [degree for way, degree in self.degrees.items() if WAYS[way] in WORK.values()]
        apart = prod(stated)
        if self.program.rest and stated and not {"ulysses", "ring"} & set(self.degrees) and gpus % apart == 0:
            self.degrees |= {self.program.rest: gpus // apart} if gpus > apart else {}
        if gpus > 1 and self.degrees:
            self.settings["parallel"] = {WAYS[way]: degree for way, degree in self.degrees.items()}

    def _model(self) -> tuple[str, tuple[str, ...]]:
        tasks: dict[str, str] = {**table("trainer_files")["words"]["task"], **table("launchers")["words"]["task"]}
        of_task = [tasks[task.casefold()] for task in self.tasks if task.casefold() in tasks]
        if of_task:
            return of_task[0], tuple(self.tasks)
        for name in self.names:
            match = next((found for piece in pieces(name) if (found := recognised(piece)) is not None), None)
            if match is not None:
                self.told += said_more(name, match)
                return match.models[0], tuple(self.names)
        usual = "" if self.tasks or self.names else str(self.program.usual.get("model", ""))
        if usual and self.image and self.program.pictured:
            usual = str(self.program.pictured["model"])
        return usual, (*self.tasks, *self.names)
