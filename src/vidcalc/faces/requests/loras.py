"""From --lora to what a plan generates with: ranks as they are stated, files by what their headers say."""

import os
from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import Unreadable
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.model import Caution, Model
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.lora import LoraAsked, LoraOf
from vidcalc.faces.words import _


def with_loras(model: Model, flags: dict[str, Any]) -> tuple[Model, tuple[Adapters, ...]]:
    """The model with what is to be known of its LoRAs, and these. Of a pair for two experts each has one.

    Raises Unreadable for a file that holds none, Refused for a mode without any.
    """
    asked = flags.get("lora", ())
    if not asked:
        if "lora_mode" in flags:
            raise Refused("--lora-mode", flags["lora_mode"], _("only together with {flags}", flags="--lora"), None, ())
        return model, ()
    loras: dict[object, Adapters] = {}
    cautions: list[Caution] = []
    for place, text in enumerate(asked):
        each = LoraOf().convert(text, None, None)
        if each.file:
            from vidcalc.modelfiles.lora import of_both_experts

            found, said = _of_file(each, model)
            alone = of_both_experts(os.path.basename(each.file))
            loras.setdefault(alone if model.denoiser.copies > 1 else place, found)
            cautions += said
        else:
            loras[place] = Adapters(rank=each.rank, targets=each.targets, dtype="")
    return replace(model, cautions=(*model.cautions, *cautions)), tuple(loras.values())


def _of_file(asked: LoraAsked, model: Model) -> tuple[Adapters, list[Caution]]:
    """The LoRA in a file, and a word where its layers are not those of the model. Raises Unreadable."""
    from vidcalc.modelfiles import lora
    from vidcalc.modelfiles.source import header, opened

    source = opened(asked.file)
    head = header(source, source.focus)
    if head is None or not lora.is_adapters(head):
        raise Unreadable(asked.file, "no_adapters", flag="lora")
    found = lora.adapted(head, source.focus)
    said = []
    if model.name not in (found.model, *found.also):
        values = {"file": source.focus, "model": found.model or "?", "asked": model.name}
        said.append(Caution(id="lora_of_another", values=values))
    return Adapters(rank=found.rank, targets=found.targets, dtype=""), said
