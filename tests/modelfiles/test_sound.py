"""Autoencoders of sound, vocoders and connectors of a folder stand beside: they are never the video's."""

import json
from pathlib import Path

import pytest

from vidcalc.catalog.models import model
from vidcalc.modelfiles import from_path

SOUND = {"minimax-h3": "MiniMaxH3Pipeline", "ltx-2": "LTX2Pipeline"}


def written(root: Path, name: str) -> dict[str, str]:
    """A folder with the denoiser, the VAE and what stands beside with a network; their classes by folder."""
    known = model(name)
    beside = [each for each in known.others if each.network and "Upsampler" not in each.class_]
    parts = {"transformer": known.denoiser, "vae": known.vae, **{each.id.replace("-", "_"): each for each in beside}}
    index: dict[str, object] = {"_class_name": SOUND[name]}
    for folder, part in parts.items():
        (root / folder).mkdir(parents=True)
        (root / folder / "config.json").write_text(json.dumps({"_class_name": part.class_, **part.config}))
        index[folder] = ["diffusers", part.class_]
    (root / "model_index.json").write_text(json.dumps(index))
    return {folder: part.class_ for folder, part in parts.items()}


@pytest.mark.parametrize("name", SOUND)
def test_the_video_is_decoded_by_its_own_autoencoder(name: str, tmp_path: Path) -> None:
    classes = written(tmp_path, name)
    read, known = from_path(str(tmp_path)), model(name)
    assert read.vae.class_ == known.vae.class_
    ours = {each.class_: (each.params, each.stage, each.per_second, each.held) for each in read.others}
    theirs = {each.class_: (each.params, each.stage, each.per_second, each.held) for each in known.others}
    assert set(ours) == set(classes.values()) - {known.denoiser.class_, known.vae.class_}
    assert ours == {class_: theirs[class_] for class_ in ours}


@pytest.mark.parametrize("name", SOUND)
def test_one_of_sound_alone_is_of_a_model_that_has_such(name: str, tmp_path: Path) -> None:
    written(tmp_path, name)
    read, known = from_path(str(tmp_path / "audio_vae")), model(name)
    assert (read.denoiser.class_, read.vae.class_) == (known.denoiser.class_, known.vae.class_)
    assert sorted(each.class_ for each in read.others) == sorted(each.class_ for each in known.others)


def test_numbers_of_its_own_count_its_own_weights(tmp_path: Path) -> None:
    written(tmp_path, "ltx-2")
    path = tmp_path / "audio_vae" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "base_channels": 64}))
    sound = next(each for each in from_path(str(tmp_path)).others if each.class_ == "AutoencoderKLLTX2Audio")
    usual = next(each for each in model("ltx-2").others if each.class_ == "AutoencoderKLLTX2Audio")
    assert sound.params is not None
    assert usual.params is not None
    assert sound.params < usual.params


def test_the_makers_autoencoder_of_hunyuanvideo_is_diffusers(tmp_path: Path) -> None:
    config = {"_class_name": "AutoencoderKLCausal3D", "block_out_channels": [128, 256, 512, 512], "in_channels": 3,
              "down_block_types": ["DownEncoderBlockCausal3D"] * 4, "latent_channels": 16, "layers_per_block": 2,
              "time_compression_ratio": 4, "sample_tsize": 64, "mid_block_add_attention": True}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    read = from_path(str(tmp_path / "config.json"))
    assert (read.vae.class_, read.denoiser.class_) == ("AutoencoderKLHunyuanVideo", "HunyuanVideoTransformer3DModel")
    assert "unknown_keys" not in [each.id for each in read.cautions]
