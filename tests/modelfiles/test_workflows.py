"""ComfyUI workflows in both forms, and inside pictures: the right model, size, frames and steps.

The workflows are written here on the pattern of those that ComfyUI and its wrappers ship: same node types, inputs and
links. Each is a table of nodes; `api` and `graph` spell it as the program does.
"""

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from vidcalc.faces.requests.estimate import request
from vidcalc.modelfiles.recipes.graph import nodes
from vidcalc.modelfiles.recipes.read import recipe_of

Flow = dict[str, tuple[str, dict[str, Any]]]  # id -> (type, inputs in the order of the node's definition)


class Of(NamedTuple):
    """An output of a node."""

    node: str
    slot: int = 0


def api(flow: Flow) -> dict[str, Any]:
    """The form that is sent to be run."""
    return {
        id_: {
            "class_type": type_,
            "inputs": {k: [v.node, v.slot] if isinstance(v, Of) else v for k, v in inputs.items()},
        }
        for id_, (type_, inputs) in flow.items()
    }


def graph(flow: Flow, named: bool = False) -> dict[str, Any]:
    """The form that the editor saves; `named`: as newer versions do, which list the widgets among the inputs."""
    listed, links = [], []
    for id_, (type_, inputs) in flow.items():
        entries, values = [], []
        for key, value in inputs.items():
            if isinstance(value, Of):
                links.append([len(links) + 1, int(value.node), value.slot, int(id_), len(entries), "*"])
                entries.append({"name": key, "type": "*", "link": len(links)})
                continue
            values.append(value)
            if named:
                entries.append({"name": key, "type": "*", "widget": {"name": key}, "link": None})
            if "seed" in key:
                values.append("randomize")
        listed.append({"id": int(id_), "type": type_, "mode": 0, "inputs": entries, "widgets_values": values})
    return {"last_node_id": 99, "nodes": listed, "links": links, "version": 0.4}


