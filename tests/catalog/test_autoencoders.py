"""Another autoencoder stands in the place of a model's own where it is for the same latents, and nowhere else."""

import pytest

import vidcalc
from vidcalc.catalog import autoencoders, fill, load, models
from vidcalc.catalog.families import families
from vidcalc.describe.geometry import latent_grid

OTHERS = load.names(autoencoders.KIND)


@pytest.mark.parametrize("name", OTHERS)
def test_each_is_for_some_model_whose_latents_it_keeps(name):
    other = autoencoders.autoencoder(name)
    assert families()[other.vae.class_] == other.vae.network
    found = [each for each in models.names() if name in autoencoders.fitting(fill.model(each))]
    assert found
    for each in found:
        model = fill.model(each)
        clip = model.defaults.width, model.defaults.height, model.defaults.frames
        assert latent_grid(autoencoders.with_autoencoder(model, name), *clip) == latent_grid(model, *clip)


@pytest.mark.parametrize(
    ("model", "asked", "name"),
    [
        ("wan2.1-t2v-14b", "taehv", "taew2_1"),
        ("wan2.1-t2v-14b", "lighttae", "taew2_1"),
        ("wan2.1-t2v-14b", "lighttaew2_1.safetensors", "taew2_1"),
        ("wan2.1-t2v-14b", "vae/lightvaew2_1.pth", "lightvaew2_1"),
        ("wan2.2-t2v-a14b", "TAEW2_1", "taew2_1"),
        ("wan2.2-ti2v-5b", "taehv", "taew2_2"),
        ("wan2.2-ti2v-5b", "taew2_1", ""),
        ("hunyuanvideo-t2v", "taehv", "taehv"),
        ("hunyuanvideo-1.5", "taehv", "taehv1_5"),
        ("ltx-2.3", "taeltx2_3", "taeltx_2"),
        ("cogvideox-5b", "tae", "taecvx"),
        ("qwen-image", "taehv", "taew2_1"),
        ("ltx-video-13b", "taehv", ""),
    ],
)
def test_a_name_or_a_word_means_the_one_for_the_models_latents(model, asked, name):
    assert autoencoders.chosen(fill.model(model), asked) == name


def test_it_takes_less_of_everything_and_is_told():
    def decoded(**more):
        made = vidcalc.estimate("wan2.1-t2v-14b", gpu="h100", **more)
        (vae,) = (each for each in made.model.components if each.role == "vae")
        assert [each.value for each in made.assumptions if each.id == "autoencoder"] == ([more["vae"]] if more else [])
        memory, seconds = made.memory.inference, made.time.inference
        return vae.params, made.compute.flops_vae_decode, memory.vae_decode_activation_peak, seconds.vae_decode

    own, light, tiny = decoded(), decoded(vae="lightvaew2_1"), decoded(vae="taew2_1")
    # the published files: 22.6 MB in 16 bits
    assert tiny[0] == 11_315_539
    assert all(less < more for less, more in zip(light, own, strict=True))
    assert all(less < more for less, more in zip(tiny[1:], light[1:], strict=True))


def test_a_wrong_one_is_refused_with_those_that_fit():
    with pytest.raises(vidcalc.InputError, match="allowed: lightvaew2_1, taew2_1, "):
        vidcalc.estimate("wan2.1-t2v-14b", vae="taehv1_5")
    with pytest.raises(vidcalc.InputError, match="no other autoencoder is known for the latents of mochi-1-preview"):
        vidcalc.estimate("mochi-1-preview", vae="taehv")


def test_it_is_explained_and_swept():
    import numpy as np

    one = vidcalc.estimate("wan2.2-ti2v-5b", gpu="h100", vae="taehv", frames=81).compute.flops_vae_decode
    assert (
        vidcalc.explain("compute.flops_vae_decode", "wan2.2-ti2v-5b", gpu="h100", vae="taehv", frames=81).value == one
    )
    swept = vidcalc.estimate("wan2.2-ti2v-5b", gpu="h100", vae="taehv", frames=np.array([41.0, 81.0]))
    assert swept.compute.flops_vae_decode[1] == one
