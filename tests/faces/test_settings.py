"""The law of settings: each is declared once, and has a flag in every command of its jobs, words, and an effect."""

import json
from functools import partial
from importlib import import_module

import msgspec
import pytest

from vidcalc.catalog import frameworks, trainers
from vidcalc.describe.plan import Plan
from vidcalc.describe.setting import declared, words
from vidcalc.describe.sharing import of
from vidcalc.describe.training import TrainingPlan
from vidcalc.describe.workload import STAGES
from vidcalc.faces import words as spoken
from vidcalc.faces.flags.catalogue import FLAGS
from vidcalc.faces.words import ids, notes
from vidcalc.faces.words.settings import DEFAULTS, HELP, STATED

PLANS = (Plan, TrainingPlan)
ALL = [(plan, each) for plan in PLANS for each in of(plan)]
FLAGGED = [(plan, each) for plan, each in ALL if each.setting.flag]
DEGREES = [(plan, each) for plan, each in ALL if each.setting.way]
OTHERS = [(plan, each) for plan, each in ALL if not each.setting.flag and not each.setting.way]
KOREAN = spoken.catalogue("ko")
ELSEWHERE = ("model", "profile", "rows")  # who settles a field that no flag does
# command: the jobs it does, and the settings that it settles itself
COMMANDS = {
    "estimate": (("generate", "train"), ()),
    "explain": (("generate", "train"), ()),
    "scale": (("generate",), ("parallel",)),
    "train": (("train", "run"), ()),
    "plan": (("train", "run"), ("grad_accum",)),
    "budget": (("train", "run"), ()),
}

