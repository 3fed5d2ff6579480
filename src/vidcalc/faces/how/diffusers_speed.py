"""What makes a pipeline quicker, as diffusers is told: kernels, caches, a compiler, more GPUs."""

from vidcalc.catalog.caches import read
from vidcalc.describe.plan import WAYS
from vidcalc.faces.how.python import call, number
from vidcalc.faces.how.script import Script
from vidcalc.faces.how.unsaid import ways
from vidcalc.faces.words import _

SHARED = {"ulysses": "ulysses_degree", "ring": "ring_degree"}  # ways of diffusers -> its argument


def quicker(script: Script) -> None:
    """Attention kernel and step cache; what it has no words for is left."""
    plan = script.job.plan
    attention(script, plan.attention)
    if plan.step_cache != "none":
        cached(script, plan.step_cache)


def attention(script: Script, kernel: str) -> None:
    """The backend of attention in the denoisers; what torch picks needs no word."""
    word = script.facts["attention"].get(kernel)
    if word is None or not script.can("backend"):
        script.left.add("--attention", kernel)
    elif kernel != "sdpa":
        script.add(*(f'pipe.{part}.set_attention_backend("{word}")' for part in script.denoisers))


def cached(script: Script, stated: str) -> None:
    """A step cache with its parameters, on every denoiser."""
    if stated == "stated":
        script.left.add("--step-cache", number(float(script.job.plan.computed_steps)), _("name a method instead"))
        return
    found = read(stated)
    facts = script.facts["caches"].get(found.name)
    if facts is None or not script.can("cached"):
        script.left.add("--step-cache", stated)
        return
    script.imports.add(("diffusers", facts["config"]))
    numbers = {"-1": -1.0, **found.parameters}
    arguments = []
    for name, value in found.parameters.items():
        # 0 of a range or of a last step is none there
        if name in facts and not (value == 0 and name in ("spatial", "temporal", "cross", "after")):
            arguments.append(f"{facts[name]}={number(value)}")
    for name, ends in facts.get("ranges", {}).items():
        if any(each.startswith(f"{name.rpartition('_timestep')[0]}_block") for each in arguments) or "uncond" in name:
            arguments.append(f"{name}=({', '.join(number(numbers[end]) for end in ends)})")
    if "steps" in facts:
        arguments.append(f"{facts['steps']}={number(script.job.workload.steps)}")
    if facts.get("calibrates"):
        script.left.add("--step-cache", stated, _("its ratios are of the model: run once with calibrate=True"))
        arguments.append("calibrate=True")
    if "now" in facts:
        arguments.append(f"{facts['now']}=lambda: pipe.current_timestep")
    config = "\n".join(call(facts["config"], *arguments))
    for part in script.denoisers:
        script.add(*call(f"pipe.{part}.enable_cache", config))


def compiled(script: Script) -> None:
    """A compiler on the denoisers: their repeated blocks, or all of them."""
    how = script.job.plan.compile
    if how == "off":
        return
    if how == "graphs":
        script.add(*(f'pipe.{part}.compile(mode="reduce-overhead")' for part in script.denoisers))
        return
    method = "compile_repeated_blocks" if script.can("regional") else "compile"
    script.add(*(f"pipe.{part}.{method}()" for part in script.denoisers))


def shared(script: Script) -> None:
    """Ranks that share a video's tokens: each runs the script, started by torchrun."""
    asked = {SHARED[way]: degree for way, degree in ways(script.job.plan, WAYS, SHARED, script.left)}
    if not asked:
        return
    if not script.can("shared"):
        for name, degree in asked.items():
            script.left.add("--parallel", f"{name.removesuffix('_degree')}={degree}")
        return
    ranks = 1
    for degree in asked.values():
        ranks *= degree
    script.run = f"torchrun --nproc-per-node {ranks} run.py"
    script.imports.add(("torch", "distributed"))
    script.imports.add(("diffusers", "ContextParallelConfig"))
    script.add(
        'distributed.init_process_group("nccl")',
        "rank = distributed.get_rank()",
        'device = torch.device("cuda", rank % torch.cuda.device_count())',
        "torch.cuda.set_device(device)",
    )
    degrees_said = ", ".join(f"{name}={degree}" for name, degree in asked.items())
    for part in script.denoisers:
        script.add(f"pipe.{part}.enable_parallelism(config=ContextParallelConfig({degrees_said}))")
