"""Files as makers publish them: two experts, modular indexes, everything in one file, keys of other classes."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidcalc.catalog.models import model
from vidcalc.modelfiles import from_path
from vidcalc.modelfiles.weights import of_network, total

WAN = {
    "_class_name": "WanModel",
    "_diffusers_version": "0.33.0",
    "dim": 5120,
    "eps": 1e-06,
    "ffn_dim": 13824,
    "freq_dim": 256,
    "in_dim": 16,
    "model_type": "t2v",
    "num_heads": 40,
    "num_layers": 40,
    "out_dim": 16,
    "text_len": 512,
}


def told(read: Any) -> dict[str, dict[str, Any]]:
    return {each.id: each.values for each in read.cautions}


def basis(read: Any) -> dict[str, str]:
    return {each.id: each.value for each in read.basis}


def put(folder: Path, config: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def official(tensors: dict[str, Any]) -> dict[str, Any]:
    """diffusers' names of a Wan as its makers write them."""
    pairs = (
        ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
        ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
        ("condition_embedder.time_proj", "time_projection.1"),
        ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
        ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
        ("attn1.", "self_attn."),
        ("attn2.", "cross_attn."),
        ("to_out.0", "o"),
        ("to_", ""),
        ("norm2", "norm3"),
        ("ffn.net.0.proj", "ffn.0"),
        ("ffn.net.2", "ffn.2"),
        ("proj_out", "head.head"),
    )
    made = {}
    for name, entry in tensors.items():
        for ours, theirs in pairs:
            name = name.replace(ours, theirs)
        name = name.replace("scale_shift_table", "modulation" if name.startswith("blocks") else "head.modulation")
        made[name] = entry
    return made


def test_two_folders_of_experts_are_one_model_with_two(tmp_path: Path) -> None:
    for folder in ("high_noise_model", "low_noise_model"):
        put(tmp_path / "Wan2.2-T2V-A14B" / folder, WAN)
    read = from_path(str(tmp_path / "Wan2.2-T2V-A14B"))
    assert (read.denoiser.class_, read.denoiser.copies) == ("WanTransformer3DModel", 2)
    assert read.denoiser.config["num_attention_heads"] == 40 and read.denoiser.config["attention_head_dim"] == 128
    for folder in ("high_noise_model", "low_noise_model"):
        put(tmp_path / "Wan2.2-I2V-A14B" / folder, WAN | {"in_dim": 36, "model_type": "i2v"})
    read = from_path(str(tmp_path / "Wan2.2-I2V-A14B"))
    assert "image_dim" not in read.denoiser.config  # 2.2 has no tokens of an image
    assert basis(read)["settings_from_catalogue"] == "wan2.2-i2v-a14b"


def test_a_configuration_that_two_models_have_names_the_other(tmp_path: Path) -> None:
    read = from_path(str(put(tmp_path / "x", WAN | {"in_dim": 36, "model_type": "i2v"})))
    assert total(of_network(read.denoiser, "denoiser")) == model("wan2.1-i2v-14b-480p").denoiser.params
    assert told(read)["equal_models"]["others"] == "wan2.2-i2v-a14b"


def test_weights_that_several_models_have_are_told_apart_by_name_or_named(make: Any, tmp_path: Path) -> None:
    tensors = official(make.wan(40, 40, 13824))
    for name, like in {
        "w.safetensors": "wan2.1-t2v-14b",
        "wan2.2_t2v_low_noise_14B_bf16.safetensors": "wan2.2-t2v-a14b",
        "SkyReels-V2-T2V-14B-540P.safetensors": "skyreels-v2-t2v-14b",
    }.items():
        make.safetensors(tmp_path / name, tensors)
        read = from_path(str(tmp_path / name))
        assert basis(read)["settings_from_catalogue"] == like
        assert ("equal_models" in told(read)) == (name == "w.safetensors")
    others = told(from_path(str(tmp_path / "w.safetensors")))["equal_models"]["others"]
    assert {"wan2.2-t2v-a14b", "skyreels-v2-t2v-14b"} <= set(others.split(", "))
    expert = from_path(str(tmp_path / "wan2.2_t2v_low_noise_14B_bf16.safetensors"))
    assert expert.denoiser.copies == 2 and "transformer 2" in basis(expert)["components_from_catalogue"].replace(
        "denoiser", "transformer"
    )


