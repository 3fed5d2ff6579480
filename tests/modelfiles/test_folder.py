"""A model read from its own folder computes what the catalogue's entry of it does, with the bytes its files have."""

import json

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.catalog.models import model
from vidcalc.modelfiles import from_path
from vidcalc.rates.machines import hardware

SAME = {
    "wan2.1-t2v-1.3b": "WanPipeline",
    "wan2.2-i2v-a14b": "WanImageToVideoPipeline",
    "wan2.1-i2v-14b-480p": "WanImageToVideoPipeline",
    "hunyuanvideo-t2v": "HunyuanVideoPipeline",
    "ltx-video-2b": "LTXPipeline",
    "cogvideox-1.5-5b": "CogVideoXPipeline",
    "mochi-1-preview": "MochiPipeline",
}


def report(known):
    return calculate(known, fill.workload(known), hardware("a100-sxm-80gb"), fill.plan(known))


def ids(found):
    return {basis.id: basis for basis in found.basis}


@pytest.mark.parametrize("name", SAME)
def test_a_folder_of_a_catalogue_model_computes_the_same(name, make, tmp_path):
    read = from_path(str(make.pipeline(tmp_path / name, name, SAME[name])))
    ours, theirs = report(read), report(model(name))
    assert ours.compute == theirs.compute or ours.compute.flops_per_video == theirs.compute.flops_per_video
    assert ours.memory.inference.peak == theirs.memory.inference.peak
    assert ours.workload == theirs.workload
    assert [(c.role, c.params) for c in ours.model.components if c.role != "other"] == [
        (c.role, c.params) for c in theirs.model.components if c.role != "other"
    ]
    assert ids(read)["settings_from_catalogue"].value == name


def test_other_numbers_of_a_known_class_are_computed_from_the_folder(make, tmp_path):
    read = from_path(str(make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b", num_layers=6, ffn_dim=4096)))
    found = report(read)
    assert found.model.params == make.elements(make.wan(6, 12, 4096))
    assert found.model.components[0].bytes > 2 * found.model.params  # a few tensors stay in float32


def test_the_experts_of_a_pipeline_are_counted_as_copies(make, tmp_path):
    read = from_path(str(make.pipeline(tmp_path / "x", "wan2.2-t2v-a14b")))
    assert read.denoiser.copies == 2


def test_weights_take_the_bytes_their_files_have(make, tmp_path):
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b", num_layers=2)
    tensors = make.wan(2, 12, 8960)
    tensors["scale_shift_table"] = ("F32", tensors["scale_shift_table"][1])
    nbytes = make.safetensors(root / "transformer/diffusion_pytorch_model.safetensors", tensors)
    read = from_path(str(root))
    row = report(read).model.components[0]
    assert row.bytes == nbytes
    assert row.params == make.elements(tensors)
    assert ids(read)["weights_as_stored"].value == "transformer: BF16, F32"
    assert read.cautions == ()


def test_shards_are_read_as_one(make, tmp_path):
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b", num_layers=3)
    tensors = list(make.wan(3, 12, 8960, dtype="F16").items())
    shards = {"a-00001-of-00002.safetensors": dict(tensors[:40]), "a-00002-of-00002.safetensors": dict(tensors[40:])}
    folder = root / "transformer"
    nbytes = sum(make.safetensors(folder / name, held) for name, held in shards.items())
    index = {"metadata": {"total_size": nbytes}, "weight_map": {n: s for s, held in shards.items() for n in held}}
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    read = from_path(str(root))
    assert read.denoiser.held == nbytes
    assert read.denoiser.stored == "fp16"
    (folder / "a-00002-of-00002.safetensors").unlink()  # without one, the index still says how many bytes there are
    assert from_path(str(root)).denoiser.held == nbytes


def test_the_plain_weights_come_before_their_variants(make, tmp_path):
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b", num_layers=1)
    folder = root / "transformer"
    make.safetensors(folder / "diffusion_pytorch_model.fp16.safetensors", make.wan(1, 12, 8960, dtype="F16"))
    nbytes = make.safetensors(folder / "diffusion_pytorch_model.safetensors", make.wan(1, 12, 8960, dtype="F32"))
    assert from_path(str(root)).denoiser.held == nbytes


def test_a_file_that_disagrees_with_its_configuration_is_a_caution(make, tmp_path):
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b", num_layers=2)
    make.safetensors(root / "transformer/diffusion_pytorch_model.safetensors", make.wan(3, 12, 8960))
    (caution,) = from_path(str(root)).cautions
    assert caution.id == "weights_differ"
    assert caution.values["file"] == make.elements(make.wan(3, 12, 8960))
    assert caution.values["network"] == make.elements(make.wan(2, 12, 8960))


def test_a_pointer_of_a_clone_without_its_large_files_is_no_weight(make, tmp_path):
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    (root / "transformer/diffusion_pytorch_model.safetensors").write_text(pointer)
    assert from_path(str(root)).denoiser.held is None


@pytest.mark.parametrize("part", ["denoiser", "vae", "text"])
def test_one_component_alone_gets_the_others_from_the_catalogue(part, make, tmp_path):
    known = model("wan2.1-t2v-1.3b")
    component = {"denoiser": known.denoiser, "vae": known.vae, "text": known.text_encoders[0]}[part]
    make.component(tmp_path / "c", component, "transformers" if part == "text" else "diffusers")
    for path in (tmp_path / "c", tmp_path / "c/config.json"):
        read = from_path(str(path))
        taken = ids(read)["components_from_catalogue"].value.split(", ")
        assert len(taken) == 2
        assert report(read).memory.inference.peak > 0
    if part == "denoiser":
        assert report(read).memory.inference.peak == report(known).memory.inference.peak


def test_a_folder_that_is_not_there_is_filled_in_and_said(make, tmp_path):
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b")
    (root / "vae/config.json").unlink()
    read = from_path(str(root))
    assert read.vae.params == model("wan2.1-t2v-1.3b").vae.params
    assert ids(read)["components_from_catalogue"].value == "vae"


BAD = {
    "nothing": ({}, "nothing_here"),
    "not JSON": ({"config.json": "{"}, "not_json"),
    "a list": ({"config.json": "[1]"}, "not_json"),
    "no class": ({"config.json": "{}"}, "no_class"),
    "a class nobody knows": ({"config.json": '{"_class_name": "NoSuchTransformer3DModel"}'}, "unknown_class"),
    "words for numbers": ({"config.json": '{"_class_name": "WanTransformer3DModel", "num_layers": "x"}'}, "bad_config"),
    "no layers": ({"config.json": '{"_class_name": "WanTransformer3DModel", "num_attention_heads": 0}'}, "bad_config"),
    "layers without end": ({"config.json": '{"_class_name": "WanTransformer3DModel", "num_layers": 1e99}'}, None),
    "a pipeline of nothing": ({"model_index.json": '{"_class_name": "WanPipeline"}'}, "nothing_here"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_make_no_model_are_one_clear_problem(name, tmp_path):
    files, problem = BAD[name]
    for path, text in files.items():
        (tmp_path / path).write_text(text)
    with pytest.raises(Unreadable) as refused:
        from_path(str(tmp_path))
    assert problem is None or refused.value.problem == problem
