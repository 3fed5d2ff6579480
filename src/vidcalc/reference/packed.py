"""How MiniMax-H3's transformer is called: text, audio and video as rows of one packed sequence.

Where each row stands, its modality and its noise level are made once by the pipeline and kept for all steps.
"""

from typing import Any

import torch

from vidcalc.reference.meta import empty, integers
from vidcalc.reference.shapes import Call, Shape

FP32 = torch.float32
FPS, AUDIO_CHANNELS, AUDIO_RATE = 24, 2, 40  # modular_pipelines/minimax_h3/modular_pipeline.py


def audio_rows(latent_frames: int) -> int:
    """Audio latents that cover a clip: 17 frames make 5 latent frames, the last 5 make 2."""
    frames = (latent_frames - 2) // 5 * 17 + 5
    return AUDIO_CHANNELS * round(frames / FPS * AUDIO_RATE)


def minimax_h3(module: Any, shape: Shape, dtype: torch.dtype) -> Call:
    """Text to video and audio: one noise level, no conditioning rows."""
    c, batch, text = module.config, shape.batch, shape.text(256)
    t, h, w = c.patch_size
    video = shape.positions // (t * h * w)
    audio = audio_rows(shape.frames)
    length = text + audio + video
    structure = {
        "timestep_indices": integers(length),
        "token_tags": integers(length),
        "position_ids": empty(length, 3, dtype=torch.float64),
        "video_indices": integers(video),
        "audio_indices": integers(audio),
        "text_indices": integers(text),
    }
    return lambda: module(
        hidden_states=empty(batch, video, c.in_channels * t * h * w, dtype=dtype),
        audio_hidden_states=empty(batch, audio, c.audio_in_channels, dtype=dtype),
        encoder_hidden_states=empty(batch, text, c.text_dim, dtype=dtype),
        timestep=empty(1, dtype=FP32),
        return_dict=False,
        **structure,
    )
