"""How text and image encoders of transformers are called: token ids with a full attention mask, or pixels."""

from typing import Any

import torch

from vidcalc.reference.meta import empty, integers
from vidcalc.reference.shapes import Call, usual_dtype


def encoder_call(module: Any, batch: int, tokens: int | None = None, masked: bool = True) -> Call:
    """Runs one encoder pass. `tokens` is the padded text length; image encoders take their size from the configuration.

    `masked`: the pipeline hands over a padding mask (Wan, Hunyuan, Mochi, Cosmos do; CogVideoX and LTX-Video do not).
    """
    vision = "Vision" in type(module).__name__
    return _image(module, batch) if vision else _text(module, batch, _text_tokens(module, tokens), masked)


def _text_tokens(module: Any, tokens: int | None) -> int:
    return tokens if tokens is not None else int(module.config.max_position_embeddings)


def _text(module: Any, batch: int, tokens: int, masked: bool) -> Call:
    extra: dict[str, Any] = dict(EXTRA_ARGUMENTS.get(type(module).__name__, {}))

    def call() -> Any:
        ids = integers(batch, tokens)
        mask = torch.ones(batch, tokens, device="meta", dtype=torch.long) if masked else None
        return module(input_ids=ids, attention_mask=mask, return_dict=False, **extra)

    return call


def _image(module: Any, batch: int) -> Call:
    side, dtype = module.config.image_size, usual_dtype(module)
    extra: dict[str, Any] = dict(EXTRA_ARGUMENTS.get(type(module).__name__, {}))
    return lambda: module(pixel_values=empty(batch, 3, side, side, dtype=dtype), return_dict=False, **extra)


# Decoder-only language models (and Wan's image encoder, SDXL's second text encoder) are read at an inner layer, so the
# pipelines ask for every hidden state; none keeps a key-value cache.
_LANGUAGE_MODEL = {"output_hidden_states": True, "use_cache": False}
EXTRA_ARGUMENTS: dict[str, dict[str, Any]] = {
    "CLIPTextModelWithProjection": {"output_hidden_states": True},
    "CLIPVisionModel": {"output_hidden_states": True},
    "LlamaModel": _LANGUAGE_MODEL,
    "Qwen2_5_VLTextModel": _LANGUAGE_MODEL,
    "Qwen2VLTextModel": _LANGUAGE_MODEL,
    "Qwen3VLTextModel": _LANGUAGE_MODEL,
    "Gemma2Model": {"use_cache": False},
    "Gemma3TextModel": _LANGUAGE_MODEL,
    "Gemma4UnifiedTextModel": _LANGUAGE_MODEL,
}
