"""The model catalogue: every file is complete and strict, and its parts agree with each other."""

from collections import Counter
from importlib import import_module
from math import prod
from pathlib import Path

import msgspec
import pytest

import vidcalc
from vidcalc import networks
from vidcalc.base.errors import InputError, UnknownName
from vidcalc.catalog import load, models
from vidcalc.describe.model import Component, Model

NAMES = models.names()
GUIDANCE = {"batched", "sequential", "distilled", "none"}
LEVELS = {"diffusers", "official code", "published count", "published size", "paper", "assumed", "undisclosed"}


def components(model: Model) -> list[Component]:
    return [model.denoiser, model.vae, *model.text_encoders, *model.image_encoders, *model.others]


@pytest.mark.parametrize("name", NAMES)
def test_entry_is_complete(name: str) -> None:
    """A file is named after its model, read strictly, says where its figures come from and how counts were checked."""
    model = models.model(name)
    assert model.name == name
    assert model.sources
    assert model.defaults.source
    assert model.constraints.source
    assert all(set(part.verified.split(", ")) <= LEVELS and part.verified for part in components(model))
    assert all(part.source for part in (*model.text_encoders, *model.image_encoders) if part.config)


@pytest.mark.parametrize("name", NAMES)
def test_words_are_known(name: str) -> None:
    """Every word that code branches on is one that code knows."""
    model = models.model(name)
    assert model.kind in {"dit", "unet"}
    assert model.task in {"t2v", "i2v", "v2v", "t2i"}
    assert model.encodes in {"none", "image", "clip"}
    assert model.provenance in {"exact", "estimate"}
    assert model.vae.clips in {"whole", "apart", "overlapping"}
    assert model.vae.rounding in {"down", "up"}
    assert model.defaults.guidance_mode in GUIDANCE
    assert set(model.constraints.pads) <= {"frames", "height", "width"}
    assert set(model.defaults.assumed) <= set(model.defaults.__struct_fields__)


@pytest.mark.parametrize("name", NAMES)
def test_guidance_counts(name: str) -> None:
    """A step that is batched runs more than one branch at once; without guidance there is one forward."""
    defaults = models.model(name).defaults
    assert defaults.batched_forwards <= defaults.forwards_per_step
    assert (defaults.batched_forwards > 1) == (defaults.guidance_mode == "batched")
    assert (defaults.forwards_per_step == 1) == (defaults.guidance_mode in {"distilled", "none"})


@pytest.mark.parametrize("name", NAMES)
def test_exact_models_have_every_number(name: str) -> None:
    """Only an estimate may lack or guess the denoiser's size; no exact model runs on the stand-in network."""
    model = models.model(name)
    if model.provenance == "exact":
        assert model.denoiser.params
        coded = model.vae.spatial_compression > 1  # not pixels as they are
        assert model.vae.params or not coded or model.denoiser.network.startswith("autoencoders.")  # itself a decoder
        assert model.denoiser.config
        assert model.denoiser.network != "generic.dit"


@pytest.mark.parametrize("name", NAMES)
def test_geometry_fields_repeat_the_configuration(name: str) -> None:
    """Patch and heads, which every file states in one form, equal what the class's own configuration says."""
    denoiser = models.model(name).denoiser
    config = denoiser.config
    unpatched = "kandinsky" in name or denoiser.network.startswith("autoencoders.")
    if "patch_size" in config and not unpatched and denoiser.class_ not in PACKED:
        assert denoiser.patch == patch_of(config)
    heads = config.get("num_attention_heads", config.get("num_heads"))
    if denoiser.heads and heads:
        assert denoiser.heads == heads


# these classes take latents that the pipeline has packed 2 × 2 into channels
PACKED = {"FluxTransformer2DModel", "PyramidFluxTransformer"}


def patch_of(config: dict[str, object]) -> tuple[object, ...]:
    size = config["patch_size"]
    if isinstance(size, list):
        return tuple(size)
    time = config.get("patch_size_t", config.get("t_patch_size", 1))
    return time, size, size


@pytest.mark.parametrize("name", NAMES)
def test_denoiser_takes_the_latents(name: str) -> None:
    """The denoiser reads at least the latent's channels, packed ones included."""
    model = models.model(name)
    channels = model.denoiser.config.get("in_channels", model.vae.latent_channels)
    packing = prod(model.denoiser.patch) if channels >= 4 * model.vae.latent_channels else 1
    assert channels >= model.vae.latent_channels * packing


