"""A plan as the command line of a model's own program (`data/how/official.toml`)."""

from vidcalc.base.number import unchanged
from vidcalc.catalog import fill, load
from vidcalc.describe.plan import WAYS
from vidcalc.describe.question import Question
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.how.python import number
from vidcalc.faces.how.said import Leavings, Said
from vidcalc.faces.how.tools import FLAG, Tool
from vidcalc.faces.words import _


def spoken(job: Question, tool: Tool, whole: bool) -> Said:
    """The job as one command. Raises Refused for a model that the program does not run."""
    facts = load.entry("how", tool.facts)[tool.id]
    if job.model.name not in facts["models"]:
        known = tuple(facts["models"])
        expects = _("not for {model}; for {models}", model=job.model.name, models=", ".join(known))
        raise Refused(FLAG, tool.id, expects, None, known)
    left, work, plan = Leavings(tool.title), job.workload, job.plan
    arguments = [facts["models"][job.model.name], facts["size"].format(width=work.width, height=work.height)]
    arguments += [f"{flag} {number(getattr(work, field))}" for field, flag in facts["words"].items()]
    if job.model.defaults.flow_shift:
        arguments.append(f"{facts['shift']} {number(job.model.defaults.flow_shift)}")
    if plan.offload in facts["offload"]:
        arguments.append(facts["offload"][plan.offload])
    else:
        left.add("--offload", plan.offload)
    launcher, ways = shared(job, facts["ways"], facts.get("sharded", ""), left)
    arguments += [*ways, facts["image"] if job.model.task == "i2v" else "", f"{facts['folder']} path/to/the/model"]
    arguments.append(f'{facts["prompt"]} "..."')
    unsaid(job, left)
    kept = [each for each in arguments if each]
    lines = [f"{launcher} {facts['script']} \\", *(f"  {each} \\" for each in kept[:-1]), f"  {kept[-1]}"]
    return Said(tool=tool.id, version=facts["version"], language="shell", lines=tuple(lines), left=tuple(left.every))


def shared(job: Question, words: dict[str, str], sharded: str, left: Leavings) -> tuple[str, list[str]]:
    """What starts the program, and its flags for sharing the work."""
    flags, ranks = [], 1
    for way, field in WAYS.items():
        degree = getattr(job.plan, field)
        if unchanged(degree, 1):
            continue
        if way not in words:
            left.add("--parallel", f"{way}={number(degree)}")
        elif words[way]:
            flags.append(f"{words[way]} {number(degree)}")
            ranks *= int(degree)
        else:
            flags.append(sharded)
            ranks = max(ranks, int(degree))
    return "python" if ranks == 1 else f"torchrun --nproc_per_node={ranks}", flags


def unsaid(job: Question, left: Leavings) -> None:
    """Settings of a plan that these programs have no flag for, where they are not what the program does itself."""
    usual = fill.plan(job.model, framework=job.plan.framework)
    for field in ("precision", "text_encoder_precision", "vae_precision", "attention", "compile", "step_cache"):
        value = getattr(job.plan, field)
        if value != getattr(usual, field):
            left.add("--" + field.replace("_", "-"), value)
    if job.plan.loras:
        left.add("--lora", len(job.plan.loras))