@pytest.mark.parametrize("index", ["model_index.json", "modular_model_index.json"])
def test_a_modular_pipeline_has_three_parts_to_an_entry(index: str, make: Any, tmp_path: Path) -> None:
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b")
    plain = json.loads((root / "model_index.json").read_text())
    (root / "model_index.json").unlink()
    listed = {
        name: [None, None, {"repo": "a/b", "subfolder": name, "type_hint": stated}]
        if isinstance(stated, list)
        else stated
        for name, stated in plain.items()
    }
    listed["guider"] = [None, None, {"type_hint": ["diffusers", "ClassifierFreeGuidance"]}]
    (root / index).write_text(json.dumps({**listed, "_class_name": "WanModularPipeline"}))
    read = from_path(str(root))
    assert total(of_network(read.denoiser, "denoiser")) == model("wan2.1-t2v-1.3b").denoiser.params
    assert (read.vae.class_, read.text_encoders[0].class_) == ("AutoencoderKLWan", "UMT5EncoderModel")
    assert not read.cautions


def test_folders_of_components_without_an_index_are_put_together(make: Any, tmp_path: Path) -> None:
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b", num_layers=12)
    (root / "model_index.json").unlink()
    read = from_path(str(root))
    assert read.denoiser.config["num_layers"] == 12
    assert "components_from_catalogue" not in basis(read)


def test_a_checkpoint_with_everything_is_taken_apart(make: Any, tmp_path: Path) -> None:
    """Denoiser, autoencoder, vocoder and the connectors inside the denoiser's names."""
    tensors = {f"model.diffusion_model.{name}": entry for name, entry in official(make.wan(30, 12, 8960)).items()}
    connectors = {f"model.diffusion_model.video_embeddings_connector.{n}.weight": ("BF16", (64, 64)) for n in range(4)}
    beside = {"vocoder.conv.weight": ("BF16", (100, 7)), "vae.decoder.conv.weight": ("F32", (11, 13))}
    nbytes = make.safetensors(tmp_path / "w.safetensors", tensors | connectors | beside)
    read = from_path(str(tmp_path / "w.safetensors"))
    assert read.denoiser.params == make.elements(make.wan(30, 12, 8960))
    held = {each.id: each.held for each in read.others}
    assert held == {"connectors": 4 * 64 * 64 * 2, "vocoder": 1400}
    assert (read.denoiser.held or 0) + sum(held.values()) + (read.vae.held or 0) == nbytes
    assert read.vae.class_ == "AutoencoderKLWan"  # nobody knows that one: the catalogue's, with the file's bytes


def test_keys_that_mean_nothing_are_named_with_what_may_be_meant(tmp_path: Path) -> None:
    config = {"_class_name": "WanTransformer3DModel", "num_layerz": 12, "dim": 1536, "num_layers": 30}
    listed = told(from_path(str(put(tmp_path / "a", config))))["unknown_keys"]["keys"]
    assert listed == "num_layerz (num_layers?), dim"
    read = from_path(str(put(tmp_path / "b", WAN | {"num_headz": 40})))
    assert told(read)["unknown_keys"]["keys"] == "num_headz"
    causal = WAN | {"_class_name": "CausalWanModel", "local_attn_size": 21, "sink_size": 3}
    assert told(from_path(str(put(tmp_path / "c", causal))))["untold_keys"]["keys"] == "local_attn_size, sink_size"
    assert not from_path(str(put(tmp_path / "d", WAN))).cautions


