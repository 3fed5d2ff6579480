"""What waits in host memory, and how the VAE works, as diffusers is told."""

from vidcalc.base.number import unchanged
from vidcalc.faces.how.python import call
from vidcalc.faces.how.script import Script
from vidcalc.faces.words import _

DEVICE = '"cuda"'
GROUPS = {"group": "block_level", "group-wait": "block_level", "group-leaf": "leaf_level"}


def placed(script: Script) -> None:
    """Offloading, or everything on the GPU; then tiles and slices of the VAE."""
    plan = script.job.plan
    way = plan.offload
    if way == "none":
        script.add("pipe.to(device)" if script.run else f"pipe.to({DEVICE})")
    elif way in ("model", "sequential"):
        name = "enable_model_cpu_offload" if way == "model" else "enable_sequential_cpu_offload"
        script.add(f"pipe.{name}()")
    elif way in GROUPS:
        grouped(script, way)
    elif way in ("encoders", "encoders-streamed"):
        encoders_away(script, streamed=way == "encoders-streamed")
    else:
        script.left.add("--offload", way)
    if plan.vae_tiling == "default":
        script.add("pipe.vae.enable_tiling()")  # the tiles of the VAE's own class
    elif plan.vae_tiling != "none":
        script.left.add("--vae-tiling", plan.vae_tiling)
    if plan.vae_slicing == "on":
        script.add("pipe.vae.enable_slicing()")


def grouped(script: Script, way: str) -> None:
    """Group offloading of the whole pipeline: by blocks or modules, with a stream or without."""
    plan = script.job.plan
    streams = way != "group-wait"
    arguments = [f"onload_device=torch.device({DEVICE})", f'offload_type="{GROUPS[way]}"']
    if GROUPS[way] == "block_level":
        blocks = 1 if streams else plan.blocks_per_group
        arguments.append(f"num_blocks_per_group={blocks}")
    if streams:
        arguments.append("use_stream=True")
    if plan.offload_to == "pageable":
        arguments.append("low_cpu_mem_usage=True")
    elif plan.offload_to == "disk":
        arguments.append('offload_to_disk_path="offloaded"')
    if not unchanged(plan.resident_blocks, 0):
        note = _("every block comes and goes")
        script.left.add("--resident-blocks", plan.resident_blocks, note)
    script.add(*call("pipe.enable_group_offload", *arguments))


def encoders_away(script: Script, streamed: bool) -> None:
    """Encoders that leave before the first step: their hooks bring them, and the denoiser's first call sends them back.

    diffusers has no switch for this alone; accelerate's hook does it.
    """
    rest = [*script.denoisers, *script.pipeline["vaes"]]
    script.add(*(f"pipe.{part}.to({DEVICE})" for part in rest))
    if streamed:
        script.imports.add(("diffusers.hooks", "apply_group_offloading"))
        for part in script.encoders:
            device = f"onload_device=torch.device({DEVICE})"
            how = ('offload_type="block_level"', "num_blocks_per_group=1", "use_stream=True")
            script.add(*call("apply_group_offloading", f"pipe.{part}", device, *how))
        return
    script.imports.add(("accelerate", "cpu_offload_with_hook"))
    hooks = []
    for part in script.encoders:
        hooks.append(f"{part}_hook")
        script.add(f"pipe.{part}, {part}_hook = cpu_offload_with_hook(pipe.{part}, {DEVICE})")
    for part in script.denoisers:
        for hook in hooks:
            script.add(f"pipe.{part}.register_forward_pre_hook(lambda *_: {hook}.offload())")
