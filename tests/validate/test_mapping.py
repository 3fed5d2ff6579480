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
        ("HunyuanCustom", 1280, "hunyuan-custom"),
        ("Sora 2", 1280, None),
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
    ("fields", "reason"),
    [
        ({"model": ""}, "no_model"),
        ({"model": "Nothing-1"}, "unknown_model"),
        ({"width": ""}, "no_size"),
        ({"frames": ""}, "no_frames"),
        ({"frames": "-3"}, "no_frames"),
        ({"n_gpus": "4"}, "no_parallel_plan"),
        ({"precision": "autoquant"}, "unknown_precision"),
        ({"offload": "gpu_offload_steps 5"}, "unknown_offload"),
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
        ({"other_optim": "TeaCache 0.9"}, ""),
        ({"other_optim": "PAB"}, "step_cache"),
        ({"other_optim": "TeaCache 0.2 + PISA sparse attention"}, "sparse_attention"),
        ({"other_optim": "EasyCache"}, ""),
        ({"other_optim": "TeaCache not stated"}, ""),
        ({"note": "two cards; steps not in the excerpt"}, "no_steps"),
        ({"attention_backend": "NABLA sparse"}, ""),
        ({"attention_backend": "NATTEN sparse attention"}, "sparse_attention"),
    ],
)
def test_a_time_needs_more_than_a_memory(fields, reason):
    assert mapped(**fields).no_time == reason


def test_the_source_names_the_framework_and_the_framework_its_ways():
    official = mapped(source="Wan-Video/Wan2.1 README.md", precision="bf16", offload="--offload_model True")
    assert official.question.plan.precision == "bf16-autocast"
    assert official.question.plan.offload == "model"
    assert runs(official) == "transformers.wan_official"
    assert runs(mapped(source="somewhere", other_optim="vanilla diffusers pipeline")) == "transformers.wan"


def test_what_no_word_names_is_a_range_over_what_it_may_have_been():
    found = mapped(source="somewhere")
    assert (found.engine.known, found.engine.label) == ("assumed", "")
    assert [question.plan.framework for question in (found.question, *found.others)] == [
        "wan-official",
        "diffusers-0.35",
    ]


@pytest.mark.parametrize(
    ("fields", "setting"),
    [
        ({"vae_tiling": "yes"}, ("vae_tiling", "default")),
        ({"other_optim": "tiling VAE"}, ("vae_tiling", "default")),
        ({"vae_tiling": "no", "other_optim": "tiling VAE"}, ("vae_tiling", "none")),
        ({"cfg": "distilled"}, ("guidance_mode", "none")),
        ({"cfg": "1.0"}, ("guidance_mode", "none")),
        ({"cfg": "", "other_optim": "DMD, 4 steps"}, ("guidance_mode", "none")),
        ({"offload": "20 of 40 blocks swapped"}, ("swapped_blocks", 20)),
        ({"offload": "--blocks_to_swap 36"}, ("swapped_blocks", 36)),
        ({"offload": "offload prompt upsampler + guardrails + T5"}, ("offload", "encoders")),
        ({"offload": "none; T5 in 4-bit"}, ("text_encoder_precision", "nf4")),
        ({"offload": "no offload"}, ("offload", "none")),
        ({"offload": "swap 25 blocks"}, ("swapped_blocks", 25)),
        ({"offload": "--t5_cpu"}, ("offload", "encoders")),
        ({"offload": "dit_cpu_offload, text encoder offload"}, ("offload", "model")),
        ({"offload": "group offloading, leaf level, stream"}, ("offload", "group-leaf")),
        ({"precision": "bfloat16"}, ("precision", "bf16")),
        ({"precision": "float16"}, ("precision", "fp16")),
        ({"precision": "Q4_K_M GGUF"}, ("precision", "gguf-q4_k")),
        ({"vae_tiling": "enabled"}, ("vae_tiling", "default")),
        ({"other_optim": "SageAttention2 + torch compile"}, ("attention", "sage2")),
        ({"other_optim": "SageAttention2 + torch compile"}, ("compile", "on")),
    ],
)
def test_settings_are_read_from_any_column(fields, setting):
    name, value = setting
    assert getattr(mapped(engine="diffusers", **fields).question.plan, name) == value


@pytest.mark.parametrize(
    ("scope", "more", "found"),
    [
        ("end-to-end", {}, "total"),
        ("e2e latency", {}, "total"),
        ("transformer only", {}, "denoise"),
        ("s/it", {}, "per_step"),
        ("VAE decode only", {}, "vae_decode"),
        ("end-to-end", {"note": "excluding the text encoder and the VAE"}, "denoise"),
        ("seconds per frame", {}, "?"),
    ],
)
def test_the_scope_of_a_time_is_read_by_its_words(scope, more, found):
    assert mapped(time_scope=scope, **more).scope == found


def test_a_peak_of_one_stage_is_told_from_that_of_the_run():
    assert mapped(mem_unit_note="GiB, transformer only").stage == "denoise"
    assert mapped(mem_unit_note="GiB, VAE decode peak").stage == "vae_decode"
    assert mapped(mem_unit_note="GiB of HBM, run peak (denoising level 22.8)").stage == ""


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
        ("GiB, sampled from outside (37,250 MiB), per GPU", "device"),
        ("GB, task manager", "device"),
        ("recommended 24GB", "card"),
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


H3 = {
    "model": "MiniMax-H3",
    "width": "1344",
    "height": "768",
    "frames": "124",
    "cfg": "distilled",
    "gpu": "H20-3e 141GB",
    "n_gpus": "2",
    "parallelism": "TP2",
    "precision": "bf16",
    "source": "GitHub pull request vllm-project/vllm-omni#6163",
}


def test_what_a_collector_guesses_of_the_encoder_is_a_range():
    """Split as the recipes of the family are, or whole as the program has it."""
    said = mapped(**H3, other_optim="text encoder tensor parallel")
    guessed = mapped(**H3, other_optim="text encoder tensor parallel (recipe family)")
    assert [each.plan.text_degree for each in (said.question, *said.others)] == [2]
    assert [each.plan.text_degree for each in (guessed.question, *guessed.others)] == [2, 1]


def test_an_encoder_larger_than_the_card_was_split_in_a_way_that_is_not_stated():
    """Of 59.6 GiB, whole on a card of 40."""
    small = {**H3, "gpu": "A100-SXM4-40GB", "n_gpus": "4", "parallelism": "TP4", "offload": "TP4 + CPU offload"}
    with pytest.raises(Unmapped, match="encoder_beyond_card"):
        mapped(**small)
    assert mapped(**small, other_optim="text encoder TP").question.plan.text_degree == 4
    assert mapped(**{**small, "gpu": "H20-3e 141GB"}).question.plan.text_degree == 1
    assert mapped(**{**small, "offload": "group offload, leaf level"}).question.plan.offload == "group-leaf"
