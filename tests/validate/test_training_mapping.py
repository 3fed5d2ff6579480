"""Free text of published training runs becomes the run, or the id of the setting that is missing."""

import pytest

from vidcalc.catalog import trainers
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.load import DATA
from vidcalc.catalog.training import recipe
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes.degrees import world
from vidcalc.validate.files import read
from vidcalc.validate.mapping import Unmapped
from vidcalc.validate.training_mapping import case, trainer_of

ROWS = {row.id: row for row in read(f"{DATA}/measured/training.csv")}


@pytest.mark.parametrize(
    ("row", "trainer", "settings"),
    [
        ("CVXF-049", "cogvideox-factory", {"mode": "lora", "recipe": "bf16-mixed", "offload": "optimizer"}),
        ("CVXF-050", "cogvideox-factory", {"recipe": "fp16-autocast", "optimizer": "adamw", "update": "foreach"}),
        ("CVXF-057", "cogvideox-factory", {"optimizer": "adamw-8bit", "latents": "precomputed"}),
        (
            "FTRN-006",
            "finetrainers-0.0.1",
            {"recipe": "pure-bf16", "rank": 128, "latents": "online", "texts": "online"},
        ),
        ("COGV-014", "cogvideo-finetune", {"sharding": "zero2", "shard_degree": 8, "data_degree": 8}),
        ("STSEG-176", "simpletuner", {"offload": "base", "base_keeps": "input", "checkpointing": "full"}),
        ("STSEG-178", "simpletuner", {"checkpointing": "segments:2", "recipe": "kahan-bf16"}),
        ("STSEG-094", "simpletuner", {"base": "int8", "checkpointing": "none", "adapter_dropout": "on"}),
        ("STSEG-102", "simpletuner", {"base": "fp8-scaled", "base_keeps": "scaled"}),
        ("STSEG-110", "simpletuner", {"base": "fp8-scaled", "base_keeps": "weights"}),
        ("STSEG-092", "simpletuner", {"checkpointing": "partial:0.5"}),
        ("STSEG-020", "simpletuner", {"checkpointing": "every:2"}),
        ("STSEG-174", "simpletuner", {"checkpointing": "full+attention-offload", "offload": "base"}),
        ("STSEG-182", "simpletuner", {"checkpointing": "partial:0.5+attention-offload"}),
        ("FVID-010", "fastvideo", {"ulysses_degree": 2, "shard_degree": 2, "grad_accum": 2}),
        ("DFM-001", "nvidia-megatron", {"ulysses_degree": 2, "data_degree": 16, "checkpointing": "full"}),
        ("DFM-005", "nvidia-automodel", {"sharding": "zero3", "data_degree": 8}),
        ("COSM-006", "cosmos", {"ulysses_degree": 8, "data_degree": 4, "ema": "fp32"}),
        ("MSMM-009", "mindspeed", {"tensor_degree": 4, "data_degree": 2, "grad_accum": 4}),
        ("OSORA-021", "opensora", {"sharding": "zero2", "mode": "pretrain", "latents": "online"}),
    ],
)
def test_each_source_says_how_it_trains(row, trainer, settings):
    found = case(ROWS[row])
    assert trainer_of(ROWS[row]) == trainer
    assert {name: getattr(found.run.plan.training, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("row", "model", "size"),
    [
        ("STSEG-212", "wan2.1-t2v-14b", (576, 384, 81, 1)),  # 18,144 tokens, not the header's 832x480
        ("STSEG-003", "hunyuanvideo-1.5", (576, 384, 45, 2)),
        ("STSEG-122", "ltx-2.3", (832, 576, 49, 1)),
        ("STSEG-086", "ltx-video-2b", (576, 384, 41, 1)),
        ("OSORA-015", "open-sora-1.2", (256, 144, 51, 51)),
        ("DFM-006", "wan2.1-t2v-14b", (832, 480, 93, 1)),
        ("CVXF-065", "cogvideox-5b", (720, 480, 49, 4)),
    ],
)
def test_sizes_are_those_that_were_trained_on(row, model, size):
    found = case(ROWS[row])
    assert found.run.model.name == model
    bucket = found.bucket
    assert (bucket.width, bucket.height, bucket.frames, bucket.batch) == size


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("STSEG-024", "unknown_offload"),  # how much of attention's activations leaves is not stated
        ("MOCHI-001", "unknown_setting"),
        ("BIG-003", "unknown_model"),
        ("AUTO-003", "no_size"),
        ("OSPLAN-018", "no_checkpointing"),
        ("STDOC-004", "no_frames"),
    ],
)
def test_what_is_missing_is_named(row, reason):
    with pytest.raises(Unmapped) as missing:
        case(ROWS[row])
    assert missing.value.reason == reason


def test_all_degrees_fill_the_accelerators_of_a_row():
    for row in ROWS.values():
        try:
            found = case(row)
        except Unmapped:
            continue
        if row.n_gpus:
            assert world(found.run.plan.training) == int(row.n_gpus), row.id


@pytest.mark.parametrize("name", trainers.names())
def test_every_trainer_states_sources_and_fields_of_a_plan(name):
    profile = trainers.trainer(name)
    assert profile.title and profile.version and profile.sources
    for mode in ("full", "lora"):
        plan = TrainingPlan(mode=mode, **profile.settings(mode, "transformers.wan"))
        assert recipe(plan.recipe).source
    framework(profile.framework)
    assert not profile.fitted or profile.notes


def test_blocks_that_are_swapped_and_the_format_of_the_base_are_read():
    plan = case(ROWS["pub26-t05"]).run.plan.training
    assert (plan.offload, plan.swapped_blocks, plan.base) == ("block-swap", 32, "fp8")
    assert (plan.optimizer, plan.recipe) == ("adamw-8bit", "kahan-bf16")


def test_a_row_that_states_no_frames_is_not_guessed():
    with pytest.raises(Unmapped, match="no_frames"):
        case(ROWS["pub26-t03"])
