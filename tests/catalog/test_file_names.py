"""Names that files and repositories have: which model each speaks of, and none for one of another version."""

import pytest

from vidcalc.catalog.spellings import precision_of, recognised

NAMES = {
    "hunyuan_video_720_fp8_e4m3fn.safetensors": "hunyuanvideo-t2v",
    "hyvideo\\hunyuan_video_720_cfgdistill_bf16.safetensors": "hunyuanvideo-t2v",
    "hunyuan_video_I2V_720_fixed_fp8_e4m3fn.safetensors": "hunyuanvideo-i2v",
    "hunyuan_video_custom_720p_fp8_scaled.safetensors": "hunyuan-custom",
    "hunyuanvideo1.5_720p_t2v_fp16.safetensors": "hunyuanvideo-1.5",
    "skyreels_hunyuan_i2v_bf16.safetensors": "skyreels-v1-i2v",
    "FramePackI2V_HY_fp8_e4m3fn.safetensors": "framepack",
    "wan2.2_fun_control_high_noise_14B_fp8_scaled.safetensors": "wan2.2-fun-a14b-control",
    "wan2.2_fun_inpaint_low_noise_14B_fp8_scaled.safetensors": "wan2.2-fun-a14b-inp",
    "wan2.2_fun_camera_high_noise_14B_fp8_scaled.safetensors": "wan2.2-fun-a14b-control-camera",
    "wan2.2_fun_inpaint_5B_bf16.safetensors": "wan2.2-fun-5b-inp",
    "wan2.1_fun_camera_v1.1_1.3B_bf16.safetensors": "wan2.1-fun-v1.1-1.3b-control-camera",
    "Wan2_1_VACE_1_3B_preview_bf16.safetensors": "wan2.1-vace-1.3b",
    "Wan2_1-T2V-14B-Phantom_fp8_e4m3fn.safetensors": "phantom-wan-14b",
    "Wan2_1-I2V-ATI-14B_fp8_e4m3fn.safetensors": "wan2.1-ati-14b-480p",
    "Wan2_1-HuMo-14B_fp8_e4m3fn_scaled_KJ.safetensors": "humo-17b",
    "wan_animate_2_int8_convrot.safetensors": "wan2.2-animate-2-14b",
    "wan2.2_animate_2_14B_fp8_scaled.safetensors": "wan2.2-animate-2-14b",
    "Wan2.2-T2V-A14B-HighNoise-Q5_1.gguf": "wan2.2-t2v-a14b",
    "CogVideoX_5b_1_5_I2V_GGUF_Q4_0.safetensors": "cogvideox-1.5-5b-i2v",
    "Cosmos-1_0-Diffusion-7B-Video2World.safetensors": "cosmos-predict1-7b-video2world",
    "Lightricks/LTX-Video-0.9.7-dev": "ltx-video-13b",
    "svd_xt_1_1.safetensors": "svd-xt",
    "wlsaidhi/SFWan2.1-T2V-1.3B-Diffusers": "self-forcing-1.3b",
    "kandinsky5pro_t2v_sft_5s.safetensors": "kandinsky5-pro",
}
MORE = {  # names that say more than the model: what they say
    "hunyuan_video_FastVideo_720_fp8_e4m3fn.safetensors": ("hunyuanvideo-t2v", ("fastvideo",)),
    "kandinsky5lite_t2v_sft_10s.safetensors": ("kandinsky5-lite", ("10s",)),
}
OTHERS = ("wan2.2_fun_vace_high_noise_14B_bf16.safetensors", "stable_zero123.ckpt")
FORMATS = {
    "Wan2.2-I2V-A14B-HighNoise-Q5_1.gguf": "gguf-q5_1",
    "model-Q4_1.gguf": "gguf-q4_1",
    "model-Q5_0.gguf": "gguf-q5_0",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_its_model(name: str) -> None:
    found = recognised(name)
    assert found is not None
    assert (found.models, found.beside) == ((NAMES[name],), ())


@pytest.mark.parametrize("name", MORE)
def test_what_a_name_says_more_is_kept(name: str) -> None:
    found = recognised(name)
    assert found is not None
    assert (found.model, found.beside) == MORE[name]


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_of_another_version_is_no_models(name: str) -> None:
    assert recognised(name) is None


@pytest.mark.parametrize("name", FORMATS)
def test_a_name_says_its_format(name: str) -> None:
    assert precision_of(name) == FORMATS[name]