def test_a_network_alone_takes_what_works_on_the_same_things(tmp_path: Path) -> None:
    """Channels, texts and patches decide, not how large it is: a small one like Predict2 gets Predict2's tokenizer."""
    config = dict(model("cosmos-predict2-2b").denoiser.config) | {"num_layers": 9, "num_attention_heads": 24}
    config |= {"_class_name": "CosmosTransformer3DModel", "extra_pos_embed_type": None}
    read = from_path(str(put(tmp_path / "x", config)))
    assert read.vae.class_ == "AutoencoderKLWan"
    assert (
        total(of_network(read.denoiser, "denoiser")) == 1_371_176_448
    )  # diffusers 0.42.1, the class on the meta device


QUANTISED = {
    "nf4": ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, "nf4"),
    "nf4 twice": (
        {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": True},
        "nf4-double",
    ),
    "int8": ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bnb-int8"),
    "torchao word": ({"quant_method": "torchao", "quant_type": "int8wo"}, "int8"),
    "torchao": (
        {"quant_method": "torchao", "quant_type": {"default": {"_type": "Float8DynamicActivationFloat8WeightConfig"}}},
        "fp8-scaled",
    ),
    "quanto": ({"quant_method": "quanto", "weights_dtype": "int8"}, "int8"),
    "modelopt": ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
    "svdquant": (
        {"quant_method": "svdquant", "weight": {"dtype": "fp4_e2m1_all", "scale_dtype": "fp8_e4m3_nan"}},
        "nvfp4",
    ),
    "awq": ({"quant_method": "awq", "bits": 4, "group_size": 128}, "int4"),
}


@pytest.mark.parametrize("name", QUANTISED)
def test_a_quantisation_that_a_configuration_names_is_followed(name: str, ask: Any, make: Any, tmp_path: Path) -> None:
    stated, precision = QUANTISED[name]
    root = make.pipeline(tmp_path / "x", "wan2.1-t2v-1.3b", quantization_config=stated)
    report = json.loads(ask("estimate", "--from", str(root), "--json").out)
    assert report["plan"]["precision"] == precision
    plain = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", "--precision", precision, "--json").out)
    assert report["memory"]["inference"]["peak"] == plain["memory"]["inference"]["peak"]


def test_a_gguf_s_own_word_and_names_say_what_it_is(make: Any, tmp_path: Path) -> None:
    tensors = {
        name: ("Q4_K" if len(shape) == 2 and shape[1] % 256 == 0 else "F32", shape)
        for name, (_, shape) in official(make.wan(30, 12, 8960)).items()
    }
    nbytes = make.gguf(tmp_path / "x-Q4_K_M.gguf", tensors)
    read = from_path(str(tmp_path / "x-Q4_K_M.gguf"))
    assert (read.denoiser.class_, read.denoiser.held, read.denoiser.stored) == (
        "WanTransformer3DModel",
        nbytes,
        "gguf-q4_k",
    )
    assert "identified_by_names" in basis(read)


def test_what_a_configuration_leaves_out_is_as_the_makers_class_has_it(tmp_path: Path) -> None:
    """A width without its heads is that width; audio layers that are not stated are the class's eight."""
    (tmp_path / "config.json").write_text(
        json.dumps({"_class_name": "WanModel", "dim": 1536, "ffn_dim": 8960, "num_layers": 30})
    )
    assert total(of_network(from_path(str(tmp_path)).denoiser, "denoiser")) == 1_418_996_800
    stated = {"_class_name": "WanModel_S2V", "dim": 5120, "ffn_dim": 13824, "num_heads": 40, "num_layers": 40}
    (tmp_path / "config.json").write_text(json.dumps(stated))
    assert from_path(str(tmp_path)).denoiser.config["audio_layers"] == 8


def test_labels_of_a_repository_are_no_keys_of_a_network(tmp_path: Path) -> None:
    stated = {"_class_name": "LongCatVideoTransformer3DModel", "hidden_size": 4096, "depth": 48, "num_heads": 32}
    labels = {"architectures": ["LongCatVideoTransformer3DModel"], "model_max_length": 512, "torch_dtype": "bfloat16"}
    (tmp_path / "config.json").write_text(json.dumps({**stated, **labels, "enable_flashattn3": False}))
    assert "unknown_keys" not in {each.id for each in from_path(str(tmp_path)).cautions}
