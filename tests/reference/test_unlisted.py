"""A class that no family mirrors is run instead: for classes we do know, what comes out is what our tape says."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vidcalc.base.errors import Unreadable
from vidcalc.calculate import calculate
from vidcalc.catalog import families, fill
from vidcalc.catalog.models import model
from vidcalc.describe.training import TrainingPlan
from vidcalc.modelfiles import from_path
from vidcalc.rates.machines import hardware
from vidcalc.reference import measure, published, unlisted
from vidcalc.reference.classes import build

# large enough that a GPU, not the host that starts its kernels, sets the pace
CLIPS = {"wan2.1-t2v-1.3b": (832, 480, 33), "ltx-video-2b": (704, 480, 121), "svd": (1024, 576, 8)}
NEAR_SECONDS = 0.05  # the published code launches a few small kernels more than the tape writes down


def traced(component, role):
    """The component with its published class in the place of its family."""
    config = {"class_name": component.class_, "role": role, "config": component.config}
    return replace(component, network=published.NETWORK, params=None, config=config)


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("checkpointing", ["none", "full"])
def test_a_traced_class_gives_what_its_family_gives(name, checkpointing):
    width, height, frames = CLIPS[name]
    known = model(name)
    job = fill.workload(known, width=width, height=height, frames=frames)
    other = replace(known, denoiser=traced(known.denoiser, "denoiser"), vae=traced(known.vae, "vae"))
    chip, plan = hardware("a100-sxm-80gb"), fill.plan(known, training=TrainingPlan(checkpointing=checkpointing))
    ours, theirs = calculate(known, job, chip, plan), calculate(other, job, chip, plan)
    assert theirs.model.params == ours.model.params
    assert theirs.compute.flops_per_forward == ours.compute.flops_per_forward
    assert theirs.compute.flops_vae_decode == ours.compute.flops_vae_decode
    assert theirs.compute.flops_vae_encode == ours.compute.flops_vae_encode
    memory, expected = theirs.memory, ours.memory
    assert memory.inference.denoiser_activation_peak == pytest.approx(
        expected.inference.denoiser_activation_peak, rel=0.02
    )
    assert memory.inference.peak == pytest.approx(expected.inference.peak, rel=0.001)
    assert memory.training.kept_for_backward == pytest.approx(expected.training.kept_for_backward, rel=0.01)
    assert memory.training.forward_backward_peak == pytest.approx(expected.training.forward_backward_peak, rel=0.01)
    assert theirs.time.inference.denoise == pytest.approx(ours.time.inference.denoise, rel=NEAR_SECONDS)


def config_file(folder: Path, class_: str, **config: Any) -> str:
    (folder / "config.json").write_text(json.dumps({"_class_name": class_, **config}))
    return str(folder)


# published classes, with small numbers; those that a family mirrors by now are left out
SANA = {"attention_head_dim": 16, "num_cross_attention_heads": 4, "cross_attention_head_dim": 16}
UNLISTED = {
    "ChronoEditTransformer3DModel": {"num_layers": 2, "num_attention_heads": 2, "ffn_dim": 300},
    "SanaTransformer2DModel": {**SANA, "num_attention_heads": 4, "cross_attention_dim": 64, "caption_channels": 64},
    "AuraFlowTransformer2DModel": {"num_mmdit_layers": 1, "num_attention_heads": 2, "caption_projection_dim": 512},
}


@pytest.mark.parametrize("class_", [name for name in UNLISTED if name not in families.families()])
def test_a_class_of_no_family_is_run_and_said(class_: str, tmp_path: Path) -> None:
    read = from_path(config_file(tmp_path, class_, **UNLISTED[class_]), published)
    said = {basis.id: basis for basis in read.basis}
    assert said["traced_class"].value == class_
    assert said["traced_class"].provenance == "measured"
    job = fill.workload(read, width=256, height=256, frames=9)
    found = calculate(read, job, hardware("a100-sxm-80gb"), fill.plan(read))
    module = build(class_, UNLISTED[class_])
    assert found.model.params == sum(parameter.numel() for parameter in module.parameters())
    grid = [found.latent.frames, found.latent.height, found.latent.width]
    shape = {"batch": 1, "latent": grid, "text_tokens": job.text_tokens}
    call = unlisted.working_call(class_, module, "denoiser", shape)
    assert found.compute.flops_per_forward == measure.forward_flops(call).total
    assert found.memory.inference.denoiser_activation_peak >= measure.peak_live_bytes(call, module).bytes
    assert found.memory.training is not None
    assert found.memory.training.kept_for_backward > 0


def test_a_name_that_is_no_class_is_refused(tmp_path):
    with pytest.raises(Unreadable) as refused:
        from_path(config_file(tmp_path, "NoSuchTransformer3DModel"), published)
    assert refused.value.problem == "no_such_class"
    with pytest.raises(Unreadable) as refused:
        from_path(config_file(tmp_path, "NoSuchTransformer3DModel"), None)
    assert refused.value.problem == "unknown_class"
