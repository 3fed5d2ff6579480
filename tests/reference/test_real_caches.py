"""Caches of diffusers: what they hook is in the data, and what they hold of a small network is what is calculated."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.catalog.caches import Ratios, methods
from vidcalc.catalog.load import table
from vidcalc.passes import generation, schedules
from vidcalc.rates.machines import hardware

ROOT = Path(__file__).parents[2]
TEXT = 16  # tokens of the prompt
STEPS = 4


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(ROOT / "scripts"))  # scripts import their neighbours
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


REACH = script("make_cache_reach")
FEW = (
    "CogVideoXTransformer3DModel",
    "HunyuanVideo15Transformer3DModel",
    "LTXVideoTransformer3DModel",
    "WanTransformer3DModel",
)


@pytest.mark.parametrize("name", FEW)
def test_what_a_cache_hooks_is_what_the_data_says(name):
    known = table("cache_reach")["classes"]
    config = REACH.one_of_each_class()[name]
    assert {key: known[name][key] for key in REACH.attempts()} == REACH.reached(name, config)


def test_every_class_of_the_catalogue_is_in_the_data():
    assert set(REACH.one_of_each_class()) == set(table("cache_reach")["classes"])


def test_parameters_are_diffusers_own_defaults():
    from diffusers import hooks

    fields = {
        "fastercache": (
            hooks.FasterCacheConfig(),
            {
                "spatial": "spatial_attention_block_skip_range",
                "unconditional": "unconditional_batch_skip_range",
            },
        ),
        "taylorseer": (
            hooks.TaylorSeerCacheConfig(),
            {"interval": "cache_interval", "before": "disable_cache_before_step", "order": "max_order"},
        ),
        "magcache": (
            hooks.MagCacheConfig(mag_ratios=[1.0]),
            {"threshold": "threshold", "k": "max_skip_steps", "retention": "retention_ratio"},
        ),
        "firstblockcache": (hooks.FirstBlockCacheConfig(), {"threshold": "threshold"}),
        "seacache": (
            hooks.SeaCacheConfig(),
            {
                "threshold": "threshold",
                "k": "max_consecutive_cached",
                "retention": "retention_steps",
                "end": "cache_end_steps",
                "order": "residual_order",
            },
        ),
    }
    for name, (config, names) in fields.items():
        for own, theirs in names.items():
            assert methods()[name].parameters[own] == getattr(config, theirs), (name, own)
    ranges = hooks.PyramidAttentionBroadcastConfig().spatial_attention_timestep_skip_range
    assert (methods()["pab"].parameters["from"], methods()["pab"].parameters["to"]) == ranges


SMALL = {
    "wan2.1-t2v-1.3b": {
        "num_layers": 3,
        "num_attention_heads": 2,
        "attention_head_dim": 24,
        "ffn_dim": 64,
        "text_dim": 32,
    },
    "hunyuanvideo-t2v": {
        "num_layers": 2,
        "num_single_layers": 2,
        "num_attention_heads": 2,
        "attention_head_dim": 32,
        "num_refiner_layers": 1,
        "text_embed_dim": 32,
        "pooled_projection_dim": 16,
        "rope_axes_dim": [8, 12, 12],
    },
}


def small(name: str):
    model = fill.model(name)
    config = {**model.denoiser.config, **SMALL[name]}
    model = replace(model, denoiser=replace(model.denoiser, config=config))
    work = fill.workload(model, width=64, height=48, frames=9, steps=STEPS)
    return model, replace(work, text_tokens=TEXT)


def inputs(name: str, config, latent) -> dict:
    _, frames, height, width = latent
    make = {"dtype": torch.bfloat16}
    given = {
        "hidden_states": torch.randn(1, config["in_channels"], frames, height, width, **make),
        "timestep": torch.tensor([500]),
        "encoder_hidden_states": torch.randn(1, TEXT, config.get("text_dim") or config.get("text_embed_dim"), **make),
    }
    if name.startswith("hunyuan"):
        given["encoder_attention_mask"] = torch.ones(1, TEXT)
        given["pooled_projections"] = torch.randn(1, config["pooled_projection_dim"], **make)
        given["guidance"] = torch.tensor([6000.0], **make)
    return given


def held(network) -> int:
    """Bytes of every storage that the hooks' states keep."""
    found = {}

    def walk(value) -> None:
        if isinstance(value, torch.Tensor) and value.dim():  # not the running sums of a rule
            storage = value.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
        elif isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list | tuple):
            for each in value:
                walk(each)

    for part in network.modules():
        for hook in getattr(getattr(part, "_diffusers_hook", None), "hooks", {}).values():
            states = [hook.state] if hasattr(hook, "state") else []
            manager = getattr(hook, "state_manager", None)
            for state in (*states, *(manager._state_cache.values() if manager else ())):
                walk(vars(state))
    return sum(found.values())


