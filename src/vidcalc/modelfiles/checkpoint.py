"""A checkpoint with several networks in one file: which tensors are whose, by what their names begin with.

ComfyUI's and the makers' all-in-one files hold the denoiser, the autoencoder, text encoders, and what stands between.
"""

from vidcalc.modelfiles.header import Header
from vidcalc.modelfiles.packed import ROOT

# prefix -> the component it begins; the longer ones are looked for first
PREFIXES = {
    "model.diffusion_model.": "transformer",
    "diffusion_model.": "transformer",
    "module.": "transformer",
    "net.": "transformer",
    "model_ema.": "ema",
    "first_stage_model.": "vae",
    "vae.": "vae",
    "audio_vae.": "audio_vae",
    "vocoder.": "vocoder",
    "text_embedding_projection.": "connectors",
    "text_encoders.t5xxl.transformer.": "text_encoder",
    "text_encoders.umt5xxl.transformer.": "text_encoder",
    "text_encoders.clip_l.transformer.": "text_encoder_2",
    "text_encoders.clip_l.": "text_encoder_2",
    "text_encoders.clip_g.transformer.": "text_encoder_3",
    "text_encoders.": "text_encoder",
    "cond_stage_model.": "text_encoder",
    "conditioner.embedders.0.": "text_encoder",
    "conditioner.embedders.1.": "text_encoder_2",
    "conditioner.": "conditioner",
}
# inside a denoiser's own names: what is run once, before it
BEFORE = {"video_embeddings_connector.": "connectors", "audio_embeddings_connector.": "connectors"}


def split(header: Header) -> list[tuple[str, Header]]:
    """(component, its tensors under its own names), the denoiser first; the whole under "" where there is only one."""
    found: dict[str, dict[str, str]] = {}
    for name in header.tensors:
        part, rest = _place(name)
        found.setdefault(part, {})[rest] = name
    if set(found) == {""}:
        return [("", header)]
    if found.get("") and set(found[""]) <= set(ROOT):
        del found[""]  # marks of how the others are stored are no network
    order = sorted(found, key=lambda part: (part != "transformer", part == "", part))
    parts = [(part, _part(header, found[part])) for part in order]
    if len(parts) == 1:
        return [("", parts[0][1])]
    return parts


def _part(header: Header, names: dict[str, str]) -> Header:
    return Header({rest: header.tensors[name] for rest, name in names.items()}, header.metadata)


def _place(name: str) -> tuple[str, str]:
    """(component, name in it) of a tensor."""
    prefix = max((each for each in PREFIXES if name.startswith(each)), key=len, default="")
    part, rest = PREFIXES.get(prefix, ""), name[len(prefix) :]
    before = next((each for each in BEFORE if rest.startswith(each)), "")
    return (BEFORE[before], rest) if before else (part, rest)
