"""The field's own spellings: repositories, file names, number formats, kernels, cards."""

from typing import Any

import pytest

from vidcalc.base.errors import UnknownName
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import resolve
from vidcalc.catalog.models import model
from vidcalc.catalog.precisions import choices
from vidcalc.catalog.spellings import attention, precision, precision_of, recognised
from vidcalc.rates.attention_curves import KERNELS

REPOSITORIES = {
    "Wan-AI/Wan2.1-T2V-14B": "wan2.1-t2v-14b",
    "Wan-AI/Wan2.2-TI2V-5B-Diffusers": "wan2.2-ti2v-5b",
    "Wan-AI/Wan2.2-Animate-14B": "wan2.2-animate-14b",
    "Lightricks/LTX-2": "ltx-2",
    "Lightricks/LTX-Video": "ltx-video-2b",
    "genmo/mochi-1-preview": "mochi-1-preview",
    "tencent/HunyuanVideo": "hunyuanvideo-t2v",
    "tencent/HunyuanVideo-1.5": "hunyuanvideo-1.5",
    "THUDM/CogVideoX-5b": "cogvideox-5b",
    "Skywork/SkyReels-V2-T2V-14B-540P-Diffusers": "skyreels-v2-t2v-14b",
    "meituan-longcat/LongCat-Video": "longcat-video",
    "rhymes-ai/Allegro": "allegro",
}
FORMATS = {
    "Q4_K_M": "gguf-q4_k",
    "fp8_e4m3fn": "fp8",
    "fp8_e4m3fn_scaled": "fp8-scaled",
    "int8_convrot": "int8-dynamic",
    "bfloat16": "bf16",
    "nf4": "nf4",
}
CARDS = (
    *("4070", "4060", "4080", "3070", "3090 Ti", "2060", "2080 Ti", "RTX 5070", "4070 Ti", "RTX 3050", "TITAN RTX"),
    *(
        "4090 Laptop",
        "RTX 5090 Laptop",
        "3070 mobile",
        "L20",
        "A2",
        "RTX A5000",
        "RTX 4000 Ada",
        "RTX PRO 5000",
        "RTX PRO 4500",
    ),
    *("B60", "Arc B70", "A770", "RX 9070 XT", "RX 7800 XT", "RX 6900 XT", "W7900", "M1 Ultra", "M5 Max", "M2 Max"),
)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_is_its_model(name: str) -> None:
    assert model(name).name == REPOSITORIES[name]


@pytest.mark.parametrize("word", FORMATS)
def test_a_format_is_read_however_it_is_spelled(word: str, ask: Any) -> None:
    assert precision(word) == FORMATS[word]
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--precision", word, "--json").code == 0


@pytest.mark.parametrize("word", ["native", "_native_cudnn", "flash_hub", "sage", "_flash_3_hub"])
def test_a_kernel_is_read_however_it_is_spelled(word: str, ask: Any) -> None:
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--attention", word, "--json").code == 0


def test_every_spelling_stands_for_what_there_is() -> None:
    table = load.table("spellings")
    assert set(table["precision"].values()) <= set(choices())
    assert set(table["attention"].values()) <= {*KERNELS, "sdpa"}
    assert attention("whatever") == "whatever" and precision("whatever") == "whatever"


def test_a_file_s_name_says_model_and_format_and_what_else() -> None:
    found = recognised("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors")
    assert found is not None and (found.model, found.beside) == ("wan2.2-t2v-a14b", ())
    assert precision_of("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors") == "fp8-scaled"
    more = recognised("minimax_h3_fl2va_pruned_int8_convrot.safetensors")
    assert more is not None and (more.model, more.beside) == ("minimax-h3", ("pruned",))
    assert recognised("dog.safetensors") is None


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_runs_video_is_known(name: str, ask: Any) -> None:
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", name, "--json").code == 0


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("3075", "rtx-3080-10gb"),
        ("RTX 4085", "rtx-4080"),
        ("2065", "rtx-2060"),
        ("RX 9080", "rx-9070"),
        ("m7-max", "m5-max"),
    ],
)
def test_the_nearest_card_is_near_in_kind(wrong: str, near: str) -> None:
    with pytest.raises(UnknownName) as refused:
        resolve(wrong)
    found = str(refused.value.nearest)
    assert (
        load.entry("accelerators", found)["architecture"].split()[0]
        == load.entry("accelerators", near)["architecture"].split()[0]
    )