CASES = [
    ("pab", "wan2.1-t2v-1.3b"),
    ("pab:spatial=2,cross=2", "wan2.1-t2v-1.3b"),
    ("firstblockcache", "wan2.1-t2v-1.3b"),
    ("magcache", "wan2.1-t2v-1.3b"),
    ("pab", "hunyuanvideo-t2v"),
    ("firstblockcache", "hunyuanvideo-t2v"),
    ("magcache", "hunyuanvideo-t2v"),
    ("taylorseer", "hunyuanvideo-t2v"),
    ("taylorseer:order=2", "hunyuanvideo-t2v"),
    ("taylorseer", "wan2.1-t2v-1.3b"),
]


def config_of(text: str):
    from diffusers import hooks

    name = text.partition(":")[0]
    if name == "pab":
        cross = 2 if "cross" in text else None
        return hooks.PyramidAttentionBroadcastConfig(
            spatial_attention_block_skip_range=2,
            cross_attention_block_skip_range=cross,
            current_timestep_callback=lambda: 500,
        )
    return {
        "firstblockcache": lambda: hooks.FirstBlockCacheConfig(threshold=0.0),
        "magcache": lambda: hooks.MagCacheConfig(mag_ratios=[1.0] * STEPS, num_inference_steps=STEPS + 1),
        "taylorseer": lambda: hooks.TaylorSeerCacheConfig(max_order=2 if "order=2" in text else 1),
    }[name]()


@pytest.mark.parametrize(("text", "name"), CASES)
def test_a_cache_holds_what_its_hooks_hold(text, name):
    model, work = small(name)
    ledger, _ = generation(model, work, hardware("h100-sxm"), fill.plan(model, step_cache=text))
    phase = ledger.phase("denoise")
    class_ = script("make_cache_reach").find_class(model.denoiser.class_)
    network = class_.from_config(model.denoiser.config).to(torch.bfloat16).eval()
    network.enable_cache(config_of(text))
    predictions = ("cond", "uncond") if phase.turns > STEPS else ("cond",)
    torch.manual_seed(0)
    with torch.no_grad():
        for _ in range(STEPS):
            for prediction in predictions:
                with network.cache_context(prediction):
                    network(**inputs(name, model.denoiser.config, ledger.latent))
    assert phase.live["cached"] == held(network)


def counted(module: torch.nn.Module) -> list[int]:
    """A list that grows with every call of a module."""
    calls: list[int] = []
    module.register_forward_pre_hook(lambda *_: calls.append(1))
    return calls


LONG = 13  # steps
TIMES = [1000 * (1 - step / LONG) for step in range(LONG)]


def run(network, name: str, config, latent, now: list[float]) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        for time in TIMES:
            now[:] = [time]
            with network.cache_context("cond"):
                network(**inputs(name, config, latent))


RULES = [
    ("pab", {}, lambda: schedules.broadcast(LONG, 2, 100, 800, 1, 1.0)),
    ("pab", {"spatial_attention_block_skip_range": 3}, lambda: schedules.broadcast(LONG, 3, 100, 800, 1, 1.0)),
    ("taylorseer", {}, lambda: schedules.interval(LONG, 5, 3, 0)),
    ("taylorseer", {"cache_interval": 3, "disable_cache_after_step": 10}, lambda: schedules.interval(LONG, 3, 3, 10)),
    ("magcache", {}, lambda: schedules.magnitude(LONG, RATIOS, 0.06, 3, 0.2)),
    ("magcache", {"threshold": 0.2, "max_skip_steps": 5}, lambda: schedules.magnitude(LONG, RATIOS, 0.2, 5, 0.2)),
    ("fastercache", {"is_guidance_distilled": True}, lambda: schedules.pairs(LONG, 2, 681, 5, 641, 0, 1.0)[1]),
]
RATIOS = Ratios(models=(), steps=(1.0, 0.99, 1.01, 0.98, 0.97, 0.99, 0.95, 0.9), source="made up")


@pytest.mark.parametrize(("text", "changes", "expected"), RULES)
def test_steps_are_computed_as_its_hooks_do(text, changes, expected):
    from diffusers import hooks

    name = "hunyuanvideo-t2v"
    model, _ = small(name)
    class_ = REACH.find_class(model.denoiser.class_)
    network = class_.from_config(model.denoiser.config).to(torch.bfloat16).eval()
    now: list[float] = [TIMES[0]]
    told = {"current_timestep_callback": lambda: now[0]}
    config = {
        "pab": lambda: hooks.PyramidAttentionBroadcastConfig(
            **{"spatial_attention_block_skip_range": 2, **told, **changes}
        ),
        "taylorseer": lambda: hooks.TaylorSeerCacheConfig(**changes),
        "magcache": lambda: hooks.MagCacheConfig(mag_ratios=list(RATIOS.steps), num_inference_steps=LONG, **changes),
        "fastercache": lambda: hooks.FasterCacheConfig(**told, **changes),
    }[text]()
    network.enable_cache(config)
    calls = counted(network.transformer_blocks[0].attn.to_q)
    run(network, name, model.denoiser.config, (16, 3, 6, 8), now)
    assert len(calls) / LONG == pytest.approx(expected())


def test_keys_of_published_classes_are_current():
    made = script("make_class_keys").content()
    assert (ROOT / "src" / "vidcalc" / "data" / "class_keys.toml").read_text(encoding="utf-8") == made