def core(unet: str, size: tuple[str, dict[str, Any]], steps: int = 20, cfg: float = 6.0, **more: Any) -> Flow:
    """A text-to-video workflow of the program's own nodes: loader, sampler, decoder."""
    kind, sides = size
    flow: Flow = {
        "1": ("UNETLoader", {"unet_name": unet, "weight_dtype": more.get("dtype", "default")}),
        "2": (
            "CLIPLoader",
            {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan", "device": "default"},
        ),
        "3": ("VAELoader", {"vae_name": "wan_2.1_vae.safetensors"}),
        "4": ("CLIPTextEncode", {"clip": Of("2"), "text": "a fox"}),
        "5": ("CLIPTextEncode", {"clip": Of("2"), "text": ""}),
        "6": (kind, sides),
        "7": ("ModelSamplingSD3", {"model": Of("1"), "shift": 8}),
        "8": (
            "KSampler",
            {
                "model": Of("7"),
                "positive": Of("4"),
                "negative": Of("5"),
                "latent_image": Of("6"),
                "seed": 8,
                "steps": steps,
                "cfg": cfg,
                "sampler_name": "uni_pc",
                "scheduler": "simple",
                "denoise": 1,
            },
        ),
        "9": ("VAEDecode", {"samples": Of("8"), "vae": Of("3")}),
        "10": ("CreateVideo", {"images": Of("9"), "fps": more.get("fps", 16)}),
        "11": ("SaveVideo", {"video": Of("10"), "filename_prefix": "video/x", "format": "auto", "codec": "auto"}),
    }
    return flow


def sized(kind: str, width: int, height: int, length: int) -> tuple[str, dict[str, Any]]:
    return kind, {"width": width, "height": height, "length": length, "batch_size": 1}


def two_experts(high: str, low: str) -> Flow:
    """Two experts, each for half of one schedule."""
    flow = core(high, sized("EmptyHunyuanLatentVideo", 1280, 704, 81))
    flow["12"] = ("UNETLoader", {"unet_name": low, "weight_dtype": "fp8_e4m3fn_fast"})
    ends = {
        "model": Of("1"),
        "positive": Of("4"),
        "negative": Of("5"),
        "latent_image": Of("6"),
        "add_noise": "enable",
        "noise_seed": 7,
        "steps": 20,
        "cfg": 3.5,
        "sampler_name": "euler",
        "scheduler": "simple",
        "start_at_step": 0,
        "end_at_step": 10,
        "return_with_leftover_noise": "enable",
    }
    flow["8"] = ("KSamplerAdvanced", ends)
    later = {**ends, "model": Of("12"), "latent_image": Of("8"), "add_noise": "disable", "start_at_step": 10}
    flow["13"] = ("KSamplerAdvanced", {**later, "end_at_step": 10000, "return_with_leftover_noise": "disable"})
    flow["9"] = ("VAEDecode", {"samples": Of("13"), "vae": Of("3")})
    return flow


def custom(unet: str, kind: str, schedule: tuple[str, dict[str, Any]], size: tuple[int, int, int]) -> Flow:
    """The sampler in its parts: noise, guider, sigmas."""
    flow = core(unet, sized(kind, *size), fps=24)
    flow["12"] = ("RandomNoise", {"noise_seed": 3})
    flow["13"] = ("BasicGuider", {"model": Of("1"), "conditioning": Of("4")})
    flow["14"] = ("KSamplerSelect", {"sampler_name": "euler"})
    flow["15"] = schedule
    flow["8"] = (
        "SamplerCustomAdvanced",
        {"noise": Of("12"), "guider": Of("13"), "sampler": Of("14"), "sigmas": Of("15"), "latent_image": Of("6")},
    )
    tiles = {"tile_size": 256, "overlap": 64, "temporal_size": 64, "temporal_overlap": 8}
    flow["9"] = ("VAEDecodeTiled", {"samples": Of("8"), "vae": Of("3"), **tiles})
    return flow


def ltx2() -> Flow:
    """LTX-2 in two stages: at half the size, then enlarged and refined."""
    return {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": "ltx-2-19b-dev-fp8.safetensors"}),
        "2": ("EmptyImage", {"width": 1280, "height": 704, "batch_size": 1, "color": 0}),
        "3": ("ImageScaleBy", {"image": Of("2"), "upscale_method": "lanczos", "scale_by": 0.5}),
        "4": ("GetImageSize", {"image": Of("3")}),
        "5": ("INTConstant", {"value": 121}),
        "6": ("EmptyLTXVLatentVideo", {"width": Of("4", 0), "height": Of("4", 1), "length": Of("5"), "batch_size": 1}),
        "7": ("CFGGuider", {"model": Of("1"), "positive": Of("16"), "negative": Of("16"), "cfg": 4}),
        "8": ("LTXVScheduler", {"steps": 20, "max_shift": 2.05, "base_shift": 0.95, "stretch": True, "terminal": 0.1}),
        "9": ("SamplerCustomAdvanced", {"guider": Of("7"), "sigmas": Of("8"), "latent_image": Of("6")}),
        "10": ("LatentUpscaleModelLoader", {"model_name": "ltx-2-spatial-upscaler-x2-1.0.safetensors"}),
        "11": ("LTXVLatentUpsampler", {"samples": Of("9"), "upscale_model": Of("10"), "vae": Of("1", 2)}),
        "12": (
            "LoraLoaderModelOnly",
            {"model": Of("1"), "lora_name": "ltx-2-19b-distilled-lora-384.safetensors", "strength_model": 1},
        ),
        "13": ("CFGGuider", {"model": Of("12"), "positive": Of("16"), "negative": Of("16"), "cfg": 1}),
        "14": ("ManualSigmas", {"sigmas": "0.909375, 0.725, 0.421875, 0.0"}),
        "15": ("SamplerCustomAdvanced", {"guider": Of("13"), "sigmas": Of("14"), "latent_image": Of("11")}),
        "16": ("CLIPTextEncode", {"clip": Of("1", 1), "text": "rain"}),
        "17": ("VAEDecode", {"samples": Of("15"), "vae": Of("1", 2)}),
        "18": ("CreateVideo", {"images": Of("17"), "fps": 24}),
        "19": ("SaveVideo", {"video": Of("18"), "filename_prefix": "x", "format": "auto", "codec": "auto"}),
    }


def wrapper(model: str, quantization: str = "fp8_e4m3fn") -> Flow:
    """The video wrapper's nodes, with blocks that wait in host memory, compilation and a step cache."""
    return {
        "1": ("WanVideoBlockSwap", {"blocks_to_swap": 20, "offload_img_emb": False, "offload_txt_emb": False}),
        "2": (
            "WanVideoTorchCompileSettings",
            {"backend": "inductor", "fullgraph": False, "mode": "default", "dynamic": False},
        ),
        "3": ("WanVideoLoraSelect", {"lora": "Wan21_T2V_14B_lightx2v_rank32.safetensors", "strength": 1.0}),
        "4": (
            "WanVideoModelLoader",
            {
                "compile_args": Of("2"),
                "block_swap_args": Of("1"),
                "lora": Of("3"),
                "model": model,
                "base_precision": "fp16",
                "quantization": quantization,
                "load_device": "offload_device",
                "attention_mode": "sageattn",
            },
        ),
        "5": ("LoadWanVideoT5TextEncoder", {"model_name": "umt5-xxl-enc-bf16.safetensors", "precision": "bf16"}),
        "6": ("WanVideoTextEncode", {"t5": Of("5"), "positive_prompt": "a", "negative_prompt": "b"}),
        "7": ("WanVideoEmptyEmbeds", {"width": 832, "height": 480, "num_frames": 81}),
        "8": ("WanVideoTeaCache", {"rel_l1_thresh": 0.25, "start_step": 6, "end_step": -1}),
        "9": (
            "WanVideoSampler",
            {
                "model": Of("4"),
                "text_embeds": Of("6"),
                "image_embeds": Of("7"),
                "cache_args": Of("8"),
                "steps": 25,
                "cfg": 6,
                "shift": 5,
                "seed": 1,
                "force_offload": True,
                "scheduler": "unipc",
                "riflex_freq_index": 0,
            },
        ),
        "10": ("WanVideoVAELoader", {"model_name": "wanvideo\\Wan2_1_VAE_bf16.safetensors", "precision": "bf16"}),
        "11": ("WanVideoDecode", {"vae": Of("10"), "samples": Of("9"), "enable_vae_tiling": True, "tile_x": 272}),
        "12": ("VHS_VideoCombine", {"images": Of("11"), "frame_rate": 16}),
    }


def hunyuan_wrapper() -> Flow:
    """The HunyuanVideo wrapper, whose sampler holds the size."""
    return {
        "1": (
            "HyVideoModelLoader",
            {
                "model": "hunyuan_video_t2v_720p_bf16.safetensors",
                "base_precision": "bf16",
                "quantization": "fp8_e4m3fn",
                "load_device": "main_device",
                "attention_mode": "sdpa",
            },
        ),
        "2": (
            "HyVideoSampler",
            {
                "model": Of("1"),
                "width": 512,
                "height": 320,
                "num_frames": 85,
                "steps": 30,
                "embedded_guidance_scale": 6,
                "flow_shift": 9,
                "seed": 6,
                "force_offload": True,
            },
        ),
        "3": ("HyVideoVAELoader", {"model_name": "hunyuan_video_vae_bf16.safetensors", "precision": "bf16"}),
        "4": ("HyVideoDecode", {"vae": Of("3"), "samples": Of("2"), "enable_vae_tiling": True}),
        "5": ("VHS_VideoCombine", {"images": Of("4"), "frame_rate": 24}),
    }


def svd() -> Flow:
    """A still picture made first, then set in motion: two models, of which the video's counts."""
    first = {
        "model": Of("1"),
        "positive": Of("2"),
        "negative": Of("2"),
        "latent_image": Of("3"),
        "seed": 1,
        "steps": 15,
        "cfg": 8,
        "sampler_name": "uni_pc_bh2",
        "scheduler": "normal",
        "denoise": 1,
    }
    second = {
        **first,
        "model": Of("6"),
        "positive": Of("7"),
        "negative": Of("7", 1),
        "latent_image": Of("7", 2),
        "steps": 20,
    }
    return {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": "sd_xl_base_1.0.safetensors"}),
        "2": ("CLIPTextEncode", {"clip": Of("1", 1), "text": "mountains"}),
        "3": ("EmptyLatentImage", {"width": 1024, "height": 576, "batch_size": 1}),
        "4": ("KSampler", first),
        "5": ("VAEDecode", {"samples": Of("4"), "vae": Of("1", 2)}),
        "6": ("ImageOnlyCheckpointLoader", {"ckpt_name": "svd_xt.safetensors"}),
        "7": (
            "SVD_img2vid_Conditioning",
            {
                "clip_vision": Of("6", 1),
                "init_image": Of("5"),
                "vae": Of("6", 2),
                "width": 1024,
                "height": 576,
                "video_frames": 25,
                "motion_bucket_id": 127,
                "fps": 6,
            },
        ),
        "8": ("KSampler", {**second, "cfg": 2.5}),
        "9": ("VAEDecode", {"samples": Of("8"), "vae": Of("6", 2)}),
        "10": ("SaveAnimatedWEBP", {"images": Of("9"), "filename_prefix": "x", "fps": 10}),
    }


SIGMAS = ("BasicScheduler", {"model": Of("1"), "scheduler": "simple", "steps": 20, "denoise": 1})
EXPECTED: dict[str, tuple[Flow, str, tuple[int, int], int | None, int]] = {
    "wan 2.1 t2v 1.3B": (
        core("wan2.1_t2v_1.3B_fp16.safetensors", sized("EmptyHunyuanLatentVideo", 832, 480, 33), 30),
        "wan2.1-t2v-1.3b",
        (832, 480),
        33,
        30,
    ),
    "wan 2.1 t2v 14B": (
        core("wan2.1_t2v_14B_fp8_e4m3fn.safetensors", sized("EmptyHunyuanLatentVideo", 1280, 720, 81)),
        "wan2.1-t2v-14b",
        (1280, 720),
        81,
        20,
    ),
    "wan 2.1 i2v 480p": (
        core("wan2.1_i2v_480p_14B_fp16.safetensors", sized("WanImageToVideo", 512, 512, 33)),
        "wan2.1-i2v-14b-480p",
        (512, 512),
        33,
        20,
    ),
    "wan 2.1 i2v 720p": (
        core("wan2.1_i2v_720p_14B_bf16.safetensors", sized("WanImageToVideo", 1280, 720, 81)),
        "wan2.1-i2v-14b-720p",
        (1280, 720),
        81,
        20,
    ),
    "wan 2.1 flf2v": (
        core("wan2.1_flf2v_720p_14B_fp16.safetensors", sized("WanFirstLastFrameToVideo", 720, 1280, 81)),
        "wan2.1-flf2v-14b",
        (720, 1280),
        81,
        20,
    ),
    "wan 2.1 vace": (
        core("wan2.1_vace_14B_fp16.safetensors", sized("WanVaceToVideo", 768, 768, 81)),
        "wan2.1-vace-14b",
        (768, 768),
        81,
        20,
    ),
    "wan 2.2 t2v": (
        two_experts(
            "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors", "wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors"
        ),
        "wan2.2-t2v-a14b",
        (1280, 704),
        81,
        20,
    ),
    "wan 2.2 i2v": (
        two_experts(
            "wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors", "wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors"
        ),
        "wan2.2-i2v-a14b",
        (1280, 704),
        81,
        20,
    ),
    "wan 2.2 ti2v 5B": (
        core("wan2.2_ti2v_5B_fp16.safetensors", sized("Wan22ImageToVideoLatent", 1280, 704, 121), fps=24),
        "wan2.2-ti2v-5b",
        (1280, 704),
        121,
        20,
    ),
    "wan 2.2 animate": (
        core("Wan2_2-Animate-14B_fp8_e4m3fn_scaled_KJ.safetensors", sized("WanAnimateToVideo", 640, 640, 77), 6, 1.0),
        "wan2.2-animate-14b",
        (640, 640),
        77,
        6,
    ),
    "wan wrapper": (wrapper("WanVideo\\Wan2_1-T2V-14B_fp8_e4m3fn.safetensors"), "wan2.1-t2v-14b", (832, 480), 81, 25),
    "wan wrapper 1.3B": (
        wrapper("WanVideo\\Wan2_1-T2V-1_3B_bf16.safetensors", "disabled"),
        "wan2.1-t2v-1.3b",
        (832, 480),
        81,
        25,
    ),
    "hunyuan t2v": (
        custom("hunyuan_video_t2v_720p_bf16.safetensors", "EmptyHunyuanLatentVideo", SIGMAS, (848, 480, 73)),
        "hunyuanvideo-t2v",
        (848, 480),
        73,
        20,
    ),
    "hunyuan i2v": (
        custom(
            "hunyuan_video_v2_replace_image_to_video_720p_bf16.safetensors",
            "HunyuanImageToVideo",
            SIGMAS,
            (720, 720, 57),
        ),
        "hunyuanvideo-i2v",
        (720, 720),
        57,
        20,
    ),
    "hunyuan wrapper": (hunyuan_wrapper(), "hunyuanvideo-t2v", (512, 320), 85, 30),
    "hunyuan 1.5": (
        custom("hunyuanvideo1.5_720p_t2v_fp16.safetensors", "EmptyHunyuanVideo15Latent", SIGMAS, (1280, 720, 121)),
        "hunyuanvideo-1.5",
        (1280, 720),
        121,
        20,
    ),
    "ltx 0.9.5": (
        core("ltx-video-2b-v0.9.5.safetensors", sized("EmptyLTXVLatentVideo", 768, 512, 97), 30, 3.0, fps=24),
        "ltx-video-2b",
        (768, 512),
        97,
        30,
    ),
    "ltx 13b": (
        core("ltxv-13b-0.9.7-dev-fp8.safetensors", sized("EmptyLTXVLatentVideo", 768, 512, 97), 30, 3.0, fps=24),
        "ltx-video-13b",
        (768, 512),
        97,
        30,
    ),
    "ltx 2": (ltx2(), "ltx-2", (640, 352), 121, 20),
    "mochi": (
        core("mochi_preview_bf16.safetensors", sized("EmptyMochiLatentVideo", 848, 480, 37), 30, 4.5, fps=24),
        "mochi-1-preview",
        (848, 480),
        37,
        30,
    ),
    "cosmos 1": (
        core(
            "Cosmos-1_0-Diffusion-7B-Text2World.safetensors", sized("EmptyCosmosLatentVideo", 1280, 704, 121), 20, 6.5
        ),
        "cosmos-predict1-7b",
        (1280, 704),
        121,
        20,
    ),
    "cosmos predict 2": (
        core(
            "cosmos_predict2_2B_video2world_480p_16fps.safetensors",
            sized("CosmosPredict2ImageToVideoLatent", 848, 480, 93),
            30,
            4.0,
        ),
        "cosmos-predict2-2b",
        (848, 480),
        93,
        30,
    ),
    "kandinsky 5": (
        core("kandinsky5lite_t2v_sft_5s.safetensors", sized("EmptyHunyuanLatentVideo", 768, 512, 121), 50, 5.0, fps=24),
        "kandinsky5-lite",
        (768, 512),
        121,
        50,
    ),
    "minimax h3": (
        core("minimax_h3_fl2va_bf16.safetensors", sized("EmptyMiniMaxH3LatentVideo", 1344, 768, 124), 50, 4.0, fps=24),
        "minimax-h3",
        (1344, 768),
        124,
        50,
    ),
    "svd": (svd(), "svd-xt", (1024, 576), 25, 20),
}
FORMS: dict[str, Callable[[Flow], dict[str, Any]]] = {
    "api": api,
    "graph": graph,
    "newer graph": lambda flow: graph(flow, True),
}


def test_there_are_many_workflows_of_many_models() -> None:
    assert len(EXPECTED) >= 20
    assert len({each[1] for each in EXPECTED.values()}) >= 12


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", EXPECTED)
def test_a_workflow_gives_model_size_frames_and_steps(name: str, form: str, tmp_path: Path) -> None:
    flow, model, size, frames, steps = EXPECTED[name]
    (tmp_path / "w.json").write_text(json.dumps(FORMS[form](flow)))
    found = recipe_of(str(tmp_path / "w.json"))
    assert found is not None
    assert (found.model, found.settings["resolution"]) == (model, size)
    assert (found.settings.get("frames"), found.settings["steps"]) == (frames, steps)
    assert found.unread == ()


def read(flow: Flow, tmp_path: Path) -> Any:
    (tmp_path / "w.json").write_text(json.dumps(graph(flow)))
    return recipe_of(str(tmp_path / "w.json"))


def test_how_it_is_run_is_read(tmp_path: Path) -> None:
    settings = read(wrapper("Wan2_1-T2V-14B_fp8_e4m3fn.safetensors"), tmp_path).settings
    assert settings["offload"] == "block-swap:20"
    assert (settings["vae_tiling"], settings["compile"], settings["attention"]) == ("default", "on", "sage2")
    assert (settings["precision"], settings["text_encoder_precision"], settings["fps"]) == ("fp8", "bf16", 16)
    experts = read(EXPECTED["wan 2.2 t2v"][0], tmp_path).settings
    assert (experts["precision"], experts["guidance"], experts["framework"]) == ("fp8-scaled", 3.5, "comfyui")


@pytest.mark.parametrize("method", ["euler_ancestral_cfg_pp", "euler"])
def test_a_method_that_needs_both_predictions_makes_them_at_any_scale(method: str, tmp_path: Path) -> None:
    """The LTX-2.3 template: euler_ancestral_cfg_pp at a scale of 1."""
    flow = ltx2()
    flow["7"][1]["cfg"] = 1
    flow["20"] = ("KSamplerSelect", {"sampler_name": method})
    flow["9"][1]["sampler"] = Of("20")
    both = method.endswith("_cfg_pp")
    found = read(flow, tmp_path)
    assert (found.settings["guidance"], found.settings.get("predictions")) == (1, "both" if both else None)
    plan = request({"from": str(tmp_path / "w.json")}).plan
    assert (plan.forwards_per_step, plan.guidance_mode) == ((2, "fitting") if both else (1, "none"))


def test_it_needs_them_of_a_model_without_guidance_of_its_own(tmp_path: Path) -> None:
    flow = core("wan2.1_t2v_1.3B_fp16.safetensors", sized("EmptyHunyuanLatentVideo", 832, 480, 33), 30, 1.0)
    flow["8"][1]["sampler_name"] = "euler_cfg_pp"
    read(flow, tmp_path)
    plan = request({"from": str(tmp_path / "w.json"), "model": "krea-realtime-14b"}).plan
    assert plan.forwards_per_step == 2


def test_loras_are_of_the_rank_that_their_names_say(tmp_path: Path) -> None:
    assert read(ltx2(), tmp_path).settings["lora"] == ("384:attention+ffn",)
    flow = wrapper("Wan2_1-T2V-14B_fp8_e4m3fn.safetensors")
    settings = read(flow, tmp_path).settings
    assert (settings["lora"], settings.get("lora_mode")) == (("32:attention+ffn",), None)
    flow["3"][1].update(low_mem_load=False, merge_loras=False)
    assert read(flow, tmp_path).settings["lora_mode"] == "patched"
    flow["3"][1].update(lora="a_style.safetensors")
    found = read(flow, tmp_path)
    assert not {"lora", "lora_mode"} & set(found.settings)
    assert dict(found.beside)["loras_beside"] == {"names": "a_style.safetensors"}


def test_networks_that_steer_the_model_are_set_where_they_are_made_for_it(tmp_path: Path) -> None:
    flow = wrapper("Wan2_1-T2V-14B_fp8_e4m3fn.safetensors")
    flow["20"] = ("WanVideoVACEModelSelect", {"vace_model": "wan\\Wan2_1-VACE_module_14B_bf16.safetensors"})
    flow["21"] = (
        "WanVideoUni3C_ControlnetLoader",
        {
            "model": "Wan21_Uni3C_controlnet_fp16.safetensors",
            "base_precision": "fp16",
            "quantization": "disabled",
            "load_device": "offload_device",
            "attention_mode": "sdpa",
        },
    )
    flow["22"] = ("WanVideoUni3C_embeds", {"controlnet": Of("21"), "strength": 1.0})
    flow["4"][1]["vace_model"] = Of("20")
    flow["9"][1]["uni3c_embeds"] = Of("22")
    asked = {
        "T2V-14B_fp8_e4m3fn": ("vace-wan2.1-14b", "Uni3C", 0),  # another denoiser in the model's place
        "I2V-14B-480P_fp8_e4m3fn": ("uni3c-wan2.1-14b", "VACE", 1),
        "T2V-1_3B_bf16": (None, "Uni3C", 0),
    }
    for name, (control, other, count) in asked.items():
        flow["4"][1]["model"] = f"Wan2_1-{name}.safetensors"
        found = read(flow, tmp_path)
        assert found.settings.get("control") == (control and (control,))
        assert other in dict(found.beside)["networks_beside_workflow"]["names"]
        assert not found.unread
        assert len(request({"from": str(tmp_path / "w.json")}).model.controls) == count


def test_a_subject_that_is_linked_is_a_reference(tmp_path: Path) -> None:
    flow = EXPECTED["wan 2.1 vace"][0]
    assert "references" not in read(flow, tmp_path).settings
    linked = {**flow, "6": (flow["6"][0], {**flow["6"][1], "reference_image": Of("20")})}
    linked["20"] = ("LoadImage", {"image": "a.png"})
    assert read(linked, tmp_path).settings["references"] == 1
    request({"from": str(tmp_path / "w.json")})


def test_another_autoencoder_is_set_where_it_is_for_the_latents(tmp_path: Path) -> None:
    flow = EXPECTED["wan 2.2 t2v"][0]
    place = next(id_ for id_, (type_, _) in flow.items() if type_ == "VAELoader")
    assert "vae" not in read(flow, tmp_path).settings
    for name, said in (("lighttaew2_1", "taew2_1"), ("taew2_1.safetensors", "taew2_1"), ("lightvaew2_1.pth", None)):
        other = {**flow, place: ("VAELoader", {"vae_name": name})}
        assert read(other, tmp_path).settings["vae"] == (said or "lightvaew2_1")
    unfit = read({**flow, place: ("VAELoader", {"vae_name": "lighttaew2_2"})}, tmp_path)
    assert "vae" not in unfit.settings
    assert dict(unfit.beside)["autoencoder_unfit"]["file"] == "lighttaew2_2"


def test_what_is_not_calculated_is_told(tmp_path: Path) -> None:
    told = dict(read(ltx2(), tmp_path).beside)
    assert told["further_passes"] == {"passes": "3"}
    assert "loras_beside" not in told  # its name says its rank
    assert told["upscalers_beside"] == {"names": "LTXVLatentUpsampler"}
    assert told["networks_beside_workflow"] == {"names": "ltx-2-spatial-upscaler-x2-1.0.safetensors"}
    assert (
        dict(read(wrapper("Wan2_1-T2V-14B.safetensors"), tmp_path).beside)["cache_not_priced"]["file"]
        == "WanVideoTeaCache"
    )
    assert dict(read(svd(), tmp_path).beside)["models_beside"] == {"names": "sd_xl_base_1.0.safetensors"}


def test_a_node_that_nobody_knows_is_listed_and_one_that_is_off_is_not(tmp_path: Path) -> None:
    flow = core("wan2.1_t2v_1.3B_fp16.safetensors", sized("EmptyHunyuanLatentVideo", 832, 480, 33))
    flow["12"] = ("SomeNewMagicPatch", {"model": Of("1"), "amount": 2})
    flow["7"] = ("ModelSamplingSD3", {"model": Of("12"), "shift": 8})
    assert read(flow, tmp_path).unread == ("SomeNewMagicPatch",)
    saved = graph(flow)
    for node in saved["nodes"]:
        node["mode"] = 4 if node["type"] == "SomeNewMagicPatch" else 0  # bypassed
    (tmp_path / "w.json").write_text(json.dumps(saved))
    found = recipe_of(str(tmp_path / "w.json"))
    assert found is not None and found.unread == () and found.model == "wan2.1-t2v-1.3b"


def test_a_subgraph_is_put_in_its_place(tmp_path: Path) -> None:
    inner = graph(core("wan2.2_ti2v_5B_fp16.safetensors", sized("Wan22ImageToVideoLatent", 1280, 704, 121)))
    kept = [node for node in inner["nodes"] if node["id"] <= 9]
    links = [
        {"id": a, "origin_id": b, "origin_slot": c, "target_id": d, "target_slot": e, "type": "*"}
        for a, b, c, d, e, _ in inner["links"]
        if d <= 9
    ]
    links.append({"id": 900, "origin_id": 9, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"})
    size = next(node for node in kept if node["type"] == "Wan22ImageToVideoLatent")
    size["inputs"] = [{"name": "width", "type": "INT", "widget": {"name": "width"}, "link": 901}]
    links.append({"id": 901, "origin_id": -10, "origin_slot": 0, "target_id": 6, "target_slot": 0, "type": "INT"})
    group = {"id": "aaaa-bbbb", "nodes": kept, "links": links, "inputNode": {"id": -10}, "outputNode": {"id": -20}}
    outer = [
        {"id": 1, "type": "PrimitiveInt", "mode": 0, "inputs": [], "widgets_values": [960, "fixed"]},
        {"id": 2, "type": "aaaa-bbbb", "mode": 0, "inputs": [{"name": "width", "type": "INT", "link": 1}]},
        {
            "id": 3,
            "type": "CreateVideo",
            "mode": 0,
            "inputs": [{"name": "images", "type": "IMAGE", "link": 2}],
            "widgets_values": [24],
        },
        {"id": 4, "type": "SaveVideo", "mode": 0, "inputs": [{"name": "video", "type": "VIDEO", "link": 3}]},
    ]
    saved = {"nodes": outer, "links": [[1, 1, 0, 2, 0, "INT"], [2, 2, 0, 3, 0, "IMAGE"], [3, 3, 0, 4, 0, "VIDEO"]]}
    (tmp_path / "w.json").write_text(json.dumps({**saved, "definitions": {"subgraphs": [group]}}))
    found = recipe_of(str(tmp_path / "w.json"))
    assert found is not None
    assert (found.model, found.settings["resolution"], found.settings["steps"]) == ("wan2.2-ti2v-5b", (960, 704), 20)
    assert found.settings["fps"] == 24


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_workflow_inside_a_picture_or_a_video_is_found(tmp_path: Path) -> None:
    text = json.dumps(api(EXPECTED["mochi"][0])).encode()
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    plain = chunk(b"tEXt", b"prompt\0" + text)
    packed = chunk(b"zTXt", b"workflow\0\0" + zlib.compress(json.dumps(graph(EXPECTED["mochi"][0])).encode()))
    end = chunk(b"IDAT", b"\0" * 40) + chunk(b"IEND", b"")
    contents = {
        "a.png": start + plain + end,
        "b.png": start + packed + end,
        "c.webp": b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 999 + b"EXIF" + b"prompt:" + text + b"\0" + b"\0" * 99,
        "d.mp4": b"\0\0\0\x20ftypisom"
        + b"\7" * 5000
        + b"data\0\0\0\1"
        + json.dumps({"prompt": text.decode()}).encode()
        + b"\0",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        found = recipe_of(str(tmp_path / name))
        assert found is not None and found.model == "mochi-1-preview", name


BROKEN = {
    "nothing.png": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13),
    "cut.png": b"\x89PNG\r\n\x1a\n\0\0\xff",
    "bomb.png": b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"[" * 10_000_000)),
    "empty.mp4": b"",
    "deep.json": b'{"nodes": ' + b"[" * 100_000,
    "odd.json": b'{"nodes": [1, null, {"id": {}}], "links": [[1], {}, 3]}',
    "alias.yaml": b"a: &a [1, 1]\nb: [*a, *a]\n",
    "open.yaml": b"job: [",
    "open.toml": b"a = [",
    "other.toml": b"a = 1",
    "other.sh": b"echo '",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused_in_one_line(name: str, ask: Any, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(BROKEN[name])
    done = ask("estimate", "--from", str(tmp_path / name))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("error: ") and "Traceback" not in done.err


def test_a_workflow_without_end_is_read_to_an_end() -> None:
    loop = {str(n): {"class_type": "Reroute", "inputs": {"x": [str((n + 1) % 5), 0]}} for n in range(5)}
    assert len(nodes(loop)) == 5


def test_a_workflow_is_answered_like_the_same_flags(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps(api(EXPECTED["wan 2.1 t2v 1.3B"][0])))
    ours = json.loads(ask("estimate", "--from", str(tmp_path / "w.json"), "--json").out)
    flags = (
        "-r",
        "832x480",
        "-f",
        "33",
        "-s",
        "30",
        "--guidance",
        "6",
        "--framework",
        "comfyui",
        "--precision",
        "fp16",
    )
    flags += ("--text-encoder-precision", "fp8-scaled", "--fps", "16")
    theirs = json.loads(ask("estimate", "-m", "wan2.1-t2v-1.3b", *flags, "--json").out)
    assert ours["compute"] == theirs["compute"]
    assert ours["memory"]["inference"]["peak"] == theirs["memory"]["inference"]["peak"]
    assert ours["time"] == theirs["time"]
    longer = json.loads(ask("estimate", "--from", str(tmp_path / "w.json"), "-f", "81", "--json").out)
    assert longer["workload"]["frames"] == 81  # what the user says stands above the file