GENERATE = "estimate -m wan2.1-t2v-1.3b -r 480p -f 17 --gpu h100-sxm"
ADAPTERS = f"{GENERATE} --mode lora"
TRAIN = "train -m wan2.1-t2v-1.3b -r 256x256 -f 9 --gpu h100-sxm"
SHARDS = f"{TRAIN} --gpus 8 --sharding fsdp"
# flag: a command line, and two values of it there; a third where a report tells no more of those
TYPED = {
    "framework": (GENERATE, "diffusers", "comfyui"),
    "precision": (GENERATE, "bf16", "nf4"),
    "text_encoder_precision": (GENERATE, "bf16", "int8"),
    "vae_precision": (GENERATE, "bf16", "fp32", "int8"),  # which number formats are told is a matter of the format
    "attention": (GENERATE, "sdpa", "math"),
    "compile": (GENERATE, "off", "on"),
    "guidance_mode": (GENERATE, "sequential", "batched"),
    "offload": (GENERATE, "none", "model"),
    "swapped_blocks": (f"{GENERATE} --offload block-swap", "4", "12"),
    "resident_blocks": (f"{GENERATE} --offload group", "0", "12"),
    "blocks_per_group": (f"{GENERATE} --offload group-wait", "1", "12"),
    "offload_to": (f"{GENERATE} --offload group", "pinned", "disk"),
    "segments": (GENERATE, "fixed", "expandable"),
    "vae_tiling": (GENERATE, "none", "default"),
    "vae_slicing": (f"{GENERATE} -b 2", "off", "on"),
    "step_cache": (GENERATE, "1", "0.5"),
    "guidance_interval": (GENERATE, "1", "0.5"),
    "attention_density": (GENERATE, "1", "0.5"),
    "token_merge": (GENERATE, "0", "0.5"),
    "lora_mode": (f"{GENERATE} --lora 16", "merged", "live"),
    "trainer": (ADAPTERS, "diffusers", "simpletuner"),
    "mode": (GENERATE, "full", "lora"),
    "recipe": (GENERATE, "bf16-mixed", "pure-bf16"),
    "optimizer": (GENERATE, "adamw", "adamw-8bit"),
    "optimizer_update": (f"{TRAIN} --checkpointing full", "foreach", "fused"),
    "ema": (GENERATE, "none", "fp32"),
    "checkpointing": (GENERATE, "none", "full"),
    "grad_accum": (GENERATE, "1", "4"),
    "lora_rank": (ADAPTERS, "16", "64"),
    "lora_targets": (ADAPTERS, "attention", "all"),
    "adapter": (ADAPTERS, "lora", "dora"),
    "base_precision": (ADAPTERS, "bf16", "nf4"),
    "latents": (GENERATE, "online", "precomputed"),
    "texts": (GENERATE, "precomputed", "online"),
    "training_offload": (GENERATE, "none", "optimizer"),
    "loading": (
        "train -m wan2.1-t2v-14b -r 256x256 -f 9 --gpu h100-sxm --mode lora --base-precision nf4",
        "direct",
        "device",
    ),
    "networks": (TRAIN, "alone", "distillation"),
    "rollout_steps": (f"{TRAIN} --networks rl", "1", "8"),
    "experts": ("train -m wan2.2-t2v-a14b -r 256x256 -f 9", "one", "both"),
    "mixing": ("train -m wan2.1-t2v-1.3b --bucket 256x256x9 --bucket 256x256x1 --gpus 4", "steps", "ranks"),
    "validation": (TRAIN, "off", "on"),
    "validation_every": (f"{TRAIN} --validation on", "100", "1000"),
    "save_every": (TRAIN, "100", "1000"),
    "sharding": (f"{TRAIN} --gpus 8", "none", "fsdp"),
    "reshard": (SHARDS, "on", "off"),
    "sequence_parallel": (f"{TRAIN} --gpus 2 --parallel tp=2", "on", "off"),
}
# job, way: what stands beside it in --parallel, and the degree
DEGREE = {
    (Plan, "tp"): ("", 2),
    (Plan, "ulysses"): ("", 2),
    (Plan, "ring"): ("", 2),
    (Plan, "pipefusion"): ("", 2),
    (Plan, "cfg"): ("", 2),
    (Plan, "fsdp"): ("ulysses=2,", 2),
    (Plan, "vae"): ("ulysses=2,", 2),
    (Plan, "text"): ("ulysses=2,", 2),
    (TrainingPlan, "dp"): ("", 2),
    (TrainingPlan, "fsdp"): ("dp=4,", 2),
    (TrainingPlan, "ulysses"): ("", 2),
    (TrainingPlan, "ring"): ("", 2),
    (TrainingPlan, "gather"): ("", 2),
    (TrainingPlan, "tp"): ("", 2),
    (TrainingPlan, "pp"): ("", 2),
}
# fields without a flag of their own: what else is set, and two values
SET = {
    "forwards_per_step": ({"guidance_mode": "sequential"}, 2, 3),
    "batched_forwards": ({"guidance_mode": "batched", "forwards_per_step": 2}, 1, 2),
    "shards": ({"ulysses_degree": 2, "shard_degree": 2}, "denoiser", "encoders"),
    "computed_steps": ({"step_cache": "stated"}, 1, 0.5),
    "cached_blocks": ({"step_cache": "stated", "computed_steps": 0.5}, 0, 4),
    "attention_density": ({"sparse_attention": "stated"}, 1, 0.5),
    "fused_projections": ({}, "none", "kept"),
    "base_keeps": ({"mode": "lora"}, "nothing", "input"),
    "adapter_dropout": ({"mode": "lora"}, "off", "on"),
    "swapped_blocks": ({"mode": "lora", "offload": "block-swap"}, 4, 12),
    "encoding": ({"mode": "lora", "checkpointing": "full", "latents": "precomputed"}, "apart", "together"),
    "live_weights": ({"sharding": "zero3", "data_degree": 8, "shard_degree": 8}, 0, 10**9),
    "reduce_bucket": ({"sharding": "zero3", "data_degree": 8, "shard_degree": 8, "live_weights": 10**9}, 0, 10**8),
    "streamed_share": ({"mode": "lora", "offload": "base"}, 1, 0.5),
    "encoded_at_once": (
        {"mode": "lora", "checkpointing": "full", "latents": "precomputed", "encoding": "in-turn"},
        1,
        8,
    ),
    "swapping": ({"mode": "lora", "offload": "block-swap", "swapped_blocks": 4}, "exchange", "move"),
}


def name(case):
    plan, each = case
    return f"{plan.__name__}.{each.field}"


def figures(value, path=""):
    """Every number of what was calculated, by its place."""
    if isinstance(value, dict):
        asked = ("plan", "workload", "hardware", "assumptions", "warnings")
        found = [figures(each, f"{path}.{key}") for key, each in value.items() if path or key not in asked]
        return {place: number for each in found for place, number in each.items()}
    if isinstance(value, list):
        return figures({str(place): each for place, each in enumerate(value)}, path or "list")
    return {path: value} if isinstance(value, int | float) and not isinstance(value, bool) else {}


@pytest.mark.parametrize("plan", PLANS)
def test_every_field_is_declared_once_and_its_default_is_a_word_of_its_type(plan):
    fields = [field for field in plan.__struct_fields__ if field not in ("training", "runtime", "loras")]
    assert sorted(declared(plan)) == sorted(fields)
    neutral = msgspec.to_builtins(plan())
    assert msgspec.to_builtins(msgspec.convert(neutral, plan)) == neutral
    for each in declared(plan).values():
        hint = next(kind.__annotations__[each.field] for kind in plan.__mro__ if each.field in kind.__annotations__)
        assert not words(hint.__origin__) or each.default in words(hint.__origin__)