def test_network_mirrors_the_class() -> None:
    """A component whose class some network family mirrors is computed by that family, in every model."""
    families = {name: module for module in network_modules() for name in import_module(module).CLASSES}
    families["AutoencoderKLQwenImage"] = families["AutoencoderKLWan"]  # published twice, one network
    for name in NAMES:
        for part in components(models.model(name)):
            if part.class_ in families:
                assert f"vidcalc.networks.{part.network}" == families[part.class_], (name, part.id)


def network_modules() -> list[str]:
    """Every module below vidcalc.networks that mirrors published classes."""
    root = Path(networks.__file__).parent
    files = [path for path in root.glob("*/*.py") if "\nCLASSES" in path.read_text()]
    return sorted(f"vidcalc.networks.{path.parent.name}.{path.stem}" for path in files)


def test_ids_are_unique_in_a_model() -> None:
    """No two networks of a pipeline share a name, so a report can tell them apart."""
    for name in NAMES:
        ids = [part.id for part in components(models.model(name))]
        assert len(ids) == len(set(ids)), name


def test_one_encoder_has_one_count() -> None:
    """The same encoder in two pipelines has the same configuration and the same number of parameters."""
    seen: dict[tuple[str, str], tuple[object, object]] = {}
    for name in NAMES:
        model = models.model(name)
        for part in (*model.text_encoders, *model.image_encoders):
            facts = (part.params, part.config)
            assert seen.setdefault((part.id, part.class_), facts) == facts, (name, part.id)


def test_same_class_and_configuration_have_one_count() -> None:
    """A parameter count is a function of class and configuration: no two files disagree about it."""
    seen: dict[tuple[str, str], tuple[int | None, str]] = {}
    for name in NAMES:
        for part in components(models.model(name)):
            if part.class_ and part.config:
                counted, first = seen.setdefault((part.class_, repr(sorted(part.config.items()))), (part.params, name))
                assert part.params == counted, (name, first, part.id)


def test_experts_split_the_schedule() -> None:
    """Where steps are shared between experts, the shares add up to the steps."""
    mixed = [models.model(name) for name in NAMES if models.model(name).denoiser.copies > 1]
    assert mixed
    for model in mixed:
        for row in model.denoiser.extra["schedules"]:
            assert row["high"] + row["low"] == row["steps"]


def test_aliases_point_to_one_model() -> None:
    """No alias stands for two models, nor hides another model's id; a point in a number tells two ids apart."""
    claimed = Counter(load.plain(alias) for name in NAMES for alias in (name, *models.model(name).aliases))
    assert [alias for alias, count in claimed.items() if count > 1] == ["humo17b"]
    assert models.model("HuMo 1.7B").name == "humo-1.7b"
    assert models.model("HuMo 17B").name == models.model("humo17b").name == "humo-17b"
    for name in NAMES:
        assert all(models.model(alias).name == name for alias in models.model(name).aliases)


def test_names_are_read_in_any_case() -> None:
    """Case and dashes do not matter, and a model is one object however it was asked for."""
    assert models.model("Wan2.1-T2V-14B") is models.model("wan 2.1 t2v 14b") is models.model("wan-14b")


def test_unknown_name_has_a_suggestion() -> None:
    """A slip of the pen finds its model."""
    with pytest.raises(UnknownName) as caught:
        models.model("hunyuan-vidoe")
    assert caught.value.nearest == models.model("hunyuanvideo").name


def test_unknown_field_is_refused() -> None:
    """A misspelt field in a file is an error, at every level."""
    facts = load.entry("models", NAMES[0])
    for wrong in ({**facts, "parms": 1}, {**facts, "denoiser": {**facts["denoiser"], "parms": 1}}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Model)


def test_summaries_agree_with_the_entries() -> None:
    """The list shows every model once, with what its own file says."""
    listed = models.summaries()
    assert [row["name"] for row in listed] == NAMES
    for row in listed:
        model = models.model(row["name"])
        assert row["params"] == model.denoiser.params
        one = model.denoiser.params
        assert row["params_total"] == (one and model.denoiser.every(one))
        assert (row["width"], row["frames"]) == (model.defaults.width, model.defaults.frames)


