"""Free text of published measurements becomes the job that ran, or the id of the setting that is missing."""

import pytest

from vidcalc.passes import generation
from vidcalc.validate import text
from vidcalc.validate.mapping import Unmapped, case
from vidcalc.validate.table import Row

FULL = {
    "id": "a",
    "model": "Wan2.1-T2V-14B",
    "width": "1280",
    "height": "720",
    "frames": "81",
    "steps": "50",
    "cfg": "yes",
    "gpu": "H800/H100",
    "n_gpus": "1",
    "time_s": "1",
    "time_scope": "end-to-end",
}


def mapped(**fields):
    return case(Row(**{**FULL, **fields}))


@pytest.mark.parametrize(
    ("name", "width", "found"),
    [
        ("Wan2.1-I2V-14B", 1280, "wan2.1-i2v-14b-720p"),
        ("Wan2.1-I2V-14B", 832, "wan2.1-i2v-14b-480p"),
        ("FastHunyuan", 0, "hunyuanvideo-t2v"),
        ("Cosmos-1.0-Diffusion-14B-Video2World", 1280, "cosmos-predict1-14b"),
        ("Open-Sora-2.0 (11B)", 256, "open-sora-2.0"),
        ("Wan2.1 (size not in excerpt)", 0, None),
        ("HunyuanCustom", 1280, None),
    ],
)
def test_models_are_found_under_the_names_people_write(name, width, found):
    assert text.model(name, width) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("H800/H100", "h100-sxm"),
        ("A100-SXM4-80GB", "a100-sxm-80gb"),
        ("RTX PRO 6000 Blackwell Server", "rtx-pro-6000-blackwell"),
        ("H200 141GB HBM3", "h200"),
        ("RTX 4090D", "rtx-4090d"),
        ("80GB GPU (type not stated)", None),
    ],
)
def test_accelerators_are_found_under_the_names_people_write(name, found):
    assert text.gpu(name) == found


@pytest.mark.parametrize(
    ("told", "gpus", "found"),
    [
        ("FSDP(dit,t5)+Ulysses 8", 8, {"ulysses_degree": 8, "shard_degree": 8}),
        ("Ulysses 2 x Ring 2 x CFG 2", 8, {"ulysses_degree": 2, "ring_degree": 2, "guidance_degree": 2}),
        ("TP 4", 4, {"tensor_degree": 4}),
        (
            "CFG 2 x Ulysses 4 x Attention2D 3x3",
            72,
            {"guidance_degree": 2, "ulysses_degree": 4, "ring_degree": 9},
        ),
        ("CFG 2 + HSDP 2 + VAE patch 2", 2, {"guidance_degree": 2, "shard_degree": 2, "decode_degree": 2}),
        ("parallel VAE 8", 8, {"decode_degree": 8}),
        ("not stated", 4, None),
        ("Ulysses 2", 8, None),
        ("", 1, {}),
    ],
)
def test_a_parallel_plan_is_read_and_must_use_all_accelerators(told, gpus, found):
    assert text.degrees(told, gpus) == found


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"model": ""}, "no_model"),
        ({"model": "Nothing-1"}, "unknown_model"),
        ({"width": ""}, "no_size"),
        ({"frames": ""}, "no_frames"),
        ({"frames": "-3"}, "no_frames"),
        ({"n_gpus": "4"}, "no_parallel_plan"),
        ({"precision": "autoquant"}, "unknown_precision"),
        ({"offload": "mmgp profile 3"}, "unknown_offload"),
    ],
)
def test_what_is_missing_is_named(fields, reason):
    with pytest.raises(Unmapped) as refused:
        mapped(**fields)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"gpu": ""}, "no_gpu"),
        ({"gpu": "Abacus 3"}, "unknown_gpu"),
        ({"steps": ""}, "no_steps"),
        ({"steps": "", "time_scope": "per step"}, ""),
        ({"time_s": ""}, "not_measured"),
        ({"time_scope": "seconds per frame, streaming incl. VAE"}, "no_time_scope"),
        ({"other_optim": "TeaCache 0.2"}, ""),
        ({"other_optim": "TeaCache 0.9"}, "step_cache"),
        ({"other_optim": "TeaCache 0.2 + PISA sparse attention"}, "sparse_attention"),
        ({"other_optim": "EasyCache"}, "step_cache"),
        ({"attention_backend": "NABLA sparse"}, "sparse_attention"),
    ],
)
def test_a_time_needs_more_than_a_memory(fields, reason):
    assert mapped(**fields).no_time == reason


def test_the_source_names_the_framework_and_the_framework_its_ways():
    official = mapped(source="Wan-Video/Wan2.1 README.md", precision="bf16", offload="--offload_model True")
    assert official.question.plan.precision == "bf16-autocast"
    assert official.question.plan.offload == "model"
    assert runs(official) == "transformers.wan_official"
    assert runs(mapped(source="somewhere")) == "transformers.wan"


def runs(found):
    """The denoiser's network as the mapped plan runs it."""
    ledger, _ = generation(*found.question)
    return ledger.forward.component.network


def test_a_format_covers_all_networks_only_where_the_text_says_so():
    everywhere = mapped(precision="int8wo").question.plan
    assert (everywhere.precision, everywhere.text_encoder_precision, everywhere.vae_precision) == ("int8",) * 3
    assert mapped(precision="4-bit bitsandbytes").question.plan.text_encoder_precision == "bf16"


@pytest.mark.parametrize(
    ("note", "counter"),
    [
        ("GiB, torch.cuda.max_memory_allocated; weights alone 19.764", "allocated"),
        ("GiB allocated (file: 9673 MB); reserved-like peak 18078 MB", "allocated"),
        ("GB max_memory_allocated; max_memory_reserved 44 GB", "allocated"),
        ("GiB (file: 18246 MB, reserved-like)", "reserved"),
        ("GiB reserved (page: 36968 MB)", "reserved"),
        ('GiB "steady"', "resident"),
        ('G "VRAM required", a card-size class, not a measured peak', "card"),
        ('"peak GPU memory (GB)", per GPU; unit base and counter not stated', "unknown"),
    ],
)
def test_the_note_says_which_counter_it_was(note, counter):
    assert text.first("counter", note)["counter"] == counter


@pytest.mark.parametrize(
    ("told", "found"),
    [("torch.compile", "on"), ("torch.compile + fuse_qkv", "on"), ("torch.compile for 4/8 GPUs", "off"), ("", "off")],
)
def test_a_row_that_says_so_ran_compiled(told, found):
    assert mapped(other_optim=told).question.plan.compile == found


def test_a_program_that_fuses_by_itself_does_so_without_a_word_in_the_row():
    assert mapped(source="GitHub pull request vllm-project/vllm-omni#1").question.plan.compile == "on"