@pytest.mark.parametrize("case", OTHERS, ids=name)
def test_a_field_without_a_flag_says_who_settles_it(case):
    _plan, each = case
    assert each.setting.by in ELSEWHERE or each.setting.by[2:].replace("-", "_") in FLAGS


def test_only_what_nothing_is_made_of_yet_is_of_no_job():
    used = {each.field for _plan, each in ALL}
    known = {field: each for plan in PLANS for field, each in declared(plan).items()}
    assert {field for field in known if field not in used} == {
        field for field, each in known.items() if each.setting.by == "nobody"
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_every_flag_of_its_jobs(command):
    jobs, own = COMMANDS[command]
    known = {param.name for param in import_module(f"vidcalc.faces.commands.{command}").command.params}
    wanted = {name for name, each in FLAGS.items() if not set(jobs).isdisjoint(each.jobs) and name in HELP}
    assert wanted - set(own) == known & set(HELP) - set(own)


def test_every_flag_has_words_in_both_languages_and_no_words_are_left_over():
    flags = {each.setting.key for _plan, each in FLAGGED} | {"parallel", "training_parallel"}
    assert set(HELP) == flags >= set(DEFAULTS)
    assert {*HELP.values(), *DEFAULTS.values(), *STATED.values()} <= set(KOREAN)


def test_every_assumption_of_a_setting_has_words():
    told = {each.setting.assumption for _plan, each in ALL} - {""}
    assert told <= set(notes.ASSUMPTIONS)
    assert set(STATED) == {each.setting.assumption for _plan, each in ALL if each.setting.stated}


def test_words_of_a_report_are_those_of_the_types():
    plan = declared(Plan)
    assert set(ids.OFFLOADS) == set(plan["offload"].words)
    assert set(ids.SUPPLIES) == set(declared(TrainingPlan)["latents"].words)
    assert set(STAGES) <= set(ids.STAGES)


def test_profiles_state_settings_that_there_are():
    for each in frameworks.names():
        profile = frameworks.framework(each)
        for stated in (profile.plan, *profile.for_networks.values()):
            msgspec.convert(stated, Plan)
            assert set(stated) <= set(declared(Plan))
    for each in trainers.names():
        profile = trainers.trainer(each)
        tables = (profile.by_network, profile.waiting, profile.bases)
        further = [stated for table in tables for stated in table.values()]
        for stated in (profile.always, profile.full, profile.adapted, *further):
            msgspec.convert(stated, TrainingPlan)
            assert set(stated) <= set(declared(TrainingPlan))


def answers(ask, line, *values):
    """The reports of a command line with each of some last words."""
    for value in values:
        done = ask(*line.split(), *value, "--json")
        assert done.code == 0, done.out
        yield json.loads(done.out)


@pytest.mark.parametrize("case", FLAGGED, ids=name)
def test_a_flag_moves_a_number_and_is_told(case, ask):
    _plan, each = case
    line, *values = TYPED[each.setting.key]
    first, second, *more = answers(ask, line, *(("--" + each.setting.flag, value) for value in values))
    assert figures(first) != figures(second)
    if each.setting.assumption:
        told = more[0] if more else second
        assert each.setting.assumption in {row["id"] for row in told["assumptions"]}


@pytest.mark.parametrize("case", DEGREES, ids=name)
def test_a_degree_moves_a_number_and_is_told(case, ask):
    plan, each = case
    beside, degree = DEGREE[plan, each.setting.way]
    ways = (("--parallel", f"{beside}{each.setting.way}={number}") for number in (1, degree))
    first, second = answers(ask, GENERATE if plan is Plan else TRAIN, *ways)
    assert figures(first) != figures(second)
    if plan is Plan:
        assert each.setting.assumption in {row["id"] for row in second["assumptions"]}


@pytest.mark.parametrize("case", OTHERS, ids=name)
def test_a_field_moves_a_number(case, estimate, run):
    plan, each = case
    given, *values = SET[each.field]
    # a field that both plans have is the Plan's in an estimate
    of_a_run = plan is TrainingPlan and not set(given).isdisjoint(Plan.__struct_fields__)
    ask = run if of_a_run else partial(estimate, frames=17)
    first, second = (msgspec.to_builtins(ask("wan2.1-t2v-1.3b", **given, **{each.field: value})) for value in values)
    assert figures(first) != figures(second)


def test_a_number_of_a_way_names_every_way_that_takes_it(ask):
    done = ask("estimate", "-m", "wan2.1-t2v-1.3b", "--offload", "model", "--blocks-per-group", "4")
    assert done.code == 2
    assert "--blocks-per-group: only with --offload group-wait, group" in done.err
    for way in ("group-wait", "group"):
        assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--offload", way, "--blocks-per-group", "4").code == 0
