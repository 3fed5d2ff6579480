"""From flags to a search for a plan: what is stated is settled, what is left open is searched."""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.catalog.training import choices, recipe
from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.setting import declared, words
from vidcalc.describe.sharing import ALIKE, SHARDING, flag_of
from vidcalc.describe.training import TrainingPlan, Update, offloads
from vidcalc.faces.flags.bucket import BucketOf
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.parallel import AUTO
from vidcalc.faces.flags.spelled import command_line
from vidcalc.faces.requests.recipes import merged
from vidcalc.faces.requests.run import Stated, seen, stated
from vidcalc.faces.requests.settings import stated as given_flags
from vidcalc.faces.terminal.numbers import data as bytes_text
from vidcalc.faces.words import _
from vidcalc.rates.machines import placed
from vidcalc.report.plan import Help, PlanReport, PlanRow
from vidcalc.search.exhaustive import Search
from vidcalc.search.exhaustive import search as exhaustive
from vidcalc.search.plans import CHECKPOINTING, SHARDINGS, Space

GPUS = (8,)
SEARCHED = ("gpus", "by", "tried", "global_batch")  # what no single plan is asked
FLAGS_OF = {"update": "optimizer_update", "offload": "training_offload"}  # words of a plan
UNSAID = {"reshard": "on", "training_offload": "none"}
SETTLED = ("gpus", "parallel", "training_parallel", "grad_accum")
ALONE = "data_degree"  # of one that shares nothing
SAMPLES = 1000  # of each rank: runs of unlike global batches are compared over as many as all of them divide


