"""Sizes, counts and formats that a workflow leaves to other nodes: pictures, sums, switches, subgraphs, variants.

The workflows are written here on the pattern of those that ComfyUI, its wrappers and their users ship.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from vidcalc.faces.cli import run, vidcalc
from vidcalc.modelfiles.recipes.read import recipe_of
from vidcalc.modelfiles.recipes.recipe import Recipe
from vidcalc.modelfiles.recipes.sums import worked_out

Nodes = dict[str, Any]
UNET = {
    "class_type": "UNETLoader",
    "inputs": {"unet_name": "wan2.1_t2v_1.3B_fp16.safetensors", "weight_dtype": "default"},
}
DECODE = {"class_type": "VAEDecode", "inputs": {"samples": ["s", 0]}}
RESIZED = {
    "class_type": "ImageResizeKJ",
    "inputs": {"image": ["l", 0], "width": 896, "height": 512, "upscale_method": "lanczos", "keep_proportion": False},
}
LOADED = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}


def node(type_: str, **inputs: Any) -> Nodes:
    return {"class_type": type_, "inputs": inputs}


def flow(size: Nodes, **more: Nodes) -> Nodes:
    """A model, a latent of that node and a sampler, with further nodes."""
    sampler = node(
        "KSampler",
        seed=1,
        steps=20,
        cfg=6.0,
        sampler_name="euler",
        scheduler="simple",
        denoise=1.0,
        model=["u", 0],
        latent_image=["z", 0],
    )
    return {"u": UNET, "z": size, "s": sampler, "d": DECODE, **more}


def latent(**inputs: Any) -> Nodes:
    return node("EmptyHunyuanLatentVideo", **{"width": 832, "height": 480, "length": 81, "batch_size": 1, **inputs})


def read(folder: Path, facts: object) -> Recipe:
    path = folder / "flow.json"
    path.write_text(json.dumps(facts))
    found = recipe_of(str(path))
    assert found is not None
    return found


def told(found: Recipe) -> list[str]:
    return [id_ for id_, _values in found.beside]


SIZES: dict[str, tuple[Nodes, tuple[int, int]]] = {
    "what a resizing node gives": (
        flow(latent(width=["r", 1], height=["r", 2]), r=RESIZED, l=LOADED),
        (896, 512),
    ),
    "the size of a picture, its count first": (
        flow(
            latent(width=["g", 1], height=["g", 2]), g=node("GetImageSizeAndCount", image=["r", 0]), r=RESIZED, l=LOADED
        ),
        (896, 512),
    ),
    "the size of a picture": (
        flow(latent(width=["g", 0], height=["g", 1]), g=node("GetImageSize", image=["r", 0]), r=RESIZED, l=LOADED),
        (896, 512),
    ),
    "a shape and an area": (
        flow(
            latent(width=["a", 0], height=["a", 1]),
            a=node("ResolutionSelector", aspect_ratio="16:9 (Widescreen)", megapixels=0.4, multiple=32),
        ),
        (864, 480),
    ),
    "a sum": (
        flow(
            latent(width=["m", 1], height=["n", 0]),
            m=node("ComfyMathExpression", expression="a/2", **{"values.a": ["p", 0]}),
            n=node("SimpleMath+", value="a*32", a=15),
            p=node("PrimitiveInt", value=1664),
        ),
        (832, 480),
    ),
    "a switch": (
        flow(
            latent(width=["w", 0]),
            w=node("ComfySwitchNode", switch=True, on_false=["p", 0], on_true=["q", 0]),
            p=node("PrimitiveInt", value=512),
            q=node("PrimitiveInt", value=640),
        ),
        (640, 480),
    ),
    "a slider": (flow(latent(width=["x", 0]), x=node("mxSlider", Xi=704, Xf=704, isfloatX=0)), (704, 480)),
    "a picture that is encoded": (
        flow(node("VAEEncode", pixels=["r", 0]), r=RESIZED, l=LOADED),
        (896, 512),
    ),
    "dimensions of the core's node": (
        flow(
            latent(width=["g", 0], height=["g", 1]),
            g=node("GetImageSize", image=["r", 0]),
            r=node(
                "ResizeImageMaskNode",
                input=["l", 0],
                **{"resize_type": "scale dimensions", "resize_type.width": 768, "resize_type.height": 448},
            ),
            l=LOADED,
        ),
        (768, 448),
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_size_is_followed_to_where_it_is_made(name: str, tmp_path: Path) -> None:
    facts, size = SIZES[name]
    found = read(tmp_path, facts)
    assert found.settings["resolution"] == size
    assert "size_not_stated" not in told(found)
    assert found.unread == ()


def test_a_picture_that_keeps_its_shape_bounds_the_size_and_that_is_told(tmp_path: Path) -> None:
    fitted = {**RESIZED, "inputs": {**RESIZED["inputs"], "keep_proportion": True}}
    found = read(tmp_path, flow(latent(width=["r", 1], height=["r", 2]), r=fitted, l=LOADED))
    assert found.settings["resolution"] == (896, 512)
    assert "size_by_picture" in told(found)
    assert "size_by_picture" not in told(read(tmp_path, SIZES["what a resizing node gives"][0]))


def test_a_size_of_a_loaded_picture_is_not_made_up(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        flow(latent(width=["g", 1], height=["g", 2]), g=node("GetImageSizeAndCount", image=["l", 0]), l=LOADED),
    )
    assert "resolution" not in found.settings
    assert "size_not_stated" in told(found)


def test_the_square_of_a_bucket_stands_for_its_area(tmp_path: Path) -> None:
    bucket = node("HyVideoGetClosestBucketSize", image=["l", 0], base_size="720")
    found = read(tmp_path, flow(latent(width=["b", 0], height=["b", 1]), b=bucket, l=LOADED))
    assert found.settings["resolution"] == (960, 960)
    assert "size_by_picture" in told(found)


def test_frames_are_as_many_as_a_video_is_loaded_with(tmp_path: Path) -> None:
    video = node("VHS_LoadVideo", video="a.mp4", frame_load_cap=33, custom_width=0, custom_height=0)
    found = read(tmp_path, flow(latent(length=["v", 1]), v=video))
    assert found.settings["frames"] == 33
    assert "frames_not_stated" not in told(found)
    whole = {**video, "inputs": {**video["inputs"], "frame_load_cap": 0}}
    assert "frames_not_stated" in told(read(tmp_path, flow(latent(length=["v", 1]), v=whole)))


def test_weights_that_are_stored_packed_stay_so_whatever_they_are_calculated_in(tmp_path: Path) -> None:
    def loaded(file: str, quantization: str) -> object:
        loader = node(
            "WanVideoModelLoader", model=file, base_precision="bf16", quantization=quantization, attention_mode="sdpa"
        )
        return read(tmp_path, {**flow(latent()), "u": loader}).settings["precision"]

    assert loaded("Wan2.2-I2V-A14B-HighNoise-Q4_K_M.gguf", "disabled") == "gguf-q4_k"
    assert loaded("Wan2_2-T2V-A14B-LOW_fp8_e4m3fn_scaled_KJ.safetensors", "disabled") == "fp8-scaled"
    assert loaded("Wan2_1-T2V-14B_bf16.safetensors", "disabled") == "bf16"
    assert loaded("Wan2_1-T2V-14B_bf16.safetensors", "fp8_e4m3fn") == "fp8"


def test_the_autoencoder_of_a_preview_decodes_no_video(tmp_path: Path) -> None:
    def flowing(file: str) -> Recipe:
        loaders = {
            "t": node("VAELoader", vae_name="taew2_1.safetensors"),
            "v": node("VAELoader", vae_name="wan_2.1_vae.safetensors"),
        }
        preview = node("PreviewOverride", model=["u", 0], vae=["t", 0])
        facts = flow(latent(), **loaders, p=preview, d=node("VAEDecode", samples=["s", 0], vae=[file, 0]))
        facts["s"]["inputs"]["model"] = ["p", 0]
        return read(tmp_path, facts)

    assert "vae" not in flowing("v").settings
    assert flowing("t").settings["vae"] == "taew2_1"


def test_without_guidance_there_is_one_prediction(tmp_path: Path) -> None:
    facts = flow(latent())
    facts["s"] = node("SamplerCustomAdvanced", guider=["g", 0], sigmas=["c", 0], latent_image=["z", 0])
    facts |= {
        "g": node("BasicGuider", model=["u", 0]),
        "c": node("BasicScheduler", scheduler="simple", steps=8, denoise=1.0),
    }
    assert read(tmp_path, facts).settings["guidance"] == 1
    distilled = node("UNETLoader", unet_name="hunyuan_video_t2v_720p_bf16.safetensors", weight_dtype="default")
    assert "guidance" not in read(tmp_path, {**facts, "u": distilled}).settings  # the scale is the network's input


@pytest.mark.parametrize(("guided", "scale"), [(False, 1), (True, 6)])
def test_a_scale_inside_the_network_is_no_guidance(guided: bool, scale: float, tmp_path: Path) -> None:
    sampler = node(
        "HyVideoSampler",
        model=["u", 0],
        hyvid_embeds=["t", 0],
        width=960,
        height=544,
        num_frames=97,
        steps=30,
        embedded_guidance_scale=6.0,
        flow_shift=7.0,
    )
    text = node("HyVideoTextEncode", prompt="", **({"hyvid_cfg": ["c", 0]} if guided else {}))
    loader = node(
        "HyVideoModelLoader",
        model="skyreels_hunyuan_i2v_bf16.safetensors",
        base_precision="bf16",
        quantization="disabled",
    )
    facts = {
        "u": loader,
        "t": text,
        "s": sampler,
        "d": node("HyVideoDecode", samples=["s", 0], enable_vae_tiling=False),
    }
    if guided:
        facts["c"] = node("HyVideoCFG", negative_prompt="", cfg=6.0, start_percent=0.0, end_percent=1.0)
    found = read(tmp_path, facts)
    assert found.model == "skyreels-v1-i2v"
    assert found.settings["guidance"] == scale


def test_experts_that_change_at_a_step_found_by_a_node_share_their_steps(tmp_path: Path) -> None:
    def sampler(**inputs: Any) -> Nodes:
        return node(
            "WanVideoSampler", model=["u", 0], image_embeds=["z", 0], steps=30, cfg=1.0000000000000002, **inputs
        )

    facts = {
        "u": node(
            "WanVideoModelLoader",
            model="Wan2_2-I2V-A14B-HIGH_fp8_e4m3fn_scaled_KJ.safetensors",
            quantization="disabled",
        ),
        "z": node("WanVideoEmptyEmbeds", width=832, height=480, num_frames=81),
        "b": node("WanVideoSigmaToStep", sigma=0.9),
        "1": sampler(end_step=["b", 0]),
        "2": sampler(start_step=["b", 0], samples=["1", 0]),
        "d": node("WanVideoDecode", samples=["2", 0], enable_vae_tiling=False),
    }
    found = read(tmp_path, facts)
    assert found.settings["steps"] == 30
    assert found.settings["guidance"] == 1
    assert "further_passes" not in told(found)


def test_a_row_of_loras_is_read(tmp_path: Path) -> None:
    loras = node(
        "WanVideoLoraSelectMulti",
        lora_0="lightx2v_rank64_bf16.safetensors",
        strength_0=1.0,
        lora_1="none",
        strength_1=1.0,
        lora_2="style.safetensors",
        strength_2=0.8,
        lora_3="off.safetensors",
        strength_3=0,
    )
    loader = node("WanVideoModelLoader", model="Wan2_1-T2V-14B_bf16.safetensors", base_precision="bf16", lora=["l", 0])
    found = read(tmp_path, {**flow(latent()), "u": loader, "l": loras})
    assert found.settings["lora"] == ("64:attention+ffn",)
    assert ("loras_beside", {"names": "style.safetensors"}) in found.beside


def test_a_variant_for_another_device_is_read_as_its_own_and_listed(tmp_path: Path) -> None:
    listed = [
        {
            "id": 1,
            "type": "WanVideoModelLoaderMultiGPU",
            "mode": 0,
            "inputs": [],
            "widgets_values": [
                "Wan2_1-T2V-14B_fp8_e5m2.safetensors",
                "bf16",
                "disabled",
                "offload_device",
                "cuda:0",
                "sdpa",
            ],
        },
        {"id": 2, "type": "WanVideoEmptyEmbeds", "mode": 0, "inputs": [], "widgets_values": [832, 480, 81]},
        {
            "id": 3,
            "type": "WanVideoSampler",
            "mode": 0,
            "widgets_values": [25, 6, 5, 7, "fixed"],
            "inputs": [{"name": "model", "type": "*", "link": 1}, {"name": "image_embeds", "type": "*", "link": 2}],
        },
    ]
    found = read(tmp_path, {"nodes": listed, "links": [[1, 1, 0, 3, 0, "*"], [2, 2, 0, 3, 1, "*"]], "version": 0.4})
    assert (found.model, found.settings["precision"], found.settings["attention"]) == ("wan2.1-t2v-14b", "fp8", "sdpa")
    assert found.unread == ("WanVideoModelLoaderMultiGPU",)


def test_a_file_with_a_name_of_its_own_is_of_the_model_of_its_folder(tmp_path: Path) -> None:
    loader = node("UnetLoaderGGUF", unet_name="LTX2.3\\dreamy_v1-Q4_K_M.gguf")
    found = read(tmp_path, {**flow(latent()), "u": loader})
    assert found.model == "ltx-2.3"
    assert "name_says_more" in told(found)
    assert "models_beside" not in told(found)


def test_a_subgraph_is_given_what_its_inputs_are_called(tmp_path: Path) -> None:
    size = {
        "id": 5,
        "type": "EmptyHunyuanLatentVideo",
        "mode": 0,
        "widgets_values": [64, 64, 9, 1],
        "inputs": [
            {"name": key, "type": "INT", "widget": {"name": key}, "link": place}
            for place, key in ((11, "width"), (12, "height"), (13, "length"))
        ]
        + [{"name": "batch_size", "type": "INT", "widget": {"name": "batch_size"}, "link": None}],
    }
    loader = {
        "id": 6,
        "type": "UNETLoader",
        "mode": 0,
        "inputs": [],
        "widgets_values": ["wan2.1_t2v_1.3B_fp16.safetensors", "default"],
    }
    sampler = {
        "id": 7,
        "type": "KSampler",
        "mode": 0,
        "widgets_values": [1, "fixed", 12, 5, "euler", "simple", 1],
        "inputs": [
            {"name": "model", "type": "MODEL", "link": 21},
            {"name": "latent_image", "type": "LATENT", "link": 22},
        ],
    }
    inner = [
        {"id": place, "origin_id": -10, "origin_slot": slot, "target_id": 5, "target_slot": slot - 1}
        for place, slot in ((11, 1), (12, 2), (13, 3))
    ]
    inner += [
        {"id": 21, "origin_id": 6, "origin_slot": 0, "target_id": 7, "target_slot": 0},
        {"id": 22, "origin_id": 5, "origin_slot": 0, "target_id": 7, "target_slot": 1},
    ]
    kinds = (("first_frame", "IMAGE"), ("width", "INT"), ("height", "INT"), ("length", "INT"))
    group = {
        "id": "g",
        "nodes": [size, loader, sampler],
        "links": inner,
        "inputs": [{"name": name, "type": kind} for name, kind in kinds],
    }
    # the instance lists only what is linked; the rest stands among its values, in the order of the group's inputs
    instance = {
        "id": 1,
        "type": "g",
        "mode": 0,
        "widgets_values": [1344, 768, 49],
        "inputs": [{"name": "height", "type": "INT", "widget": {"name": "height"}, "link": 1}],
    }
    number = {"id": 2, "type": "PrimitiveInt", "mode": 0, "inputs": [], "widgets_values": [480, "fixed"]}
    facts = {"nodes": [instance, number], "links": [[1, 2, 0, 1, 2, "INT"]], "definitions": {"subgraphs": [group]}}
    found = read(tmp_path, facts)
    assert found.settings["resolution"] == (1344, 480)
    assert found.settings["frames"] == 49


def test_a_workflow_under_any_key_is_found(tmp_path: Path) -> None:
    assert read(tmp_path, {"note": "kept", "graph_as_sent": flow(latent())}).model == "wan2.1-t2v-1.3b"


SUMS = {
    "a * b + 1": 121,
    "max(5, round(a * b)) + (5 - (max(5, round(a * b)) % 17)) % 17": 124,
    "a if b > 20 else -a": 5,
    "floor(b / a) // 2": 2,
    "a ** b": None,
    "c + 1": None,
    "__import__('os')": None,
    "a / 0": None,
    "a" + " * 99999999" * 3: None,
    "(" * 300: None,
}


@pytest.mark.parametrize("expression", SUMS)
def test_arithmetic_is_worked_out_and_nothing_else(expression: str) -> None:
    assert worked_out(expression, {"a": 5, "b": 24}) == SUMS[expression]


@pytest.mark.parametrize("links", [3, 40])
def test_sizes_that_are_read_of_sizes_are_worked_out_once_each(links: int, tmp_path: Path) -> None:
    """Each picture is as wide and as high as the one before it: two ways back from every one."""
    more = {"r0": node("ImageScale", image=["l", 0], width=832, height=480, upscale_method="area", crop="disabled")}
    for place in range(1, links):
        before = [f"r{place - 1}", 0]
        more[f"g{place}"] = node("GetImageSize", image=before)
        sides = {"width": [f"g{place}", 0], "height": [f"g{place}", 1]}
        more[f"r{place}"] = node("ImageScale", image=before, upscale_method="area", crop="disabled", **sides)
    more["g"] = node("GetImageSize", image=[f"r{links - 1}", 0])
    begun = time.process_time()
    found = read(tmp_path, flow(latent(width=["g", 0], height=["g", 1]), l=LOADED, **more))
    assert time.process_time() - begun < 1
    assert links > 3 or found.settings["resolution"] == (832, 480)


def test_a_size_that_leads_back_to_itself_is_none(tmp_path: Path) -> None:
    turning = node("ImageScale", image=["r", 0], width=["g", 0], height=["g", 1], upscale_method="area", crop="center")
    found = read(
        tmp_path,
        flow(latent(width=["g", 0], height=["g", 1]), l=LOADED, r=turning, g=node("GetImageSize", image=["r", 0])),
    )
    assert "resolution" not in found.settings


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e300", "NaN", "-3"])
@pytest.mark.parametrize("place", ["scale", "width"])
def test_numbers_beyond_any_picture_make_no_size(number: str, place: str, tmp_path: Path) -> None:
    scaled = node("ImageScaleBy", image=["r", 0], upscale_method="area", scale_by="SCALE" if place == "scale" else 1)
    resized = node(
        "ImageScale", image=["l", 0], width="SCALE" if place == "width" else 832, height=480, crop="disabled"
    )
    facts = flow(
        latent(width=["g", 0], height=["g", 1]), l=LOADED, r=resized, b=scaled, g=node("GetImageSize", image=["b", 0])
    )
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(facts).replace('"SCALE"', number))
    assert run(vidcalc, "vidcalc", ["estimate", "--from", str(path)]) in (0, 2)
