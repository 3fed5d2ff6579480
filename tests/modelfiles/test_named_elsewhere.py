"""Files that name what is not here, and makers' classes with numbers of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidcalc.catalog.models import model
from vidcalc.modelfiles import from_path
from vidcalc.modelfiles.weights import of_network, total

ANIMATE = {
    "_class_name": "WanAnimateModel",
    "cross_attn_norm": True,
    "dim": 5120,
    "eps": 1e-06,
    "ffn_dim": 13824,
    "freq_dim": 256,
    "in_dim": 36,
    "motion_encoder_dim": 512,
    "num_heads": 40,
    "num_layers": 40,
    "out_dim": 16,
    "text_len": 512,
}
S2V = {
    "_class_name": "WanModel_S2V",
    "adain_mode": "attn_norm",
    "add_last_motion": True,
    "audio_dim": 1024,
    "audio_inject_layers": [0, 4, 8, 12, 16, 20, 24, 27, 30, 33, 36, 39],
    "cond_dim": 16,
    "dim": 5120,
    "enable_adain": True,
    "enable_framepack": True,
    "eps": 1e-06,
    "ffn_dim": 13824,
    "freq_dim": 256,
    "in_dim": 16,
    "model_type": "s2v",
    "num_audio_token": 4,
    "num_heads": 40,
    "num_layers": 40,
    "out_dim": 16,
    "text_len": 512,
}


def written(folder: Path, name: str, facts: dict[str, Any]) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(facts))
    return str(folder)


def told(read: Any) -> dict[str, Any]:
    return {each.id: each.values for each in read.cautions}


def index(repo: str) -> dict[str, Any]:
    parts = {
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "vae": ["diffusers", "AutoencoderKLWan"],
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
    }
    stated = {name: [*kind, {"repo": repo, "subfolder": name, "type_hint": kind}] for name, kind in parts.items()}
    return {"_class_name": "WanModularPipeline", **stated}


@pytest.mark.parametrize("key", ["repo", "pretrained_model_name_or_path"])
@pytest.mark.parametrize("name", ["wan2.1-t2v-14b", "wan2.1-t2v-1.3b"])
def test_an_index_alone_is_what_its_repository_says(name: str, key: str, tmp_path: Path) -> None:
    size = name.removeprefix("wan2.1-t2v-").upper()
    facts = json.loads(json.dumps(index(f"Wan-AI/Wan2.1-T2V-{size}-Diffusers")).replace('"repo"', f'"{key}"'))
    read = from_path(written(tmp_path / "x", "modular_model_index.json", facts))
    assert read.denoiser.params == model(name).denoiser.params
    assert "denoiser_not_here" not in told(read)
    assert "Wan-AI" in next(each.source for each in read.basis if each.id == "recognised_by_repository")


def test_an_index_that_names_nothing_says_what_stands_in_for_it(tmp_path: Path) -> None:
    read = from_path(written(tmp_path / "x", "modular_model_index.json", index("someone/else")))
    assert told(read)["denoiser_not_here"]["model"]
    plain = {"_class_name": "LTX2Pipeline", "transformer": ["diffusers", "LTX2VideoTransformer3DModel"]}
    read = from_path(written(tmp_path / "y", "model_index.json", plain))
    assert model(told(read)["denoiser_not_here"]["model"]).family == model("ltx-2").family


@pytest.mark.parametrize(("facts", "name"), [(ANIMATE, "wan2.2-animate-14b"), (S2V, "wan2.2-s2v-14b")])
def test_makers_numbers_make_the_published_count(facts: dict[str, Any], name: str, tmp_path: Path) -> None:
    read = from_path(written(tmp_path / "x", "config.json", facts))
    assert total(of_network(read.denoiser, "denoiser")) == model(name).denoiser.params
    assert not read.cautions
    assert read.constraints == model(name).constraints


def test_an_animate_network_without_image_attention_has_fewer_weights(tmp_path: Path) -> None:
    """use_img_emb decides what reads the image in the blocks; the embedding itself is always there."""
    whole = from_path(written(tmp_path / "x", "config.json", ANIMATE)).denoiser
    bare = from_path(written(tmp_path / "y", "config.json", ANIMATE | {"use_img_emb": False})).denoiser
    # key and value projections with biases, and the norm of keys, in 40 blocks
    fewer = total(of_network(whole, "denoiser")) - total(of_network(bare, "denoiser"))
    assert fewer == 40 * (2 * (5120 * 5120 + 5120) + 5120)


def test_a_class_that_a_relative_stands_in_for_is_an_estimate(tmp_path: Path) -> None:
    like = model("minimax-h3-pruned").denoiser
    facts = {"_class_name": like.class_, "num_layers": like.config["num_layers"]}
    read = from_path(written(tmp_path / "x", "config.json", facts))
    assert (read.denoiser.params, read.provenance) == (like.params, "estimate")
    assert told(read)["class_likened"] == {"component": like.class_, "model": "minimax-h3-pruned"}
    fewer = from_path(written(tmp_path / "y", "config.json", facts | {"num_layers": 10}))
    assert fewer.denoiser.config["num_layers"] == 10 and fewer.denoiser.params is None