def request(given: dict[str, Any]) -> tuple[Search, dict[int, Hardware]]:
    """The search that the flags ask for, and the hardware of each number of GPUs. Raises InputError."""
    flags = given_flags(given)
    counts, by, tried = flags.pop("gpus", GPUS), flags.pop("by", "time"), flags.pop("tried", ())
    wanted = flags.pop("global_batch", 0)
    whole = _of_a_recipe(flags)
    setup = stated(whole)
    smallest = setup.buckets[0].batch
    wanted = wanted or counts[-1] * smallest
    if wanted % smallest:
        near = max(wanted // smallest, 1) * smallest
        expects = _("a multiple of the first bucket's batch, {batch}", batch=smallest)
        raise Refused("--global-batch", wanted, expects, str(near), (near,))
    space = Space(
        units=wanted // smallest,
        degrees=_degrees(flags, placed(setup.question.hardware, min(counts))),
        words=_words(flags, tried, setup.training),
        shardings=_shardings(flags),
    )
    once = replace(setup.training, grad_accum=space.units)
    data = seen(whole, setup, once)
    search = Search(run=setup.run(data), space=space, by=by)
    return search, {count: placed(setup.question.hardware, count) for count in counts}


def _of_a_recipe(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags with those of a recipe beneath them, less what the search settles whatever a file says of it."""
    settled = [name for name in SETTLED if name not in flags]
    return {name: value for name, value in merged(flags).items() if name not in settled}


def searched(flags: dict[str, Any], setup: Stated) -> TrainingPlan:
    """The plan of the shortest run at the batch, accumulation and checkpointing that are stated; where nothing fits,
    the one of the least memory."""
    world, plan = flags.get("gpus", 1), setup.training
    space = Space(degrees=_degrees(flags, placed(setup.question.hardware, world)), shardings=_shardings(flags))
    samples = SAMPLES * world * plan.grad_accum * sum(size.batch for size in setup.buckets)
    data = Data(buckets=setup.buckets, samples=samples, clips=samples)
    search = Search(run=setup.run(data), space=space, winner=True)
    (best,) = exhaustive(search, {world: placed(setup.question.hardware, world)})
    chosen = best.best[0] if best.best else best.smallest
    if chosen is None:
        raise InputError("sharding", flags.get("sharding"), SHARDING, "none")
    return chosen.training


def _degrees(flags: dict[str, Any], hardware: Hardware) -> dict[str, int]:
    """The degrees that are stated; hybrid sharding is among the accelerators of a node."""
    degrees = {name: degree for name, degree in flags.get("training_parallel", {}).items() if name not in AUTO}
    if flags.get("sharding") == "hybrid":
        degrees.setdefault("shard_degree", hardware.count)
    return degrees


def _words(flags: dict[str, Any], tried: tuple[str, ...], plan: TrainingPlan) -> dict[str, tuple[str, ...]]:
    """The choices of each word that is open."""
    compute = recipe(plan.recipe).compute
    catalogue = {
        "recipe": tuple(name for name in choices("recipes") if recipe(name).compute == compute),
        "optimizer": choices("optimizers"),
        "update": words(Update),
        # how many blocks is not searched
        "offload": tuple(way for way in offloads(plan.mode) if way != "block-swap" or plan.swapped_blocks),
    }
    varied = {name: catalogue[name] for name in tried}
    return varied if "checkpointing" in flags else {**varied, "checkpointing": CHECKPOINTING}


def _shardings(flags: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The ways of sharding that are open: those of the word and of --reshard, where they are stated."""
    word, reshard = str(flags.get("sharding", "")), flags.get("reshard")
    kept = [way for way in SHARDINGS if ALIKE.get(word, word) in ("", way[0])]
    if reshard is not None:
        kept = [way for way in kept if way[0] != "zero3" or way[1] == reshard]
    return tuple(kept)


def with_commands(report: PlanReport, given: dict[str, Any]) -> PlanReport:
    """The report, each of its plans with the command that asks for it alone."""

    def told(row: PlanRow) -> PlanRow:
        return replace(row, command=command_of(given, row))

    counts = [replace(each, best=told(each.best) if each.best else None) for each in report.counts]
    return replace(report, counts=counts, best=list(map(told, report.best)), front=list(map(told, report.front)))


def command_of(given: dict[str, Any], row: PlanRow) -> str:
    """The line that asks `vidcalc train` for one plan: the flags asked for, and what the search settled."""
    settled = {FLAGS_OF.get(name, name): word for name, word in row.words.items()}
    degrees = {field: degree for field, degree in row.degrees.items() if degree > 1} or {ALONE: 1}
    asked = {**given, **settled, "training_parallel": degrees, "grad_accum": row.grad_accum}
    for name in (*SEARCHED, *(name for name, word in UNSAID.items() if asked[name] == word)):
        asked.pop(name, None)
    if given.get("bucket"):
        sizes = [(*size[:-1], batch) for size, batch in zip(given["bucket"], row.batches, strict=True)]
        return command_line("train", asked) + "".join(f" --bucket {BucketOf.spelled(size)}" for size in sizes)
    return command_line("train", {**asked, "batch_size": row.batches[0]})


def fitting(report: PlanReport) -> PlanReport:
    """The report, where something fits. Raises Refused with what is missing and what helps where nothing does."""
    if report.best:
        return report
    counts = ", ".join(str(row.gpus) for row in report.counts)
    ways = ", ".join(flags_of(way) for way in report.helps)
    sizes = {"missing": bytes_text(report.missing), "capacity": bytes_text(report.capacity)}
    said = _(
        "nothing fits on {gpus}: the least plan needs {missing} more than the {capacity} of a GPU", gpus=counts, **sizes
    )
    if report.lacking == "host":
        said = _(
            "nothing fits on {gpus}: the least plan needs {missing} more host memory than the {capacity} of a machine",
            gpus=counts,
            **sizes,
        )
    if ways:
        said += "; " + _("what helps: {ways}", ways=ways)
    more = next((str(way.changes["gpus"]) for way in report.helps if "gpus" in way.changes), None)
    raise Refused("--gpus", None, said, more, tuple(flags_of(way) for way in report.helps))


def flags_of(way: Help) -> str:
    """A change as a command line has it."""
    fields = declared(TrainingPlan)
    flags = {name: flag_of(TrainingPlan, name) if name in fields else "--" + name for name in way.changes}
    return " ".join(f"{flags[name]} {value}" for name, value in way.changes.items())
