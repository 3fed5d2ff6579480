"""A published network with peft's adapters on its linear layers, and one training step of it, however checkpointed."""

from typing import Any

import torch

from vidcalc.describe.adapters import Adapters, Loras
from vidcalc.reference.classes import build
from vidcalc.reference.measure import DTYPES, TrainStep, train_step
from vidcalc.reference.verify import call_of


def adapted(module: Any, adapters: Adapters) -> Any:
    """The module with adapters beside the linear layers they name; nothing else wants a gradient. Needs peft."""
    from peft import LoraConfig, inject_adapter_in_model

    linear = [name for name, each in module.named_modules() if isinstance(each, torch.nn.Linear)]
    targets = [name for name in linear if adapters.on(name)]
    config = LoraConfig(
        r=adapters.rank, lora_alpha=adapters.rank, target_modules=targets, use_dora=adapters.kind == "dora"
    )
    with torch.device("meta"):
        module = inject_adapter_in_model(config, module)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_("lora_" in name)
        if "lora_" in name and adapters.dtype:
            parameter.data = parameter.data.to(DTYPES[adapters.dtype])
    return module.to("meta")


def beside(module: Any, loras: Loras) -> Any:
    """The module with LoRAs that it generates with, all of them active, in the dtype of its own layers. Needs peft."""
    from peft import LoraConfig, inject_adapter_in_model
    from peft.tuners.tuners_utils import BaseTunerLayer

    linear = [name for name, each in module.named_modules() if isinstance(each, torch.nn.Linear)]
    names = [str(place) for place in range(len(loras.each))]
    with torch.device("meta"):
        for name, lora in zip(names, loras.each, strict=True):
            targets = [path for path in linear if lora.on(path)]
            config = LoraConfig(r=lora.rank, lora_alpha=lora.rank, target_modules=targets)
            module = inject_adapter_in_model(config, module, adapter_name=name)
    for each in module.modules():
        if isinstance(each, BaseTunerLayer):
            each.set_adapter(names)
            for path, parameter in each.named_parameters():
                if "lora_" in path:
                    parameter.data = parameter.data.to(each.get_base_layer().weight.dtype)
    return module.requires_grad_(False).to("meta").eval()


def step_of(
    class_name: str,
    config: dict[str, Any],
    shape: dict[str, Any],
    dtype: str,
    checkpointing: str = "none",
    adapters: Adapters | None = None,
) -> tuple[TrainStep, int]:
    """One training step of a denoiser (`shape` as in `vidcalc.reference.verify`), and the trained elements."""
    module = build(class_name, config, dtype)
    if adapters is not None:
        module = adapted(module, adapters)
    trained = sum(each.numel() for each in module.parameters() if each.requires_grad)
    return train_step(module, call_of("denoiser", module, shape), checkpointing), trained