def test_summaries_come_from_one_built_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the built list in place no entry is read; a stale list is not believed."""
    monkeypatch.setattr(load, "BUILT", tmp_path)
    target = tmp_path / f"{models.SUMMARIES}.json"
    target.parent.mkdir(parents=True)
    facts = {"models": [{"name": "built"}]}
    target.write_bytes(msgspec.json.encode({"checksum": load.signature(models.KIND), "facts": facts}))
    assert models.summaries() == facts["models"]
    target.write_bytes(msgspec.json.encode({"checksum": load.signature(models.KIND) + 1, "facts": facts}))
    assert [row["name"] for row in models.summaries()] == NAMES


def test_a_step_of_one_prediction_says_which_scales_it_takes():
    """LTX-2's picture and sound are guided apart: four predictions in three calls until all of their scales are off."""
    guided, plain = vidcalc.estimate("ltx-2"), vidcalc.estimate("ltx-2", guidance=1)
    # two of the four share a call: the step's time is that of four predictions
    assert guided.time.inference.denoise == pytest.approx(4 * plain.time.inference.denoise, rel=0.1)
    assert "several_scales" in {warning.id for warning in plain.warnings}
    assert "several_scales" not in {warning.id for warning in guided.warnings}


OFF = {"audio": 1, "stg": 0, "audio-stg": 0, "modality": 1, "audio-modality": 1}


@pytest.mark.parametrize(
    ("asked", "predictions", "calls"),
    [
        ({"guidance": 3}, 4, 3),
        ({"guidance": 1, "guidance_scales": "stg=1"}, 4, 3),  # sound is still guided
        ({"guidance": 1, "guidance_scales": "audio=1"}, 3, 3),
        ({"guidance_scales": "stg=0"}, 4, 3),
        ({"guidance_scales": "stg=0,audio-stg=0"}, 3, 2),
        ({"guidance_scales": {"modality": 1, "audio_modality_scale": 1, "stg": 0, "audio_stg": 0}}, 2, 1),
        ({"guidance": 1, "guidance_scales": OFF}, 1, 1),
        ({"guidance_scales": OFF}, 2, 1),  # the picture's own scale is that of --guidance
        ({"framework": "ltx2-official", "guidance_scales": "stg=0,audio-stg=0"}, 3, 3),
    ],
)
@pytest.mark.parametrize("name", ["ltx-2", "ltx-2.3", "ltx-2.5"])
def test_a_prediction_goes_when_all_scales_that_need_it_are_off(name, asked, predictions, calls):
    plan = vidcalc.estimate(name, frames=9, **asked).plan
    assert plan["forwards_per_step"] == predictions
    assert plan["forwards_per_step"] - plan["batched_forwards"] + 1 == calls


def test_the_first_scale_is_the_workloads_guidance():
    assert vidcalc.estimate("ltx-2", frames=9).workload["guidance"] == 3
    for asked in ({"guidance": 7}, {"guidance_scales": "guidance=7"}, {"guidance": 2, "guidance_scales": "guidance=7"}):
        assert vidcalc.estimate("ltx-2", frames=9, **asked).workload["guidance"] == 7, asked
    assert vidcalc.estimate("ltx-2", frames=9, guidance_scales="audio=7").workload["guidance"] == 3


@pytest.mark.parametrize(
    ("name", "asked", "near"),
    [
        ("ltx-2", {"guidance_scales": "sound=1"}, None),
        ("ltx-2", {"guidance_scales": "audio-stgg=1"}, "audio-stg"),
        ("wan2.1-t2v-1.3b", {"guidance_scales": "audio=1"}, None),
        ("ltx-2", {"guidance_scales": "audio=1", "framework": "comfyui"}, None),
        ("ltx-2", {"guidance_scales": "audio"}, "audio=1,stg=0"),
    ],
)
def test_scales_that_a_pipeline_has_not_are_refused(name, asked, near):
    with pytest.raises(InputError) as refused:
        vidcalc.estimate(name, frames=9, **asked)
    assert refused.value.flag.lstrip("-") == "guidance-scales"
    assert refused.value.nearest == near


def test_a_name_that_says_references_names_a_model_that_takes_them() -> None:
    """Makers' words for "reference to video" stand in names of models with references, whatever weights they are of."""
    words = ("ref2v", "r2v")
    every = {alias: name for name in NAMES for alias in (name, *models.model(name).aliases)}
    named = {alias: name for alias, name in every.items() if any(word in alias for word in words)}
    assert {"minimax-h3-ref2va", "minimax-h3-ref2va-pruned"} <= set(named)
    assert all(models.model(name).references for name in named.values())
