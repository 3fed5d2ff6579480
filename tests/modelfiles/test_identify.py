"""Bare weights: recognised by names and sizes, with whatever numbers; else by their count, and said so."""

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.modelfiles import from_path
from vidcalc.rates.machines import hardware


@pytest.mark.parametrize(("layers", "heads", "ffn"), [(30, 12, 8960), (5, 16, 5000), (40, 40, 13824)])
def test_names_and_shapes_give_class_and_configuration(layers, heads, ffn, make, tmp_path):
    tensors = make.wan(layers, heads, ffn)
    path = tmp_path / "w.safetensors"
    nbytes = make.safetensors(path, tensors)
    read = from_path(str(path))
    assert read.denoiser.class_ == "WanTransformer3DModel"
    assert read.denoiser.config["num_layers"] == layers
    assert read.denoiser.config["num_attention_heads"] == heads
    assert read.denoiser.config["ffn_dim"] == ffn
    assert read.denoiser.params == make.elements(tensors)
    assert read.denoiser.held == nbytes
    assert read.basis[0].id == "identified_by_names"


def test_a_checkpoint_with_its_maker_s_prefix_and_more_beside_is_recognised(make, tmp_path):
    tensors = {"model.diffusion_model." + name: told for name, told in make.wan(30, 12, 8960).items()}
    make.safetensors(tmp_path / "w.safetensors", tensors | {"vae.decoder.weight": ("F32", (3, 3))})
    read = from_path(str(tmp_path / "w.safetensors"))
    assert read.denoiser.params == make.elements(make.wan(30, 12, 8960))


def test_other_names_are_recognised_by_their_count_and_flagged(make, tmp_path):
    count = make.elements(make.wan(30, 12, 8960))
    make.gguf(tmp_path / "w.gguf", {"blocks.0.self_attn.q.weight": ("Q8_0", (count // 64, 64))})
    assert count % 64 == 0
    read = from_path(str(tmp_path / "w.gguf"))
    assert read.denoiser.class_ == "WanTransformer3DModel"
    assert read.denoiser.stored == "gguf-q8_0"
    assert (read.basis[0].id, read.basis[0].provenance) == ("identified_by_count", "assumed")


def test_a_quantised_file_s_bytes_are_the_report_s(make, tmp_path):
    tensors = make.wan(30, 12, 8960, dtype="F32")
    tensors = {name: ("Q8_0" if len(shape) == 2 else "F32", shape) for name, (_, shape) in tensors.items()}
    nbytes = make.gguf(tmp_path / "w.gguf", tensors)
    read = from_path(str(tmp_path / "w.gguf"))
    plan = fill.plan(read, precision=read.denoiser.stored)
    found = calculate(read, fill.workload(read), hardware("a100-sxm-80gb"), plan)
    assert found.model.components[0].bytes == nbytes


def test_weights_like_no_network_are_refused_with_their_count(make, tmp_path):
    make.safetensors(tmp_path / "w.safetensors", {"some.weight": ("F32", (11, 13))})
    with pytest.raises(Unreadable) as refused:
        from_path(str(tmp_path / "w.safetensors"))
    assert refused.value.problem == "unknown_weights"
    assert refused.value.values == {"params": 143}
