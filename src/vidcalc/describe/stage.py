"""The stages of a generation, by their ids, in the order in which they run."""

from typing import Literal, get_args

Stage = Literal["text_encode", "image_encode", "vae_encode", "denoise", "vae_decode", "audio_decode"]

STAGES: tuple[str, ...] = get_args(Stage)
